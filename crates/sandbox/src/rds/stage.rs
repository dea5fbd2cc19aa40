//! Stages an instance goes through: each has a status, lasts a while, and ends with effects.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pending::{self, Pending};
use super::state::{Instance, KeptBackup, Rds};
use super::timer::{Deed, Spot};
use super::{backup, events, maintenance, parameters, versions};
use crate::world::World;

/// A status that lasts for a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub status: String,
    pub seconds: i64,
    /// What happens at its end.
    pub finish: Vec<Finish>,
}

impl Stage {
    /// A stage without effects.
    pub(crate) fn new(status: &str, seconds: i64) -> Self {
        Self {
            status: status.to_owned(),
            seconds,
            finish: Vec::new(),
        }
    }

    /// The stage with an effect at its end.
    pub(crate) fn then(mut self, finish: Finish) -> Self {
        self.finish.push(finish);
        self
    }
}

/// An effect at the end of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Finish {
    /// The instance is usable for the first time.
    Created,
    /// Changes take effect.
    Apply(Box<Pending>),
    /// PostgreSQL has restarted.
    Restarted,
    /// The standby has taken over.
    FailedOver,
    /// The instance is stopped.
    Stopped,
    /// A replica is on its own.
    Promoted,
    /// The instance is gone; whether its automated backups stay.
    Gone { keep_backups: bool },
}

/// For how long the status stays as it was after a change is accepted.
pub(crate) const UNNOTICED_SECONDS: i64 = 20;

/// Queues stages behind what an instance does already. `unnoticed` puts a while before them in which it still
/// shows its former status.
pub(crate) fn enqueue(
    rds: &mut Rds,
    identifier: &str,
    now: Timestamp,
    stages: Vec<Stage>,
    unnoticed: bool,
) {
    let Some(instance) = rds.instances.get_mut(identifier) else {
        return;
    };
    if stages.is_empty() {
        return;
    }
    let idle = instance.stages.is_empty();
    if idle && unnoticed {
        instance
            .stages
            .push(Stage::new(&instance.status, UNNOTICED_SECONDS));
    }
    instance.stages.extend(stages);
    if idle {
        let resource_id = instance.resource_id.clone();
        begin(rds, &resource_id, now);
    }
}

/// Drops what an instance does and was to do.
pub(crate) fn interrupt(rds: &mut Rds, identifier: &str) {
    let Some(instance) = rds.instances.get_mut(identifier) else {
        return;
    };
    instance.stages.clear();
    let resource_id = instance.resource_id.clone();
    rds.timers
        .retain(|timer| !matches!(&timer.deed, Deed::Stage(id) if *id == resource_id));
}

/// Enters the first stage in the queue.
fn begin(rds: &mut Rds, resource_id: &str, now: Timestamp) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    match instance.stages.first() {
        Some(stage) => {
            instance.status.clone_from(&stage.status);
            let seconds = stage.seconds;
            rds.later(now, seconds, Deed::Stage(resource_id.to_owned()));
        }
        None => {
            let resting = resting_status(instance, now);
            instance.status = resting;
        }
    }
}

/// The status of an instance that does nothing.
fn resting_status(instance: &Instance, now: Timestamp) -> String {
    if instance.stopped_at.is_some() {
        "stopped"
    } else if ["incompatible-parameters", "failed"].contains(&instance.status.as_str()) {
        &instance.status
    } else if instance.optimizing_until.is_some_and(|until| until > now) {
        "storage-optimization"
    } else {
        "available"
    }
    .to_owned()
}

/// Ends the present stage of an instance and enters the next.
pub(crate) fn end(world: &mut World, spot: &Spot, resource_id: &str) {
    let Some(instance) = spot.rds(world).by_resource(resource_id) else {
        return;
    };
    if instance.stages.is_empty() {
        return;
    }
    let stage = instance.stages.remove(0);
    for finish in &stage.finish {
        match finish {
            Finish::Gone { keep_backups } => {
                gone(world, spot, resource_id, *keep_backups);
                return;
            }
            other => effect(spot.rds(world), spot, resource_id, other),
        }
    }
    begin(spot.rds(world), resource_id, spot.now);
}

/// Ends a storage optimization, which is no stage since other changes run meanwhile.
pub(crate) fn optimized(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    if let Some(instance) = rds.by_resource(resource_id)
        && instance.stages.is_empty()
        && instance.status == "storage-optimization"
    {
        let resting = resting_status(instance, spot.now);
        instance.status = resting;
    }
}

