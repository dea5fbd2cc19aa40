//! What `PutMetricAlarm` accepts: everything is checked, and everything omitted is absent.

use serde_json::{Map, Value, json};

use super::state::refused;
use crate::call::{Call, Refusal, int_of, number_of, text_of};

const OPERATORS: [&str; 4] = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
];
const BAND_OPERATORS: [&str; 3] = [
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];
const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
const MISSING_DATA: [&str; 4] = ["breaching", "notBreaching", "ignore", "missing"];
const LOW_SAMPLES: [&str; 2] = ["evaluate", "ignore"];
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
const DAY: i64 = 86_400;

/// The definition an alarm gets, under AWS's names with AWS's types.
///
/// # Errors
/// Something is missing, out of its range, or does not go together.
pub(super) fn read(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let mut definition = Map::new();
    for (member, most) in [
        ("AlarmDescription", 1024),
        ("MetricName", 255),
        ("Namespace", 255),
    ] {
        if let Some(text) = call.text(member) {
            if text.chars().count() > most || (most == 255 && text.is_empty()) {
                return Err(constraint(
                    member,
                    text,
                    &format!("Member must have length less than or equal to {most}"),
                ));
            }
            definition.insert(member.to_owned(), json!(text));
        }
    }
    for (member, allowed) in [
        ("Statistic", &STATISTICS[..]),
        ("TreatMissingData", &MISSING_DATA[..]),
        ("EvaluateLowSampleCountPercentile", &LOW_SAMPLES[..]),
        ("Unit", &UNITS[..]),
    ] {
        choice(call, member, allowed, &mut definition)?;
    }
    actions(call, &mut definition)?;
    evaluation(call, &mut definition)?;
    if call.has("Metrics") {
        definition.insert("Metrics".to_owned(), Value::Array(call.list("Metrics")));
    } else {
        one_metric(call, &mut definition)?;
    }
    threshold(call, &mut definition)?;
    Ok(definition)
}

/// The name of an alarm.
///
/// # Errors
/// It is missing, too long or has control characters.
pub(super) fn name(call: &Call) -> Result<String, Refusal> {
    let name = call.text("AlarmName").unwrap_or_default();
    let length = name.chars().count();
    if (1..=255).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(constraint(
        "AlarmName",
        name,
        "Member must have length between 1 and 255",
    ))
}

/// 400 `ValidationError`, in the words of AWS.
pub(super) fn constraint(member: &str, value: &str, rule: &str) -> Refusal {
    let mut member = member.to_owned();
    if let Some(first) = member.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let text = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    );
    refused("ValidationError", text)
}

fn choice(
    call: &Call,
    member: &str,
    allowed: &[&str],
    definition: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    if let Some(text) = call.text(member) {
        if !allowed.contains(&text) {
            let rule = format!(
                "Member must satisfy enum value set: [{}]",
                allowed.join(", ")
            );
            return Err(constraint(member, text, &rule));
        }
        definition.insert(member.to_owned(), json!(text));
    }
    Ok(())
}

fn actions(call: &Call, definition: &mut Map<String, Value>) -> Result<(), Refusal> {
    for member in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
        let arns = call.texts(member);
        if arns.len() > 5 {
            let rule = "Member must have length less than or equal to 5";
            return Err(constraint(member, &arns.join(", "), rule));
        }
        if let Some(arn) = arns.iter().find(|arn| !arn.starts_with("arn:")) {
            return Err(refused(
                "ValidationError",
                format!("Invalid arn syntax: {arn}"),
            ));
        }
        definition.insert(member.to_owned(), json!(arns));
    }
    let enabled = call.boolean("ActionsEnabled").unwrap_or(true);
    definition.insert("ActionsEnabled".to_owned(), json!(enabled));
    Ok(())
}

fn evaluation(call: &Call, definition: &mut Map<String, Value>) -> Result<(), Refusal> {
    let periods = call
        .int("EvaluationPeriods")
        .ok_or_else(|| missing("EvaluationPeriods"))?;
    if periods < 1 {
        let rule = "Member must have value greater than or equal to 1";
        return Err(constraint("EvaluationPeriods", &periods.to_string(), rule));
    }
    definition.insert("EvaluationPeriods".to_owned(), json!(periods));
    if let Some(points) = call.int("DatapointsToAlarm") {
        if points < 1 || points > periods {
            let text = "DatapointsToAlarm must be at least 1 and not exceed EvaluationPeriods";
            return Err(refused("ValidationError", text));
        }
        definition.insert("DatapointsToAlarm".to_owned(), json!(points));
    }
    Ok(())
}

