//! `instance`: one PostgreSQL instance on RDS (resource semantics, 6).
//!
//! Deliberately absent: replicas, which have a file of their own.

use std::collections::BTreeMap;

use pgward_model::{
    Address,
    Applies::{self, AfterReboot, Now, OnCreate, OnReplace, PerKey, Window},
    Case, Described, Effect,
    Effect::{DataLoss, Degraded, Downtime, Online, Reboot},
    Form, Kind, Matches, Resource, Usual, Value, Way, attributes, units,
};

use crate::{facts, parameter_group, parameters, tags};

attributes! {
    /// Instance class, such as `db.m6g.xlarge`.
    CLASS: "instance.class", Form::Text => required().aws("DBInstanceClass")
        .terraform("instance_class").applies(Window).effect(Downtime).interruption(60, 600)
        .reason_by(class_reason).matches(Matches::IgnoringCase).follows(memory_follows)
        .remarks(class_remarks);

    /// Whether a standby in another zone takes over when the instance fails.
    MULTI_AZ: "instance.multi_az", Form::Bool => required().aws("MultiAZ").terraform("multi_az")
        .applies(Window).effect(Degraded)
        .reason("RDS copies the volume in the background; I/O is slower until it is warm.")
        .reason_by(standby_reason);

    /// Whether the instance gets a public address.
    PUBLIC: "instance.public", Form::Bool => required().aws("PubliclyAccessible")
        .terraform("publicly_accessible")
        .exposes(turned_on, "it is reachable from the internet wherever a rule allows it")
        .reason("The address changes at once; the network rules still apply.");

    /// Whether AWS refuses to delete the instance.
    DELETION_PROTECTION: "instance.deletion_protection", Form::Bool => required()
        .aws("DeletionProtection").terraform("deletion_protection")
        .exposes(turned_off, "one API call could delete the instance")
        .reason("It takes effect at once.");

    /// Certificate authority, such as `rds-ca-rsa2048-g1`.
    CERTIFICATE: "instance.certificate", Form::Text => aws("CACertificateIdentifier")
        .terraform("ca_cert_identifier").applies(Window).effect(Downtime).interruption(10, 120)
        .may_spare()
        .default("the default of the region")
        .reason("PostgreSQL restarts to load the certificate, unless the version reloads it.");

    /// Name of the instance. Default: `PROJECT-ENVIRONMENT`.
    NAME: "instance.name", Form::Text => aws("DBInstanceIdentifier").terraform("identifier")
        .applies(OnReplace).default("PROJECT-ENVIRONMENT");

    /// Storage type.
    STORAGE_TYPE: "storage.type", Form::Text => aws("StorageType").terraform("storage_type")
        .one_of(&["gp2", "gp3", "io1", "io2"]).applies(Window).effect(Degraded).cooldown_hours(6)
        .default("gp3 for a new instance; else as it is").matches(Matches::IgnoringCase)
        .reason("Online; latency is higher until the volume is converted, for hours.");

    /// Storage. It can grow by at least 10% and never shrink.
    STORAGE: "storage.size", Form::Gib => required().aws("AllocatedStorage")
        .terraform("allocated_storage").range(20, 65_536).applies(Window).effect(Degraded)
        .one_way(Way::Grow).cooldown_hours(6).matches(Matches::StorageFloor)
        .reason("Online, slower I/O for some hours; storage can't shrink again.")
        .remarks(storage_gains)
        .related("storage.grow_to, P312");

    /// Limit up to which RDS may grow the storage by itself. At least 10% above `size`.
    GROW_TO: "storage.grow_to", Form::Gib => aws("MaxAllocatedStorage")
        .terraform("max_allocated_storage").range(22, 65_536)
        .default("not managed; a new instance has no autoscaling")
        .reason("It takes effect at once.").related("storage.size, P312");

    /// Provisioned I/O operations per second; for gp3 from 400 GiB upward only.
    IOPS: "storage.iops", Form::Int => aws("Iops").terraform("iops").range(1000, 256_000)
        .applies(Window).effect(Degraded).cooldown_hours(6).default("what the type includes")
        .reason("Online; RDS adjusts the volume in the background.");

    /// Provisioned throughput; for gp3 from 400 GiB upward only.
    THROUGHPUT: "storage.throughput", Form::Mibps => aws("StorageThroughput")
        .terraform("storage_throughput").range(125, 16_000).applies(Window).effect(Degraded)
        .cooldown_hours(6).default("what the type includes")
        .reason("Online; RDS adjusts the volume in the background.");

    /// KMS key of the storage, fixed when the instance is created: `aws/rds`, an alias or an ARN.
    ENCRYPTION: "storage.encryption", Form::Text => required().aws("KmsKeyId")
        .terraform("kms_key_id").applies(OnReplace).effect(DataLoss)
        .reason("RDS fixes the KMS key when it creates an instance, so a new and empty instance \
                 would take this name.");

    /// PostgreSQL version; `16` accepts every `16.x`.
    VERSION: "postgres.version", Form::Text => required().aws("EngineVersion")
        .terraform("engine_version").matches(Matches::VersionPrefix).applies(Window)
        .effect(Downtime).one_way(Way::Upgrade).interruption(60, 900).reason_by(version_reason)
        .followers_first(minor_to_replicas_first);

    /// Port PostgreSQL listens on. AWS restarts at once, whatever the window.
    PORT: "postgres.port", Form::Int => aws("Port, DBPortNumber").terraform("port")
        .range(1150, 65_535).applies(Now).effect(Downtime).interruption(30, 120)
        .default("5432 for a new instance; else as it is")
        .reason("RDS restarts PostgreSQL at once to change the port, whatever the window.");

    /// Whether roles may log in with an IAM token.
    IAM_AUTHENTICATION: "postgres.iam_authentication", Form::Bool =>
        aws("EnableIAMDatabaseAuthentication").terraform("iam_database_authentication_enabled")
        .applies(Window).effect(Online).default("not managed")
        .reason("RDS sets it up without a restart.");

    /// Parameter group the instance uses.
    PARAMETERS: "postgres.parameter_group", Form::Text => derived().aws("DBParameterGroupName")
        .terraform("parameter_group_name").applies(AfterReboot).effect(Reboot)
        .matches(Matches::IgnoringCase)
        .reason("The group is named at once; its values are in effect after the next restart.");

    /// Subnet group the instance lives in.
    SUBNET_GROUP: "network.subnet_group", Form::Text => derived().aws("DBSubnetGroupName")
        .terraform("db_subnet_group_name").applies(OnReplace).effect(DataLoss)
        .matches(Matches::IgnoringCase)
        .reason("RDS refuses to move an instance to another subnet group of the same VPC; change \
                 the subnets of the group instead.");

    /// Security groups of the instance.
    SECURITY_GROUPS: "instance.security_groups", Form::Set => derived().aws("VpcSecurityGroupIds")
        .terraform("vpc_security_group_ids").reason("It is in effect within seconds.");

    /// Daily window of automated backups, at least 30 minutes, in UTC.
    BACKUP_WINDOW: "backup.window", Form::DailyWindow => aws("PreferredBackupWindow")
        .terraform("backup_window").default("AWS picks one").reason("It takes effect at once.");

    /// How long automated backups are kept: 0 to 35 days; `0 days` keeps none.
    RETENTION: "backup.retention", Form::Days => required().aws("BackupRetentionPeriod")
        .terraform("backup_retention_period").range(0, 35).applies(PerKey(retention_applies)).effect_by(crossing_zero).may_spare()
        .exposes(retention_cut, "nothing can be restored any more").reason_by(retention_reason);

    /// Whether snapshots get the tags of the instance.
    COPY_TAGS: "backup.copy_tags", Form::Bool => aws("CopyTagsToSnapshot")
        .terraform("copy_tags_to_snapshot").default("not managed")
        .reason("It takes effect at once.");

    /// Weekly maintenance window, at least 30 minutes, in UTC.
    MAINTENANCE_WINDOW: "maintenance.window", Form::WeeklyWindow =>
        aws("PreferredMaintenanceWindow").terraform("maintenance_window")
        .default("AWS picks one").reason("It takes effect at once.");

    /// Whether AWS installs minor versions in the maintenance window.
    MINOR_UPGRADES: "maintenance.minor_upgrades", Form::Bool => aws("AutoMinorVersionUpgrade")
        .terraform("auto_minor_version_upgrade").default("not managed")
        .reason("It takes effect at once.");

    /// Interval of enhanced monitoring: 1, 5, 10, 15, 30 or 60 seconds, or `"off"`.
    ENHANCED: "monitoring.enhanced", Form::SecondsOrOff => aws("MonitoringInterval")
        .terraform("monitoring_interval").default("not managed")
        .reason("It takes effect at once.");

    /// Role that enhanced monitoring uses: a name in the account, or an ARN.
    MONITORING_ROLE: "monitoring.role", Form::Text => aws("MonitoringRoleArn")
        .terraform("monitoring_role_arn").default("none").reason("It takes effect at once.");

    /// Retention of Database Insights: `"7 days"` (free), 31 to 713 days in steps of 31,
    /// `"731 days"`, or `"off"`.
    INSIGHTS: "monitoring.insights", Form::DaysOrOff => aws("PerformanceInsightsRetentionPeriod")
        .terraform("performance_insights_retention_period").default("not managed")
        .reason("It takes effect at once.");

    /// Mode of Database Insights: `standard` with a retention below 465 days.
    INSIGHTS_MODE: "monitoring.insights_mode", Form::Text => derived().aws("DatabaseInsightsMode")
        .terraform("database_insights_mode")
        .reason("The advanced mode needs a retention of 465 days.");

    /// Logs that go to CloudWatch: `postgresql`, `upgrade`, `iam-db-auth-error`.
    LOGS: "monitoring.logs", Form::Set => aws("EnableCloudwatchLogsExports")
        .terraform("enabled_cloudwatch_logs_exports").default("not managed")
        .one_of(&["postgresql", "upgrade", "iam-db-auth-error"])
        .reason("It takes effect at once.");

    /// Name of the master user, fixed when the instance is created.
    MASTER_USERNAME: "instance.master_username", Form::Text => derived().aws("MasterUsername")
        .terraform("username").applies(OnReplace).effect(DataLoss)
        .reason("RDS fixes the master user when it creates an instance: [secret.master] username \
                 has to be the one that is there.");

    /// Secret that holds the master password when the instance is created.
    MASTER_SECRET: "instance.master_secret", Form::Text => derived().aws("MasterUserPassword")
        .applies(OnCreate);

    /// Whether RDS keeps the master password itself.
    MANAGED_PASSWORD: "instance.managed_password", Form::Bool => derived()
        .aws("ManageMasterUserPassword").terraform("manage_master_user_password")
        .reason("RDS changes the master password and keeps it in a secret of its own.");

    /// Host name clients connect to.
    ENDPOINT: "instance.endpoint", Form::Text => observed().aws("Endpoint.Address")
        .terraform("address");

    /// Id that survives renames.
    RESOURCE_ID: "instance.resource_id", Form::Text => observed().aws("DbiResourceId");

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// What is written as the key of a database that is not encrypted.
pub const NOT_ENCRYPTED: &str = "none";

/// The storage type of a new instance whose file names none. RDS itself would choose by what else
/// is sent.
pub const NEW_STORAGE: &str = "gp3";

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "instance",
    section: "instance",
    many: false,
    summary: "One PostgreSQL instance",
    noun: "DB instance",
    type_name: "rds.instance",
    stateful: true,
    attributes: ATTRIBUTES,
    reads: &[
        "rds:DescribeDBInstances",
        "rds:DescribePendingMaintenanceActions",
        "rds:DescribeDBEngineVersions",
        "rds:DescribeOrderableDBInstanceOptions",
        "kms:DescribeKey",
        "iam:GetRole",
    ],
    writes: &[
        "rds:CreateDBInstance",
        "rds:ModifyDBInstance",
        "rds:RebootDBInstance",
        "rds:DeleteDBInstance",
        "rds:CreateDBSnapshot",
        "rds:DescribeDBSnapshots",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "secretsmanager:GetSecretValue",
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        "kms:CreateGrant",
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
    ],
    needs: &[
        "subnet_group",
        "security_group",
        "parameter_group",
        "secret",
    ],
    priced_by: &["instance.class", "instance.multi_az"],
    not_priced: &[
        "storage.size",
        "storage.type",
        "storage.iops",
        "storage.throughput",
        "monitoring.insights",
    ],
    protected_by: "instance.deletion_protection",
    delete_effect: DataLoss,
    delete_reason: "",
    instead_of_replacing: "move the data: snapshot, restore under another name, switch over",
    made_anew: "",
    create_time: Usual::minutes(12, 20, 60),
    change_time: Usual::minutes(5, 15, 80),
    delete_time: Usual::minutes(5, 10, 60),
    describe,
    headline: |resource| format!("DB instance {}", resource.name),
};

