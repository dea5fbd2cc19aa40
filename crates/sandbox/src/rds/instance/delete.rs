//! Deleting instances.

use super::{busy, find, is_ready, show};
use crate::call::{Answer, Call, Refusal};
use crate::rds::backup;
use crate::rds::stage::{self, Finish, Stage};
use crate::rds::state::{Instance, Tags};
use crate::world::World;

/// `DeleteDBInstance`.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let skip = call.boolean("SkipFinalSnapshot").unwrap_or(false);
    let keep_backups = call.boolean("DeleteAutomatedBackups") == Some(false);
    let rds = &mut world.place(call).rds;
    let instance = find(rds, &identifier)?;
    check(instance, call, skip)?;
    if !skip {
        let name = backup::free_name(rds, call, "FinalDBSnapshotIdentifier")?;
        backup::begin(rds, &identifier, &name, call.now, Tags::new());
    }
    stage::interrupt(rds, &identifier);
    let deleting = Stage::new("deleting", 240).then(Finish::Gone { keep_backups });
    stage::enqueue(rds, &identifier, call.now, vec![deleting], false);
    show::answer(world, call, &identifier)
}

fn check(instance: &Instance, call: &Call, skip: bool) -> Result<(), Refusal> {
    let state = |text: String| Err(Refusal::new(400, "InvalidDBInstanceState", text));
    if instance.status == "deleting" {
        return state(format!(
            "Instance {} is already being deleted.",
            instance.identifier
        ));
    }
    if instance.deletion_protection {
        return Err(Refusal::combination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        ));
    }
    let named = call
        .text("FinalDBSnapshotIdentifier")
        .is_some_and(|name| !name.is_empty());
    if instance.source.is_some() && (named || !skip) {
        return Err(Refusal::combination(
            "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance; SkipFinalSnapshot must be specified",
        ));
    }
    if skip && named {
        return Err(Refusal::combination(
            "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.",
        ));
    }
    if !skip && !named {
        return Err(Refusal::combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        ));
    }
    if !skip && !is_ready(instance) && instance.status != "stopped" {
        return Err(busy(instance));
    }
    Ok(())
}
