//! From a plan to its document: order, counts and verdict.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use pgward_engine::{Plan, Unmanaged, Unread, Verb, Waiting};
use pgward_model::{Address, Effect, Path};

use super::change::change;
use super::next::next;
use super::{
    Actions, CostSummary, Document, EnvironmentPart, Finding, GateState, GitPart, InputPart,
    LivePart, NodePart, Prices, Resources, Source, SpecPart, StepPart, Summary, UnmanagedPart,
    UnreadPart, WaitingPart, Window,
};
use crate::wording;

/// What binds a document to its spec and to AWS; the store and the edge know it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bindings {
    /// `sha256:` and the hash of the resolved spec; empty if it is not computed.
    pub spec_hash: String,
    /// `sha256:` and the hash of the values read; empty if it is not computed.
    pub fingerprint: String,
    /// The calls in order, for a saved plan.
    pub operations: Vec<serde_json::Value>,
    /// Every resource of the environment with what it needs.
    pub nodes: Vec<NodePart>,
}

/// The document of a plan.
#[must_use]
pub fn document(plan: &Plan, bindings: &Bindings) -> Document {
    let circumstances = &plan.circumstances;
    let now = wording::whole_second(circumstances.now);
    let mut changes: Vec<_> = plan
        .changes
        .iter()
        .map(|planned| change(plan, planned))
        .collect();
    changes.sort_by_key(|change| {
        (
            change.gate.state != GateState::Blocked,
            Reverse(change.effect),
        )
    });
    let mut document = Document {
        format: Document::FORMAT.to_owned(),
        format_version: Document::VERSION.to_owned(),
        tool_version: circumstances.tool_version.clone(),
        plan_id: plan.id.clone(),
        created_at: now,
        destroy: circumstances.destroy,
        is_new: plan.is_new,
        environment: EnvironmentPart::new(
            &plan.environment,
            circumstances.sandbox,
            circumstances.endpoint.clone(),
        ),
        spec: spec(plan, bindings),
        live: live(plan, bindings),
        verdict: plan.verdict,
        summary: summary(plan),
        adoption: plan.adoption,
        next_window: plan.next_window.map(|(start, end)| Window { start, end }),
        changes,
        steps: plan
            .steps
            .iter()
            .map(|step| StepPart {
                number: step.number,
                addresses: step.addresses.iter().map(ToString::to_string).collect(),
                minutes: step.minutes,
            })
            .collect(),
        nodes: bindings.nodes.clone(),
        waiting: plan.waiting.iter().map(waiting).collect(),
        unmanaged: plan.unmanaged.iter().map(unmanaged).collect(),
        not_checked: plan.not_checked.clone(),
        drift: Vec::new(),
        findings: plan.findings.iter().map(Finding::from).collect(),
        notes: plan.notes.clone(),
        next: Vec::new(),
        timing: circumstances.timing,
        allowed: plan.allowed.iter().copied().collect(),
        flags: circumstances.flags.clone(),
        given_allow: circumstances.allow.iter().copied().collect(),
        only: circumstances.only.clone(),
        policy_disruptive: plan.policy_origins.0.as_ref().map(Source::from),
        policy_allow: plan.policy_origins.1.as_ref().map(Source::from),
        operations: bindings.operations.clone(),
    };
    document.next = next(&document);
    document
}

fn spec(plan: &Plan, bindings: &Bindings) -> SpecPart {
    SpecPart {
        hash: bindings.spec_hash.clone(),
        files: plan.files.clone(),
        git: plan.circumstances.commit.as_ref().map(|commit| GitPart {
            commit: commit.hash.clone(),
            dirty: commit.dirty,
        }),
        inputs: plan
            .inputs
            .iter()
            .map(|input| InputPart {
                path: input.path.clone(),
                source: input.source.clone(),
                value: input.value.clone(),
            })
            .collect(),
    }
}

fn live(plan: &Plan, bindings: &Bindings) -> LivePart {
    let unread = |unread: &Unread| UnreadPart {
        address: unread.address.to_string(),
        reason: unread.fault.to_string(),
    };
    LivePart {
        read_at: wording::whole_second(plan.circumstances.now),
        fingerprint: bindings.fingerprint.clone(),
        complete: plan.unread.is_empty(),
        unread: plan.unread.iter().map(unread).collect(),
    }
}

fn summary(plan: &Plan) -> Summary {
    let changed: BTreeSet<&Address> = plan.changes.iter().map(|change| &change.address).collect();
    let mut actions = Actions::default();
    for change in &plan.changes {
        *match change.verb {
            Verb::Create => &mut actions.create,
            Verb::Update | Verb::Await => &mut actions.update,
            Verb::Replace => &mut actions.replace,
            Verb::Delete => &mut actions.delete,
            Verb::Restart => &mut actions.restart,
            Verb::Adopt => &mut actions.adopt,
        } += 1;
    }
    let needs: Vec<Effect> = plan.needs_allow().into_iter().rev().collect();
    // No date of prices means that prices are off: an amount of zero would be a false statement.
    let cost = (!plan.cost.as_of.is_empty()).then(|| CostSummary {
        currency: "USD".to_owned(),
        monthly_delta: wording::decimal(plan.cost.monthly_delta),
        unpriced: plan.cost.unpriced.clone(),
        prices: Prices {
            source: "bundled".to_owned(),
            as_of: plan.cost.as_of.clone(),
        },
    });
    Summary {
        resources: Resources {
            compared: plan.compared,
            changed: changed.len(),
            unchanged: plan.unchanged,
            unread: plan.unread.len(),
        },
        changes: plan.changes.len(),
        actions,
        worst_effect: wording::effect_key(plan.changes.iter().map(|change| change.effect).max()),
        needs_allow: needs,
        blocked: plan.blocked().map(|change| change.path.clone()).collect(),
        cost,
    }
}

fn waiting(waiting: &Waiting) -> WaitingPart {
    WaitingPart {
        address: waiting.address.to_string(),
        attribute: attribute(&waiting.address, &waiting.path),
        path: waiting.path.clone(),
        before: waiting.before_text.clone(),
        after: waiting.after_text.clone(),
        until: waiting.until.clone(),
        effect: waiting.effect,
        effect_text: wording::effect(
            Verb::Update,
            waiting.effect,
            &BTreeSet::new(),
            waiting.interruption,
        ),
        interruption_seconds: waiting.interruption,
        requested_by_us: waiting.declared,
        overdue: waiting.overdue,
        note: waiting.note.clone(),
    }
}

/// The path without its resource's address: `class` of `instance.class`.
pub(crate) fn attribute(address: &Address, path: &Path) -> String {
    path.as_str()
        .strip_prefix(address.as_str())
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(path.as_str())
        .to_owned()
}

fn unmanaged(unmanaged: &Unmanaged) -> UnmanagedPart {
    UnmanagedPart {
        address: unmanaged.address.to_string(),
        name: unmanaged.name.clone(),
        owner: unmanaged.owner.clone(),
        code: "P506".to_owned(),
    }
}
