//! Tags of networks, groups and rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::filters::{Filters, either, ids, paged};
use super::state::refused;
use crate::call::{Answer, Call, Refusal, text_of};
use crate::tagging::{Tags, tags};
use crate::world::{Place, World};

/// `CreateTags`, on several resources at once.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let added = tags::read(&either(&call.input, "Tag", "Tags"));
    check(&added)?;
    let ec2 = &mut world.place(call).ec2;
    let resources = ids(call, "ResourceId");
    for id in &resources {
        let mut all = ec2.tags_mut(id).ok_or_else(|| absent(id))?.clone();
        all.extend(added.clone());
        check(&all)?;
    }
    for id in &resources {
        if let Some(tags) = ec2.tags_mut(id) {
            tags.extend(added.clone());
        }
    }
    Ok(json!({ "return": true }))
}

/// `DeleteTags`: a value given must match, no tags given means all.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let removed = either(&call.input, "Tag", "Tags");
    let ec2 = &mut world.place(call).ec2;
    for id in ids(call, "ResourceId") {
        let tags = ec2.tags_mut(&id).ok_or_else(|| absent(&id))?;
        if removed.is_empty() {
            tags.clear();
        }
        for tag in &removed {
            let key = text_of(tag, "Key").unwrap_or_default();
            let value = text_of(tag, "Value");
            if tags
                .get(key)
                .is_some_and(|held| value.is_none_or(|value| value == held))
            {
                tags.remove(key);
            }
        }
    }
    Ok(json!({ "return": true }))
}

/// `DescribeTags`: one entry per tag.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let mut entries = Vec::new();
    for (kind, id, tags) in world.place(call).ec2.all_tags() {
        for (key, value) in tags {
            let facets = |name: &str| {
                Some(vec![match name {
                    "resource-id" => id.to_owned(),
                    "resource-type" => kind.to_owned(),
                    "key" => key.clone(),
                    "value" => value.clone(),
                    _ => return None,
                }])
            };
            if filters.match_all(tags, &facets)? {
                let shown =
                    json!({ "resourceId": id, "resourceType": kind, "key": key, "value": value });
                entries.push((format!("{id}/{key}"), shown));
            }
        }
    }
    paged(call, "tagSet", entries)
}

/// ARN and tags of everything that carries tags.
pub(crate) fn tagged(place: &Place, call: &Call) -> Vec<(String, Tags)> {
    place
        .ec2
        .all_tags()
        .into_iter()
        .map(|(kind, id, tags)| (call.arn("ec2", &format!("{kind}/{id}")), tags.clone()))
        .collect()
}

/// The tags that a creating call gives to a kind of resource.
///
/// # Errors
/// The tags themselves are refused.
pub(super) fn given(call: &Call, kind: &str) -> Result<Tags, Refusal> {
    let mut all = BTreeMap::new();
    for specification in either(&call.input, "TagSpecification", "TagSpecifications") {
        let wanted = text_of(&specification, "ResourceType").unwrap_or_default();
        if wanted != kind {
            let text =
                format!("'{wanted}' is not a valid taggable resource type for this operation.");
            return Err(refused("InvalidParameterValue", text));
        }
        all.extend(tags::read(&either(&specification, "Tag", "Tags")));
    }
    check(&all)?;
    Ok(all)
}

/// Tags in the form of EC2's answers.
pub(super) fn show(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

fn check(tags: &Tags) -> Result<(), Refusal> {
    tags::objection(tags).map_or(Ok(()), |text| {
        let code = if text.contains("at most") {
            "TagLimitExceeded"
        } else {
            "InvalidParameterValue"
        };
        Err(refused(code, text))
    })
}

/// What EC2 says of an id that names nothing.
fn absent(id: &str) -> Refusal {
    let (code, what) = match id.split('-').next().unwrap_or_default() {
        "vpc" => ("InvalidVpcID.NotFound", "vpc ID"),
        "subnet" => ("InvalidSubnetID.NotFound", "subnet ID"),
        "rtb" => ("InvalidRouteTableID.NotFound", "routeTable ID"),
        "sg" => ("InvalidGroup.NotFound", "security group"),
        "sgr" => (
            "InvalidSecurityGroupRuleId.NotFound",
            "security group rule ID",
        ),
        "pl" => ("InvalidPrefixListID.NotFound", "prefix list ID"),
        _ => ("InvalidID", "ID"),
    };
    refused(code, format!("The {what} '{id}' does not exist"))
}
