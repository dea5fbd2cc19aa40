//! Takes our tags off everything of an environment, as if somebody else had made it.

use pgward_model::Value;
use pgward_tests::stage::{Planned, Stage};
use serde_json::json;

const KEYS: [&str; 3] = ["pgward:project", "pgward:environment", "pgward:address"];

/// Takes them off.
pub(crate) fn tags(stage: &Stage, planned: &Planned) {
    let place = &planned.given.desired.environment;
    for (address, resource) in &planned.given.desired.resources {
        let present = planned.live.present(address).expect("it was made");
        let (action, input) = match resource.kind.as_str() {
            "security_group" => {
                let id = present.outputs.get("id").and_then(Value::as_text);
                let tags = KEYS.map(|key| json!({ "Key": key }));
                ("ec2:DeleteTags", json!({ "ResourceId": [id], "Tag": tags }))
            }
            "secret" => (
                "secretsmanager:UntagResource",
                json!({ "SecretId": present.arn, "TagKeys": KEYS }),
            ),
            "alarm" => (
                "cloudwatch:UntagResource",
                json!({ "ResourceARN": present.arn, "TagKeys": KEYS }),
            ),
            _ => (
                "rds:RemoveTagsFromResource",
                json!({ "ResourceName": present.arn, "TagKeys": KEYS }),
            ),
        };
        stage
            .sandbox
            .act(&place.account, &place.region, "somebody", action, &input)
            .unwrap_or_else(|refusal| panic!("{address}: {action}: {refusal}"));
    }
}
