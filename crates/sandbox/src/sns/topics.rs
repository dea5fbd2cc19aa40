//! Calls on topics, their attributes and tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Sns, Topic, invalid, map, no_topic};
use crate::call::{Answer, Call, Refusal, text_of};
use crate::tagging::Tags;
use crate::tagging::pages::{Page, page};
use crate::tagging::tags;
use crate::world::World;

/// Attributes that may be set.
const SETTABLE: [&str; 9] = [
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
    "FifoThroughputScope",
];

/// `CreateTopic`: the same name gives the same ARN, unless attributes or tags differ.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.text("Name").unwrap_or_default();
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !(1..=256).contains(&name.len()) || plain.is_empty() || !plain.chars().all(allowed) {
        return Err(invalid("Invalid parameter: Topic Name"));
    }
    let attributes = attributes(call)?;
    let added = tags::read(&call.list("Tags"));
    if let Some(objection) = tags::objection(&added) {
        return Err(invalid(format!(
            "Invalid parameter: Tags Reason: {objection}"
        )));
    }
    let arn = call.arn("sns", name);
    let topics = &mut world.place(call).sns.topics;
    match topics.get(&arn) {
        Some(topic) => {
            let same = |(key, value): (&String, &String)| topic.attributes.get(key) == Some(value);
            if !attributes.iter().all(same) {
                let text = "Invalid parameter: Attributes Reason: Topic already exists with different \
                            attributes";
                return Err(invalid(text));
            }
            if call.has("Tags") && topic.tags != added {
                let text =
                    "Invalid parameter: Tags Reason: Topic already exists with different tags";
                return Err(invalid(text));
            }
        }
        None => {
            topics.insert(
                arn.clone(),
                Topic {
                    attributes,
                    tags: added,
                },
            );
        }
    }
    Ok(json!({ "TopicArn": arn }))
}

/// Makes a topic, if there is none with that ARN.
pub(crate) fn provide_topic(world: &mut World, arn: &str) {
    let parts: Vec<&str> = arn.split(':').collect();
    if let ["arn", _, "sns", region, account, _] = parts[..] {
        let topic = Topic {
            attributes: BTreeMap::new(),
            tags: Tags::new(),
        };
        world
            .place_at(account, region)
            .sns
            .topics
            .entry(arn.to_owned())
            .or_insert(topic);
    }
}

/// `GetTopicAttributes`, with those that AWS fills in.
pub(super) fn get_attributes(world: &mut World, call: &Call) -> Answer {
    let sns = &world.place(call).sns;
    let arn = call.need("TopicArn")?;
    let topic = sns.topics.get(arn).ok_or_else(no_topic)?;
    let count = |pending: bool| {
        let held = sns.subscriptions.values();
        held.filter(|held| held.topic == arn && held.pending == pending)
            .count()
            .to_string()
    };
    let mut shown = BTreeMap::from([
        ("TopicArn".to_owned(), arn.to_owned()),
        ("Owner".to_owned(), call.account.clone()),
        ("DisplayName".to_owned(), String::new()),
        ("Policy".to_owned(), usual_policy(arn, &call.account)),
        ("EffectiveDeliveryPolicy".to_owned(), usual_delivery()),
        ("SubscriptionsConfirmed".to_owned(), count(false)),
        ("SubscriptionsPending".to_owned(), count(true)),
        ("SubscriptionsDeleted".to_owned(), "0".to_owned()),
    ]);
    shown.extend(topic.attributes.clone());
    Ok(json!({ "Attributes": map(&shown) }))
}

/// `SetTopicAttributes`: one attribute a call; an empty value takes it away.
pub(super) fn set_attribute(world: &mut World, call: &Call) -> Answer {
    let name = call.need("AttributeName")?.to_owned();
    let value = call.text("AttributeValue").unwrap_or_default();
    check_attribute(&name, value)?;
    let topic = topic(&mut world.place(call).sns, call, "TopicArn")?;
    if value.is_empty() {
        topic.attributes.remove(&name);
    } else {
        topic.attributes.insert(name, value.to_owned());
    }
    Ok(json!({}))
}

