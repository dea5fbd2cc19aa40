//! Read replicas: making and promoting them.

use super::place::{self, Site};
use super::{busy, create, exists, find, is_ready, settings, show};
use crate::call::{Answer, Call, Refusal};
use crate::rds::stage::{self, Finish, Stage};
use crate::rds::state::Instance;
use crate::rds::{classes, names, window};
use crate::world::World;

/// How many replicas an instance may have.
const MOST: usize = 15;

/// `CreateDBInstanceReadReplica`, called in the region of the replica.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let identifier = names::identifier(call, "DBInstanceIdentifier", 63)?;
    for member in [
        "Engine",
        "EngineVersion",
        "MasterUsername",
        "MasterUserPassword",
        "DBName",
    ] {
        if call.has(member) {
            return Err(Refusal::combination(format!(
                "{member} cannot be specified when creating a read replica."
            )));
        }
    }
    if world.place(call).rds.instances.contains_key(&identifier) {
        return Err(exists(&identifier));
    }
    let wish = call.need("SourceDBInstanceIdentifier")?.to_owned();
    let source_region = wish
        .strip_prefix("arn:aws:rds:")
        .and_then(|rest| rest.split(':').next())
        .unwrap_or(&call.region)
        .to_owned();
    let abroad = source_region != call.region;
    let source_name = names::after_arn(&wish).to_lowercase();
    let source = find(
        &world.place_at(&call.account, &source_region).rds,
        &source_name,
    )?
    .clone();
    check_source(&source, abroad)?;
    let replica = draft(world, call, &identifier, &source, abroad)?;
    create::begin(world, call, replica);
    if let Some(replica) = world.place(call).rds.instances.get_mut(&identifier) {
        replica.source = Some(if abroad { wish } else { source_name.clone() });
    }
    let known_as = if abroad {
        call.arn("rds", &format!("db:{identifier}"))
    } else {
        identifier.clone()
    };
    let rds = &mut world.place_at(&call.account, &source_region).rds;
    if let Some(source) = rds.instances.get_mut(&source_name) {
        source.replicas.push(known_as);
        source.replicas.sort();
    }
    show::answer(world, call, &identifier)
}

fn check_source(source: &Instance, abroad: bool) -> Result<(), Refusal> {
    let state = |text: &str| Err(Refusal::new(400, "InvalidDBInstanceState", text));
    if !is_ready(source) {
        return Err(busy(source));
    }
    if source.backup_retention == 0 {
        return state(
            "Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance to set the backup retention period to a non-zero value.",
        );
    }
    if source.replicas.len() >= MOST {
        return state("The source already has 15 read replicas.");
    }
    if abroad && source.source.is_some() {
        return state("A cross-region replica cannot be made from a read replica.");
    }
    if source.managed_secret.is_some() {
        return Err(Refusal::combination(
            "You can't create a read replica of an instance whose master user password is managed in AWS Secrets Manager.",
        ));
    }
    Ok(())
}

/// Subnet group and key of the replica, which differ by whether it is in another region.
fn site(
    world: &mut World,
    call: &Call,
    source: &Instance,
    abroad: bool,
    multi_az: bool,
) -> Result<(Site, Option<String>), Refusal> {
    let group = call.text("DBSubnetGroupName");
    let key = call.text("KmsKeyId");
    if !abroad {
        if group.is_some() {
            return Err(Refusal::new(
                400,
                "DBSubnetGroupNotAllowedFault",
                "DbSubnetGroupName should not be specified for read replicas that are created in the same region as the master",
            ));
        }
        if key.is_some() {
            return Err(Refusal::combination(
                "KmsKeyId cannot be specified for a read replica in the region of its source.",
            ));
        }
        let site = place::choose(world, call, &source.subnet_group, multi_az)?;
        return Ok((site, source.kms_key.clone()));
    }
    let group = group.ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidVPCNetworkStateFault",
            "There is no default VPC: specify DBSubnetGroupName",
        )
    })?;
    let key = match (source.encrypted, key) {
        (true, Some(key)) => Some(settings::resolve_key(world.place(call), key)?),
        (true, None) => {
            return Err(Refusal::combination(
                "KmsKeyId must be specified for a cross-region replica of an encrypted instance.",
            ));
        }
        (false, Some(_)) => {
            return Err(Refusal::combination(
                "An encrypted replica of an unencrypted instance is not possible.",
            ));
        }
        (false, None) => None,
    };
    Ok((place::choose(world, call, group, multi_az)?, key))
}

