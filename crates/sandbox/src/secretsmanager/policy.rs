//! Resource policies of secrets, kept and not applied.

use serde_json::{Value, json};

use super::state::refused;
use crate::call::{Answer, Call};
use crate::world::World;

/// `GetResourcePolicy`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    let mut shown = json!({ "ARN": secret.arn, "Name": secret.name });
    if let Some(policy) = &secret.policy {
        shown["ResourcePolicy"] = json!(policy);
    }
    Ok(shown)
}

/// `PutResourcePolicy`.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let policy = call.text("ResourcePolicy").unwrap_or_default();
    let parsed: Option<Value> = serde_json::from_str(policy).ok();
    if parsed.is_none_or(|policy| policy.get("Statement").is_none()) {
        let text = "This resource policy contains a syntax error.";
        return Err(refused("MalformedPolicyDocumentException", text));
    }
    let secret = world.place(call).secretsmanager.kept(call)?;
    secret.policy = Some(policy.to_owned());
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

/// `DeleteResourcePolicy`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    secret.policy = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}
