//! A sandbox, an environment of every kind in it, and the few steps that tests repeat.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::{Change, Create, Fault, Observation, Present, Readiness, Remote};
use pgward_model::{
    Address, Desired, Disruptive, Environment, Foreign, Object, Origin, Policy, Resource,
    SubnetChoice, Value,
};
use pgward_sandbox::Sandbox;

/// The account of all tests.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region of all tests.
pub(crate) const REGION: &str = "eu-west-1";

const VPC: &str = "vpc-0f3a9c2d7b81e4560";
pub(crate) const SUBNETS: [&str; 2] = ["subnet-0abc1230000000001", "subnet-0def4560000000002"];

/// AWS in a sandbox.
pub(crate) fn aws(sandbox: &Sandbox) -> Aws {
    let mut options = SessionOptions::new(REGION);
    options.credentials = Some(format!("SANDBOX{ACCOUNT}"));
    options.http_client = Some(SharedHttpClient::new(sandbox.http_client()));
    options.sleep = Some(SharedAsyncSleep::new(sandbox.clock()));
    options.time = Some(SharedTimeSource::new(sandbox.clock()));
    Aws::new(Session::new(options))
}

/// A sandbox with what the environments refer to.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(7);
    let foreign = pgward_sandbox::Foreign {
        vpc: Some(VPC.to_owned()),
        subnets: SUBNETS.map(str::to_owned).to_vec(),
        security_groups: vec!["sg-0123456789abcdef0".to_owned()],
        roles: vec![role("monitoring"), role("proxy")],
        topics: vec![topic("alerts"), topic("more")],
        keys: vec!["alias/database".to_owned()],
        secrets: vec![("shop/existing".to_owned(), "app".to_owned())],
        ..pgward_sandbox::Foreign::default()
    };
    sandbox.provide(ACCOUNT, REGION, &foreign);
    sandbox
}

/// ARN of a role.
pub(crate) fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// ARN of a topic.
pub(crate) fn topic(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}

/// A place in the file of the environment.
pub(crate) fn origin(line: u32) -> Origin {
    Origin {
        file: "specs/prod.toml".to_owned(),
        line,
        column: 1,
        end_column: 2,
    }
}

/// An object from pairs.
pub(crate) fn object(pairs: Vec<(&str, Value)>) -> Object {
    let mut object = Object::new();
    for (path, value) in pairs {
        object.set(path, value);
    }
    object
}

fn texts(items: &[&str]) -> Value {
    Value::texts(items.iter().copied())
}

fn map(pairs: &[(&str, &str)]) -> Value {
    Value::Map(
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::text(*value)))
            .collect(),
    )
}

fn resource(address: &str, kind: &str, name: &str, pairs: Vec<(&str, Value)>) -> Resource {
    let mut resource = Resource::new(Address::new(address), kind, name);
    resource.attributes = object(pairs);
    resource
        .attributes
        .set("tags.*", map(&[("Team", "database")]));
    resource.origin = Some(origin(1));
    resource
}

/// An environment with one resource of every kind and three alarms.
pub(crate) fn environment(name: &str) -> Desired {
    let db = format!("shop-{name}");
    let resources = [
        resource(
            "network",
            "subnet_group",
            &format!("{db}-db"),
            vec![
                ("network.subnets", texts(&SUBNETS)),
                ("network.subnet_group", Value::text(format!("{db}-db"))),
            ],
        ),
        resource(
            "access",
            "security_group",
            &format!("{db}-db"),
            vec![
                ("network.vpc", Value::text(VPC)),
                ("network.security_group", Value::text(format!("{db}-db"))),
                (
                    "access.*",
                    map(&[
                        ("tcp 5432 from 10.0.1.100/32", "an admin host"),
                        ("tcp 5432 from sg-0123456789abcdef0", ""),
                        ("tcp 5432 from itself", ""),
                    ]),
                ),
            ],
        ),
        resource(
            "parameters",
            "parameter_group",
            &format!("{db}-pg16"),
            vec![
                ("postgres.parameter_family", Value::text("postgres16")),
                (
                    "postgres.parameter_group",
                    Value::text(format!("{db}-pg16")),
                ),
                (
                    "parameters.*",
                    map(&[
                        ("work_mem", "32768"),
                        ("max_connections", "200"),
                        ("log_statement", "ddl"),
                        ("rds.force_ssl", "1"),
                    ]),
                ),
            ],
        ),
        secret(name, "master", "shop_admin"),
        secret(name, "app", "app"),
        instance(&db),
        replica(&db),
        proxy(&db),
        alarm(
            &db,
            "cpu-high",
            "CPUUtilization",
            ("*.above", ">"),
            80.0,
            "Average",
        ),
        alarm(
            &db,
            "storage-low",
            "FreeStorageSpace",
            ("*.below", "<"),
            10_737_418_240.0,
            "Minimum",
        ),
        alarm(&db, "latency", "ReadLatency", ("*.above", ">"), 0.1, "p99"),
    ];
    desired(name, resources.into_iter().collect())
}

