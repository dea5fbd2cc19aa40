//! Snapshots, by hand and by the day, and automated backups.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::state::{Instance, Rds, Snapshot, Tags};
use super::timer::{Deed, Spot};
use super::{Filters, instance, names, page, tags, window};
use crate::call::{Answer, Call, Refusal};
use crate::world::World;

/// How long a snapshot is in the making.
const SNAPSHOT_SECONDS: i64 = 120;

/// Takes the first automated backup of an instance and sets the timer of the next.
pub(crate) fn first(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    if instance.backup_retention == 0 {
        return;
    }
    instance.backup_at = None;
    automated(rds, spot, resource_id);
}

/// Takes the automated backup of a day; a timer of a former window does nothing.
pub(crate) fn daily(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    if instance.backup_at == Some(spot.now) {
        automated(rds, spot, resource_id);
    }
}

fn automated(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let kept = SignedDuration::from_hours(24 * instance.backup_retention);
    let running = instance.stopped_at.is_none() && instance.status != "deleting";
    if running && instance.backup_retention > 0 {
        let stamp = spot.now.strftime("%Y-%m-%d-%H-%M").to_string();
        let name = format!("rds:{}-{stamp}", instance.identifier);
        let tags = copied_tags(instance);
        let mut snapshot = of_instance(instance, &name, "automated", spot.now, tags);
        "available".clone_into(&mut snapshot.status);
        rds.snapshots.insert(name, snapshot);
    }
    let oldest = spot.now - kept;
    rds.snapshots.retain(|_, snapshot| {
        snapshot.resource_id != resource_id
            || snapshot.kind != "automated"
            || snapshot.created_at > oldest
    });
    plan(rds, resource_id, spot.now);
}

/// Sets the timer of the next daily backup, if there are backups.
pub(crate) fn plan(rds: &mut Rds, resource_id: &str, now: Timestamp) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let Ok(window) = window::daily(&instance.backup_window) else {
        return;
    };
    let next = (instance.backup_retention > 0 && instance.ready).then(|| window.next(now));
    if instance.backup_at == next {
        return;
    }
    instance.backup_at = next;
    if let Some(next) = next {
        rds.at(next, Deed::Backup(resource_id.to_owned()));
    }
}

fn copied_tags(instance: &Instance) -> Tags {
    if instance.copy_tags_to_snapshot {
        instance.tags.clone()
    } else {
        Tags::new()
    }
}

fn of_instance(
    instance: &Instance,
    name: &str,
    kind: &str,
    now: Timestamp,
    tags: Tags,
) -> Snapshot {
    Snapshot {
        identifier: name.to_owned(),
        kind: kind.to_owned(),
        status: "creating".to_owned(),
        created_at: now,
        instance: instance.identifier.clone(),
        resource_id: instance.resource_id.clone(),
        engine_version: instance.engine_version.clone(),
        storage: instance.storage.clone(),
        encrypted: instance.encrypted,
        kms_key: instance.kms_key.clone(),
        port: instance.port,
        zone: instance.zone.clone(),
        vpc: instance.vpc.clone(),
        master_username: instance.master_username.clone(),
        iam_authentication: instance.iam_authentication,
        instance_created_at: instance.created_at,
        tags,
    }
}

/// Checks that a snapshot may have a name, which is returned in lower case.
pub(crate) fn free_name(rds: &Rds, call: &Call, member: &str) -> Result<String, Refusal> {
    let name = names::identifier(call, member, 255)?;
    if rds.snapshots.contains_key(&name) {
        return Err(Refusal::new(
            400,
            "DBSnapshotAlreadyExists",
            format!(
                "Cannot create the snapshot because a snapshot with the identifier {name} already exists."
            ),
        ));
    }
    Ok(name)
}

