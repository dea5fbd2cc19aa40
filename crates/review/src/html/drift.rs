//! A comparison with the last apply as a section of a page.

use pgward_engine::DriftClass;
use pgward_model::Flag;

use super::plan::{banner, tile};
use super::{card, head, place, safe, tone_of};
use crate::document::DriftEntry;
use crate::drift::{DriftDocument, DriftVerdict};
use crate::places::Places;
use crate::wording;

/// The section of one comparison.
pub(crate) fn section(document: &DriftDocument, places: &Places) -> String {
    let last = match &document.last_apply {
        Some(last) => format!("last apply {}", wording::date_and_time(last.at)),
        None => "no record of an apply".to_owned(),
    };
    let mut out = String::from("<section class=\"environment\">\n");
    out.push_str(&head(&document.environment, "Drift", &safe(&last)));
    out.push_str(&verdict(document));
    let summary = &document.summary;
    let tiles = [
        tile(&summary.outside.to_string(), "resources changed outside"),
        tile(&summary.compared.to_string(), "resources compared"),
        tile(&document.waiting.len().to_string(), "values wait in AWS"),
        tile(&summary.unread.to_string(), "resources not read"),
    ];
    out.push_str("<div class=\"tiles\">");
    out.push_str(&tiles.concat());
    out.push_str("</div>\n");
    for (class, title) in [
        (DriftClass::Outside, "Changed outside"),
        (DriftClass::Expected, "Expected, not counted"),
        (DriftClass::NotApplied, "Not applied yet, not drift"),
        (DriftClass::Ignored, "Ignored by the spec"),
    ] {
        out.push_str(&card(title, &table(document, class, places)));
    }
    let footer = format!(
        "<footer>Live state read {} · pgward {}</footer>\n</section>\n",
        wording::date_and_time(document.read_at),
        safe(&document.tool_version),
    );
    out.push_str(&footer);
    out
}

fn verdict(document: &DriftDocument) -> String {
    let changed = wording::count(document.summary.outside, "resource");
    match document.verdict {
        DriftVerdict::NoDrift => banner("calm", "No drift", "AWS is as the last apply left it."),
        DriftVerdict::Incomplete => banner(
            "danger",
            "Incomplete",
            "Nothing was found, but part of AWS could not be read.",
        ),
        DriftVerdict::Drift => banner(
            "notice",
            &format!("{changed} changed outside"),
            "Somebody changed AWS without the spec.",
        ),
        DriftVerdict::Different => banner(
            "notice",
            &format!("{changed} unlike the spec"),
            "There is no record of an apply, so nobody knows whether the spec or AWS changed.",
        ),
    }
}

fn table(document: &DriftDocument, class: DriftClass, places: &Places) -> String {
    let entries: Vec<&DriftEntry> = document.of(class).collect();
    if entries.is_empty() {
        return String::new();
    }
    let side = |text: &Option<String>| match text {
        Some(text) => safe(text),
        None => "<span class=\"soft\">none</span>".to_owned(),
    };
    let mut out = String::from(
        "<div class=\"scroll\"><table><tr><th>What</th><th>Last applied</th><th>Now in AWS</th>\
         <th>Putting it back</th><th>Written in</th></tr>\n",
    );
    for entry in entries {
        let exposes = entry.flags.contains(&Flag::Exposure);
        let (tone, flag) = if exposes {
            ("danger", ", exposure")
        } else {
            (tone_of(entry.effect), "")
        };
        let remarks: Vec<String> = entry
            .remarks
            .iter()
            .map(|remark| format!("<br><span class=\"soft small\">{}</span>", safe(remark)))
            .collect();
        out = format!(
            "{out}<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td>\
             <td><span class=\"tag {tone}\">{}{flag}</span></td><td>{}</td></tr>\n",
            safe(entry.path.as_str()),
            remarks.concat(),
            side(&entry.last_applied),
            side(&entry.live),
            entry.effect.word(),
            place(entry.source.as_ref(), places),
        );
    }
    out.push_str("</table></div>\n");
    out
}
