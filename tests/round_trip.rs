//! Every attribute of the catalog goes to AWS and comes back, and does so once more when it changes.
//!
//! `round_trip/first.toml` is applied and read, then `second.toml`. An attribute that is declared
//! and not sent, or sent and not read, shows no value or the same value twice; so does a new one
//! that the two files don't name yet.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pgward_engine::Live;
use pgward_kinds::CATALOG;
use pgward_model::{Applies, Attribute, Kind, Value};
use pgward_tests::stage::{Given, Planned, Stage, Wish};

/// Attributes without a second value here, each with the reason.
const FIXED: [(&str, &str, &str); 6] = [
    (
        "subnet_group",
        "network.subnets",
        "the proxy would be replaced, not changed; the case subnet-group-change changes them",
    ),
    (
        "instance",
        "instance.managed_password",
        "RDS refuses it for the source of a replica; the case secret-to-rds-managed changes it",
    ),
    (
        "proxy",
        "proxy.target",
        "it is the instance, whose name is fixed",
    ),
    (
        "alarm",
        "*.actions",
        "always on; the case alarm-silenced-by-others changes it",
    ),
    (
        "alarm",
        "*.unit",
        "no file can name one; the case alarm-unit-by-others changes it",
    ),
    (
        "instance",
        "monitoring.insights_mode",
        "no file can name one; the case instance-insights-advanced-by-others changes it",
    ),
];

fn given(file: &str) -> Given {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("round_trip")
        .join(file);
    let mut text = String::new();
    File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .expect("the file is beside this one");
    Given::read(file, &text).unwrap_or_else(|found| panic!("{found}"))
}

/// Applies a file and reads back, which must show no difference.
fn apply(stage: &Stage, file: &str) -> Planned {
    let planned = stage.plan(&given(file), &Wish::everything_now());
    let applied = stage
        .apply(&planned)
        .unwrap_or_else(|refusals| panic!("{file}: {refusals:#?}\n{}", planned.text()));
    assert!(applied.report.is_complete(), "{file}: {}", applied.text);
    assert!(
        applied.after.plan.changes.is_empty() && applied.after.plan.waiting.is_empty(),
        "{file}: {}\n{}",
        applied.text,
        applied.after.text()
    );
    applied.after
}

/// The values of an attribute in every resource of its kind that is there.
fn values<'a>(live: &'a Live, of: &Planned, kind: &Kind, path: &str) -> Vec<(String, &'a Value)> {
    of.given
        .desired
        .resources
        .values()
        .filter(|resource| resource.kind == kind.name)
        .filter_map(|resource| {
            let present = live.present(&resource.address)?;
            let value = present.now.get(path)?;
            Some((resource.address.to_string(), value))
        })
        .collect()
}

/// What is missing for an attribute to be sure that it goes both ways.
fn lack(first: &Planned, second: &Planned, kind: &Kind, attribute: &Attribute) -> Option<String> {
    let before = values(&first.live, first, kind, attribute.path);
    let after = values(&second.live, second, kind, attribute.path);
    if after.is_empty() {
        return Some("it never comes back from AWS".to_owned());
    }
    let fixed = FIXED
        .iter()
        .any(|(name, path, _)| *name == kind.name && *path == attribute.path);
    if matches!(attribute.applies, Applies::OnReplace) || fixed {
        return None;
    }
    let changed = after.iter().any(|(address, value)| {
        before
            .iter()
            .find(|(other, _)| other == address)
            .is_none_or(|(_, earlier)| earlier != value)
    });
    (!changed).then(|| format!("it stays {after:?}: name another value, or mend the adapter"))
}

#[test]
fn every_attribute_goes_to_aws_and_comes_back() {
    let stage = Stage::new(7);
    let first = apply(&stage, "first.toml");
    let second = apply(&stage, "second.toml");
    let mut lacking = String::new();
    for kind in CATALOG.kinds {
        for attribute in kind.attributes {
            let compared = !attribute.observed && !matches!(attribute.applies, Applies::OnCreate);
            if let Some(lack) = compared
                .then(|| lack(&first, &second, kind, attribute))
                .flatten()
            {
                writeln!(lacking, "{} {}: {lack}", kind.name, attribute.path)
                    .expect("a text takes it");
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking}");
}

#[test]
fn every_exception_is_needed() {
    for (kind, path, reason) in FIXED {
        let known = CATALOG.kind(kind).attribute(path);
        assert!(known.is_some(), "{kind} has no {path} ({reason})");
    }
}
