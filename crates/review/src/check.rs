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

/// A line of a file that `check --fix` changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedLine {
    /// Path relative to the working directory.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The codes of the findings that are mended.
    pub codes: Vec<String>,
    /// The line as it was.
    pub before: String,
    /// The line as it is.
    pub after: String,
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
    /// The findings; after fixes, those that are left.
    pub findings: Vec<Finding>,
    /// What `--fix` changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<FixedLine>,
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
            fixed: Vec::new(),
        }
    }

    /// The same document with what `--fix` changed.
    #[must_use]
    pub fn with_fixed(mut self, fixed: Vec<FixedLine>) -> Self {
        self.fixed = fixed;
        self
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