fn effect(rds: &mut Rds, spot: &Spot, resource_id: &str, finish: &Finish) {
    match finish {
        Finish::Created => {
            if let Some(instance) = rds.by_resource(resource_id) {
                instance.ready = true;
                if instance.source.is_some() {
                    instance.replication = Some("replicating".to_owned());
                }
            }
            restarted(rds, spot, resource_id);
            note(rds, spot, resource_id, "creation", "DB instance created");
            backup::first(rds, spot, resource_id);
        }
        Finish::Apply(done) => changed(rds, spot, resource_id, done),
        Finish::Restarted => {
            restarted(rds, spot, resource_id);
            note(
                rds,
                spot,
                resource_id,
                "availability",
                "DB instance restarted",
            );
        }
        Finish::FailedOver => {
            if let Some(instance) = rds.by_resource(resource_id)
                && let Some(standby) = &mut instance.secondary_zone
            {
                std::mem::swap(standby, &mut instance.zone);
            }
            note(
                rds,
                spot,
                resource_id,
                "failover",
                "Multi-AZ instance failover completed",
            );
        }
        Finish::Stopped => {
            if let Some(instance) = rds.by_resource(resource_id) {
                instance.stopped_at = Some(spot.now);
            }
            rds.later(spot.now, 7 * 86_400, Deed::Restart(resource_id.to_owned()));
            note(
                rds,
                spot,
                resource_id,
                "notification",
                "DB instance stopped",
            );
        }
        Finish::Promoted => promoted(rds, spot, resource_id),
        Finish::Gone { .. } => {}
    }
}

fn changed(rds: &mut Rds, spot: &Spot, resource_id: &str, done: &Pending) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let had_backups = instance.backup_retention > 0;
    pending::apply(instance, done, &spot.region);
    let has_backups = instance.backup_retention > 0;
    let until = spot.now + SignedDuration::from_hours(6);
    if done.touches_storage() {
        instance.optimizing_until = Some(until);
    }
    if let Some(version) = &done.engine_version {
        let replicas = instance.replicas.clone();
        upgrade_replicas(rds, &replicas, version);
    }
    if done.touches_storage() {
        let id = resource_id.to_owned();
        rds.at(until, Deed::Optimized(id));
        note(
            rds,
            spot,
            resource_id,
            "configuration change",
            "Finished applying modification to allocated storage",
        );
    }
    if let Some(name) = &done.identifier {
        rename(rds, resource_id, name);
    }
    if done.class.is_some() {
        note(
            rds,
            spot,
            resource_id,
            "configuration change",
            "Finished applying modification to DB instance class",
        );
    }
    if done.password_digest.is_some() {
        note(
            rds,
            spot,
            resource_id,
            "configuration change",
            "Reset master credentials",
        );
    }
    if done.restarts() {
        restarted(rds, spot, resource_id);
    }
    if has_backups && !had_backups {
        backup::first(rds, spot, resource_id);
    }
    maintenance::plan_window(rds, resource_id, spot.now);
}

/// A major upgrade takes the replicas of the region along, and what copies them; after a minor one
/// they are as new already.
fn upgrade_replicas(rds: &mut Rds, replicas: &[String], version: &str) {
    for name in replicas {
        let Some(replica) = rds.instances.get_mut(name) else {
            continue;
        };
        if versions::major(&replica.engine_version) != versions::major(version) {
            version.clone_into(&mut replica.engine_version);
            replica.parameter_group = format!("default.{}", versions::family(version));
            let its_own = replica.replicas.clone();
            upgrade_replicas(rds, &its_own, version);
        }
    }
}

fn rename(rds: &mut Rds, resource_id: &str, name: &str) {
    let Some(old) = rds
        .by_resource(resource_id)
        .map(|instance| instance.identifier.clone())
    else {
        return;
    };
    if let Some(mut instance) = rds.instances.remove(&old) {
        name.clone_into(&mut instance.identifier);
        rds.instances.insert(name.to_owned(), instance);
    }
    for other in rds.instances.values_mut() {
        if other.source.as_deref() == Some(old.as_str()) {
            other.source = Some(name.to_owned());
        }
        for replica in &mut other.replicas {
            if *replica == old {
                name.clone_into(replica);
            }
        }
    }
}

/// PostgreSQL starts with the values of its group, if it can.
fn restarted(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let groups = std::mem::take(&mut rds.parameter_groups);
    let mut too_large = false;
    if let Some(instance) = rds.by_resource(resource_id) {
        too_large = parameters::too_large(groups.get(&instance.parameter_group), instance);
        if too_large {
            "incompatible-parameters".clone_into(&mut instance.status);
            instance.stages.clear();
        } else {
            "in-sync".clone_into(&mut instance.parameter_status);
        }
    }
    rds.parameter_groups = groups;
    if too_large {
        let text = "DB instance is in an incompatible-parameters state: the parameters need more memory than its class has";
        note(rds, spot, resource_id, "configuration change", text);
    }
}

