//! The life of a role: create, read, list, update, tag and delete.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Role, absent, invalid};
use crate::call::{Answer, Call, Refusal};
use crate::tagging::pages::{Page, page};
use crate::tagging::tags;
use crate::world::World;

/// Trust policy of a role that was made up.
const OPEN_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":
{"Service":["rds.amazonaws.com","monitoring.rds.amazonaws.com"]},"Action":"sts:AssumeRole"}]}"#;

/// `CreateRole`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.need("RoleName")?.to_owned();
    check_name(&name)?;
    let trust = call.need("AssumeRolePolicyDocument")?;
    check_document(trust)?;
    let path = call.text("Path").unwrap_or("/").to_owned();
    if !path.starts_with('/') || !path.ends_with('/') {
        return Err(invalid(format!(
            "The specified value for path is invalid: {path}"
        )));
    }
    let longest_session = call.int("MaxSessionDuration").unwrap_or(3600);
    if !(3600..=43_200).contains(&longest_session) {
        return Err(invalid("maxSessionDuration must be between 3600 and 43200"));
    }
    let tags = tags::read(&call.list("Tags"));
    if let Some(objection) = tags::objection(&tags) {
        return Err(Refusal::new(400, "InvalidInput", objection));
    }
    if world
        .roles(&call.account)
        .roles
        .contains_key(&name.to_lowercase())
    {
        let text = format!("Role with name {name} already exists.");
        return Err(Refusal::new(409, "EntityAlreadyExists", text));
    }
    let role = Role {
        id: role_id(world),
        arn: format!("arn:aws:iam::{}:role{path}{name}", call.account),
        path,
        trust: trust.to_owned(),
        description: call.text("Description").map(str::to_owned),
        longest_session,
        boundary: call.text("PermissionsBoundary").map(str::to_owned),
        created: call.now,
        tags,
        attached: BTreeSet::new(),
        inline: BTreeMap::new(),
        name,
    };
    let shown = show(&role, true);
    world
        .roles(&call.account)
        .roles
        .insert(role.name.to_lowercase(), role);
    Ok(json!({ "Role": shown }))
}

/// Makes a role that has been there for long, if there is none with that ARN.
pub(crate) fn provide_role(world: &mut World, arn: &str, created: Timestamp) {
    let Some((account, resource)) = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"))
    else {
        return;
    };
    let (path, name) = match resource.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name),
        None => ("/".to_owned(), resource),
    };
    if world
        .roles(account)
        .roles
        .contains_key(&name.to_lowercase())
    {
        return;
    }
    let role = Role {
        name: name.to_owned(),
        path,
        id: role_id(world),
        arn: arn.to_owned(),
        trust: OPEN_TRUST.to_owned(),
        description: None,
        longest_session: 3600,
        boundary: None,
        created,
        tags: BTreeMap::new(),
        attached: BTreeSet::new(),
        inline: BTreeMap::new(),
    };
    world.roles(account).roles.insert(name.to_lowercase(), role);
}

/// `GetRole`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    Ok(json!({ "Role": show(role, true) }))
}

/// `ListRoles`, whose entries come without tags.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let prefix = call.text("PathPrefix").unwrap_or("/").to_owned();
    let entries = world
        .roles(&call.account)
        .roles
        .iter()
        .filter(|(_, role)| role.path.starts_with(&prefix))
        .map(|(key, role)| (key.clone(), show(role, false)))
        .collect();
    paged(call, "Roles", entries)
}

/// `UpdateRole`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    if let Some(description) = call.text("Description") {
        role.description = Some(description.to_owned());
    }
    if let Some(seconds) = call.int("MaxSessionDuration") {
        role.longest_session = seconds;
    }
    Ok(json!({}))
}

/// `UpdateAssumeRolePolicy`.
pub(super) fn update_trust(world: &mut World, call: &Call) -> Answer {
    let document = call.need("PolicyDocument")?;
    check_document(document)?;
    world
        .roles(&call.account)
        .role(call.need("RoleName")?)?
        .trust = document.to_owned();
    Ok(json!({}))
}

/// `DeleteRole`, refused while policies hang on it.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.need("RoleName")?;
    let role = world.roles(&call.account).role(name)?;
    let conflict = |text: &str| Err(Refusal::new(409, "DeleteConflict", text));
    if !role.attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if !role.inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    world
        .roles(&call.account)
        .roles
        .remove(&name.to_lowercase());
    Ok(json!({}))
}

/// `TagRole`.
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    let mut all = role.tags.clone();
    all.extend(tags::read(&call.list("Tags")));
    if let Some(objection) = tags::objection(&all) {
        return Err(Refusal::new(400, "InvalidInput", objection));
    }
    role.tags = all;
    Ok(json!({}))
}

/// `UntagRole`.
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    for key in call.texts("TagKeys") {
        role.tags.remove(&key);
    }
    Ok(json!({}))
}

/// `ListRoleTags`.
pub(super) fn list_tags(world: &mut World, call: &Call) -> Answer {
    let role = world.roles(&call.account).role(call.need("RoleName")?)?;
    Ok(json!({ "Tags": tags::list(&role.tags), "IsTruncated": false }))
}

/// An answer with one page of a list, as IAM gives them.
pub(super) fn paged(call: &Call, name: &str, entries: Vec<(String, Value)>) -> Answer {
    let limit = call.int("MaxItems").unwrap_or(100);
    let Some(limit) = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=1000).contains(limit))
    else {
        return Err(invalid(format!(
            "maxItems {limit} is not between 1 and 1000"
        )));
    };
    let Page { items, next } =
        page(entries, call.text("Marker"), limit).ok_or_else(|| invalid("Invalid Marker"))?;
    let mut answer = json!({ name: items, "IsTruncated": next.is_some() });
    if let Some(marker) = next {
        answer["Marker"] = json!(marker);
    }
    Ok(answer)
}

/// Refuses a policy document that is no JSON with a statement.
pub(super) fn check_document(document: &str) -> Result<(), Refusal> {
    let parsed: Option<Value> = serde_json::from_str(document).ok();
    if parsed.is_some_and(|document| document.get("Statement").is_some()) {
        return Ok(());
    }
    Err(Refusal::new(
        400,
        "MalformedPolicyDocument",
        "This policy contains invalid Json",
    ))
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if (1..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(
        "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or \
         the following: +=,.@_-",
    ))
}

fn role_id(world: &mut World) -> String {
    format!(
        "AROA{}",
        world.characters("role", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17)
    )
}

fn show(role: &Role, whole: bool) -> Value {
    let mut shown = json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": format!("{:.0}", role.created),
        "AssumeRolePolicyDocument": percent_encoded(&role.trust),
        "MaxSessionDuration": role.longest_session,
    });
    if let Some(description) = &role.description {
        shown["Description"] = json!(description);
    }
    if whole {
        shown["RoleLastUsed"] = json!({});
        if !role.tags.is_empty() {
            shown["Tags"] = tags::list(&role.tags);
        }
        if let Some(boundary) = &role.boundary {
            shown["PermissionsBoundary"] = json!({
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": boundary,
            });
        }
    }
    shown
}

/// A document with everything but unreserved characters percent-encoded (RFC 3986), as IAM shows them.
pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The refusal for an inline policy that is not there.
pub(super) fn no_policy(name: &str) -> Refusal {
    absent(format!("The role policy with name {name} cannot be found."))
}
