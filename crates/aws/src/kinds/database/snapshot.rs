//! Final snapshots: looked at before anything goes that a restore needs.

use aws_sdk_rds::types::DbSnapshot;
use pgward_engine::{Fault, FaultKind, Present, Snapshot};
use pgward_model::Value;

use crate::aws::Aws;
use crate::listing::{PAGE, absent, pages};

const ACTION: &str = "rds:DescribeDBSnapshots";

/// A manual snapshot of an instance that exists or did: the named one, or the newest.
///
/// # Errors
///
/// What AWS answered, or that the snapshot has failed.
pub(crate) async fn snapshot(
    aws: &Aws,
    instance: &Present,
    name: Option<&str>,
) -> Result<Snapshot, Fault> {
    let found = match name {
        Some(name) => named(aws, name).await?,
        None => newest(aws, instance).await?,
    };
    let Some(found) = found else {
        return Ok(Snapshot::Absent);
    };
    match found.status() {
        Some("available") => Ok(Snapshot::Available),
        Some("failed") => {
            let name = found.db_snapshot_identifier().unwrap_or_default();
            let message = format!("the final snapshot {name} failed");
            Err(Fault::new(FaultKind::Failed, ACTION, message))
        }
        Some(_) | None => Ok(Snapshot::InTheMaking),
    }
}

async fn named(aws: &Aws, name: &str) -> Result<Option<DbSnapshot>, Fault> {
    let call = aws
        .session()
        .rds()
        .describe_db_snapshots()
        .db_snapshot_identifier(name);
    let output = absent(aws.session().call(ACTION, call.send()).await)?;
    let snapshots = output.and_then(|output| output.db_snapshots);
    Ok(snapshots.unwrap_or_default().into_iter().next())
}

/// Others of that name may have left snapshots as well, so the instance's own id decides.
async fn newest(aws: &Aws, instance: &Present) -> Result<Option<DbSnapshot>, Fault> {
    let id = instance.outputs.get("resource_id").and_then(Value::as_text);
    let listed = pages(
        aws,
        ACTION,
        |marker| {
            let call = aws.session().rds().describe_db_snapshots();
            call.db_instance_identifier(&instance.name)
                .snapshot_type("manual")
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| (output.db_snapshots.unwrap_or_default(), output.marker),
    )
    .await;
    let snapshots = absent(listed)?.unwrap_or_default();
    // One that has no time yet is being made.
    let age = |one: &DbSnapshot| {
        one.snapshot_create_time()
            .map(aws_sdk_rds::primitives::DateTime::secs)
    };
    Ok(snapshots
        .into_iter()
        .filter(|one| one.dbi_resource_id() == id)
        .max_by_key(|one| (age(one).is_none(), age(one))))
}
