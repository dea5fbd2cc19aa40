//! Instances as AWS shows them.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::find;
use crate::call::{Answer, Call};
use crate::rds::state::{Instance, Rds};
use crate::rds::{Filters, names, option_group, page, subnet_group, tags};
use crate::world::World;

/// `DescribeDBInstances`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(
        call,
        &[
            "db-cluster-id",
            "db-instance-id",
            "dbi-resource-id",
            "domain",
            "engine",
        ],
    )?;
    let rds = &world.place(call).rds;
    let wish = call
        .text("DBInstanceIdentifier")
        .map(|text| names::after_arn(text).to_lowercase());
    if let Some(wish) = &wish {
        find(rds, wish)?;
    }
    let entries = rds
        .instances
        .values()
        .filter(|instance| {
            wish.as_ref()
                .is_none_or(|wish| *wish == instance.identifier)
        })
        .filter(|instance| {
            let arn = call.arn("rds", &format!("db:{}", instance.identifier));
            (filters.pass("db-instance-id", &instance.identifier)
                || filters.pass("db-instance-id", &arn))
                && filters.pass("dbi-resource-id", &instance.resource_id)
                && filters.pass("engine", "postgres")
                && filters.pass("db-cluster-id", "")
                && filters.pass("domain", "")
        })
        .map(|instance| (instance.identifier.clone(), show(rds, instance, call)))
        .collect();
    page::page(call, "DBInstances", entries)
}

/// `{"DBInstance": …}` of an instance that exists.
pub(crate) fn answer(world: &mut World, call: &Call, identifier: &str) -> Answer {
    let rds = &world.place(call).rds;
    let instance = find(rds, identifier)?;
    Ok(json!({ "DBInstance": show(rds, instance, call) }))
}

/// An instance.
pub(crate) fn show(rds: &Rds, instance: &Instance, call: &Call) -> Value {
    let mut out = Map::new();
    for part in [
        identity(instance, call),
        network(rds, instance, call),
        engine(instance),
        care(instance, call),
        relations(instance),
    ] {
        if let Value::Object(part) = part {
            out.extend(part.into_iter().filter(|(_, value)| !value.is_null()));
        }
    }
    Value::Object(out)
}

fn identity(instance: &Instance, call: &Call) -> Value {
    let restart = instance
        .stopped_at
        .map(|at| (at + SignedDuration::from_hours(168)).to_string());
    json!({
        "DBInstanceIdentifier": instance.identifier,
        "DBInstanceArn": call.arn("rds", &format!("db:{}", instance.identifier)),
        "DbiResourceId": instance.resource_id,
        "DBInstanceStatus": instance.status,
        "InstanceCreateTime": instance.ready.then(|| instance.created_at.to_string()),
        "AutomaticRestartTime": restart,
        "DBInstanceClass": instance.class,
        "AllocatedStorage": instance.storage.size_gib,
        "StorageType": instance.storage.kind,
        "Iops": instance.storage.iops,
        "StorageThroughput": instance.storage.throughput,
        "MaxAllocatedStorage": instance.max_storage_gib,
        "StorageEncrypted": instance.encrypted,
        "StorageEncryptionType": if instance.encrypted { "sse-kms" } else { "none" },
        "KmsKeyId": instance.kms_key,
        "DedicatedLogVolume": instance.dedicated_log_volume,
        "TagList": tags::show(&instance.tags),
        "DeletionProtection": instance.deletion_protection,
    })
}