/// Retention from or to zero switches backups on or off, which interrupts.
pub(crate) fn crossing_zero(case: &Case<'_>) -> Effect {
    let zero = |value: Option<&Value>| value.and_then(Value::as_int) == Some(0);
    if zero(case.before) == zero(case.after) {
        Online
    } else {
        Downtime
    }
}

/// From or to zero it waits for the window, otherwise it is set at once (resource semantics, 6.4).
pub(crate) fn retention_applies(case: &Case<'_>) -> Applies {
    if crossing_zero(case) == Downtime {
        Window
    } else {
        Now
    }
}

pub(crate) fn retention_cut(case: &Case<'_>) -> bool {
    case.before.is_some() && case.after.and_then(Value::as_int) == Some(0)
}

pub(crate) fn retention_reason(case: &Case<'_>) -> String {
    if retention_cut(case) {
        "It deletes every automated backup and ends point-in-time recovery.".to_owned()
    } else if crossing_zero(case) == Downtime {
        "Switching backups on suspends I/O, seconds to minutes, while the first one is taken."
            .to_owned()
    } else {
        "It takes effect at once.".to_owned()
    }
}

fn turned_on(case: &Case<'_>) -> bool {
    case.after.and_then(Value::as_bool) == Some(true)
}

fn turned_off(case: &Case<'_>) -> bool {
    case.before.is_some() && case.after.and_then(Value::as_bool) == Some(false)
}

