//! Changing instances.

use super::wishes::{self, Wishes};
use super::{busy, create, find, is_ready, place, settings, show};
use crate::call::{Answer, Call, Refusal};
use crate::rds::pending::Pending;
use crate::rds::stage::{self, Finish, Stage};
use crate::rds::state::Instance;
use crate::rds::timer::Deed;
use crate::rds::{backup, maintenance, names, storage, window};
use crate::secretsmanager;
use crate::world::World;

/// `ModifyDBInstance`.
pub(crate) fn modify(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let at_once = call.boolean("ApplyImmediately").unwrap_or(false);
    let before = find(&world.place(call).rds, &identifier)?.clone();
    let helps = ["storage-full", "incompatible-parameters"].contains(&before.status.as_str());
    if !is_ready(&before) && !helps {
        return Err(busy(&before));
    }
    let mut wishes = wishes::read(world, call, &before)?;
    let mut after = before.clone();
    let mut stages = online(world, call, &mut after)?;
    stages.extend(credentials(world, call, &mut after, &mut wishes)?);
    let Wishes {
        scheduled,
        urgent,
        left,
    } = wishes;
    // What has begun goes on, whatever is asked now.
    after.pending = under_way(&before);
    after.pending.merge(&left);
    after.pending.merge(&scheduled);
    let flush = if at_once {
        not_under_way(&after)
    } else {
        Pending::default()
    };
    let nothing = after == before && urgent.is_empty() && flush.is_empty() && stages.is_empty();
    if nothing {
        return Err(Refusal::combination("No modifications were requested"));
    }
    // What is sent at once brings everything that waited.
    let mut now = flush;
    now.merge(&urgent);
    after.pending.merge(&urgent);
    stages.extend(now.stages(&after));
    store(world, call, &before, after, stages);
    show::answer(world, call, &identifier)
}

/// What an instance is being changed to already.
fn under_way(instance: &Instance) -> Pending {
    let mut all = Pending::default();
    for stage in &instance.stages {
        for finish in &stage.finish {
            if let Finish::Apply(done) = finish {
                all.merge(done);
            }
        }
    }
    all
}

/// What waits and is not being done already.
fn not_under_way(instance: &Instance) -> Pending {
    let mut rest = instance.pending.clone();
    rest.forget(&under_way(instance));
    rest
}

fn store(world: &mut World, call: &Call, before: &Instance, after: Instance, stages: Vec<Stage>) {
    let rds = &mut world.place(call).rds;
    let resource_id = after.resource_id.clone();
    let identifier = after.identifier.clone();
    if after
        .security_groups
        .values()
        .any(|status| status == "adding")
    {
        rds.later(call.now, 30, Deed::GroupsActive(resource_id.clone()));
    }
    let window_opened = before.maintenance_window != after.maintenance_window
        && window::weekly(&after.maintenance_window).is_ok_and(|window| window.contains(call.now));
    rds.instances.insert(identifier.clone(), after);
    stage::enqueue(rds, &identifier, call.now, stages, true);
    if window_opened {
        maintenance::bring(rds, &resource_id, call.now);
    }
    maintenance::plan_window(rds, &resource_id, call.now);
    backup::plan(rds, &resource_id, call.now);
}

