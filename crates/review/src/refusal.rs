//! The document of a command that ended without its result: what is wrong, and what to do.

use pgward_model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::document::Finding;

/// Why a command has no result: the JSON document `pgward.failure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureDocument {
    /// Always `pgward.failure`.
    pub format: String,
    /// `1.0`.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// The command: `plan`.
    pub command: String,
    /// `[project] name`, if it could be read.
    pub project: Option<String>,
    /// The environment, if it could be read.
    pub environment: Option<String>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl FailureDocument {
    /// The document of a failure; project and environment as far as they are known.
    #[must_use]
    pub fn new(
        command: &str,
        (project, environment): (Option<String>, Option<String>),
        exit_code: u8,
        findings: &[Diagnostic],
        tool_version: &str,
    ) -> Self {
        Self {
            format: "pgward.failure".to_owned(),
            format_version: "1.0".to_owned(),
            tool_version: tool_version.to_owned(),
            command: command.to_owned(),
            project,
            environment,
            exit_code,
            findings: findings.iter().map(Finding::from).collect(),
        }
    }

    /// `project/environment` as far as they are known.
    #[must_use]
    pub fn title(&self) -> String {
        match (&self.project, &self.environment) {
            (Some(project), Some(environment)) => format!("{project}/{environment}"),
            (None, Some(one)) | (Some(one), None) => one.clone(),
            (None, None) => String::new(),
        }
    }
}
