//! Every kind through the SDK into the sandbox and back: created, read, changed, deleted.

mod world;

use pgward_engine::{Delete, Observation, Remote};
use pgward_model::{Address, Value};
use world::{
    aws, change, differing, environment, in_order, make, present, resolved, sandbox,
    small_environment,
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

/// For every attribute that can change, a value that is another one.
fn changes() -> Vec<(&'static str, &'static str, Value)> {
    let map = |pairs: &[(&str, &str)]| {
        Value::Map(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), Value::text(*v)))
                .collect(),
        )
    };
    vec![
        (
            "network",
            "tags.*",
            map(&[("Team", "platform"), ("Cost", "42")]),
        ),
        ("access", "tags.*", map(&[("Cost", "42")])),
        (
            "access",
            "access.*",
            map(&[
                ("tcp 5432 from 10.0.1.100/32", "the admin host"),
                ("tcp 5432 from 2001:db8::/64", "the office"),
                ("tcp 5433 from itself", ""),
            ]),
        ),
        ("parameters", "tags.*", map(&[("Cost", "42")])),
        (
            "parameters",
            "parameters.*",
            map(&[
                ("work_mem", "65536"),
                ("max_connections", "300"),
                ("rds.force_ssl", "1"),
            ]),
        ),
        ("secret.app", "tags.*", map(&[("Cost", "42")])),
        ("instance", "tags.*", map(&[("Cost", "42")])),
        ("instance", "instance.class", Value::text("db.m6g.xlarge")),
        ("instance", "instance.multi_az", Value::Bool(true)),
        ("instance", "instance.public", Value::Bool(true)),
        (
            "instance",
            "instance.deletion_protection",
            Value::Bool(true),
        ),
        (
            "instance",
            "instance.certificate",
            Value::text("rds-ca-rsa4096-g1"),
        ),
        ("instance", "storage.grow_to", Value::Int(800)),
        ("instance", "storage.size", Value::Int(500)),
        ("instance", "postgres.port", Value::Int(5433)),
        (
            "instance",
            "postgres.iam_authentication",
            Value::Bool(false),
        ),
        ("instance", "backup.window", Value::text("01:00-02:00")),
        ("instance", "backup.retention", Value::Int(7)),
        ("instance", "backup.copy_tags", Value::Bool(false)),
        (
            "instance",
            "maintenance.window",
            Value::text("mon:03:00-mon:04:00"),
        ),
        ("instance", "maintenance.minor_upgrades", Value::Bool(true)),
        ("instance", "monitoring.enhanced", Value::Int(30)),
        ("instance", "monitoring.insights", Value::Int(31)),
        ("instance", "monitoring.insights", Value::Int(0)),
        ("instance", "monitoring.enhanced", Value::Int(0)),
        ("instance", "monitoring.logs", Value::texts(["upgrade"])),
        ("instance", "instance.managed_password", Value::Bool(true)),
        ("replica.reporting", "*.class", Value::text("db.m6g.xlarge")),
        (
            "replica.reporting",
            "*.maintenance_window",
            Value::text("tue:03:00-tue:04:00"),
        ),
        (
            "replica.reporting",
            "*.logs",
            Value::texts(["postgresql", "upgrade"]),
        ),
        ("replica.reporting", "tags.*", map(&[("Cost", "42")])),
        (
            "proxy",
            "proxy.role",
            Value::text(world::role("monitoring")),
        ),
        (
            "proxy",
            "proxy.secrets",
            Value::texts(["existing:shop/existing"]),
        ),
        ("proxy", "proxy.iam", Value::text("disabled")),
        ("proxy", "proxy.require_tls", Value::Bool(false)),
        ("proxy", "proxy.idle_client_timeout", Value::Int(60)),
        ("proxy", "proxy.max_connections", Value::Int(50)),
        ("proxy", "tags.*", map(&[("Cost", "42")])),
        ("alarm.cpu-high", "*.above", Value::Float(90.5)),
        ("alarm.cpu-high", "*.for", Value::Int(900)),
        ("alarm.cpu-high", "*.period", Value::Int(60)),
        (
            "alarm.cpu-high",
            "*.metric",
            Value::text("DatabaseConnections"),
        ),
        ("alarm.cpu-high", "*.statistic", Value::text("Maximum")),
        (
            "alarm.cpu-high",
            "*.missing_data",
            Value::text("notBreaching"),
        ),
        ("alarm.cpu-high", "*.actions", Value::Bool(false)),
        (
            "alarm.cpu-high",
            "*.notify",
            Value::texts([world::topic("more")]),
        ),
        ("alarm.cpu-high", "*.comparison", Value::text(">=")),
        ("alarm.cpu-high", "*.on", Value::text("shop-prod-reporting")),
        ("alarm.cpu-high", "tags.*", map(&[("Cost", "42")])),
    ]
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
                Err(_) => tokio::time::sleep(std::time::Duration::from_secs(30)).await,
            }
        }
        while aws.look(&resource.kind, &resource.name).await != Observation::Absent {
            tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        }
        // Once more is a success.
        aws.delete(&request).await.unwrap();
    }
    let lives = aws.observe(&[&desired]).await;
    assert!(
        lives[0]
            .resources
            .values()
            .all(|one| *one == Observation::Absent)
    );
    assert!(lives[0].leftovers.is_empty(), "{:?}", lives[0].leftovers);
    // The name of a deleted secret stays taken, and the secret comes back with another password.
    make(
        &aws,
        &desired,
        &desired.resources[&Address::new("secret.app")],
    )
    .await;
}
