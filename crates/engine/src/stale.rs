//! Whether a plan made earlier still fits: only what it relies on is compared.

use pgward_model::{Catalog, Path, Value};

use crate::{Live, Observation, Operation, Plan, Present, Readiness, Verb};

/// A value that a plan relies on and that has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its path; the address for a whole resource.
    pub path: Path,
    /// What the plan saw, in words.
    pub was: String,
    /// What is in AWS, in words.
    pub is: String,
}

/// What has moved since a plan was made, with the plan brought up to the present live state.
///
/// A plan relies on: that what it creates is absent; that what it changes or deletes is the same
/// resource, with the same values and the same queue where it changes them, and the same
/// protection. Everything else may have changed.
#[must_use]
pub fn renew(plan: &Plan, live: &Live, catalog: &Catalog) -> (Plan, Vec<Moved>) {
    let mut renewed = plan.clone();
    let mut moved = Vec::new();
    for operation in &mut renewed.operations {
        let now = find(operation, live);
        compare(operation, now, catalog, &mut moved);
        if let Some(Observation::Present(present)) = now {
            operation.live = Some(present.clone());
        }
    }
    for (address, observation) in &live.resources {
        if let Some(present) = observation.as_present() {
            renewed
                .outputs
                .insert(address.clone(), present.outputs.clone());
        }
    }
    moved.sort_by(|a, b| a.path.cmp(&b.path));
    moved.dedup();
    (renewed, moved)
}

/// The resource of an operation: by address, or among the leftovers by name.
fn find<'a>(operation: &Operation, live: &'a Live) -> Option<&'a Observation> {
    live.resources
        .get(&operation.address)
        .filter(|one| match one {
            Observation::Present(present) => present.name == operation.name,
            Observation::Absent | Observation::Unreadable(_) => true,
        })
}

fn compare(
    operation: &Operation,
    now: Option<&Observation>,
    catalog: &Catalog,
    moved: &mut Vec<Moved>,
) {
    let address = || Path::new(operation.address.as_str());
    let mut tell = |path: Path, was: String, is: String| moved.push(Moved { path, was, is });
    match (operation.verb, &operation.live, now) {
        (_, _, Some(Observation::Unreadable(fault))) => {
            tell(address(), "readable".to_owned(), fault.to_string());
        }
        (Verb::Create, Some(_), Some(Observation::Present(present)))
            if present.readiness == Readiness::Leaving => {}
        (Verb::Create, _, Some(Observation::Present(present))) => {
            tell(
                address(),
                "absent".to_owned(),
                format!("{} exists", present.name),
            );
        }
        (Verb::Create, _, Some(Observation::Absent) | None) => {}
        (_, Some(_), Some(Observation::Absent)) => {
            tell(address(), operation.name.clone(), "gone".to_owned());
        }
        (_, Some(before), Some(Observation::Present(present))) => {
            values(operation, before, present, catalog, &mut tell);
        }
        // A leftover is not under its address; deleting what is gone is a success.
        (_, _, None) | (_, None, _) => {}
    }
}

fn values(
    operation: &Operation,
    before: &Present,
    now: &Present,
    catalog: &Catalog,
    tell: &mut impl FnMut(Path, String, String),
) {
    let kind = catalog.kind(&operation.kind);
    let section = |path: &str| match path.strip_prefix("*.") {
        Some(rest) => Path::new(format!("{}.{rest}", operation.address)),
        None => Path::new(path.trim_end_matches(".*")),
    };
    if before.arn != now.arn {
        tell(
            Path::new(operation.address.as_str()),
            before.arn.clone(),
            now.arn.clone(),
        );
    }
    let print = |path: &str, value: Option<&Value>| match (kind.attribute(path), value) {
        (_, None) => "nothing".to_owned(),
        (Some(attribute), Some(value)) => attribute.form.print(value),
        (None, Some(value)) => format!("{value:?}"),
    };
    let mut relied: Vec<&str> = operation.attributes.iter().map(String::as_str).collect();
    if !kind.protected_by.is_empty() {
        relied.push(kind.protected_by);
    }
    for path in relied {
        let (was, is) = (before.now.get(path), now.now.get(path));
        if was == is {
            continue;
        }
        let (Some(Value::Map(was)), Some(Value::Map(is))) = (was, is) else {
            tell(section(path), print(path, was), print(path, is));
            continue;
        };
        let keys: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for key in keys.into_iter().filter(|key| was.get(*key) != is.get(*key)) {
            let shown = |value: Option<&Value>| match (kind.attribute(path), value) {
                (Some(attribute), Some(value)) => attribute.print(Some(key), value),
                _ => "nothing".to_owned(),
            };
            let path = if key.contains(' ') {
                section(path)
            } else {
                Path::new(format!("{}.{key}", section(path)))
            };
            tell(path, shown(was.get(key)), shown(is.get(key)));
        }
    }
    // The immediate flag releases everything that waits, so the whole queue counts.
    let queue = |present: &Present| {
        present
            .waiting
            .iter()
            .map(|(path, value)| (path.to_owned(), value.clone()))
            .collect::<Vec<_>>()
    };
    if queue(before) != queue(now) || before.waiting_too != now.waiting_too {
        let words = |present: &Present| {
            let values = present.waiting.iter();
            let others = present.waiting_too.iter();
            let paths: Vec<String> = values
                .map(|(path, value)| format!("{path} {}", print(path, Some(value))))
                .chain(others.map(|(name, value)| format!("{name} {value}")))
                .collect();
            if paths.is_empty() {
                "nothing queued".to_owned()
            } else {
                paths.join(", ")
            }
        };
        tell(
            Path::new(operation.address.as_str()),
            words(before),
            words(now),
        );
    }
}
