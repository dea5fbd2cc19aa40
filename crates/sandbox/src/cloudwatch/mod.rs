//! Metric alarms of CloudWatch.

mod alarms;
mod definition;
mod state;

use std::collections::BTreeMap;

use serde_json::json;

use crate::call::{Answer, Call};
use crate::tagging::Tags;
use crate::world::{Place, World};

pub(crate) use state::CloudWatch;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "PutMetricAlarm" => alarms::put(world, call),
        "DescribeAlarms" => alarms::describe(world, call),
        "DeleteAlarms" => alarms::delete(world, call),
        "EnableAlarmActions" => alarms::enable_actions(world, call, true),
        "DisableAlarmActions" => alarms::enable_actions(world, call, false),
        "SetAlarmState" => alarms::set_state(world, call),
        "ListTagsForResource" => alarms::list_tags(world, call),
        "TagResource" => alarms::tag(world, call),
        "UntagResource" => alarms::untag(world, call),
        // Nothing in a sandbox measures anything.
        "ListMetrics" => Ok(json!({ "Metrics": [] })),
        _ => crate::world::unknown(call),
    }
}

/// ARN and tags of every alarm.
pub(crate) fn tagged(place: &Place, call: &Call) -> Vec<(String, Tags)> {
    let alarms: &BTreeMap<_, _> = &place.cloudwatch.alarms;
    alarms
        .iter()
        .map(|(name, alarm)| (state::arn(call, name), alarm.tags.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::call::Service::CloudWatch;
    use crate::tagging::trial::Trial;

    fn put(trial: &mut Trial, changes: &Value) -> Value {
        let mut input = json!({
            "AlarmName": "cpu",
            "Namespace": "AWS/RDS",
            "MetricName": "CPUUtilization",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 5,
            "Threshold": 80.0,
            "ComparisonOperator": "GreaterThanThreshold",
        });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        trial.outcome(CloudWatch, "PutMetricAlarm", input)
    }

    fn alarm(trial: &mut Trial) -> Value {
        let all = trial.ask(CloudWatch, "DescribeAlarms", json!({})).unwrap();
        all["MetricAlarms"][0].clone()
    }

    #[test]
    fn a_put_clears_what_it_omits_and_keeps_state_and_tags() {
        let mut trial = Trial::new();
        let tags = json!([{ "Key": "a", "Value": "1" }]);
        put(
            &mut trial,
            &json!({ "TreatMissingData": "breaching", "Tags": tags }),
        );
        assert_eq!(alarm(&mut trial)["StateValue"], "INSUFFICIENT_DATA");
        let state = json!({ "AlarmName": "cpu", "StateValue": "OK", "StateReason": "seen" });
        trial.ask(CloudWatch, "SetAlarmState", state).unwrap();
        put(&mut trial, &json!({ "Threshold": "70" }));
        let shown = alarm(&mut trial);
        assert_eq!(shown["StateValue"], "OK");
        assert_eq!(shown["Threshold"], 70.0);
        assert_eq!(shown.get("TreatMissingData"), None);
        let asked = json!({ "ResourceARN": shown["AlarmArn"] });
        assert_eq!(
            trial.ask(CloudWatch, "ListTagsForResource", asked).unwrap()["Tags"],
            tags
        );
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        for (changes, code) in [
            (json!({ "Period": 45 }), "ValidationError"),
            (json!({ "EvaluationPeriods": 1441 }), "ValidationError"),
            (
                json!({ "Period": 3600, "EvaluationPeriods": 169 }),
                "ValidationError",
            ),
            (json!({ "ComparisonOperator": ">" }), "ValidationError"),
            (json!({ "Statistic": "Mean" }), "ValidationError"),
            (
                json!({ "ExtendedStatistic": "p99" }),
                "InvalidParameterCombination",
            ),
            (json!({ "Threshold": null }), "MissingParameter"),
            (json!({ "DatapointsToAlarm": 6 }), "ValidationError"),
        ] {
            assert_eq!(put(&mut Trial::new(), &changes), code, "{changes}");
        }
    }
}
