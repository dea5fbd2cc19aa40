//! Sections to resources: names, defaults and references, in terms of the kinds' tables.

mod alarm;
mod database;
mod network;
mod policy;
mod proxy;
mod replica;
mod work;

pub(crate) use alarm::metric_of;
pub(crate) use work::Work;

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Catalog, Desired, Diagnostic, Diagnostics, Disruptive, Foreign, Policy};

use crate::check::{facts, references, safety, storage, waivers};
use crate::form;
use crate::load::load;
use crate::merge::Spec;
use crate::reader::{Loaded, Options, Reader};

/// Turns a spec into what should exist, or says what is wrong.
///
/// Errors of form, references and facts (P1xx to P3xx) leave nothing to plan; findings about
/// safety (P4xx) come beside a result, waived ones as notes with
/// [`accepted`](pgward_model::Diagnostic::accepted).
#[must_use]
pub fn resolve(
    spec: &Spec,
    catalog: &Catalog,
    options: &Options,
) -> (Option<Desired>, Diagnostics) {
    let (sections, found) = form::read(spec, catalog, options);
    if spec.broken || spec.environment().is_none() {
        return (None, finished(found));
    }
    let mut work = Work::new(spec, catalog, options, &sections, found);
    work.check_environment();
    let mut desired = Desired {
        environment: work.environment.clone(),
        files: spec.files().to_vec(),
        resources: BTreeMap::new(),
        foreign: Foreign::default(),
        policy: Policy {
            disruptive: Disruptive::Window,
            disruptive_origin: None,
            allow: BTreeSet::new(),
            allow_origin: None,
            deny: BTreeSet::new(),
        },
        accepts: Vec::new(),
        ignores: Vec::new(),
        inputs: sections.inputs.clone(),
        store: "state".to_owned(),
        origins: work.origins(),
    };
    network::resolve(&mut work, &mut desired);
    database::resolve(&mut work, &mut desired);
    replica::resolve(&mut work, &mut desired);
    proxy::resolve(&mut work, &mut desired);
    alarm::resolve(&mut work, &mut desired);
    policy::resolve(&mut work, &mut desired);
    work.add_tags(&mut desired);
    references::check(&mut work);
    facts::check(&mut work);
    storage::check(&mut work);
    safety::check(&mut work, &desired);
    waivers::check(&mut work, &desired);
    let refused = work
        .found
        .iter()
        .any(|found| found.is_error() && matches!(found.code.as_bytes(), [b'P', b'1'..=b'3', ..]));
    (
        if refused { None } else { Some(desired) },
        finished(work.found),
    )
}

/// Reads and resolves: all findings about one environment, sorted by place.
#[must_use]
pub fn check(
    path: &str,
    reader: &dyn Reader,
    catalog: &Catalog,
    options: &Options,
) -> (Loaded, Option<Desired>, Diagnostics) {
    let loaded = load(path, reader, options);
    let (desired, found) = resolve(&loaded.spec, catalog, options);
    let refused = loaded.diagnostics.has_errors();
    let all: Vec<Diagnostic> = loaded.diagnostics.iter().cloned().chain(found).collect();
    (loaded, desired.filter(|_| !refused), finished(all))
}

/// Sorted by place, without repetitions.
fn finished(found: Vec<Diagnostic>) -> Diagnostics {
    let mut all = Diagnostics::new();
    all.extend(found);
    let mut kept = Diagnostics::new();
    let mut seen = BTreeSet::new();
    for diagnostic in all.sorted() {
        let place = diagnostic
            .primary
            .as_ref()
            .map(|label| label.origin.clone());
        if seen.insert((diagnostic.code.clone(), place, diagnostic.message.clone())) {
            kept.push(diagnostic);
        }
    }
    kept
}