pub(crate) fn class_reason(case: &Case<'_>) -> String {
    if case.live.bool(MULTI_AZ.path) == Some(true) || case.live.bool("*.multi_az") == Some(true) {
        "Multi-AZ fails over to the resized standby; connections drop once.".to_owned()
    } else {
        "The instance restarts on another host; connections drop.".to_owned()
    }
}

pub(crate) fn standby_reason(case: &Case<'_>) -> String {
    if case.after.and_then(Value::as_bool) == Some(false) {
        "The standby goes, without an interruption; nothing takes over any more when it is needed."
            .to_owned()
    } else {
        "RDS copies the volume in the background; I/O is slower until it is warm.".to_owned()
    }
}

/// Parameters in shares of memory move with the class.
fn memory_follows(
    case: &Case<'_>,
    all: &BTreeMap<Address, Resource>,
) -> Vec<(String, String, String)> {
    let class = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
    let (Some(before), Some(after)) = (class(case.before), class(case.after)) else {
        return Vec::new();
    };
    all.values()
        .filter_map(|resource| resource.attributes.map(parameter_group::VALUES.path))
        .flatten()
        .filter_map(|(name, value)| {
            let old = parameters::effective(name, value, &before)?;
            let new = parameters::effective(name, value, &after)?;
            (old != new).then(|| (format!("parameters.{name}"), old, new))
        })
        .collect()
}

