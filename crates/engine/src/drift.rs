//! What others changed: live AWS against the record of the last apply.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{
    Address, Applies, Case, Catalog, Desired, Effect, Environment, Flag, Matches, Object, Origin,
    Path, Resource, Value,
};
use serde::{Deserialize, Serialize};

use crate::{Live, Observation, Plan, PlannedChange, Requested, Verb, compare};

/// Why a difference is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftClass {
    /// Somebody changed AWS.
    Outside,
    /// AWS did what the spec allows, such as storage autoscaling.
    Expected,
    /// `[ignore.*]` names it.
    Ignored,
    /// The spec has changed since the last apply; not drift.
    NotApplied,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftItem {
    /// The resource.
    pub address: Address,
    /// The kind in the catalog.
    pub kind: String,
    /// Path of the value; the address for a whole resource.
    pub path: Path,
    /// Path in the catalog and key of the value; nothing for a whole resource.
    #[serde(default)]
    pub attribute: Option<(String, Option<String>)>,
    /// Whether it is a whole resource and not one value.
    pub whole: bool,
    /// What the last apply left, in words.
    pub last_applied: Option<String>,
    /// What is in AWS, in words.
    pub live: Option<String>,
    /// Why it is there.
    pub class: DriftClass,
    /// What it would take to put it back.
    pub effect: Effect,
    /// What else is to be known.
    pub flags: BTreeSet<Flag>,
    /// Whether it lost our tags, so that it can be adopted and not put back.
    #[serde(default)]
    pub disowned: bool,
    /// Further lines.
    pub remarks: Vec<String>,
    /// Where the value is written.
    pub origin: Option<Origin>,
}

/// What the last apply set; kept in the store, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Format: `pgward.record/1`.
    pub format: String,
    /// When the last apply ended.
    pub at: jiff::Timestamp,
    /// The commit of the files.
    pub commit: Option<String>,
    /// Who applied: an ARN.
    pub by: String,
    /// Account in which it was applied; empty in records of earlier versions.
    #[serde(default)]
    pub account: String,
    /// Region in which it was applied; empty in records of earlier versions.
    #[serde(default)]
    pub region: String,
    /// Plan that was applied.
    pub plan: String,
    /// Values by path as they were declared, in words.
    pub values: BTreeMap<Path, String>,
    /// What waits, by path: since when and by whom.
    #[serde(default)]
    pub waiting: BTreeMap<Path, Requested>,
    /// The resources, by address: name in AWS.
    pub names: BTreeMap<Address, String>,
}

impl Record {
    /// Whether the last apply was in the account and region that the environment has now.
    #[must_use]
    pub fn is_of(&self, environment: &Environment) -> bool {
        let same = |kept: &str, now: &str| kept.is_empty() || kept == now;
        same(&self.account, &environment.account) && same(&self.region, &environment.region)
    }
}

/// What a comparison with the record found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The record's moment and commit; nothing if there is no record.
    pub record: Option<(jiff::Timestamp, Option<String>)>,
    /// The differences, strongest first.
    pub items: Vec<DriftItem>,
    /// How many resources were compared.
    pub compared: usize,
    /// How many could not be read.
    pub unread: usize,
}

impl Drift {
    /// The differences of a class.
    pub fn of(&self, class: DriftClass) -> impl Iterator<Item = &DriftItem> {
        self.items.iter().filter(move |item| item.class == class)
    }

    /// Whether somebody changed AWS, or may have, as there is no record.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        self.of(DriftClass::Outside).next().is_some()
    }
}

/// What the environment's values are, by path and in words, as a record keeps them.
#[must_use]
pub fn declared_values(desired: &Desired, catalog: &Catalog) -> BTreeMap<Path, String> {
    let resources = desired.resources.values();
    resources
        .flat_map(|resource| values_of(resource, catalog))
        .collect()
}

/// What the values of one resource are.
pub(crate) fn values_of(resource: &Resource, catalog: &Catalog) -> BTreeMap<Path, String> {
    let mut values = BTreeMap::new();
    let kind = catalog.kind(&resource.kind);
    for (path, value) in resource.attributes.iter() {
        let Some(attribute) = kind.attribute(path) else {
            continue;
        };
        if attribute.observed || matches!(attribute.applies, Applies::OnCreate) {
            continue;
        }
        match value.as_map() {
            Some(map) if attribute.is_keyed() => {
                for (key, value) in map {
                    let text = attribute.print(Some(key), value);
                    values.insert(resource.path_of(path, Some(key)), text);
                }
            }
            _ => {
                values.insert(resource.path_of(path, None), attribute.print(None, value));
            }
        }
    }
    values
}

