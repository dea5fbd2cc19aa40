//! `alarm`: metric alarms of CloudWatch on DB instances.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, MetricAlarm, StandardUnit, Statistic, Tag,
};
use pgward_engine::{Adopt, Change, Create, Delete, Fault, FaultKind, Present};
use pgward_kinds::alarm::{
    ABOVE, ACTIONS, ANY_UNIT, BELOW, COMPARISON, DATAPOINTS, FOR, METRIC, MISSING_DATA, NAME,
    NOTIFY, ON, PERIOD, STATISTIC, UNIT,
};
use pgward_kinds::facts;
use pgward_model::{Object, Resource, Value, units};

use super::{Adapter, Found, int, text, texts};
use crate::aws::Aws;
use crate::listing::{Fleet, absent, pages};
use crate::tags::{self, Tags, gone};

const NAMESPACE: &str = "AWS/RDS";
const DIMENSION: &str = "DBInstanceIdentifier";
/// The call that writes alarms, new ones and others.
const CREATE: &str = "cloudwatch:PutMetricAlarm";
/// How many names one read takes.
const NAMES: usize = 100;

/// The adapter.
pub(crate) struct Alarm;

/// An alarm of either type; a composite one can own a declared name.
#[derive(Debug)]
enum Live {
    Metric(Box<MetricAlarm>),
    Composite { name: String, arn: String },
}

#[async_trait]
impl Adapter for Alarm {
    fn kind(&self) -> &'static str {
        "alarm"
    }

    /// Names of alarms are case-sensitive.
    fn key(&self, resource: &Resource) -> String {
        resource.name.clone()
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let declared: BTreeSet<String> = fleet
            .declared(self.kind())
            .iter()
            .map(|resource| self.key(resource))
            .collect();
        let (named, tagged) = tokio::join!(list(fleet.aws, &declared), fleet.tagged());
        let mut alarms = match named {
            Ok(alarms) => alarms,
            Err(fault) => return Found::failed(fault),
        };
        let leftovers: BTreeSet<String> = tagged
            .iter()
            .flatten()
            .filter(|(_, tags)| fleet.owns_tags(tags))
            .filter_map(|(arn, _)| arn.split_once(":alarm:").map(|(_, name)| name.to_owned()))
            .filter(|name| !declared.contains(name))
            .collect();
        match list(fleet.aws, &leftovers).await {
            Ok(more) => alarms.extend(more),
            Err(fault) => fleet.gap("alarms that the spec does not name", &fault),
        }
        let mut found = Found::default();
        let arns: Vec<&str> = alarms.iter().map(Live::arn).collect();
        let tags = fleet.tags_of_all(&arns).await;
        for (alarm, tags) in alarms.iter().zip(tags) {
            found.add(alarm.name().to_owned(), tags.map(|tags| read(alarm, &tags)));
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        _declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let alarms = list(aws, &BTreeSet::from([name.to_owned()])).await?;
        let Some(alarm) = alarms.first() else {
            return Ok(None);
        };
        // It may go between the two reads.
        let tags = absent(tags::of_resource(aws, alarm.arn()).await)?;
        Ok(tags.map(|tags| read(alarm, &tags)))
    }

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        // The call would write over an alarm of that name that was made after the plan.
        let name = &request.resource.name;
        if !list(aws, &BTreeSet::from([name.clone()])).await?.is_empty() {
            let message = format!("there is an alarm {name} already");
            return Err(Fault::new(FaultKind::AlreadyExists, CREATE, message));
        }
        put(aws, &request.resource, None, Some(&request.tags)).await
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        let only_tags = request.attributes.iter().all(|(path, _)| path == "tags.*");
        if !only_tags {
            // The call replaces the whole alarm: what the spec does not manage is sent as it is.
            let names = BTreeSet::from([request.live.name.clone()]);
            let alarms = list(aws, &names).await?;
            let live = alarms.iter().find_map(|alarm| match alarm {
                Live::Metric(alarm) => Some(alarm.as_ref()),
                Live::Composite { .. } => None,
            });
            put(aws, &request.resource, live, None).await?;
        }
        let (set, removed) = tags::difference(&request.attributes, &request.live);
        tag(aws, &request.live.arn, &set).await?;
        if !removed.is_empty() {
            let cloudwatch = aws.session().cloudwatch();
            let call = cloudwatch.untag_resource().resource_arn(&request.live.arn);
            let call = call.set_tag_keys(Some(removed)).send();
            aws.session().call("cloudwatch:UntagResource", call).await?;
        }
        Ok(())
    }

    async fn adopt(&self, aws: &Aws, request: &Adopt) -> Result<(), Fault> {
        tag(aws, &request.live.arn, &request.tags).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let call = aws
            .session()
            .cloudwatch()
            .delete_alarms()
            .alarm_names(&request.live.name);
        gone(
            aws.session()
                .call("cloudwatch:DeleteAlarms", call.send())
                .await,
        )
    }
}

