//! DB instances: making, changing, restarting and deleting them.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod modify;
pub(crate) mod place;
pub(crate) mod power;
pub(crate) mod replica;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod wishes;

use super::state::{Instance, Rds};
use crate::call::Refusal;

/// The instance with a name in lower case.
///
/// # Errors
/// 404 `DBInstanceNotFound`.
pub(crate) fn find<'a>(rds: &'a Rds, identifier: &str) -> Result<&'a Instance, Refusal> {
    rds.instances.get(identifier).ok_or_else(|| {
        Refusal::new(
            404,
            "DBInstanceNotFound",
            format!("DBInstance {identifier} not found."),
        )
    })
}

/// The refusal of a call for an instance that is busy or otherwise not available.
pub(crate) fn busy(instance: &Instance) -> Refusal {
    let Instance {
        identifier, status, ..
    } = instance;
    let text = if status.starts_with("configuring-") {
        format!(
            "Database instance {identifier} is in state {status}. Please submit your request later."
        )
    } else {
        format!(
            "Database instance {identifier} is not in available state. It is in state {status}."
        )
    };
    Refusal::new(400, "InvalidDBInstanceState", text)
}

/// The refusal of a name that is taken.
pub(crate) fn exists(identifier: &str) -> Refusal {
    Refusal::new(
        400,
        "DBInstanceAlreadyExists",
        format!("DB instance already exists: {identifier}"),
    )
}

/// Whether an instance takes changes.
pub(crate) fn is_ready(instance: &Instance) -> bool {
    ["available", "storage-optimization"].contains(&instance.status.as_str())
}
