//! Creating instances.

use std::collections::BTreeSet;

use super::place::{self, Site};
use super::settings;
use super::{exists, show};
use crate::call::{Answer, Call, Refusal};
use crate::rds::pending::Pending;
use crate::rds::stage::{self, Finish, Stage};
use crate::rds::state::{Instance, ManagedSecret, Storage};
use crate::rds::{classes, names, parameter_group, storage, tags, versions, window};
use crate::secretsmanager;
use crate::world::World;

/// Seconds until a Single-AZ instance can be used.
const CREATING: i64 = 480;
/// Seconds a standby takes in addition.
const STANDBY: i64 = 300;

/// Who may log in first.
enum Master {
    Password(String),
    Managed(Option<String>),
}

/// `CreateDBInstance`.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let identifier = names::identifier(call, "DBInstanceIdentifier", 63)?;
    if call.need("Engine")? != "postgres" {
        return Err(Refusal::value(
            "Invalid DB engine: the sandbox plays postgres only",
        ));
    }
    if world.place(call).rds.instances.contains_key(&identifier) {
        return Err(exists(&identifier));
    }
    let master = master(call)?;
    let mut instance = draft(world, call, &identifier)?;
    match master {
        Master::Password(digest) => instance.password_digest = Some(digest),
        Master::Managed(key) => manage(world, call, &mut instance, key.as_deref())?,
    }
    begin(world, call, instance);
    show::answer(world, call, &identifier)
}

/// Stores a new instance and starts its life.
pub(super) fn begin(world: &mut World, call: &Call, instance: Instance) {
    place::host(world, call);
    let mut creating = CREATING;
    if instance.multi_az {
        creating += STANDBY;
    }
    if instance.source.is_some() {
        creating += STANDBY;
    }
    let mut stages = vec![Stage::new("creating", creating).then(Finish::Created)];
    if instance.backup_retention > 0 {
        stages.push(Stage::new("backing-up", 180));
    }
    if instance.monitoring_interval > 0 {
        stages.push(Stage::new("configuring-enhanced-monitoring", 60));
    }
    let identifier = instance.identifier.clone();
    let rds = &mut world.place(call).rds;
    rds.instances.insert(identifier.clone(), instance);
    stage::enqueue(rds, &identifier, call.now, stages, false);
}

fn master(call: &Call) -> Result<Master, Refusal> {
    let managed = call.boolean("ManageMasterUserPassword") == Some(true);
    let key = call.text("MasterUserSecretKmsKeyId").map(ToOwned::to_owned);
    names::check_master(call.need("MasterUsername")?)?;
    match call.text("MasterUserPassword") {
        Some(_) if managed => Err(Refusal::combination(
            "You can't specify MasterUserPassword when ManageMasterUserPassword is true.",
        )),
        Some(password) if key.is_none() => {
            names::check_password(password)?;
            Ok(Master::Password(names::digest(password)))
        }
        None if managed => Ok(Master::Managed(key)),
        _ if key.is_some() => Err(Refusal::combination(
            "You can't specify MasterUserSecretKmsKeyId unless ManageMasterUserPassword is true.",
        )),
        _ => Err(Refusal::value(
            "Either MasterUserPassword or ManageMasterUserPassword must be specified.",
        )),
    }
}

/// Lets RDS keep the master password in a secret.
pub(super) fn manage(
    world: &mut World,
    call: &Call,
    instance: &mut Instance,
    key: Option<&str>,
) -> Result<(), Refusal> {
    let wish = key.unwrap_or("alias/aws/secretsmanager");
    let kms_key = settings::resolve_key(world.place(call), wish)?;
    let name = format!("rds!db-{}", world.request_id());
    let own_key = key.map(|_| kms_key.as_str());
    let arn =
        secretsmanager::create_managed(world, call, &name, &instance.master_username, own_key);
    instance.managed_secret = Some(ManagedSecret { arn, kms_key });
    instance.password_digest = None;
    Ok(())
}

/// The storage a creating call asks for, and its limit of autoscaling.
pub(super) fn storage_of(
    call: &Call,
    kind: &str,
    size_gib: i64,
) -> Result<(Storage, Option<i64>), Refusal> {
    let kind = call.text("StorageType").unwrap_or(kind).to_owned();
    let wish = Storage {
        kind,
        size_gib,
        iops: call.int("Iops"),
        throughput: call.int("StorageThroughput"),
    };
    storage::check(&wish)?;
    let limit = call
        .int("MaxAllocatedStorage")
        .map(|limit| storage::autoscaling(limit, size_gib, &wish.kind))
        .transpose()?
        .flatten();
    Ok((storage::with_baseline(wish), limit))
}

