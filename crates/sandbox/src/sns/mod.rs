//! Notification topics and their subscriptions.

mod state;
mod subscriptions;
mod topics;

use crate::call::{Answer, Call};
use crate::tagging::Tags;
use crate::world::{Place, World};

pub(crate) use state::Sns;
pub(crate) use topics::provide_topic;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    state::forget_unconfirmed(&mut world.place(call).sns, call.now);
    match call.action.as_str() {
        "CreateTopic" => topics::create(world, call),
        "GetTopicAttributes" => topics::get_attributes(world, call),
        "SetTopicAttributes" => topics::set_attribute(world, call),
        "ListTopics" => topics::list(world, call),
        "DeleteTopic" => topics::delete(world, call),
        "TagResource" => topics::tag(world, call),
        "UntagResource" => topics::untag(world, call),
        "ListTagsForResource" => topics::list_tags(world, call),
        "Subscribe" => subscriptions::subscribe(world, call),
        "Unsubscribe" => subscriptions::unsubscribe(world, call),
        "ListSubscriptionsByTopic" => subscriptions::list_of_topic(world, call),
        "ListSubscriptions" => subscriptions::list(world, call),
        "GetSubscriptionAttributes" => subscriptions::get_attributes(world, call),
        _ => crate::world::unknown(call),
    }
}

/// ARN and tags of every topic.
pub(crate) fn tagged(place: &Place) -> Vec<(String, Tags)> {
    place
        .sns
        .topics
        .iter()
        .map(|(arn, topic)| (arn.clone(), topic.tags.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::call::Service::Sns;
    use crate::tagging::trial::Trial;

    #[test]
    fn a_mail_subscription_waits_and_is_dropped_after_two_days() {
        let mut trial = Trial::new();
        let made = trial
            .ask(Sns, "CreateTopic", json!({ "Name": "alerts" }))
            .unwrap();
        let topic = &made["TopicArn"];
        let input = json!({ "TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com" });
        for _ in 0..2 {
            let shown = trial.ask(Sns, "Subscribe", input.clone()).unwrap();
            assert_eq!(shown["SubscriptionArn"], "pending confirmation");
        }
        let list = |trial: &mut Trial| {
            trial
                .ask(
                    Sns,
                    "ListSubscriptionsByTopic",
                    json!({ "TopicArn": topic }),
                )
                .unwrap()
        };
        let held = list(&mut trial);
        assert_eq!(held["Subscriptions"].as_array().unwrap().len(), 1);
        assert_eq!(
            held["Subscriptions"][0]["SubscriptionArn"],
            "PendingConfirmation"
        );
        trial.wait(2 * 86_400);
        assert_eq!(list(&mut trial)["Subscriptions"], json!([]));
    }

    #[test]
    fn the_same_name_with_other_tags_is_refused() {
        let mut trial = Trial::new();
        let tagged =
            |value: &str| json!({ "Name": "alerts", "Tags": [{ "Key": "a", "Value": value }] });
        trial.ask(Sns, "CreateTopic", tagged("1")).unwrap();
        assert!(trial.ask(Sns, "CreateTopic", tagged("1")).is_ok());
        assert_eq!(
            trial.outcome(Sns, "CreateTopic", tagged("2")),
            "InvalidParameter"
        );
    }
}