fn draft(
    world: &mut World,
    call: &Call,
    identifier: &str,
    source: &Instance,
    abroad: bool,
) -> Result<Instance, Refusal> {
    let class = call
        .text("DBInstanceClass")
        .unwrap_or(&source.class)
        .to_owned();
    classes::check(&class)?;
    let size = call
        .int("AllocatedStorage")
        .unwrap_or(source.storage.size_gib);
    if size < source.storage.size_gib {
        return Err(Refusal::combination(
            "A read replica needs at least the storage of its source.",
        ));
    }
    let sized_anew = [
        "StorageType",
        "Iops",
        "StorageThroughput",
        "AllocatedStorage",
    ]
    .iter()
    .any(|member| call.has(member));
    let (storage, max_storage_gib) = if sized_anew || call.has("MaxAllocatedStorage") {
        let (mut storage, limit) = create::storage_of(call, &source.storage.kind, size)?;
        if !sized_anew {
            storage = source.storage.clone();
        }
        (storage, limit)
    } else {
        (source.storage.clone(), None)
    };
    let multi_az = call.boolean("MultiAZ").unwrap_or(false);
    let group = match call.text("DBParameterGroupName") {
        Some(name) => create::group_for(world, call, name, &source.engine_version)?,
        None if abroad => format!(
            "default.{}",
            crate::rds::versions::family(&source.engine_version)
        ),
        None => source.parameter_group.clone(),
    };
    let (site, kms_key) = site(world, call, source, abroad, multi_az)?;
    let mut windows = create::windows(world, call)?;
    if !call.has("PreferredBackupWindow") {
        windows.0.clone_from(&source.backup_window);
    }
    if !call.has("PreferredMaintenanceWindow") {
        windows.1.clone_from(&source.maintenance_window);
    }
    let mut replica = create::base(world, call, identifier, site, windows)?;
    replica.engine_version.clone_from(&source.engine_version);
    replica.class = class;
    replica.storage = storage;
    replica.max_storage_gib = max_storage_gib;
    replica.multi_az = multi_az;
    replica.encrypted = source.encrypted;
    replica.kms_key = kms_key;
    replica.db_name.clone_from(&source.db_name);
    replica.master_username.clone_from(&source.master_username);
    replica.password_digest.clone_from(&source.password_digest);
    replica.parameter_group = group;
    replica
        .lifecycle_support
        .clone_from(&source.lifecycle_support);
    replica.source = Some(source.identifier.clone());
    if !call.has("Port") {
        replica.port = source.port;
    }
    Ok(replica)
}

/// `PromoteReadReplica`.
pub(crate) fn promote(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let retention = settings::retention(call.int("BackupRetentionPeriod").unwrap_or(1))?;
    let rds = &mut world.place(call).rds;
    let instance = find(rds, &identifier)?;
    if instance.source.is_none() {
        return Err(Refusal::new(
            400,
            "InvalidDBInstanceState",
            format!("DB Instance {identifier} is not a read replica."),
        ));
    }
    if !is_ready(instance) {
        return Err(busy(instance));
    }
    let backup_window = call.text("PreferredBackupWindow");
    if let Some(window) = backup_window {
        window::check_apart(window, &instance.maintenance_window)?;
    }
    if let Some(instance) = rds.instances.get_mut(&identifier) {
        instance.backup_retention = retention;
        if let Some(window) = backup_window {
            window.clone_into(&mut instance.backup_window);
        }
    }
    let stages = vec![
        Stage::new("modifying", 60),
        Stage::new("rebooting", 120).then(Finish::Promoted),
    ];
    stage::enqueue(rds, &identifier, call.now, stages, false);
    show::answer(world, call, &identifier)
}
