//! What a changing call wants that does not take effect at once: checked, and sorted by when it may.

use super::settings;
use super::{create, exists};
use crate::call::{Call, Refusal};
use crate::rds::pending::{Pending, wanted_storage};
use crate::rds::state::{Instance, Storage};
use crate::rds::{classes, names, storage, subnet_group, versions};
use crate::world::World;

/// Changes that wait, those that do not, and those that are called off.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// They wait for the window unless they are wanted at once.
    pub scheduled: Pending,
    /// They ignore the window.
    pub urgent: Pending,
    /// What waited, without what the call takes back.
    pub left: Pending,
}

/// Takes a wish into account: it is scheduled if it differs from what is, else it takes back what waits.
macro_rules! wish {
    ($wishes:expr, $field:ident, $wish:expr, $live:expr) => {
        if let Some(wish) = $wish {
            if wish == $live {
                $wishes.left.$field = None;
            } else {
                $wishes.scheduled.$field = Some(wish);
            }
        }
    };
}

/// Reads the wishes of a call.
///
/// # Errors
/// One of them is not possible.
pub(crate) fn read(world: &mut World, call: &Call, now: &Instance) -> Result<Wishes, Refusal> {
    let mut wishes = Wishes {
        left: now.pending.clone(),
        ..Wishes::default()
    };
    if let Some(class) = call.text("DBInstanceClass") {
        classes::check(class)?;
        wish!(wishes, class, Some(class.to_owned()), now.class);
    }
    storage_wishes(call, now, &mut wishes)?;
    wish!(wishes, multi_az, call.boolean("MultiAZ"), now.multi_az);
    upgrade(world, call, now, &mut wishes)?;
    retention(call, now, &mut wishes)?;
    wish!(
        wishes,
        iam_authentication,
        call.boolean("EnableIAMDatabaseAuthentication"),
        now.iam_authentication
    );
    let certificate = call
        .text("CACertificateIdentifier")
        .map(settings::certificate);
    wish!(
        wishes,
        certificate,
        certificate.transpose()?,
        now.certificate
    );
    let network = call
        .text("NetworkType")
        .map(|wish| create::network_type(Some(wish)));
    wish!(wishes, network_type, network.transpose()?, now.network_type);
    if let Some(volume) = call.boolean("DedicatedLogVolume") {
        if volume
            && !wanted_storage(&now.storage, &wishes.scheduled)
                .kind
                .starts_with("io")
        {
            return Err(Refusal::combination(
                "A dedicated log volume needs storage type io1 or io2.",
            ));
        }
        wish!(
            wishes,
            dedicated_log_volume,
            Some(volume),
            now.dedicated_log_volume
        );
    }
    rename(world, call, now, &mut wishes)?;
    move_network(world, call, now, &mut wishes)?;
    if let Some(port) = call.int("DBPortNumber") {
        let port = settings::port(port)?;
        wishes.urgent.port = (port != now.port).then_some(port);
    }
    log_exports(call, now, &mut wishes)?;
    Ok(wishes)
}

