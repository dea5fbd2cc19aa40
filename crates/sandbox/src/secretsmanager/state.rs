//! What is kept of a secret.
//!
//! Values are kept as they are, also in a saved world: a simulated account has to hold them, the file
//! belongs to its owner alone, and an obscured form would only look safe. None of them opens anything
//! outside of the sandbox.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Refusal};
use crate::tagging::Tags;
use crate::world::World;

/// Stage of the value in force.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// Stage of the value before it.
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";
/// Time for which the name of a secret deleted by force stays taken.
const FAREWELL: SignedDuration = SignedDuration::from_secs(5);

/// Secrets of one account and region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SecretsManager {
    /// By name.
    pub secrets: BTreeMap<String, Secret>,
}

/// One secret.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub name: String,
    pub arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As it was sent; the key that AWS keeps if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// The service that keeps it for itself, such as `rds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(with = "crate::moment")]
    pub created: Timestamp,
    #[serde(with = "crate::moment")]
    pub changed: Timestamp,
    #[serde(
        default,
        with = "crate::moment::maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub accessed: Option<Timestamp>,
    #[serde(
        default,
        with = "crate::moment::maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub deletion: Option<Timestamp>,
    /// Whether nothing finds it any more although its name is still taken.
    #[serde(default)]
    pub forced: bool,
    #[serde(default)]
    pub rotation: Option<Rotation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(default)]
    pub tags: Tags,
    /// Version id -> version.
    #[serde(default)]
    pub versions: BTreeMap<String, Version>,
}

/// How a secret is rotated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rotation {
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The rules as they were sent.
    pub rules: Value,
}

/// One value of a secret.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Base64, for a value that is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<String>,
    #[serde(default)]
    pub stages: Vec<String>,
    #[serde(with = "crate::moment")]
    pub created: Timestamp,
}

impl Version {
    /// A version with a text and no stage.
    pub(super) fn text(value: String, created: Timestamp) -> Self {
        Self {
            value: Some(value),
            binary: None,
            stages: Vec::new(),
            created,
        }
    }

    /// Whether it holds the same as another.
    pub(super) fn holds_same(&self, other: &Self) -> bool {
        self.value == other.value && self.binary == other.binary
    }
}

impl Secret {
    /// A secret without a value, whose ARN ends in six made-up characters.
    pub(super) fn empty(world: &mut World, call: &Call, name: &str) -> Self {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let suffix = world.characters("secret", letters, 6);
        Self {
            name: name.to_owned(),
            arn: call.arn("secretsmanager", &format!("secret:{name}-{suffix}")),
            description: None,
            kms_key: None,
            owner: None,
            created: call.now,
            changed: call.now,
            accessed: None,
            deletion: None,
            forced: false,
            rotation: None,
            policy: None,
            tags: Tags::new(),
            versions: BTreeMap::new(),
        }
    }

    /// The version in force.
    pub(super) fn current(&self) -> Option<&Version> {
        self.staged(CURRENT).map(|(_, version)| version)
    }

    /// The version with a stage, and its id.
    pub(super) fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions
            .iter()
            .find(|(_, version)| version.stages.iter().any(|held| held == stage))
    }

    /// Adds a version with stages, the current one if none are named; the one it replaces becomes the
    /// previous one, and versions left without a stage are dropped.
    pub(super) fn put(&mut self, id: String, version: Version, stages: &[String]) {
        let usual = [CURRENT.to_owned()];
        let stages = if stages.is_empty() {
            &usual[..]
        } else {
            stages
        };
        let replaced = self.staged(CURRENT).map(|(id, _)| id.clone());
        let becomes_current = stages.iter().any(|stage| stage == CURRENT);
        for held in self.versions.values_mut() {
            held.stages.retain(|stage| {
                let moves = stages.contains(stage) || (becomes_current && stage == PREVIOUS);
                !moves
            });
        }
        if let Some(held) = replaced
            .filter(|_| becomes_current)
            .and_then(|id| self.versions.get_mut(&id))
        {
            held.stages.push(PREVIOUS.to_owned());
        }
        self.changed = version.created;
        self.versions.insert(
            id,
            Version {
                stages: stages.to_vec(),
                ..version
            },
        );
        self.versions.retain(|_, held| !held.stages.is_empty());
    }
}

impl SecretsManager {
    /// The secret with a name or an ARN.
    pub(super) fn find(&self, id: &str) -> Option<&Secret> {
        self.found()
            .find(|secret| secret.name == id || secret.arn == id)
    }

    /// Every secret that can be found, in the order of names.
    pub(super) fn found(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values().filter(|secret| !secret.forced)
    }

    /// The secret that a call names by name, ARN, or ARN without its last seven characters.
    ///
    /// # Errors
    /// `ResourceNotFoundException` if there is none.
    pub(super) fn named(&mut self, call: &Call) -> Result<&mut Secret, Refusal> {
        let id = call
            .text("SecretId")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| {
                refused(
                    "ValidationException",
                    "1 validation error detected: Value at 'secretId' must not be null",
                )
            })?;
        self.secrets
            .values_mut()
            .find(|secret| {
                let short = secret.arn.get(..secret.arn.len() - 7);
                !secret.forced && (secret.name == id || secret.arn == id || short == Some(id))
            })
            .ok_or_else(|| {
                refused(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret.",
                )
            })
    }

    /// The same, refused while the secret waits for its deletion.
    ///
    /// # Errors
    /// It does not exist or is marked for deletion.
    pub(super) fn kept(&mut self, call: &Call) -> Result<&mut Secret, Refusal> {
        let secret = self.named(call)?;
        if secret.deletion.is_some() {
            let text = "You can't perform this operation on the secret because it was marked for \
                        deletion.";
            return Err(refused("InvalidRequestException", text));
        }
        Ok(secret)
    }

    /// The same, refused for a secret that a service keeps for itself.
    ///
    /// # Errors
    /// It does not exist, is marked for deletion, or is managed.
    pub(super) fn own(&mut self, call: &Call) -> Result<&mut Secret, Refusal> {
        let secret = self.kept(call)?;
        if let Some(owner) = &secret.owner {
            let text =
                format!("You can't perform this operation on a secret that is managed by {owner}.");
            return Err(refused("InvalidRequestException", text));
        }
        Ok(secret)
    }
}

/// Forgets secrets whose time has come.
pub(super) fn forget_expired(secrets: &mut SecretsManager, now: Timestamp) {
    secrets
        .secrets
        .retain(|_, secret| secret.deletion.is_none_or(|deletion| deletion > now));
}

/// When the name of a secret deleted by force at a moment is free again.
pub(super) fn free_again(now: Timestamp) -> Timestamp {
    now + FAREWELL
}

/// 400 with a code.
pub(super) fn refused(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(400, code, message)
}