/// Windows of a call, made up where none is given.
pub(super) fn windows(world: &mut World, call: &Call) -> Result<(String, String), Refusal> {
    let (backup, maintenance) = window::made_up(&mut world.random("window"));
    let given = call.text("PreferredBackupWindow");
    let backup = given.map_or(backup, ToOwned::to_owned);
    let maintenance = call
        .text("PreferredMaintenanceWindow")
        .map_or(maintenance, ToOwned::to_owned);
    let apart = window::check_apart(&backup, &maintenance);
    match (apart, given) {
        (Err(_), None) => {
            // A made-up backup window gives way to the given maintenance window.
            let other = "21:00-21:30".to_owned();
            window::check_apart(&other, &maintenance)?;
            Ok((other, maintenance))
        }
        (result, _) => result.map(|()| (backup, maintenance)),
    }
}

/// Checks that a parameter group exists and is of a version's family.
pub(super) fn group_for(
    world: &mut World,
    call: &Call,
    name: &str,
    version: &str,
) -> Result<String, Refusal> {
    let group = parameter_group::find(&world.place(call).rds, name)?;
    let family = versions::family(version);
    if group.family == family {
        return Ok(group.name);
    }
    Err(Refusal::combination(format!(
        "The parameter group {} with DBParameterGroupFamily {} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily {family}.",
        group.name, group.family
    )))
}

/// Whether the storage is encrypted, and with which key.
fn encryption(world: &mut World, call: &Call) -> Result<(bool, Option<String>), Refusal> {
    let encrypted = call.boolean("StorageEncrypted").unwrap_or(false);
    let key = call.text("KmsKeyId");
    if !encrypted {
        if key.is_some() {
            return Err(Refusal::combination(
                "You can't specify KmsKeyId unless StorageEncrypted is true.",
            ));
        }
        return Ok((false, None));
    }
    let key = settings::resolve_key(world.place(call), key.unwrap_or("alias/aws/rds"))?;
    Ok((true, Some(key)))
}

fn lifecycle_support(call: &Call) -> Result<String, Refusal> {
    let wish = call
        .text("EngineLifecycleSupport")
        .unwrap_or("open-source-rds-extended-support");
    let known = [
        "open-source-rds-extended-support",
        "open-source-rds-extended-support-disabled",
    ];
    if known.contains(&wish) {
        return Ok(wish.to_owned());
    }
    Err(Refusal::value(format!(
        "Invalid EngineLifecycleSupport: {wish}"
    )))
}

/// The new instance as the call describes it.
fn draft(world: &mut World, call: &Call, identifier: &str) -> Result<Instance, Refusal> {
    let version = versions::find(call.text("EngineVersion"))?;
    let class = call.need("DBInstanceClass")?;
    classes::check(class)?;
    let size = call.int("AllocatedStorage").ok_or_else(|| {
        Refusal::new(
            400,
            "MissingParameter",
            "The request must contain the parameter AllocatedStorage",
        )
    })?;
    // Operations without a type mean the type that always had them.
    let kind = if call.int("Iops").is_some() {
        "io1"
    } else {
        "gp3"
    };
    let (storage, max_storage_gib) = storage_of(call, kind, size)?;
    let dedicated_log_volume = dedicated_log_volume(call, &storage)?;
    let multi_az = call.boolean("MultiAZ").unwrap_or(false);
    let (encrypted, kms_key) = encryption(world, call)?;
    let group = call.text("DBSubnetGroupName").ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidVPCNetworkStateFault",
            "There is no default VPC: specify DBSubnetGroupName",
        )
    })?;
    if let Some(name) = call.text("DBName") {
        names::check_database(name)?;
    }
    let parameter_group = match call.text("DBParameterGroupName") {
        Some(name) => group_for(world, call, name, version)?,
        None => format!("default.{}", versions::family(version)),
    };
    let site = place::choose(world, call, group, multi_az)?;
    let windows = windows(world, call)?;
    let mut instance = base(world, call, identifier, site, windows)?;
    instance.engine_version = version.to_owned();
    class.clone_into(&mut instance.class);
    instance.storage = storage;
    instance.max_storage_gib = max_storage_gib;
    instance.dedicated_log_volume = dedicated_log_volume;
    instance.multi_az = multi_az;
    instance.encrypted = encrypted;
    instance.kms_key = kms_key;
    instance.db_name = call.text("DBName").map(ToOwned::to_owned);
    call.need("MasterUsername")?
        .clone_into(&mut instance.master_username);
    instance.parameter_group = parameter_group;
    instance.backup_retention =
        settings::retention(call.int("BackupRetentionPeriod").unwrap_or(1))?;
    instance.lifecycle_support = lifecycle_support(call)?;
    Ok(instance)
}

