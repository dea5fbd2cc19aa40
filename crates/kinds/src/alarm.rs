//! `alarm`: a CloudWatch metric alarm on the instance or a replica (resource semantics, 11;
//! alarms).

use pgward_model::{
    Applies::OnReplace, Described, Effect::Replace, Form, Kind, Matches, Resource, Usual, Value,
    attributes, units,
};

use crate::{facts, tags};

attributes! {
    /// Metric of the DB instance, such as `CPUUtilization`.
    METRIC: "*.metric", Form::Text => required().aws("MetricName").terraform("metric_name");

    /// The alarm goes off above this value, in the unit of the metric: `"80%"`, `"100 ms"`, `150`.
    ABOVE: "*.above", Form::Quantity => aws("Threshold").terraform("threshold");

    /// The alarm goes off below this value, in the unit of the metric: `"10 GiB"`.
    BELOW: "*.below", Form::Quantity => aws("Threshold").terraform("threshold");

    /// How long the condition must hold: `"5 min"`.
    FOR: "*.for", Form::Seconds => required().aws("EvaluationPeriods")
        .terraform("evaluation_periods").range(60, 604_800);

    /// Length of one measurement: a multiple of 1 min. Default: 1 min up to 3 min, else 5 min.
    PERIOD: "*.period", Form::Seconds => aws("Period").terraform("period").range(60, 86_400)
        .default("1 min for a `for` of up to 3 min, else 5 min");

    /// What it watches: nothing for the instance, or `"replica.NAME"`.
    ON: "*.on", Form::Text => aws("Dimensions").terraform("dimensions").default("the instance")
        .matches(Matches::IgnoringCase);

    /// Topics that are told: names of `[topic.*]`. Default: all of them.
    NOTIFY: "*.notify", Form::Set => aws("AlarmActions").terraform("alarm_actions")
        .default("every [topic.*]");

    /// Name of the alarm. Default: `PROJECT-ENVIRONMENT-NAME`.
    NAME: "*.name", Form::Text => aws("AlarmName").terraform("alarm_name").applies(OnReplace)
        .effect(Replace).default("PROJECT-ENVIRONMENT-NAME");

    /// How value and threshold are compared: `>` or `<`; follows `above` or `below`.
    COMPARISON: "*.comparison", Form::Text => derived().aws("ComparisonOperator");

    /// Statistic over one period; follows the metric.
    STATISTIC: "*.statistic", Form::Text => derived().aws("Statistic");

    /// Periods out of those of `for` that must breach; all of them.
    DATAPOINTS: "*.datapoints", Form::Int => derived().aws("DatapointsToAlarm");

    /// What missing data means; follows the metric.
    MISSING_DATA: "*.missing_data", Form::Text => derived().aws("TreatMissingData");

    /// Unit that the measurements must have; any, since another one than the metric's own silences
    /// the alarm.
    UNIT: "*.unit", Form::Text => derived().aws("Unit")
        .reason("Measurements of another unit are not looked at, so the alarm would see none.");

    /// Whether the alarm notifies at all.
    ACTIONS: "*.actions", Form::Bool => derived().aws("ActionsEnabled")
        .show(|_, value| if value.as_bool() == Some(true) { "on" } else { "off" }.to_owned());

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// The unit of an alarm that looks at every measurement.
pub const ANY_UNIT: &str = "any";

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "alarm",
    section: "alarm",
    many: true,
    summary: "A CloudWatch alarm on the instance or a replica",
    noun: "alarm",
    type_name: "cloudwatch.alarm",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &[
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListTagsForResource",
    ],
    writes: &[
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
    ],
    needs: &["instance", "replica"],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: pgward_model::Effect::Online,
    delete_reason: "",
    instead_of_replacing: "",
    made_anew: "",
    create_time: Usual::MOMENT,
    change_time: Usual::MOMENT,
    delete_time: Usual::MOMENT,
    describe: |_, _| Vec::<Described>::new(),
    headline,
};

/// `CPUUtilization > 80% for 10 min, on replica.reporting`.
fn headline(resource: &Resource) -> String {
    let of = &resource.attributes;
    let metric = of.text(METRIC.path).unwrap_or("");
    let (sign, threshold) = match (of.get(ABOVE.path), of.get(BELOW.path)) {
        (Some(value), _) => (">", Some(value)),
        (None, below) => ("<", below),
    };
    let threshold = threshold
        .map(|value| show_threshold(metric, value))
        .unwrap_or_default();
    let period = units::print_seconds(of.int(FOR.path).unwrap_or_default());
    let on = resource
        .after
        .iter()
        .find(|address| address.as_str().starts_with("replica."))
        .map(|replica| format!(", on {replica}"))
        .unwrap_or_default();
    format!("{metric} {sign} {threshold} for {period}{on}")
}

/// A threshold in the unit people use for the metric: bytes as GiB, seconds below one as ms.
#[must_use]
pub fn show_threshold(metric: &str, value: &Value) -> String {
    let number = value.as_number().unwrap_or_default();
    let unit = facts::metric(metric)
        .map(|metric| metric.unit)
        .unwrap_or_default();
    match unit.as_str() {
        "Percent" => format!("{number}%"),
        "Bytes" => units::whole(number).map_or_else(|| number.to_string(), units::print_bytes),
        "Seconds" if number < 1.0 => format!("{} ms", number * 1000.0),
        "Seconds" => {
            units::whole(number).map_or_else(|| format!("{number} s"), units::print_seconds)
        }
        "Milliseconds" => format!("{number} ms"),
        _ => number.to_string(),
    }
}
