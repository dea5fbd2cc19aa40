//! Tags: whose a resource is, which tags are compared, and how they are read and written.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::TagFilter;
use pgward_engine::{Fault, FaultKind, Owner, Present};
use pgward_kinds::{subnet_group::TAGS, tags::is_foreign};
use pgward_model::{Address, Object, Value};

use crate::aws::Aws;
use crate::listing::{Fleet, pages};

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

const PROJECT: &str = "pgward:project";
const ENVIRONMENT: &str = "pgward:environment";
const ADDRESS: &str = "pgward:address";
/// How every key of ours begins.
const PREFIX: &str = "pgward:";

/// How many values one filter of the tagging service takes.
const FILTER_VALUES: usize = 20;

/// The kinds of resources whose descriptions come without tags.
const TYPES: [&str; 4] = ["rds:subgrp", "rds:pg", "rds:db-proxy", "cloudwatch:alarm"];

/// Whose it is, if one of our tags is there: one that another environment left must be seen.
pub(crate) fn owner(tags: &Tags) -> Option<Owner> {
    let of = |key: &str| tags.get(key).cloned().unwrap_or_default();
    let owner = Owner {
        project: of(PROJECT),
        environment: of(ENVIRONMENT),
        address: of(ADDRESS),
    };
    let none = owner.project.is_empty() && owner.environment.is_empty() && owner.address.is_empty();
    (!none).then_some(owner)
}

/// The address in the tags.
pub(crate) fn address(owner: &Owner) -> Address {
    Address::new(owner.address.as_str())
}

/// A resource that is there, with the owner and the tags that are compared.
pub(crate) fn present(name: &str, arn: &str, tags: &Tags) -> Present {
    let mut present = Present::new(name, arn);
    present.owner = owner(tags);
    let compared: BTreeMap<String, Value> = tags
        .iter()
        .filter(|(key, _)| !is_foreign(key) && !key.starts_with(PREFIX))
        .map(|(key, value)| (key.clone(), Value::text(value)))
        .collect();
    present.now.set(TAGS.path, Value::Map(compared));
    present
}

/// The words of the fixed descriptions: "Managed by pgward for PROJECT/ENVIRONMENT".
pub(crate) fn description(tags: &Tags) -> String {
    let of = |key: &str| tags.get(key).map_or("?", String::as_str);
    format!("Managed by pgward for {}/{}", of(PROJECT), of(ENVIRONMENT))
}

/// Tags to set and keys to remove, if the attributes to change hold tags.
///
/// Keys of AWS, of RDS and of ours are never removed.
pub(crate) fn difference(attributes: &Object, live: &Present) -> (Tags, Vec<String>) {
    let Some(declared) = attributes.map(TAGS.path) else {
        return (Tags::new(), Vec::new());
    };
    let before = live.now.map(TAGS.path);
    let set = declared
        .iter()
        .filter(|(key, value)| before.and_then(|before| before.get(*key)) != Some(value))
        .map(|(key, value)| (key.clone(), value.as_text().unwrap_or_default().to_owned()))
        .collect();
    let removed = before
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .filter(|key| !declared.contains_key(key))
        .collect();
    (set, removed)
}

/// The tags of everything of the run's projects, by ARN.
pub(crate) async fn tagged(fleet: &Fleet<'_>) -> Result<BTreeMap<String, Tags>, Fault> {
    let aws = fleet.aws;
    let mut types: Vec<String> = TYPES.iter().map(|name| (*name).to_owned()).collect();
    if fleet.declared("secret").len() <= crate::kinds::secret::FEW {
        types.push("secretsmanager:secret".to_owned());
    }
    let filters = filters(fleet);
    let listed = pages(
        aws,
        "tag:GetResources",
        |token| {
            let call = aws
                .session()
                .tagging()
                .get_resources()
                .resources_per_page(100);
            call.set_resource_type_filters(Some(types.clone()))
                .set_tag_filters(Some(filters.clone()))
                .set_pagination_token(token)
                .send()
        },
        |output| {
            (
                output.resource_tag_mapping_list.unwrap_or_default(),
                output.pagination_token,
            )
        },
    )
    .await;
    match listed {
        Ok(entries) => Ok(entries
            .into_iter()
            .filter_map(|entry| {
                let tags = entry.tags.unwrap_or_default();
                let tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
                Some((entry.resource_arn?, tags))
            })
            .collect()),
        Err(fault) => {
            fleet.gap("resources that only their tags tell of", &fault);
            Err(fault)
        }
    }
}

