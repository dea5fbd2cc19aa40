//! `[topic.*]` and `[alarm.*]`: what is watched, the threshold in the metric's unit, who is told.

use std::collections::BTreeMap;

use pgward_model::{Address, Desired, Diagnostic, MetricFacts, Resource, Value, units};

use super::Work;
use crate::sections::Group;
use crate::values::{self, NameRule};

mod threshold;

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    topics(work, desired);
    let groups: Vec<&Group> = work.sections.many("alarm").collect();
    let mut names: BTreeMap<String, &Group> = BTreeMap::new();
    for group in groups {
        let earlier = group.text("renamed_from").unwrap_or(group.name());
        let default = work.default_name(&format!("-{earlier}"));
        let name = work.name(Some(group), "name", default, NameRule::Alarm);
        if let Some(first) = names.insert(name.clone(), group) {
            work.say(
                Diagnostic::error(
                    "P109",
                    format!("{} and {} have the same name", first.title(), group.title()),
                )
                .at(
                    group.origin("name").unwrap_or(&group.header),
                    format!("{name}, again"),
                )
                .also(first.origin("name").unwrap_or(&first.header), &name)
                .note(
                    "CloudWatch keeps one alarm per name, so the second would overwrite the first",
                )
                .help("give one of them another name")
                .about(group.address()),
            );
        }
        let resource = alarm(work, group, name, desired);
        desired.resources.insert(resource.address.clone(), resource);
    }
}

fn topics(work: &mut Work<'_>, desired: &mut Desired) {
    let groups: Vec<&Group> = work.sections.many("topic").collect();
    for group in groups {
        let Some((arn, field)) = group.text("arn").zip(group.field("arn")) else {
            continue;
        };
        work.without_placeholders(group, "arn");
        let is_topic = values::Arn::parse(arn)
            .is_some_and(|parsed| parsed.service == "sns" && !parsed.resource.contains(':'));
        if !is_topic && !values::is_unknown(arn) && !arn.contains('{') {
            work.say(
                Diagnostic::error(
                    "P103",
                    format!("`arn` is the ARN of an SNS topic, not \"{arn}\""),
                )
                .at(&field.node.origin, "")
                .help(format!(
                    "arn = \"arn:{}:sns:{}:{}:NAME\"",
                    values::partition(&work.environment.region),
                    work.environment.region,
                    work.environment.account
                ))
                .about(group.path("arn")),
            );
        }
        desired
            .foreign
            .topics
            .push((arn.to_owned(), field.node.origin.clone()));
    }
}

/// The metric of an alarm, if the data knows it.
pub(crate) fn metric_of(work: &Work<'_>, group: &Group) -> Option<MetricFacts> {
    group
        .text("metric")
        .and_then(|name| work.catalog.facts.metric(name))
}

fn alarm(work: &mut Work<'_>, group: &Group, name: String, desired: &Desired) -> Resource {
    let mut resource = work.resource(&group.address(), "alarm", name, Some(group));
    work.copy(&mut resource, "*.metric", Some(group), "metric");
    let metric = metric_of(work, group);
    let sides = [("above", ">"), ("below", "<")];
    for (key, sign) in sides.into_iter().filter(|(key, _)| group.has(key)) {
        resource.attributes.set("*.comparison", Value::text(sign));
        let Some((written, field)) = group.value(key).zip(group.field(key)) else {
            continue;
        };
        if metric.is_none() && !work.catalog.facts.metrics().is_empty() {
            continue;
        }
        let unit = metric.as_ref().map_or("", |metric| metric.unit.as_str());
        match threshold::threshold(work, group, key, written, &field.node, unit) {
            Ok(number) => {
                resource
                    .attributes
                    .set(format!("*.{key}"), Value::Float(number));
                resource
                    .origins
                    .insert(format!("*.{key}"), field.node.origin.clone());
            }
            Err(found) => work.say(found.about(group.path(key))),
        }
    }
    one_side(work, group);
    periods(work, group, &mut resource);
    let statistic = metric
        .as_ref()
        .map_or("Average", |metric| metric.statistic.as_str());
    let missing = metric
        .as_ref()
        .map_or("missing", |metric| metric.missing.as_str());
    resource
        .attributes
        .set("*.statistic", Value::text(statistic));
    resource
        .attributes
        .set("*.missing_data", Value::text(missing));
    resource.attributes.set("*.actions", Value::Bool(true));
    resource.attributes.set("*.unit", Value::text("any"));
    target(group, desired, &mut resource);
    notify(work, group, &mut resource);
    resource
}

