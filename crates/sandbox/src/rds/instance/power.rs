//! Rebooting, stopping and starting instances.

use super::{busy, find, is_ready, show};
use crate::call::{Answer, Call, Refusal};
use crate::rds::stage::{self, Finish, Stage};
use crate::world::World;

/// `RebootDBInstance`.
pub(crate) fn reboot(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let failover = call.boolean("ForceFailover") == Some(true);
    let rds = &mut world.place(call).rds;
    let instance = find(rds, &identifier)?;
    if !is_ready(instance) && instance.status != "incompatible-parameters" {
        return Err(busy(instance));
    }
    if failover && !instance.multi_az {
        return Err(Refusal::combination(
            "ForceFailover cannot be specified for an instance that is not configured for Multi-AZ.",
        ));
    }
    let mut rebooting = Stage::new("rebooting", 60);
    let brings = instance.pending.at_reboot();
    if !brings.is_empty() {
        rebooting = rebooting.then(Finish::Apply(Box::new(brings)));
    }
    if failover {
        rebooting = rebooting.then(Finish::FailedOver);
    }
    stage::enqueue(
        rds,
        &identifier,
        call.now,
        vec![rebooting.then(Finish::Restarted)],
        false,
    );
    show::answer(world, call, &identifier)
}

/// `StopDBInstance`.
pub(crate) fn stop(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let rds = &mut world.place(call).rds;
    let instance = find(rds, &identifier)?;
    if !is_ready(instance) {
        return Err(busy(instance));
    }
    if instance.source.is_some() || !instance.replicas.is_empty() {
        return Err(Refusal::new(
            400,
            "InvalidDBInstanceState",
            format!("Cannot stop or start a read replica or the source of one: {identifier}"),
        ));
    }
    let stopping = Stage::new("stopping", 180).then(Finish::Stopped);
    stage::enqueue(rds, &identifier, call.now, vec![stopping], false);
    show::answer(world, call, &identifier)
}

/// `StartDBInstance`.
pub(crate) fn start(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let rds = &mut world.place(call).rds;
    let instance = find(rds, &identifier)?;
    if instance.status != "stopped" {
        return Err(Refusal::new(
            400,
            "InvalidDBInstanceState",
            format!(
                "Instance {identifier} is not stopped, inaccessible-encryption-credentials-recoverable so it can't be started."
            ),
        ));
    }
    if let Some(instance) = rds.instances.get_mut(&identifier) {
        instance.stopped_at = None;
    }
    let starting = Stage::new("starting", 300).then(Finish::Restarted);
    stage::enqueue(rds, &identifier, call.now, vec![starting], false);
    show::answer(world, call, &identifier)
}
