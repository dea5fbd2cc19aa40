//! Saved plans: one JSON file, bound to what it relies on, with a digest and an expiry.
//!
//! The file is the JSON document of the plan with more fields: what it is bound to, the resolved
//! spec, the plan itself, and the digest over all of it. It holds no secret.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::{Plan, When};
use pgward_model::Desired;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{StoreError, place};

/// How long a saved plan holds at most.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a saved plan is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Account of 12 digits.
    pub account: String,
    /// Region.
    pub region: String,
    /// Partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Another endpoint than AWS's own.
    pub endpoint: Option<String>,
    /// Whether it was made in the sandbox, and runs there only.
    pub sandbox: bool,
    /// Version of the program.
    pub tool: String,
    /// Version of the bundled catalog.
    pub catalogue: String,
    /// Effects that were allowed beyond the policy.
    pub allow: Vec<String>,
    /// When changes with downtime are sent: `window` or `now`.
    pub timing: String,
    /// When it ends to hold.
    pub expires_at: Timestamp,
}

impl Bound {
    /// What a plan is bound to.
    #[must_use]
    pub fn of(plan: &Plan, catalogue: &str) -> Self {
        let circumstances = &plan.circumstances;
        let week = circumstances.now + HOLDS_FOR;
        let counts_on_window = plan
            .changes
            .iter()
            .any(|change| matches!(change.when, When::Window { .. }));
        let window = plan
            .next_window
            .map(|(start, _)| start)
            .filter(|start| counts_on_window && *start > circumstances.now);
        let region = &plan.environment.region;
        let partition = match region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Self {
            account: plan.environment.account.clone(),
            region: region.clone(),
            partition: partition.to_owned(),
            endpoint: circumstances.endpoint.clone(),
            sandbox: circumstances.sandbox,
            tool: circumstances.tool_version.clone(),
            catalogue: catalogue.to_owned(),
            allow: circumstances
                .allow
                .iter()
                .map(|effect| effect.word().to_owned())
                .collect(),
            timing: match circumstances.timing {
                pgward_engine::Timing::Window => "window".to_owned(),
                pgward_engine::Timing::Now => "now".to_owned(),
            },
            expires_at: window.map_or(week, |start| start.min(week)),
        }
    }
}

/// A saved plan, read from its file and found whole.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFile {
    /// The document that people and programs read.
    pub document: Value,
    /// What it is bound to.
    pub bound: Bound,
    /// What should exist.
    pub desired: Desired,
    /// The plan.
    pub plan: Plan,
}

/// Why a file is not a saved plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is no saved plan.
    #[error("`{path}` is not a saved plan: {why}")]
    Foreign {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// It was changed after it was saved, or is not whole.
    #[error("`{path}` was changed after it was saved")]
    Tampered {
        /// The file.
        path: String,
    },
    /// Another version made it, whose plans this one does not read.
    #[error("`{path}` was made by another version of pgward: {made_by}")]
    Version {
        /// The file.
        path: String,
        /// That version.
        made_by: String,
    },
}

/// Saves a plan.
///
/// # Errors
///
/// When the file system refuses.
///
/// # Panics
///
/// Never: documents are JSON objects.
pub fn save_plan(
    path: &Path,
    document: &Value,
    bound: &Bound,
    desired: &Desired,
    plan: &Plan,
) -> Result<(), StoreError> {
    let mut file = document.clone();
    let fields = file.as_object_mut().expect("a document is an object");
    let json = |value: Result<Value, serde_json::Error>| value.expect("plans are plain data");
    fields.insert("bound".to_owned(), json(serde_json::to_value(bound)));
    let made_by = plan
        .circumstances
        .caller
        .as_ref()
        .map(|caller| caller.arn.clone());
    fields.insert("made_by".to_owned(), json(serde_json::to_value(made_by)));
    fields.insert("resolved".to_owned(), json(serde_json::to_value(desired)));
    fields.insert("plan".to_owned(), json(serde_json::to_value(plan)));
    let digest = digest(&file);
    let fields = file.as_object_mut().expect("a document is an object");
    fields.insert("digest".to_owned(), Value::String(digest));
    let text = serde_json::to_string_pretty(&file).expect("plans are plain data");
    place::write_whole(path, &format!("{text}\n"))
}

/// Reads a saved plan and checks that it is whole and ours.
///
/// # Errors
///
/// When it can't be read, is none, was changed, or comes from another minor version.
pub fn read_plan(path: &Path, version: &str) -> Result<PlanFile, PlanFileError> {
    let shown = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| StoreError::File {
        action: "read",
        path: shown.clone(),
        source,
    })?;
    let foreign = |why: &str| PlanFileError::Foreign {
        path: shown.clone(),
        why: why.to_owned(),
    };
    let mut file: Value =
        serde_json::from_slice(&bytes).map_err(|_| foreign("it is not JSON, or was cut off"))?;
    let fields = file
        .as_object_mut()
        .ok_or_else(|| foreign("it is not a JSON object"))?;
    if fields.get("format").and_then(Value::as_str) != Some("pgward.plan") {
        return Err(foreign("it has not the format pgward.plan"));
    }
    let Some(Value::String(written)) = fields.remove("digest") else {
        return Err(foreign(
            "it is the JSON of a plan, not one saved with --out",
        ));
    };
    if digest(&file) != written {
        return Err(PlanFileError::Tampered { path: shown });
    }
    let part = |name: &str| file.get(name).cloned().unwrap_or(Value::Null);
    // Another version may have bound its plans to more, or to less.
    let made_by = part("bound")["tool"].as_str().map(str::to_owned);
    if let Some(made_by) = made_by.filter(|tool| minor(tool) != minor(version)) {
        return Err(PlanFileError::Version {
            path: shown,
            made_by,
        });
    }
    Ok(PlanFile {
        bound: serde_json::from_value(part("bound"))
            .map_err(|error| foreign(&error.to_string()))?,
        desired: serde_json::from_value(part("resolved"))
            .map_err(|error| foreign(&error.to_string()))?,
        plan: serde_json::from_value(part("plan")).map_err(|error| foreign(&error.to_string()))?,
        document: file,
    })
}

/// SHA-256 over the file in canonical form: keys sorted, no spaces, without the digest itself.
fn digest(file: &Value) -> String {
    let text = serde_json::to_string(file).expect("plans are plain data");
    let hash = Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// `0.4` of `0.4.1`.
fn minor(version: &str) -> Option<&str> {
    version.rsplit_once('.').map(|(minor, _)| minor)
}

/// The name under which the store notes that a saved plan was used.
#[must_use]
pub fn plan_mark(file: &PlanFile) -> String {
    let digest = digest(&file.document);
    let id: String = file
        .plan
        .id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    format!("used-{id}-{}", &digest[7..19])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_version_bound_its_plans_to_is_no_matter() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("prod.plan");
        let mut file = serde_json::json!({
            "format": "pgward.plan",
            "bound": { "tool": "7.1.0", "moon": "full" },
        });
        file["digest"] = digest(&file).into();
        fs::write(&path, file.to_string()).expect("there is room");
        let refused = read_plan(&path, "0.1.0").expect_err("it is from another version");
        assert!(
            matches!(&refused, PlanFileError::Version { made_by, .. } if made_by == "7.1.0"),
            "{refused}"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_no_plan() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("prod.plan");
        fs::write(&path, [0x7f, b'E', b'L', b'F', 0xff, 0xfe]).expect("there is room");
        let refused = read_plan(&path, "0.1.0").expect_err("it is a program");
        assert!(
            matches!(refused, PlanFileError::Foreign { .. }),
            "{refused}"
        );
    }
}
