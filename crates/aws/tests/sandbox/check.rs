//! What a plan learns from AWS before the first write.

use crate::world::{aws, environment, origin, sandbox};
use pgward_engine::{Changes, Checked, Remote, ResourceChange, Verb};
use pgward_model::{Address, Desired, SubnetChoice, Value};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};

/// Changes that create everything.
fn everything(desired: &Desired) -> Changes {
    let create = |resource: &pgward_model::Resource| ResourceChange {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        verb: Verb::Create,
        name: resource.name.clone(),
        attributes: Vec::new(),
        desired: Some(resource.clone()),
        live: None,
    };
    Changes {
        resources: desired.resources.values().map(create).collect(),
        ..Changes::default()
    }
}

async fn check(sandbox: &Sandbox, desired: &Desired) -> Checked {
    let aws = aws(sandbox);
    let live = aws.observe(&[desired]).await.remove(0);
    aws.check(desired, &live, &everything(desired)).await
}

/// Findings as `code line subject: message`.
fn told(checked: &Checked) -> Vec<String> {
    let tell = |one: &pgward_model::Diagnostic| {
        let line = one.primary.as_ref().map_or(0, |label| label.origin.line);
        let subject = one.subject.as_deref().unwrap_or_default();
        format!("{} {line} {subject}: {}", one.code, one.message)
    };
    checked.findings.iter().map(tell).collect()
}

fn set(desired: &mut Desired, address: &str, path: &str, value: Value) {
    let resource = desired
        .resources
        .get_mut(&Address::new(address))
        .expect("a declared address");
    resource.attributes.set(path, value);
    resource.origins.insert(path.to_owned(), origin(99));
}

#[tokio::test(start_paused = true)]
async fn what_fits_gives_no_finding_and_names_the_version() {
    let mut desired = environment("prod");
    set(
        &mut desired,
        "instance",
        "postgres.version",
        Value::text("16"),
    );
    let checked = check(&sandbox(), &desired).await;
    assert_eq!(told(&checked), Vec::<String>::new());
    assert_eq!(checked.not_checked, Vec::<String>::new());
    assert_eq!(checked.chosen["postgres.version"], "16.11");
}

