//! What AWS announces to do with DB instances by itself.

use std::collections::BTreeMap;

use aws_sdk_rds::types::PendingMaintenanceAction;
use aws_smithy_types::date_time::Format;

use crate::listing::{Fleet, PAGE, pages};

/// Announced actions as sentences, by the ARN of the instance. Empty, with a noted gap, if they
/// can't be read.
pub(crate) async fn announced(fleet: &Fleet<'_>) -> BTreeMap<String, Vec<String>> {
    let aws = fleet.aws;
    let listed = pages(
        aws,
        "rds:DescribePendingMaintenanceActions",
        |marker| {
            let call = aws.session().rds().describe_pending_maintenance_actions();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| {
            (
                output.pending_maintenance_actions.unwrap_or_default(),
                output.marker,
            )
        },
    )
    .await;
    match listed {
        Ok(resources) => resources
            .into_iter()
            .filter_map(|resource| {
                let details = resource.pending_maintenance_action_details();
                let sentences = details.iter().map(sentence).collect();
                Some((resource.resource_identifier()?.to_owned(), sentences))
            })
            .collect(),
        Err(fault) => {
            fleet.gap("maintenance announced by AWS", &fault);
            BTreeMap::new()
        }
    }
}

/// "AWS announces db-upgrade (Upgrade to PostgreSQL 16.11): from 2026-02-01, not before …".
fn sentence(action: &PendingMaintenanceAction) -> String {
    let what = action.action().unwrap_or("maintenance");
    let more = action
        .description()
        .map(|text| format!(" ({text})"))
        .unwrap_or_default();
    let day = |date: Option<&aws_smithy_types::DateTime>| {
        date.and_then(|date| date.fmt(Format::DateTime).ok())
            .and_then(|text| text.get(..10).map(str::to_owned))
    };
    let when = [
        ("applied", day(action.current_apply_date())),
        (
            "in the first window after",
            day(action.auto_applied_after_date()),
        ),
        ("forced on", day(action.forced_apply_date())),
    ];
    let when: Vec<String> = when
        .into_iter()
        .filter_map(|(word, date)| date.map(|date| format!("{word} {date}")))
        .collect();
    if when.is_empty() {
        format!("AWS announces {what}{more}; it waits for somebody to ask for it")
    } else {
        format!("AWS announces {what}{more}: {}", when.join(", "))
    }
}
