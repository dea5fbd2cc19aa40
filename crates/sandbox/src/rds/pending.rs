//! Changes that wait: for the maintenance window, for a restart, or for the next immediate change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::stage::{Finish, Stage};
use super::state::{Instance, Storage};
use super::{storage, versions};

/// Changes of one instance that are asked for and not in effect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pending {
    pub class: Option<String>,
    pub size_gib: Option<i64>,
    pub storage_type: Option<String>,
    pub iops: Option<i64>,
    pub throughput: Option<i64>,
    pub multi_az: Option<bool>,
    pub engine_version: Option<String>,
    /// Group of the new family, of a major upgrade.
    pub upgrade_group: Option<String>,
    pub backup_retention: Option<i64>,
    pub identifier: Option<String>,
    pub iam_authentication: Option<bool>,
    pub certificate: Option<String>,
    pub dedicated_log_volume: Option<bool>,
    pub network_type: Option<String>,
    pub subnet_group: Option<(String, String)>,
    pub port: Option<i64>,
    /// Digest of a new master password.
    pub password_digest: Option<String>,
    pub logs_to_enable: BTreeSet<String>,
    pub logs_to_disable: BTreeSet<String>,
}

/// Takes into `$into` each field that is set in `$from`.
macro_rules! take_set {
    ($into:expr, $from:expr, $($field:ident),+) => {
        $(if $from.$field.is_some() { $into.$field.clone_from(&$from.$field); })+
    };
}

/// Drops from `$list` each field whose value is that of `$done`.
macro_rules! drop_same {
    ($list:expr, $done:expr, $($field:ident),+) => {
        $(if $list.$field == $done.$field { $list.$field = None; })+
    };
}

impl Pending {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds other changes, which win.
    pub(crate) fn merge(&mut self, other: &Self) {
        take_set!(
            self,
            other,
            class,
            size_gib,
            storage_type,
            iops,
            throughput,
            multi_az,
            engine_version,
            upgrade_group,
            backup_retention,
            identifier,
            iam_authentication,
            certificate,
            dedicated_log_volume,
            network_type,
            subnet_group,
            port,
            password_digest
        );
        self.logs_to_enable
            .extend(other.logs_to_enable.iter().cloned());
        self.logs_to_disable
            .extend(other.logs_to_disable.iter().cloned());
    }

    /// Removes what was done. A field that was asked for anew meanwhile stays.
    pub(crate) fn forget(&mut self, done: &Self) {
        drop_same!(
            self,
            done,
            class,
            size_gib,
            storage_type,
            iops,
            throughput,
            multi_az,
            engine_version,
            upgrade_group,
            backup_retention,
            identifier,
            iam_authentication,
            certificate,
            dedicated_log_volume,
            network_type,
            subnet_group,
            port,
            password_digest
        );
        self.logs_to_enable
            .retain(|log| !done.logs_to_enable.contains(log));
        self.logs_to_disable
            .retain(|log| !done.logs_to_disable.contains(log));
    }

    /// What a reboot brings along of what waits.
    pub(crate) fn at_reboot(&self) -> Self {
        Self {
            iam_authentication: self.iam_authentication,
            certificate: self.certificate.clone(),
            dedicated_log_volume: self.dedicated_log_volume,
            ..Self::default()
        }
    }

