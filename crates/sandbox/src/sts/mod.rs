//! The security token service: who calls, and roles assumed.

use serde_json::json;

use crate::call::{Answer, Call, Refusal};
use crate::iam;
use crate::world::World;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "GetCallerIdentity" => Ok(json!({
            "Arn": caller(call),
            "UserId": "AROASANDBOXSANDBOX000:pgward",
            "Account": call.account,
        })),
        "AssumeRole" => assume_role(world, call),
        _ => crate::world::unknown(call),
    }
}

fn caller(call: &Call) -> String {
    format!("arn:aws:sts::{}:assumed-role/sandbox/pgward", call.account)
}

/// The credentials of an assumed role name its account in the key id, so that later calls go there.
fn assume_role(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("RoleArn")?;
    let session = call.need("RoleSessionName")?;
    let seconds = call.int("DurationSeconds").unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(Refusal::new(
            400,
            "ValidationError",
            "1 validation error detected: DurationSeconds must be between 900 and 43200",
        ));
    }
    let Some((id, name, account)) = iam::assumable(world, arn, call.now) else {
        let text = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            caller(call)
        );
        return Err(Refusal::new(403, "AccessDenied", text));
    };
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let secret = world.characters("session-secret", letters, 40);
    let token = world.characters("session-token", letters, 120);
    let expires = call.now + jiff::SignedDuration::from_secs(seconds);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": format!("SANDBOX{account}"),
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": format!("{expires:.0}"),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{id}:{session}"),
            "Arn": format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
        },
        "PackedPolicySize": 6,
    }))
}
