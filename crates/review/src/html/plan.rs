//! A plan as a section of a page: the verdict, numbers, changes, the environment, the order.

use std::collections::BTreeMap;

use pgward_engine::{Report, Verdict};
use pgward_model::{Effect, Severity};

use super::{card, changes, graph, head, place, run, safe, safe_lines, timeline, tone, tone_of};
use crate::document::{Document, Finding, GateState};
use crate::places::Places;
use crate::wording;

/// The section of one plan; with a report, that of its run.
pub(crate) fn section(document: &Document, report: Option<&Report>, places: &Places) -> String {
    let git = match &document.spec.git {
        Some(git) if git.dirty => format!(" · {} with uncommitted changes", safe(&git.commit)),
        Some(git) => format!(" · {}", safe(&git.commit)),
        None => String::new(),
    };
    let files: Vec<String> = document
        .spec
        .files
        .iter()
        .map(|one| safe(&one.path))
        .collect();
    let beside = format!("{}{git}", files.join(" + "));
    let word = match (report, document.verb()) {
        (None, "destroy") => "Plan of a deletion",
        (None, "import") => "Plan of an adoption",
        (None, _) => "Plan",
        (Some(_), "destroy") => "Deletion",
        (Some(_), "import") => "Adoption",
        (Some(_), _) => "Apply",
    };
    let mut out = String::from("<section class=\"environment\">\n");
    out.push_str(&head(&document.environment, word, &beside));
    match report {
        Some(report) => out.push_str(&run::verdict(report, document)),
        None => out.push_str(&verdict(document)),
    }
    out.push_str(&tiles(document));
    out.push_str(&unread(document));
    if let Some(report) = report {
        out.push_str(&card("What was done", &run::table(report)));
    }
    out.push_str(&card("Changes by effect", &effects(document)));
    out.push_str(&changes::changes(document, places));
    out.push_str(&card("The environment", &graph::graph(document)));
    out.push_str(&card("When it happens", &timeline::timeline(document)));
    out.push_str(&findings(document, places));
    out.push_str(&sentences("Not checked", &document.not_checked));
    out.push_str(&sentences("Notes", &document.notes));
    let next: Vec<String> = document
        .next
        .iter()
        .map(|notice| {
            format!(
                "<li>{} <code>{}</code></li>",
                safe(&notice.label),
                safe(&notice.command)
            )
        })
        .collect();
    if report.is_none() && !next.is_empty() {
        let list = format!("<ul class=\"plain\">{}</ul>", next.concat());
        out.push_str(&card("How to go on", &list));
    }
    let link = match places.run() {
        Some(run) => format!(" · <a href=\"{}\">the run</a>", safe(run)),
        None => String::new(),
    };
    let footer = format!(
        "<footer>Live state read {} · plan <code>{}</code> · pgward {}{link}</footer>\n\
         </section>\n",
        wording::date_and_time(document.live.read_at),
        safe(&document.plan_id),
        safe(&document.tool_version),
    );
    out.push_str(&footer);
    out
}

/// How many changes a gate has.
fn count(document: &Document, state: GateState) -> usize {
    let all = document.changes.iter();
    all.filter(|change| change.gate.state == state).count()
}

fn verdict(document: &Document) -> String {
    let (blocked, waits) = (
        count(document, GateState::Blocked),
        count(document, GateState::NeedsAllow),
    );
    let total = wording::count(document.changes.len(), "change");
    let (class, words, more) = match document.verdict {
        Verdict::Incomplete => (
            "danger",
            "Incomplete".to_owned(),
            "Part of AWS could not be read, so this plan says less than it should.".to_owned(),
        ),
        _ if document.is_refused() => (
            "danger",
            "Refused".to_owned(),
            "AWS would refuse it as it stands; the findings say why.".to_owned(),
        ),
        Verdict::Blocked => (
            "blocked",
            format!("{blocked} of {total} blocked"),
            "What is blocked is never applied; the rest can be.".to_owned(),
        ),
        Verdict::NeedsAllow => (
            "notice",
            format!("{waits} of {total} to approve"),
            "They go further than the policy of this environment allows by itself.".to_owned(),
        ),
        Verdict::Ready => (
            "calm",
            format!("{total}, ready to apply"),
            if document.is_new {
                "The environment is new, so nothing can be interrupted.".to_owned()
            } else {
                "Within the policy of this environment.".to_owned()
            },
        ),
        Verdict::NoChanges => (
            "calm",
            "No changes".to_owned(),
            "The environment is as its spec says.".to_owned(),
        ),
    };
    banner(class, &words, &more)
}

/// The line that says how it stands.
pub(crate) fn banner(class: &str, words: &str, more: &str) -> String {
    format!(
        "<div class=\"card verdict {class}\"><p class=\"words\">{words}</p>\
         <p class=\"soft\">{more}</p></div>\n"
    )
}

/// A number with what it counts.
pub(crate) fn tile(number: &str, words: &str) -> String {
    format!("<div class=\"tile\"><b>{number}</b><span>{words}</span></div>")
}

