//! Cuts an ordered listing into pages whose token stays good when entries come and go.

use serde_json::Value;

/// One page and the token of the next one.
pub(crate) struct Page {
    /// Entries in the order of their keys.
    pub items: Vec<Value>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

/// The page after `token`, of at most `limit` entries; `None` if the token was never given out.
///
/// The token is the key of the last entry shown, so an entry that was deleted since is not missed and none
/// is shown twice.
pub(crate) fn page(
    mut entries: Vec<(String, Value)>,
    token: Option<&str>,
    limit: usize,
) -> Option<Page> {
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        let last = decode(token)?;
        entries.retain(|(key, _)| *key > last);
    }
    let next = if entries.len() > limit {
        entries.truncate(limit);
        entries.last().map(|(key, _)| encode(key))
    } else {
        None
    };
    Some(Page {
        items: entries.into_iter().map(|(_, value)| value).collect(),
        next,
    })
}

/// A key in hexadecimal digits, which pass through every protocol unchanged.
fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(token: &str) -> Option<String> {
    if !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;

    fn entries(keys: &[&str]) -> Vec<(String, serde_json::Value)> {
        keys.iter()
            .map(|key| ((*key).to_owned(), json!(key)))
            .collect()
    }

    #[test]
    fn a_token_survives_the_deletion_of_the_entry_it_names() {
        let first = page(entries(&["a", "b", "c", "d"]), None, 2).expect("no token");
        assert_eq!(first.items, [json!("a"), json!("b")]);
        let rest = page(entries(&["a", "c", "d"]), first.next.as_deref(), 2).expect("own token");
        assert_eq!(rest.items, [json!("c"), json!("d")]);
        assert_eq!(rest.next, None);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        assert!(page(entries(&["a"]), Some("xyz"), 2).is_none());
    }
}
