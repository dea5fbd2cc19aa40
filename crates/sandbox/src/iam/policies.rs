//! Managed policies attached to roles, and inline ones.

use serde_json::{Value, json};

use super::roles::{check_document, no_policy, paged, percent_encoded};
use super::state::absent;
use crate::call::{Answer, Call};
use crate::world::World;

/// `AttachRolePolicy`. AWS's own policies exist under every name; the account has none of its own.
pub(super) fn attach(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("PolicyArn")?;
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    if !arn.starts_with("arn:aws:iam::aws:policy/") {
        let text = format!("Policy {arn} does not exist or is not attachable.");
        return Err(absent(text));
    }
    role.attached.insert(arn.to_owned());
    Ok(json!({}))
}

/// `DetachRolePolicy`.
pub(super) fn detach(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("PolicyArn")?;
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    if !role.attached.remove(arn) {
        return Err(absent(format!("Policy {arn} was not found.")));
    }
    Ok(json!({}))
}

/// `ListAttachedRolePolicies`.
pub(super) fn list_attached(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    let entries = role
        .attached
        .iter()
        .map(|arn| {
            let name = arn.rsplit('/').next().unwrap_or(arn);
            (arn.clone(), json!({ "PolicyName": name, "PolicyArn": arn }))
        })
        .collect();
    paged(call, "AttachedPolicies", entries)
}

/// `PutRolePolicy`.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let document = call.need("PolicyDocument")?;
    let name = call.need("PolicyName")?;
    check_document(document)?;
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    role.inline.insert(name.to_owned(), document.to_owned());
    Ok(json!({}))
}

/// `GetRolePolicy`, with the document percent-encoded.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let name = call.need("PolicyName")?;
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    let document = role.inline.get(name).ok_or_else(|| no_policy(name))?;
    Ok(json!({
        "RoleName": role.name,
        "PolicyName": name,
        "PolicyDocument": percent_encoded(document),
    }))
}

/// `ListRolePolicies`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    let entries = role
        .inline
        .keys()
        .map(|name| (name.clone(), json!(name)))
        .collect();
    paged(call, "PolicyNames", entries)
}

/// `DeleteRolePolicy`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.need("PolicyName")?;
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    if role.inline.remove(name).is_none() {
        return Err(no_policy(name));
    }
    Ok(json!({}))
}

/// `SimulatePrincipalPolicy`: the caller of a sandbox may do everything.
pub(super) fn simulate(_world: &mut World, call: &Call) -> Answer {
    let resources = call.texts("ResourceArns");
    let resource = resources.first().map_or("*", String::as_str);
    let results: Vec<Value> = call
        .texts("ActionNames")
        .into_iter()
        .map(|action| {
            json!({
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": "allowed",
            })
        })
        .collect();
    Ok(json!({ "EvaluationResults": results, "IsTruncated": false }))
}
