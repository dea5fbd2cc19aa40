//! From a planned change to its part of the document: values, words and redaction.

use pgward_engine::{Gate, Plan, PlannedChange, Verb};
use pgward_model::{Effect, Value};

use super::{Change, ChangeCost, Detail, GatePart, GateState, IfNow, Remark, ResourceName, Source};
use crate::wording::{self, Sigil};

/// The part of the document for one change.
pub(crate) fn change(plan: &Plan, planned: &PlannedChange) -> Change {
    let sensitive = is_sensitive(planned);
    let blocked = planned.is_blocked();
    let shown = |text: &Option<String>| text.clone().filter(|_| !sensitive);
    Change {
        path: planned.path.clone(),
        address: planned.address.to_string(),
        whole: planned.attribute.is_none(),
        action: planned.verb,
        sigil: if blocked {
            Sigil::Blocked
        } else {
            Sigil::of(planned.verb, planned.effect)
        },
        resource: ResourceName {
            type_name: planned.resource_type.clone(),
            id: planned.name.clone(),
            noun: planned.noun.clone(),
        },
        before: json(
            planned.before.as_ref(),
            planned.before_text.as_deref(),
            sensitive,
        ),
        after: json(
            planned.after.as_ref(),
            planned.after_text.as_deref(),
            sensitive,
        ),
        before_text: shown(&planned.before_text),
        after_text: shown(&planned.after_text),
        sensitive,
        effect: planned.effect,
        effect_text: wording::effect(
            planned.verb,
            planned.effect,
            &planned.flags,
            planned.interruption,
        ),
        flags: planned.flags.clone(),
        interruption_seconds: planned.interruption,
        when: planned.when.clone(),
        if_now: planned.also_releases.as_ref().map(|released| IfNow {
            kind: "now".to_owned(),
            also_releases: released.clone(),
        }),
        reason: planned.reason.clone(),
        replaced_because: planned.replaced_because.clone(),
        source: planned.origin.as_ref().map(Source::from),
        follows: planned.follows.clone(),
        cost: planned.cost.as_ref().map(|cost| ChangeCost {
            monthly_delta: wording::decimal(cost.monthly_delta),
            basis: cost.basis.clone(),
        }),
        gate: gate(planned),
        step: planned.step,
        after_steps: planned.after_steps.clone(),
        headline: planned.headline.clone(),
        details: details(plan, planned),
        remarks: remarks(plan, planned),
    }
}

/// Whether the values are those of a secret. Names and tags of a secret are not; the plan never
/// holds more, and this keeps it so in every form.
fn is_sensitive(planned: &PlannedChange) -> bool {
    planned.resource_type.starts_with("secretsmanager.")
        && !planned.path.as_str().starts_with("tags.")
        && !planned.path.as_str().ends_with(".name")
}

/// A value in the units of the language: numbers and truth values stay what they are if their
/// text says the same, quantities and everything else become their text.
fn json(value: Option<&Value>, text: Option<&str>, sensitive: bool) -> Option<serde_json::Value> {
    if sensitive {
        return None;
    }
    let plain = match value {
        Some(Value::Bool(truth)) => Some((truth.to_string(), serde_json::Value::from(*truth))),
        Some(Value::Int(number)) => Some((number.to_string(), serde_json::Value::from(*number))),
        Some(Value::Float(number)) => Some((number.to_string(), serde_json::Value::from(*number))),
        Some(Value::List(list)) if list.iter().all(|item| item.as_text().is_some()) => {
            return Some(list.iter().filter_map(Value::as_text).collect());
        }
        _ => None,
    };
    match (plain, text) {
        (Some((plain, value)), Some(text)) if plain == text => Some(value),
        (Some((_, value)), None) => Some(value),
        (_, Some(text)) => Some(serde_json::Value::from(text)),
        (None, None) => value.and_then(Value::as_text).map(serde_json::Value::from),
    }
}

fn gate(planned: &PlannedChange) -> GatePart {
    let open = |state, allow: Option<Effect>, code: Option<&str>| GatePart {
        state,
        allow,
        code: code.map(str::to_owned),
        why: None,
        instead: Vec::new(),
    };
    match &planned.gate {
        Gate::Ready => open(GateState::Ready, None, None),
        Gate::NeedsAllow { allow } => open(GateState::NeedsAllow, Some(*allow), Some("P602")),
        Gate::Blocked { code, why, instead } => GatePart {
            why: Some(why.clone()),
            instead: instead.clone(),
            ..open(GateState::Blocked, None, Some(code))
        },
    }
}

/// The lines about a creation, with the zone behind every subnet and the place of every line.
fn details(plan: &Plan, planned: &PlannedChange) -> Vec<Detail> {
    let resource = plan
        .operations
        .iter()
        .filter(|operation| operation.address == planned.address)
        .find_map(|operation| operation.resource.as_ref());
    planned
        .details
        .iter()
        .map(|described| Detail {
            label: described.label.clone(),
            text: described
                .text
                .split('\n')
                .map(|row| match plan.subnet_words.get(row) {
                    Some(words) => format!("{row} ({words})"),
                    None => row.to_owned(),
                })
                .collect::<Vec<_>>()
                .join("\n"),
            source: described
                .source
                .as_ref()
                .and_then(|path| resource.and_then(|resource| resource.origins.get(path)))
                .map(Source::from),
        })
        .collect()
}

/// The further lines of a change; a deletion also says what it leaves.
fn remarks(plan: &Plan, planned: &PlannedChange) -> Vec<Remark> {
    let remark = |label: &str, text: &str| Remark {
        label: label.to_owned(),
        text: text.to_owned(),
    };
    let mut remarks: Vec<Remark> = planned
        .remarks
        .iter()
        .map(|(label, text)| remark(label, text))
        .collect();
    if planned.verb != Verb::Delete || remarks.iter().any(|remark| remark.label == "kept") {
        return remarks;
    }
    let snapshot = plan
        .operations
        .iter()
        .find(|operation| operation.address == planned.address && operation.verb == Verb::Delete)
        .and_then(|operation| operation.final_snapshot.as_ref());
    if let Some(name) = snapshot {
        let text = format!("final snapshot {name}, billed until deleted");
        remarks.insert(0, remark("kept", &text));
    }
    remarks
}
