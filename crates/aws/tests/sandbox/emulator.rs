//! Temporary: a run against an emulator on loopback.
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::{Create, Observation, Remote, Delete};
use pgward_model::Value;
use crate::world::{environment, in_order, resolved, names, differing};

#[tokio::test]
async fn emulator() {
    let Ok(endpoint) = std::env::var("PGWARD_TEST_ENDPOINT") else { return };
    let mut options = SessionOptions::new("eu-west-1");
    options.credentials = Some("AKIAIOSFODNN7EXAMPLE".to_owned());
    options.endpoint_url = Some(endpoint);
    let aws = Aws::new(Session::new(options));
    println!("caller {:?}", aws.caller().await);
    // subnets
    let mut desired = environment("prod");
    let conf = aws.session().sdk_config().clone();
    let ec2 = aws_sdk_ec2::Client::new(&conf);
    let vpcs = ec2.describe_vpcs().send().await.unwrap();
    let vpc = vpcs.vpcs()[0].vpc_id().unwrap().to_owned();
    let subnets = ec2.describe_subnets().send().await.unwrap();
    let ids: Vec<String> = subnets.subnets().iter().take(2).map(|s| s.subnet_id().unwrap().to_owned()).collect();
    let kms = std::env::var("PGWARD_KEY").unwrap_or("aws/rds".to_owned());
    for r in desired.resources.values_mut() {
        if r.kind == "subnet_group" { r.attributes.set("network.subnets", Value::texts(ids.clone())); }
        if r.kind == "proxy" { r.attributes.set("proxy.subnets", Value::texts(ids.clone())); }
        if r.kind == "security_group" { r.attributes.set("network.vpc", Value::text(&vpc)); r.attributes.set("access.*", Value::Map([("tcp 5432 from 10.0.1.100/32".to_owned(), Value::text("x")),("tcp 5432 from itself".to_owned(), Value::text(""))].into())); }
        if r.kind == "instance" { r.attributes.set("storage.encryption", Value::text(&kms)); r.attributes.set("backup.window", Value::text("01:00-02:00")); }
    }
    desired.foreign.vpc = Some((vpc, crate::world::origin(1)));
    desired.foreign.subnets = Some(pgward_model::SubnetChoice::Ids(ids.into_iter().map(|i| (i, crate::world::origin(1))).collect()));
    let before = aws.observe(&[&desired]).await.remove(0);
    println!("before: not checked {:#?}", before.not_checked);
    for (a, o) in &before.resources { println!("  {a}: {}", match o { Observation::Absent => "absent".to_owned(), Observation::Present(_) => "present".to_owned(), Observation::Unreadable(f) => format!("{f} {:?}", f.kind) }); }
    for resource in in_order(&desired) {
        let resource = resolved(&aws, &desired, &resource).await;
        let mut tags = desired.owner_tags(&resource.address);
        tags.insert("Team".to_owned(), "database".to_owned());
        let request = Create { resource: resource.clone(), tags, names: names(&desired) };
        if let Err(fault) = aws.create(&request).await { println!("{}: {fault} {:?}", resource.address, fault.kind); continue }
        for _ in 0..60 { if let Observation::Present(p) = aws.look(&resource.kind, &resource.name).await { if p.readiness == pgward_engine::Readiness::Ready { break } } tokio::time::sleep(std::time::Duration::from_millis(500)).await; }
        match aws.look(&resource.kind, &resource.name).await {
            Observation::Present(p) => {
                let left = differing(&resource, &p);
                println!("{}: {:?} left {left:?}", resource.address, p.readiness);
                if !left.is_empty() {
                    let mut attributes = pgward_model::Object::new();
                    for path in &left { attributes.set_some(path.clone(), resource.attributes.get(path).cloned()); }
                    let request = pgward_engine::Change { resource: resource.clone(), live: p, attributes, immediate: true, names: names(&desired) };
                    if let Err(fault) = aws.change(&request).await { println!("   change: {fault} {:?}", fault.kind) }
                    if let Observation::Present(p) = aws.look(&resource.kind, &resource.name).await { for path in differing(&resource, &p) { println!("   still {path}: {:?} declared {:?}", p.now.get(&path), resource.attributes.get(&path)) } }
                }
            }
            other => println!("{}: {other:?}", resource.address),
        }
    }
    let after = aws.observe(&[&desired]).await.remove(0);
    println!("after: {:#?} leftovers {}", after.not_checked, after.leftovers.len());
    for (a, o) in &after.resources { println!("  {a}: {}", match o { Observation::Absent => "absent".to_owned(), Observation::Present(p) => format!("present {:?}", p.owner.as_ref().map(|o| &o.address)), Observation::Unreadable(f) => format!("{f} {:?}", f.kind) }); }
    for resource in in_order(&desired).into_iter().rev() {
        if let Observation::Present(p) = aws.look(&resource.kind, &resource.name).await {
            if let Err(fault) = aws.delete(&Delete { kind: resource.kind.clone(), live: p, final_snapshot: None }).await { println!("delete {}: {fault} {:?}", resource.address, fault.kind) }
        }
    }
    for c in aws.calls() { if c.fault.is_some() || c.attempts > 1 { println!("  {} x{} {:?} {:?}", c.action, c.attempts, c.elapsed, c.fault) } }
}
