//! Settings that creating and changing calls share: monitoring, insights, logs, keys.

use std::collections::BTreeSet;

use crate::call::{Call, Refusal};
use crate::rds::maintenance::CERTIFICATES;
use crate::rds::state::Insights;
use crate::world::{Place, World};
use crate::{iam, kms};

/// Log types that can be exported.
const LOGS: &[&str] = &["iam-db-auth-error", "postgresql", "upgrade"];

/// Interval and role of enhanced monitoring.
pub(crate) type Monitoring = (i64, Option<String>);

/// What monitoring becomes.
///
/// # Errors
/// Interval and role do not go together, or the role cannot be used.
pub(crate) fn monitoring(
    world: &World,
    call: &Call,
    now: &Monitoring,
) -> Result<Monitoring, Refusal> {
    let interval = call.int("MonitoringInterval").unwrap_or(now.0);
    let sent = call.text("MonitoringRoleArn");
    let role = sent.map(ToOwned::to_owned).or_else(|| now.1.clone());
    if ![0, 1, 5, 10, 15, 30, 60].contains(&interval) {
        return Err(Refusal::value(format!(
            "Invalid monitoring interval: {interval}. Valid values are 0, 1, 5, 10, 15, 30, 60"
        )));
    }
    if interval == 0 {
        if sent.is_some_and(|role| !role.is_empty()) && call.has("MonitoringInterval") {
            return Err(Refusal::combination(
                "A MonitoringRoleARN value is specified, but MonitoringInterval is 0.",
            ));
        }
        return Ok((0, None));
    }
    let Some(role) = role.filter(|role| !role.is_empty()) else {
        return Err(Refusal::combination(
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        ));
    };
    if sent.is_some() || now.0 == 0 {
        check_role(world, call, &role)?;
    }
    Ok((interval, Some(role)))
}

/// Checks that a role can be used.
///
/// # Errors
/// It does not exist, or is too new.
pub(crate) fn check_role(world: &World, call: &Call, role: &str) -> Result<(), Refusal> {
    if iam::role_exists(world, role, call.now) {
        return Ok(());
    }
    Err(Refusal::value(
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
    ))
}

/// What Performance Insights becomes, and its mode.
///
/// # Errors
/// The retention or the mode is not valid, or the key would change.
pub(crate) fn insights(
    place: &Place,
    call: &Call,
    now: (Option<&Insights>, &str),
) -> Result<(Option<Insights>, String), Refusal> {
    let enabled = call
        .boolean("EnablePerformanceInsights")
        .unwrap_or(now.0.is_some());
    let retention = call.int("PerformanceInsightsRetentionPeriod");
    let key = call.text("PerformanceInsightsKMSKeyId");
    let mode = call
        .text("DatabaseInsightsMode")
        .unwrap_or(now.1)
        .to_owned();
    if !["standard", "advanced"].contains(&mode.as_str()) {
        return Err(Refusal::value(format!(
            "Invalid DatabaseInsightsMode: {mode}"
        )));
    }
    if !enabled {
        if retention.is_some() || key.is_some() {
            return Err(Refusal::combination(
                "To set Performance Insights options, EnablePerformanceInsights must be true.",
            ));
        }
        if mode == "advanced" {
            return Err(Refusal::combination(
                "To enable the Advanced mode of Database Insights, Performance Insights must be enabled.",
            ));
        }
        return Ok((None, mode));
    }
    let retention_days = retention.or(now.0.map(|on| on.retention_days)).unwrap_or(7);
    let months = retention_days % 31 == 0 && (1..=23).contains(&(retention_days / 31));
    if retention_days != 7 && retention_days != 731 && !months {
        return Err(Refusal::value(format!(
            "Invalid Performance Insights retention period: {retention_days}. Valid values are 7, 731 and month * 31"
        )));
    }
    if mode == "advanced" && retention_days < 465 {
        return Err(Refusal::combination(
            "To enable the Advanced mode of Database Insights, the Performance Insights retention period must be at least 465 days.",
        ));
    }
    let kms_key = match (now.0, key) {
        (Some(on), None) => on.kms_key.clone(),
        (Some(on), Some(key)) => {
            let wish = resolve_key(place, key)?;
            if wish != on.kms_key {
                return Err(Refusal::combination(
                    "You can't change the Performance Insights KMS key once it is set.",
                ));
            }
            wish
        }
        (None, key) => resolve_key(place, key.unwrap_or("alias/aws/rds"))?,
    };
    Ok((
        Some(Insights {
            retention_days,
            kms_key,
        }),
        mode,
    ))
}

/// The ARN of a key.
///
/// # Errors
/// `KMSKeyNotAccessibleFault`.
pub(crate) fn resolve_key(place: &Place, text: &str) -> Result<String, Refusal> {
    kms::resolve(place, text).ok_or_else(|| {
        Refusal::new(
            400,
            "KMSKeyNotAccessibleFault",
            format!("The specified KMS key [{text}] does not exist, is not enabled or you do not have permissions to access it."),
        )
    })
}

/// Checks log types.
///
/// # Errors
/// One is unknown.
pub(crate) fn logs(list: &[String]) -> Result<BTreeSet<String>, Refusal> {
    match list.iter().find(|log| !LOGS.contains(&log.as_str())) {
        Some(unknown) => Err(Refusal::combination(format!(
            "You cannot use the log type '{unknown}' with engine version postgres. For supported log types, see the documentation."
        ))),
        None => Ok(list.iter().cloned().collect()),
    }
}

/// Checks a certificate authority.
///
/// # Errors
/// It does not exist.
pub(crate) fn certificate(name: &str) -> Result<String, Refusal> {
    if CERTIFICATES.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(Refusal::new(
        404,
        "CertificateNotFound",
        format!("Certificate not found: {name}"),
    ))
}

/// Checks a port.
///
/// # Errors
/// It is out of range.
pub(crate) fn port(port: i64) -> Result<i64, Refusal> {
    if (1150..=65_535).contains(&port) {
        return Ok(port);
    }
    Err(Refusal::value(format!(
        "Invalid port {port}: valid ports are between 1150 and 65535"
    )))
}

/// Checks how many days backups are kept.
///
/// # Errors
/// It is not 0 to 35.
pub(crate) fn retention(days: i64) -> Result<i64, Refusal> {
    if (0..=35).contains(&days) {
        return Ok(days);
    }
    Err(Refusal::value(format!(
        "Invalid backup retention period: {days}. Retention period must be between 0 and 35."
    )))
}
