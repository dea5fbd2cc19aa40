//! Calls on alarms and their tags.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition;
use super::state::{Alarm, CloudWatch, arn, refused};
use crate::call::{Answer, Call, Refusal};
use crate::tagging::pages::{Page, page};
use crate::tagging::tags;
use crate::world::World;

/// `PutMetricAlarm`: a full overwrite. An alarm that is there keeps its state and its tags.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let name = definition::name(call)?;
    let definition = definition::read(call)?;
    let tags = tags::read(&call.list("Tags"));
    if let Some(objection) = tags::objection(&tags) {
        return Err(refused("ValidationError", objection));
    }
    let alarms = &mut world.place(call).cloudwatch.alarms;
    match alarms.get_mut(&name) {
        Some(alarm) => {
            alarm.definition = definition;
            alarm.configured = call.now;
        }
        None => {
            let alarm = Alarm {
                definition,
                state: "INSUFFICIENT_DATA".to_owned(),
                reason: "Unchecked: Initial alarm creation".to_owned(),
                reason_data: None,
                configured: call.now,
                updated: call.now,
                tags,
            };
            alarms.insert(name, alarm);
        }
    }
    Ok(json!({}))
}

/// `DescribeAlarms`: names that do not exist are left out silently.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let names = call.texts("AlarmNames");
    if names.len() > 100 {
        let rule = "Member must have length less than or equal to 100";
        return Err(definition::constraint(
            "AlarmNames",
            &names.join(", "),
            rule,
        ));
    }
    if !names.is_empty() && call.has("AlarmNamePrefix") {
        let text = "AlarmNames and AlarmNamePrefix cannot be specified together";
        return Err(refused("InvalidParameterCombination", text));
    }
    let limit = call
        .int("MaxRecords")
        .unwrap_or(if names.is_empty() { 50 } else { 100 });
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| {
        let given = call.int("MaxRecords").unwrap_or_default().to_string();
        definition::constraint(
            "MaxRecords",
            &given,
            "Member must have value between 1 and 100",
        )
    })?;
    let types = call.texts("AlarmTypes");
    let metric = types.is_empty() || types.iter().any(|kind| kind == "MetricAlarm");
    let entries = world
        .place(call)
        .cloudwatch
        .alarms
        .iter()
        .filter(|(name, alarm)| metric && asked_for(call, &names, name, alarm))
        .map(|(name, alarm)| (name.clone(), show(name, alarm, call)))
        .collect();
    let Page { items, next } = page(entries, call.text("NextToken"), limit)
        .ok_or_else(|| refused("InvalidNextToken", "The next token is invalid"))?;
    let mut answer = json!({ "MetricAlarms": items, "CompositeAlarms": [] });
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

fn asked_for(call: &Call, names: &[String], name: &str, alarm: &Alarm) -> bool {
    let prefix = call.text("AlarmNamePrefix").unwrap_or_default();
    let state = call
        .text("StateValue")
        .is_none_or(|state| state == alarm.state);
    let action = call.text("ActionPrefix").is_none_or(|prefix| {
        ["OKActions", "AlarmActions", "InsufficientDataActions"]
            .iter()
            .any(|list| {
                let actions = alarm.definition.get(*list).and_then(Value::as_array);
                actions
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .any(|it| it.starts_with(prefix))
            })
    });
    (names.is_empty() || names.iter().any(|wanted| wanted == name))
        && name.starts_with(prefix)
        && state
        && action
}

/// `DeleteAlarms`: names that do not exist are ignored.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let names = call.texts("AlarmNames");
    if names.is_empty() {
        return Err(refused(
            "MissingParameter",
            "The parameter AlarmNames is required.",
        ));
    }
    if names.len() > 100 {
        let rule = "Member must have length less than or equal to 100";
        return Err(definition::constraint(
            "AlarmNames",
            &names.join(", "),
            rule,
        ));
    }
    for name in names {
        world.place(call).cloudwatch.alarms.remove(&name);
    }
    Ok(json!({}))
}

