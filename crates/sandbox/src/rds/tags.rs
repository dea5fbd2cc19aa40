//! Tags of database resources, by ARN.

use serde_json::{Value, json};

use super::names;
use super::state::{Rds, Tags};
use crate::call::{Answer, Call, Refusal, need_of, text_of};
use crate::world::World;

/// The tags that a creating call brings.
///
/// # Errors
/// A key is reserved or malformed, or there are too many.
pub(crate) fn of(call: &Call) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for entry in call.list("Tags") {
        let key = need_of(&entry, "Key")?;
        let value = text_of(&entry, "Value").unwrap_or_default();
        let lower = key.to_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("rds:") {
            return Err(Refusal::value(format!(
                "The tag key {key} is reserved: aws: and rds: prefixed keys cannot be used"
            )));
        }
        let odd = |text: &str| {
            text.chars()
                .any(|letter| !letter.is_alphanumeric() && !" _.:/=+-@".contains(letter))
        };
        if key.chars().count() > 128 || value.chars().count() > 256 || odd(key) || odd(value) {
            return Err(Refusal::value(format!("The tag {key} is not valid")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > 50 {
        return Err(Refusal::value("A resource can have at most 50 tags"));
    }
    Ok(tags)
}

/// Tags as a list.
pub(crate) fn show(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// The tags of the resource with an ARN.
fn at<'a>(rds: &'a mut Rds, arn: &str) -> Result<&'a mut Tags, Refusal> {
    let name = names::after_arn(arn).to_lowercase();
    let kind = arn.split(':').nth(5).unwrap_or_default();
    let missing =
        |code: &str, what: &str| Refusal::new(404, code, format!("{what} {name} not found"));
    match kind {
        "db" => rds
            .instances
            .get_mut(&name)
            .map(|instance| &mut instance.tags)
            .ok_or_else(|| missing("DBInstanceNotFound", "DBInstance")),
        "subgrp" => rds
            .subnet_groups
            .get_mut(&name)
            .map(|group| &mut group.tags)
            .ok_or_else(|| missing("DBSubnetGroupNotFoundFault", "DB subnet group")),
        "pg" => rds
            .parameter_groups
            .get_mut(&name)
            .map(|group| &mut group.tags)
            .ok_or_else(|| missing("DBParameterGroupNotFound", "DBParameterGroup")),
        "snapshot" => {
            // The names of automated snapshots hold a colon themselves.
            let name = arn.splitn(7, ':').nth(6).unwrap_or_default().to_lowercase();
            let missing = missing("DBSnapshotNotFound", "DBSnapshot");
            rds.snapshots
                .get_mut(&name)
                .map(|snapshot| &mut snapshot.tags)
                .ok_or(missing)
        }
        "db-proxy" => rds
            .proxies
            .values_mut()
            .find(|proxy| proxy.id == name)
            .map(|proxy| &mut proxy.tags)
            .ok_or_else(|| missing("DBProxyNotFoundFault", "DB proxy")),
        "target-group" => rds
            .proxies
            .values_mut()
            .find(|proxy| proxy.target_group_id == name)
            .map(|proxy| &mut proxy.target_group_tags)
            .ok_or_else(|| missing("DBProxyTargetGroupNotFoundFault", "DB proxy target group")),
        _ => Err(Refusal::value(format!("Invalid resource name: {arn}"))),
    }
}

/// `ListTagsForResource`.
pub(crate) fn list(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("ResourceName")?;
    let tags = at(&mut world.place(call).rds, arn)?;
    Ok(json!({ "TagList": show(tags) }))
}

/// `AddTagsToResource`.
pub(crate) fn add(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("ResourceName")?;
    let more = of(call)?;
    let tags = at(&mut world.place(call).rds, arn)?;
    let mut all = tags.clone();
    all.extend(more);
    if all.len() > 50 {
        return Err(Refusal::value("A resource can have at most 50 tags"));
    }
    *tags = all;
    Ok(json!({}))
}

/// `RemoveTagsFromResource`.
pub(crate) fn remove(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("ResourceName")?;
    let keys = call.texts("TagKeys");
    let tags = at(&mut world.place(call).rds, arn)?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}