/// An environment as the budget of reads counts it: without the replica and the second secret.
pub(crate) fn small_environment(name: &str) -> Desired {
    let mut desired = environment(name);
    desired.resources.remove(&Address::new("replica.reporting"));
    desired.resources.remove(&Address::new("secret.app"));
    let proxy = desired
        .resources
        .get_mut(&Address::new("proxy"))
        .expect("there is a proxy");
    let secret = Value::output(&Address::new("secret.master"), "arn");
    proxy
        .attributes
        .set("proxy.secrets", Value::List(vec![secret]));
    desired
}

fn desired(name: &str, resources: Vec<Resource>) -> Desired {
    Desired {
        environment: Environment {
            project: "shop".to_owned(),
            name: name.to_owned(),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
        },
        files: Vec::new(),
        resources: resources
            .into_iter()
            .map(|one| (one.address.clone(), one))
            .collect(),
        foreign: Foreign {
            vpc: Some((VPC.to_owned(), origin(2))),
            subnets: Some(SubnetChoice::Ids(
                SUBNETS
                    .iter()
                    .map(|id| ((*id).to_owned(), origin(3)))
                    .collect(),
            )),
            security_groups: vec![("sg-0123456789abcdef0".to_owned(), origin(4))],
            roles: vec![(role("monitoring"), origin(5)), (role("proxy"), origin(6))],
            topics: vec![(topic("alerts"), origin(7))],
            keys: vec![("alias/database".to_owned(), origin(8))],
            ..Foreign::default()
        },
        policy: Policy {
            disruptive: Disruptive::Window,
            disruptive_origin: None,
            allow: std::collections::BTreeSet::new(),
            allow_origin: None,
            deny: std::collections::BTreeSet::new(),
        },
        accepts: Vec::new(),
        ignores: Vec::new(),
        inputs: Vec::new(),
        store: "state".to_owned(),
        origins: BTreeMap::new(),
    }
}

fn secret(environment: &str, name: &str, username: &str) -> Resource {
    let full = format!("shop/{environment}/{name}");
    resource(
        &format!("secret.{name}"),
        "secret",
        &full,
        vec![
            ("*.name", Value::text(&full)),
            ("*.username", Value::text(username)),
            ("*.source", Value::text("generate")),
        ],
    )
}

fn instance(db: &str) -> Resource {
    resource(
        "instance",
        "instance",
        db,
        vec![
            ("instance.name", Value::text(db)),
            ("instance.class", Value::text("db.m6g.large")),
            ("instance.multi_az", Value::Bool(false)),
            ("instance.public", Value::Bool(false)),
            ("instance.deletion_protection", Value::Bool(false)),
            ("instance.certificate", Value::text("rds-ca-rsa2048-g1")),
            ("storage.type", Value::text("gp3")),
            ("storage.size", Value::Int(400)),
            ("storage.grow_to", Value::Int(600)),
            ("storage.iops", Value::Int(12_000)),
            ("storage.throughput", Value::Int(500)),
            ("storage.encryption", Value::text("alias/database")),
            ("postgres.version", Value::text("16.10")),
            ("postgres.port", Value::Int(5432)),
            ("postgres.iam_authentication", Value::Bool(true)),
            (
                "postgres.parameter_group",
                Value::text(format!("{db}-pg16")),
            ),
            ("network.subnet_group", Value::text(format!("{db}-db"))),
            (
                "instance.security_groups",
                Value::List(vec![Value::output(&Address::new("access"), "id")]),
            ),
            ("backup.window", Value::text("02:00-03:00")),
            ("backup.retention", Value::Int(14)),
            ("backup.copy_tags", Value::Bool(true)),
            ("maintenance.window", Value::text("sun:03:00-sun:04:00")),
            ("maintenance.minor_upgrades", Value::Bool(false)),
            ("monitoring.enhanced", Value::Int(60)),
            ("monitoring.role", Value::text(role("monitoring"))),
            ("monitoring.insights", Value::Int(7)),
            ("monitoring.logs", texts(&["postgresql"])),
            ("instance.master_username", Value::text("shop_admin")),
            ("instance.master_secret", Value::text("secret.master")),
            ("instance.managed_password", Value::Bool(false)),
        ],
    )
}

