//! What RDS keeps: plain data, as it is saved in a world file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pending::Pending;
use super::stage::Stage;
use super::timer::Timer;

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// Everything of one account and region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rds {
    pub subnet_groups: BTreeMap<String, SubnetGroup>,
    pub parameter_groups: BTreeMap<String, ParameterGroup>,
    pub instances: BTreeMap<String, Instance>,
    pub snapshots: BTreeMap<String, Snapshot>,
    pub proxies: BTreeMap<String, Proxy>,
    /// Automated backups kept after their instance, by resource id of the instance.
    pub kept_backups: BTreeMap<String, KeptBackup>,
    pub events: Vec<Event>,
    /// What happens later.
    pub timers: Vec<Timer>,
    /// Number of the next timer, which orders timers of the same moment.
    pub next_timer: u64,
    /// Parameter groups that still show as used after a deletion.
    pub releasing: Vec<String>,
    /// The account's part of endpoint names in this region.
    pub host: Option<String>,
}

impl Rds {
    /// The instance with an immutable resource id.
    pub(crate) fn by_resource(&mut self, resource_id: &str) -> Option<&mut Instance> {
        self.instances
            .values_mut()
            .find(|instance| instance.resource_id == resource_id)
    }
}

/// A DB subnet group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubnetGroup {
    pub name: String,
    pub description: String,
    pub vpc: String,
    /// Subnet id -> zone.
    pub subnets: BTreeMap<String, String>,
    pub tags: Tags,
}

/// A DB parameter group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ParameterGroup {
    pub name: String,
    pub family: String,
    pub description: String,
    /// What a user set.
    pub values: BTreeMap<String, SetValue>,
    pub tags: Tags,
}

/// A value that a user set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SetValue {
    pub value: String,
    /// `immediate` or `pending-reboot`, as sent last.
    pub method: String,
}

/// A DB instance or a read replica.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub identifier: String,
    pub resource_id: String,
    pub status: String,
    #[serde(with = "crate::moment")]
    pub created_at: Timestamp,
    /// Whether it was ready once, so that it has an endpoint.
    pub ready: bool,
    pub engine_version: String,
    pub class: String,
    pub storage: Storage,
    pub max_storage_gib: Option<i64>,
    /// Until when no further storage change is taken.
    #[serde(default, with = "crate::moment::maybe")]
    pub optimizing_until: Option<Timestamp>,
    pub encrypted: bool,
    pub kms_key: Option<String>,
    pub db_name: Option<String>,
    pub master_username: String,
    /// Digest of the master password, unless RDS keeps it.
    pub password_digest: Option<String>,
    pub managed_secret: Option<ManagedSecret>,
    pub port: i64,
    pub multi_az: bool,
    pub zone: String,
    pub secondary_zone: Option<String>,
    pub subnet_group: String,
    /// The subnets that hold its addresses, as far as a change of the group had to know.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub subnets: BTreeSet<String>,
    pub vpc: String,
    /// Group id -> `active` or `adding`.
    pub security_groups: BTreeMap<String, String>,
    pub publicly_accessible: bool,
    pub network_type: String,
    pub parameter_group: String,
    pub parameter_status: String,
    pub backup_retention: i64,
    pub backup_window: String,
    pub maintenance_window: String,
    pub auto_minor_upgrade: bool,
    pub copy_tags_to_snapshot: bool,
    pub deletion_protection: bool,
    pub iam_authentication: bool,
    pub monitoring_interval: i64,
    pub monitoring_role: Option<String>,
    pub insights: Option<Insights>,
    pub insights_mode: String,
    pub log_exports: BTreeSet<String>,
    pub certificate: String,
    pub lifecycle_support: String,
    pub dedicated_log_volume: bool,
    pub tags: Tags,
    /// Name of the source in the same region, or its ARN; only of replicas.
    pub source: Option<String>,
    /// `replicating`, `terminated`, …; only of replicas.
    pub replication: Option<String>,
    /// Names of replicas in this region and ARNs of others.
    pub replicas: Vec<String>,
    pub pending: Pending,
    /// What the instance is doing, first the present.
    pub stages: Vec<Stage>,
    /// When its maintenance window brings what waits.
    #[serde(default, with = "crate::moment::maybe")]
    pub window_at: Option<Timestamp>,
    /// When backups are taken next.
    #[serde(default, with = "crate::moment::maybe")]
    pub backup_at: Option<Timestamp>,
    #[serde(default, with = "crate::moment::maybe")]
    pub stopped_at: Option<Timestamp>,
    /// Version a user wants by pending maintenance, and whether it waits for the window.
    pub maintenance: Option<String>,
}

/// Size and speed of an instance's storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Storage {
    pub kind: String,
    pub size_gib: i64,
    pub iops: Option<i64>,
    /// MiB/s.
    pub throughput: Option<i64>,
}

/// A master password that RDS keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManagedSecret {
    pub arn: String,
    pub kms_key: String,
}

/// Performance Insights, when on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Insights {
    pub retention_days: i64,
    pub kms_key: String,
}

/// A DB snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub identifier: String,
    /// `manual` or `automated`.
    pub kind: String,
    pub status: String,
    #[serde(with = "crate::moment")]
    pub created_at: Timestamp,
    /// The instance as it was.
    pub instance: String,
    pub resource_id: String,
    pub engine_version: String,
    pub storage: Storage,
    pub encrypted: bool,
    pub kms_key: Option<String>,
    pub port: i64,
    pub zone: String,
    pub vpc: String,
    pub master_username: String,
    pub iam_authentication: bool,
    #[serde(with = "crate::moment")]
    pub instance_created_at: Timestamp,
    pub tags: Tags,
}

/// Automated backups that outlive their instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptBackup {
    pub instance: Box<Instance>,
    #[serde(with = "crate::moment")]
    pub deleted_at: Timestamp,
}

/// A proxy with its one target group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Proxy {
    pub name: String,
    /// `prx-…`, part of its ARN.
    pub id: String,
    /// `prx-tg-…`.
    pub target_group_id: String,
    pub status: String,
    #[serde(with = "crate::moment")]
    pub created_at: Timestamp,
    #[serde(with = "crate::moment")]
    pub updated_at: Timestamp,
    pub engine_family: String,
    pub default_auth_scheme: String,
    pub auth: Vec<ProxyAuth>,
    pub role: String,
    pub vpc: String,
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub require_tls: bool,
    pub idle_client_timeout: i64,
    pub debug_logging: bool,
    pub endpoint_network_type: String,
    pub target_network_type: String,
    pub pool: Pool,
    pub target: Option<Target>,
    pub tags: Tags,
    pub target_group_tags: Tags,
}

/// One way into a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProxyAuth {
    pub secret: String,
    pub scheme: String,
    pub iam: String,
    pub password_type: String,
    pub user: Option<String>,
    pub description: Option<String>,
}

/// Connection pool of a target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pool {
    pub max_connections: i64,
    pub max_idle_connections: i64,
    pub borrow_timeout: i64,
    pub init_query: Option<String>,
}

/// The database behind a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub instance: String,
    /// Resource id at registration: another database of the same name is not the target.
    pub resource_id: String,
    #[serde(with = "crate::moment")]
    pub registered_at: Timestamp,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    #[serde(with = "crate::moment")]
    pub at: Timestamp,
    /// Such as `db-instance`.
    pub source_type: String,
    pub source: String,
    pub source_arn: String,
    pub category: String,
    pub message: String,
}