fn dedicated_log_volume(call: &Call, storage: &Storage) -> Result<bool, Refusal> {
    let wish = call.boolean("DedicatedLogVolume").unwrap_or(false);
    if wish && !storage.kind.starts_with("io") {
        return Err(Refusal::combination(
            "A dedicated log volume needs storage type io1 or io2.",
        ));
    }
    Ok(wish)
}

/// What new instances and new replicas have in common.
pub(super) fn base(
    world: &mut World,
    call: &Call,
    identifier: &str,
    site: Site,
    windows: (String, String),
) -> Result<Instance, Refusal> {
    let tags = tags::of(call)?;
    let monitoring = settings::monitoring(world, call, &(0, None))?;
    let groups = call.texts("VpcSecurityGroupIds");
    let place = world.place(call);
    let security_groups = place::security_groups(place, &groups, &site.vpc, "active")?;
    let (insights, insights_mode) = settings::insights(place, call, (None, "standard"))?;
    let log_exports: BTreeSet<String> = settings::logs(&call.texts("EnableCloudwatchLogsExports"))?;
    let certificate = settings::certificate(
        call.text("CACertificateIdentifier")
            .unwrap_or("rds-ca-rsa2048-g1"),
    )?;
    let network_type = network_type(call.text("NetworkType"))?;
    let port = settings::port(call.int("Port").unwrap_or(5432))?;
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let resource_id = format!("db-{}", world.characters("resource", letters, 26));
    let switch = |member: &str, usual: bool| call.boolean(member).unwrap_or(usual);
    Ok(Instance {
        identifier: identifier.to_owned(),
        resource_id,
        status: "creating".to_owned(),
        created_at: call.now,
        ready: false,
        engine_version: String::new(),
        class: String::new(),
        storage: Storage {
            kind: String::new(),
            size_gib: 0,
            iops: None,
            throughput: None,
        },
        max_storage_gib: None,
        optimizing_until: None,
        encrypted: false,
        kms_key: None,
        db_name: None,
        master_username: String::new(),
        password_digest: None,
        managed_secret: None,
        port,
        multi_az: false,
        zone: site.zone,
        secondary_zone: site.secondary_zone,
        subnet_group: site.subnet_group,
        subnets: BTreeSet::new(),
        vpc: site.vpc,
        security_groups,
        publicly_accessible: switch("PubliclyAccessible", false),
        network_type,
        parameter_group: String::new(),
        parameter_status: "in-sync".to_owned(),
        backup_retention: 0,
        backup_window: windows.0,
        maintenance_window: windows.1,
        auto_minor_upgrade: switch("AutoMinorVersionUpgrade", true),
        copy_tags_to_snapshot: switch("CopyTagsToSnapshot", false),
        deletion_protection: switch("DeletionProtection", false),
        iam_authentication: switch("EnableIAMDatabaseAuthentication", false),
        monitoring_interval: monitoring.0,
        monitoring_role: monitoring.1,
        insights,
        insights_mode,
        log_exports,
        certificate,
        lifecycle_support: String::new(),
        dedicated_log_volume: false,
        tags,
        source: None,
        replication: None,
        replicas: Vec::new(),
        pending: Pending::default(),
        stages: Vec::new(),
        window_at: None,
        backup_at: None,
        stopped_at: None,
        maintenance: None,
    })
}

/// Checks a network type: the subnets of the sandbox have IPv4 only.
pub(super) fn network_type(wish: Option<&str>) -> Result<String, Refusal> {
    match wish.unwrap_or("IPV4") {
        "IPV4" => Ok("IPV4".to_owned()),
        "DUAL" => Err(Refusal::new(
            400,
            "NetworkTypeNotSupported",
            "The network type DUAL is not supported by the DB subnet group",
        )),
        other => Err(Refusal::value(format!("Invalid network type: {other}"))),
    }
}
