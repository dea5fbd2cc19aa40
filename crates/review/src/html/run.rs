//! What a run did, for its page.

use pgward_engine::{Outcome, Report};

use super::plan::banner;
use super::safe;
use crate::alert::participle;
use crate::document::Document;
use crate::text::report_headline;
use crate::wording;

/// How the run ended.
pub(crate) fn verdict(report: &Report, document: &Document) -> String {
    let (word, parts) = report_headline(report, document);
    let class = match word {
        "DONE" => "calm",
        "ACCEPTED" => "notice",
        _ => "danger",
    };
    let word = match word {
        "DONE" => "Done",
        "ACCEPTED" => "Accepted, part of it waits",
        "STOPPED" => "Stopped",
        _ => "Incomplete",
    };
    let parts: Vec<String> = parts
        .iter()
        .filter(|part| !part.starts_with("lock "))
        .map(|part| safe(part))
        .collect();
    banner(class, word, &parts.join(" · "))
}

/// Every operation with what became of it.
pub(crate) fn table(report: &Report) -> String {
    let mut out = String::from(
        "<div class=\"scroll\"><table><tr><th>Resource</th><th></th><th>Result</th><th>Took</th></tr>\n",
    );
    for operation in &report.operations {
        let (class, result) = match &operation.outcome {
            Outcome::Done => ("calm", participle(operation.verb).to_owned()),
            Outcome::Accepted => ("notice", "accepted, waits".to_owned()),
            Outcome::Failed { fault, code } => {
                ("danger", format!("failed, {code}: {}", fault.message))
            }
            Outcome::Skipped { because } => ("", format!("skipped, needs {because}")),
            Outcome::InProgress { status } => ("notice", format!("AWS goes on: {status}")),
            Outcome::NotStarted => ("", "not started".to_owned()),
        };
        let (tag, more) = result.split_once(": ").unwrap_or((result.as_str(), ""));
        out = format!(
            "{out}<tr><td><code>{}</code></td><td>{}</td><td><span class=\"tag {class}\">{}</span> {}</td><td>{}</td></tr>\n",
            safe(operation.address.as_str()),
            safe(&operation.headline),
            safe(tag),
            safe(more),
            wording::elapsed(operation.elapsed_ms),
        );
    }
    out.push_str("</table></div>\n");
    out
}