fn storage_wishes(call: &Call, now: &Instance, wishes: &mut Wishes) -> Result<(), Refusal> {
    let size = call.int("AllocatedStorage");
    let kind = call.text("StorageType").map(ToOwned::to_owned);
    let (iops, throughput) = (call.int("Iops"), call.int("StorageThroughput"));
    let size_after = size
        .or(now.pending.size_gib)
        .unwrap_or(now.storage.size_gib);
    if let Some(limit) = call.int("MaxAllocatedStorage") {
        storage::autoscaling(limit, size_after, &now.storage.kind)?;
    } else if let (Some(limit), Some(size)) = (now.max_storage_gib, size)
        && size > now.storage.size_gib
    {
        storage::autoscaling(limit, size, &now.storage.kind)?;
    }
    if let Some(size) = size {
        storage::check_growth(now.storage.size_gib, size)?;
    }
    let has_speed = |storage: &Storage| {
        storage.kind.starts_with("io")
            || (storage.kind == "gp3" && storage::is_striped(storage.size_gib))
    };
    let grows = size.is_some_and(|size| size != now.storage.size_gib);
    let same_kind = kind.as_ref().is_none_or(|kind| *kind == now.storage.kind);
    if grows && iops.is_none() && same_kind && has_speed(&now.storage) {
        return Err(Refusal::combination(
            "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance that has iops.",
        ));
    }
    wish!(wishes, size_gib, size, now.storage.size_gib);
    wish!(wishes, storage_type, kind, now.storage.kind);
    // With another type or striping the speed is asked for anew, even if the number stays.
    let anew = wishes.scheduled.storage_type.is_some()
        || storage::crosses_striping(now.storage.size_gib, size_after);
    if anew {
        wishes.scheduled.iops = iops;
        wishes.scheduled.throughput = throughput;
    } else {
        wish!(wishes, iops, iops, now.storage.iops.unwrap_or_default());
        wish!(
            wishes,
            throughput,
            throughput,
            now.storage.throughput.unwrap_or_default()
        );
    }
    if size.is_none()
        && iops.is_none()
        && throughput.is_none()
        && wishes.scheduled.storage_type.is_none()
    {
        return Ok(());
    }
    let mut whole = now.pending.clone();
    whole.merge(&wishes.scheduled);
    let after = wanted_storage(&now.storage, &whole);
    // The baseline below the striping border counts as not asked for, and asking for it is refused.
    let kept = |is: Option<i64>| is.filter(|_| has_speed(&after));
    let asked = Storage {
        iops: iops.or(kept(after.iops)),
        throughput: throughput.or(kept(after.throughput)),
        ..after.clone()
    };
    storage::check(&asked)?;
    if wishes.scheduled.touches_storage() {
        check_rest(call, now)?;
    }
    Ok(())
}

/// Checks that no storage change is under way or still being optimized.
fn check_rest(call: &Call, now: &Instance) -> Result<(), Refusal> {
    let Some(until) = now.optimizing_until.filter(|until| *until > call.now) else {
        return Ok(());
    };
    Err(Refusal::combination(format!(
        "You can't currently modify the storage of this DB instance because the previous storage change is being optimized. It is not eligible until {until}."
    )))
}

fn upgrade(
    world: &mut World,
    call: &Call,
    now: &Instance,
    wishes: &mut Wishes,
) -> Result<(), Refusal> {
    let Some(wish) = call.text("EngineVersion") else {
        return Ok(());
    };
    let same = wish == now.engine_version || wish == versions::major(&now.engine_version);
    if same {
        wishes.left.engine_version = None;
        wishes.left.upgrade_group = None;
        return Ok(());
    }
    let version = versions::find(Some(wish))?;
    if !versions::targets(&now.engine_version)
        .iter()
        .any(|target| target.name == version)
    {
        return Err(Refusal::combination(format!(
            "Cannot upgrade postgres from {} to {version}",
            now.engine_version
        )));
    }
    let replicas: Vec<Instance> = {
        let rds = &world.place(call).rds;
        now.replicas
            .iter()
            .filter_map(|name| rds.instances.get(name))
            .cloned()
            .collect()
    };
    if versions::major(version) == versions::major(&now.engine_version) {
        let behind = |replica: &&Instance| {
            versions::targets(&replica.engine_version)
                .iter()
                .any(|target| target.name == version)
        };
        if let Some(replica) = replicas.iter().find(behind) {
            return Err(Refusal::new(
                400,
                "DBUpgradeDependencyFailure",
                format!("Upgrade the read replica {} first", replica.identifier),
            ));
        }
    } else {
        // Reported for hashicorp/terraform-provider-aws, pull request 7013.
        if now.source.is_some() {
            return Err(Refusal::new(
                400,
                "InvalidParameterValue",
                "Major Version Upgrade not supported for Postgres Read Replica DB Instances",
            ));
        }
        if call.boolean("AllowMajorVersionUpgrade") != Some(true) {
            return Err(Refusal::combination(
                "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
            ));
        }
        let group = match call.text("DBParameterGroupName") {
            Some(name) => create::group_for(world, call, name, version)?,
            None if now.parameter_group.starts_with("default.") => {
                format!("default.{}", versions::family(version))
            }
            None => {
                return Err(Refusal::combination(format!(
                    "The current DB parameter group {} is custom. You must explicitly specify a DB parameter group of family {} to upgrade to {version}.",
                    now.parameter_group,
                    versions::family(version)
                )));
            }
        };
        wishes.scheduled.upgrade_group = Some(group);
    }
    wishes.scheduled.engine_version = Some(version.to_owned());
    Ok(())
}