/// `ListTopics`, 100 a page.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let topics = &world.place(call).sns.topics;
    let entries = topics
        .keys()
        .map(|arn| (arn.clone(), json!({ "TopicArn": arn })))
        .collect();
    paged(call, "Topics", entries)
}

/// `DeleteTopic`, which takes its subscriptions along and succeeds for an absent one.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let arn = call.need("TopicArn")?;
    let sns = &mut world.place(call).sns;
    sns.topics.remove(arn);
    sns.subscriptions.retain(|_, held| held.topic != arn);
    Ok(json!({}))
}

/// `TagResource`.
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = tags::read(&call.list("Tags"));
    let topic = tagged(&mut world.place(call).sns, call)?;
    let mut all = topic.tags.clone();
    all.extend(added);
    if let Some(objection) = tags::objection(&all) {
        return Err(invalid(format!(
            "Invalid parameter: Tags Reason: {objection}"
        )));
    }
    topic.tags = all;
    Ok(json!({}))
}

/// `UntagResource`.
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let topic = tagged(&mut world.place(call).sns, call)?;
    for key in call.texts("TagKeys") {
        topic.tags.remove(&key);
    }
    Ok(json!({}))
}

/// `ListTagsForResource`.
pub(super) fn list_tags(world: &mut World, call: &Call) -> Answer {
    let topic = tagged(&mut world.place(call).sns, call)?;
    Ok(json!({ "Tags": tags::list(&topic.tags) }))
}

/// One page of a list, of 100 entries as always in SNS.
pub(super) fn paged(call: &Call, name: &str, entries: Vec<(String, Value)>) -> Answer {
    let Page { items, next } = page(entries, call.text("NextToken"), 100)
        .ok_or_else(|| invalid("Invalid parameter: NextToken"))?;
    let mut answer = json!({ name: items });
    if let Some(token) = next {
        answer["NextToken"] = json!(token);
    }
    Ok(answer)
}

fn topic<'a>(sns: &'a mut Sns, call: &Call, member: &str) -> Result<&'a mut Topic, Refusal> {
    let arn = call.need(member)?;
    if arn.split(':').count() != 6 {
        let text = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements";
        return Err(invalid(text));
    }
    sns.topics.get_mut(arn).ok_or_else(no_topic)
}

fn tagged<'a>(sns: &'a mut Sns, call: &Call) -> Result<&'a mut Topic, Refusal> {
    let arn = call.need("ResourceArn")?;
    sns.topics
        .get_mut(arn)
        .ok_or_else(|| Refusal::new(404, "ResourceNotFound", "Resource does not exist"))
}

/// The attributes of a create, which come as a map.
fn attributes(call: &Call) -> Result<BTreeMap<String, String>, Refusal> {
    let mut attributes = BTreeMap::new();
    for entry in call.list("Attributes") {
        let name = text_of(&entry, "key").unwrap_or_default();
        let value = text_of(&entry, "value").unwrap_or_default();
        check_attribute(name, value)?;
        attributes.insert(name.to_owned(), value.to_owned());
    }
    Ok(attributes)
}

fn check_attribute(name: &str, value: &str) -> Result<(), Refusal> {
    if !SETTABLE.contains(&name) {
        return Err(invalid("Invalid parameter: AttributeName"));
    }
    let document = name == "Policy" || name == "DeliveryPolicy";
    if document && !value.is_empty() && serde_json::from_str::<Value>(value).is_err() {
        return Err(invalid(format!(
            "Invalid parameter: {name} failed to parse JSON"
        )));
    }
    if name == "DisplayName" && value.chars().count() > 100 {
        return Err(invalid(
            "Invalid parameter: DisplayName Reason: longer than 100 characters",
        ));
    }
    Ok(())
}

fn usual_policy(arn: &str, account: &str) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
    .to_string()
}

fn usual_delivery() -> String {
    json!({
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": false,
        },
    })
    .to_string()
}
