//! What was accepted earlier and is not in effect yet.

use pgward_model::{Address, Case, Effect, Path};

use crate::{Present, Readiness, Waiting, WaitingValue, When};

use super::Planner;

impl Planner<'_> {
    /// Everything that waits, by address and path.
    pub(super) fn waiting(&self) -> Vec<Waiting> {
        if self.circumstances.destroy {
            return Vec::new();
        }
        let values = self.changes.waiting.iter();
        let mut waiting: Vec<Waiting> = values.map(|value| self.waiting_value(value)).collect();
        for address in &self.changes.compared {
            let live = self.live.present(address);
            let others = live.into_iter().flat_map(|live| &live.waiting_too);
            waiting.extend(others.map(|(name, value)| Waiting {
                address: address.clone(),
                path: Path::new(format!("{address}.{name}")),
                before_text: None,
                after_text: Some(value.clone()),
                until: self.until(address),
                effect: Effect::Downtime,
                interruption: None,
                declared: false,
                overdue: false,
                note: "not managed here, so there is nothing to change".to_owned(),
            }));
        }
        waiting
    }

    fn waiting_value(&self, value: &WaitingValue) -> Waiting {
        let kind = self.catalog.kind(&value.kind);
        let attribute = value
            .attribute
            .as_deref()
            .and_then(|path| kind.attribute(path));
        let Some(attribute) = attribute else {
            return Waiting {
                address: value.address.clone(),
                path: value.path.clone(),
                before_text: None,
                after_text: None,
                until: When::Restart {
                    with: self.restart_of(value).map(Path::new),
                },
                effect: Effect::Reboot,
                interruption: None,
                declared: true,
                overdue: false,
                note: "stored parameters take effect with the next restart, such as that of apply --now \
                       --allow reboot".to_owned(),
            };
        };
        let live = self.live.present(&value.address);
        let now = live.map(|live| live.now.clone()).unwrap_or_default();
        let case = Case {
            key: None,
            before: value.before.as_ref(),
            after: value.after.as_ref(),
            live: &now,
            desired: &now,
        };
        let print = |value: &pgward_model::Value| attribute.print(None, value);
        let effect = attribute.effect_in(&case);
        Waiting {
            address: value.address.clone(),
            path: value.path.clone(),
            before_text: value.before.as_ref().map(print),
            after_text: value.after.as_ref().map(print),
            until: self.until(&value.address),
            effect,
            interruption: attribute
                .interruption
                .filter(|_| effect == Effect::Downtime),
            declared: value.declared,
            overdue: false,
            note: self.note_on(value),
        }
    }

    /// What AWS works on already does not wait for the window.
    fn until(&self, address: &Address) -> When {
        let busy = self
            .live
            .present(address)
            .is_some_and(|live| live.readiness == Readiness::Busy);
        if busy {
            When::Now
        } else {
            When::Window {
                at: self.next_window.map(|(start, _)| start),
            }
        }
    }

    /// A change with downtime that waits on the same resource restarts it.
    fn restart_of(&self, value: &WaitingValue) -> Option<String> {
        let kind = self.catalog.kind(&value.kind);
        let live: &Present = self.live.present(&value.address)?;
        live.waiting.iter().find_map(|(path, _)| {
            let attribute = kind.attribute(path)?;
            (attribute.effect == Effect::Downtime && !attribute.may_spare)
                .then(|| attribute.path.to_owned())
        })
    }

    fn note_on(&self, value: &WaitingValue) -> String {
        if value.declared {
            return String::new();
        }
        let resource = self.desired.resources.get(&value.address);
        let declared = value
            .attribute
            .as_deref()
            .and_then(|path| resource.and_then(|r| r.attributes.get(path).map(|v| (path, r, v))));
        match declared {
            Some((path, resource, declared)) => {
                let kind = self.catalog.kind(&value.kind);
                let shown = kind
                    .attribute(path)
                    .map(|a| a.print(None, declared))
                    .unwrap_or_default();
                let key = path.rsplit('.').next().unwrap_or(path);
                let place = resource
                    .origin_of(path, None)
                    .map(|origin| format!(" ({})", origin.short()))
                    .unwrap_or_default();
                format!("fits {key} = \"{shown}\"{place}, so there is nothing to change here")
            }
            None => "not managed here, so there is nothing to change".to_owned(),
        }
    }
}