/// Begins a manual snapshot.
pub(crate) fn begin(
    rds: &mut Rds,
    identifier: &str,
    name: &str,
    now: Timestamp,
    more_tags: Tags,
) -> Option<Snapshot> {
    let instance = rds.instances.get(identifier)?;
    let mut tags = copied_tags(instance);
    tags.extend(more_tags);
    let snapshot = of_instance(instance, name, "manual", now, tags);
    rds.snapshots.insert(name.to_owned(), snapshot.clone());
    rds.later(now, SNAPSHOT_SECONDS, Deed::SnapshotDone(name.to_owned()));
    Some(snapshot)
}

/// `CreateDBSnapshot`.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let tags = tags::of(call)?;
    let rds = &mut world.place(call).rds;
    let name = free_name(rds, call, "DBSnapshotIdentifier")?;
    let source = instance::find(rds, &identifier)?;
    if !["available", "storage-optimization"].contains(&source.status.as_str()) {
        return Err(instance::busy(source));
    }
    let snapshot = begin(rds, &identifier, &name, call.now, tags).expect("the source was found");
    Ok(json!({ "DBSnapshot": show(&snapshot, call) }))
}

/// `DescribeDBSnapshots`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(
        call,
        &[
            "db-instance-id",
            "db-snapshot-id",
            "dbi-resource-id",
            "snapshot-type",
            "engine",
        ],
    )?;
    let rds = &world.place(call).rds;
    let wish = call.text("DBSnapshotIdentifier").map(|text| {
        let name = text
            .splitn(7, ':')
            .nth(6)
            .filter(|_| text.starts_with("arn:"));
        name.unwrap_or(text).to_lowercase()
    });
    let instance = call.text("DBInstanceIdentifier").map(str::to_lowercase);
    if let Some(wish) = &wish
        && !rds.snapshots.contains_key(wish)
    {
        return Err(missing(wish));
    }
    let same = |member: &str, value: &str| call.text(member).is_none_or(|wish| wish == value);
    let entries = rds
        .snapshots
        .values()
        .filter(|snapshot| {
            wish.as_ref()
                .is_none_or(|wish| *wish == snapshot.identifier)
        })
        .filter(|snapshot| {
            instance
                .as_ref()
                .is_none_or(|name| *name == snapshot.instance)
        })
        .filter(|snapshot| same("SnapshotType", &snapshot.kind))
        .filter(|snapshot| same("DbiResourceId", &snapshot.resource_id))
        .filter(|snapshot| {
            filters.pass("db-instance-id", &snapshot.instance)
                && filters.pass("db-snapshot-id", &snapshot.identifier)
                && filters.pass("dbi-resource-id", &snapshot.resource_id)
                && filters.pass("snapshot-type", &snapshot.kind)
                && filters.pass("engine", "postgres")
        })
        .map(|snapshot| (snapshot.identifier.clone(), show(snapshot, call)))
        .collect();
    page::page(call, "DBSnapshots", entries)
}

fn missing(name: &str) -> Refusal {
    Refusal::new(
        404,
        "DBSnapshotNotFound",
        format!("DBSnapshot {name} not found."),
    )
}

fn show(snapshot: &Snapshot, call: &Call) -> Value {
    let done = snapshot.status == "available";
    json!({
        "DBSnapshotIdentifier": snapshot.identifier,
        "DBSnapshotArn": call.arn("rds", &format!("snapshot:{}", snapshot.identifier)),
        "DBInstanceIdentifier": snapshot.instance,
        "DbiResourceId": snapshot.resource_id,
        "SnapshotType": snapshot.kind,
        "Status": snapshot.status,
        "PercentProgress": if done { 100 } else { 0 },
        "SnapshotCreateTime": snapshot.created_at.to_string(),
        "OriginalSnapshotCreateTime": snapshot.created_at.to_string(),
        "InstanceCreateTime": snapshot.instance_created_at.to_string(),
        "Engine": "postgres",
        "EngineVersion": snapshot.engine_version,
        "LicenseModel": "postgresql-license",
        "AllocatedStorage": snapshot.storage.size_gib,
        "StorageType": snapshot.storage.kind,
        "Iops": snapshot.storage.iops,
        "StorageThroughput": snapshot.storage.throughput,
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key,
        "Port": snapshot.port,
        "AvailabilityZone": snapshot.zone,
        "VpcId": snapshot.vpc,
        "MasterUsername": snapshot.master_username,
        "IAMDatabaseAuthenticationEnabled": snapshot.iam_authentication,
        "OptionGroupName": super::option_group(&snapshot.engine_version),
        "ProcessorFeatures": [],
        "TagList": tags::show(&snapshot.tags),
        "DedicatedLogVolume": false,
    })
}

