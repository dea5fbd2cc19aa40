//! `replica`: a read replica in the same region (resource semantics, 7).
//!
//! Deliberately absent: replicas in other regions. A replica inherits engine, version,
//! credentials, encryption and subnet group from its source; only what it may differ in is here.

use std::collections::BTreeMap;

use pgward_model::{
    Address,
    Applies::{AfterReboot, Now, OnReplace, PerKey, Window},
    Case, Described,
    Effect::{self, DataLoss, Degraded, Downtime, Reboot, Replace},
    Form, Kind, Matches, Resource, Usual, Way, attributes,
};

use crate::{facts, instance, tags};

attributes! {
    /// Instance class, such as `db.m6g.large`.
    CLASS: "*.class", Form::Text => required().aws("DBInstanceClass").terraform("instance_class")
        .applies(Window).effect(Downtime).interruption(60, 600)
        .reason_by(instance::class_reason).matches(Matches::IgnoringCase);

    /// PostgreSQL version; follows `[postgres] version`. Minor versions come to replicas first, a
    /// major one comes to them with their source.
    VERSION: "*.version", Form::Text => derived().aws("EngineVersion")
        .matches(Matches::VersionPrefix).applies(Window).effect(Downtime)
        .one_way(Way::Upgrade).interruption(60, 900).reason_by(instance::version_reason);

    /// What it copies: nothing for the instance, or another replica as `"replica.NAME"`.
    SOURCE: "*.source", Form::Text => aws("SourceDBInstanceIdentifier")
        .terraform("replicate_source_db").applies(OnReplace).effect(Replace)
        .effect_by(lost_if_on_its_own)
        .default("the instance").matches(Matches::IgnoringCase)
        .reason("RDS can't point a replica at another source; a new one copies the data anew.");

    /// Whether a standby in another zone takes over when the replica fails.
    MULTI_AZ: "*.multi_az", Form::Bool => aws("MultiAZ").terraform("multi_az").applies(Window)
        .effect(Degraded).default("false for a new replica; else as it is")
        .reason("RDS copies the volume in the background; I/O is slower until it is warm.")
        .reason_by(instance::standby_reason);

    /// Name of the replica. Default: `PROJECT-ENVIRONMENT-NAME`.
    NAME: "*.name", Form::Text => aws("DBInstanceIdentifier").terraform("identifier")
        .applies(OnReplace).effect(Replace).default("PROJECT-ENVIRONMENT-NAME");

    /// How long its backups are kept; RDS copies only a replica that keeps some, so it follows
    /// `[backup] retention` where another replica copies this one.
    RETENTION: "*.retention", Form::Days => derived().aws("BackupRetentionPeriod")
        .applies(PerKey(instance::retention_applies)).effect_by(first_backup).reason_by(retention_reason)
        .exposes(instance::retention_cut, "nothing of it can be restored any more");

    /// Whether it gets a public address; follows `[instance] public`.
    PUBLIC: "*.public", Form::Bool => derived().aws("PubliclyAccessible")
        .exposes(
            |case| case.after.and_then(pgward_model::Value::as_bool) == Some(true),
            "it is reachable from the internet wherever a rule allows it",
        )
        .reason("The address changes at once; the network rules still apply.");

    /// Port it listens on; follows `[postgres] port`, which the rules of the network follow, too.
    PORT: "*.port", Form::Int => derived().aws("Port, DBPortNumber").applies(Now)
        .effect(Downtime).interruption(30, 120)
        .reason("RDS restarts PostgreSQL at once to change the port, whatever the window.");

    /// Parameter group; that of the instance.
    PARAMETERS: "*.parameter_group", Form::Text => derived().aws("DBParameterGroupName")
        .applies(AfterReboot).effect(Reboot).matches(Matches::IgnoringCase)
        .reason("The group is named at once; its values are in effect after the next restart.");

    /// Security groups; those of the instance.
    SECURITY_GROUPS: "*.security_groups", Form::Set => derived().aws("VpcSecurityGroupIds")
        .reason("It is in effect within seconds.");

    /// Whether snapshots get the tags; follows `[backup] copy_tags`.
    COPY_TAGS: "*.copy_tags", Form::Bool => derived().aws("CopyTagsToSnapshot")
        .reason("It takes effect at once.");

    /// Weekly maintenance window; follows `[maintenance] window`.
    MAINTENANCE_WINDOW: "*.maintenance_window", Form::WeeklyWindow => derived()
        .aws("PreferredMaintenanceWindow").reason("It takes effect at once.");

    /// Whether AWS installs minor versions; follows `[maintenance] minor_upgrades`.
    MINOR_UPGRADES: "*.minor_upgrades", Form::Bool => derived().aws("AutoMinorVersionUpgrade")
        .reason("It takes effect at once.");

    /// Whether roles may log in with an IAM token; follows `[postgres] iam_authentication`.
    IAM_AUTHENTICATION: "*.iam_authentication", Form::Bool => derived()
        .aws("EnableIAMDatabaseAuthentication").applies(Window)
        .reason("RDS sets it up without a restart.");

    /// Interval of enhanced monitoring; follows `[monitoring] enhanced`.
    ENHANCED: "*.enhanced", Form::SecondsOrOff => derived().aws("MonitoringInterval")
        .reason("It takes effect at once.");

    /// Role that enhanced monitoring uses; follows `[monitoring] role`.
    MONITORING_ROLE: "*.monitoring_role", Form::Text => derived().aws("MonitoringRoleArn")
        .reason("It takes effect at once.");

    /// Retention of Database Insights; follows `[monitoring] insights`.
    INSIGHTS: "*.insights", Form::DaysOrOff => derived().aws("PerformanceInsightsRetentionPeriod")
        .reason("It takes effect at once.");

    /// Mode of Database Insights; that of the instance.
    INSIGHTS_MODE: "*.insights_mode", Form::Text => derived().aws("DatabaseInsightsMode")
        .reason("The advanced mode needs a retention of 465 days.");

    /// Logs that go to CloudWatch; follows `[monitoring] logs`.
    LOGS: "*.logs", Form::Set => derived().aws("EnableCloudwatchLogsExports")
        .reason("It takes effect at once.");

    /// Host name clients connect to.
    ENDPOINT: "*.endpoint", Form::Text => observed().aws("Endpoint.Address");

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "replica",
    section: "replica",
    many: true,
    summary: "A read replica in the same region",
    noun: "DB instance",
    type_name: "rds.instance",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &["rds:DescribeDBInstances", "iam:GetRole"],
    writes: &[
        "rds:CreateDBInstanceReadReplica",
        "rds:ModifyDBInstance",
        "rds:RebootDBInstance",
        "rds:DeleteDBInstance",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "iam:PassRole",
    ],
    needs: &["instance"],
    priced_by: &["*.class", "*.multi_az"],
    not_priced: &["*.insights"],
    protected_by: "",
    delete_effect: Downtime,
    delete_reason: "Its endpoint goes, and who reads there loses the connection; the data is that of its source.",
    instead_of_replacing: "",
    made_anew: "",
    create_time: Usual::minutes(10, 15, 60),
    change_time: Usual::minutes(5, 15, 80),
    delete_time: Usual::minutes(3, 8, 60),
    describe,
    headline: |resource| format!("DB instance {}", resource.name),
};

