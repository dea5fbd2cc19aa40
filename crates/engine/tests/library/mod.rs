//! A world of two toy kinds, `shelf` and `book`, so that no general rule leans on AWS.

use std::collections::{BTreeMap, BTreeSet};

use pgward_engine::{
    Changes, Checked, Circumstances, Live, Observation, Owner, Plan, Present, Timing, diff, plan,
};
use pgward_model::{
    Address, Applies, Catalog, ClassFacts, Desired, Disruptive, Effect, Environment, Facts,
    Foreign, Form, Kind, Matches, MetricFacts, Object, ParameterFacts, ParameterProblem, Policy,
    Resource, Usual, Value, Way, attributes,
};

mod shelf {
    use super::*;

    attributes! {
        /// Where the shelf stands.
        ROOM: "shelf.room", Form::Text => applies(Applies::Now);
        /// How many boards it has.
        BOARDS: "shelf.boards", Form::Int => applies(Applies::AfterReboot).effect(Effect::Reboot);
        /// How much it holds; it may grow by itself.
        SIZE: "shelf.size", Form::Gib => applies(Applies::Now).one_way(Way::Grow)
            .matches(Matches::StorageFloor);
        /// How far it may grow by itself.
        GROW_TO: "shelf.grow_to", Form::Gib => applies(Applies::Now);
    }

    pub(crate) static KIND: Kind = kind("shelf", ATTRIBUTES, &[], false, Effect::Online);
}

mod book {
    use super::*;

    attributes! {
        /// The title.
        TITLE: "*.title", Form::Text => applies(Applies::Now);
        /// How many pages; they can only be added, and adding them slows reading.
        PAGES: "*.pages", Form::Int => applies(Applies::Window).effect(Effect::Degraded)
            .one_way(Way::Grow);
        /// The binding; changing it takes the book away for a while.
        BINDING: "*.binding", Form::Text => applies(Applies::Window).effect(Effect::Downtime)
            .interruption(60, 120);
        /// The language, fixed when it is printed.
        LANGUAGE: "*.language", Form::Text => applies(Applies::OnReplace);
        /// The edition; `2` accepts every `2.x`.
        EDITION: "*.edition", Form::Text => applies(Applies::Window).effect(Effect::Downtime)
            .matches(Matches::VersionPrefix);
        /// Which shelf-wide arrangement it follows.
        ORDER: "*.order", Form::Text => applies(Applies::AfterReboot).effect(Effect::Reboot);
        /// Bookmarks by page.
        MARKS: "marks.*", Form::Map => derived();
        /// When the book may be taken away.
        WINDOW: "*.window", Form::WeeklyWindow => applies(Applies::Now);
    }

    pub(crate) static KIND: Kind = kind("book", ATTRIBUTES, &["shelf"], true, Effect::DataLoss);
}

const fn kind(
    name: &'static str,
    attributes: &'static [&'static pgward_model::Attribute],
    needs: &'static [&'static str],
    stateful: bool,
    delete_effect: Effect,
) -> Kind {
    Kind {
        name,
        section: name,
        many: true,
        summary: "",
        noun: name,
        type_name: name,
        stateful,
        attributes,
        reads: &[],
        writes: &[],
        needs,
        priced_by: &[],
        not_priced: &[],
        protected_by: "",
        delete_effect,
        delete_reason: "",
        instead_of_replacing: "",
        made_anew: "",
        create_time: Usual::MOMENT,
        change_time: Usual::MOMENT,
        delete_time: Usual::MOMENT,
        describe: |_, _| Vec::new(),
        headline: |resource| resource.name.clone(),
    }
}

#[derive(Debug)]
struct Nothing;

impl Facts for Nothing {
    fn class(&self, _: &str) -> Option<ClassFacts> {
        None
    }
    fn classes(&self) -> Vec<String> {
        Vec::new()
    }
    fn parameter(&self, _: &str, _: &str) -> Option<ParameterFacts> {
        None
    }
    fn parameters(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
    fn convert_parameter(
        &self,
        _: &str,
        _: &str,
        _: &Value,
    ) -> Result<String, Box<ParameterProblem>> {
        Ok(String::new())
    }
    fn same_parameter(&self, _: &str, a: &str, b: &str) -> bool {
        a == b
    }
    fn metric(&self, _: &str) -> Option<MetricFacts> {
        None
    }
    fn metrics(&self) -> Vec<String> {
        Vec::new()
    }
    fn metric_meant_by(&self, _: &str) -> Option<String> {
        None
    }
    fn is_reserved_user(&self, _: &str) -> bool {
        false
    }
    fn majors(&self) -> Vec<String> {
        Vec::new()
    }
    fn monthly_price(&self, _: &str, _: &str, _: &Object) -> Option<(i64, String)> {
        None
    }
    fn prices_as_of(&self) -> &'static str {
        ""
    }
    fn version(&self) -> &'static str {
        "1"
    }
}

