//! From changes to a plan: effects, moments, gates, money, operations and steps.

mod followers;
mod gate;
mod leftovers;
mod money;
mod operations;
mod queue;
mod removals;
mod states;
mod values;
mod waiting;
mod wholes;

pub(crate) use leftovers::stays;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pgward_graph::Graph;
use pgward_model::{Address, Catalog, Desired, Diagnostic, Effect, Form, Path};

use crate::{
    Adoption, Changes, Checked, Circumstances, Gate, Live, Operation, Plan, PlannedChange, Present,
    Timing, TotalCost, Unmanaged, Unread, Verb, Verdict, compare, window,
};

/// How the note begins that says why nothing is priced.
pub const NO_PRICES: &str = "no prices for ";

/// Everything the planner works on.
pub(crate) struct Planner<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) desired: &'a Desired,
    pub(crate) live: &'a Live,
    pub(crate) changes: &'a Changes,
    pub(crate) graph: &'a Graph,
    pub(crate) circumstances: &'a Circumstances,
    pub(crate) findings: &'a [Diagnostic],
    pub(crate) next_window: Option<(Timestamp, Timestamp)>,
    pub(crate) allowed: BTreeSet<Effect>,
}

/// Makes the plan of one environment.
///
/// `findings` are those of the spec (P4xx) and of [`Checked`] (P5xx).
///
/// # Panics
///
/// Never: the spec refused circles before.
#[must_use]
pub fn plan(
    desired: &Desired,
    live: &Live,
    changes: &Changes,
    checked: &Checked,
    findings: &[Diagnostic],
    circumstances: Circumstances,
    catalog: &Catalog,
) -> Plan {
    let graph = Graph::build(desired.resources.values()).expect("the spec refused circles");
    let findings: Vec<Diagnostic> = findings.iter().chain(&checked.findings).cloned().collect();
    let mut allowed = desired.policy.allow.clone();
    allowed.extend(circumstances.allow.iter().copied());
    let planner = Planner {
        catalog,
        desired,
        live,
        changes,
        graph: &graph,
        circumstances: &circumstances,
        findings: &findings,
        next_window: next_window(catalog, desired, live, circumstances.now),
        allowed,
    };
    planner.plan(checked)
}

/// The maintenance window of the environment: that in AWS, else the declared one.
fn next_window(
    catalog: &Catalog,
    desired: &Desired,
    live: &Live,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    desired.resources.values().find_map(|resource| {
        let kind = catalog.kind(&resource.kind);
        let attribute = kind
            .attributes
            .iter()
            .find(|one| one.form == Form::WeeklyWindow)?;
        let live = live
            .present(&resource.address)
            .and_then(|live| live.now.text(attribute.path));
        window::next_window(
            now,
            live.or_else(|| resource.attributes.text(attribute.path))?,
        )
    })
}