impl Live {
    fn name(&self) -> &str {
        match self {
            Self::Metric(alarm) => alarm.alarm_name().unwrap_or_default(),
            Self::Composite { name, .. } => name,
        }
    }

    fn arn(&self) -> &str {
        match self {
            Self::Metric(alarm) => alarm.alarm_arn().unwrap_or_default(),
            Self::Composite { arn, .. } => arn,
        }
    }
}

/// The alarms of these names; unknown names are left out by AWS.
async fn list(aws: &Aws, names: &BTreeSet<String>) -> Result<Vec<Live>, Fault> {
    let names: Vec<String> = names.iter().cloned().collect();
    let mut all = Vec::new();
    for chunk in names.chunks(NAMES) {
        let found = pages(
            aws,
            "cloudwatch:DescribeAlarms",
            |token| {
                let call = aws
                    .session()
                    .cloudwatch()
                    .describe_alarms()
                    .max_records(100);
                call.set_alarm_names(Some(chunk.to_vec()))
                    .alarm_types(AlarmType::MetricAlarm)
                    .alarm_types(AlarmType::CompositeAlarm)
                    .set_next_token(token)
                    .send()
            },
            |output| {
                let metric = output.metric_alarms.unwrap_or_default().into_iter();
                let composite = output.composite_alarms.unwrap_or_default().into_iter();
                let alarms = metric.map(|alarm| Live::Metric(Box::new(alarm)));
                let alarms = alarms.chain(composite.map(|alarm| Live::Composite {
                    name: alarm.alarm_name.unwrap_or_default(),
                    arn: alarm.alarm_arn.unwrap_or_default(),
                }));
                (alarms.collect(), output.next_token)
            },
        )
        .await?;
        all.extend(found);
    }
    Ok(all)
}

/// The alarms on some DB instances, and a sentence for each that has no place in a file.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn on(
    aws: &Aws,
    instances: &BTreeSet<&str>,
) -> Result<(Vec<Present>, Vec<String>), Fault> {
    let all = pages(
        aws,
        "cloudwatch:DescribeAlarms",
        |token| {
            let call = aws.session().cloudwatch().describe_alarms();
            call.max_records(100)
                .alarm_types(AlarmType::MetricAlarm)
                .set_next_token(token)
                .send()
        },
        |output| (output.metric_alarms.unwrap_or_default(), output.next_token),
    )
    .await?;
    let watches = |alarm: &MetricAlarm| {
        alarm.dimensions().iter().any(|dimension| {
            let value = dimension.value().unwrap_or_default();
            dimension.name() == Some(DIMENSION) && instances.contains(value)
        })
    };
    let (mut found, mut remarks) = (Vec::new(), Vec::new());
    for alarm in all.into_iter().filter(watches) {
        if let Some(why) = beyond(&alarm) {
            let name = alarm.alarm_name().unwrap_or_default();
            remarks.push(format!("alarm {name} {why}; left out"));
            continue;
        }
        let live = Live::Metric(Box::new(alarm));
        let tags = tags::of_resource(aws, live.arn()).await?;
        found.push(read(&live, &tags));
    }
    Ok((found, remarks))
}

/// What an alarm has that the language has no words for.
fn beyond(alarm: &MetricAlarm) -> Option<&'static str> {
    if alarm.namespace() != Some(NAMESPACE) {
        Some("watches a metric that is not one of RDS")
    } else if alarm.dimensions().len() != 1 {
        Some("watches more than a DB instance")
    } else if alarm.threshold_metric_id().is_some() || !alarm.metrics().is_empty() {
        Some("works with several metrics")
    } else if alarm.comparison_operator().and_then(sign).is_none() {
        Some("looks for an anomaly")
    } else {
        None
    }
}