/// Attributes by path.
pub(crate) type Values<'a> = &'a [(&'a str, Value)];

/// The two kinds.
pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[&shelf::KIND, &book::KIND],
    sections: &[],
    facts: &Nothing,
};

/// A library with these resources: (address, kind, attributes).
pub(crate) fn wanted(resources: &[(&str, &str, Values<'_>)]) -> Desired {
    let mut all = BTreeMap::new();
    for (address, kind, values) in resources {
        let mut resource = Resource::new(Address::new(*address), kind, *address);
        for (path, value) in *values {
            resource.attributes.set(*path, value.clone());
        }
        if *kind == "book" {
            resource.after.insert(Address::new("shelf"));
        }
        all.insert(resource.address.clone(), resource);
    }
    Desired {
        environment: Environment {
            project: "library".to_owned(),
            name: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        },
        files: Vec::new(),
        resources: all,
        foreign: Foreign::default(),
        policy: Policy {
            disruptive: Disruptive::Window,
            disruptive_origin: None,
            allow: BTreeSet::from([Effect::Online, Effect::Degraded]),
            allow_origin: None,
            deny: BTreeSet::new(),
        },
        accepts: Vec::new(),
        ignores: Vec::new(),
        inputs: Vec::new(),
        store: "state".to_owned(),
        origins: BTreeMap::new(),
    }
}

/// What exists and is ours: (address, attributes in effect, attributes that wait).
pub(crate) fn existing(resources: &[(&str, Values<'_>, Values<'_>)]) -> Live {
    let mut live = Live::default();
    for (address, now, waiting) in resources {
        let mut present = Present::new(*address, *address);
        present.owner = Some(Owner {
            project: "library".to_owned(),
            environment: "prod".to_owned(),
            address: (*address).to_owned(),
        });
        for (path, value) in *now {
            present.now.set(*path, value.clone());
        }
        for (path, value) in *waiting {
            present.waiting.set(*path, value.clone());
        }
        live.resources
            .insert(Address::new(*address), Observation::present(present));
    }
    live
}

/// The circumstances of a plan on a Monday.
pub(crate) fn circumstances(timing: Timing, allow: &[Effect]) -> Circumstances {
    Circumstances {
        now: "2026-01-05T09:00:00Z".parse().expect("a moment"),
        sandbox: false,
        endpoint: None,
        tool_version: "0.0.0".to_owned(),
        commit: None,
        caller: None,
        timing,
        allow: allow.iter().copied().collect(),
        flags: Vec::new(),
        only: Vec::new(),
        destroy: false,
        adopt: false,
        keep: Vec::new(),
        final_snapshot: None,
        no_final_snapshot: false,
    }
}

/// What differs.
pub(crate) fn differences(desired: &Desired, live: &Live) -> Changes {
    diff(desired, live, &CATALOG, "2026-01-05")
}

/// The plan.
pub(crate) fn planned(desired: &Desired, live: &Live, circumstances: Circumstances) -> Plan {
    let changes = differences(desired, live);
    plan(
        desired,
        live,
        &changes,
        &Checked::default(),
        &[],
        circumstances,
        &CATALOG,
    )
}

/// One line per change: path, effect, moment and gate.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|change| {
            let when = match &change.when {
                pgward_engine::When::Now => "now".to_owned(),
                pgward_engine::When::Window { .. } => "window".to_owned(),
                pgward_engine::When::Restart { with: None } => "a restart".to_owned(),
                pgward_engine::When::Restart { with: Some(with) } => format!("with {with}"),
                pgward_engine::When::Never => "never".to_owned(),
            };
            let gate = match &change.gate {
                pgward_engine::Gate::Ready => "ready".to_owned(),
                pgward_engine::Gate::NeedsAllow { allow } => format!("needs {allow}"),
                pgward_engine::Gate::Blocked { code, .. } => code.clone(),
            };
            format!(
                "{} {}: {}, {when}, {gate}",
                change.verb.word(),
                change.path,
                change.effect
            )
        })
        .collect()
}

/// One line per operation: verb, address, attributes, and how it is sent.
pub(crate) fn operations(plan: &Plan) -> Vec<String> {
    plan.operations
        .iter()
        .map(|one| {
            let paths: Vec<&str> = one.attributes.iter().map(String::as_str).collect();
            format!(
                "{} {} {} [{}]{}{}",
                one.step,
                one.verb.word(),
                one.address,
                paths.join(" "),
                if one.immediate { " at once" } else { "" },
                if one.deferred { " later" } else { "" }
            )
        })
        .collect()
}
