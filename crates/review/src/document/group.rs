//! Changes that say the same of several resources: one tag of all of them is one thing to read.

use std::collections::BTreeMap;

use super::{Change, Source};
use crate::wording;

/// One change, with the others that differ from it by nothing but their resource.
#[derive(Debug, Clone)]
pub(crate) struct Group<'a> {
    /// The first of them.
    pub(crate) change: &'a Change,
    others: Vec<&'a Change>,
}

impl<'a> Group<'a> {
    /// A change by itself.
    pub(crate) fn of(change: &'a Change) -> Self {
        Self {
            change,
            others: Vec::new(),
        }
    }

    /// How many resources it concerns.
    pub(crate) fn size(&self) -> usize {
        1 + self.others.len()
    }

    /// The path, and of how many resources if of several: `tags.Team on 4 resources`.
    pub(crate) fn title(&self) -> String {
        format!("{}{}", self.change.path, self.suffix())
    }

    /// ` on 4 resources`, or nothing for one.
    pub(crate) fn suffix(&self) -> String {
        match self.size() {
            1 => String::new(),
            several => format!(" on {}", wording::count(several, "resource")),
        }
    }

    /// Where it is written; nothing if that is not one place.
    pub(crate) fn source(&self) -> Option<&'a Source> {
        let source = self.change.source.as_ref();
        let same = self
            .others
            .iter()
            .all(|other| other.source.as_ref() == source);
        source.filter(|_| same)
    }

    /// What they are called in AWS, the kind once for each run of it:
    /// `security group a, secret b, c and d`.
    pub(crate) fn names(&self, most: usize) -> String {
        let mut last = "";
        let mut names = Vec::new();
        for change in std::iter::once(&self.change).chain(&self.others) {
            let resource = &change.resource;
            names.push(if resource.noun == last {
                resource.id.clone()
            } else {
                format!("{} {}", resource.noun, resource.id)
            });
            last = &resource.noun;
        }
        wording::list(&names, most)
    }
}

/// The changes in their order, those that say the same together where the first of them stands.
pub(crate) fn groups<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for change in changes {
        let known = by_path.entry(change.path.as_str()).or_default();
        let same = known
            .iter()
            .copied()
            .find(|number| says_the_same(groups[*number].change, change));
        if let Some(number) = same {
            groups[number].others.push(change);
        } else {
            known.push(groups.len());
            groups.push(Group::of(change));
        }
    }
    groups
}

fn says_the_same(one: &Change, other: &Change) -> bool {
    let free = |change: &Change| {
        let cost = change.cost.as_ref();
        cost.is_some_and(|cost| wording::is_zero(&cost.monthly_delta))
    };
    !one.whole
        && !other.whole
        && !one.sensitive
        && one.action == other.action
        && one.sigil == other.sigil
        && one.before_text == other.before_text
        && one.after_text == other.after_text
        && one.sensitive == other.sensitive
        && one.effect_text == other.effect_text
        && one.when == other.when
        && one.if_now == other.if_now
        && one.reason == other.reason
        // What goes is written nowhere, so its place is that of its resource.
        && (one.source == other.source || one.after_text.is_none())
        && one.follows == other.follows
        && one.gate == other.gate
        && one.remarks == other.remarks
        && free(one)
        && free(other)
}
