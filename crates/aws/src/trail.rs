//! Who changed it: the calls that CloudTrail keeps for 90 days, matched with what was changed.
//!
//! Events are looked up by the names of calls that change a kind, since CloudTrail's own list of
//! resources is not complete for every service; which resource and which value a call was about is
//! told by its arguments.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::Fault;
use pgward_kinds::CATALOG;
use pgward_model::units;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::plain::{self, Plain};

const CLOUDTRAIL: Plain = Plain {
    name: "cloudtrail",
    target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
};

/// How long CloudTrail keeps its history of events.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Events on one page.
const PAGE: usize = 50;
/// Pages that are read about one call: the newest events come first.
const PAGES: usize = 20;

/// Calls that pgward never makes, by kind, with the member that they are about.
const OTHERS: &[(&str, &str, &str)] = &[
    ("alarm", "DisableAlarmActions", "ActionsEnabled"),
    ("alarm", "EnableAlarmActions", "ActionsEnabled"),
    ("instance", "PromoteReadReplica", "BackupRetentionPeriod"),
    ("instance", "RestoreDBInstanceFromDBSnapshot", ""),
    ("instance", "RestoreDBInstanceToPointInTime", ""),
    ("replica", "PromoteReadReplica", "BackupRetentionPeriod"),
    ("security_group", "ModifySecurityGroupRules", ""),
];

/// What was changed: a value of a resource, or the whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// The kind in the catalog.
    pub kind: String,
    /// Its name, its ARN and its id, as far as they are known.
    pub names: Vec<String>,
    /// AWS's name of the value, such as `BackupRetentionPeriod`; nothing for the whole resource.
    pub member: Option<String>,
    /// The key of a value by key: a parameter, a rule, a tag.
    pub key: Option<String>,
}

/// Who made a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the user, or of the session of a role.
    pub who: String,
    /// When; nothing if one of several calls of this actor made the change.
    pub at: Option<Timestamp>,
}

/// Who made each of the changes since a moment, as far as CloudTrail knows.
///
/// CloudTrail shows a call some minutes after it was made.
///
/// # Errors
///
/// What AWS answered.
pub async fn actors(
    aws: &Aws,
    touched: &[Touched],
    since: Option<Timestamp>,
) -> Result<Vec<Option<Actor>>, Fault> {
    let now = aws.session().now();
    let since = since.map_or(now - KEPT, |since| since.max(now - KEPT));
    let mut events = Vec::new();
    for name in calls(touched) {
        events.extend(look_up(aws, &name, since).await?);
    }
    Ok(touched.iter().map(|one| actor(one, &events)).collect())
}

/// The calls that change any of the kinds.
fn calls(touched: &[Touched]) -> BTreeSet<String> {
    let kinds: BTreeSet<&str> = touched.iter().map(|one| one.kind.as_str()).collect();
    let mut names = BTreeSet::new();
    for kind in kinds {
        let listed = CATALOG.find_kind(kind).map_or(&[][..], |kind| kind.writes);
        // What a kind does to others is listed after what it does to itself.
        let service = listed.first().and_then(|action| action.split(':').next());
        for action in listed {
            if let Some((of, name)) = action.split_once(':')
                && Some(of) == service
                && crate::answer::writes(action)
            {
                names.insert(name.to_owned());
            }
        }
        let others = OTHERS.iter().filter(|(of, _, _)| *of == kind);
        names.extend(others.map(|(_, name, _)| (*name).to_owned()));
    }
    names
}

/// A call that succeeded.
#[derive(Debug, Clone)]
struct Event {
    name: String,
    who: String,
    at: Timestamp,
    /// The names of its arguments, at any depth, in small letters.
    members: BTreeSet<String>,
    /// The texts of its arguments, and the resources that CloudTrail names, in small letters.
    texts: BTreeSet<String>,
}

async fn look_up(aws: &Aws, name: &str, since: Timestamp) -> Result<Vec<Event>, Fault> {
    let mut found = Vec::new();
    let mut token = Value::Null;
    for _ in 0..PAGES {
        let mut input = json!({
            "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": name }],
            "StartTime": since.as_second(),
            "MaxResults": PAGE,
        });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let action = "cloudtrail:LookupEvents";
        let output = plain::ask(aws.session(), &CLOUDTRAIL, action, &input).await?;
        let page = output["Events"].as_array().into_iter().flatten();
        found.extend(page.filter_map(event));
        token = output["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    Ok(found)
}