/// An alarm on one metric, which has statistic, period and dimensions.
fn one_metric(call: &Call, definition: &mut Map<String, Value>) -> Result<(), Refusal> {
    for member in ["MetricName", "Namespace"] {
        if !definition.contains_key(member) {
            return Err(missing(member));
        }
    }
    match (call.text("Statistic"), call.text("ExtendedStatistic")) {
        (Some(_), None) => {}
        (None, Some(text)) => {
            if !is_extended(text) {
                let text =
                    format!("The value {text} for parameter ExtendedStatistic is not supported.");
                return Err(refused("ValidationError", text));
            }
            definition.insert("ExtendedStatistic".to_owned(), json!(text));
        }
        (Some(_), Some(_)) => {
            let text = "Exactly one of Statistic and ExtendedStatistic must be specified";
            return Err(refused("InvalidParameterCombination", text));
        }
        (None, None) => return Err(missing("Statistic")),
    }
    let period = call.int("Period").ok_or_else(|| missing("Period"))?;
    if period < 1 || !([10, 20, 30].contains(&period) || period % 60 == 0) {
        let text = "Period must be 10, 20, 30 or a multiple of 60";
        return Err(refused("ValidationError", text));
    }
    let periods = definition["EvaluationPeriods"].as_i64().unwrap_or(1);
    let most = if period >= 3600 { 7 * DAY } else { DAY };
    if period.saturating_mul(periods) > most {
        let text = format!(
            "Metrics cannot be checked across more than {most} seconds (EvaluationPeriods * Period \
             must be <= {most})"
        );
        return Err(refused("ValidationError", text));
    }
    definition.insert("Period".to_owned(), json!(period));
    definition.insert("Dimensions".to_owned(), dimensions(call)?);
    Ok(())
}

fn dimensions(call: &Call) -> Result<Value, Refusal> {
    let list = call.list("Dimensions");
    if list.len() > 30 {
        return Err(refused(
            "ValidationError",
            "There may be at most 30 dimensions",
        ));
    }
    let mut shown = Vec::new();
    for dimension in &list {
        let (Some(name), Some(value)) = (text_of(dimension, "Name"), text_of(dimension, "Value"))
        else {
            return Err(missing("Dimensions.Name and Dimensions.Value"));
        };
        if name.is_empty() || value.is_empty() {
            return Err(constraint(
                "Dimensions",
                name,
                "Member must have length greater than or equal to 1",
            ));
        }
        shown.push(json!({ "Name": name, "Value": value }));
    }
    Ok(Value::Array(shown))
}

fn threshold(call: &Call, definition: &mut Map<String, Value>) -> Result<(), Refusal> {
    let operator = call
        .text("ComparisonOperator")
        .ok_or_else(|| missing("ComparisonOperator"))?;
    let band = BAND_OPERATORS.contains(&operator);
    if !band && !OPERATORS.contains(&operator) {
        let all = [&OPERATORS[..], &BAND_OPERATORS[..]].concat().join(", ");
        let rule = format!("Member must satisfy enum value set: [{all}]");
        return Err(constraint("ComparisonOperator", operator, &rule));
    }
    definition.insert("ComparisonOperator".to_owned(), json!(operator));
    if band {
        let metric = call
            .text("ThresholdMetricId")
            .ok_or_else(|| missing("ThresholdMetricId"))?;
        definition.insert("ThresholdMetricId".to_owned(), json!(metric));
        return Ok(());
    }
    let threshold = number_of(&call.input, "Threshold").ok_or_else(|| missing("Threshold"))?;
    if !threshold.is_finite() {
        return Err(refused(
            "InvalidParameterValue",
            "Threshold must be a finite number",
        ));
    }
    definition.insert("Threshold".to_owned(), json!(threshold));
    // The warm-up time of an alarm is a later addition that few callers send.
    if let Some(seconds) = int_of(&call.input, "EvaluationInterval") {
        definition.insert("EvaluationInterval".to_owned(), json!(seconds));
    }
    Ok(())
}

/// Whether a text is a percentile such as `p99.9` or a trimmed statistic such as `TM(10%:90%)`.
fn is_extended(text: &str) -> bool {
    let letters: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let rest = &text[letters.len()..];
    let percentile = rest
        .parse::<f64>()
        .is_ok_and(|at| (0.0..=100.0).contains(&at));
    match letters.to_ascii_lowercase().as_str() {
        "p" => percentile,
        "iqm" => rest.is_empty(),
        "tm" | "wm" | "tc" | "ts" => {
            percentile || (rest.starts_with('(') && rest.ends_with(')') && rest.contains(':'))
        }
        "pr" => rest.starts_with('(') && rest.ends_with(')') && rest.contains(':'),
        _ => false,
    }
}

fn missing(member: &str) -> Refusal {
    let text = format!("The parameter {member} is required.");
    refused("MissingParameter", text)
}

#[cfg(test)]
mod tests {
    use super::is_extended;

    #[test]
    fn extended_statistics_are_told_from_plain_ones() {
        for (text, expected) in [
            ("p99", true),
            ("p99.9", true),
            ("p101", false),
            ("TM(10%:90%)", true),
            ("tm99", true),
            ("IQM", true),
            ("Average", false),
            ("p", false),
        ] {
            assert_eq!(is_extended(text), expected, "{text}");
        }
    }
}
