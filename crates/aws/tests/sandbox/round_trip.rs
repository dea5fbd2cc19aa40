//! Every kind through the SDK into the sandbox and back: created, read, changed, deleted.

use std::time::Duration;

use pgward_engine::{Delete, Observation, Remote};
use pgward_model::{Address, Value};

use crate::world::{
    aws, change, differing, environment, in_order, make, present, resolved, role, sandbox,
    small_environment, topic,
};

#[tokio::test(start_paused = true)]
async fn what_is_created_reads_back_as_declared() {
    let sandbox = sandbox();
    let aws = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        let live = make(&aws, &desired, &resource).await;
        let resource = resolved(&aws, &desired, &resource).await;
        let left = differing(&resource, &live);
        assert!(
            left.is_empty(),
            "{}: {left:?}\n{:#?}",
            resource.address,
            live
        );
    }
    let lives = aws.observe(&[&desired]).await;
    let live = &lives[0];
    for (address, resource) in &desired.resources {
        let resource = resolved(&aws, &desired, resource).await;
        let Some(present) = live.present(address) else {
            panic!("{address}: {:?}", live.resources[address]);
        };
        let left = differing(&resource, present);
        assert!(left.is_empty(), "{address}: {left:?}\n{present:#?}");
        assert_eq!(present.owner.as_ref().unwrap().address, address.as_str());
        assert!(
            present.waiting.is_empty(),
            "{address}: {:?}",
            present.waiting
        );
    }
    assert!(live.leftovers.is_empty(), "{:?}", live.leftovers);
    assert_eq!(live.not_checked, Vec::<String>::new());
    assert_eq!(live.subnets.len(), 2);
    assert!(sandbox.opens("shop-prod", "shop/prod/master"));
}

#[tokio::test(start_paused = true)]
async fn every_attribute_can_change_and_reads_back() {
    let sandbox = sandbox();
    let aws = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&aws, &desired, &resource).await;
    }
    for (address, path, value) in changes() {
        let mut resource =
            resolved(&aws, &desired, &desired.resources[&Address::new(address)]).await;
        resource.attributes.set(path, value);
        if path.starts_with("storage.") {
            // RDS takes one change of storage after another only.
            sandbox.tick(Duration::from_secs(30 * 3600));
        }
        change(&aws, &desired, &resource, &[path.to_owned()])
            .await
            .unwrap_or_else(|fault| panic!("{address} {path}: {fault}"));
        let live = present(&aws, &resource.kind, &resource.name).await;
        assert!(
            !differing(&resource, &live).contains(&path.to_owned()),
            "{address} {path}: {:?}, waiting {:?}",
            live.now.get(path),
            live.waiting.get(path)
        );
    }
}

/// A change: address, path and value.
type Step = (&'static str, &'static str, Value);

/// For every attribute that can change, a value that is another one.
fn changes() -> Vec<Step> {
    [
        of_groups(),
        of_instance(),
        of_replica(),
        of_proxy(),
        of_alarm(),
    ]
    .concat()
}

fn map(pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::text(*value)));
    Value::Map(pairs.collect())
}

fn of_groups() -> Vec<Step> {
    let tags = map(&[("Cost", "42")]);
    let rules = map(&[
        ("tcp 5432 from 10.0.1.100/32", "the admin host"),
        ("tcp 5432 from 2001:db8::/64", "the office"),
        ("tcp 5433 from itself", ""),
    ]);
    let values = map(&[
        ("work_mem", "65536"),
        ("max_connections", "300"),
        ("rds.force_ssl", "1"),
    ]);
    vec![
        ("network", "tags.*", tags.clone()),
        ("access", "tags.*", tags.clone()),
        ("access", "access.*", rules),
        ("parameters", "tags.*", tags.clone()),
        ("parameters", "parameters.*", values),
        ("secret.app", "tags.*", tags),
    ]
}

fn of_instance() -> Vec<Step> {
    let steps = vec![
        ("tags.*", map(&[("Cost", "42")])),
        ("instance.class", Value::text("db.m6g.xlarge")),
        ("instance.multi_az", Value::Bool(true)),
        ("instance.public", Value::Bool(true)),
        ("instance.deletion_protection", Value::Bool(true)),
        ("instance.certificate", Value::text("rds-ca-rsa4096-g1")),
        ("storage.grow_to", Value::Int(800)),
        ("storage.size", Value::Int(500)),
        ("storage.iops", Value::Int(15_000)),
        ("storage.throughput", Value::Int(600)),
        ("storage.type", Value::text("io2")),
        ("postgres.port", Value::Int(5433)),
        ("postgres.iam_authentication", Value::Bool(false)),
        ("backup.window", Value::text("01:00-02:00")),
        ("backup.retention", Value::Int(7)),
        ("backup.copy_tags", Value::Bool(false)),
        ("maintenance.window", Value::text("mon:03:00-mon:04:00")),
        ("maintenance.minor_upgrades", Value::Bool(true)),
        ("monitoring.enhanced", Value::Int(30)),
        ("monitoring.insights", Value::Int(31)),
        ("monitoring.insights", Value::Int(0)),
        ("monitoring.enhanced", Value::Int(0)),
        ("monitoring.logs", Value::texts(["upgrade"])),
        ("instance.managed_password", Value::Bool(true)),
        ("instance.managed_password", Value::Bool(false)),
    ];
    steps
        .into_iter()
        .map(|(path, value)| ("instance", path, value))
        .collect()
}

