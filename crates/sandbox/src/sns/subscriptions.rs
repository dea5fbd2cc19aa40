//! Calls on subscriptions, some of which wait for the receiver's consent for ever.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Subscription, invalid, map, no_topic};
use super::topics::paged;
use crate::call::{Answer, Call, Refusal};
use crate::world::World;

/// Protocols, and whether their receivers have to agree first.
const PROTOCOLS: [(&str, bool); 9] = [
    ("http", true),
    ("https", true),
    ("email", true),
    ("email-json", true),
    ("sms", false),
    ("sqs", false),
    ("application", false),
    ("lambda", false),
    ("firehose", false),
];

/// What takes the place of the ARN of a subscription that waits.
const WAITING: &str = "PendingConfirmation";

/// `Subscribe`: the same topic, protocol and endpoint is the same subscription.
pub(super) fn subscribe(world: &mut World, call: &Call) -> Answer {
    let topic = call.need("TopicArn")?.to_owned();
    let protocol = call.need("Protocol")?.to_owned();
    let endpoint = call.need("Endpoint")?.to_owned();
    let known = PROTOCOLS.iter().find(|(name, _)| *name == protocol);
    let Some((_, consent)) = known else {
        let text = format!(
            "Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        );
        return Err(invalid(text));
    };
    if protocol.starts_with("email") && !endpoint.contains('@') {
        return Err(invalid("Invalid parameter: Email address"));
    }
    let sns = &world.place(call).sns;
    if !sns.topics.contains_key(&topic) {
        return Err(no_topic());
    }
    let found = sns.subscriptions.iter().find(|(_, held)| {
        held.topic == topic && held.protocol == protocol && held.endpoint == endpoint
    });
    let (arn, pending) = match found {
        Some((arn, held)) => (arn.clone(), held.pending),
        None => {
            let id = world.request_id();
            let arn = format!("{topic}:{id}");
            let held = Subscription {
                topic,
                protocol,
                endpoint,
                pending: *consent,
                created: call.now,
            };
            world
                .place(call)
                .sns
                .subscriptions
                .insert(arn.clone(), held);
            (arn, *consent)
        }
    };
    let whole = !pending || call.boolean("ReturnSubscriptionArn").unwrap_or(false);
    let shown = if whole {
        arn
    } else {
        "pending confirmation".to_owned()
    };
    Ok(json!({ "SubscriptionArn": shown }))
}

/// `Unsubscribe`, which one that waits refuses.
pub(super) fn unsubscribe(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("SubscriptionArn")?;
    if arn.split(':').count() < 6 {
        let text = "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 \
                    elements, not 1";
        return Err(invalid(text));
    }
    let held = &mut world.place(call).sns.subscriptions;
    if held.get(arn).is_some_and(|held| held.pending) {
        let text = "Invalid parameter: This operation cannot be called on a subscription pending \
                    confirmation";
        return Err(invalid(text));
    }
    held.remove(arn);
    Ok(json!({}))
}

/// `ListSubscriptionsByTopic`, 100 a page.
pub(super) fn list_of_topic(world: &mut World, call: &Call) -> Answer {
    let topic = call.need("TopicArn")?;
    if !world.place(call).sns.topics.contains_key(topic) {
        return Err(no_topic());
    }
    listed(world, call, Some(topic))
}

/// `ListSubscriptions`, 100 a page.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    listed(world, call, None)
}

fn listed(world: &mut World, call: &Call, topic: Option<&str>) -> Answer {
    let entries: Vec<(String, Value)> = world
        .place(call)
        .sns
        .subscriptions
        .iter()
        .filter(|(_, held)| topic.is_none_or(|topic| held.topic == topic))
        .map(|(arn, held)| {
            let shown = json!({
                "SubscriptionArn": if held.pending { WAITING } else { arn.as_str() },
                "Owner": call.account,
                "Protocol": held.protocol,
                "Endpoint": held.endpoint,
                "TopicArn": held.topic,
            });
            (arn.clone(), shown)
        })
        .collect();
    paged(call, "Subscriptions", entries)
}

/// `GetSubscriptionAttributes`.
pub(super) fn get_attributes(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("SubscriptionArn")?;
    let held = world.place(call).sns.subscriptions.get(arn);
    let held = held.ok_or_else(|| Refusal::new(404, "NotFound", "Subscription does not exist"))?;
    let shown = BTreeMap::from([
        ("SubscriptionArn".to_owned(), arn.to_owned()),
        ("TopicArn".to_owned(), held.topic.clone()),
        ("Owner".to_owned(), call.account.clone()),
        ("Protocol".to_owned(), held.protocol.clone()),
        ("Endpoint".to_owned(), held.endpoint.clone()),
        ("PendingConfirmation".to_owned(), held.pending.to_string()),
        ("RawMessageDelivery".to_owned(), "false".to_owned()),
    ]);
    Ok(json!({ "Attributes": map(&shown) }))
}
