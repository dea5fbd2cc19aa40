//! P201 to P204: what sections say about each other.

use pgward_model::Diagnostic;

use crate::parse::Node;
use crate::resolve::{Work, metric_of};
use crate::sections::Group;
use crate::suggest;
use crate::values;

pub(crate) fn check(work: &mut Work<'_>) {
    proxy_secrets(work);
    replica_sources(work);
    replica_circles(work);
    alarms(work);
    instance_and_cluster(work);
}

/// P201: a name in a typed key that no section has.
fn undefined(work: &Work<'_>, user: &str, section: &str, name: &str, node: &Node) -> Diagnostic {
    let names: Vec<&str> = work.sections.many(section).map(Group::name).collect();
    let mut found = Diagnostic::error(
        "P201",
        format!("{user} uses {section} `{name}`, which is not defined"),
    )
    .at(&node.origin, format!("no [{section}.{name}]"));
    let whole = node.text().unwrap_or_default();
    if let Some(near) = suggest::near(name, names.iter().copied()) {
        let origin = work
            .sections
            .named(section, near)
            .map(|group| values::place(&group.header));
        found = found.help(format!(
            "did you mean `{near}`?  Defined at {}",
            origin.unwrap_or_default()
        ));
        if suggest::only_near(name, &names).is_some() {
            let kept = whole.strip_suffix(name).unwrap_or_default();
            found = found.fixed_by(&node.origin, format!("\"{kept}{near}\""));
        }
    } else if names.is_empty() {
        found = found.help(format!("write a section [{section}.{name}]"));
    } else {
        found = found.help(format!(
            "write a section [{section}.{name}], or use one of those below"
        ));
    }
    if names.is_empty() {
        found.note(format!("this environment has no [{section}.*]"))
    } else {
        let plural = if section == "replica" {
            "replicas"
        } else {
            &format!("{section}s")
        };
        found.note(format!(
            "{plural} of this environment: {}",
            names.join(", ")
        ))
    }
}

fn proxy_secrets(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("proxy") else {
        return;
    };
    let Some(field) = group.field("secrets") else {
        return;
    };
    for (name, node) in field.items() {
        if work.sections.named("secret", &name).is_none() {
            let found = match name.strip_prefix("secret.") {
                Some(bare) if work.sections.named("secret", bare).is_some() => Diagnostic::error(
                    "P201",
                    format!("`secrets` takes the name alone, not \"{name}\""),
                )
                .at(&node.origin, "")
                .help(format!("\"{bare}\""))
                .fixed_by(&node.origin, format!("\"{bare}\"")),
                _ => undefined(work, "[proxy]", "secret", &name, &node),
            };
            work.say(found.about("proxy.secrets"));
        }
    }
}

fn replica_sources(work: &mut Work<'_>) {
    let groups: Vec<&Group> = work.sections.many("replica").collect();
    for group in groups {
        let Some((source, field)) = group.text("source").zip(group.field("source")) else {
            continue;
        };
        target(work, group, "source", source, &field.node);
    }
}

/// A key that takes `replica.NAME`, or `instance`.
fn target(work: &mut Work<'_>, group: &Group, key: &str, text: &str, node: &Node) {
    if text == "instance" {
        return;
    }
    let found = match text.strip_prefix("replica.") {
        Some(name) if work.sections.named("replica", name).is_some() => return,
        Some(name) => undefined(work, &group.title(), "replica", name, node),
        None => {
            let found = Diagnostic::error(
                "P201",
                format!("`{key}` is \"replica.NAME\", not \"{text}\""),
            )
            .at(&node.origin, "");
            if work.sections.named("replica", text).is_some() {
                let value = format!("\"replica.{text}\"");
                found
                    .help(format!("{key} = {value}"))
                    .fixed_by(&node.origin, value)
            } else {
                found.help("remove the line: without it the instance is meant")
            }
        }
    };
    work.say(found.about(group.path(key)));
}

/// The name of the replica that another one copies.
fn source_of(group: &Group) -> Option<&str> {
    group
        .text("source")
        .and_then(|source| source.strip_prefix("replica."))
}

/// P202.
fn replica_circles(work: &mut Work<'_>) {
    let mut groups: Vec<&Group> = work.sections.many("replica").collect();
    groups.sort_by_key(|group| group.origin("source").cloned());
    let mut seen: Vec<&str> = Vec::new();
    for start in groups {
        if seen.contains(&start.name()) {
            continue;
        }
        let mut way: Vec<&Group> = vec![start];
        while let Some(next) =
            source_of(way[way.len() - 1]).and_then(|name| work.sections.named("replica", name))
        {
            if let Some(index) = way.iter().position(|group| group.name() == next.name()) {
                let circle = &way[index..];
                if index == 0 {
                    let found = circle_of(circle);
                    seen.extend(circle.iter().map(|group| group.name()));
                    work.found.push(found);
                }
                break;
            }
            way.push(next);
        }
    }
}