/// What the classes are, and whether a proxy softens the interruption.
fn class_remarks(case: &Case<'_>, all: &BTreeMap<Address, Resource>) -> Vec<(String, String)> {
    let words = |value: Option<&Value>| value.and_then(Value::as_text).map(facts::class_words);
    let mut lines = Vec::new();
    if let (Some(before), Some(after)) = (words(case.before), words(case.after)) {
        lines.push(("size".to_owned(), format!("{before} -> {after}")));
    }
    if let Some(proxy) = all.values().find(|resource| resource.kind == "proxy") {
        lines.push((
            "proxy".to_owned(),
            format!("clients of {} wait instead of failing", proxy.name),
        ));
    }
    lines
}

/// gp3 gives four times as much from 400 GiB (storage and classes, 2).
fn storage_gains(case: &Case<'_>, _: &BTreeMap<Address, Resource>) -> Vec<(String, String)> {
    let size = |value: Option<&Value>| value.and_then(Value::as_int).unwrap_or_default();
    let gp3 = case
        .desired
        .text(STORAGE_TYPE.path)
        .or_else(|| case.live.text(STORAGE_TYPE.path));
    if gp3 != Some("gp3") || size(case.before) >= 400 || size(case.after) < 400 {
        return Vec::new();
    }
    vec![
        (
            "gains".to_owned(),
            "gp3 from 400 GiB: 12,000 IOPS and 500 MiB/s instead of 3,000 and 125".to_owned(),
        ),
        (
            "takes".to_owned(),
            "hours: RDS copies the data to four volumes when it crosses 400 GiB".to_owned(),
        ),
    ]
}

/// A source takes a minor version only after its replicas; a major one takes them along
/// (resource semantics, 6.5).
fn minor_to_replicas_first(case: &Case<'_>) -> Option<bool> {
    let major = |value: Option<&Value>| {
        value
            .and_then(Value::as_text)
            .map(|text| text.split('.').next().unwrap_or("").to_owned())
    };
    Some(major(case.before) == major(case.after))
}

