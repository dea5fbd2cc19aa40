//! A change in its circumstances: effect, moment, flags and reason, from the tables alone.

use std::collections::BTreeSet;

use pgward_model::{Applies, Attribute, Case, Effect, Flag, Kind, Object};

use crate::{AttributeChange, compare};

/// What the tables say about one change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    /// What it does.
    pub(crate) effect: Effect,
    /// What else is to be known.
    pub(crate) flags: BTreeSet<Flag>,
    /// When it takes effect.
    pub(crate) moment: Moment,
    /// Why.
    pub(crate) reason: String,
    /// Shortest and longest interruption, in seconds.
    pub(crate) interruption: Option<(u32, u32)>,
    /// Whether it goes against the only way its value can move.
    pub(crate) backward: bool,
}

/// When a change could take effect, before policy and queue are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At once, whatever the window.
    Now,
    /// At once if the immediate flag is set, else in the window.
    WindowOrNow,
    /// After a restart.
    Restart,
    /// Only by a new resource.
    Replacement,
}

/// Asks the tables.
pub(crate) fn judge(
    kind: &Kind,
    attribute: &Attribute,
    change: &AttributeChange,
    live: &Object,
    desired: &Object,
) -> Judgement {
    let case = Case {
        key: change.key.as_deref(),
        before: change.before.as_ref(),
        after: change.after.as_ref(),
        live,
        desired,
    };
    let mut effect = attribute.effect_in(&case);
    let moment = match attribute.applies_in(&case) {
        Applies::Now => Moment::Now,
        Applies::Window => Moment::WindowOrNow,
        Applies::AfterReboot => {
            effect = effect.max(Effect::Reboot);
            Moment::Restart
        }
        Applies::OnReplace => {
            effect = effect.max(if kind.stateful {
                Effect::DataLoss
            } else {
                Effect::Replace
            });
            Moment::Replacement
        }
        // `diff` leaves out what is never compared, and a table never answers with a question.
        Applies::OnCreate | Applies::PerKey(_) => Moment::Now,
    };
    let mut flags = BTreeSet::new();
    if attribute.one_way.is_some() {
        flags.insert(Flag::OneWay);
    }
    if attribute.cooldown_hours > 0 {
        flags.insert(Flag::Cooldown);
    }
    if attribute.exposes.is_some_and(|ask| ask(&case)) {
        flags.insert(Flag::Exposure);
    }
    if effect == Effect::DataLoss {
        flags.insert(Flag::Stateful);
    }
    let interrupts = effect == Effect::Downtime;
    let reason = attribute
        .reason_by
        .map_or_else(|| attribute.reason.to_owned(), |ask| ask(&case));
    let reason = match attribute.exposure {
        exposure if flags.contains(&Flag::Exposure) && !exposure.is_empty() => {
            format!("{exposure}. {}", capitalized(&reason))
        }
        _ => reason,
    };
    let reason = match attribute.cooldown_hours {
        0 => reason,
        hours => format!("{reason} AWS refuses another such change for {hours} h after it."),
    };
    Judgement {
        effect,
        flags,
        moment,
        reason,
        interruption: attribute.interruption.filter(|_| interrupts),
        backward: compare::goes_backward(attribute, change.before.as_ref(), change.after.as_ref()),
    }
}

/// A phrase as the beginning of a sentence.
fn capitalized(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
