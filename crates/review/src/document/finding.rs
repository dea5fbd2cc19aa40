//! A finding in a document: a diagnostic without the lines of the file, so without secrets.

use pgward_model::{Diagnostic, Fix, Label, Origin, Severity};
use serde::{Deserialize, Serialize};

use super::{Change, Source};

/// One finding, with the same text as the human form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code, such as `P401`.
    pub code: String,
    /// `note`, `warning` or `error`.
    pub level: Severity,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Why, or what else.
    pub notes: Vec<String>,
    /// Lines with a word of their own: `next`, `AWS`.
    pub facts: Vec<(String, String)>,
    /// The place.
    pub source: Option<Source>,
    /// Words about the place.
    pub label: String,
    /// Other places.
    pub related: Vec<FindingLabel>,
    /// The replacement that mends it.
    pub fix: Option<Fix>,
    /// The path or address it is about.
    pub subject: Option<String>,
    /// The reason of the waiver that covers it.
    pub accepted: Option<String>,
}

impl Finding {
    /// Whether it says of a change what its gate says: the same code at the same line.
    pub(crate) fn says(&self, change: &Change) -> bool {
        let line = |source: &Option<Source>| {
            let source = source.as_ref();
            source.map(|source| (source.file.clone(), source.line))
        };
        change.gate.code.as_deref() == Some(self.code.as_str())
            && line(&change.source) == line(&self.source)
    }
}

/// Another place that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLabel {
    /// The place.
    pub source: Source,
    /// Words about it.
    pub text: String,
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let label = |label: &Label| FindingLabel {
            source: Source::from(&label.origin),
            text: label.text.clone(),
        };
        let primary = diagnostic.primary.as_ref();
        Self {
            code: diagnostic.code.clone(),
            level: diagnostic.severity,
            message: diagnostic.message.clone(),
            help: (!diagnostic.help.is_empty()).then(|| diagnostic.help.join("\n")),
            notes: diagnostic.notes.clone(),
            facts: diagnostic.facts.clone(),
            source: primary.map(|label| Source::from(&label.origin)),
            label: primary.map(|label| label.text.clone()).unwrap_or_default(),
            related: diagnostic.secondary.iter().map(label).collect(),
            fix: diagnostic.fix.clone(),
            subject: diagnostic.subject.clone(),
            accepted: diagnostic.accepted.clone(),
        }
    }
}

impl From<&Finding> for Diagnostic {
    fn from(finding: &Finding) -> Self {
        let label = |source: &Source, text: &str| Label {
            origin: Origin {
                file: source.file.clone(),
                line: source.line,
                column: source.column,
                end_column: source.end_column,
            },
            text: text.to_owned(),
        };
        Self {
            code: finding.code.clone(),
            severity: finding.level,
            message: finding.message.clone(),
            primary: finding
                .source
                .as_ref()
                .map(|source| label(source, &finding.label)),
            secondary: finding
                .related
                .iter()
                .map(|related| label(&related.source, &related.text))
                .collect(),
            facts: finding.facts.clone(),
            help: finding.help.clone().into_iter().collect(),
            notes: finding.notes.clone(),
            fix: finding.fix.clone(),
            subject: finding.subject.clone(),
            accepted: finding.accepted.clone(),
        }
    }
}