/// Keeping backups longer is done at once; beginning or ending to keep them is scheduled.
fn retention(call: &Call, now: &Instance, wishes: &mut Wishes) -> Result<(), Refusal> {
    let Some(days) = call.int("BackupRetentionPeriod") else {
        return Ok(());
    };
    let days = settings::retention(days)?;
    if days == 0 && !now.replicas.is_empty() {
        return Err(Refusal::combination(
            "Automated backups cannot be disabled for an instance that has read replicas.",
        ));
    }
    if days == now.backup_retention || (days > 0 && now.backup_retention > 0) {
        wishes.left.backup_retention = None;
    } else {
        wishes.scheduled.backup_retention = Some(days);
    }
    Ok(())
}

fn rename(
    world: &mut World,
    call: &Call,
    now: &Instance,
    wishes: &mut Wishes,
) -> Result<(), Refusal> {
    if !call.has("NewDBInstanceIdentifier") {
        return Ok(());
    }
    let name = names::identifier(call, "NewDBInstanceIdentifier", 63)?;
    if name != now.identifier && world.place(call).rds.instances.contains_key(&name) {
        return Err(exists(&name));
    }
    wish!(wishes, identifier, Some(name), now.identifier);
    Ok(())
}

/// An instance moves to a subnet group of another VPC only.
fn move_network(
    world: &mut World,
    call: &Call,
    now: &Instance,
    wishes: &mut Wishes,
) -> Result<(), Refusal> {
    let Some(name) = call.text("DBSubnetGroupName").map(str::to_lowercase) else {
        return Ok(());
    };
    let rds = &world.place(call).rds;
    let group = rds
        .subnet_groups
        .get(&name)
        .ok_or_else(|| subnet_group::not_found(&name))?;
    if name == now.subnet_group {
        wishes.left.subnet_group = None;
        return Ok(());
    }
    if group.vpc == now.vpc {
        return Err(Refusal::new(
            400,
            "InvalidVPCNetworkStateFault",
            format!(
                "You cannot move DB instance {} to subnet group {name}. The specified DB subnet group and DB instance are in the same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.",
                now.identifier
            ),
        ));
    }
    if now.multi_az {
        return Err(Refusal::combination(
            "A Multi-AZ instance cannot move to another VPC.",
        ));
    }
    wishes.scheduled.subnet_group = Some((name, group.vpc.clone()));
    Ok(())
}

fn log_exports(call: &Call, now: &Instance, wishes: &mut Wishes) -> Result<(), Refusal> {
    let Some(change) = call.input.get("CloudwatchLogsExportConfiguration") else {
        return Ok(());
    };
    let enable = settings::logs(&crate::call::texts_of(change, "EnableLogTypes"))?;
    let disable = settings::logs(&crate::call::texts_of(change, "DisableLogTypes"))?;
    if enable.intersection(&disable).next().is_some() {
        return Err(Refusal::combination(
            "A log type is both enabled and disabled.",
        ));
    }
    wishes.urgent.logs_to_enable = enable.difference(&now.log_exports).cloned().collect();
    wishes.urgent.logs_to_disable = disable.intersection(&now.log_exports).cloned().collect();
    Ok(())
}