/// `DeleteDBSnapshot`.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.need("DBSnapshotIdentifier")?.to_lowercase();
    let rds = &mut world.place(call).rds;
    let snapshot = rds.snapshots.get(&name).ok_or_else(|| missing(&name))?;
    let wrong = |text: &str| Err(Refusal::new(400, "InvalidDBSnapshotState", text));
    if snapshot.kind == "automated" {
        return wrong("Only manual snapshots may be deleted.");
    }
    if snapshot.status != "available" {
        return wrong(
            "Cannot delete the snapshot because it is not currently in the available state.",
        );
    }
    let mut gone = rds.snapshots.remove(&name).expect("it was found before");
    "deleted".clone_into(&mut gone.status);
    Ok(json!({ "DBSnapshot": show(&gone, call) }))
}

/// `DescribeDBInstanceAutomatedBackups`.
pub(crate) fn describe_automated(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(
        call,
        &["status", "db-instance-id", "dbi-resource-id", "engine"],
    )?;
    let identifier = call.text("DBInstanceIdentifier").map(str::to_lowercase);
    let rds = &world.place(call).rds;
    let live = rds
        .instances
        .values()
        .filter(|instance| instance.backup_retention > 0)
        .map(|instance| (instance, if instance.ready { "active" } else { "creating" }));
    let kept = rds
        .kept_backups
        .values()
        .map(|kept| (&*kept.instance, "retained"));
    let entries = live
        .chain(kept)
        .filter(|(instance, _)| {
            identifier
                .as_ref()
                .is_none_or(|wish| *wish == instance.identifier)
                && call
                    .text("DbiResourceId")
                    .is_none_or(|wish| wish == instance.resource_id)
        })
        .filter(|(instance, status)| {
            filters.pass("status", status)
                && filters.pass("db-instance-id", &instance.identifier)
                && filters.pass("dbi-resource-id", &instance.resource_id)
                && filters.pass("engine", "postgres")
        })
        .map(|(instance, status)| {
            (
                instance.resource_id.clone(),
                show_automated(instance, status, call),
            )
        })
        .collect();
    page::page(call, "DBInstanceAutomatedBackups", entries)
}

fn show_automated(instance: &Instance, status: &str, call: &Call) -> Value {
    let id = instance.resource_id.to_lowercase();
    json!({
        "DBInstanceArn": call.arn("rds", &format!("db:{}", instance.identifier)),
        "DBInstanceAutomatedBackupsArn": call.arn("rds", &format!("auto-backup:ab-{id}")),
        "DbiResourceId": instance.resource_id,
        "DBInstanceIdentifier": instance.identifier,
        "Region": call.region,
        "Status": status,
        "RestoreWindow": {
            "EarliestTime": instance.created_at.to_string(),
            "LatestTime": call.now.to_string(),
        },
        "AllocatedStorage": instance.storage.size_gib,
        "StorageType": instance.storage.kind,
        "Iops": instance.storage.iops,
        "Port": instance.port,
        "AvailabilityZone": instance.zone,
        "VpcId": instance.vpc,
        "InstanceCreateTime": instance.created_at.to_string(),
        "MasterUsername": instance.master_username,
        "Engine": "postgres",
        "EngineVersion": instance.engine_version,
        "LicenseModel": "postgresql-license",
        "OptionGroupName": super::option_group(&instance.engine_version),
        "Encrypted": instance.encrypted,
        "KmsKeyId": instance.kms_key,
        "BackupRetentionPeriod": instance.backup_retention,
        "IAMDatabaseAuthenticationEnabled": instance.iam_authentication,
        "TagList": [],
    })
}
