//! Filters and pages as all describe actions of EC2 share them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::state::refused;
use crate::call::{Answer, Call, Refusal, list_of, text_of, texts_of};
use crate::tagging::Tags;
use crate::tagging::pages::{Page, page};

/// What a resource shows to filters: the values of an attribute by filter name, tags apart.
///
/// `None` means that there is no filter of that name.
pub(super) type Facets<'a> = &'a dyn Fn(&str) -> Option<Vec<String>>;

/// The filters of a call; all must match.
pub(super) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Reads the filters of a call.
    pub(super) fn of(call: &Call) -> Self {
        let list = [call.list("Filter"), call.list("Filters")].concat();
        let read = |filter: &Value| {
            let mut values = texts_of(filter, "Value");
            values.extend(texts_of(filter, "Values"));
            (
                text_of(filter, "Name").unwrap_or_default().to_owned(),
                values,
            )
        };
        Self(list.iter().map(read).collect())
    }

    /// Whether a resource matches.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a filter that does not exist.
    pub(super) fn match_all(&self, tags: &Tags, facets: Facets<'_>) -> Result<bool, Refusal> {
        let mut all = true;
        for (name, wanted) in &self.0 {
            let values = match name.as_str() {
                "tag-key" => tags.keys().cloned().collect(),
                "tag-value" => tags.values().cloned().collect(),
                _ => match name.strip_prefix("tag:") {
                    Some(key) => tags.get(key).cloned().into_iter().collect(),
                    None => facets(name).ok_or_else(|| {
                        refused(
                            "InvalidParameterValue",
                            format!("The filter '{name}' is invalid"),
                        )
                    })?,
                },
            };
            all &= wanted
                .iter()
                .any(|pattern| values.iter().any(|value| matches(pattern, value)));
        }
        Ok(all)
    }
}

/// Ids given one by one, under the name of the wire (`GroupId.1`) or of the model (`GroupIds`).
pub(super) fn ids(call: &Call, name: &str) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = call.texts(name).into_iter().collect();
    ids.extend(call.texts(&format!("{name}s")));
    ids
}

/// One page of a list under its name, as EC2 gives them.
///
/// # Errors
/// `InvalidParameterValue` for `MaxResults` outside of 5 to 1000 or a token that was never given out.
pub(super) fn paged(call: &Call, name: &str, entries: Vec<(String, Value)>) -> Answer {
    let limit = call.int("MaxResults").unwrap_or(1000);
    let bound = if limit < 5 {
        "greater than 5"
    } else {
        "less than 1000"
    };
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (5..=1000).contains(limit));
    let limit = limit.ok_or_else(|| {
        let given = call.int("MaxResults").unwrap_or_default();
        let text = format!(
            "Value ( {given} ) for parameter maxResults is invalid. Expecting a value {bound}."
        );
        refused("InvalidParameterValue", text)
    })?;
    let Page { items, next } = page(entries, call.text("NextToken"), limit)
        .ok_or_else(|| refused("InvalidParameterValue", "Invalid value for NextToken"))?;
    let mut answer = json!({ name: items });
    if let Some(token) = next {
        answer["nextToken"] = json!(token);
    }
    Ok(answer)
}

/// The member of an item as a list, under the name of the wire or of the model.
pub(super) fn either(item: &Value, wire: &str, model: &str) -> Vec<Value> {
    [list_of(item, wire), list_of(item, model)].concat()
}

/// Whether a value matches a pattern with `*` for any characters and `?` for one.
fn matches(pattern: &str, value: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => value.is_empty(),
        Some('*') => value
            .char_indices()
            .map(|(at, _)| at)
            .chain([value.len()])
            .any(|at| matches(rest.as_str(), &value[at..])),
        Some(letter) => {
            let mut tail = value.chars();
            tail.next()
                .is_some_and(|first| letter == '?' || letter == first)
                && matches(rest.as_str(), tail.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_know_stars_and_question_marks() {
        for (pattern, value, expected) in [
            ("sg-1", "sg-1", true),
            ("prod-*", "prod-db", true),
            ("*-db", "prod-db", true),
            ("p?od", "prod", true),
            ("p?od", "pod", false),
            ("prod", "prod-db", false),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }
}
