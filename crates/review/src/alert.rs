//! Alerts: what is worth pointing at in a file, for annotations and SARIF.
//!
//! Diagnostics are, and changes that are blocked, interrupt, expose something or can't be undone.
//! Ordinary changes are not: a mark on every line of a new environment is noise.

use std::collections::BTreeSet;

use pgward_engine::{DriftClass, Verb, When};
use pgward_model::{Flag, Severity};

use crate::check::CheckDocument;
use crate::document::{Change, Document, DriftEntry, Finding, GateState, Source};
use crate::drift::DriftDocument;
use crate::explain;
use crate::form::Subject;
use crate::refusal::FailureDocument;
use crate::text::{escape, failure};
use crate::wording;

/// One thing to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    /// The code, such as `P401`, or the word of a kind of change: `interrupts`, `drift`.
    pub(crate) rule: String,
    /// How bad it is.
    pub(crate) level: Severity,
    /// A few words.
    pub(crate) title: String,
    /// One or two sentences.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
    /// The place.
    pub(crate) source: Option<Source>,
    /// What it is about: a path or an address.
    pub(crate) subject: String,
    /// The reason of the waiver that covers it.
    pub(crate) accepted: Option<String>,
}

/// The alerts of one environment, or of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alerts {
    /// `project/environment`; empty for files of several.
    pub(crate) title: String,
    /// The name of the environment, for fingerprints.
    pub(crate) environment: String,
    /// Version of the program.
    pub(crate) tool_version: String,
    /// The file that alerts without a place belong to.
    pub(crate) file: Option<String>,
    /// Worst first, then in the order of the document.
    pub(crate) all: Vec<Alert>,
}

/// The alerts of a subject, one group per environment.
pub(crate) fn alerts(subject: &Subject<'_>) -> Vec<Alerts> {
    let mut groups = match subject {
        Subject::Plans(documents) => documents.iter().map(of_plan).collect(),
        Subject::Drifts(documents) => documents.iter().map(of_drift).collect(),
        Subject::Check(document) => vec![of_check(document)],
        Subject::Run {
            report, document, ..
        } => {
            let mut group = of_plan(document);
            let failed = report
                .operations
                .iter()
                .filter_map(|operation| failure(operation, report, document));
            group
                .all
                .extend(failed.map(|one| finding(&Finding::from(&one))));
            vec![group]
        }
        Subject::Failure(document) => vec![of_failure(document)],
    };
    for group in &mut groups {
        group
            .all
            .sort_by_key(|one| std::cmp::Reverse(one.effective()));
    }
    groups
}

impl Alert {
    /// What is waived is a note, whatever it was.
    pub(crate) fn effective(&self) -> Severity {
        if self.accepted.is_some() {
            Severity::Note
        } else {
            self.level
        }
    }
}

fn of_plan(document: &Document) -> Alerts {
    let mut all: Vec<Alert> = document
        .changes
        .iter()
        .filter_map(|one| change(document, one))
        .collect();
    all.extend(document.unsaid().into_iter().map(finding));
    let told: BTreeSet<String> = all.iter().map(|one| one.subject.clone()).collect();
    for unread in &document.live.unread {
        if !told.contains(&unread.address) {
            all.push(plain(
                "P508",
                Severity::Error,
                &unread.address,
                &format!("{} could not be read: {}", unread.address, unread.reason),
            ));
        }
    }
    for unmanaged in &document.unmanaged {
        if !told.contains(&unmanaged.address) {
            all.push(plain(
                "P506",
                Severity::Error,
                &unmanaged.address,
                &format!("{} exists and is not managed here", unmanaged.name),
            ));
        }
    }
    Alerts {
        title: document.title(),
        environment: document.environment.name.clone(),
        tool_version: document.tool_version.clone(),
        file: document.spec.files.first().map(|file| file.path.clone()),
        all,
    }
}

/// An alert without a place.
fn plain(code: &str, level: Severity, subject: &str, message: &str) -> Alert {
    Alert {
        rule: code.to_owned(),
        level,
        title: title_of(code),
        message: escape(message),
        help: None,
        source: None,
        subject: subject.to_owned(),
        accepted: None,
    }
}

/// The title of a code, or nothing.
pub(crate) fn title_of(code: &str) -> String {
    explain::codes()
        .into_iter()
        .find(|(known, _, _)| *known == code)
        .map(|(_, title, _)| title.to_owned())
        .unwrap_or_default()
}

/// What a change is worth, if it is worth an alert.
fn change(document: &Document, change: &Change) -> Option<Alert> {
    let interrupts = change.effect.interrupts() && !matches!(change.action, Verb::Create);
    let (rule, level) = match change.gate.state {
        GateState::Blocked => (
            change.gate.code.as_deref().unwrap_or("P601"),
            Severity::Error,
        ),
        GateState::NeedsAllow => ("P602", Severity::Warning),
        GateState::Ready if interrupts => ("interrupts", Severity::Warning),
        GateState::Ready if change.flags.contains(&Flag::Exposure) => {
            ("exposure", Severity::Warning)
        }
        GateState::Ready if change.flags.contains(&Flag::OneWay) => ("one-way", Severity::Note),
        GateState::Ready => return None,
    };
    let blocked = change.gate.state == GateState::Blocked;
    let said = document
        .findings
        .iter()
        .find(|one| blocked && one.says(change));
    let (message, help) = match said {
        Some(finding) => (finding.message.clone(), finding.help.clone()),
        None => (sentence(document, change), instead(change)),
    };
    Some(Alert {
        rule: rule.to_owned(),
        level,
        title: if blocked {
            title_of(rule)
        } else {
            change.effect_text.clone()
        },
        message: escape(&message),
        help: help.map(|help| lines(&help)),
        source: change.source.clone(),
        subject: change.path.to_string(),
        accepted: None,
    })
}

