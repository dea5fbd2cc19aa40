//! Numbers of drift as Prometheus reads them from a text file.

use std::fmt::Write as _;

use pgward_engine::DriftClass;
use pgward_model::Flag;

use crate::drift::{DriftDocument, DriftVerdict};

/// Labels beyond those of the environment, and the number.
type Sample = (Vec<(&'static str, String)>, String);

/// A family of numbers: name, help, and one sample per (extra labels, value).
struct Family {
    name: &'static str,
    help: &'static str,
    samples: fn(&DriftDocument) -> Vec<Sample>,
}

/// A number without further labels.
fn one(value: impl ToString) -> Vec<Sample> {
    vec![(Vec::new(), value.to_string())]
}

const FAMILIES: [Family; 12] = [
    Family {
        name: "pgward_drift_resources",
        help: "Resources that somebody changed outside pgward since the last apply.",
        samples: |document| one(document.summary.outside),
    },
    Family {
        name: "pgward_drift_values",
        help: "Differences by class: outside, expected, ignored, not_applied.",
        samples: |document| {
            [
                ("outside", DriftClass::Outside),
                ("expected", DriftClass::Expected),
                ("ignored", DriftClass::Ignored),
                ("not_applied", DriftClass::NotApplied),
            ]
            .map(|(word, class)| {
                let labels = vec![("class", word.to_owned())];
                (labels, document.of(class).count().to_string())
            })
            .into()
        },
    },
    Family {
        name: "pgward_drift_exposures",
        help: "Outside changes that let more reach, read or delete the database.",
        samples: |document| {
            let exposes =
                |flags: &std::collections::BTreeSet<Flag>| flags.contains(&Flag::Exposure);
            let outside = document.of(DriftClass::Outside);
            one(outside.filter(|entry| exposes(&entry.flags)).count())
        },
    },
    Family {
        name: "pgward_drift_verdict",
        help: "1 for the verdict that holds: no_drift, drift, different, incomplete.",
        samples: |document| {
            [
                ("no_drift", DriftVerdict::NoDrift),
                ("drift", DriftVerdict::Drift),
                ("different", DriftVerdict::Different),
                ("incomplete", DriftVerdict::Incomplete),
            ]
            .map(|(word, verdict)| {
                let holds = usize::from(document.verdict == verdict);
                (vec![("verdict", word.to_owned())], holds.to_string())
            })
            .into()
        },
    },
    Family {
        name: "pgward_compared_resources",
        help: "Resources that were compared.",
        samples: |document| one(document.summary.compared),
    },
    Family {
        name: "pgward_unread_resources",
        help: "Resources that could not be read, and so may have drifted.",
        samples: |document| one(document.summary.unread),
    },
    Family {
        name: "pgward_waiting_values",
        help: "Values that AWS accepted and that wait for a window or a restart.",
        samples: |document| one(document.waiting.len()),
    },
    Family {
        name: "pgward_waiting_overdue_values",
        help: "Values whose window has passed without their taking effect.",
        samples: |document| one(document.waiting.iter().filter(|one| one.overdue).count()),
    },
    Family {
        name: "pgward_engine_version_info",
        help: "Version of PostgreSQL in effect, by resource; always 1.",
        samples: |document| {
            let sample = |version: &crate::drift::VersionPart| {
                let labels = vec![
                    ("address", version.address.clone()),
                    ("version", version.version.clone()),
                ];
                (labels, "1".to_owned())
            };
            document.versions.iter().map(sample).collect()
        },
    },
    Family {
        name: "pgward_engine_minor_versions_behind",
        help: "Known minor versions that are newer than the one in effect, by resource.",
        samples: |document| {
            let known = document.versions.iter();
            known
                .filter_map(|version| {
                    let labels = vec![("address", version.address.clone())];
                    Some((labels, version.behind?.to_string()))
                })
                .collect()
        },
    },
    Family {
        name: "pgward_last_apply_timestamp_seconds",
        help: "When the last apply ended; absent if there is no record of one.",
        samples: |document| match &document.last_apply {
            Some(last) => one(last.at.as_second()),
            None => Vec::new(),
        },
    },
    Family {
        name: "pgward_drift_timestamp_seconds",
        help: "When AWS was read; alert on its age, as a job that does not run finds no drift.",
        samples: |document| one(document.read_at.as_second()),
    },
];

/// The numbers of comparisons, for the text file collector of the node exporter.
#[must_use]
pub fn metrics(documents: &[DriftDocument]) -> String {
    let mut out = String::new();
    for family in &FAMILIES {
        let mut lines = String::new();
        for document in documents {
            let of = &document.environment;
            for (labels, value) in (family.samples)(document) {
                let mut pairs = vec![
                    ("project", of.project.clone()),
                    ("environment", of.name.clone()),
                    ("account", of.account.clone()),
                    ("region", of.region.clone()),
                ];
                pairs.extend(labels);
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}=\"{}\"", label(value)))
                    .collect();
                writeln!(lines, "{}{{{}}} {value}", family.name, pairs.join(","))
                    .expect("a string takes everything");
            }
        }
        if !lines.is_empty() {
            let (name, help) = (family.name, family.help);
            write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}")
                .expect("a string takes everything");
        }
    }
    out
}

/// The value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