fn promoted(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let (name, source) = (instance.identifier.clone(), instance.source.take());
    instance.replication = None;
    if let Some(source) = source.and_then(|source| rds.instances.get_mut(&source)) {
        source.replicas.retain(|replica| *replica != name);
    }
    restarted(rds, spot, resource_id);
    note(
        rds,
        spot,
        resource_id,
        "read replica",
        "Promoted Read Replica instance to standalone",
    );
    backup::first(rds, spot, resource_id);
}

/// Removes an instance and frees what it used.
fn gone(world: &mut World, spot: &Spot, resource_id: &str, keep_backups: bool) {
    let rds = spot.rds(world);
    note(rds, spot, resource_id, "deletion", "DB instance deleted");
    let Some(name) = rds
        .by_resource(resource_id)
        .map(|instance| instance.identifier.clone())
    else {
        return;
    };
    let Some(instance) = rds.instances.remove(&name) else {
        return;
    };
    if let Some(source) = &instance.source {
        forget_replica(world, spot, source, &name);
    }
    let rds = spot.rds(world);
    for replica in &instance.replicas {
        let stages = vec![Stage::new("rebooting", 180).then(Finish::Promoted)];
        enqueue(rds, replica, spot.now, stages, false);
    }
    let group = instance.parameter_group.clone();
    rds.releasing.push(group.clone());
    rds.later(spot.now, 30, Deed::Release(group));
    let backups = |kind: &str| kind == "automated";
    if keep_backups && instance.backup_retention > 0 {
        let kept = KeptBackup {
            instance: Box::new(instance.clone()),
            deleted_at: spot.now,
        };
        rds.kept_backups.insert(resource_id.to_owned(), kept);
    } else {
        rds.snapshots
            .retain(|_, snapshot| snapshot.resource_id != resource_id || !backups(&snapshot.kind));
    }
    let place = world.place_at(&spot.account, &spot.region);
    for group in instance.security_groups.keys() {
        crate::ec2::hold_security_group(place, group, spot.now + SignedDuration::from_secs(120));
    }
    if let Some(secret) = &instance.managed_secret {
        crate::secretsmanager::delete_managed(place, &secret.arn);
    }
    for replica in instance
        .replicas
        .iter()
        .filter(|replica| replica.starts_with("arn:"))
    {
        terminate_replica(world, spot, replica);
    }
}

/// Takes a deleted replica from the list of its source, which may be in another region.
fn forget_replica(world: &mut World, spot: &Spot, source: &str, name: &str) {
    let own_arn = spot.arn(&format!("db:{name}"));
    let mut parts = source.split(':');
    let (region, source) = match parts.nth(3) {
        Some(region) => (region, source.rsplit(':').next().unwrap_or(source)),
        None => (spot.region.as_str(), source),
    };
    let rds = &mut world.place_at(&spot.account, region).rds;
    if let Some(source) = rds.instances.get_mut(source) {
        source
            .replicas
            .retain(|replica| replica != name && *replica != own_arn);
    }
}

/// A replica in another region stays behind when its source goes.
fn terminate_replica(world: &mut World, spot: &Spot, arn: &str) {
    let parts: Vec<&str> = arn.split(':').collect();
    if let [_, _, _, region, _, _, name] = parts.as_slice() {
        let rds = &mut world.place_at(&spot.account, region).rds;
        if let Some(replica) = rds.instances.get_mut(*name) {
            replica.replication = Some("terminated".to_owned());
        }
    }
}

/// AWS starts a stopped instance after seven days.
pub(crate) fn start_stopped(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let due = instance
        .stopped_at
        .is_some_and(|since| since + SignedDuration::from_hours(168) <= spot.now);
    if due {
        instance.stopped_at = None;
        let name = instance.identifier.clone();
        let stages = vec![Stage::new("starting", 300).then(Finish::Restarted)];
        enqueue(rds, &name, spot.now, stages, false);
    }
}

fn note(rds: &mut Rds, spot: &Spot, resource_id: &str, category: &str, message: &str) {
    let Some(name) = rds
        .by_resource(resource_id)
        .map(|instance| instance.identifier.clone())
    else {
        return;
    };
    let arn = spot.arn(&format!("db:{name}"));
    events::record(
        rds,
        spot.now,
        ("db-instance", &name, &arn),
        category,
        message,
    );
}