/// An event as CloudTrail lists it; nothing for a call that was refused.
fn event(listed: &Value) -> Option<Event> {
    let text = listed["CloudTrailEvent"].as_str()?;
    let detail: Value = serde_json::from_str(text).ok()?;
    if !detail["errorCode"].is_null() {
        return None;
    }
    let mut event = Event {
        name: listed["EventName"].as_str()?.to_owned(),
        who: who(listed, &detail["userIdentity"])?,
        at: moment(&listed["EventTime"])?,
        members: BTreeSet::new(),
        texts: BTreeSet::new(),
    };
    gather(&detail["requestParameters"], &mut event);
    for resource in listed["Resources"].as_array().into_iter().flatten() {
        gather(&resource["ResourceName"], &mut event);
    }
    Some(event)
}

/// A person behind a role is named by the session; AWS itself by the service.
fn who(listed: &Value, identity: &Value) -> Option<String> {
    let session = identity["arn"]
        .as_str()
        .filter(|_| identity["type"] == "AssumedRole")
        .and_then(|arn| arn.rsplit('/').next());
    let name = session
        .or_else(|| listed["Username"].as_str())
        .or_else(|| identity["userName"].as_str())
        .or_else(|| identity["invokedBy"].as_str())
        .or_else(|| identity["type"].as_str())?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// JSON 1.1 has seconds since 1970, with or without a fraction.
fn moment(value: &Value) -> Option<Timestamp> {
    let fraction = || units::whole(value.as_f64()?.floor());
    let seconds = value.as_i64().or_else(fraction)?;
    Timestamp::from_second(seconds).ok()
}

/// Names and texts of arguments, at any depth.
fn gather(value: &Value, event: &mut Event) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                event.members.insert(name.to_ascii_lowercase());
                gather(member, event);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, event)),
        Value::String(text) => {
            event.texts.insert(text.to_ascii_lowercase());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Event {
    /// Whether the call names the resource.
    fn names(&self, touched: &Touched) -> bool {
        let mut names = touched.names.iter();
        names.any(|name| self.texts.contains(&name.to_ascii_lowercase()))
    }

    /// Whether the call is about the value.
    fn is_about(&self, touched: &Touched) -> bool {
        let Some(member) = &touched.member else {
            return true;
        };
        if let Some(key) = &touched.key {
            // A rule is known by what it admits, which is the last word of its key.
            let last = key.rsplit(' ').next().unwrap_or(key);
            let mut keys = [key.as_str(), last].into_iter();
            return keys.any(|key| self.texts.contains(&key.to_ascii_lowercase()));
        }
        let mut members = member.split(", ");
        members.any(|member| {
            let mut others = OTHERS.iter();
            self.members.contains(&member.to_ascii_lowercase())
                || others.any(|row| *row == (touched.kind.as_str(), self.name.as_str(), member))
        })
    }
}

/// The last call about the value. Where no call says what it was about, the only one who touched
/// the resource; several are not chosen from.
fn actor(touched: &Touched, events: &[Event]) -> Option<Actor> {
    let mut named: Vec<&Event> = events.iter().filter(|event| event.names(touched)).collect();
    named.sort_by_key(|event| event.at);
    if let Some(last) = named.iter().rev().find(|event| event.is_about(touched)) {
        return Some(Actor {
            who: last.who.clone(),
            at: Some(last.at),
        });
    }
    let (first, others) = named.split_first()?;
    let alone = others.iter().all(|event| event.who == first.who);
    alone.then(|| Actor {
        who: first.who.clone(),
        at: others.is_empty().then_some(first.at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, who: &str, second: i64, arguments: &Value) -> Value {
        let detail = json!({
            "userIdentity": { "type": "AssumedRole", "arn": format!("arn:aws:sts::1:assumed-role/sso/{who}") },
            "requestParameters": arguments,
        });
        json!({
            "EventName": name,
            "EventTime": second,
            "Username": "sso",
            "CloudTrailEvent": detail.to_string(),
        })
    }

    fn events(all: &[(&str, &str, i64, Value)]) -> Vec<Event> {
        let listed = all
            .iter()
            .map(|(name, who, second, arguments)| listed(name, who, *second, arguments));
        listed.filter_map(|one| event(&one)).collect()
    }

    fn value(member: &str) -> Touched {
        Touched {
            kind: "instance".to_owned(),
            names: vec!["shop-prod".to_owned()],
            member: Some(member.to_owned()),
            key: None,
        }
    }

    fn found(touched: &Touched, events: &[Event]) -> Option<(String, Option<i64>)> {
        let actor = actor(touched, events)?;
        Some((actor.who, actor.at.map(Timestamp::as_second)))
    }

    #[test]
    fn each_value_has_the_last_call_about_it() {
        let of = |more: Value| {
            let mut arguments = json!({ "dBInstanceIdentifier": "Shop-Prod" });
            arguments
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            arguments
        };
        let events = events(&[
            (
                "ModifyDBInstance",
                "mehta",
                10,
                of(json!({ "deletionProtection": true })),
            ),
            (
                "ModifyDBInstance",
                "bot",
                20,
                of(json!({ "deletionProtection": false })),
            ),
            (
                "ModifyDBInstance",
                "mehta",
                30,
                of(json!({ "backupRetentionPeriod": 3 })),
            ),
            (
                "ModifyDBInstance",
                "other",
                40,
                json!({ "dBInstanceIdentifier": "shop-dev", "deletionProtection": false }),
            ),
        ]);
        let who = |member: &str| found(&value(member), &events);
        assert_eq!(
            who("DeletionProtection"),
            Some(("bot".to_owned(), Some(20)))
        );
        assert_eq!(
            who("BackupRetentionPeriod"),
            Some(("mehta".to_owned(), Some(30)))
        );
        // Two have touched it, and no call says that it was about this value.
        assert_eq!(who("MultiAZ"), None);
        // One alone has, but with two calls.
        assert_eq!(
            found(&value("MultiAZ"), &events[2..]),
            Some(("mehta".to_owned(), Some(30)))
        );
        let twice = [events[0].clone(), events[2].clone()];
        assert_eq!(
            found(&value("MultiAZ"), &twice),
            Some(("mehta".to_owned(), None))
        );
        let whole = Touched {
            member: None,
            ..value("")
        };
        assert_eq!(found(&whole, &events), Some(("mehta".to_owned(), Some(30))));
    }

    #[test]
    fn values_by_key_are_told_by_their_key() {
        let rule = |block: &str| {
            json!({
                "groupId": "sg-1",
                "ipPermissions": { "items": [{ "ipRanges": { "items": [{ "cidrIp": block }] } }] },
            })
        };
        let events = events(&[
            (
                "AuthorizeSecurityGroupIngress",
                "mehta",
                10,
                rule("0.0.0.0/0"),
            ),
            (
                "AuthorizeSecurityGroupIngress",
                "bot",
                20,
                rule("10.1.0.0/16"),
            ),
        ]);
        let touched = Touched {
            kind: "security_group".to_owned(),
            names: vec!["sg-1".to_owned()],
            member: Some("IpPermissions".to_owned()),
            key: Some("tcp 5432 from 0.0.0.0/0".to_owned()),
        };
        assert_eq!(
            found(&touched, &events),
            Some(("mehta".to_owned(), Some(10)))
        );
    }

    #[test]
    fn calls_of_others_are_about_what_they_do() {
        let of = json!({ "alarmNames": ["shop-cpu"] });
        let put = json!({ "alarmName": "shop-cpu", "actionsEnabled": true });
        let events = events(&[
            ("PutMetricAlarm", "mehta", 10, put),
            ("DisableAlarmActions", "bot", 20, of),
        ]);
        let touched = Touched {
            kind: "alarm".to_owned(),
            names: vec!["shop-cpu".to_owned()],
            member: Some("ActionsEnabled".to_owned()),
            key: None,
        };
        assert_eq!(found(&touched, &events), Some(("bot".to_owned(), Some(20))));
    }

    #[test]
    fn a_refused_call_changed_nothing() {
        let detail = json!({ "errorCode": "AccessDenied", "userIdentity": { "type": "Root" } });
        let refused =
            json!({ "EventName": "X", "EventTime": 1, "CloudTrailEvent": detail.to_string() });
        assert!(event(&refused).is_none());
        assert_eq!(moment(&json!(12.75)).map(Timestamp::as_second), Some(12));
    }

    #[test]
    fn a_kind_is_changed_by_calls_of_its_own_service() {
        let names = calls(&[value("MultiAZ")]);
        assert!(names.contains("ModifyDBInstance") && names.contains("PromoteReadReplica"));
        assert!(!names.contains("CreateSecret") && !names.contains("DescribeDBSnapshots"));
    }
}