fn network(rds: &Rds, instance: &Instance, call: &Call) -> Value {
    let endpoint = instance.ready.then(|| {
        let host = rds.host.as_deref().unwrap_or("c");
        json!({
            "Address": format!("{}.{host}.{}.rds.amazonaws.com", instance.identifier, call.region),
            "Port": instance.port,
            "HostedZoneId": "Z2VFMSZA74J7XZ",
        })
    });
    let groups: Vec<Value> = instance
        .security_groups
        .iter()
        .map(|(id, status)| json!({ "VpcSecurityGroupId": id, "Status": status }))
        .collect();
    let subnets = rds
        .subnet_groups
        .get(&instance.subnet_group)
        .map(|group| subnet_group::show(group, call));
    json!({
        "Endpoint": endpoint,
        "DbInstancePort": 0,
        "DBSubnetGroup": subnets,
        "VpcSecurityGroups": groups,
        "DBSecurityGroups": [],
        "PubliclyAccessible": instance.publicly_accessible,
        "NetworkType": instance.network_type,
        "MultiAZ": instance.multi_az,
        "AvailabilityZone": (instance.ready || !instance.multi_az).then_some(&instance.zone),
        "SecondaryAvailabilityZone": instance.secondary_zone,
        "CustomerOwnedIpEnabled": false,
        "IsStorageConfigUpgradeAvailable": false,
        "BackupTarget": "region",
    })
}

fn engine(instance: &Instance) -> Value {
    json!({
        "Engine": "postgres",
        "EngineVersion": instance.engine_version,
        "LicenseModel": "postgresql-license",
        "EngineLifecycleSupport": instance.lifecycle_support,
        "DBName": instance.db_name,
        "MasterUsername": instance.master_username,
        "MasterUserSecret": instance.managed_secret.as_ref().map(|secret| json!({
            "SecretArn": secret.arn,
            "SecretStatus": if instance.ready { "active" } else { "creating" },
            "KmsKeyId": secret.kms_key,
        })),
        "DBParameterGroups": [{
            "DBParameterGroupName": instance.parameter_group,
            "ParameterApplyStatus": instance.parameter_status,
        }],
        "OptionGroupMemberships": [{
            "OptionGroupName": option_group(&instance.engine_version),
            "Status": "in-sync",
        }],
        "CACertificateIdentifier": instance.certificate,
        "CertificateDetails": instance.ready.then(|| json!({
            "CAIdentifier": instance.certificate,
            "ValidTill": "2027-01-05T09:00:00Z",
        })),
        "IAMDatabaseAuthenticationEnabled": instance.iam_authentication,
        "PendingModifiedValues": instance.pending.render(),
        "DomainMemberships": [],
        "ActivityStreamStatus": "stopped",
    })
}

fn care(instance: &Instance, call: &Call) -> Value {
    let insights = instance.insights.as_ref();
    let monitoring_arn = (instance.monitoring_interval > 0).then(|| {
        let stream = format!("log-group:RDSOSMetrics:log-stream:{}", instance.resource_id);
        call.arn("logs", &stream)
    });
    // Logs are shipped every five minutes.
    let restorable = (instance.ready && instance.backup_retention > 0).then(|| {
        instance
            .created_at
            .max(call.now - SignedDuration::from_mins(5))
    });
    json!({
        "BackupRetentionPeriod": instance.backup_retention,
        "PreferredBackupWindow": instance.backup_window,
        "PreferredMaintenanceWindow": instance.maintenance_window,
        "LatestRestorableTime": restorable.map(|at| at.to_string()),
        "AutoMinorVersionUpgrade": instance.auto_minor_upgrade,
        "CopyTagsToSnapshot": instance.copy_tags_to_snapshot,
        "MonitoringInterval": instance.monitoring_interval,
        "MonitoringRoleArn": instance.monitoring_role,
        "EnhancedMonitoringResourceArn": monitoring_arn,
        "PerformanceInsightsEnabled": insights.is_some(),
        "PerformanceInsightsKMSKeyId": insights.map(|on| &on.kms_key),
        "PerformanceInsightsRetentionPeriod": insights.map(|on| on.retention_days),
        "DatabaseInsightsMode": instance.insights_mode,
        "EnabledCloudwatchLogsExports":
            (!instance.log_exports.is_empty()).then_some(&instance.log_exports),
    })
}

fn relations(instance: &Instance) -> Value {
    let statuses = instance.replication.as_ref().map(|status| {
        json!([{
            "StatusType": "read replication",
            "Normal": status == "replicating",
            "Status": status,
        }])
    });
    json!({
        "ReadReplicaSourceDBInstanceIdentifier": instance.source,
        "ReadReplicaDBInstanceIdentifiers": instance.replicas,
        "StatusInfos": statuses,
        "AssociatedRoles": [],
    })
}
