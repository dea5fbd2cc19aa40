//! Whether a change may be applied: policy, findings of the spec, and what is never done.

use std::collections::BTreeSet;

use pgward_model::{Address, Effect, Origin, Path, Value};

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
        if let Some(unread) = self.unread_need(change) {
            return Gate::Blocked {
                code: "P508".to_owned(),
                why: format!("it depends on {unread}, which could not be read"),
                instead: vec!["mend the access and repeat".to_owned()],
            };
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

    /// What a change depends on and could not be read.
    fn unread_need(&self, change: &PlannedChange) -> Option<&Address> {
        let kind = self.catalog.kind(&change.kind);
        let mut named = Vec::new();
        if let Some(after) = &change.after {
            after.references(&mut named);
        }
        let text = change.after.as_ref().and_then(Value::as_text);
        // With an interruption comes more than the value: what follows it, and what leads.
        let interrupts = change.effect >= Effect::Reboot;
        let mut unread = self.changes.unread.iter().map(|(address, _)| address);
        unread.find(|address| {
            let resource = &self.desired.resources[*address];
            let needs = self.graph.reaches(&change.address, address);
            match change.verb {
                Verb::Create | Verb::Replace => needs,
                // It may be used.
                Verb::Delete => {
                    resource.kind == change.kind || self.may_need(&resource.kind, &change.kind)
                }
                Verb::Update => {
                    let follows = self.catalog.kind(&resource.kind).type_name == kind.type_name
                        && self.graph.reaches(address, &change.address);
                    named.iter().any(|one| one.address == **address)
                        || needs && text == Some(resource.name.as_str())
                        || interrupts && (needs || follows)
                }
                Verb::Restart | Verb::Await | Verb::Adopt => false,
            }
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
            let upgrades = self.upgrades(change);
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
        if only.is_empty() {
            return;
        }
        let is_kept = |change: &PlannedChange| {
            self.is_selected(&change.path) || self.is_selected(&Path::new(change.address.as_str()))
        };
        let left_out: Vec<Path> = changes
            .iter()
            .filter(|change| !is_kept(change))
            .map(|change| change.path.clone())
            .collect();
        let upgrades: Vec<Address> = changes
            .iter()
            .filter(|change| !is_kept(change) && self.upgrades(change))
            .map(|change| change.address.clone())
            .collect();
        let (kept, left): (Vec<PlannedChange>, Vec<PlannedChange>) =
            changes.drain(..).partition(is_kept);
        *changes = kept;
        let made: BTreeSet<&Address> = changes
            .iter()
            .filter(|one| one.verb == Verb::Create)
            .map(|one| &one.address)
            .collect();
        let lacking: Vec<Option<(String, String)>> = changes
            .iter()
            .map(|change| {
                let needed = self
                    .left_out(change, &made)
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
            // What takes back a queued value may not start another one that is to be taken back.
            let starts = change.also_releases.iter().flatten();
            let undone = left_out.iter().find(|path| {
                change.when == When::Now && starts.clone().any(|one| path.as_str() == one)
            });
            let needed = match undone {
                Some(path) => Some((format!("it would start {path}"), path.to_string())),
                None => needed,
            };
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
        made: &BTreeSet<&Address>,
    ) -> Option<&ResourceChange> {
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
                && !made.contains(&created.address)
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