fn replica(db: &str) -> Resource {
    resource(
        "replica.reporting",
        "replica",
        &format!("{db}-reporting"),
        vec![
            ("*.name", Value::text(format!("{db}-reporting"))),
            ("*.class", Value::text("db.m6g.large")),
            ("*.source", Value::text(db)),
            ("*.multi_az", Value::Bool(false)),
            ("*.public", Value::Bool(false)),
            ("*.parameter_group", Value::text(format!("{db}-pg16"))),
            (
                "*.security_groups",
                Value::List(vec![Value::output(&Address::new("access"), "id")]),
            ),
            ("*.copy_tags", Value::Bool(true)),
            ("*.maintenance_window", Value::text("sun:03:00-sun:04:00")),
            ("*.minor_upgrades", Value::Bool(false)),
            ("*.iam_authentication", Value::Bool(true)),
            ("*.enhanced", Value::Int(60)),
            ("*.monitoring_role", Value::text(role("monitoring"))),
            ("*.insights", Value::Int(7)),
            ("*.logs", texts(&["postgresql"])),
        ],
    )
}

fn proxy(db: &str) -> Resource {
    resource(
        "proxy",
        "proxy",
        &format!("{db}-proxy"),
        vec![
            ("proxy.name", Value::text(format!("{db}-proxy"))),
            ("proxy.role", Value::text(role("proxy"))),
            (
                "proxy.secrets",
                Value::List(vec![Value::output(&Address::new("secret.app"), "arn")]),
            ),
            ("proxy.iam", Value::text("required")),
            ("proxy.require_tls", Value::Bool(true)),
            ("proxy.idle_client_timeout", Value::Int(900)),
            ("proxy.max_connections", Value::Int(80)),
            ("proxy.subnets", texts(&SUBNETS)),
            (
                "proxy.security_groups",
                Value::List(vec![Value::output(&Address::new("access"), "id")]),
            ),
            ("proxy.target", Value::text(db)),
        ],
    )
}

fn alarm(
    db: &str,
    name: &str,
    metric: &str,
    (way, sign): (&str, &str),
    threshold: f64,
    statistic: &str,
) -> Resource {
    let full = format!("{db}-{name}");
    resource(
        &format!("alarm.{name}"),
        "alarm",
        &full,
        vec![
            ("*.name", Value::text(&full)),
            ("*.metric", Value::text(metric)),
            (way, Value::Float(threshold)),
            ("*.for", Value::Int(600)),
            ("*.period", Value::Int(300)),
            ("*.on", Value::text(db)),
            ("*.notify", Value::texts([topic("alerts")])),
            ("*.comparison", Value::text(sign)),
            ("*.statistic", Value::text(statistic)),
            ("*.datapoints", Value::Int(2)),
            ("*.missing_data", Value::text("missing")),
            ("*.actions", Value::Bool(true)),
        ],
    )
}

/// The order in which the kinds are made.
const ORDER: [&str; 8] = [
    "subnet_group",
    "security_group",
    "parameter_group",
    "secret",
    "instance",
    "replica",
    "proxy",
    "alarm",
];

/// The resources of an environment in the order in which they are made.
pub(crate) fn in_order(desired: &Desired) -> Vec<Resource> {
    let of = |kind: &'static str| {
        desired
            .resources
            .values()
            .filter(move |resource| resource.kind == kind)
            .cloned()
    };
    ORDER.into_iter().flat_map(of).collect()
}

/// The names in AWS by address.
pub(crate) fn names(desired: &Desired) -> BTreeMap<Address, String> {
    desired
        .resources
        .values()
        .map(|one| (one.address.clone(), one.name.clone()))
        .collect()
}