pub(crate) fn version_reason(case: &Case<'_>) -> String {
    let major = |value: Option<&Value>| {
        value
            .and_then(Value::as_text)
            .map(|text| text.split('.').next().unwrap_or("").to_owned())
    };
    if major(case.before) == major(case.after) {
        "RDS installs the minor version and restarts PostgreSQL.".to_owned()
    } else {
        "A major upgrade converts the data and can't be undone; RDS takes a snapshot before it."
            .to_owned()
    }
}

fn describe(resource: &Resource, _: &BTreeMap<Address, Resource>) -> Vec<Described> {
    let of = &resource.attributes;
    let yes = |path: &str| of.bool(path) == Some(true);
    let class = facts::class_words(of.text(CLASS.path).unwrap_or(""));
    let twice = if yes(MULTI_AZ.path) { "Multi-AZ" } else { "" };
    let public = if yes(PUBLIC.path) {
        "PUBLIC address"
    } else {
        "not public"
    };
    let protection = if yes(DELETION_PROTECTION.path) {
        "on"
    } else {
        "off"
    };
    let mut lines = vec![
        line("class", &[class, twice.to_owned()]),
        engine(resource),
        storage(resource),
        line("network", &[public.to_owned()]),
        line("backups", &[backups(resource)]),
    ];
    lines.extend(monitoring(resource));
    lines.push(line(
        "protection",
        &[format!("deletion protection {protection}")],
    ));
    lines
}

/// A line of the parts that are not empty, with commas.
fn line(label: &str, parts: &[String]) -> Described {
    let parts: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    Described {
        label: label.to_owned(),
        text: parts.join(", "),
        source: None,
    }
}

fn engine(resource: &Resource) -> Described {
    let of = &resource.attributes;
    let iam = of.bool(IAM_AUTHENTICATION.path) == Some(true);
    line(
        "engine",
        &[
            format!("PostgreSQL {}", of.text(VERSION.path).unwrap_or("")),
            of.int(PORT.path)
                .map(|port| format!("port {port}"))
                .unwrap_or_default(),
            if iam {
                "IAM login on".to_owned()
            } else {
                String::new()
            },
        ],
    )
}

fn storage(resource: &Resource) -> Described {
    let of = &resource.attributes;
    let kind = of.text(STORAGE_TYPE.path).unwrap_or(NEW_STORAGE);
    let size = of.int(STORAGE.path).unwrap_or_default();
    line(
        "storage",
        &[
            format!("{kind} {size} GiB"),
            of.int(GROW_TO.path)
                .map(|size| format!("grows to {size} GiB"))
                .unwrap_or_default(),
            of.int(IOPS.path)
                .map(|iops| format!("{iops} IOPS"))
                .unwrap_or_default(),
            of.int(THROUGHPUT.path)
                .map(|rate| format!("{rate} MiB/s"))
                .unwrap_or_default(),
            of.text(ENCRYPTION.path)
                .map(|key| format!("encrypted with {key}"))
                .unwrap_or_default(),
        ],
    )
}

fn backups(resource: &Resource) -> String {
    let of = &resource.attributes;
    let mut text = of
        .int(RETENTION.path)
        .map(units::print_days)
        .unwrap_or_default();
    if let Some(window) = of.text(BACKUP_WINDOW.path) {
        text = format!("{text}, daily {}", units::print_daily_window(window));
    }
    if let Some(window) = of.text(MAINTENANCE_WINDOW.path) {
        text = format!(
            "{text} · maintenance {}",
            units::print_weekly_window(window)
        );
    }
    text
}

fn monitoring(resource: &Resource) -> Option<Described> {
    let of = &resource.attributes;
    let mut parts = Vec::new();
    if let Some(seconds) = of.int(ENHANCED.path).filter(|seconds| *seconds > 0) {
        parts.push(format!("every {seconds} s"));
    }
    if let Some(days) = of.int(INSIGHTS.path).filter(|days| *days > 0) {
        parts.push(format!("insights {}", units::print_days(days)));
    }
    let logs = of.texts(LOGS.path);
    if !logs.is_empty() {
        parts.push(format!("logs {}", logs.join(" + ")));
    }
    (!parts.is_empty()).then(|| Described {
        label: "monitoring".to_owned(),
        text: parts.join(", "),
        source: None,
    })
}