/// Sorts the differences between the spec and AWS by who made them.
///
/// `plan` is the plan that knows no `[ignore.*]`; `today` (`2026-03-31`) ends their entries.
#[must_use]
pub fn drift(
    desired: &Desired,
    live: &Live,
    catalog: &Catalog,
    plan: &Plan,
    record: Option<&Record>,
    today: &str,
) -> Drift {
    let mut items: Vec<DriftItem> = plan
        .changes
        .iter()
        .filter(|change| change.verb != Verb::Restart)
        .map(|change| item(desired, catalog, plan, change, record, today))
        .collect();
    for item in &mut items {
        let found = live.resources.get(&item.address);
        if matches!(found, Some(Observation::Present(present)) if present.restorable) {
            item.remarks
                .push("it is scheduled for deletion; apply brings it back as it was".to_owned());
        }
    }
    items.extend(expected(desired, live, catalog));
    items.extend(overdue(desired, plan));
    items.extend(disowned(desired, plan, record));
    items.sort_by(|a, b| {
        let rank = |item: &DriftItem| {
            (
                item.class,
                !item.flags.contains(&Flag::Exposure),
                std::cmp::Reverse(item.effect),
            )
        };
        rank(a).cmp(&rank(b)).then_with(|| a.path.cmp(&b.path))
    });
    Drift {
        record: record.map(|record| (record.at, record.commit.clone())),
        items,
        compared: plan.compared,
        unread: plan.unread.len(),
    }
}

/// The kind of a resource of the spec.
fn kind_of(desired: &Desired, address: &Address) -> String {
    let resource = desired.resources.get(address);
    resource.map_or_else(String::new, |resource| resource.kind.clone())
}

/// What the last apply left as ours and no longer carries our tags.
fn disowned(desired: &Desired, plan: &Plan, record: Option<&Record>) -> Vec<DriftItem> {
    let was_ours = |address: &Address| record.is_some_and(|one| one.names.contains_key(address));
    let taken = plan.unmanaged.iter();
    taken
        .filter(|one| was_ours(&one.address))
        .map(|one| {
            let owner = one.owner.as_ref();
            let live = owner.map_or_else(
                || "its ownership tags are gone".to_owned(),
                |owner| format!("its tags name {owner}"),
            );
            let resource = desired.resources.get(&one.address);
            DriftItem {
                address: one.address.clone(),
                kind: kind_of(desired, &one.address),
                path: Path::new(one.address.as_str()),
                attribute: None,
                whole: true,
                last_applied: Some(one.name.clone()),
                live: Some(live),
                class: DriftClass::Outside,
                effect: Effect::Online,
                flags: BTreeSet::new(),
                disowned: true,
                remarks: vec![
                    "nothing of it is compared or changed until it is ours again".to_owned(),
                ],
                origin: resource.and_then(|resource| resource.origin.clone()),
            }
        })
        .collect()
}

fn item(
    desired: &Desired,
    catalog: &Catalog,
    plan: &Plan,
    change: &PlannedChange,
    record: Option<&Record>,
    today: &str,
) -> DriftItem {
    let last = match change.verb {
        Verb::Update | Verb::Replace | Verb::Restart | Verb::Await | Verb::Adopt => record
            .and_then(|record| record.values.get(&change.path).cloned())
            .or_else(|| change.after_text.clone().filter(|_| record.is_none())),
        // Without a record the spec stands in for it.
        Verb::Create | Verb::Delete => record
            .map_or(change.verb == Verb::Create, |record| {
                record.names.contains_key(&change.address)
            })
            .then(|| change.name.clone()),
    };
    let live = match change.verb {
        Verb::Create => None,
        Verb::Delete => Some(change.name.clone()),
        Verb::Update | Verb::Replace | Verb::Restart | Verb::Await | Verb::Adopt => {
            change.before_text.clone()
        }
    };
    let ignored = desired.ignores.iter().any(|ignore| {
        ignore.until.as_str() >= today && change.path.is_within(ignore.path.as_str())
    });
    // What was never applied can't have been changed.
    let class = if ignored {
        DriftClass::Ignored
    } else if record.map_or(plan.is_new, |record| !made_outside(plan, record, change)) {
        DriftClass::NotApplied
    } else {
        DriftClass::Outside
    };
    let gone = change.verb == Verb::Create && last.is_some();
    let lost = gone && record.is_some() && catalog.kind(&change.kind).stateful;
    let flags = exposed(catalog, change);
    let exposure = change
        .attribute
        .as_ref()
        .filter(|_| flags.contains(&Flag::Exposure))
        .and_then(|(path, _)| catalog.kind(&change.kind).attribute(path))
        .map(|attribute| attribute.exposure.to_owned())
        .filter(|words| !words.is_empty());
    DriftItem {
        address: change.address.clone(),
        kind: change.kind.clone(),
        path: change.path.clone(),
        attribute: change.attribute.clone(),
        whole: change.attribute.is_none(),
        last_applied: last,
        live,
        class,
        effect: if lost {
            Effect::DataLoss
        } else {
            change.effect
        },
        flags,
        disowned: false,
        remarks: if lost {
            vec!["it is gone, and one made in its place is empty: restore a backup".to_owned()]
        } else if gone && record.is_none() {
            vec!["it is not there".to_owned()]
        } else {
            exposure.into_iter().collect()
        },
        origin: change.origin.clone(),
    }
}