/// A resource whose outputs of others are filled in from what exists.
pub(crate) async fn resolved(aws: &Aws, desired: &Desired, resource: &Resource) -> Resource {
    let mut references = Vec::new();
    resource
        .attributes
        .iter()
        .for_each(|(_, value)| value.references(&mut references));
    let mut outputs = BTreeMap::new();
    for reference in references {
        let other = &desired.resources[&reference.address];
        let present = present(aws, &other.kind, &other.name).await;
        outputs.insert(
            reference.clone(),
            present.outputs[&reference.output].clone(),
        );
    }
    let mut resolved = resource.clone();
    resolved.attributes = resource
        .attributes
        .resolved(&|reference| outputs.get(reference).cloned());
    resolved
}

/// A resource that must exist.
pub(crate) async fn present(aws: &Aws, kind: &str, name: &str) -> Present {
    match aws.look(kind, name).await {
        Observation::Present(present) => *present,
        other => panic!("{kind} {name}: {other:?}"),
    }
}

/// Waits until a resource takes changes.
pub(crate) async fn ready(aws: &Aws, kind: &str, name: &str) -> Present {
    for _ in 0..2_000 {
        if let Observation::Present(present) = aws.look(kind, name).await
            && present.readiness == Readiness::Ready
        {
            return *present;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    panic!(
        "{kind} {name} does not become ready: {:?}",
        aws.look(kind, name).await
    );
}

/// Makes a resource and waits for it; sends what the creating call can't take.
pub(crate) async fn make(aws: &Aws, desired: &Desired, resource: &Resource) -> Present {
    let resource = resolved(aws, desired, resource).await;
    let mut tags = desired.owner_tags(&resource.address);
    tags.insert("Team".to_owned(), "database".to_owned());
    let request = Create {
        resource: resource.clone(),
        tags,
        names: names(desired),
    };
    aws.create(&request)
        .await
        .unwrap_or_else(|fault| panic!("{}: {fault}", resource.address));
    let live = ready(aws, &resource.kind, &resource.name).await;
    let missing = differing(&resource, &live);
    if missing.is_empty() {
        return live;
    }
    change(aws, desired, &resource, &missing)
        .await
        .expect("what is missing can be sent");
    ready(aws, &resource.kind, &resource.name).await
}

/// Sends attributes of a resource and waits.
pub(crate) async fn change(
    aws: &Aws,
    desired: &Desired,
    resource: &Resource,
    paths: &[String],
) -> Result<(), Fault> {
    let live = ready(aws, &resource.kind, &resource.name).await;
    let mut attributes = Object::new();
    for path in paths {
        attributes.set_some(path.clone(), resource.attributes.get(path).cloned());
    }
    let request = Change {
        resource: resource.clone(),
        live: Box::new(live),
        attributes,
        immediate: true,
        names: names(desired),
    };
    aws.change(&request).await?;
    // AWS may show the old values as available for a minute.
    tokio::time::sleep(Duration::from_secs(90)).await;
    ready(aws, &resource.kind, &resource.name).await;
    Ok(())
}

/// The attributes whose live value is not the declared one, as texts for a failure.
pub(crate) fn differing(declared: &Resource, live: &Present) -> Vec<String> {
    let kind = pgward_kinds::CATALOG.kind(&declared.kind);
    declared
        .attributes
        .iter()
        .filter(|(path, _)| {
            let attribute = kind
                .attribute(path)
                .expect("declared attributes are in the table");
            !matches!(attribute.applies, pgward_model::Applies::OnCreate)
        })
        .filter(|(path, value)| !same(value, live.now.get(path)))
        .map(|(path, _)| path.to_owned())
        .collect()
}

fn same(declared: &Value, live: Option<&Value>) -> bool {
    let Some(live) = live else { return false };
    match (declared, live) {
        (Value::List(_), Value::List(_)) => {
            let sorted = |value: &Value| {
                let mut items: Vec<String> =
                    value.as_texts().into_iter().map(str::to_owned).collect();
                items.sort();
                items
            };
            sorted(declared) == sorted(live)
        }
        _ => {
            declared == live
                || (declared.as_number().is_some() && declared.as_number() == live.as_number())
        }
    }
}
