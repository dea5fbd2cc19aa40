//! Whether a plan made earlier still fits: only what it relies on is compared.

use pgward_model::{Catalog, Environment, Path, Value};

use crate::{Fault, Live, Observation, Operation, Plan, Present, Readiness, Verb};

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
/// resource and as much ours as it was, with the same values and the same queue where it changes
/// them, and the same protection. Everything else may have changed.
#[must_use]
pub fn renew(plan: &Plan, live: &Live, catalog: &Catalog) -> (Plan, Vec<Moved>) {
    let mut renewed = plan.clone();
    let mut moved = Vec::new();
    for operation in &mut renewed.operations {
        let now = find(plan, operation, live);
        compare(plan, operation, &now, catalog, &mut moved);
        if let Now::Present(present) = now {
            operation.live = Some(Box::new(present.clone()));
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

/// What there is of the resource of an operation.
enum Now<'a> {
    Present(&'a Present),
    /// AWS said that nothing has its name.
    Absent,
    /// It was found by its tags, and is not among what carries them any more.
    Unfound,
    Unreadable(&'a Fault),
}

/// The resource of an operation: what has its declared name, or the leftover of its kind and name.
fn find<'a>(plan: &Plan, operation: &Operation, live: &'a Live) -> Now<'a> {
    let is_declared = operation.verb != Verb::Delete
        || plan.names.get(&operation.address) == Some(&operation.name);
    if is_declared {
        return match live.resources.get(&operation.address) {
            Some(Observation::Present(present)) => Now::Present(present),
            Some(Observation::Unreadable(fault)) => Now::Unreadable(fault),
            Some(Observation::Absent) | None => Now::Absent,
        };
    }
    let arn = operation.live.as_ref().map(|before| before.arn.as_str());
    let leftovers = || {
        let all = live
            .leftovers
            .iter()
            .filter(|one| one.kind == operation.kind);
        all.map(|one| &one.present)
            .filter(|present| present.name == operation.name)
    };
    // Names of some kinds repeat, so the same one is looked for first.
    leftovers()
        .find(|present| Some(present.arn.as_str()) == arn)
        .or_else(|| leftovers().next())
        .map_or(Now::Unfound, Now::Present)
}

fn compare(
    plan: &Plan,
    operation: &Operation,
    now: &Now<'_>,
    catalog: &Catalog,
    moved: &mut Vec<Moved>,
) {
    let address = || Path::new(operation.address.as_str());
    let mut tell = |path: Path, was: String, is: String| moved.push(Moved { path, was, is });
    match (operation.verb, &operation.live, now) {
        (_, _, Now::Unreadable(fault)) => {
            tell(address(), "readable".to_owned(), fault.to_string());
        }
        (Verb::Create, Some(_), Now::Present(present))
            if present.readiness == Readiness::Leaving => {}
        (Verb::Create, _, Now::Present(present)) => {
            tell(
                address(),
                "absent".to_owned(),
                format!("{} exists", present.name),
            );
        }
        // Deleting what is gone is a success.
        (Verb::Create | Verb::Delete, _, Now::Absent) => {}
        (Verb::Delete, Some(before), Now::Unfound) if before.readiness == Readiness::Leaving => {}
        (_, _, Now::Unfound) => {
            let is = "gone, or its tags are".to_owned();
            tell(address(), operation.name.clone(), is);
        }
        (_, _, Now::Absent) => tell(address(), operation.name.clone(), "gone".to_owned()),
        (_, Some(before), Now::Present(present)) => {
            if before.arn != present.arn {
                tell(address(), before.arn.clone(), present.arn.clone());
            }
            let was = owner(before, &plan.environment);
            let is = owner(present, &plan.environment);
            if was != is && is != OURS {
                tell(address(), was, is);
            }
            let leaves = |one: &Present| one.readiness == Readiness::Leaving;
            if leaves(present) && !leaves(before) && operation.verb != Verb::Delete {
                tell(address(), before.status.clone(), present.status.clone());
            }
            // Tags and waiting rely on no value.
            if !matches!(operation.verb, Verb::Adopt | Verb::Await) {
                values(operation, before, present, catalog, &mut tell);
            }
        }
        (_, None, Now::Present(_)) => {}
    }
}

const OURS: &str = "ours by its tags";

/// Whose a resource is, in words.
fn owner(present: &Present, of: &Environment) -> String {
    match &present.owner {
        Some(owner) if owner.is_of(&of.project, &of.name) => OURS.to_owned(),
        Some(owner) if owner.is_another(&of.project, &of.name) => {
            format!("of {} by its tags", owner.title())
        }
        Some(_) | None => "without our tags".to_owned(),
    }
}

/// Tells of the values that an operation relies on: those it changes, its protection, its queue.
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
    let moved = queue(before) != queue(now) || before.waiting_too != now.waiting_too;
    if operation.verb != Verb::Delete && moved {
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