    /// `PendingModifiedValues`.
    pub(crate) fn render(&self) -> Value {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                out.insert(name.to_owned(), value);
            }
        };
        put("DBInstanceClass", json!(self.class));
        put("AllocatedStorage", json!(self.size_gib));
        put("StorageType", json!(self.storage_type));
        put("Iops", json!(self.iops));
        put("StorageThroughput", json!(self.throughput));
        put("MultiAZ", json!(self.multi_az));
        put("EngineVersion", json!(self.engine_version));
        put("BackupRetentionPeriod", json!(self.backup_retention));
        put("DBInstanceIdentifier", json!(self.identifier));
        put(
            "IAMDatabaseAuthenticationEnabled",
            json!(self.iam_authentication),
        );
        put("CACertificateIdentifier", json!(self.certificate));
        put("DedicatedLogVolume", json!(self.dedicated_log_volume));
        put("Port", json!(self.port));
        put(
            "DBSubnetGroupName",
            json!(self.subnet_group.as_ref().map(|(name, _)| name)),
        );
        put(
            "MasterUserPassword",
            json!(self.password_digest.as_ref().map(|_| "****")),
        );
        if !self.logs_to_enable.is_empty() || !self.logs_to_disable.is_empty() {
            let logs = json!({
                "LogTypesToEnable": self.logs_to_enable,
                "LogTypesToDisable": self.logs_to_disable,
            });
            put("PendingCloudwatchLogsExports", logs);
        }
        Value::Object(out)
    }

    /// The stages an instance goes through to bring these changes, with their durations.
    pub(crate) fn stages(&self, instance: &Instance) -> Vec<Stage> {
        let mut stages = Vec::new();
        let modifying = self.seconds_modifying(instance);
        if modifying > 0 {
            stages.push(Stage::new("modifying", modifying));
        }
        if let Some(version) = &self.engine_version {
            let major = versions::major(version) != versions::major(&instance.engine_version);
            if instance.backup_retention > 0 && major {
                stages.push(Stage::new("backing-up", 180));
            }
            stages.push(Stage::new("upgrading", if major { 720 } else { 360 }));
        }
        if self.iam_authentication.is_some() {
            stages.push(Stage::new("configuring-iam-database-auth", 60));
        }
        if self.password_digest.is_some() {
            stages.push(Stage::new("resetting-master-credentials", 60));
        }
        if !self.logs_to_enable.is_empty() || !self.logs_to_disable.is_empty() {
            stages.push(Stage::new("configuring-log-exports", 60));
        }
        if self.port.is_some() {
            stages.push(Stage::new("rebooting", 60));
        }
        if self.identifier.is_some() {
            stages.push(Stage::new("renaming", 60));
        }
        if instance.backup_retention == 0 && self.backup_retention.is_some_and(|days| days > 0) {
            stages.push(Stage::new("backing-up", 180));
        }
        if let Some(last) = stages.last_mut() {
            last.finish.push(Finish::Apply(Box::new(self.clone())));
        }
        stages
    }

    fn seconds_modifying(&self, instance: &Instance) -> i64 {
        let mut seconds = 0;
        if self.class.is_some() {
            seconds += 480;
        }
        if self.touches_storage() {
            let crosses = storage::crosses_striping(
                instance.storage.size_gib,
                self.size_gib.unwrap_or(instance.storage.size_gib),
            );
            seconds += if crosses { 5_400 } else { 180 };
        }
        if let Some(multi_az) = self.multi_az {
            seconds += if multi_az { 600 } else { 120 };
        }
        for (asked, cost) in [
            (self.network_type.is_some(), 180),
            (self.subnet_group.is_some(), 600),
            (self.dedicated_log_volume.is_some(), 300),
            (self.certificate.is_some(), 60),
            (self.backup_retention.is_some(), 60),
        ] {
            seconds += if asked { cost } else { 0 };
        }
        seconds
    }

    /// Whether the storage changes.
    pub(crate) fn touches_storage(&self) -> bool {
        self.size_gib.is_some()
            || self.storage_type.is_some()
            || self.iops.is_some()
            || self.throughput.is_some()
    }

    /// Whether PostgreSQL restarts, which also brings static parameters.
    pub(crate) fn restarts(&self) -> bool {
        self.class.is_some()
            || self.engine_version.is_some()
            || self.port.is_some()
            || self.identifier.is_some()
            || self.subnet_group.is_some()
            || self.dedicated_log_volume.is_some()
    }
}

/// Brings changes into effect. A rename is left to the caller, since it moves the instance in its map.
pub(crate) fn apply(instance: &mut Instance, done: &Pending, region: &str) {
    if let Some(class) = &done.class {
        instance.class.clone_from(class);
    }
    if done.touches_storage() {
        instance.storage = wanted_storage(&instance.storage, done);
    }
    if let Some(multi_az) = done.multi_az {
        instance.multi_az = multi_az;
        instance.secondary_zone =
            multi_az.then(|| super::instance::place::other_zone(region, &instance.zone));
    } else if done.class.is_some() && instance.multi_az {
        // A class change of a pair ends with the former standby in charge.
        if let Some(standby) = &mut instance.secondary_zone {
            std::mem::swap(standby, &mut instance.zone);
        }
    }
    if let Some(version) = &done.engine_version {
        instance.engine_version.clone_from(version);
        if instance.maintenance.as_ref() == Some(version) {
            instance.maintenance = None;
        }
    }
    if let Some(group) = &done.upgrade_group {
        instance.parameter_group.clone_from(group);
    }
    if let Some((group, vpc)) = &done.subnet_group {
        instance.subnet_group.clone_from(group);
        instance.vpc.clone_from(vpc);
    }
    if let Some(digest) = &done.password_digest {
        instance.password_digest = Some(digest.clone());
    }
    if let Some(certificate) = &done.certificate {
        instance.certificate.clone_from(certificate);
    }
    if let Some(network_type) = &done.network_type {
        instance.network_type.clone_from(network_type);
    }
    instance.backup_retention = done.backup_retention.unwrap_or(instance.backup_retention);
    instance.iam_authentication = done
        .iam_authentication
        .unwrap_or(instance.iam_authentication);
    instance.dedicated_log_volume = done
        .dedicated_log_volume
        .unwrap_or(instance.dedicated_log_volume);
    instance.port = done.port.unwrap_or(instance.port);
    instance
        .log_exports
        .extend(done.logs_to_enable.iter().cloned());
    instance
        .log_exports
        .retain(|log| !done.logs_to_disable.contains(log));
    instance.pending.forget(done);
}

/// The storage after changes; speed that was not asked for follows from type and size.
pub(crate) fn wanted_storage(now: &Storage, pending: &Pending) -> Storage {
    let kind = pending
        .storage_type
        .clone()
        .unwrap_or_else(|| now.kind.clone());
    let size_gib = pending.size_gib.unwrap_or(now.size_gib);
    let same_kind = kind == now.kind
        && (kind != "gp3" || storage::is_striped(size_gib) == storage::is_striped(now.size_gib));
    let keep = |value: Option<i64>| if same_kind { value } else { None };
    let wish = Storage {
        iops: pending.iops.or_else(|| keep(now.iops)),
        throughput: pending.throughput.or_else(|| keep(now.throughput)),
        kind,
        size_gib,
    };
    storage::with_baseline(wish)
}
