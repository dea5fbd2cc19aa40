//! `Filters` of describe calls.

use std::collections::BTreeMap;

use crate::call::{Call, Refusal, need_of, texts_of};

/// Values by filter name.
#[derive(Debug, Default)]
pub(crate) struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// The filters of a call.
    ///
    /// # Errors
    /// A filter is not among the allowed ones, or has no values.
    pub(crate) fn of(call: &Call, allowed: &[&str]) -> Result<Self, Refusal> {
        let mut filters = BTreeMap::new();
        for filter in call.list("Filters") {
            let name = need_of(&filter, "Name")?;
            if !allowed.contains(&name) {
                return Err(Refusal::value(format!("Unrecognized filter name: {name}")));
            }
            let values = texts_of(&filter, "Values");
            if values.is_empty() {
                return Err(Refusal::value(format!("Filter {name} has no values")));
            }
            filters.insert(name.to_owned(), values);
        }
        Ok(Self(filters))
    }

    /// Whether a value passes the filter with a name; all pass one that is not set.
    pub(crate) fn pass(&self, name: &str, value: &str) -> bool {
        self.0
            .get(name)
            .is_none_or(|values| values.iter().any(|wish| wish == value))
    }
}