/// The first backup of a replica comes at once, since what is to copy it can't be made before; a
/// replica that stands still for seconds is behind for seconds.
fn first_backup(case: &Case<'_>) -> Effect {
    match instance::crossing_zero(case) {
        Downtime => Degraded,
        other => other,
    }
}

fn retention_reason(case: &Case<'_>) -> String {
    let first = instance::crossing_zero(case) == Downtime && !instance::retention_cut(case);
    if first {
        "RDS takes a first backup; I/O stands still for seconds.".to_owned()
    } else {
        instance::retention_reason(case)
    }
}

/// What copies nothing any more was promoted, and holds data that nothing else has.
fn lost_if_on_its_own(case: &Case<'_>) -> Effect {
    if case.before.is_none() {
        DataLoss
    } else {
        Replace
    }
}

fn describe(resource: &Resource, _: &BTreeMap<Address, Resource>) -> Vec<Described> {
    let of = &resource.attributes;
    let mut text = facts::class_words(of.text(CLASS.path).unwrap_or(""));
    if of.bool(MULTI_AZ.path) == Some(true) {
        text.push_str(", Multi-AZ");
    }
    if let Some(source) = of.text(SOURCE.path) {
        text = format!("{text}, copies {source}");
    }
    vec![Described {
        label: "class".to_owned(),
        text,
        source: None,
    }]
}