impl Planner<'_> {
    fn plan(&self, checked: &Checked) -> Plan {
        let mut changes = Vec::new();
        for change in &self.changes.resources {
            match change.verb {
                Verb::Update => self.values(change, &mut changes),
                Verb::Create | Verb::Replace | Verb::Delete | Verb::Adopt => {
                    self.whole(change, checked, &mut changes);
                }
                // Planned later, from what the other changes leave behind.
                Verb::Restart | Verb::Await => {}
            }
        }
        self.drop_followers(&mut changes);
        let mut held = self.hold_leaders(&mut changes);
        self.restrict(&mut changes);
        held.extend(self.hold_followers(&mut changes));
        self.use_restarts(&mut changes);
        self.plan_restarts(&mut changes);
        self.gates(&mut changes);
        self.hold_upgrades(&mut changes);
        self.hold_removals(&mut changes);
        let kept = self.keep_used(&mut changes);
        let mut operations = self.operations(&mut changes);
        held.extend(self.hold_back(&changes, &mut operations));
        let steps = self.steps(&operations);
        self.order(&mut changes);
        let mut waiting = self.waiting();
        waiting.extend(held);
        let mut plan = Plan {
            id: String::new(),
            circumstances: self.circumstances.clone(),
            environment: self.desired.environment.clone(),
            files: self.desired.files.clone(),
            inputs: self.desired.inputs.clone(),
            verdict: Verdict::NoChanges,
            compared: self.changes.compared.len()
                + self
                    .changes
                    .resources
                    .iter()
                    .filter(|one| one.verb == Verb::Create)
                    .count(),
            unchanged: self.unchanged(),
            is_new: self.is_new(),
            cost: self.total(&changes),
            changes,
            steps,
            waiting,
            unmanaged: self.unmanaged(),
            unread: self.unread(),
            not_checked: self
                .live
                .not_checked
                .iter()
                .chain(&checked.not_checked)
                .cloned()
                .collect(),
            findings: self.findings.to_vec(),
            notes: self.notes(),
            next_window: self.next_window,
            adoption: self.circumstances.adopt.then(|| self.adopted()),
            policy_origins: (
                self.desired.policy.disruptive_origin.clone(),
                self.desired.policy.allow_origin.clone(),
            ),
            allowed: self.allowed.clone(),
            subnet_words: self.subnet_words(),
            operations,
            names: self.names(),
            outputs: self.outputs(),
        };
        self.say(&mut plan, kept);
        plan.verdict = verdict(&plan);
        plan.id = identity(&plan);
        plan
    }

    fn unread(&self) -> Vec<Unread> {
        let unread = self.changes.unread.iter();
        unread
            .map(|(address, fault)| Unread {
                address: address.clone(),
                fault: (**fault).clone(),
            })
            .collect()
    }

    /// Why nothing at all is priced.
    fn without_prices(&self, cost: &TotalCost) -> Option<String> {
        let region = self.desired.environment.region.as_str();
        let known = self.catalog.facts.priced_regions();
        let lacks = !cost.unpriced.is_empty() && !known.is_empty() && !known.contains(&region);
        lacks.then(|| {
            let known = known.join(", ");
            format!("{NO_PRICES}{region}: this version knows those of {known}")
        })
    }

    fn adopted(&self) -> Adoption {
        let resources = self.changes.resources.iter();
        Adoption {
            compared: self.changes.values,
            differing: resources.map(|change| change.attributes.len()).sum(),
        }
    }

    /// Adds the findings and notes that the plan itself gives rise to.
    fn say(&self, plan: &mut Plan, kept: Vec<String>) {
        plan.findings.extend(self.names_taken());
        plan.findings.extend(self.states(&plan.operations));
        plan.notes.extend(kept);
        plan.notes.extend(awaited(&plan.operations));
        plan.notes.extend(self.renamed(&plan.changes));
        plan.notes.extend(self.without_prices(&plan.cost));
    }

    /// Blocked first, then the strongest effect; then by step, kind and place in the files.
    fn order(&self, changes: &mut [PlannedChange]) {
        changes.sort_by_cached_key(|change| {
            let kind = self
                .catalog
                .kinds
                .iter()
                .position(|kind| kind.name == change.kind);
            (
                !change.is_blocked(),
                std::cmp::Reverse(change.effect),
                change.step,
                change.is_whole().then_some(kind),
                change
                    .origin
                    .clone()
                    .filter(|_| change.verb == Verb::Create),
                change.path.clone(),
            )
        });
    }

    /// Whether changes with downtime start at apply.
    pub(crate) fn starts_now(&self) -> bool {
        self.circumstances.timing == Timing::Now
    }

    fn unchanged(&self) -> usize {
        let changed: BTreeSet<_> = self
            .changes
            .resources
            .iter()
            .filter(|one| one.verb != Verb::Create)
            .map(|one| &one.address)
            .collect();
        self.changes
            .compared
            .iter()
            .filter(|address| !changed.contains(address))
            .count()
    }

    fn is_new(&self) -> bool {
        self.changes.compared.is_empty()
            && self.changes.unread.is_empty()
            && self.live.leftovers.is_empty()
            && self.changes.unmanaged.is_empty()
    }

    fn unmanaged(&self) -> Vec<Unmanaged> {
        self.changes
            .unmanaged
            .iter()
            .map(|(address, present)| Unmanaged {
                address: address.clone(),
                name: present.name.clone(),
                owner: self.other_owner(present),
            })
            .collect()
    }

    /// The environment whose tags a resource carries, if it is another one.
    fn other_owner(&self, present: &Present) -> Option<String> {
        let of = &self.desired.environment;
        let owner = present.owner.as_ref()?;
        owner
            .is_another(&of.project, &of.name)
            .then(|| owner.title())
    }

    /// P506 for every name that somebody else has.
    fn names_taken(&self) -> Vec<Diagnostic> {
        self.unmanaged()
            .into_iter()
            .map(|taken| {
                let noun = self
                    .desired
                    .resources
                    .get(&taken.address)
                    .map_or("resource", |resource| {
                        self.catalog.kind(&resource.kind).noun
                    });
                let origin = self
                    .desired
                    .resources
                    .get(&taken.address)
                    .and_then(|r| r.origin.as_ref());
                let name = &self.desired.environment.name;
                let (message, next) = match &taken.owner {
                    Some(owner) => (
                        format!("the {noun} {} belongs to {owner}", taken.name),
                        "give it another name here, or remove it from that environment".to_owned(),
                    ),
                    None => (
                        format!("the {noun} {} exists and is not managed here", taken.name),
                        format!("pgward import {name} --adopt, or give it another name"),
                    ),
                };
                Diagnostic::error("P506", message)
                    .at_some(origin, "")
                    .about(taken.address.as_str())
                    .fact("next", next)
            })
            .collect()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for (address, observation) in &self.live.resources {
            if let Some(present) = observation.as_present() {
                notes.extend(
                    present
                        .remarks
                        .iter()
                        .map(|remark| format!("{address}: {remark}")),
                );
                notes.extend(self.strange_followers(address, present));
                notes.extend(self.moved_on(address, present));
            }
        }
        let foreign = &self.desired.foreign;
        for leftover in &self.live.leftovers {
            let present = &leftover.present;
            if foreign.names(&present.name) || foreign.names(&present.arn) {
                let noun = self.catalog.kind(&leftover.kind).noun;
                notes.push(format!(
                    "{}: the {noun} {} stays, since the spec refers to it as one that is managed \
                     elsewhere",
                    leftover.address, present.name
                ));
            }
        }
        notes
    }

    /// What copies a resource and belongs to nobody here.
    fn strange_followers(&self, address: &Address, present: &Present) -> Option<String> {
        let declared = |name: &&String| {
            let mut names = self.desired.resources.values().map(|one| &one.name);
            let mut left = self.live.leftovers.iter().map(|one| &one.present.name);
            names.any(|known| known == *name) || left.any(|known| known == *name)
        };
        let strange: Vec<&str> = present
            .followers
            .iter()
            .filter(|name| !declared(name))
            .map(String::as_str)
            .collect();
        if strange.is_empty() {
            return None;
        }
        let names = strange.join(", ");
        let fate = if self.circumstances.destroy {
            "; it becomes an instance of its own, with all the data, and goes on"
        } else {
            ""
        };
        Some(format!(
            "{address}: copied by {names}, which is not managed here{fate}"
        ))
    }

    /// A sentence for each value that AWS moved on by itself, and that can't go back to what is
    /// declared: it counts as specified, and is not.
    fn moved_on(&self, address: &Address, present: &Present) -> Vec<String> {
        let Some(resource) = self.desired.resources.get(address) else {
            return Vec::new();
        };
        let sentence = |attribute: &&pgward_model::Attribute| {
            let (live, declared) = (
                present.now.get(attribute.path)?,
                resource.attributes.get(attribute.path)?,
            );
            let attributes = &resource.attributes;
            let moved = compare::goes_backward(attribute, Some(live), Some(declared))
                && compare::equal(
                    self.catalog,
                    attribute,
                    None,
                    declared,
                    live,
                    attributes,
                    &present.now,
                );
            moved.then(|| {
                format!(
                    "{}: {} in AWS, {} in the spec; AWS moved it on by itself, and it can't go back",
                    resource.path_of(attribute.path, None),
                    attribute.print(None, live),
                    attribute.print(None, declared),
                )
            })
        };
        let attributes = self.catalog.kind(&resource.kind).attributes.iter();
        attributes.filter_map(sentence).collect()
    }

    fn subnet_words(&self) -> BTreeMap<String, String> {
        self.live
            .subnets
            .values()
            .map(|subnet| {
                let access = match subnet.public {
                    Some(true) => ", PUBLIC",
                    Some(false) => ", private",
                    None => "",
                };
                (subnet.id.clone(), format!("{}{access}", subnet.zone))
            })
            .collect()
    }

    fn names(&self) -> BTreeMap<Address, String> {
        self.desired
            .resources
            .iter()
            .map(|(address, resource)| (address.clone(), resource.name.clone()))
            .collect()
    }

    fn outputs(&self) -> BTreeMap<Address, BTreeMap<String, pgward_model::Value>> {
        let mut outputs: BTreeMap<_, _> = self
            .live
            .resources
            .iter()
            .filter_map(|(address, observation)| {
                observation
                    .as_present()
                    .map(|present| (address.clone(), present.outputs.clone()))
            })
            .collect();
        if !self.live.subnets.is_empty() {
            let ids = pgward_model::Value::texts(self.live.subnets.keys().cloned());
            outputs.insert(
                Address::new("subnets"),
                BTreeMap::from([("ids".to_owned(), ids)]),
            );
        }
        outputs
    }

    fn total(&self, changes: &[PlannedChange]) -> TotalCost {
        let mut total = TotalCost {
            as_of: self.catalog.facts.prices_as_of().to_owned(),
            ..TotalCost::default()
        };
        if self.circumstances.adopt {
            return TotalCost::default();
        }
        for change in changes {
            match &change.cost {
                Some(cost) => total.monthly_delta += cost.monthly_delta,
                // Nobody asks for the price of what is never done.
                None if change.when == crate::When::Never => {}
                None => total.unpriced.push(change.path.clone()),
            }
            if change.verb == Verb::Create {
                total.unpriced.extend(self.unpriced_parts(change));
            }
        }
        total
    }

    fn unpriced_parts(&self, change: &PlannedChange) -> Vec<Path> {
        let sections: BTreeSet<&str> = self
            .catalog
            .kind(&change.kind)
            .not_priced
            .iter()
            .filter(|path| !path.starts_with("*.") && path.ends_with("size"))
            .filter_map(|path| path.split_once('.').map(|(section, _)| section))
            .collect();
        sections.into_iter().map(Path::new).collect()
    }
}

