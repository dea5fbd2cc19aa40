//! The last lines of `plan --all` and `drift --all`: one per environment, so that nobody has to
//! scroll for a verdict.

use pgward_engine::Verdict;

use super::head;
use super::layout::{Ink, Page, Style, columns};
use super::plan::gates;
use crate::document::{Document, EnvironmentPart};
use crate::drift::{DriftDocument, DriftVerdict};
use crate::wording;

/// The table of all plans.
#[must_use]
pub fn plans(documents: &[Document], style: Style) -> String {
    let mut page = Page::new(style);
    let of = |wanted: Verdict| {
        let all = documents.iter().filter(|one| one.verdict == wanted);
        all.count()
    };
    let same = documents.iter().filter(|one| is_done(one)).count();
    let mut parts = vec![match documents.len() - same {
        0 => "nothing to do".to_owned(),
        some => format!("{some} with changes"),
    }];
    if of(Verdict::Blocked) > 0 {
        parts.push(format!("{} BLOCKED", of(Verdict::Blocked)));
    }
    if of(Verdict::Incomplete) > 0 {
        parts.push(format!("{} not read as a whole", of(Verdict::Incomplete)));
    }
    headline(&mut page, documents.len(), &parts);
    let rows = documents.iter().map(|one| {
        let (ink, sigil) = match one.verdict {
            Verdict::Incomplete => (Ink::Notice, "?"),
            Verdict::Blocked => (Ink::Blocked, "x"),
            Verdict::NeedsAllow => (Ink::Danger, "!"),
            Verdict::Ready if one.only_creates() => (Ink::Calm, "+"),
            Verdict::Ready => (Ink::Calm, "~"),
            Verdict::NoChanges if one.is_refused() => (Ink::Blocked, "x"),
            Verdict::NoChanges => (Ink::Plain, "="),
        };
        Row {
            ink,
            sigil,
            environment: &one.environment,
            verdict: plan_verdict(one),
        }
    });
    table(&mut page, &rows.collect::<Vec<_>>());
    page.finish()
}

/// What a plan comes to, in a few words.
pub(crate) fn plan_verdict(document: &Document) -> String {
    if is_done(document) {
        "no changes".to_owned()
    } else if document.verdict == Verdict::Incomplete && document.changes.is_empty() {
        "could not be read as a whole".to_owned()
    } else {
        gates(document).join(" · ")
    }
}

fn is_done(document: &Document) -> bool {
    document.verdict == Verdict::NoChanges && !document.is_refused()
}

/// The table of all comparisons.
#[must_use]
pub fn drifts(documents: &[DriftDocument], style: Style) -> String {
    let mut page = Page::new(style);
    let concerned = documents
        .iter()
        .filter(|one| matches!(one.verdict, DriftVerdict::Drift | DriftVerdict::Different))
        .count();
    let blind = documents
        .iter()
        .filter(|one| one.summary.unread > 0)
        .count();
    let mut parts = vec![match concerned {
        0 => "no drift found".to_owned(),
        some => format!("{some} with differences"),
    }];
    if blind > 0 {
        parts.push(format!("{blind} not read as a whole"));
    }
    headline(&mut page, documents.len(), &parts);
    let rows = documents.iter().map(|one| {
        let (ink, sigil) = match one.verdict {
            _ if one.summary.unread > 0 => (Ink::Notice, "?"),
            DriftVerdict::Drift | DriftVerdict::Different => (Ink::Bold, "~"),
            DriftVerdict::NoDrift | DriftVerdict::Incomplete => (Ink::Plain, "="),
        };
        Row {
            ink,
            sigil,
            environment: &one.environment,
            verdict: drift_verdict(one),
        }
    });
    table(&mut page, &rows.collect::<Vec<_>>());
    page.finish()
}

/// One environment.
struct Row<'a> {
    ink: Ink,
    sigil: &'static str,
    environment: &'a EnvironmentPart,
    verdict: String,
}

fn headline(page: &mut Page, number: usize, parts: &[String]) {
    let count = wording::count(number, "environment");
    head::headline(page, &count.to_uppercase(), parts);
}

/// The rows in columns; in a narrow terminal the verdict stands below its environment.
fn table(page: &mut Page, rows: &[Row<'_>]) {
    let widest = |text: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(text).max().unwrap_or(0);
    let title = 4 + widest(&|row| columns(&row.environment.title())) + 2;
    let account = title + widest(&|row| columns(&row.environment.account)) + 2;
    let region = account + widest(&|row| columns(&row.environment.region)) + 2;
    let whole = region + widest(&|row| columns(&row.verdict)) <= page.style().width;
    for row in rows {
        let line = page.start().text("  ").ink(row.ink, row.sigil).text(" ");
        let line = line.text(row.environment.title());
        if whole {
            let line = line.to(title, 2).text(&row.environment.account);
            let line = line.to(account, 2).text(&row.environment.region);
            page.push(line.to(region, 2).ink(row.ink, &row.verdict));
        } else {
            page.push(line);
            let line = page.start().text("    ");
            page.wrap(line, row.ink, &row.verdict);
        }
    }
}

/// What a comparison comes to, in a few words.
pub(crate) fn drift_verdict(one: &DriftDocument) -> String {
    let summary = &one.summary;
    let all = summary.compared + summary.unread;
    let found = match one.verdict {
        DriftVerdict::Drift => {
            let changed = wording::count(summary.outside, "resource");
            format!("{changed} changed outside")
        }
        DriftVerdict::Different => {
            let differing = wording::count(summary.outside, "resource");
            format!("{differing} different from the spec")
        }
        DriftVerdict::NoDrift if one.is_not_applied() => return "not applied yet".to_owned(),
        DriftVerdict::NoDrift => return "no drift".to_owned(),
        DriftVerdict::Incomplete if summary.compared == 0 => {
            return "nothing could be read".to_owned();
        }
        DriftVerdict::Incomplete => "no drift in the rest".to_owned(),
    };
    if summary.unread == 0 {
        return found;
    }
    format!("{} of {all} not read, {found}", summary.unread)
}