/// The sign of an operator, and whether the alarm goes off above its threshold.
fn sign(operator: &ComparisonOperator) -> Option<(&'static str, bool)> {
    match operator {
        ComparisonOperator::GreaterThanThreshold => Some((">", true)),
        ComparisonOperator::GreaterThanOrEqualToThreshold => Some((">=", true)),
        ComparisonOperator::LessThanThreshold => Some(("<", false)),
        ComparisonOperator::LessThanOrEqualToThreshold => Some(("<=", false)),
        _ => None,
    }
}

fn operator(sign: &str) -> ComparisonOperator {
    match sign {
        ">=" => ComparisonOperator::GreaterThanOrEqualToThreshold,
        "<" => ComparisonOperator::LessThanThreshold,
        "<=" => ComparisonOperator::LessThanOrEqualToThreshold,
        _ => ComparisonOperator::GreaterThanThreshold,
    }
}

fn read(live: &Live, tags: &Tags) -> Present {
    let mut present = tags::present(live.name(), live.arn(), tags);
    present.now.set(NAME.path, Value::text(live.name()));
    for (output, value) in [
        ("id", live.name()),
        ("arn", live.arn()),
        ("name", live.name()),
    ] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    match live {
        Live::Metric(alarm) => read_metric(alarm, &mut present),
        Live::Composite { .. } => "a composite alarm".clone_into(&mut present.status),
    }
    present
}

fn read_metric(alarm: &MetricAlarm, present: &mut Present) {
    let now = &mut present.now;
    now.set_some(METRIC.path, alarm.metric_name().map(Value::text));
    let threshold = alarm
        .threshold()
        .map(|number| units::whole(number).map_or(Value::Float(number), Value::Int));
    if let Some((sign, above)) = alarm.comparison_operator().and_then(sign) {
        now.set_some(if above { ABOVE.path } else { BELOW.path }, threshold);
        now.set(COMPARISON.path, Value::text(sign));
    }
    let periods = alarm.evaluation_periods().unwrap_or_default();
    if let Some(period) = alarm.period() {
        now.set(PERIOD.path, Value::Int(period.into()));
        now.set(FOR.path, Value::Int(i64::from(period) * i64::from(periods)));
    }
    now.set(UNIT.path, Value::text(unit(alarm)));
    let datapoints = alarm.datapoints_to_alarm().unwrap_or(periods);
    now.set(DATAPOINTS.path, Value::Int(datapoints.into()));
    let statistic = alarm
        .statistic()
        .map(Statistic::as_str)
        .or(alarm.extended_statistic());
    now.set_some(STATISTIC.path, statistic.map(Value::text));
    let missing = alarm.treat_missing_data().unwrap_or("missing");
    now.set(MISSING_DATA.path, Value::text(missing));
    now.set(
        ACTIONS.path,
        Value::Bool(alarm.actions_enabled().unwrap_or(true)),
    );
    let on = alarm
        .dimensions()
        .iter()
        .find(|dimension| dimension.name() == Some(DIMENSION));
    now.set_some(ON.path, on.and_then(Dimension::value).map(Value::text));
    let mut topics: Vec<&String> = alarm.alarm_actions().iter().collect();
    topics.sort();
    now.set(NOTIFY.path, Value::texts(topics));
    if let Some(state) = alarm.state_value() {
        state.as_str().clone_into(&mut present.status);
    }
}

/// The unit that silences the alarm; any if there is none, or if it is that of the metric.
fn unit(alarm: &MetricAlarm) -> &str {
    let own = alarm.metric_name().and_then(facts::metric);
    let asked = alarm.unit().map(StandardUnit::as_str);
    asked
        .filter(|asked| own.as_ref().is_none_or(|metric| metric.unit != *asked))
        .unwrap_or(ANY_UNIT)
}