/// Changes what takes effect at once, and returns the stages that show.
fn online(world: &mut World, call: &Call, after: &mut Instance) -> Result<Vec<Stage>, Refusal> {
    let mut stages = Vec::new();
    let switches = [
        ("PubliclyAccessible", &mut after.publicly_accessible),
        ("AutoMinorVersionUpgrade", &mut after.auto_minor_upgrade),
        ("CopyTagsToSnapshot", &mut after.copy_tags_to_snapshot),
        ("DeletionProtection", &mut after.deletion_protection),
    ];
    for (member, switch) in switches {
        *switch = call.boolean(member).unwrap_or(*switch);
    }
    windows(call, after)?;
    if let Some(days) = call.int("BackupRetentionPeriod")
        && days > 0
        && after.backup_retention > 0
    {
        after.backup_retention = settings::retention(days)?;
    }
    if let Some(limit) = call.int("MaxAllocatedStorage") {
        let size = call
            .int("AllocatedStorage")
            .unwrap_or(after.storage.size_gib);
        after.max_storage_gib = storage::autoscaling(limit, size, &after.storage.kind)?;
    }
    let monitoring = (after.monitoring_interval, after.monitoring_role.clone());
    let wanted = settings::monitoring(world, call, &monitoring)?;
    if wanted != monitoring {
        (after.monitoring_interval, after.monitoring_role) = wanted;
        stages.push(Stage::new("configuring-enhanced-monitoring", 60));
    }
    let place = world.place(call);
    let insights =
        settings::insights(place, call, (after.insights.as_ref(), &after.insights_mode))?;
    if insights != (after.insights.clone(), after.insights_mode.clone()) {
        (after.insights, after.insights_mode) = insights;
        stages.push(Stage::new("modifying", 30));
    }
    let groups = call.texts("VpcSecurityGroupIds");
    if !groups.is_empty() {
        let mut wanted = place::security_groups(place, &groups, &after.vpc, "adding")?;
        for (id, status) in &mut wanted {
            if let Some(is) = after.security_groups.get(id) {
                status.clone_from(is);
            }
        }
        after.security_groups = wanted;
    }
    associate(world, call, after)?;
    Ok(stages)
}

fn windows(call: &Call, after: &mut Instance) -> Result<(), Refusal> {
    let backup = call.text("PreferredBackupWindow");
    let maintenance = call.text("PreferredMaintenanceWindow");
    if backup.is_none() && maintenance.is_none() {
        return Ok(());
    }
    let backup = backup.unwrap_or(&after.backup_window).to_owned();
    let maintenance = maintenance.unwrap_or(&after.maintenance_window).to_owned();
    window::check_apart(&backup, &maintenance)?;
    after.backup_window = backup;
    after.maintenance_window = maintenance;
    Ok(())
}

/// Associates another parameter group at once; its values wait for a reboot. The group of a major upgrade waits
/// with the upgrade.
fn associate(world: &mut World, call: &Call, after: &mut Instance) -> Result<(), Refusal> {
    let Some(name) = call.text("DBParameterGroupName") else {
        return Ok(());
    };
    let major = crate::rds::versions::major;
    let upgrades = call
        .text("EngineVersion")
        .is_some_and(|version| major(version) != major(&after.engine_version));
    if upgrades {
        return Ok(());
    }
    let group = create::group_for(world, call, name, &after.engine_version)?;
    if group != after.parameter_group {
        after.parameter_group = group;
        "pending-reboot".clone_into(&mut after.parameter_status);
    }
    Ok(())
}

/// Changes the master password or who keeps it.
fn credentials(
    world: &mut World,
    call: &Call,
    after: &mut Instance,
    wishes: &mut Wishes,
) -> Result<Vec<Stage>, Refusal> {
    let manage = call.boolean("ManageMasterUserPassword");
    let password = call.text("MasterUserPassword");
    if (manage.is_some() || password.is_some()) && after.source.is_some() {
        return Err(Refusal::combination(
            "The master user password of a read replica cannot be changed.",
        ));
    }
    if let Some(password) = password {
        names::check_password(password)?;
        if manage == Some(true) || (manage.is_none() && after.managed_secret.is_some()) {
            return Err(Refusal::combination(
                "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
            ));
        }
        wishes.urgent.password_digest = Some(names::digest(password));
    }
    let mut stages = Vec::new();
    match (manage, after.managed_secret.clone()) {
        (Some(true), None) => {
            let key = call.text("MasterUserSecretKmsKeyId").map(ToOwned::to_owned);
            create::manage(world, call, after, key.as_deref())?;
            stages.push(Stage::new("resetting-master-credentials", 60));
        }
        (Some(false), Some(secret)) => {
            if password.is_none() {
                return Err(Refusal::combination(
                    "MasterUserPassword must be specified when ManageMasterUserPassword is turned off.",
                ));
            }
            secretsmanager::delete_managed(world.place(call), &secret.arn);
            after.managed_secret = None;
        }
        _ => {}
    }
    if call.boolean("RotateMasterUserPassword") == Some(true) {
        if after.managed_secret.is_none() || call.boolean("ApplyImmediately") != Some(true) {
            return Err(Refusal::combination(
                "RotateMasterUserPassword needs a managed master user password and ApplyImmediately.",
            ));
        }
        stages.push(Stage::new("resetting-master-credentials", 60));
    }
    Ok(stages)
}