fn circle_of(circle: &[&Group]) -> Diagnostic {
    let mut names: Vec<&str> = circle.iter().map(|group| group.name()).collect();
    names.push(circle[0].name());
    let words = |group: &Group| {
        format!(
            "{} copies {}",
            group.name(),
            source_of(group).unwrap_or_default()
        )
    };
    let mut found = Diagnostic::error(
        "P202",
        format!(
            "replicas copy each other in a circle: {}",
            names.join(" -> ")
        ),
    )
    .at_some(circle[0].origin("source"), words(circle[0]))
    .help("one of them must copy the instance: remove its `source` line")
    .about(circle[0].address());
    for group in &circle[1..] {
        found = found.also_some(group.origin("source"), words(group));
    }
    found
}

fn alarms(work: &mut Work<'_>) {
    let groups: Vec<&Group> = work.sections.many("alarm").collect();
    for group in groups {
        if let Some((on, field)) = group.text("on").zip(group.field("on")) {
            target(work, group, "on", on, &field.node);
        }
        if let Some(field) = group.field("notify") {
            for (name, node) in field.items() {
                if work.sections.named("topic", &name).is_none() {
                    let found = undefined(work, &group.title(), "topic", &name, &node);
                    work.say(found.about(group.path("notify")));
                }
            }
        }
        metric(work, group);
    }
}

/// P204.
fn metric(work: &mut Work<'_>, group: &Group) {
    let Some((name, origin)) = group.text("metric").zip(group.origin("metric")) else {
        return;
    };
    let names = work.catalog.facts.metrics();
    if names.is_empty() {
        return;
    }
    let on_replica = group
        .text("on")
        .is_some_and(|on| on.starts_with("replica."));
    if let Some(metric) =
        metric_of(work, group).filter(|metric| metric.on_instance || metric.on_replica_only)
    {
        if metric.on_replica_only && !on_replica {
            let replica = work.sections.many("replica").next().map(Group::name);
            let help = match replica {
                Some(replica) => format!("on = \"replica.{replica}\""),
                None => "remove the alarm: this environment has no replica".to_owned(),
            };
            let found = Diagnostic::error(
                "P204",
                format!("`{name}` exists on read replicas only; this alarm watches the instance"),
            )
            .at(origin, "the alarm would never fire")
            .help(help)
            .about(group.path("metric"));
            work.say(found);
        }
        return;
    }
    let facts = work.catalog.facts;
    let usable = names.iter().filter(|known| {
        facts
            .metric(known)
            .is_some_and(|metric| metric.on_instance || metric.on_replica_only)
    });
    let usable: Vec<&str> = usable.map(String::as_str).collect();
    let sure = facts
        .metric_meant_by(name)
        .or_else(|| suggest::only_near(name, &usable).map(ToOwned::to_owned));
    let is_sure = sure.is_some();
    let meant = sure.or_else(|| suggest::near(name, usable).map(ToOwned::to_owned));
    let mut found = Diagnostic::error(
        "P204",
        format!("RDS publishes no metric named `{name}`; the alarm would never fire"),
    )
    .at(origin, "not a metric of a DB instance")
    .about(group.path("metric"));
    found = match meant {
        Some(meant) => {
            let aurora = if meant == "ReplicaLag" {
                "   (on Aurora: \"AuroraReplicaLag\", in ms)"
            } else {
                ""
            };
            found = found.help(format!("metric = \"{meant}\"{aurora}"));
            if is_sure {
                found = found.fixed_by(origin, format!("\"{meant}\""));
            }
            found
        }
        None => found.help("pgward explain alarm.metric lists the metrics of a DB instance"),
    };
    work.say(found);
}

/// P203.
fn instance_and_cluster(work: &mut Work<'_>) {
    let Some(instance) = work.spec.parts.get(&("instance".to_owned(), None)) else {
        return;
    };
    let Some(cluster) = work.spec.parts.get(&("cluster".to_owned(), None)) else {
        return;
    };
    work.say(
        Diagnostic::error(
            "P203",
            "an environment has either [instance] (RDS) or [cluster] (Aurora), not both",
        )
        .at(&instance.header, "RDS")
        .also(&cluster.header, "Aurora")
        .help("remove [instance]; Aurora nodes are [node.a], [node.b], ...")
        .about("instance"),
    );
}
