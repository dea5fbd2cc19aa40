//! The document of `check`: the findings of the files, and the sentence about them.

use pgward_model::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};

use crate::document::Finding;
use crate::wording;

/// What a check of files says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Nothing is wrong.
    Ok,
    /// There are warnings.
    Warnings,
    /// There are errors.
    Errors,
}

/// Numbers of findings; those that are waived count as notes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSummary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

/// The findings of files: the JSON document `pgward.check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckDocument {
    /// Always `pgward.check`.
    pub format: String,
    /// `1.0`.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// The environments that were checked.
    pub environments: Vec<String>,
    /// The verdict.
    pub verdict: CheckVerdict,
    /// Counts.
    pub summary: CheckSummary,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl CheckDocument {
    /// The document of a check.
    #[must_use]
    pub fn new(environments: &[String], findings: &[Diagnostic], tool_version: &str) -> Self {
        let mut summary = CheckSummary::default();
        for finding in findings {
            *match (finding.accepted.is_some(), finding.severity) {
                (true, _) | (_, Severity::Note) => &mut summary.notes,
                (_, Severity::Warning) => &mut summary.warnings,
                (_, Severity::Error) => &mut summary.errors,
            } += 1;
        }
        let verdict = match (summary.errors, summary.warnings) {
            (0, 0) => CheckVerdict::Ok,
            (0, _) => CheckVerdict::Warnings,
            _ => CheckVerdict::Errors,
        };
        Self {
            format: "pgward.check".to_owned(),
            format_version: "1.0".to_owned(),
            tool_version: tool_version.to_owned(),
            environments: environments.to_vec(),
            verdict,
            summary,
            findings: findings.iter().map(Finding::from).collect(),
        }
    }

    /// `4 environments (aurora, dev, prod, staging): no errors, no warnings`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let number = |number: usize, noun: &str| {
            if number == 0 {
                format!("no {noun}s")
            } else {
                wording::count(number, noun)
            }
        };
        let names: Vec<String> = self
            .environments
            .iter()
            .map(|name| crate::text::escape(name))
            .collect();
        format!(
            "{} ({}): {}, {}",
            wording::count(self.environments.len(), "environment"),
            names.join(", "),
            number(self.summary.errors, "error"),
            number(self.summary.warnings, "warning")
        )
    }
}
