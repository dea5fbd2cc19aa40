//! How many calls a plan costs, and how many of them wait for each other.

use crate::world::{aws, in_order, make, sandbox, small_environment};
use pgward_aws::Aws;
use pgward_engine::Remote;
use pgward_model::Desired;
use pgward_sandbox::Sandbox;

async fn with_environments(count: usize) -> (Sandbox, Aws, Vec<Desired>) {
    let sandbox = sandbox();
    let maker = aws(&sandbox);
    let mut all = Vec::new();
    for number in 0..count {
        let desired = small_environment(&format!("e{number:02}"));
        for resource in in_order(&desired) {
            make(&maker, &desired, &resource).await;
        }
        all.push(desired);
    }
    sandbox.forget_calls();
    let aws = aws(&sandbox);
    (sandbox, aws, all)
}

async fn cost(count: usize) -> (usize, usize, Vec<String>) {
    let (sandbox, aws, all) = with_environments(count).await;
    aws.caller().await.expect("the sandbox knows its caller");
    let desired: Vec<&Desired> = all.iter().collect();
    let lives = aws.observe(&desired).await;
    for (desired, live) in all.iter().zip(&lives) {
        for address in desired.resources.keys() {
            assert!(
                live.present(address).is_some(),
                "{address}: {:?}",
                live.resources[address]
            );
        }
        assert!(live.leftovers.is_empty(), "{:?}", live.leftovers);
    }
    let calls = sandbox.calls();
    let depth = calls.last().map_or(0, |call| call.depth);
    let names = calls
        .iter()
        .map(|call| format!("{}:{}", call.service, call.action))
        .collect();
    (calls.len(), depth, names)
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_one_environment_costs_at_most_17_calls_in_4_round_trips() {
    let (calls, depth, names) = cost(1).await;
    assert!(calls <= 17, "{calls}: {names:#?}");
    assert!(depth <= 4, "{depth}: {names:#?}");
}

#[tokio::test(start_paused = true)]
async fn twenty_environments_share_their_listings() {
    let (calls, _, names) = cost(20).await;
    assert!(calls <= 74, "{calls}: {names:#?}");
}
