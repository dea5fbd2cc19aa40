//! Who made a change, asked of CloudTrail by a call that has no client.

use pgward_aws::{Touched, actors};
use pgward_engine::FaultKind as Told;
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};
use serde_json::json;

use crate::world::{ACCOUNT, REGION, aws, environment, in_order, make, sandbox};

/// The retention of the instance, which `mehta` cut after `bot` had switched protection on.
async fn changed(sandbox: &Sandbox) -> [Touched; 2] {
    let maker = aws(sandbox);
    let desired = environment("prod");
    for resource in in_order(&desired) {
        make(&maker, &desired, &resource).await;
    }
    let name = desired.resources[&pgward_model::Address::new("instance")]
        .name
        .clone();
    for (who, member, value) in [
        ("bot", "DeletionProtection", json!(true)),
        ("mehta", "BackupRetentionPeriod", json!(3)),
    ] {
        let input = json!({ "DBInstanceIdentifier": name, member: value });
        sandbox
            .act(ACCOUNT, REGION, who, "rds:ModifyDBInstance", &input)
            .expect("the sandbox plays it");
    }
    ["DeletionProtection", "BackupRetentionPeriod"].map(|member| Touched {
        kind: "instance".to_owned(),
        names: vec![name.clone()],
        member: Some(member.to_owned()),
        key: None,
    })
}

#[tokio::test(start_paused = true)]
async fn those_who_changed_it_are_named_through_the_wire() {
    let sandbox = sandbox();
    let touched = changed(&sandbox).await;
    let throttled = Fault {
        at_most: 3,
        ..Fault::always("cloudtrail:LookupEvents", FaultKind::Throttle)
    };
    sandbox.faults(Faults {
        seed: 1,
        rules: vec![throttled],
    });
    let aws = aws(&sandbox);
    let found = actors(&aws, &touched, None).await.expect("an answer");
    let who: Vec<Option<String>> = found.into_iter().map(|one| Some(one?.who)).collect();
    assert_eq!(who, [Some("bot".to_owned()), Some("mehta".to_owned())]);
    let calls = aws.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.action == "cloudtrail:LookupEvents")
    );
    let attempts: u32 = calls.iter().map(|call| call.attempts).sum();
    assert_eq!(usize::try_from(attempts).unwrap(), calls.len() + 3);
    assert!(calls.iter().all(|call| call.request_id.is_some()));
    let later = sandbox.clock().now() + jiff::SignedDuration::from_secs(1);
    let found = actors(&aws, &touched, Some(later))
        .await
        .expect("an answer");
    assert_eq!(found, [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_denied_question_is_a_fault_with_its_call() {
    let sandbox = sandbox();
    let touched = changed(&sandbox).await;
    sandbox.faults(Faults {
        seed: 1,
        rules: vec![Fault::always("cloudtrail:*", FaultKind::Denied)],
    });
    let fault = actors(&aws(&sandbox), &touched, None).await.unwrap_err();
    assert_eq!(fault.kind, Told::Denied, "{fault}");
    assert_eq!(fault.action, "cloudtrail:LookupEvents");
}
