//! The last lines of `drift --all`: one per environment, so that nobody has to scroll for a verdict.

use super::head;
use super::layout::{Ink, Page, Style, columns};
use crate::drift::{DriftDocument, DriftVerdict};
use crate::wording;

/// The table of all environments.
#[must_use]
pub fn fleet(documents: &[DriftDocument], style: Style) -> String {
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
    let count = wording::count(documents.len(), "environment");
    head::headline(&mut page, &count.to_uppercase(), &parts);
    let title =
        |one: &DriftDocument| format!("{}/{}", one.environment.project, one.environment.name);
    let widest = documents.iter().map(|one| columns(&title(one))).max();
    let stop = widest.unwrap_or(0) + 6;
    for one in documents {
        let (ink, sigil) = match one.verdict {
            _ if one.summary.unread > 0 => (Ink::Notice, "?"),
            DriftVerdict::Drift | DriftVerdict::Different => (Ink::Bold, "~"),
            DriftVerdict::NoDrift | DriftVerdict::Incomplete => (Ink::Plain, "="),
        };
        let line = page.start().text("  ").ink(ink, sigil).text(" ");
        let line = line.text(title(one)).to(stop, 2);
        let line = line.text(format!(
            "{}  {}",
            one.environment.account, one.environment.region
        ));
        page.push(line.text("  ").ink(ink, verdict(one)));
    }
    page.finish()
}

fn verdict(one: &DriftDocument) -> String {
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
