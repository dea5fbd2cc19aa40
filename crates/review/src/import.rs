//! The document of `import`: what was found, what a person should look at, and what leads on.

use pgward_model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::document::Finding;

/// A resource that was found, with the sections that say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPart {
    /// What AWS calls one: `DB instance`.
    pub noun: String,
    /// Its name in AWS.
    pub name: String,
    /// The sections: `[instance] [storage] [backup]`.
    pub sections: String,
}

/// What an import found and wrote: the JSON document `pgward.import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportDocument {
    /// Always `pgward.import`.
    pub format: String,
    /// `1.0`.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// `[project] name` of the file.
    pub project: String,
    /// Name of the environment.
    pub environment: String,
    /// Account of 12 digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// Whether it was a simulated AWS.
    pub sandbox: bool,
    /// How commands name the environment: by its name, or by the path of the file.
    pub spec: String,
    /// Where the file is; nothing if it went to stdout.
    pub file: Option<String>,
    /// The file.
    pub text: String,
    /// What is in it.
    pub found: Vec<FoundPart>,
    /// What is used and not managed.
    pub used: Vec<String>,
    /// What `check` says of the file.
    pub findings: Vec<Finding>,
    /// What has no place in the file or is a guess.
    pub notes: Vec<String>,
    /// What a plan would change, although nothing of it is asked for.
    pub differences: Vec<String>,
    /// Addresses in Terraform that pgward would take over.
    pub terraform: Vec<String>,
}

impl ImportDocument {
    /// Always `pgward.import`.
    pub const FORMAT: &str = "pgward.import";

    /// Sets what `check` says.
    #[must_use]
    pub fn with_findings(mut self, findings: &[Diagnostic]) -> Self {
        self.findings = findings.iter().map(Finding::from).collect();
        self
    }

    /// The lines of the file.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }
}