/// Filters for the projects and, where that is possible, the environments of the run.
fn filters(fleet: &Fleet<'_>) -> Vec<TagFilter> {
    let projects = fleet.projects();
    let mut environments: Vec<String> = fleet
        .environments()
        .iter()
        .map(|desired| desired.environment.name.clone())
        .collect();
    environments.sort();
    environments.dedup();
    [
        (PROJECT, projects.into_iter().collect()),
        (ENVIRONMENT, environments),
    ]
    .into_iter()
    .map(|(key, values): (&str, Vec<String>)| {
        let filter = TagFilter::builder().key(key);
        if values.len() <= FILTER_VALUES {
            filter.set_values(Some(values))
        } else {
            filter
        }
        .build()
    })
    .collect()
}

/// The tags of one resource of RDS or CloudWatch, by ARN.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn of_resource(aws: &Aws, arn: &str) -> Result<Tags, Fault> {
    if service(arn) == "cloudwatch" {
        let call = aws
            .session()
            .cloudwatch()
            .list_tags_for_resource()
            .resource_arn(arn)
            .send();
        let output = aws
            .session()
            .call("cloudwatch:ListTagsForResource", call)
            .await?;
        return Ok(output
            .tags
            .unwrap_or_default()
            .into_iter()
            .filter_map(|tag| Some((tag.key?, tag.value?)))
            .collect());
    }
    let call = aws
        .session()
        .rds()
        .list_tags_for_resource()
        .resource_name(arn)
        .send();
    let output = aws.session().call("rds:ListTagsForResource", call).await?;
    Ok(from_rds(output.tag_list()))
}

fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

/// Tags of RDS as a map.
pub(crate) fn from_rds(tags: &[aws_sdk_rds::types::Tag]) -> Tags {
    tags.iter()
        .filter_map(|tag| {
            Some((
                tag.key()?.to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

/// Tags as RDS takes them.
pub(crate) fn to_rds(tags: &Tags) -> Option<Vec<aws_sdk_rds::types::Tag>> {
    let one = |(key, value): (&String, &String)| {
        aws_sdk_rds::types::Tag::builder()
            .key(key)
            .value(value)
            .build()
    };
    Some(tags.iter().map(one).collect())
}

/// Sets and removes tags of a resource of RDS.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn change_rds(
    aws: &Aws,
    attributes: &Object,
    live: &Present,
) -> Result<(), Fault> {
    let (set, removed) = difference(attributes, live);
    add_rds(aws, &live.arn, &set).await?;
    if !removed.is_empty() {
        let call = aws
            .session()
            .rds()
            .remove_tags_from_resource()
            .resource_name(&live.arn);
        let call = call.set_tag_keys(Some(removed)).send();
        aws.session()
            .call("rds:RemoveTagsFromResource", call)
            .await?;
    }
    Ok(())
}

/// Sets tags of a resource of RDS, if there are some.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn add_rds(aws: &Aws, arn: &str, set: &Tags) -> Result<(), Fault> {
    if set.is_empty() {
        return Ok(());
    }
    let call = aws
        .session()
        .rds()
        .add_tags_to_resource()
        .resource_name(arn);
    let call = call.set_tags(to_rds(set)).send();
    aws.session().call("rds:AddTagsToResource", call).await?;
    Ok(())
}

/// Success, if what was to be deleted does not exist.
///
/// # Errors
///
/// Every other fault.
pub(crate) fn gone<T>(result: Result<T, Fault>) -> Result<(), Fault> {
    match result {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn tags_of_aws_and_ours_are_not_compared() {
        let live = tags(&[
            ("aws:backup", "x"),
            ("rds:x", "y"),
            ("pgward:project", "shop"),
            ("pgward:environment", "prod"),
            ("pgward:address", "instance"),
            ("Team", "db"),
        ]);
        let present = present("shop-prod", "arn", &live);
        let compared = present.now.map(TAGS.path).expect("tags are always read");
        assert_eq!(compared.keys().collect::<Vec<_>>(), ["Team"]);
        assert_eq!(
            present.owner.map(|owner| owner.address).as_deref(),
            Some("instance")
        );
    }

    #[test]
    fn only_what_differs_is_set_and_removed() {
        let live = present("x", "arn", &tags(&[("A", "1"), ("B", "2"), ("aws:x", "3")]));
        let mut attributes = Object::new();
        let declared = [("A", "1"), ("C", "3")];
        let declared = declared
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::text(*value)))
            .collect();
        attributes.set(TAGS.path, Value::Map(declared));
        let (set, removed) = difference(&attributes, &live);
        assert_eq!(set, tags(&[("C", "3")]));
        assert_eq!(removed, ["B"]);
    }
}