fn instead(change: &Change) -> Option<String> {
    (!change.gate.instead.is_empty()).then(|| change.gate.instead.join("\n"))
}

/// `instance.class db.m6g.xlarge -> db.m6g.2xlarge: downtime 1-2 min, window Sun 16 Nov 03:00
/// UTC; needs --allow downtime`.
fn sentence(document: &Document, change: &Change) -> String {
    let values = match (&change.before_text, &change.after_text) {
        _ if change.sensitive || change.is_whole() => String::new(),
        (Some(before), Some(after)) => format!(" {before} -> {after}"),
        (None, Some(after)) => format!(" + {after}"),
        (Some(before), None) => format!(" - {before}"),
        (None, None) => String::new(),
    };
    let action = match change.action {
        Verb::Update => String::new(),
        verb => format!(" is to be {}", participle(verb)),
    };
    let mut text = format!("{}{values}{action}: {}", change.path, change.effect_text);
    match (change.gate.state, change.gate.allow) {
        (GateState::Blocked, _) => {
            if let Some(why) = &change.gate.why {
                text = format!("{text}; {why}");
            }
        }
        (_, allow) => {
            let moment = wording::moment(&change.when, document.created_at);
            if change.when != When::Never {
                text = format!("{text}, {moment}");
            }
            if let Some(effect) = allow {
                text = format!("{text}; needs --allow {}", effect.word());
            }
        }
    }
    text
}

/// `created`, `replaced`: what is done with a whole resource.
pub(crate) fn participle(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "created",
        Verb::Update | Verb::Await => "changed",
        Verb::Replace => "replaced",
        Verb::Delete => "deleted",
        Verb::Restart => "restarted",
        Verb::Adopt => "adopted",
    }
}

/// A finding as an alert; its facts, such as what AWS said, belong to its message.
fn finding(finding: &Finding) -> Alert {
    let mut message = escape(&finding.message);
    for (word, text) in finding.facts.iter().filter(|(word, _)| word == "AWS") {
        message = format!("{message}\n{word}: {}", lines(text));
    }
    let next = finding
        .facts
        .iter()
        .filter(|(word, _)| word == "next")
        .map(|(_, text)| text.clone());
    let help: Vec<String> = finding.help.clone().into_iter().chain(next).collect();
    Alert {
        rule: if finding.code.is_empty() {
            "refused".to_owned()
        } else {
            finding.code.clone()
        },
        level: finding.level,
        title: title_of(&finding.code),
        message,
        help: (!help.is_empty()).then(|| lines(&help.join("\n"))),
        source: finding.source.clone(),
        subject: finding
            .subject
            .clone()
            .unwrap_or_else(|| finding.message.clone()),
        accepted: finding.accepted.clone(),
    }
}

/// Foreign text of several lines, each escaped.
fn lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

fn of_drift(document: &DriftDocument) -> Alerts {
    let mut all: Vec<Alert> = document.of(DriftClass::Outside).map(entry).collect();
    if document.summary.unread > 0 {
        let message = format!(
            "{} could not be read, so they may have drifted",
            wording::count(document.summary.unread, "resource")
        );
        all.push(plain("P508", Severity::Error, "unread", &message));
    }
    Alerts {
        title: document.environment.title(),
        environment: document.environment.name.clone(),
        tool_version: document.tool_version.clone(),
        file: document.file.clone(),
        all,
    }
}

fn entry(entry: &DriftEntry) -> Alert {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let mut message = format!(
        "{} was changed outside: {} -> {}",
        entry.path,
        shown(&entry.last_applied),
        shown(&entry.live)
    );
    for remark in &entry.remarks {
        message = format!("{message}; {remark}");
    }
    let exposes = entry.flags.contains(&Flag::Exposure);
    Alert {
        rule: if exposes { "drift-exposure" } else { "drift" }.to_owned(),
        level: if exposes {
            Severity::Error
        } else {
            Severity::Warning
        },
        title: if exposes {
            "drift, exposure".to_owned()
        } else {
            "drift".to_owned()
        },
        message: escape(&message),
        help: None,
        source: entry.source.clone(),
        subject: entry.path.to_string(),
        accepted: None,
    }
}

fn of_check(document: &CheckDocument) -> Alerts {
    Alerts {
        title: match document.environments.as_slice() {
            [only] => only.clone(),
            _ => String::new(),
        },
        environment: document.environments.join("+"),
        tool_version: document.tool_version.clone(),
        file: None,
        all: document.findings.iter().map(finding).collect(),
    }
}

fn of_failure(document: &FailureDocument) -> Alerts {
    Alerts {
        title: document.title(),
        environment: document.environment.clone().unwrap_or_default(),
        tool_version: document.tool_version.clone(),
        file: None,
        all: document.findings.iter().map(finding).collect(),
    }
}