/// An alarm has a threshold on one side.
fn one_side(work: &mut Work<'_>, group: &Group) {
    match (group.field("above"), group.field("below")) {
        (Some(above), Some(below)) => {
            let (first, second) = if above.key < below.key {
                (above, below)
            } else {
                (below, above)
            };
            work.say(
                Diagnostic::error(
                    "P103",
                    format!(
                        "{} goes off above a value or below one, not both",
                        group.title()
                    ),
                )
                .at(&second.key, "one of the two")
                .also(&first.key, "the other")
                .help("remove one of them, or write two alarms")
                .about(group.address()),
            );
        }
        (None, None) if !group.meant.contains(&"above") => {
            work.say(
                Diagnostic::error(
                    "P113",
                    format!("{} needs `above` or `below`", group.title()),
                )
                .at(&group.header, "no threshold")
                .help("for example above = \"80%\"")
                .about(group.address()),
            );
        }
        _ => {}
    }
}

/// Length and number of the measurements that must breach.
fn periods(work: &mut Work<'_>, group: &Group, resource: &mut Resource) {
    work.copy(resource, "*.for", Some(group), "for");
    let Some(whole) = group.int("for") else {
        return;
    };
    let period = match group.int("period") {
        Some(period) => period,
        None if group.has("period") => return,
        None if whole > 180 && whole % 300 == 0 => 300,
        None => 60,
    };
    let print = units::print_seconds;
    let key = if group.has("period") { "period" } else { "for" };
    let place = group.origin(key).cloned();
    let longest = if period < 3600 { 86_400 } else { 604_800 };
    let wrong = if period % 60 != 0 {
        Some((
            "`period` is a multiple of 1 min",
            format!("period = \"{}\"", print((period / 60 + 1) * 60)),
        ))
    } else if whole % period != 0 {
        let better = print((whole / period + 1) * period);
        Some((
            "`for` is a whole number of periods",
            format!("for = \"{better}\""),
        ))
    } else if whole > longest {
        Some((
            "CloudWatch looks back one day at most, seven with a period of 1 h",
            "period = \"1 h\"".to_owned(),
        ))
    } else {
        None
    };
    if let Some((message, help)) = wrong {
        work.say(
            Diagnostic::error("P313", message)
                .at_some(place.as_ref(), format!("periods of {}", print(period)))
                .help(help)
                .about(group.path(key)),
        );
        return;
    }
    resource.attributes.set("*.period", Value::Int(period));
    if let Some(origin) = group.origin("period") {
        resource
            .origins
            .insert("*.period".to_owned(), origin.clone());
    }
    resource
        .attributes
        .set("*.datapoints", Value::Int(whole / period));
}

/// The DB instance that is watched.
fn target(group: &Group, desired: &Desired, resource: &mut Resource) {
    let address = match group.text("on") {
        Some(on) if on.starts_with("replica.") => Address::new(on),
        _ => Address::new("instance"),
    };
    if let Some(origin) = group.origin("on") {
        resource.origins.insert("*.on".to_owned(), origin.clone());
    }
    if let Some(watched) = desired.resources.get(&address) {
        resource.attributes.set("*.on", Value::text(&watched.name));
        resource.after.insert(address);
    }
}

/// The topics that are told: those named, else all.
fn notify(work: &Work<'_>, group: &Group, resource: &mut Resource) {
    let named: Option<Vec<String>> = group
        .field("notify")
        .map(|field| field.items().into_iter().map(|(name, _)| name).collect());
    let topics = work.sections.many("topic").filter(|topic| {
        named
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == topic.name()))
    });
    let arns: Vec<&str> = topics.filter_map(|topic| topic.text("arn")).collect();
    resource.attributes.set("*.notify", Value::texts(arns));
    if let Some(origin) = group.origin("notify") {
        resource
            .origins
            .insert("*.notify".to_owned(), origin.clone());
    }
}
