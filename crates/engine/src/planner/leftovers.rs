//! Leftovers: what is still used stays until nothing uses it, and what was only renamed is told.

use pgward_model::{Address, Applies, Value};

use crate::diff::{find_output, is_kept, is_ours};
use crate::{Leftover, PlannedChange, Present, Readiness, ResourceChange, Verb, When, compare};

use super::Planner;

/// The words of a plan's note on a leftover that something still uses.
pub(crate) fn stays(name: &str) -> String {
    format!("{name} stays as long as")
}

impl Planner<'_> {
    /// Takes the deletions out of the plan that AWS would refuse, since something goes on using
    /// the resource after it. Says so in one sentence each.
    pub(super) fn keep_used(&self, changes: &mut Vec<PlannedChange>) -> Vec<String> {
        if self.circumstances.destroy {
            return self.keep_needed(changes);
        }
        let kept: Vec<(Address, String, String)> = self
            .live
            .leftovers
            .iter()
            // What holds data blocks the plan, whoever uses it.
            .filter(|leftover| !self.catalog.kind(&leftover.kind).stateful)
            .filter(|leftover| {
                changes
                    .iter()
                    .any(|change| is_deletion_of(change, leftover))
            })
            .filter_map(|leftover| {
                let user = self.user_of(leftover, changes)?;
                let noun = self.catalog.kind(&leftover.kind).noun;
                let name = &leftover.present.name;
                let sentence = format!(
                    "{}: the {noun} {} {user} uses it",
                    leftover.address,
                    stays(name)
                );
                Some((leftover.address.clone(), name.clone(), sentence))
            })
            .collect();
        changes.retain(|change| {
            change.verb != Verb::Delete
                || !kept
                    .iter()
                    .any(|(address, name, _)| *address == change.address && *name == change.name)
        });
        kept.into_iter().map(|(_, _, sentence)| sentence).collect()
    }

    /// Takes out of a destroy what something that stays needs: a kept database would lose its
    /// password with its secret, and AWS would refuse the rest. Says so in one sentence each.
    fn keep_needed(&self, changes: &mut Vec<PlannedChange>) -> Vec<String> {
        let mut sentences = self.asked_to_stay();
        // What stays for another one keeps in turn what it needs itself.
        while let Some((place, user)) = changes
            .iter()
            .enumerate()
            .find_map(|(place, change)| Some((place, self.who_stays(change, changes)?)))
        {
            let change = changes.remove(place);
            sentences.push(format!(
                "{}: the {} {} {user} uses it",
                change.address,
                change.noun,
                stays(&change.name)
            ));
        }
        sentences.sort();
        sentences
    }

    /// What would be deleted if `--keep` did not name it.
    fn asked_to_stay(&self) -> Vec<String> {
        let keep = &self.circumstances.keep;
        let declared = self.desired.resources.values().filter_map(|resource| {
            let present = self.live.present(&resource.address)?;
            Some((&resource.address, &resource.kind, present))
        });
        let leftovers = self.live.leftovers.iter();
        declared
            .chain(leftovers.map(|one| (&one.address, &one.kind, &one.present)))
            .filter(|(address, _, present)| {
                is_kept(address, keep) && is_ours(self.desired, present)
            })
            .map(|(address, kind, present)| {
                let noun = self.catalog.kind(kind).noun;
                format!(
                    "{address}: the {noun} {} stays, as --keep names it",
                    present.name
                )
            })
            .collect()
    }

    /// Who is not deleted and needs what a change deletes.
    fn who_stays(&self, change: &PlannedChange, changes: &[PlannedChange]) -> Option<String> {
        let is_it =
            |one: &&ResourceChange| one.address == change.address && one.name == change.name;
        let held = self.changes.resources.iter().find(is_it)?.live.as_deref()?;
        let goes = |address: &Address, present: &Present| {
            present.readiness == Readiness::Leaving
                || changes
                    .iter()
                    .any(|one| one.address == *address && one.name == present.name)
        };
        let uses = |kind: &str, present: &Present| {
            (kind == change.kind || self.may_need(kind, &change.kind))
                && users(present, held).next().is_some()
        };
        let declared = self.desired.resources.get(&change.address);
        let is_declared = declared.is_some_and(|resource| resource.name == change.name);
        let user = self.desired.resources.values().find(|resource| {
            let address = &resource.address;
            let present = self.live.present(address);
            present.is_some_and(|present| {
                !goes(address, present)
                    && (is_declared && self.graph.reaches(address, &change.address)
                        || uses(&resource.kind, present))
            })
        });
        if let Some(user) = user {
            return Some(user.address.to_string());
        }
        let other = self.live.leftovers.iter().find(|leftover| {
            let present = &leftover.present;
            !goes(&leftover.address, present) && uses(&leftover.kind, present)
        })?;
        Some(other.present.name.clone())
    }

    /// Who still uses a leftover when the plan is done.
    fn user_of(&self, leftover: &Leftover, changes: &[PlannedChange]) -> Option<String> {
        let declared = self.desired.resources.keys().find(|address| {
            // What is on its way out lets go of everything.
            let staying = |live: &&Present| live.readiness != Readiness::Leaving;
            let Some(live) = self.live.present(address).filter(staying) else {
                return false;
            };
            let kind = &self.desired.resources[*address].kind;
            (kind == &leftover.kind || self.may_need(kind, &leftover.kind))
                && users(live, &leftover.present)
                    .any(|path| !self.lets_go(address, path, leftover, changes))
        });
        if let Some(address) = declared {
            return Some(address.to_string());
        }
        let other = self.live.leftovers.iter().find(|other| {
            let goes = changes
                .iter()
                .any(|change| is_deletion_of(change, other) && !change.is_blocked());
            !goes
                && other.present.readiness != Readiness::Leaving
                && (other.kind == leftover.kind || self.may_need(&other.kind, &leftover.kind))
                && users(&other.present, &leftover.present).next().is_some()
        })?;
        Some(other.present.name.clone())
    }

    /// Whether the plan changes the attribute of a resource away from a leftover before it ends.
    fn lets_go(
        &self,
        address: &Address,
        path: &str,
        leftover: &Leftover,
        changes: &[PlannedChange],
    ) -> bool {
        let change = changes.iter().find(|change| {
            let own = change.attribute.as_ref().map(|(path, _)| path.as_str());
            change.address == *address
                && (own == Some(path) || matches!(change.verb, Verb::Replace | Verb::Delete))
        });
        let Some(change) = change.filter(|change| !change.is_blocked()) else {
            return false;
        };
        match &change.when {
            When::Now => true,
            When::Window { .. } | When::Never => false,
            // A reference is moved at once, unless what takes its place fits only after another
            // change that waits for the window.
            When::Restart { with } => {
                let waits = with.as_ref().is_some_and(|with| {
                    changes.iter().any(|other| {
                        other.path == *with && matches!(other.when, When::Window { .. })
                    })
                });
                !waits || self.fits(leftover)
            }
        }
    }

    /// Whether what is declared under the address of a leftover may take its place at any time.
    fn fits(&self, leftover: &Leftover) -> bool {
        let Some(resource) = self.desired.resources.get(&leftover.address) else {
            return true;
        };
        let kind = self.catalog.kind(&leftover.kind);
        kind.attributes
            .iter()
            .filter(|one| matches!(one.applies, Applies::OnReplace))
            .all(|one| {
                let (new, old) = (
                    resource.attributes.get(one.path),
                    leftover.present.now.get(one.path),
                );
                new == old || new.is_none_or(|new| new == &Value::text(&resource.name))
            })
    }

    /// Resources that are made anew only because their section has another name.
    pub(super) fn renamed(&self, changes: &[PlannedChange]) -> Vec<String> {
        let created = |change: &&ResourceChange| change.verb == Verb::Create;
        let mut notes = Vec::new();
        for change in self.changes.resources.iter().filter(created) {
            let twin = self.live.leftovers.iter().find(|leftover| {
                leftover.kind == change.kind
                    && leftover.address != change.address
                    && changes
                        .iter()
                        .any(|change| is_deletion_of(change, leftover))
                    && self.is_twin(change, &leftover.present)
            });
            if let (Some(twin), Some(name)) = (twin, twin.and_then(|twin| twin.address.name())) {
                notes.push(format!(
                    "{} looks like {} under another name: renamed_from = \"{name}\" in [{}] \
                     keeps it",
                    change.address, twin.address, change.address
                ));
            }
        }
        notes
    }

    /// Whether nothing differs but what follows from the name.
    fn is_twin(&self, change: &ResourceChange, present: &Present) -> bool {
        let (Some(resource), kind) = (&change.desired, self.catalog.kind(&change.kind)) else {
            return false;
        };
        let compared = |path: &str| {
            kind.attribute(path).filter(|one| {
                !one.observed && !matches!(one.applies, Applies::OnCreate | Applies::OnReplace)
            })
        };
        // What refers to another resource is compared with what that one is.
        let attributes = resource
            .attributes
            .resolved(&|reference| find_output(self.live, reference));
        let mut same = true;
        for (path, declared) in attributes.iter() {
            let Some(attribute) = compared(path).filter(|one| !one.is_keyed()) else {
                continue;
            };
            same &= present.now.get(path).is_some_and(|live| {
                compare::equal(
                    self.catalog,
                    attribute,
                    None,
                    declared,
                    live,
                    &attributes,
                    &present.now,
                )
            });
        }
        same
    }
}

fn is_deletion_of(change: &PlannedChange, leftover: &Leftover) -> bool {
    change.verb == Verb::Delete
        && change.address == leftover.address
        && change.name == leftover.present.name
}

/// The attributes of a resource that name another one: by its id, or by its name if it has none.
pub(super) fn users<'a>(present: &'a Present, held: &'a Present) -> impl Iterator<Item = &'a str> {
    let id = held.outputs.get("id").and_then(Value::as_text);
    let names = move |text: &str| text == held.arn || text == id.unwrap_or(&held.name);
    present
        .now
        .iter()
        .filter(move |_| present.arn != held.arn)
        .filter(move |(_, value)| match value {
            Value::Text(text) => *text != present.name && names(text),
            Value::List(list) => list.iter().filter_map(Value::as_text).any(names),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Map(_) | Value::Output(_) => {
                false
            }
        })
        .map(|(path, _)| path)
}