/// A sentence for everything that AWS is still creating and nothing else is planned for.
fn awaited(operations: &[Operation]) -> Vec<String> {
    operations
        .iter()
        .filter(|one| one.verb == Verb::Await)
        .map(|one| {
            let address = &one.address;
            format!("{address}: AWS is still creating it; apply waits for it")
        })
        .collect()
}

fn verdict(plan: &Plan) -> Verdict {
    let refused = plan.findings.iter().any(|finding| {
        finding.is_error() && finding.accepted.is_none() && !finding.code.starts_with("P4")
    });
    if plan.changes.iter().any(PlannedChange::is_blocked) || refused {
        Verdict::Blocked
    } else if !plan.unread.is_empty() {
        Verdict::Incomplete
    } else if plan.changes.is_empty() {
        Verdict::NoChanges
    } else if plan
        .changes
        .iter()
        .any(|change| matches!(change.gate, Gate::NeedsAllow { .. }))
    {
        Verdict::NeedsAllow
    } else {
        Verdict::Ready
    }
}

/// Twelve hex digits over environment, files and changes: the same plan has the same id.
fn identity(plan: &Plan) -> String {
    let text = serde_json::to_string(&(
        &plan.environment,
        &plan.files,
        &plan.changes,
        &plan.circumstances.timing,
    ))
    .expect("plans are plain data");
    // FNV-1a: an id to tell plans apart, not a digest to trust.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:012x}", hash & 0xffff_ffff_ffff)
}
