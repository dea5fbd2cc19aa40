//! What an environment declares, from the text of its file.

use std::collections::BTreeMap;

use pgward_kinds::CATALOG;
use pgward_model::{Desired, Diagnostic, SubnetChoice};
use pgward_review::text::{Sources, Style, diagnostics};
use pgward_sandbox::{Foreign, Sandbox};
use pgward_spec::{MemoryReader, Options};

/// The day on which every spec is read: that on which time starts in a simulated world.
const TODAY: &str = "2026-01-05";

/// An environment that was read and resolved.
#[derive(Debug, Clone)]
pub struct Given {
    /// What should exist.
    pub desired: Desired,
    /// The texts that were read.
    pub sources: Sources,
    /// Findings that don't keep it from being planned.
    pub findings: Vec<Diagnostic>,
}

impl Given {
    /// Reads one file that stands alone.
    ///
    /// # Errors
    ///
    /// The findings as people read them, if the file can't be planned.
    pub fn read(path: &str, text: &str) -> Result<Self, String> {
        Self::read_among(path, BTreeMap::from([(path.to_owned(), text.to_owned())]))
    }

    /// Reads one file that may name others.
    ///
    /// # Errors
    ///
    /// The findings as people read them, if the file can't be planned.
    pub fn read_among(path: &str, files: BTreeMap<String, String>) -> Result<Self, String> {
        let reader = MemoryReader {
            files,
            ..MemoryReader::default()
        };
        let (loaded, desired, found) =
            pgward_spec::check(path, &reader, &CATALOG, &Options::on(TODAY));
        let sources = Sources::new(loaded.sources.0.clone());
        let findings: Vec<Diagnostic> = found.sorted().into_iter().collect();
        let stops = findings
            .iter()
            .any(|one| one.is_error() && !one.code.starts_with("P4"));
        match desired {
            Some(desired) if !stops => Ok(Self {
                desired,
                sources,
                findings,
            }),
            _ => Err(diagnostics(&findings, &sources, Style::default())),
        }
    }

    /// Makes up in a world what the environment refers to and does not manage.
    pub fn provide(&self, sandbox: &Sandbox) {
        fn names<T>(list: &[(String, T)]) -> Vec<String> {
            list.iter().map(|(name, _)| name.clone()).collect()
        }
        let of = &self.desired.foreign;
        let mut foreign = Foreign {
            vpc: of.vpc.as_ref().map(|(vpc, _)| vpc.clone()),
            security_groups: names(&of.security_groups),
            prefix_lists: names(&of.prefix_lists),
            roles: names(&of.roles),
            topics: names(&of.topics),
            keys: names(&of.keys),
            secrets: names(&of.secrets)
                .into_iter()
                .map(|name| (name, "postgres".to_owned()))
                .collect(),
            ..Foreign::default()
        };
        match &of.subnets {
            Some(SubnetChoice::Ids(ids)) => foreign.subnets = names(ids),
            Some(SubnetChoice::Tags(tags, _)) => foreign.subnet_tags = vec![tags.clone()],
            None => {}
        }
        let place = &self.desired.environment;
        sandbox.provide(&place.account, &place.region, &foreign);
    }
}
