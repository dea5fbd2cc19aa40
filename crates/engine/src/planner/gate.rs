//! Whether a change may be applied: policy, findings of the spec, and what is never done.

use pgward_model::{Address, Effect, Origin, Path, Value, Way};

use crate::{Gate, PlannedChange, ResourceChange, Verb, When};

use super::Planner;

impl Planner<'_> {
    /// Sets the gate of every change that has none yet.
    pub(super) fn gates(&self, changes: &mut [PlannedChange]) {
        for change in changes.iter_mut().filter(|change| !change.is_blocked()) {
            change.gate = self.gate(change);
            if change.is_blocked() {
                change.when = When::Never;
            }
        }
        for change in changes.iter_mut().filter(|change| change.is_blocked()) {
            change.when = When::Never;
        }
    }

    fn gate(&self, change: &PlannedChange) -> Gate {
        if self.circumstances.destroy {
            return self.protection(change);
        }
        if change.verb == Verb::Adopt {
            return Gate::Ready;
        }
        if change.effect == Effect::DataLoss {
            return data_loss(change, &self.desired.environment.name);
        }
        if let Some(finding) = self.finding_on(change) {
            return finding;
        }
        if change.verb != Verb::Create && !self.allowed.contains(&change.effect) {
            return Gate::NeedsAllow {
                allow: change.effect,
            };
        }
        Gate::Ready
    }

    /// A P4xx error of the spec blocks the change it is about, and every other one that takes its
    /// value from the same place: a replica is as public as the instance.
    fn finding_on(&self, change: &PlannedChange) -> Option<Gate> {
        let about = |subject: &str| {
            change.path.is_within(subject)
                || (change.is_whole() && Path::new(subject).is_within(change.address.as_str()))
        };
        self.findings
            .iter()
            .filter(|finding| finding.is_error() && finding.accepted.is_none())
            .filter(|finding| finding.code.starts_with("P4"))
            .find(|finding| {
                let place = finding.primary.as_ref().map(|label| &label.origin);
                finding.subject.as_deref().is_some_and(about)
                    || place.is_some_and(|place| self.is_written_at(change, place))
            })
            .map(|finding| Gate::Blocked {
                code: finding.code.clone(),
                why: finding.message.clone(),
                instead: finding.help.clone(),
            })
    }

    /// Whether the value of a change, or one of a resource that is made, stands at a place.
    fn is_written_at(&self, change: &PlannedChange, place: &Origin) -> bool {
        match change.verb {
            Verb::Create | Verb::Replace => self
                .desired
                .resources
                .get(&change.address)
                .is_some_and(|resource| resource.origins.values().any(|origin| origin == place)),
            Verb::Update => change.origin.as_ref() == Some(place),
            Verb::Delete | Verb::Restart | Verb::Await | Verb::Adopt => false,
        }
    }

    /// An upgrade needs the other resources of its major version: where one of them is blocked, AWS
    /// would refuse it halfway.
    pub(super) fn hold_upgrades(&self, changes: &mut [PlannedChange]) {
        let blocked: Vec<(Address, Path)> = changes
            .iter()
            .filter(|change| change.is_blocked() && change.verb == Verb::Replace)
            .map(|change| (change.address.clone(), change.path.clone()))
            .collect();
        for change in changes.iter_mut().filter(|change| !change.is_blocked()) {
            let upgrades = change.attribute.as_ref().is_some_and(|(path, _)| {
                let row = self.catalog.kind(&change.kind).attribute(path);
                row.is_some_and(|row| row.one_way == Some(Way::Upgrade))
            });
            let needed = blocked
                .iter()
                .find(|(address, _)| upgrades && self.graph.reaches(&change.address, address));
            if let Some((_, path)) = needed {
                change.gate = Gate::Blocked {
                    code: "P607".to_owned(),
                    why: format!("it needs {path}, which is blocked"),
                    instead: vec![format!("first do what {path} says")],
                };
                change.when = When::Never;
            }
        }
    }

    /// P605: a protected resource is not deleted, and the command doesn't offer to unprotect it.
    fn protection(&self, change: &PlannedChange) -> Gate {
        let kind = self.catalog.kind(&change.kind);
        let path = kind.protected_by;
        if path.is_empty() {
            return Gate::Ready;
        }
        let declared = self
            .desired
            .resources
            .get(&change.address)
            .is_some_and(|resource| resource.attributes.bool(path) == Some(true));
        let live = self
            .live
            .present(&change.address)
            .or_else(|| {
                let leftover = self
                    .live
                    .leftovers
                    .iter()
                    .find(|one| one.present.name == change.name);
                leftover.map(|leftover| &leftover.present)
            })
            .is_some_and(|present| present.now.bool(path) == Some(true));
        if !declared && !live {
            return Gate::Ready;
        }
        let name = &self.desired.environment.name;
        Gate::Blocked {
            code: "P605".to_owned(),
            why: format!(
                "deletion protection is on{}",
                match (declared, live) {
                    (true, true) => " in the spec and in AWS",
                    (true, false) => " in the spec",
                    _ => " in AWS",
                }
            ),
            instead: vec![format!(
                "set {path} to false, have that reviewed, pgward apply {name}, then \
                 pgward destroy {name}. Two steps on purpose"
            )],
        }
    }

    /// `--only`: what it doesn't name is left out of the plan.
    pub(super) fn restrict(&self, changes: &mut Vec<PlannedChange>) {
        let only = &self.circumstances.only;
        let is_kept = |change: &PlannedChange| {
            self.is_selected(&change.path) || self.is_selected(&Path::new(change.address.as_str()))
        };
        let upgrades: Vec<Address> = changes
            .iter()
            .filter(|change| !is_kept(change) && self.upgrades(change))
            .map(|change| change.address.clone())
            .collect();
        let (kept, left): (Vec<PlannedChange>, Vec<PlannedChange>) =
            changes.drain(..).partition(is_kept);
        *changes = kept;
        let lacking: Vec<Option<(String, String)>> = changes
            .iter()
            .map(|change| {
                let needed = self
                    .left_out(change, changes)
                    .or_else(|| self.follower_left_out(change, &upgrades))
                    .map(|needed| {
                        (
                            format!("it needs {}", needed.address),
                            needed.address.to_string(),
                        )
                    });
                needed.or_else(|| {
                    let served = self.served_until(change, &left);
                    let paths: Vec<&str> = served.iter().map(|one| one.path.as_str()).collect();
                    let why = format!("it serves {} until that is done", paths.join(" and "));
                    (!paths.is_empty()).then(|| (why, paths.join(",")))
                })
            })
            .collect();
        for (change, needed) in changes.iter_mut().zip(lacking) {
            let Some((why, path)) = needed else { continue };
            change.gate = Gate::Blocked {
                code: "P608".to_owned(),
                why: format!("{why}, which --only leaves out"),
                instead: vec![format!("--only {},{path}", only.join(","))],
            };
        }
    }

    /// Whether `--only` names it, or nothing is left out.
    pub(super) fn is_selected(&self, path: &Path) -> bool {
        let only = &self.circumstances.only;
        only.is_empty() || only.iter().any(|selection| path.is_within(selection))
    }

    /// The replica that has to get a minor version before its source, and is left out.
    fn follower_left_out(
        &self,
        change: &PlannedChange,
        upgrades: &[Address],
    ) -> Option<&ResourceChange> {
        let resources = &self.changes.resources;
        let along = resources
            .iter()
            .any(|one| one.address == change.address && self.takes_followers_along(one));
        if along || !self.upgrades(change) {
            return None;
        }
        let first = upgrades
            .iter()
            .find(|other| self.graph.reaches(other, &change.address))?;
        resources.iter().find(|one| one.address == *first)
    }

    /// What a change needs to exist and the restricted plan does not make.
    fn left_out(
        &self,
        change: &PlannedChange,
        changes: &[PlannedChange],
    ) -> Option<&ResourceChange> {
        let is_made = |address: &Address| {
            changes
                .iter()
                .any(|one| one.verb == Verb::Create && one.address == *address)
        };
        let mut named = Vec::new();
        if let Some(after) = &change.after {
            after.references(&mut named);
        }
        let names = |created: &ResourceChange| {
            let by_name = change.after.as_ref().and_then(Value::as_text) == Some(&*created.name);
            by_name || named.iter().any(|one| one.address == created.address)
        };
        self.changes.resources.iter().find(|created| {
            created.verb == Verb::Create
                && !is_made(&created.address)
                && self.graph.reaches(&change.address, &created.address)
                && (change.verb == Verb::Create || names(created))
        })
    }
}

/// P601: a plan never destroys data.
fn data_loss(change: &PlannedChange, environment: &str) -> Gate {
    let (why, back) = match change.verb {
        Verb::Delete => (
            "a plan never destroys data; --allow can't lift this".to_owned(),
            format!(
                "put [{}] back, or pgward destroy {environment}",
                change.address
            ),
        ),
        _ => (
            "a plan never destroys data; --allow can't lift this".to_owned(),
            match (&change.before_text, change.path.as_str().rsplit_once('.')) {
                (Some(before), Some((_, key))) => format!(
                    "put {key} = \"{before}\" back, or move the data: snapshot, copy or restore it \
                     under a new name, switch over (pgward explain P601)"
                ),
                _ => "move the data: snapshot, restore under a new name, switch over \
                      (pgward explain P601)"
                    .to_owned(),
            },
        ),
    };
    Gate::Blocked {
        code: "P601".to_owned(),
        why,
        instead: vec![back],
    }
}