/// `EnableAlarmActions` and `DisableAlarmActions`.
pub(super) fn enable_actions(world: &mut World, call: &Call, enabled: bool) -> Answer {
    for name in call.texts("AlarmNames") {
        if let Some(alarm) = world.place(call).cloudwatch.alarms.get_mut(&name) {
            alarm
                .definition
                .insert("ActionsEnabled".to_owned(), json!(enabled));
            alarm.configured = call.now;
        }
    }
    Ok(json!({}))
}

/// `SetAlarmState`, until somebody sets it again: nothing in a sandbox evaluates alarms.
pub(super) fn set_state(world: &mut World, call: &Call) -> Answer {
    let name = definition::name(call)?;
    let state = call.text("StateValue").unwrap_or_default();
    if !["OK", "ALARM", "INSUFFICIENT_DATA"].contains(&state) {
        let rule = "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]";
        return Err(definition::constraint("StateValue", state, rule));
    }
    let reason = call.need("StateReason")?.to_owned();
    let alarms = &mut world.place(call).cloudwatch.alarms;
    let alarm = alarms.get_mut(&name).ok_or_else(|| {
        Refusal::new(
            404,
            "ResourceNotFound",
            format!("Alarm {name} does not exist"),
        )
    })?;
    state.clone_into(&mut alarm.state);
    alarm.reason = reason;
    alarm.reason_data = call.text("StateReasonData").map(str::to_owned);
    alarm.updated = call.now;
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(super) fn list_tags(world: &mut World, call: &Call) -> Answer {
    let alarm = by_arn(&mut world.place(call).cloudwatch, call)?;
    Ok(json!({ "Tags": tags::list(&alarm.tags) }))
}

/// `TagResource`.
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = tags::read(&call.list("Tags"));
    let alarm = by_arn(&mut world.place(call).cloudwatch, call)?;
    let mut all = alarm.tags.clone();
    all.extend(added);
    if let Some(objection) = tags::objection(&all) {
        return Err(refused("InvalidParameterValue", objection));
    }
    alarm.tags = all;
    Ok(json!({}))
}

/// `UntagResource`.
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let alarm = by_arn(&mut world.place(call).cloudwatch, call)?;
    for key in call.texts("TagKeys") {
        alarm.tags.remove(&key);
    }
    Ok(json!({}))
}

fn by_arn<'a>(cloudwatch: &'a mut CloudWatch, call: &Call) -> Result<&'a mut Alarm, Refusal> {
    let wanted = call.text("ResourceARN").unwrap_or_default();
    let name = wanted.strip_prefix(&arn(call, "")).unwrap_or_default();
    cloudwatch.alarms.get_mut(name).ok_or_else(|| {
        let text = format!("Alarm not found for resource ARN {wanted}");
        Refusal::new(404, "ResourceNotFoundException", text)
    })
}

fn show(name: &str, alarm: &Alarm, call: &Call) -> Value {
    let stamp = |at: Timestamp| json!({ "$timestamp": at.as_second() });
    let mut shown = alarm.definition.clone();
    shown.insert("AlarmName".to_owned(), json!(name));
    shown.insert("AlarmArn".to_owned(), json!(arn(call, name)));
    shown.insert(
        "AlarmConfigurationUpdatedTimestamp".to_owned(),
        stamp(alarm.configured),
    );
    shown.insert("StateValue".to_owned(), json!(alarm.state));
    shown.insert("StateReason".to_owned(), json!(alarm.reason));
    if let Some(data) = &alarm.reason_data {
        shown.insert("StateReasonData".to_owned(), json!(data));
    }
    shown.insert("StateUpdatedTimestamp".to_owned(), stamp(alarm.updated));
    shown.insert(
        "StateTransitionedTimestamp".to_owned(),
        stamp(alarm.updated),
    );
    Value::Object(shown)
}
