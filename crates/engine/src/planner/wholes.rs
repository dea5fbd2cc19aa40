//! Whole resources: created, replaced, deleted, restarted.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Applies, Effect, Flag, Kind, Path, Value};

use crate::{
    Checked, Follow, Gate, PlannedChange, Readiness, ResourceChange, Verb, When, diff::find_output,
    effect,
};

use super::Planner;

/// Whether AWS is deleting it already.
fn is_leaving(change: &ResourceChange) -> bool {
    let live = change.live.as_ref();
    live.is_some_and(|live| live.readiness == Readiness::Leaving)
}

impl Planner<'_> {
    /// The planned change of a resource that is created, replaced or deleted.
    pub(super) fn whole(
        &self,
        change: &ResourceChange,
        checked: &Checked,
        out: &mut Vec<PlannedChange>,
    ) {
        let kind = self.catalog.kind(&change.kind);
        let planned = match change.verb {
            Verb::Create => self.creation(kind, change, checked),
            Verb::Replace => self.replacement(kind, change),
            Verb::Delete => self.deletion(kind, change),
            Verb::Adopt => self.adoption(kind, change),
            Verb::Update | Verb::Restart | Verb::Await => {
                unreachable!(
                    "no comparison finds a whole resource to {}",
                    change.verb.word()
                )
            }
        };
        out.push(planned);
    }

    fn blank(&self, kind: &Kind, change: &ResourceChange, effect: Effect) -> PlannedChange {
        PlannedChange {
            path: Path::new(change.address.as_str()),
            attribute: None,
            address: change.address.clone(),
            kind: change.kind.clone(),
            verb: change.verb,
            resource_type: kind.type_name.to_owned(),
            name: change.name.clone(),
            noun: kind.noun.to_owned(),
            before: None,
            after: None,
            before_text: None,
            after_text: None,
            effect,
            flags: BTreeSet::new(),
            interruption: None,
            when: When::Now,
            also_releases: None,
            reason: String::new(),
            replaced_because: Vec::new(),
            origin: change
                .desired
                .as_ref()
                .and_then(|resource| resource.origin.clone()),
            follows: Vec::<Follow>::new(),
            remarks: Vec::new(),
            cost: None,
            gate: Gate::Ready,
            step: None,
            after_steps: Vec::new(),
            headline: format!("{} {}", kind.noun, change.name),
            details: Vec::new(),
        }
    }

    fn creation(&self, kind: &Kind, change: &ResourceChange, checked: &Checked) -> PlannedChange {
        let mut planned = self.blank(kind, change, Effect::Online);
        let Some(resource) = &change.desired else {
            return planned;
        };
        let mut shown = resource.clone();
        shown.attributes = resource
            .attributes
            .resolved(&|reference| find_output(self.live, reference));
        // What is on its way out and left something behind decides what is made of it.
        if let Some(live) = &change.live {
            for (path, value) in live.now.iter() {
                let attribute = kind.attribute(path);
                if attribute.is_some_and(|one| matches!(one.applies, Applies::OnCreate)) {
                    shown.attributes.set(path, value.clone());
                }
            }
        }
        planned.headline = (kind.headline)(&shown);
        planned.details = (kind.describe)(&shown, &self.desired.resources);
        for detail in &mut planned.details {
            for (path, chosen) in &checked.chosen {
                if let Some(declared) = shown.attributes.text(path).filter(|text| *text != chosen) {
                    detail.text = detail.text.replacen(
                        &format!(" {declared}"),
                        &format!(" {declared} (AWS will install {chosen})"),
                        usize::from(detail.label == "engine"),
                    );
                }
            }
        }
        planned.after = Some(self.printed(kind, &shown));
        for (path, value) in shown.attributes.iter() {
            let Some(attribute) = kind.attribute(path) else {
                continue;
            };
            let entries: Vec<(Option<&str>, &Value)> = match value.as_map() {
                Some(map) if attribute.is_keyed() => map
                    .iter()
                    .map(|(key, value)| (Some(key.as_str()), value))
                    .collect(),
                _ => vec![(None, value)],
            };
            for (key, value) in entries {
                let case = pgward_model::Case {
                    key,
                    before: None,
                    after: Some(value),
                    live: &pgward_model::Object::new(),
                    desired: &shown.attributes,
                };
                if attribute.exposes.is_some_and(|ask| ask(&case)) {
                    planned.flags.insert(Flag::Exposure);
                }
            }
        }
        planned.cost = self.whole_cost(kind, &shown.attributes, 1);
        planned
    }

    /// The declared values by path, in the units of the language.
    fn printed(&self, kind: &Kind, resource: &pgward_model::Resource) -> Value {
        let mut map = BTreeMap::new();
        for (path, value) in resource.attributes.iter() {
            let Some(attribute) = kind.attribute(path) else {
                continue;
            };
            match value.as_map() {
                Some(entries) if attribute.is_keyed() => {
                    for (key, value) in entries {
                        let path = resource.path_of(path, Some(key));
                        map.insert(
                            path.to_string(),
                            Value::text(attribute.print(Some(key), value)),
                        );
                    }
                }
                _ => {
                    let path = resource.path_of(path, None);
                    map.insert(path.to_string(), Value::text(attribute.print(None, value)));
                }
            }
        }
        Value::Map(map)
    }

    fn replacement(&self, kind: &Kind, change: &ResourceChange) -> PlannedChange {
        let effect = if kind.stateful {
            Effect::DataLoss
        } else {
            Effect::Replace
        };
        let mut planned = self.blank(kind, change, effect);
        let (Some(resource), Some(live)) = (&change.desired, &change.live) else {
            return planned;
        };
        let desired = resource
            .attributes
            .resolved(&|reference| find_output(self.live, reference));
        let mut reasons = Vec::new();
        for one in &change.attributes {
            let Some(attribute) = kind.attribute(&one.attribute) else {
                continue;
            };
            let judged = effect::judge(kind, attribute, one, &live.now, &desired);
            if judged.moment == effect::Moment::Replacement {
                planned.replaced_because.push(one.path.clone());
                reasons.push(judged.reason.clone());
                planned.effect = planned.effect.max(judged.effect);
                let print = |value: &Value| attribute.print(one.key.as_deref(), value);
                planned.path = one.path.clone();
                planned.attribute = Some((one.attribute.clone(), one.key.clone()));
                planned.before.clone_from(&one.before);
                planned.after.clone_from(&one.after);
                planned.before_text = one.before.as_ref().map(print);
                planned.after_text = one.after.as_ref().map(print);
                planned.origin = resource
                    .origin_of(&one.attribute, one.key.as_deref())
                    .cloned();
            }
        }
        if planned.replaced_because.len() > 1 {
            planned.attribute = None;
            planned.path = Path::new(change.address.as_str());
            planned.origin.clone_from(&resource.origin);
        }
        reasons.sort();
        reasons.dedup();
        planned.reason = reasons.join(" ");
        if planned.effect == Effect::DataLoss {
            planned.flags.insert(Flag::Stateful);
            planned.when = When::Never;
        }
        if !kind.instead_of_replacing.is_empty() && planned.effect != Effect::DataLoss {
            planned.when = When::Never;
            planned.gate = Gate::Blocked {
                code: "P607".to_owned(),
                why: format!(
                    "the {} is in use and can't be replaced under the same name",
                    kind.noun
                ),
                instead: vec![kind.instead_of_replacing.to_owned()],
            };
        }
        planned
    }

    /// The tags alone; every value that differs is told, since it stays as it is.
    fn adoption(&self, kind: &Kind, change: &ResourceChange) -> PlannedChange {
        let mut planned = self.blank(kind, change, Effect::Online);
        for one in &change.attributes {
            let text = |value: Option<&Value>| {
                let attribute = kind.attribute(&one.attribute);
                match (attribute, value) {
                    (Some(attribute), Some(value)) => attribute.print(one.key.as_deref(), value),
                    _ => "nothing".to_owned(),
                }
            };
            let (before, after) = (text(one.before.as_ref()), text(one.after.as_ref()));
            let sentence = format!("{}: {before} in AWS, {after} in the spec", one.path);
            planned.remarks.push(("differs".to_owned(), sentence));
        }
        planned
    }

    fn deletion(&self, kind: &Kind, change: &ResourceChange) -> PlannedChange {
        let mut planned = self.blank(kind, change, kind.delete_effect);
        if !self.circumstances.destroy {
            kind.delete_reason.clone_into(&mut planned.reason);
        }
        planned.origin = None;
        if kind.stateful {
            planned.flags.insert(Flag::Stateful);
        }
        if let Some(live) = &change.live {
            planned.cost = self.whole_cost(kind, &live.now, -1);
        }
        if self.circumstances.destroy {
            if kind.stateful {
                let snapshot = self.final_snapshot(&change.name);
                match snapshot {
                    // What was asked for then, with which name, only AWS knows.
                    Some(_) if is_leaving(change) => planned.remarks.push((
                        "kept".to_owned(),
                        "a final snapshot if one was asked for when the deletion began: AWS is \
                         deleting it already"
                            .to_owned(),
                    )),
                    Some(name) => planned.remarks.push((
                        "kept".to_owned(),
                        format!("final snapshot {name}, billed until deleted"),
                    )),
                    None => planned.remarks.push((
                        "gone".to_owned(),
                        "everything: no final snapshot is taken".to_owned(),
                    )),
                }
                planned
                    .remarks
                    .push(("gone".to_owned(), "automated backups".to_owned()));
            }
        } else if planned.effect == Effect::DataLoss {
            planned.when = When::Never;
            planned
                .remarks
                .push(("lost".to_owned(), format!("all data of {}", change.name)));
        }
        planned
    }

    /// The name of the final snapshot: given, or made of name and second, so that it can't collide.
    pub(super) fn final_snapshot(&self, name: &str) -> Option<String> {
        if self.circumstances.no_final_snapshot {
            return None;
        }
        Some(
            self.circumstances
                .final_snapshot
                .clone()
                .unwrap_or_else(|| {
                    format!(
                        "{name}-final-{}",
                        self.circumstances.now.strftime("%Y%m%d-%H%M%S")
                    )
                }),
        )
    }

    /// With `--now` and `reboot` allowed, restarts that stored values wait for are changes of
    /// their own; without them the values wait.
    pub(super) fn plan_restarts(&self, changes: &mut Vec<PlannedChange>) {
        if self.circumstances.destroy
            || !self.starts_now()
            || !self.allowed.contains(&Effect::Reboot)
        {
            return;
        }
        let restarted_anyway: BTreeSet<_> = changes
            .iter()
            .filter(|change| self.surely_restarts(change))
            .map(|change| change.address.clone())
            .collect();
        let mut restarts = Vec::new();
        for (address, resource) in &self.desired.resources {
            let kind = self.catalog.kind(&resource.kind);
            let restartable = kind
                .attributes
                .iter()
                .any(|one| matches!(one.applies, Applies::AfterReboot));
            let Some(live) = self.live.present(address) else {
                continue;
            };
            let is_selected = self.is_selected(&Path::new(address.as_str()));
            if !restartable || !is_selected || restarted_anyway.contains(address) {
                continue;
            }
            let causes: Vec<Path> = changes
                .iter()
                .filter(|change| matches!(change.when, When::Restart { .. }))
                .filter(|change| {
                    change.address == *address || self.graph.reaches(address, &change.address)
                })
                .map(|change| change.path.clone())
                .collect();
            if causes.is_empty() && !live.waits_for_restart {
                continue;
            }
            let change = ResourceChange {
                address: address.clone(),
                kind: resource.kind.clone(),
                verb: Verb::Restart,
                name: live.name.clone(),
                attributes: Vec::new(),
                desired: Some(resource.clone()),
                live: Some(Box::new(live.clone())),
            };
            let mut planned = self.blank(kind, &change, Effect::Reboot);
            planned.cost = Some(crate::Cost {
                monthly_delta: 0,
                basis: String::new(),
            });
            planned.interruption = Some((30, 120));
            planned.reason = if causes.is_empty() {
                "Values that were stored earlier take effect.".to_owned()
            } else {
                format!(
                    "{} take effect.",
                    causes
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            };
            restarts.push((planned, causes));
        }
        for (planned, causes) in restarts {
            for change in changes
                .iter_mut()
                .filter(|change| causes.contains(&change.path))
                .filter(|change| change.when == When::Restart { with: None })
            {
                change.when = When::Restart {
                    with: Some(planned.path.clone()),
                };
            }
            changes.push(planned);
        }
    }
}
