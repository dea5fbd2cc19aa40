//! Final snapshots: looked at before anything goes that a restore needs.

use pgward_engine::{Fault, FaultKind};

use crate::aws::Aws;
use crate::listing::absent;

/// Whether a manual snapshot is `available`; absent counts as not yet.
///
/// # Errors
///
/// What AWS answered, or that the snapshot has failed.
pub(crate) async fn snapshot_is_available(aws: &Aws, name: &str) -> Result<bool, Fault> {
    const ACTION: &str = "rds:DescribeDBSnapshots";
    let call = aws
        .session()
        .rds()
        .describe_db_snapshots()
        .db_snapshot_identifier(name);
    let Some(output) = absent(aws.session().call(ACTION, call.send()).await)? else {
        return Ok(false);
    };
    match output
        .db_snapshots()
        .first()
        .and_then(|snapshot| snapshot.status())
    {
        Some("available") => Ok(true),
        Some("failed") => {
            let message = format!("the final snapshot {name} failed");
            Err(Fault::new(FaultKind::Failed, ACTION, message))
        }
        Some(_) | None => Ok(false),
    }
}
