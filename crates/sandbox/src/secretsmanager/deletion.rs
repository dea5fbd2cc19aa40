//! Deleting secrets, which takes days, and bringing them back.

use jiff::SignedDuration;
use serde_json::json;

use super::state::{free_again, refused};
use crate::call::{Answer, Call};
use crate::world::World;

/// `DeleteSecret`: after 7 to 30 days, or at once by force. The name stays taken until then.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let force = call.boolean("ForceDeleteWithoutRecovery").unwrap_or(false);
    let window = call.int("RecoveryWindowInDays");
    if force && window.is_some() {
        let text =
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
        return Err(refused("InvalidParameterException", text));
    }
    let days = window.unwrap_or(30);
    if !(7..=30).contains(&days) {
        let text = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(refused("InvalidParameterException", text));
    }
    let secrets = &mut world.place(call).secretsmanager;
    let secret = match secrets.named(call) {
        Ok(secret) => secret,
        // By force, one that is gone already is no error.
        Err(refusal) if force && refusal.code == "ResourceNotFoundException" => {
            let id = call.text("SecretId").unwrap_or_default();
            return Ok(json!({ "Name": id, "DeletionDate": call.now.as_second() }));
        }
        Err(refusal) => return Err(refusal),
    };
    if let Some(owner) = &secret.owner {
        let text =
            format!("You can't perform this operation on a secret that is managed by {owner}.");
        return Err(refused("InvalidRequestException", text));
    }
    if force {
        secret.forced = true;
        secret.deletion = Some(free_again(call.now));
        return Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "DeletionDate": call.now.as_second(),
        }));
    }
    if secret.deletion.is_some() {
        let text =
            "You tried to perform the operation on a secret that's currently marked deleted.";
        return Err(refused("InvalidRequestException", text));
    }
    let deletion = call.now + SignedDuration::from_hours(24 * days);
    secret.deletion = Some(deletion);
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "DeletionDate": deletion.as_second() }))
}

/// `RestoreSecret`.
pub(super) fn restore(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.named(call)?;
    secret.deletion = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}
