//! Whether a DB instance takes changes, by its status and those of its parts (reference: resource
//! semantics, 6.2).

use aws_sdk_rds::types::DbInstance;
use pgward_engine::Readiness;

/// Statuses that say what a person must do.
const ADVICE: &[(&str, Readiness, &str)] = &[
    (
        "stopped",
        Readiness::Stuck,
        "the instance is stopped; start it, then repeat",
    ),
    (
        "storage-full",
        Readiness::Ready,
        "the storage is full; let it grow: storage.size",
    ),
    (
        "insufficient-capacity",
        Readiness::Failed,
        "AWS had no capacity for it; delete it and choose another class, or wait and repeat",
    ),
    (
        "failed",
        Readiness::Failed,
        "the instance failed; restore it from a backup",
    ),
    (
        "incompatible-parameters",
        Readiness::Mendable,
        "the parameters do not fit the class, often shared_buffers or max_connections; correct \
         them, then restart the instance",
    ),
    (
        "incompatible-network",
        Readiness::Mendable,
        "RDS can't attach it to the network; look at the free addresses and DNS of the subnets",
    ),
    (
        "incompatible-option-group",
        Readiness::Mendable,
        "the option group does not fit the version",
    ),
    (
        "incompatible-restore",
        Readiness::Failed,
        "the restore failed; read the events of the instance",
    ),
    (
        "incompatible-create",
        Readiness::Failed,
        "the creation failed; read the events of the instance",
    ),
    (
        "incompatible-credentials",
        Readiness::Failed,
        "RDS can't use the credentials; read the events of the instance",
    ),
    (
        "restore-error",
        Readiness::Failed,
        "the restore failed; read the events of the instance",
    ),
    (
        "inaccessible-encryption-credentials",
        Readiness::Failed,
        "the KMS key is gone; restore the instance from a backup",
    ),
    (
        "inaccessible-encryption-credentials-recoverable",
        Readiness::Stuck,
        "the KMS key is disabled; enable it, then start the instance within 7 days",
    ),
    (
        "modify-failed",
        Readiness::Mendable,
        "a change failed; read the events of the instance",
    ),
    (
        "upgrade-failed",
        Readiness::Mendable,
        "an upgrade failed; read the events of the instance",
    ),
];

/// Readiness and advice for a status alone; an unknown word means that AWS is at work.
pub(super) fn of_word(status: &str) -> (Readiness, &'static str) {
    match status {
        "available" | "storage-optimization" => (Readiness::Ready, ""),
        "deleting" => (Readiness::Leaving, ""),
        _ => ADVICE
            .iter()
            .find(|(known, ..)| *known == status)
            .map_or((Readiness::Busy, ""), |(_, readiness, advice)| {
                (*readiness, advice)
            }),
    }
}

/// Whether AWS deletes an instance in this status only if no final snapshot is asked for (reference:
/// resource semantics, 6.1): what failed, and what has no network.
pub(super) fn is_without_snapshot(status: &str) -> bool {
    status == "incompatible-network" || of_word(status).0 == Readiness::Failed
}

/// Readiness and advice of an instance: a ready one is busy as long as a part of it is.
pub(super) fn of_instance(instance: &DbInstance) -> (Readiness, String) {
    let (readiness, advice) = of_word(instance.db_instance_status().unwrap_or("creating"));
    if readiness != Readiness::Ready {
        return (readiness, advice.to_owned());
    }
    if let Some(broken) = replication(instance) {
        return broken;
    }
    if let Some(secret) = instance.master_user_secret()
        && secret.secret_status() == Some("impaired")
    {
        let advice = "RDS can't keep its master secret; look at the rights and the key of it";
        return (Readiness::Ready, advice.to_owned());
    }
    if parts_at_work(instance) {
        return (Readiness::Busy, advice.to_owned());
    }
    (readiness, advice.to_owned())
}

/// Whether a parameter group, a security group or the managed secret is being applied.
fn parts_at_work(instance: &DbInstance) -> bool {
    let groups = instance.db_parameter_groups();
    let parameters = groups
        .iter()
        .any(|group| group.parameter_apply_status() == Some("applying"));
    let network = instance
        .vpc_security_groups()
        .iter()
        .any(|group| group.status().is_some_and(|status| status != "active"));
    let secret = instance
        .master_user_secret()
        .and_then(|secret| secret.secret_status());
    parameters || network || matches!(secret, Some("creating" | "rotating"))
}

/// What is wrong with the replication of a replica.
fn replication(instance: &DbInstance) -> Option<(Readiness, String)> {
    let info = instance
        .status_infos()
        .iter()
        .find(|info| info.status_type() == Some("read replication"))?;
    let message = info.message().filter(|message| !message.is_empty());
    let message = message
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    match info.status().unwrap_or("replicating") {
        "replicating" => None,
        "terminated" => Some((
            Readiness::Failed,
            format!("replication ended for good{message}; the replica has to be made anew"),
        )),
        "error" | "stopped" if info.normal() == Some(false) => Some((
            Readiness::Stuck,
            format!("replication does not run{message}"),
        )),
        _ => Some((Readiness::Busy, String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_changes_may_be_sent() {
        for (status, expected) in [
            ("available", Readiness::Ready),
            ("storage-optimization", Readiness::Ready),
            ("storage-full", Readiness::Ready),
            ("modifying", Readiness::Busy),
            ("delete-precheck", Readiness::Busy),
            ("stopped", Readiness::Stuck),
            ("incompatible-parameters", Readiness::Mendable),
            ("failed", Readiness::Failed),
            ("deleting", Readiness::Leaving),
        ] {
            assert_eq!(of_word(status).0, expected, "{status}");
        }
    }
}