fn tiles(document: &Document) -> String {
    let mut tiles = Vec::new();
    let resources = &document.summary.resources;
    let words = if document.destroy {
        "resources go"
    } else if document.adoption.is_some() {
        "resources are adopted"
    } else if document.only_creates() && resources.changed > 0 {
        "resources are new"
    } else {
        "resources change"
    };
    let all = resources.compared.max(resources.changed);
    tiles.push(tile(&format!("{} of {all}", resources.changed), words));
    let interruption = document
        .changes
        .iter()
        .filter(|change| change.gate.state != GateState::Blocked)
        .filter_map(|change| change.interruption_seconds)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let words = if interruption.1 == 0 {
        "none".to_owned()
    } else {
        wording::seconds_range(interruption.0, interruption.1)
    };
    tiles.push(tile(&words, "connections interrupted"));
    if let Some(cost) = &document.summary.cost {
        let sum = if wording::is_zero(&cost.monthly_delta) {
            "$0.00".to_owned()
        } else {
            let money = wording::money(&cost.monthly_delta, "month");
            money.trim_end_matches("/month").to_owned()
        };
        let words = match cost.unpriced.len() {
            0 => "per month".to_owned(),
            number => format!("per month; {number} not priced"),
        };
        tiles.push(tile(&safe(&sum), &words));
    }
    let (from, to) = document.steps.iter().fold((0, 0), |sum, step| {
        (sum.0 + step.minutes.0, sum.1 + step.minutes.1)
    });
    if !document.steps.is_empty() {
        let words = wording::count(document.steps.len(), "step");
        tiles.push(tile(
            &wording::minutes_range(from, to),
            &format!("of work in {words}"),
        ));
    }
    if let Some(window) = document.next_window {
        let (day, hours) = day_and_hours(&wording::window_range(window.start, window.end));
        tiles.push(tile(&safe(&day), &safe(&format!("next window, {hours}"))));
    }
    format!("<div class=\"tiles\">{}</div>\n", tiles.concat())
}

/// `Sun 16 Nov` and `03:00-04:00 UTC`.
pub(crate) fn day_and_hours(range: &str) -> (String, String) {
    match range.rmatch_indices(' ').nth(1) {
        Some((at, _)) if !range[at..].contains("-S") => {
            (range[..at].to_owned(), range[at + 1..].to_owned())
        }
        _ => (range.to_owned(), String::new()),
    }
}

/// A bar with a part per effect, and what the parts mean.
fn effects(document: &Document) -> String {
    if document.changes.is_empty() {
        return String::new();
    }
    let blocked = count(document, GateState::Blocked);
    let mut numbers: BTreeMap<Effect, usize> = BTreeMap::new();
    for change in document
        .changes
        .iter()
        .filter(|one| one.gate.state != GateState::Blocked)
    {
        *numbers.entry(change.effect).or_default() += 1;
    }
    let mut parts: Vec<(&str, &str, usize)> = Vec::new();
    if blocked > 0 {
        parts.push(("blocked", "blocked, never applied", blocked));
    }
    for (effect, number) in numbers.iter().rev() {
        let words = match effect {
            Effect::Online => "online, no interruption",
            Effect::Degraded => "degraded, slower for a while",
            Effect::Reboot => "in effect after a restart",
            Effect::Downtime => "downtime, connections drop",
            Effect::Replace => "replace, a new resource takes its place",
            Effect::DataLoss => "data loss",
        };
        parts.push((tone_of(*effect), words, *number));
    }
    let bar: String = parts
        .iter()
        .map(|(class, _, number)| format!("<i class=\"{class}\" style=\"flex:{number}\"></i>"))
        .collect();
    let legend: String = parts
        .iter()
        .map(|(class, words, number)| format!("<span class=\"{class}\">{number} {words}</span>"))
        .collect();
    format!("<div class=\"bar\">{bar}</div><div class=\"legend\">{legend}</div>\n")
}

fn unread(document: &Document) -> String {
    let unread = document.live.unread.iter().map(|one| {
        format!(
            "<li><span class=\"tag danger\">not read</span> <code>{}</code> {}</li>",
            safe(&one.address),
            safe(&one.reason)
        )
    });
    let unmanaged = document.unmanaged.iter().map(|one| {
        let owner = match &one.owner {
            Some(owner) => format!(", belongs to {}", safe(owner)),
            None => String::new(),
        };
        format!(
            "<li><span class=\"tag notice\">not managed</span> <code>{}</code> {} exists{owner}</li>",
            safe(&one.address),
            safe(&one.name)
        )
    });
    let items: String = unread.chain(unmanaged).collect();
    if items.is_empty() {
        return String::new();
    }
    card(
        "What this plan does not know",
        &format!("<ul class=\"plain\">{items}</ul>\n"),
    )
}

fn findings(document: &Document, places: &Places) -> String {
    let item = |finding: &&Finding| {
        let (class, word) = match (finding.accepted.is_some(), finding.level) {
            (true, _) => ("", "accepted"),
            (false, Severity::Error) => ("danger", "error"),
            (false, Severity::Warning) => ("notice", "warning"),
            (false, Severity::Note) => ("", "note"),
        };
        let help = match (&finding.accepted, &finding.help) {
            (Some(reason), _) => format!("<br><span class=\"soft\">{}</span>", safe(reason)),
            (None, Some(help)) => format!("<br><span class=\"soft\">{}</span>", safe_lines(help)),
            (None, None) => String::new(),
        };
        format!(
            "<li><span class=\"tag {class}\">{word} {}</span> {} {}{help}</li>",
            safe(&finding.code),
            safe(&finding.message),
            place(finding.source.as_ref(), places)
        )
    };
    let items: String = document.unsaid().iter().map(item).collect();
    if items.is_empty() {
        return String::new();
    }
    card("Findings", &format!("<ul class=\"plain\">{items}</ul>\n"))
}

fn sentences(title: &str, all: &[String]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let items: String = all
        .iter()
        .map(|one| format!("<li>{}</li>", safe(one)))
        .collect();
    card(title, &format!("<ul class=\"plain\">{items}</ul>\n"))
}

/// The class of a resource's strongest change.
pub(crate) fn strongest(document: &Document, address: &str) -> Option<&'static str> {
    let changes = document
        .changes
        .iter()
        .filter(|change| change.address == address);
    let worst =
        changes.max_by_key(|change| (change.gate.state == GateState::Blocked, change.effect));
    worst.map(tone)
}
