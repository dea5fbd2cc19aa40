//! Roles and their policies, which belong to an account and to no region.

mod policies;
mod roles;
mod state;

use jiff::Timestamp;

use crate::call::{Answer, Call};
use crate::world::World;

pub(crate) use roles::provide_role;
pub(crate) use state::Iam;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "CreateRole" => roles::create(world, call),
        "GetRole" => roles::get(world, call),
        "ListRoles" => roles::list(world, call),
        "UpdateRole" => roles::update(world, call),
        "UpdateAssumeRolePolicy" => roles::update_trust(world, call),
        "DeleteRole" => roles::delete(world, call),
        "TagRole" => roles::tag(world, call),
        "UntagRole" => roles::untag(world, call),
        "ListRoleTags" => roles::list_tags(world, call),
        "AttachRolePolicy" => policies::attach(world, call),
        "DetachRolePolicy" => policies::detach(world, call),
        "ListAttachedRolePolicies" => policies::list_attached(world, call),
        "PutRolePolicy" => policies::put(world, call),
        "GetRolePolicy" => policies::get(world, call),
        "ListRolePolicies" => policies::list(world, call),
        "DeleteRolePolicy" => policies::delete(world, call),
        "SimulatePrincipalPolicy" => policies::simulate(world, call),
        _ => crate::world::unknown(call),
    }
}

/// Whether a role exists and may be used by other services yet: a role is refused for its first seconds.
pub(crate) fn role_exists(world: &World, arn: &str, now: Timestamp) -> bool {
    find(world, arn).is_some_and(|role| role.is_known(now))
}

/// Id, name and account of the role with an ARN, if it may be assumed yet.
pub(crate) fn assumable(
    world: &World,
    arn: &str,
    now: Timestamp,
) -> Option<(String, String, String)> {
    let role = find(world, arn).filter(|role| role.is_known(now))?;
    Some((
        role.id.clone(),
        role.name.clone(),
        account_of(arn)?.to_owned(),
    ))
}

fn find<'a>(world: &'a World, arn: &str) -> Option<&'a state::Role> {
    let roles = &world.iam.get(account_of(arn)?)?.roles;
    roles.values().find(|role| role.arn == arn)
}

fn account_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:iam::")?.split(':').next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::call::Service::Iam;
    use crate::tagging::trial::Trial;

    #[test]
    fn other_services_know_a_role_after_ten_seconds() {
        let mut trial = Trial::new();
        let input =
            json!({ "RoleName": "proxy", "AssumeRolePolicyDocument": r#"{"Statement":[]}"# });
        let made = trial.ask(Iam, "CreateRole", input).unwrap();
        let arn = made["Role"]["Arn"].as_str().unwrap();
        let mut known = |seconds: i64| {
            trial.wait(seconds);
            let now = trial.call(Iam, "", json!({})).now;
            super::role_exists(&trial.world, arn, now)
        };
        assert!(!known(9));
        assert!(known(1));
    }
}
