//! What the engine is told when calls fail.

use crate::world::{aws, environment, in_order, make, names, resolved, sandbox};
use pgward_engine::{Create, FaultKind as Told, Observation, Remote};
use pgward_model::{Address, Value};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};

fn strike(sandbox: &Sandbox, rules: Vec<Fault>) {
    sandbox.faults(Faults { seed: 1, rules });
}

async fn create_instance(sandbox: &Sandbox, rule: Fault) -> (Result<(), Told>, usize) {
    let aws = aws(sandbox);
    let desired = environment("prod");
    let before = [
        "subnet_group",
        "security_group",
        "parameter_group",
        "secret",
    ];
    for resource in in_order(&desired)
        .iter()
        .filter(|one| before.contains(&one.kind.as_str()))
    {
        make(&aws, &desired, resource).await;
    }
    let resource = &desired.resources[&Address::new("instance")];
    let request = Create {
        resource: resolved(&aws, &desired, resource).await,
        tags: desired.owner_tags(&resource.address),
        names: names(&desired),
    };
    strike(sandbox, vec![rule]);
    sandbox.forget_calls();
    let result = aws.create(&request).await.map_err(|fault| fault.kind);
    let sent = sandbox
        .calls()
        .iter()
        .filter(|call| call.action == "CreateDBInstance")
        .count();
    (result, sent)
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_reply_is_lost_is_ambiguous_and_sent_once() {
    for kind in [
        FaultKind::LostReply,
        FaultKind::Timeout,
        FaultKind::Internal500,
    ] {
        let rule = Fault::once("rds:CreateDBInstance", kind);
        let (result, sent) = create_instance(&sandbox(), rule).await;
        assert_eq!((result, sent), (Err(Told::Ambiguous), 1), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_creation_is_sent_again() {
    let rule = Fault {
        at_most: 3,
        ..Fault::always("rds:CreateDBInstance", FaultKind::Throttle)
    };
    assert_eq!(create_instance(&sandbox(), rule).await, (Ok(()), 4));
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_read_is_never_absent() {
    let sandbox = sandbox();
    let desired = environment("prod");
    strike(
        &sandbox,
        vec![Fault::always("rds:DescribeDBInstances", FaultKind::Denied)],
    );
    let live = aws(&sandbox).observe(&[&desired]).await.remove(0);
    for (address, observation) in &live.resources {
        let kind = desired.resources[address].kind.as_str();
        if matches!(kind, "instance" | "replica") {
            let Observation::Unreadable(fault) = observation else {
                panic!("{observation:?}")
            };
            assert_eq!(fault.kind, Told::Denied);
        } else {
            assert_eq!(*observation, Observation::Absent, "{address}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_is_never_taken_for_a_whole_one() {
    let sandbox = sandbox();
    let maker = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&maker, &desired, &resource).await;
    }
    sandbox.tick(std::time::Duration::from_secs(3600));
    let whole = aws(&sandbox).observe(&[&desired]).await.remove(0);
    // Broken off once, XML is asked for again; in the other protocols it can't be read at all.
    let once = |service: &str| Fault::once(format!("{service}:*"), FaultKind::CutShort);
    strike(&sandbox, ["rds", "ec2"].map(once).into());
    let again = aws(&sandbox).observe(&[&desired]).await.remove(0);
    for address in desired.resources.keys() {
        let values = |live: &pgward_engine::Live| match live.present(address) {
            Some(present) => present.now.clone(),
            None => panic!("{address}: {:?}", live.resources[address]),
        };
        assert_eq!(values(&again), values(&whole), "{address}");
    }
    // Broken off every time, nothing is known.
    strike(&sandbox, vec![Fault::always("*", FaultKind::CutShort)]);
    let live = aws(&sandbox).observe(&[&desired]).await.remove(0);
    assert_eq!(live.resources.len(), whole.resources.len());
    for (address, observation) in &live.resources {
        let Observation::Unreadable(fault) = observation else {
            panic!("{address}: {observation:?}")
        };
        assert_ne!(fault.kind, Told::NotFound);
    }
    assert!(!live.not_checked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_denied_extra_is_a_sentence_and_tags_are_read_one_by_one() {
    let sandbox = sandbox();
    let aws_of_maker = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&aws_of_maker, &desired, &resource).await;
    }
    strike(
        &sandbox,
        vec![
            Fault::always("tag:*", FaultKind::Denied),
            Fault::always("tagging:*", FaultKind::Denied),
            Fault::always("kms:*", FaultKind::Denied),
            Fault::always("rds:DescribePendingMaintenanceActions", FaultKind::Denied),
        ],
    );
    let live = aws(&sandbox).observe(&[&desired]).await.remove(0);
    for address in desired.resources.keys() {
        let present = live.present(address).unwrap_or_else(|| panic!("{address}"));
        assert!(present.owner.is_some(), "{address}");
    }
    let instance = live.present(&Address::new("instance")).unwrap();
    assert_eq!(
        instance.now.get("storage.encryption"),
        Some(&Value::text("alias/database"))
    );
    assert_eq!(
        live.not_checked,
        [
            "KMS keys: access denied to kms:DescribeKey",
            "maintenance announced by AWS: access denied to rds:DescribePendingMaintenanceActions",
            "resources that only their tags tell of: access denied to tag:GetResources",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expired_are_told_apart() {
    let sandbox = sandbox();
    strike(
        &sandbox,
        vec![Fault::always("sts:*", FaultKind::ExpiredToken)],
    );
    let fault = aws(&sandbox).caller().await.unwrap_err();
    assert_eq!(fault.kind, Told::Credentials);
    assert!(fault.request_id.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_the_spec_no_longer_names_is_a_leftover() {
    let sandbox = sandbox();
    let maker = aws(&sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&maker, &desired, &resource).await;
    }
    let mut less = desired.clone();
    less.resources.clear();
    let live = aws(&sandbox).observe(&[&less]).await.remove(0);
    let found: Vec<String> = live
        .leftovers
        .iter()
        .map(|leftover| format!("{} {}", leftover.kind, leftover.address))
        .collect();
    let mut expected: Vec<String> = desired
        .resources
        .values()
        .map(|resource| format!("{} {}", resource.kind, resource.address))
        .collect();
    let mut found_sorted = found.clone();
    found_sorted.sort();
    expected.sort();
    assert_eq!(found_sorted, expected);
}
