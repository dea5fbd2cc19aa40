//! Findings as SARIF 2.1.0, for code scanning: one run per environment.

use std::collections::BTreeMap;

use pgward_model::Severity;
use serde::Serialize;

use crate::alert::{Alert, Alerts, alerts, title_of};
use crate::document::Source;
use crate::explain;
use crate::form::Subject;
use crate::json;
use crate::places::{Places, percent};

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<Run>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: Named,
    column_kind: &'static str,
    results: Vec<Found>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Named {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<&'static str>,
    precision: &'static str,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// The findings of a subject as a SARIF log.
#[must_use]
pub fn sarif(subject: &Subject<'_>, places: &Places) -> String {
    let runs = alerts(subject)
        .iter()
        .map(|group| run(subject, group, places))
        .collect();
    json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs,
    })
}

fn run(subject: &Subject<'_>, group: &Alerts, places: &Places) -> Run {
    let mut codes: Vec<&str> = group.all.iter().map(|alert| alert.rule.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results = group.all.iter().map(|alert| {
        let index = codes.iter().position(|code| *code == alert.rule);
        let index = index.expect("every rule of an alert is listed");
        found(group, alert, index, places, &mut seen)
    });
    let results = results.collect();
    Run {
        tool: Tool {
            driver: Driver {
                name: "pgward",
                semantic_version: group.tool_version.clone(),
                rules: codes.into_iter().map(rule).collect(),
            },
        },
        automation_details: Named {
            id: category(subject, group),
        },
        column_kind: "unicodeCodePoints",
        results,
    }
}

/// What closes alerts of earlier runs: another environment, or another command, closes none.
fn category(subject: &Subject<'_>, group: &Alerts) -> String {
    let command = match subject {
        Subject::Plans(_) => "",
        Subject::Drifts(_) => "drift/",
        Subject::Check(_) => "check/",
        Subject::Run { .. } => "apply/",
        // A plan that can't be made must not close what the last one found.
        Subject::Failure(_) => "failure/",
    };
    match group.title.as_str() {
        "" => format!("pgward/{command}"),
        title => format!("pgward/{command}{title}/"),
    }
}

fn found(
    group: &Alerts,
    alert: &Alert,
    index: usize,
    places: &Places,
    seen: &mut BTreeMap<String, usize>,
) -> Found {
    let key = format!("{}:{}:{}", group.environment, alert.subject, alert.rule);
    let times = seen.entry(key.clone()).or_default();
    *times += 1;
    let fingerprint = if *times > 1 {
        format!("{key}:{times}")
    } else {
        key
    };
    let text = match &alert.help {
        Some(help) => format!("{}\n{help}", alert.message),
        None => alert.message.clone(),
    };
    let suppressed = alert.accepted.iter().map(|reason| Suppression {
        kind: "inSource",
        justification: reason.clone(),
    });
    Found {
        rule_id: alert.rule.clone(),
        rule_index: index,
        level: level(alert.level),
        message: Text { text },
        locations: location(group, alert, places).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([("pgward/v1", fingerprint)]),
        suppressions: suppressed.collect(),
    }
}

/// The place, or the first line of the environment's file for what has none.
fn location(group: &Alerts, alert: &Alert, places: &Places) -> Option<Location> {
    let file = group.file.as_ref().or(places.fallback.as_ref());
    let source = match (&alert.source, file) {
        (Some(source), _) => source.clone(),
        (None, Some(file)) => Source {
            file: file.clone(),
            line: 1,
            column: 1,
            end_column: 2,
        },
        (None, None) => return None,
    };
    Some(Location {
        physical_location: Physical {
            artifact_location: Artifact {
                uri: percent(&places.in_repository(&source.file)),
                uri_base_id: "%SRCROOT%",
            },
            region: Region {
                start_line: source.line.max(1),
                start_column: source.column.max(1),
                end_line: source.line.max(1),
                end_column: source.end_column.max(source.column.max(1)),
            },
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// What is said about a rule that is no diagnostic: title, level, what to do.
const WORDS: [(&str, &str, Severity, &str); 6] = [
    (
        "interrupts",
        "the change interrupts service, as the policy allows",
        Severity::Warning,
        "The plan says for how long and when. [policy] allow decides what may be applied.",
    ),
    (
        "exposure",
        "the change lets more reach or read the database",
        Severity::Warning,
        "Name the smallest range that works, or waive the finding in the spec.",
    ),
    (
        "one-way",
        "the change can't be undone",
        Severity::Note,
        "Storage does not shrink and a major version does not go back. Check the value.",
    ),
    (
        "drift",
        "a value was changed in AWS behind pgward's back",
        Severity::Warning,
        "Apply puts it back; writing it into the spec keeps it.",
    ),
    (
        "drift-exposure",
        "a change in AWS lets more reach, read or delete the database",
        Severity::Error,
        "Apply puts it back; find out who did it and why.",
    ),
    (
        "refused",
        "the command was refused or failed",
        Severity::Error,
        "The message says what to do.",
    ),
];

fn rule(code: &str) -> Rule {
    let word = WORDS.iter().find(|(known, _, _, _)| *known == code);
    let page = explain::code(code);
    let (title, severity) = match word {
        Some((_, title, severity, _)) => ((*title).to_owned(), *severity),
        None => {
            let known = explain::codes()
                .into_iter()
                .find(|(known, _, _)| *known == code);
            let severity = known.map_or(Severity::Error, |(_, _, severity)| severity);
            (title_of(code), severity)
        }
    };
    let title = if title.is_empty() {
        code.to_owned()
    } else {
        title
    };
    let help = page
        .map(str::to_owned)
        .or_else(|| word.map(|(_, _, _, text)| (*text).to_owned()));
    Rule {
        id: code.to_owned(),
        name: pascal(if word.is_some() { code } else { &title }),
        short_description: Text {
            text: capitalized(&title),
        },
        help: help.map(|text| Help {
            markdown: format!("```text\n{text}\n```"),
            text,
        }),
        default_configuration: Configuration {
            level: level(severity),
        },
        properties: properties(code),
    }
}

/// `OpenToTheInternet` of `open to the internet`.
fn pascal(title: &str) -> String {
    title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(capitalized)
        .collect()
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// Tags, and how bad it is for security between 0 and 10 where it is about that.
fn properties(code: &str) -> RuleProperties {
    let (tags, security_severity): (&[&'static str], _) = match code {
        "P110" => (&["security", "secrets"], Some("9.3")),
        "P401" => (&["security", "network"], Some("9.1")),
        "P402" => (&["security", "network"], Some("8.1")),
        "drift-exposure" => (&["security", "drift"], Some("8.5")),
        "exposure" => (&["security", "network"], Some("6.5")),
        "P403" => (&["availability", "data-loss"], None),
        "P404" => (&["security", "privacy"], Some("6.5")),
        "P405" => (&["security", "access"], Some("5.5")),
        "P601" | "P603" | "P605" | "P607" => (&["data-loss"], None),
        "P602" | "interrupts" => (&["availability"], None),
        "one-way" => (&["irreversible"], None),
        "drift" => (&["drift"], None),
        code if code.starts_with("P4") => (&["security"], Some("5.0")),
        code if code.starts_with("P5") => (&["aws"], None),
        code if code.starts_with("P7") => (&["apply"], None),
        _ => (&["spec"], None),
    };
    RuleProperties {
        tags: tags.to_vec(),
        precision: "very-high",
        security_severity,
    }
}