/// Writes the whole alarm; of `live` stays what the spec does not manage.
async fn put(
    aws: &Aws,
    resource: &Resource,
    live: Option<&MetricAlarm>,
    tags: Option<&Tags>,
) -> Result<(), Fault> {
    let of = &resource.attributes;
    let (period, periods) = periods(of);
    let statistic = text(of, &STATISTIC);
    let plain = statistic
        .as_deref()
        .and_then(|name| Statistic::try_parse(name).ok());
    let extended = statistic.filter(|_| plain.is_none());
    let (threshold, usual) = match of.number(ABOVE.path) {
        Some(above) => (Some(above), ">"),
        None => (of.number(BELOW.path), "<"),
    };
    let sign = text(of, &COMPARISON).unwrap_or_else(|| usual.to_owned());
    let dimension = text(of, &ON).map(|instance| {
        vec![
            Dimension::builder()
                .name(DIMENSION)
                .value(instance.to_ascii_lowercase())
                .build(),
        ]
    });
    let kept =
        |list: Option<&[String]>| list.filter(|list| !list.is_empty()).map(<[String]>::to_vec);
    let call = aws
        .session()
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(&resource.name)
        .set_alarm_description(
            live.and_then(MetricAlarm::alarm_description)
                .map(str::to_owned),
        )
        .actions_enabled(of.bool(ACTIONS.path).unwrap_or(true))
        .set_alarm_actions(
            texts(of, &NOTIFY).or_else(|| kept(live.map(MetricAlarm::alarm_actions))),
        )
        .set_ok_actions(kept(live.map(MetricAlarm::ok_actions)))
        .set_insufficient_data_actions(kept(live.map(MetricAlarm::insufficient_data_actions)))
        .set_metric_name(text(of, &METRIC))
        .namespace(NAMESPACE)
        .set_statistic(plain)
        .set_extended_statistic(extended)
        .set_dimensions(dimension)
        .period(period)
        .evaluation_periods(periods)
        .set_datapoints_to_alarm(int(of, &DATAPOINTS))
        .set_threshold(threshold)
        .comparison_operator(operator(&sign))
        .set_treat_missing_data(text(of, &MISSING_DATA))
        .set_tags(tags.map(to_cloudwatch));
    if threshold.is_none() {
        return Err(Fault::new(
            FaultKind::Invalid,
            CREATE,
            "the alarm has no threshold",
        ));
    }
    aws.session().call(CREATE, call.send()).await?;
    Ok(())
}

/// Length of a period in seconds, and how many of them are looked at.
fn periods(of: &Object) -> (i32, i32) {
    let hold = int(of, &FOR).unwrap_or(60);
    let period = int(of, &PERIOD)
        .unwrap_or(if hold <= 180 { 60 } else { 300 })
        .max(1);
    (period, (hold / period).max(1))
}

async fn tag(aws: &Aws, arn: &str, set: &Tags) -> Result<(), Fault> {
    if set.is_empty() {
        return Ok(());
    }
    let call = aws.session().cloudwatch().tag_resource().resource_arn(arn);
    let call = call.set_tags(Some(to_cloudwatch(set))).send();
    aws.session().call("cloudwatch:TagResource", call).await?;
    Ok(())
}

fn to_cloudwatch(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_reads_in_the_words_of_the_table() {
        let alarm = MetricAlarm::builder()
            .alarm_name("shop-prod-lag")
            .alarm_arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop-prod-lag")
            .metric_name("ReadLatency")
            .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
            .threshold(0.1)
            .period(60)
            .evaluation_periods(5)
            .extended_statistic("p99")
            .dimensions(
                Dimension::builder()
                    .name(DIMENSION)
                    .value("shop-prod")
                    .build(),
            )
            .alarm_actions("arn:b")
            .alarm_actions("arn:a")
            .build();
        let present = read(&Live::Metric(Box::new(alarm)), &Tags::new());
        let now = &present.now;
        assert_eq!(now.number(ABOVE.path), Some(0.1));
        assert_eq!(now.text(COMPARISON.path), Some(">="));
        assert_eq!(now.int(FOR.path), Some(300));
        assert_eq!(now.int(DATAPOINTS.path), Some(5));
        assert_eq!(now.text(STATISTIC.path), Some("p99"));
        assert_eq!(now.text(MISSING_DATA.path), Some("missing"));
        assert_eq!(now.text(ON.path), Some("shop-prod"));
        assert_eq!(now.texts(NOTIFY.path), ["arn:a", "arn:b"]);
        assert_eq!(now.bool(ACTIONS.path), Some(true));
    }
}
