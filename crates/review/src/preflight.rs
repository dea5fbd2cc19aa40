//! What `preflight` found, as text and as JSON.

use serde::{Deserialize, Serialize};

use crate::document::EnvironmentPart;
use crate::text::Style;
use crate::text::head;
use crate::text::layout::{Ink, Page};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed,
    /// It could not be looked at, which is never as good as passed.
    NotChecked,
    /// Nothing to judge.
    Told,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreflightCheck {
    /// What was looked at, such as `permissions`.
    pub name: String,
    /// How it ended.
    pub state: CheckState,
    /// What was found; may hold line breaks.
    pub text: String,
}

/// The JSON document `pgward.preflight`, and the input of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreflightDocument {
    /// Always `pgward.preflight`.
    pub format: String,
    /// `1.0`.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// Which environment it is about.
    pub environment: EnvironmentPart,
    /// The checks, in the order in which they make sense.
    pub checks: Vec<PreflightCheck>,
}

impl PreflightDocument {
    /// Nothing was checked yet.
    #[must_use]
    pub fn new(environment: EnvironmentPart, version: &str) -> Self {
        Self {
            format: "pgward.preflight".to_owned(),
            format_version: "1.0".to_owned(),
            tool_version: version.to_owned(),
            environment,
            checks: Vec::new(),
        }
    }

    /// Adds a check.
    pub fn add(&mut self, name: &str, state: CheckState, text: impl Into<String>) {
        self.checks.push(PreflightCheck {
            name: name.to_owned(),
            state,
            text: text.into(),
        });
    }

    /// Whether one of the checks ended so.
    #[must_use]
    pub fn has(&self, state: CheckState) -> bool {
        self.checks.iter().any(|check| check.state == state)
    }
}

/// The text, one check after the other.
#[must_use]
pub fn preflight(document: &PreflightDocument, style: Style) -> String {
    let mut page = Page::new(style);
    head::asked(&mut page, &document.environment);
    for check in &document.checks {
        let (ink, mark) = match check.state {
            CheckState::Passed => (Ink::Plain, "✓"),
            CheckState::Failed => (Ink::Bold, "✗"),
            CheckState::NotChecked => (Ink::Notice, "?"),
            CheckState::Told => (Ink::Plain, "-"),
        };
        for (number, text) in check.text.lines().enumerate() {
            let line = page.start();
            let line = if number == 0 {
                line.ink(ink, mark).text(" ").text(&check.name)
            } else {
                line
            };
            page.wrap(line.to(19, 1), Ink::Plain, text);
        }
    }
    page.finish()
}
