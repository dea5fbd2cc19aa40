//! Which resources of a place carry tags, across services.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::pages::{Page, page};
use super::tags::{self, Tags};
use crate::call::{Answer, Call, Refusal, text_of, texts_of};
use crate::world::{Place, World};
use crate::{cloudwatch, ec2, rds, secretsmanager, sns};

/// Everything of a place that carries tags, with its ARN.
fn tagged(place: &Place, call: &Call) -> Vec<(String, Tags)> {
    let mut all = rds::tagged(place, &call.account, &call.region);
    all.extend(ec2::tagged(place, call));
    all.extend(secretsmanager::tagged(place));
    all.extend(cloudwatch::tagged(place, call));
    all.extend(sns::tagged(place));
    all.retain(|(_, tags)| !tags.is_empty());
    all
}

/// `GetResources`: filters by tag and by type, in pages of up to 100.
pub(super) fn get_resources(world: &mut World, call: &Call) -> Answer {
    let limit = limit(call)?;
    let filters = call.list("TagFilters");
    let types = call.texts("ResourceTypeFilters");
    let arns: BTreeSet<String> = call.texts("ResourceARNList").into_iter().collect();
    let entries = tagged(world.place(call), call)
        .into_iter()
        .filter(|(arn, tags)| {
            (arns.is_empty() || arns.contains(arn))
                && (types.is_empty() || types.iter().any(|kind| is_of_type(arn, kind)))
                && filters.iter().all(|filter| carries(tags, filter))
        })
        .map(|(arn, tags)| {
            let shown = json!({ "ResourceARN": arn, "Tags": tags::list(&tags) });
            (arn, shown)
        })
        .collect();
    let Page { items, next } =
        page(entries, call.text("PaginationToken"), limit).ok_or_else(|| {
            Refusal::new(
                400,
                "PaginationTokenExpiredException",
                "The pagination token is not valid",
            )
        })?;
    Ok(json!({ "PaginationToken": next.unwrap_or_default(), "ResourceTagMappingList": items }))
}

/// `GetTagKeys`: all keys in use.
pub(super) fn get_tag_keys(world: &mut World, call: &Call) -> Answer {
    let keys: BTreeSet<String> = tagged(world.place(call), call)
        .into_iter()
        .flat_map(|(_, tags)| tags.into_keys())
        .collect();
    Ok(json!({ "PaginationToken": "", "TagKeys": keys }))
}

fn limit(call: &Call) -> Result<usize, Refusal> {
    let limit = call.int("ResourcesPerPage").unwrap_or(50);
    usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| {
            Refusal::new(
                400,
                "InvalidParameterException",
                format!("ResourcesPerPage {limit} is not between 1 and 100"),
            )
        })
}

/// Whether an ARN is of a type such as `rds:db`, `ec2:security-group` or, for a whole service, `sns`.
fn is_of_type(arn: &str, kind: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (Some(service), Some(resource)) = (parts.next(), parts.nth(2)) else {
        return false;
    };
    match kind.split_once(':') {
        None => service == kind,
        // The ARN of a topic has no type in it.
        Some(("sns", "topic")) => service == "sns",
        Some((wanted, class)) => {
            service == wanted
                && resource
                    .strip_prefix(class)
                    .is_some_and(|rest| rest.starts_with([':', '/']))
        }
    }
}

/// Whether tags meet a filter: the key is there, and its value is one of those named, if any are.
fn carries(tags: &Tags, filter: &Value) -> bool {
    let values = texts_of(filter, "Values");
    text_of(filter, "Key")
        .and_then(|key| tags.get(key))
        .is_some_and(|value| values.is_empty() || values.contains(value))
}

#[cfg(test)]
mod tests {
    use super::is_of_type;

    #[test]
    fn types_are_read_off_the_arn() {
        let database = "arn:aws:rds:eu-west-1:111122223333:db:prod";
        let group = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1";
        let topic = "arn:aws:sns:eu-west-1:111122223333:alerts";
        for (arn, kind, expected) in [
            (database, "rds:db", true),
            (database, "rds:d", false),
            (database, "rds", true),
            (group, "ec2:security-group", true),
            (topic, "sns:topic", true),
            (topic, "sns", true),
            (topic, "rds", false),
        ] {
            assert_eq!(is_of_type(arn, kind), expected, "{arn} {kind}");
        }
    }
}
