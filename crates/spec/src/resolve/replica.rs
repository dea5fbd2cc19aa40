//! `[replica.*]`: read replicas, and what they take over from the instance.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Address, Desired, Diagnostic, Value};

use super::Work;
use crate::sections::Group;
use crate::values::NameRule;

/// What a replica takes over: its own attribute, the instance's, and where that is written.
const INHERITED: [(&str, &str, &str, &str); 14] = [
    ("*.version", "postgres.version", "postgres", "version"),
    ("*.port", "postgres.port", "postgres", "port"),
    ("*.public", "instance.public", "instance", "public"),
    (
        "*.parameter_group",
        "postgres.parameter_group",
        "postgres",
        "parameter_group",
    ),
    (
        "*.security_groups",
        "instance.security_groups",
        "network",
        "security_group",
    ),
    ("*.copy_tags", "backup.copy_tags", "backup", "copy_tags"),
    (
        "*.maintenance_window",
        "maintenance.window",
        "maintenance",
        "window",
    ),
    (
        "*.minor_upgrades",
        "maintenance.minor_upgrades",
        "maintenance",
        "minor_upgrades",
    ),
    (
        "*.iam_authentication",
        "postgres.iam_authentication",
        "postgres",
        "iam_authentication",
    ),
    (
        "*.enhanced",
        "monitoring.enhanced",
        "monitoring",
        "enhanced",
    ),
    ("*.monitoring_role", "monitoring.role", "monitoring", "role"),
    (
        "*.insights",
        "monitoring.insights",
        "monitoring",
        "insights",
    ),
    (
        "*.insights_mode",
        "monitoring.insights_mode",
        "monitoring",
        "insights",
    ),
    ("*.logs", "monitoring.logs", "monitoring", "logs"),
];

/// What a replica takes over besides if another replica copies it: RDS asks for backups then.
const KEPT: (&str, &str, &str, &str) = ("*.retention", "backup.retention", "backup", "retention");

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    let groups: Vec<&Group> = work.sections.many("replica").collect();
    let Some(instance) = desired.resources.get(&Address::new("instance")).cloned() else {
        return;
    };
    let own = ("[instance]".to_owned(), instance.origin.clone());
    let mut names = BTreeMap::from([(instance.name.clone(), own)]);
    let mut identifiers: BTreeMap<String, String> = BTreeMap::new();
    for group in &groups {
        let earlier = group.text("renamed_from").unwrap_or(group.name());
        let default = work.default_name(&format!("-{earlier}"));
        let name = work.name(Some(group), "name", default, NameRule::Identifier);
        let place = group.origin("name").unwrap_or(&group.header).clone();
        let earlier = names.insert(name.clone(), (group.title(), Some(place.clone())));
        if let Some((first, first_place)) = earlier {
            work.say(
                Diagnostic::error(
                    "P109",
                    format!("{first} and {} have the same name", group.title()),
                )
                .at(&place, format!("{name}, again"))
                .also_some(first_place.as_ref(), &name)
                .note("a name is unique among the DB instances of an account and region")
                .help("give one of them another name")
                .about(group.address()),
            );
        }
        identifiers.insert(group.name().to_owned(), name);
    }
    let copied: BTreeSet<String> = groups.iter().filter_map(|group| source_of(group)).collect();
    for group in groups {
        let name = identifiers.get(group.name()).cloned().unwrap_or_default();
        let mut resource = work.resource(&group.address(), "replica", name, Some(group));
        work.copy(&mut resource, "*.class", Some(group), "class");
        if let Some(class) = group.text("class").map(str::to_ascii_lowercase) {
            resource.attributes.set("*.class", Value::Text(class));
        }
        work.copy(&mut resource, "*.multi_az", Some(group), "multi_az");
        let source = source_of(group);
        let identifier = match &source {
            None => Some(instance.name.clone()),
            Some(other) => identifiers.get(other).cloned(),
        };
        resource
            .attributes
            .set_some("*.source", identifier.map(Value::Text));
        if let Some(origin) = group.origin("source") {
            resource
                .origins
                .insert("*.source".to_owned(), origin.clone());
        }
        let copied = copied.contains(group.name());
        for (path, from, section, key) in INHERITED.into_iter().chain(copied.then_some(KEPT)) {
            let Some(value) = instance.attributes.get(from) else {
                continue;
            };
            resource.attributes.set(path, value.clone());
            let place = work
                .sections
                .one(section)
                .and_then(|group| group.origin(key));
            if let Some(origin) = place.or_else(|| instance.origin_of(from, None)) {
                resource.origins.insert(path.to_owned(), origin.clone());
            }
        }
        resource.after.insert(match source {
            None => Address::new("instance"),
            Some(other) => Address::named("replica", &other),
        });
        desired.resources.insert(resource.address.clone(), resource);
    }
}

/// The name of the replica that is copied; nothing for the instance.
pub(crate) fn source_of(group: &Group) -> Option<String> {
    let text = group.text("source")?;
    text.strip_prefix("replica.").map(ToOwned::to_owned)
}