#[tokio::test(start_paused = true)]
async fn without_changes_nothing_is_read() {
    let sandbox = sandbox();
    let desired = environment("prod");
    let aws = aws(&sandbox);
    let live = pgward_engine::Live::default();
    let checked = aws.check(&desired, &live, &Changes::default()).await;
    assert_eq!(checked, Checked::default());
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_aws_would_refuse_is_found_with_its_line() {
    let mut desired = environment("prod");
    let lonely = "subnet-0abc1230000000009";
    let sandbox = sandbox();
    let ids = vec![
        ("subnet-0abc1230000000001".to_owned(), origin(3)),
        (lonely.to_owned(), origin(4)),
    ];
    desired.foreign.subnets = Some(SubnetChoice::Ids(ids));
    desired.foreign.vpc = Some(("vpc-00000000000000000".to_owned(), origin(2)));
    set(
        &mut desired,
        "instance",
        "postgres.version",
        Value::text("16.1"),
    );
    set(
        &mut desired,
        "instance",
        "monitoring.role",
        Value::text(crate::world::role("nobody")),
    );
    set(
        &mut desired,
        "instance",
        "storage.encryption",
        Value::text("alias/nothing"),
    );
    set(
        &mut desired,
        "replica.reporting",
        "*.class",
        Value::text("db.m99.large"),
    );
    set(
        &mut desired,
        "alarm.latency",
        "*.notify",
        Value::texts([crate::world::topic("nowhere")]),
    );
    let parameters = [
        ("work_mem", "1"),
        ("no_such_thing", "1"),
        ("max_connections", "200"),
    ];
    let parameters = parameters
        .iter()
        .map(|(k, v)| ((*k).to_owned(), Value::text(*v)))
        .collect();
    set(
        &mut desired,
        "parameters",
        "parameters.*",
        Value::Map(parameters),
    );
    let checked = check(&sandbox, &desired).await;
    let expected = [
        "P501 4 network.subnets: subnet subnet-0abc1230000000009 does not exist in eu-west-1",
        "P503 99 postgres.version: RDS no longer creates PostgreSQL 16.1",
        "P504 1 instance.class: AWS does not offer db.m6g.large with PostgreSQL 16.1 in eu-west-1",
        "P504 99 replica.reporting.class: AWS does not offer db.m99.large with PostgreSQL 16.1 in eu-west-1",
        "P505 2 network.vpc: VPC vpc-00000000000000000 does not exist in eu-west-1",
        "P505 99 monitoring.role: IAM role arn:aws:iam::111122223333:role/nobody does not exist in this account",
        "P505 99 alarm.latency.notify: SNS topic arn:aws:sns:eu-west-1:111122223333:nowhere does not exist in eu-west-1",
        "P505 99 storage.encryption: KMS key alias/nothing does not exist in eu-west-1",
        "P507 99 parameters.no_such_thing: RDS has no parameter `no_such_thing` in postgres16",
        "P507 99 parameters.work_mem: RDS does not take `1` for `work_mem`",
    ];
    assert_eq!(told(&checked), expected);
}

#[tokio::test(start_paused = true)]
async fn one_zone_is_too_few_and_others_are_named() {
    let sandbox = Sandbox::new(3);
    let subnets = ["subnet-a1", "subnet-b1", "subnet-c1", "subnet-a2"];
    sandbox.provide(
        crate::world::ACCOUNT,
        crate::world::REGION,
        &pgward_sandbox::Foreign {
            vpc: Some("vpc-0f3a9c2d7b81e4560".to_owned()),
            subnets: subnets.map(str::to_owned).to_vec(),
            ..pgward_sandbox::Foreign::default()
        },
    );
    let mut desired = environment("prod");
    let ids = vec![
        ("subnet-a1".to_owned(), origin(7)),
        ("subnet-a2".to_owned(), origin(8)),
    ];
    desired.foreign.subnets = Some(SubnetChoice::Ids(ids));
    desired
        .resources
        .retain(|address, _| address.as_str() == "network");
    let checked = check(&sandbox, &desired).await;
    assert_eq!(
        told(&checked),
        [
            "P501 8 network.subnets: both subnets are in eu-west-1a; a DB subnet group needs two zones",
        ]
    );
    assert_eq!(
        checked.findings[0].help,
        [
            "take one of the other zones, same VPC, private: subnet-b1 (eu-west-1b), subnet-c1 (eu-west-1c)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_is_a_sentence() {
    let sandbox = sandbox();
    let rules = [
        "rds:DescribeDBEngineVersions",
        "rds:DescribeOrderable*",
        "iam:*",
        "sns:*",
    ];
    let rules = rules
        .map(|pattern| Fault::always(pattern, FaultKind::Denied))
        .to_vec();
    sandbox.faults(Faults { seed: 1, rules });
    let checked = check(&sandbox, &environment("prod")).await;
    assert_eq!(told(&checked), Vec::<String>::new());
    assert_eq!(
        checked.not_checked,
        [
            "whether RDS offers the PostgreSQL version: access denied to rds:DescribeDBEngineVersions",
            "whether AWS offers the class with this version and storage: access denied to \
         rds:DescribeOrderableDBInstanceOptions",
            "IAM roles: access denied to iam:GetRole",
            "SNS topics: access denied to sns:GetTopicAttributes",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_others_that_is_gone_is_told_without_any_change() {
    let sandbox = sandbox();
    let mut desired = environment("prod");
    let names = ["shop/existing", "shop/lost"].map(|name| (name.to_owned(), origin(60)));
    desired.foreign.secrets = names.to_vec();
    let live = pgward_engine::Live::default();
    let checked = aws(&sandbox)
        .check(&desired, &live, &Changes::default())
        .await;
    assert_eq!(
        told(&checked),
        ["P505 60 secret: secret shop/lost does not exist in eu-west-1"]
    );
    assert!(!checked.findings[0].is_error());
}

#[tokio::test(start_paused = true)]
async fn a_list_of_versions_that_fails_says_nothing_of_classes() {
    let sandbox = sandbox();
    let mut desired = environment("prod");
    let version = |text: &str| Value::text(text);
    set(&mut desired, "instance", "postgres.version", version("16"));
    let rules = vec![Fault::always(
        "rds:DescribeDBEngineVersions",
        FaultKind::Unavailable503,
    )];
    sandbox.faults(Faults { seed: 1, rules });
    let checked = check(&sandbox, &desired).await;
    assert_eq!(told(&checked), Vec::<String>::new());
    assert_eq!(checked.not_checked.len(), 2, "{:?}", checked.not_checked);
    // Nor does it make a run send another version than the one that was shown.
    let request = pgward_engine::Create {
        resource: desired.resources[&Address::new("instance")].clone(),
        tags: std::collections::BTreeMap::new(),
        names: std::collections::BTreeMap::from([(
            Address::new("secret.master"),
            "shop/existing".to_owned(),
        )]),
    };
    sandbox.forget_calls();
    let fault = aws(&sandbox).create(&request).await.unwrap_err();
    assert_eq!(fault.action, "rds:DescribeDBEngineVersions");
    assert!(sandbox.calls().iter().all(|call| !call.writes));
}

#[tokio::test(start_paused = true)]
async fn subnets_that_the_internet_reaches_are_told() {
    let sandbox = sandbox();
    let mut desired = environment("prod");
    let vpc = "vpc-0f3a9c2d7b81e4560";
    desired.foreign.vpc = Some((vpc.to_owned(), origin(2)));
    let act = |action: &str, input: serde_json::Value| {
        let (account, region) = (crate::world::ACCOUNT, crate::world::REGION);
        sandbox
            .act(account, region, "somebody", action, &input)
            .unwrap()
    };
    let made = act("ec2:CreateRouteTable", serde_json::json!({ "VpcId": vpc }));
    let table = made["routeTable"]["routeTableId"].as_str().unwrap();
    let ids = crate::world::SUBNETS.map(|id| (id.to_owned(), origin(7)));
    desired.foreign.subnets = Some(SubnetChoice::Ids(ids.to_vec()));
    act(
        "ec2:AssociateRouteTable",
        serde_json::json!({ "RouteTableId": table, "SubnetId": ids[0].0 }),
    );
    act(
        "ec2:CreateRoute",
        serde_json::json!({
            "RouteTableId": table,
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": "igw-1",
        }),
    );
    let checked = check(&sandbox, &desired).await;
    let expected = format!(
        "P501 7 network.subnets: subnet {} is public: a route leads to an internet gateway",
        ids[0].0
    );
    assert_eq!(told(&checked), [expected]);
    // Known as well when a subnet group names them already.
    let network = desired.resources[&Address::new("network")].clone();
    crate::world::make(&aws(&sandbox), &desired, &network).await;
    let live = aws(&sandbox).observe(&[&desired]).await.remove(0);
    let public = live.subnets.values().map(|subnet| subnet.public);
    assert_eq!(public.filter(|one| *one == Some(true)).count(), 1);
}

#[test]
fn the_sandbox_refuses_every_reserved_master_user() {
    let sandbox = sandbox();
    for name in pgward_kinds::facts::reserved_users() {
        let input = serde_json::json!({
            "DBInstanceIdentifier": "x",
            "Engine": "postgres",
            "DBInstanceClass": "db.t3.micro",
            "AllocatedStorage": 20,
            "MasterUsername": name,
            "MasterUserPassword": "not-a-secret",
        });
        let (account, region) = (crate::world::ACCOUNT, crate::world::REGION);
        let answer = sandbox.act(account, region, "somebody", "rds:CreateDBInstance", &input);
        assert!(
            answer.is_err_and(|text| text.contains("reserved")),
            "{name}"
        );
    }
}
