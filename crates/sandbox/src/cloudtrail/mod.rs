//! The history of events: every call that changes something, for 90 days, the latest first.
//!
//! An event is listed at once; AWS takes some minutes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Refusal, Service};
use crate::tagging::pages;
use crate::world::World;

/// How long events are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// What is never written into an event.
const SECRETS: [&str; 4] = [
    "MasterUserPassword",
    "SecretString",
    "SecretBinary",
    "TdeCredentialPassword",
];

/// The events of one account and region, in the order in which they happened.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CloudTrail {
    pub events: Vec<Event>,
}

impl CloudTrail {
    /// Whether nothing has happened.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// One call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub id: String,
    pub name: String,
    /// `rds.amazonaws.com`.
    pub source: String,
    /// Name of the session of the caller's role.
    pub who: String,
    #[serde(with = "crate::moment")]
    pub at: Timestamp,
    /// Arguments under the names that events use, without secrets.
    pub arguments: Value,
    /// AWS's code, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Notes a call that somebody made and how it ended.
pub(crate) fn note(world: &mut World, call: &Call, who: &str, answer: &Answer) {
    let id = world.characters("event", "0123456789abcdef", 32);
    let events = &mut world.place(call).cloudtrail.events;
    let oldest = call.now - KEPT;
    events.retain(|event| event.at >= oldest);
    events.push(Event {
        id: format!(
            "{}-{}-{}-{}-{}",
            &id[..8],
            &id[8..12],
            &id[12..16],
            &id[16..20],
            &id[20..]
        ),
        name: call.action.clone(),
        source: format!("{}.amazonaws.com", source(call.service)),
        who: who.to_owned(),
        at: call.now,
        arguments: arguments(&call.input, call.service),
        error: answer.as_ref().err().map(|refusal| refusal.code.clone()),
    });
}

/// The name of a service in its host names.
fn source(service: Service) -> &'static str {
    match service {
        Service::CloudWatch => "monitoring",
        Service::Tagging => "tagging",
        other => other.name(),
    }
}

/// Names begin with a small letter, lists of EC2 stand in `items`, and secrets are hidden.
fn arguments(input: &Value, service: Service) -> Value {
    match input {
        Value::Object(members) => {
            let shown = members.iter().map(|(name, member)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                let shown: String = first.into_iter().chain(letters).collect();
                if SECRETS.contains(&name.as_str()) {
                    (shown, json!("HIDDEN_DUE_TO_SECURITY_REASONS"))
                } else {
                    (shown, arguments(member, service))
                }
            });
            Value::Object(shown.collect::<Map<String, Value>>())
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().map(|item| arguments(item, service)).collect();
            if service == Service::Ec2 {
                json!({ "items": items })
            } else {
                Value::Array(items)
            }
        }
        plain => plain.clone(),
    }
}

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "LookupEvents" => look_up(world, call),
        _ => crate::world::unknown(call),
    }
}

fn look_up(world: &mut World, call: &Call) -> Answer {
    let refused = |code: &str, message: &str| Refusal::new(400, code, message);
    let limit = call.int("MaxResults").unwrap_or(50);
    let Some(limit) = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=50).contains(limit))
    else {
        return Err(refused(
            "InvalidMaxResultsException",
            "MaxResults must be between 1 and 50",
        ));
    };
    let attributes = call.list("LookupAttributes");
    if attributes.len() > 1 {
        return Err(refused(
            "InvalidLookupAttributesException",
            "You can specify only one lookup attribute",
        ));
    }
    let moment = |name: &str| {
        call.int(name)
            .and_then(|at| Timestamp::from_second(at).ok())
    };
    let from = moment("StartTime").unwrap_or(Timestamp::MIN);
    let until = moment("EndTime").unwrap_or(Timestamp::MAX);
    if from > until {
        return Err(refused(
            "InvalidTimeRangeException",
            "The start time is after the end time",
        ));
    }
    let account = call.account.clone();
    let region = call.region.clone();
    let events = &world.place(call).cloudtrail.events;
    let entries = events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.at >= from && event.at <= until)
        .filter(|(_, event)| attributes.iter().all(|one| matches(one, event)))
        // The latest comes first, and keeps its key when more happens.
        .map(|(number, event)| {
            let key = format!(
                "{:020}",
                u64::MAX - u64::try_from(number).unwrap_or(u64::MAX)
            );
            (key, shown(event, &account, &region))
        })
        .collect();
    let Some(page) = pages::page(entries, call.text("NextToken"), limit) else {
        return Err(refused(
            "InvalidNextTokenException",
            "The token is not valid",
        ));
    };
    Ok(json!({ "Events": page.items, "NextToken": page.next }))
}

fn matches(attribute: &Value, event: &Event) -> bool {
    let wanted = attribute["AttributeValue"].as_str().unwrap_or_default();
    match attribute["AttributeKey"].as_str().unwrap_or_default() {
        "EventName" => event.name == wanted,
        "EventSource" => event.source == wanted,
        "Username" => event.who == wanted,
        "EventId" => event.id == wanted,
        "ReadOnly" => wanted == "false",
        _ => false,
    }
}

fn shown(event: &Event, account: &str, region: &str) -> Value {
    let detail = json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": format!("arn:aws:sts::{account}:assumed-role/sandbox/{}", event.who),
            "accountId": account,
        },
        "eventTime": format!("{:.0}", event.at),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": region,
        "requestParameters": event.arguments,
        "errorCode": event.error,
        "eventID": event.id,
        "readOnly": false,
        "recipientAccountId": account,
    });
    json!({
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "false",
        "EventTime": { "$timestamp": event.at.as_second() },
        "EventSource": event.source,
        "Username": event.who,
        "Resources": [],
        "CloudTrailEvent": detail.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sandbox::Sandbox;

    const PLACE: (&str, &str) = ("111122223333", "eu-west-1");

    fn ask(sandbox: &Sandbox, action: &str, input: &serde_json::Value) -> serde_json::Value {
        let (account, region) = PLACE;
        sandbox
            .act(account, region, "mehta", action, input)
            .unwrap_or_else(|refusal| json!(refusal))
    }

    #[test]
    fn calls_that_change_something_are_kept_without_secrets() {
        let sandbox = Sandbox::new(1);
        for (name, value) in [
            ("one", "canary-1"),
            ("two", "canary-2"),
            ("one", "canary-3"),
        ] {
            let input = json!({ "Name": name, "SecretString": value });
            ask(&sandbox, "secretsmanager:CreateSecret", &input);
        }
        ask(&sandbox, "secretsmanager:ListSecrets", &json!({}));
        let all = ask(&sandbox, "cloudtrail:LookupEvents", &json!({}));
        let events = all["Events"].as_array().unwrap();
        let text = all.to_string();
        assert_eq!(events.len(), 3, "{text}");
        assert!(!text.contains("canary"), "{text}");
        let latest = events[0]["CloudTrailEvent"].as_str().unwrap();
        assert!(latest.contains("ResourceExistsException"), "{latest}");
        assert_eq!(events[0]["Username"], "mehta");
        let first = json!({ "MaxResults": 2 });
        let page = ask(&sandbox, "cloudtrail:LookupEvents", &first);
        let rest = json!({ "MaxResults": 2, "NextToken": page["NextToken"] });
        let rest = ask(&sandbox, "cloudtrail:LookupEvents", &rest);
        assert_eq!(rest["Events"][0], events[2]);
        assert!(rest["NextToken"].is_null());
        let none =
            json!({ "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": "X" }] });
        let none = ask(&sandbox, "cloudtrail:LookupEvents", &none);
        assert_eq!(none["Events"], json!([]));
    }
}
