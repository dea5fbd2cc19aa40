//! What only AWS knows about a change that is about to be made: findings P501 to P507.
//!
//! Deliberately absent: P506, which the engine finds by itself.

mod classes;
pub(crate) mod parameters;
mod passwords;
mod references;
mod storage;
mod subnets;
pub(crate) mod versions;

use std::collections::BTreeMap;

use pgward_engine::{Changes, Checked, Fault, FaultKind, Live, ResourceChange, Verb};
use pgward_model::{Attribute, Desired, Diagnostic, Object, Resource};

use crate::account::check_account;
use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::gap;

/// What the checks look at.
pub(crate) struct Case<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) desired: &'a Desired,
    pub(crate) live: &'a Live,
    changes: &'a Changes,
}

/// What one check found.
#[derive(Debug, Default)]
pub(crate) struct Part {
    findings: Vec<Diagnostic>,
    not_checked: Vec<String>,
    chosen: BTreeMap<String, String>,
}

impl Part {
    /// Adds a finding, with the time of the reading.
    fn find(&mut self, case: &Case<'_>, diagnostic: Diagnostic) {
        let at = case.aws.session().now().strftime("%Y-%m-%d %H:%M UTC");
        self.findings
            .push(diagnostic.note(format!("found by reading AWS at {at}")));
    }

    /// Adds a sentence about what could not be read.
    fn gap(&mut self, what: &str, fault: &Fault) {
        let sentence = gap(what, fault);
        if !self.not_checked.contains(&sentence) {
            self.not_checked.push(sentence);
        }
    }

    /// Whether something exists, if that can be read.
    fn exists<T>(&mut self, what: &str, result: Result<T, Fault>) -> Option<bool> {
        match result {
            Ok(_) => Some(true),
            Err(fault) if fault.kind == FaultKind::NotFound => Some(false),
            Err(fault) => {
                self.gap(what, &fault);
                None
            }
        }
    }
}

/// One resource that is created or changed.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) resource: &'a Resource,
    change: &'a ResourceChange,
}

impl Work<'_> {
    /// Whether it is made anew.
    fn creates(&self) -> bool {
        matches!(self.change.verb, Verb::Create | Verb::Replace)
    }

    /// Whether the attribute is sent to AWS.
    fn sends(&self, attribute: &Attribute) -> bool {
        self.creates()
            || self
                .change
                .attributes
                .iter()
                .any(|one| one.attribute == attribute.path)
    }

    /// The keys of a keyed attribute that are sent to AWS.
    fn keys(&self, attribute: &Attribute) -> Vec<&str> {
        if self.creates() {
            let map = self.resource.attributes.map(attribute.path);
            return map
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
                .collect();
        }
        self.change
            .attributes
            .iter()
            .filter(|one| one.attribute == attribute.path && one.after.is_some())
            .filter_map(|one| one.key.as_deref())
            .collect()
    }

    /// The object in AWS, if there is one.
    fn live(&self) -> Option<&Object> {
        self.change.live.as_ref().map(|present| &present.now)
    }
}

impl Case<'_> {
    /// What is created or changed of a kind.
    fn work(&self, kind: &str) -> Vec<Work<'_>> {
        self.changes
            .resources
            .iter()
            .filter(|change| change.kind == kind)
            .filter(|change| matches!(change.verb, Verb::Create | Verb::Update | Verb::Replace))
            .filter_map(|change| {
                Some(Work {
                    resource: change.desired.as_ref()?,
                    change,
                })
            })
            .collect()
    }

    /// The region.
    fn region(&self) -> &str {
        self.aws.session().region()
    }
}

/// Runs all checks at once; reads nothing that the changes don't need, but for the secrets of others
/// that the spec names.
pub(crate) async fn check(aws: &Aws, desired: &Desired, live: &Live, changes: &Changes) -> Checked {
    let case = Case {
        aws,
        desired,
        live,
        changes,
    };
    let checks: Vec<Boxed<'_, Part>> = vec![
        Box::pin(subnets::check(&case)),
        Box::pin(versions::check(&case)),
        Box::pin(classes::check(&case)),
        Box::pin(references::check(&case)),
        Box::pin(parameters::check(&case)),
        Box::pin(std::future::ready(passwords::check(&case))),
        Box::pin(std::future::ready(storage::check(&case))),
    ];
    let mut checked = Checked::default();
    if let Some(caller) = aws.known_caller() {
        checked.findings.extend(check_account(desired, caller));
    }
    for part in join_all(checks).await {
        checked.findings.extend(part.findings);
        checked.not_checked.extend(part.not_checked);
        checked.chosen.extend(part.chosen);
    }
    checked
}
