//! From a plan to an approved one: nothing is applied that nobody agreed to.

use std::collections::BTreeSet;

use pgward_model::{Diagnostic, Effect};

use crate::{Gate, Plan, Verdict};

/// A plan whose every change is allowed. Only [`approve`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovedPlan(Plan);

impl ApprovedPlan {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

/// Agrees to a plan, if nothing in it is blocked or beyond what is allowed.
///
/// # Errors
///
/// The findings that nobody consented to: P5xx as they are, P601 and others for what is blocked,
/// P602 for what goes beyond the policy, P506 for names that others have, P508 if nothing else than
/// what can't be read is left, or all of it is to go.
pub fn approve(plan: Plan) -> Result<ApprovedPlan, Vec<Diagnostic>> {
    let mut refusals: Vec<Diagnostic> = plan
        .findings
        .iter()
        .filter(|finding| finding.is_error() && finding.accepted.is_none())
        .filter(|finding| !finding.code.starts_with("P4"))
        .cloned()
        .collect();
    for change in plan.blocked() {
        if let Gate::Blocked { code, why, instead } = &change.gate {
            let mut refusal = Diagnostic::error(code, format!("{} is blocked: {why}", change.path))
                .at_some(change.origin.as_ref(), "")
                .about(change.path.as_str());
            for line in instead {
                refusal = refusal.fact("instead", line.clone());
            }
            refusals.push(refusal);
        }
    }
    if let Some(refusal) = beyond_policy(&plan) {
        refusals.push(refusal);
    }
    // What is not read blocks what depends on it, and a deletion of everything depends on all.
    let stops = plan.circumstances.destroy || plan.operations.is_empty();
    if refusals.is_empty() && stops && plan.verdict == Verdict::Incomplete {
        let unread: Vec<String> = plan
            .unread
            .iter()
            .map(|unread| format!("{}: {}", unread.address, unread.fault))
            .collect();
        let mut refusal = Diagnostic::error(
            "P508",
            "part of the environment could not be read, so it is not planned",
        );
        for line in unread {
            refusal = refusal.fact("unread", line);
        }
        refusals.push(refusal.fact("next", "mend the access and repeat"));
    }
    if refusals.is_empty() {
        Ok(ApprovedPlan(plan))
    } else {
        Err(refusals)
    }
}

/// P602, if a change has an effect that neither the policy nor `--allow` names.
fn beyond_policy(plan: &Plan) -> Option<Diagnostic> {
    let needs: Vec<(Effect, &str)> = plan
        .changes
        .iter()
        .filter_map(|change| match change.gate {
            Gate::NeedsAllow { allow } => Some((allow, change.path.as_str())),
            Gate::Ready | Gate::Blocked { .. } => None,
        })
        .collect();
    if needs.is_empty() {
        return None;
    }
    let effects: BTreeSet<Effect> = needs.iter().map(|(effect, _)| *effect).collect();
    let words = |effects: &BTreeSet<Effect>| {
        effects
            .iter()
            .map(|effect| effect.word())
            .collect::<Vec<_>>()
    };
    let listed = effects
        .iter()
        .rev()
        .map(|effect| {
            let paths: Vec<&str> = needs
                .iter()
                .filter(|(other, _)| other == effect)
                .map(|(_, path)| *path)
                .collect();
            format!("{effect} ({})", paths.join(", "))
        })
        .collect::<Vec<_>>();
    let name = &plan.environment.name;
    let has = words(&plan.allowed).join(", ");
    let has = match &plan.policy_origins.1 {
        Some(origin) => format!("{has}    {}", origin.short()),
        None => has,
    };
    Some(
        Diagnostic::error(
            "P602",
            format!("this plan goes further than the policy of {name} allows"),
        )
        .fact("needs", listed.join(", "))
        .fact("has", has)
        .fact(
            "next",
            format!(
                "{}\n--yes answers the question; it does not widen the policy",
                command(plan, &effects)
            ),
        ),
    )
}

/// The command that goes on with a plan, with what shaped it and the effects it still needs.
fn command(plan: &Plan, needed: &BTreeSet<Effect>) -> String {
    let of = &plan.circumstances;
    let program = if of.sandbox {
        "pgward sandbox"
    } else {
        "pgward"
    };
    let flags: String = of.flags.iter().map(|flag| format!(" {flag}")).collect();
    let only = if of.only.is_empty() {
        String::new()
    } else {
        format!(" --only {}", of.only.join(","))
    };
    // The strongest first, as the plan says it.
    let all: BTreeSet<Effect> = of.allow.union(needed).copied().collect();
    let allow: Vec<&str> = all.iter().rev().map(|effect| effect.word()).collect();
    format!(
        "{program} apply {}{only}{flags} --yes --allow {}",
        plan.environment.name,
        allow.join(",")
    )
}
