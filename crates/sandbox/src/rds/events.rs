//! Events: what happened to a resource, for two weeks.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::page;
use super::state::{Event, Rds};
use crate::call::{Answer, Call, Refusal};
use crate::world::World;

/// Notes an event. `source` is type, name and ARN.
pub(crate) fn record(
    rds: &mut Rds,
    now: Timestamp,
    source: (&str, &str, &str),
    category: &str,
    message: &str,
) {
    let oldest = now - SignedDuration::from_hours(14 * 24);
    rds.events.retain(|event| event.at >= oldest);
    rds.events.push(Event {
        at: now,
        source_type: source.0.to_owned(),
        source: source.1.to_owned(),
        source_arn: source.2.to_owned(),
        category: category.to_owned(),
        message: message.to_owned(),
    });
}

/// `DescribeEvents`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    if call.has("SourceIdentifier") && !call.has("SourceType") {
        return Err(Refusal::combination(
            "SourceType must be specified when SourceIdentifier is given",
        ));
    }
    let moment = |name: &str| {
        call.text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let minutes = call.int("Duration").unwrap_or(60).clamp(1, 20_160);
    let from = moment("StartTime").unwrap_or_else(|| call.now - SignedDuration::from_mins(minutes));
    let until = moment("EndTime").unwrap_or(call.now);
    let categories = call.texts("EventCategories");
    let source = call.text("SourceIdentifier").map(str::to_lowercase);
    let rds = &world.place(call).rds;
    let entries = rds
        .events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.at >= from && event.at <= until)
        .filter(|(_, event)| source.as_ref().is_none_or(|source| *source == event.source))
        .filter(|(_, event)| {
            call.text("SourceType")
                .is_none_or(|kind| kind == event.source_type)
        })
        .filter(|(_, event)| categories.is_empty() || categories.contains(&event.category))
        .map(|(number, event)| {
            let shown = json!({
                "SourceIdentifier": event.source,
                "SourceType": event.source_type,
                "SourceArn": event.source_arn,
                "Message": event.message,
                "EventCategories": [event.category],
                "Date": event.at.to_string(),
            });
            (format!("{}#{number:08}", event.at.as_millisecond()), shown)
        })
        .collect();
    page::page(call, "Events", entries)
}