/// Whether AWS differs from what the last apply left, and not only from the present spec.
fn made_outside(plan: &Plan, record: &Record, change: &PlannedChange) -> bool {
    match change.verb {
        // Gone since the last apply; or new in the spec.
        Verb::Create => record.names.contains_key(&change.address),
        // Dropped from the spec since the last apply; or tagged as ours by others.
        Verb::Delete => !record.names.contains_key(&change.address),
        Verb::Update | Verb::Replace | Verb::Restart | Verb::Await | Verb::Adopt => {
            record.values.get(&change.path) != change.before_text.as_ref()
                && !was_declared(record, change)
                && !takes_its_place(plan, record, change)
        }
    }
}

/// Whether a value is new under the name of one that is still in AWS as it was applied.
fn takes_its_place(plan: &Plan, record: &Record, change: &PlannedChange) -> bool {
    let (Some((_, Some(_))), None, Some(applied)) = (
        &change.attribute,
        &change.before,
        record.values.get(&change.path),
    ) else {
        return false;
    };
    let still_there = |other: &PlannedChange| {
        other.address == change.address
            && other.after.is_none()
            && other.before_text.as_ref() == Some(applied)
            && was_declared(record, other)
    };
    plan.changes.iter().any(still_there)
}

/// Whether a value that the spec no longer has was applied under the name of its section then: it
/// is known by its key, which it shows.
fn was_declared(record: &Record, change: &PlannedChange) -> bool {
    let (Some((attribute, Some(key))), None, Some(text)) =
        (&change.attribute, &change.after, &change.before_text)
    else {
        return false;
    };
    let all = attribute.trim_end_matches(".*");
    text.starts_with(key.as_str())
        && record
            .values
            .iter()
            .any(|(path, value)| path.is_within(all) && value == text)
}

/// Drift exposes where the change that was made outside would: the planned one, turned around.
fn exposed(catalog: &Catalog, change: &PlannedChange) -> BTreeSet<Flag> {
    let mut flags = change.flags.clone();
    flags.remove(&Flag::Exposure);
    let Some((attribute, key)) = &change.attribute else {
        return flags;
    };
    let nothing = Object::new();
    let turned = Case {
        key: key.as_deref(),
        before: change.after.as_ref(),
        after: change.before.as_ref(),
        live: &nothing,
        desired: &nothing,
    };
    let table = catalog.kind(&change.kind).attribute(attribute);
    if table
        .and_then(|row| row.exposes)
        .is_some_and(|ask| ask(&turned))
    {
        flags.insert(Flag::Exposure);
    }
    flags
}

/// What waited for a window that passed without effect.
fn overdue(desired: &Desired, plan: &Plan) -> Vec<DriftItem> {
    plan.waiting
        .iter()
        .filter(|waiting| waiting.overdue)
        .map(|waiting| DriftItem {
            address: waiting.address.clone(),
            kind: kind_of(desired, &waiting.address),
            path: waiting.path.clone(),
            attribute: None,
            whole: false,
            last_applied: waiting.after_text.clone(),
            live: waiting.before_text.clone(),
            class: DriftClass::Outside,
            effect: waiting.effect,
            flags: BTreeSet::new(),
            disowned: false,
            remarks: vec![format!(
                "{}; a maintenance window has passed and it is not in effect",
                waiting.note
            )],
            origin: None,
        })
        .collect()
}

/// What AWS did within what the spec allows: storage that grew by itself.
fn expected(desired: &Desired, live: &Live, catalog: &Catalog) -> Vec<DriftItem> {
    let mut items = Vec::new();
    for resource in desired.resources.values() {
        let Some(present) = live.present(&resource.address) else {
            continue;
        };
        for attribute in catalog.kind(&resource.kind).attributes {
            let values = (
                resource.attributes.get(attribute.path),
                present.now.get(attribute.path),
            );
            let (Some(declared), Some(now)) = values else {
                continue;
            };
            let fits = compare::equal(
                catalog,
                attribute,
                None,
                declared,
                now,
                &resource.attributes,
                &present.now,
            );
            if declared == now || !fits || attribute.matches != Matches::StorageFloor {
                continue;
            }
            items.push(grown(resource, attribute, declared, now));
        }
    }
    items
}

fn grown(
    resource: &Resource,
    attribute: &pgward_model::Attribute,
    declared: &Value,
    now: &Value,
) -> DriftItem {
    let limit = resource
        .attributes
        .iter()
        .find(|(path, _)| path.ends_with("grow_to"))
        .map(|(_, value)| attribute.print(None, value))
        .unwrap_or_default();
    DriftItem {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        path: resource.path_of(attribute.path, None),
        attribute: Some((attribute.path.to_owned(), None)),
        whole: false,
        last_applied: Some(attribute.print(None, declared)),
        live: Some(attribute.print(None, now)),
        class: DriftClass::Expected,
        effect: Effect::Online,
        flags: BTreeSet::new(),
        disowned: false,
        remarks: vec![format!(
            "by storage autoscaling; grow_to allows it up to {limit}"
        )],
        origin: resource.origin_of(attribute.path, None).cloned(),
    }
}
