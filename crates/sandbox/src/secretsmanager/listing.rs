//! `ListSecrets` and its filters.

use serde_json::{Value, json};

use super::secrets::show;
use super::state::{CURRENT, Secret, refused};
use crate::call::{Answer, Call, text_of, texts_of};
use crate::tagging::pages::{Page, page};
use crate::world::World;

/// Names of the filters.
const FILTERS: [&str; 7] = [
    "all",
    "description",
    "name",
    "owning-service",
    "primary-region",
    "tag-key",
    "tag-value",
];

/// `ListSecrets`: those that wait for their deletion only if asked for.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let limit = call.int("MaxResults").unwrap_or(100);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| {
        refused(
            "ValidationException",
            "1 validation error detected: maxResults must be between 1 and 100",
        )
    })?;
    let filters = call.list("Filters");
    for filter in &filters {
        let key = text_of(filter, "Key").unwrap_or_default();
        if !FILTERS.contains(&key) {
            let text = format!(
                "1 validation error detected: '{key}' is not one of {}",
                FILTERS.join(", ")
            );
            return Err(refused("ValidationException", text));
        }
    }
    let planned = call.boolean("IncludePlannedDeletion").unwrap_or(false);
    let entries = world
        .place(call)
        .secretsmanager
        .found()
        .filter(|secret| planned || secret.deletion.is_none())
        .filter(|secret| filters.iter().all(|filter| matches(secret, filter)))
        .map(|secret| {
            let mut shown = show(secret);
            if let Some((id, version)) = secret.staged(CURRENT) {
                shown["SecretVersionsToStages"] = json!({ id: version.stages });
            }
            (secret.name.clone(), shown)
        })
        .collect();
    let Page { items, next } = page(entries, call.text("NextToken"), limit).ok_or_else(|| {
        refused(
            "InvalidNextTokenException",
            "The NextToken value is invalid.",
        )
    })?;
    let mut answer = json!({ "SecretList": items });
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

/// Whether one of the filter's values is met: the beginning of a text, or with `!` before it, not.
fn matches(secret: &Secret, filter: &Value) -> bool {
    let key = text_of(filter, "Key").unwrap_or_default();
    let begins = |texts: &[&str], wanted: &str| texts.iter().any(|text| text.starts_with(wanted));
    let names = [secret.name.as_str()];
    let owner = [secret.owner.as_deref().unwrap_or_default()];
    let description = secret.description.clone().unwrap_or_default();
    let keys: Vec<&str> = secret.tags.keys().map(String::as_str).collect();
    let values: Vec<&str> = secret.tags.values().map(String::as_str).collect();
    texts_of(filter, "Values").iter().any(|text| {
        let (wanted, negated) = match text.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (text.as_str(), false),
        };
        let met = match key {
            "name" => begins(&names, wanted),
            "owning-service" => begins(&owner, wanted),
            "tag-key" => begins(&keys, wanted),
            "tag-value" => begins(&values, wanted),
            "description" => begins_a_word(&description, wanted),
            "all" => {
                let all = [&names[..], &keys, &values, &[description.as_str()]].concat();
                all.iter().any(|text| begins_a_word(text, wanted))
            }
            _ => false,
        };
        met != negated
    })
}

/// Whether a word of a text begins so, in any case.
fn begins_a_word(text: &str, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let text = text.to_lowercase();
    text.starts_with(&wanted)
        || text
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|word| word.starts_with(&wanted))
}
