//! The changes of a plan as rows that open.

use pgward_engine::{Verb, When};

use super::{card, place, safe, safe_lines, tone};
use crate::document::{Change, Document, GateState, Group, groups};
use crate::places::Places;
use crate::text::detail;
use crate::wording;

/// Rows that are seen at once; the rest is folded.
const MOST: usize = 60;

/// The card of all changes; what is blocked is open.
pub(crate) fn changes(document: &Document, places: &Places) -> String {
    if document.changes.is_empty() {
        return String::new();
    }
    let rows: Vec<String> = groups(&document.changes)
        .iter()
        .map(|group| row(document, group, places))
        .collect();
    // The worst come first, so what is folded is the least.
    let (first, rest) = rows.split_at(rows.len().min(MOST));
    let mut body = first.concat();
    if !rest.is_empty() {
        body = format!(
            "{body}<details class=\"change\"><summary><span class=\"what\">{} more</span></summary>\n\
             {}</details>\n",
            rest.len(),
            rest.concat()
        );
    }
    let rows = body;
    card(&wording::count(document.changes.len(), "change"), &rows)
}

fn row(document: &Document, group: &Group<'_>, places: &Places) -> String {
    let change = group.change;
    let open = if change.gate.state == GateState::Blocked {
        " open"
    } else {
        ""
    };
    let money = match &change.cost {
        _ if document.summary.cost.is_none() => String::new(),
        Some(cost) if wording::is_zero(&cost.monthly_delta) => String::new(),
        Some(cost) => safe(&wording::difference(&cost.monthly_delta)),
        None if change.gate.state == GateState::Blocked => String::new(),
        None => "<span class=\"soft small\">not priced</span>".to_owned(),
    };
    let allow = match (change.gate.state, change.gate.allow) {
        (GateState::NeedsAllow, Some(_)) => " <span class=\"tag notice\">to approve</span>",
        _ => "",
    };
    format!(
        "<details class=\"change\"{open}><summary><span class=\"what\"><b class=\"mono\">{}</b>\
         {}{allow}</span><span><span class=\"tag {}\">{}</span></span><span class=\"soft small\">{}</span>\
         <span class=\"money\">{money}</span></summary><dl class=\"body\">{}</dl></details>\n",
        safe(change.path.as_str()),
        values(change) + &group.suffix(),
        tone(change),
        safe(&change.effect_text.to_lowercase()),
        safe(&when(document, change)),
        body(document, group, places),
    )
}

fn when(document: &Document, change: &Change) -> String {
    match (change.gate.state, &change.gate.code) {
        (GateState::Blocked, Some(code)) => format!("blocked, {code}"),
        (GateState::Blocked, None) => "blocked".to_owned(),
        (GateState::Ready | GateState::NeedsAllow, _) if change.when == When::Now => {
            detail::at_apply(change)
        }
        (GateState::Ready | GateState::NeedsAllow, _) => {
            wording::moment(&change.when, document.created_at)
        }
    }
}

fn values(change: &Change) -> String {
    if change.is_whole() {
        let word = match change.action {
            Verb::Create => "create",
            Verb::Delete => "delete",
            Verb::Replace => "replace",
            Verb::Restart => "restart",
            Verb::Update | Verb::Await => "change",
            Verb::Adopt => "adopt",
        };
        return format!(
            "<span class=\"soft\">{word}</span> {}",
            safe(&change.headline)
        );
    }
    match (&change.before_text, &change.after_text) {
        _ if change.sensitive => "<span class=\"soft\">(sensitive)</span>".to_owned(),
        (Some(before), Some(after)) => format!(
            "<span class=\"old\">{}</span> → <span class=\"new\">{}</span>",
            safe(before),
            safe(after)
        ),
        (None, Some(after)) => format!("+ <span class=\"new\">{}</span>", safe(after)),
        (Some(before), None) => format!("<span class=\"old\"><s>{}</s></span>", safe(before)),
        (None, None) => safe(&change.headline),
    }
}

/// The resource of a change, or those of several that say the same.
fn resources(group: &Group<'_>) -> (&'static str, String) {
    if group.size() > 1 {
        return ("resources", safe(&group.names(40)));
    }
    let resource = &group.change.resource;
    let noun = safe(&resource.noun);
    (
        "resource",
        format!("{noun} <code>{}</code>", safe(&resource.id)),
    )
}

fn body(document: &Document, group: &Group<'_>, places: &Places) -> String {
    let change = group.change;
    let mut out = String::new();
    let mut pair = |label: &str, text: String| {
        if !text.is_empty() {
            out = format!("{out}<dt>{label}</dt><dd>{text}</dd>");
        }
    };
    let (label, resources) = resources(group);
    pair(label, resources);
    for line in &change.details {
        pair(&safe(&line.label), safe_lines(&line.text));
    }
    pair(
        "effect",
        safe(&wording::with_reason(&change.effect_text, &change.reason)),
    );
    if change.gate.state == GateState::Blocked {
        pair("blocked", safe(&detail::gate(change)));
        let instead: Vec<String> = change.gate.instead.iter().map(|one| safe(one)).collect();
        pair("instead", instead.join("<br>"));
    } else if change.gate.state == GateState::NeedsAllow {
        pair("approval", safe(&detail::gate(change)));
    }
    let follows: Vec<String> = change
        .follows
        .iter()
        .map(|one| {
            format!(
                "<code>{}</code> {} → {}",
                safe(one.path.as_str()),
                safe(&one.before),
                safe(&one.after)
            )
        })
        .collect();
    pair("follows", follows.join("<br>"));
    for remark in &change.remarks {
        let label = if remark.label.is_empty() {
            "is"
        } else {
            &remark.label
        };
        pair(&safe(label), safe(&remark.text));
    }
    pair("also", released(change));
    if let Some(cost) = &change.cost
        && document.summary.cost.is_some()
        && !wording::is_zero(&cost.monthly_delta)
    {
        let basis = if cost.basis.is_empty() {
            String::new()
        } else {
            format!(" = {}", cost.basis)
        };
        let money = wording::money(&cost.monthly_delta, "month");
        pair("cost", safe(&format!("{money}{basis}")));
    }
    pair("written in", place(group.source(), places));
    out
}

/// What AWS would start with the change; nothing if nothing is queued.
fn released(change: &Change) -> String {
    let Some(released) = change
        .if_now
        .as_ref()
        .filter(|one| !one.also_releases.is_empty())
    else {
        return String::new();
    };
    let words = if change.when == When::Now {
        "AWS then also starts"
    } else {
        "with --now AWS would also start"
    };
    let also = wording::list(&released.also_releases, 8);
    format!("{words} {}", safe(&also))
}