fn of_replica() -> Vec<Step> {
    let steps = vec![
        ("*.class", Value::text("db.m6g.xlarge")),
        ("*.maintenance_window", Value::text("tue:03:00-tue:04:00")),
        ("*.logs", Value::texts(["postgresql", "upgrade"])),
        ("*.insights", Value::Int(0)),
        ("*.enhanced", Value::Int(0)),
        ("tags.*", map(&[("Cost", "42")])),
    ];
    steps
        .into_iter()
        .map(|(path, value)| ("replica.reporting", path, value))
        .collect()
}

fn of_proxy() -> Vec<Step> {
    let steps = vec![
        ("proxy.role", Value::text(role("monitoring"))),
        ("proxy.secrets", Value::texts(["existing:shop/existing"])),
        ("proxy.iam", Value::text("disabled")),
        ("proxy.require_tls", Value::Bool(false)),
        ("proxy.idle_client_timeout", Value::Int(60)),
        ("proxy.max_connections", Value::Int(50)),
        ("tags.*", map(&[("Cost", "42")])),
    ];
    steps
        .into_iter()
        .map(|(path, value)| ("proxy", path, value))
        .collect()
}

fn of_alarm() -> Vec<Step> {
    let steps = vec![
        ("*.above", Value::Float(90.5)),
        ("*.for", Value::Int(900)),
        ("*.period", Value::Int(60)),
        ("*.metric", Value::text("DatabaseConnections")),
        ("*.statistic", Value::text("Maximum")),
        ("*.missing_data", Value::text("notBreaching")),
        ("*.actions", Value::Bool(false)),
        ("*.notify", Value::texts([topic("more")])),
        ("*.comparison", Value::text(">=")),
        ("*.on", Value::text("shop-prod-reporting")),
        ("tags.*", map(&[("Cost", "42")])),
    ];
    steps
        .into_iter()
        .map(|(path, value)| ("alarm.cpu-high", path, value))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_bare_major_is_upgraded_to_the_newest_version_with_a_group_of_its_family() {
    let sandbox = sandbox();
    let aws = aws(&sandbox);
    let desired = small_environment("prod");
    for resource in in_order(&desired) {
        make(&aws, &desired, &resource).await;
    }
    let mut group = desired.resources[&Address::new("parameters")].clone();
    group.name = "shop-prod-pg17".to_owned();
    group
        .attributes
        .set("postgres.parameter_family", Value::text("postgres17"));
    group
        .attributes
        .set("postgres.parameter_group", Value::text("shop-prod-pg17"));
    make(&aws, &desired, &group).await;
    let instance = &desired.resources[&Address::new("instance")];
    let mut instance = resolved(&aws, &desired, instance).await;
    instance
        .attributes
        .set("postgres.version", Value::text("17"));
    instance
        .attributes
        .set("postgres.parameter_group", Value::text("shop-prod-pg17"));
    change(&aws, &desired, &instance, &["postgres.version".to_owned()])
        .await
        .unwrap();
    let live = present(&aws, "instance", "shop-prod").await;
    assert_eq!(live.now.text("postgres.version"), Some("17.7"));
    assert_eq!(
        live.now.text("postgres.parameter_group"),
        Some("shop-prod-pg17")
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_absent() {
    let sandbox = sandbox();
    let aws = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&aws, &desired, &resource).await;
    }
    for resource in in_order(&desired).into_iter().rev() {
        let live = present(&aws, &resource.kind, &resource.name).await;
        let request = Delete {
            kind: resource.kind.clone(),
            live: Box::new(live),
            final_snapshot: (resource.kind == "instance").then(|| "shop-prod-final".to_owned()),
        };
        for attempt in 0.. {
            match aws.delete(&request).await {
                Ok(()) => break,
                Err(fault) if attempt > 100 => panic!("{}: {fault}", resource.address),
                Err(_) => tokio::time::sleep(Duration::from_secs(30)).await,
            }
        }
        while aws.look(&resource.kind, &resource.name).await != Observation::Absent {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        // Once more is a success.
        aws.delete(&request).await.unwrap();
    }
    let lives = aws.observe(&[&desired]).await;
    assert!(lives[0].resources.values().all(is_gone));
    assert!(lives[0].leftovers.is_empty(), "{:?}", lives[0].leftovers);
    // The name of a deleted secret stays taken, and the secret comes back with another password.
    make(
        &aws,
        &desired,
        &desired.resources[&Address::new("secret.app")],
    )
    .await;
}

/// Absent, or a secret whose name AWS keeps for some days.
fn is_gone(one: &Observation) -> bool {
    match one {
        Observation::Absent => true,
        Observation::Present(present) => present.restorable,
        Observation::Unreadable(_) => false,
    }
}
