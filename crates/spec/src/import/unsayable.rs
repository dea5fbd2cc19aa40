//! What no file can say of an instance that exists, and what to do instead.

use super::{Existing, text};

/// Why no file can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsayable {
    /// What it is, as a sentence.
    pub message: String,
    /// What to do, one line each.
    pub next: String,
}

impl Unsayable {
    pub(super) fn new(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            next: next.into(),
        }
    }
}

/// The first rule that an instance breaks.
pub(super) fn check(instance: &Existing) -> Result<(), Unsayable> {
    let name = &instance.name;
    if text(instance, "network.subnet_group") == "default" {
        return Err(Unsayable::new(
            format!("{name} lives in the subnet group `default`, which the whole account shares"),
            "restore a snapshot into a subnet group of its own, and import that",
        ));
    }
    // RDS fixes the key for ever when it creates an instance, and a file has to name one.
    let what = match text(instance, "storage.encryption") {
        "none" => "not encrypted",
        "sse-rds" => "encrypted with a key that AWS keeps to itself",
        _ => return Ok(()),
    };
    Err(Unsayable::new(
        format!(
            "the storage of {name} is {what}; [storage] encryption has to name a KMS key, which RDS \
             never changes, so a plan could not be empty"
        ),
        format!(
            "stop writing to it and make an encrypted copy, then import that:\n\
             aws rds create-db-snapshot --db-instance-identifier {name} --db-snapshot-identifier {name}-plain\n\
             aws rds copy-db-snapshot --source-db-snapshot-identifier {name}-plain \
             --target-db-snapshot-identifier {name}-encrypted --kms-key-id alias/aws/rds\n\
             aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier {name}-encrypted \
             --db-instance-identifier {name}-2\n\
             pgward import --instance {name}-2"
        ),
    ))
}
