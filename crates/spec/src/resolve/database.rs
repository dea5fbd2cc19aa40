//! `[parameters]`, `[secret.*]` and the instance with the sections that feed it.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Address, Desired, Diagnostic, Value};

use super::Work;
use crate::check::missing;
use crate::sections::Group;
use crate::suggest;
use crate::values::{self, NameRule};

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    parameters(work, desired);
    secrets(work, desired);
    instance(work, desired);
}

/// The parameter group family, as written or from the version.
fn family(work: &Work<'_>) -> Option<String> {
    let postgres = work.sections.one("postgres")?;
    if postgres.has("parameter_family") {
        return postgres.text("parameter_family").map(ToOwned::to_owned);
    }
    let version = postgres.text("version")?;
    Some(format!(
        "postgres{}",
        version.split('.').next().unwrap_or_default()
    ))
}

fn parameters(work: &mut Work<'_>, desired: &mut Desired) {
    let Some(postgres) = work.sections.one("postgres") else {
        return;
    };
    let major = postgres
        .text("version")
        .and_then(|version| version.split('.').next());
    let default = work.default_name(&format!("-pg{}", major.unwrap_or_default()));
    let name = work.name(
        Some(postgres),
        "parameter_group",
        default,
        NameRule::ParameterGroup,
    );
    let group = work.sections.one("parameters");
    let mut resource = work.resource(
        "parameters",
        "parameter_group",
        name,
        Some(group.unwrap_or(postgres)),
    );
    let Some(family) = family(work) else { return };
    resource
        .attributes
        .set("postgres.parameter_family", Value::text(&family));
    if let Some(origin) = postgres
        .origin("parameter_family")
        .or_else(|| postgres.origin("version"))
    {
        resource
            .origins
            .insert("postgres.parameter_family".to_owned(), origin.clone());
    }
    let mut values = BTreeMap::new();
    for (name, field) in group.into_iter().flat_map(|group| &group.fields) {
        let Some(written) = &field.value else {
            continue;
        };
        if written.as_text() == Some("default") {
            continue;
        }
        match work.catalog.facts.convert_parameter(&family, name, written) {
            Ok(value) => {
                values.insert(name.clone(), Value::Text(value));
                resource
                    .origins
                    .insert(format!("parameters.*/{name}"), field.node.origin.clone());
            }
            Err(problem) => {
                let known = work.catalog.facts.parameter(&family, name).is_some();
                let label = match (problem.code, known) {
                    ("P306", true) => "not modifiable on RDS",
                    ("P306", false) => "no such parameter",
                    _ => "",
                };
                let place = if problem.at_key {
                    &field.key
                } else {
                    &field.node.origin
                };
                let mut found = Diagnostic::error(problem.code, problem.message)
                    .at(place, label)
                    .about(format!("parameters.{name}"));
                found.help = problem.help;
                if !known && problem.code == "P306" && found.help.is_empty() {
                    let names = work.catalog.facts.parameters(&family);
                    let near = suggest::near(name, names.iter().map(String::as_str));
                    found
                        .help
                        .extend(near.map(|near| format!("did you mean `{near}`?")));
                }
                found.notes = problem.notes;
                work.say(found);
            }
        }
    }
    resource.attributes.set("parameters.*", Value::Map(values));
    desired.resources.insert(resource.address.clone(), resource);
}

fn secrets(work: &mut Work<'_>, desired: &mut Desired) {
    let mut names: BTreeMap<String, &Group> = BTreeMap::new();
    for group in work.sections.many("secret") {
        let source = group.text("source");
        if source == Some("rds-managed") {
            if group.name() != "master" {
                work.say(
                    Diagnostic::error(
                        "P103",
                        format!(
                            "RDS manages the master's password only, not that of {}",
                            group.title()
                        ),
                    )
                    .at_some(group.origin("source"), "")
                    .help(
                        "source = \"generate\", or \"existing\" for a secret that is there already",
                    )
                    .about(group.path("source")),
                );
            }
            continue;
        }
        if !group.has("name") && group.has("source") {
            let found = missing::key_of(work.spec, group, "name", pgward_model::Form::Text);
            work.say(found);
            continue;
        }
        let name = work.name(Some(group), "name", String::new(), NameRule::Secret);
        if name.is_empty() {
            continue;
        }
        if let Some(first) = names.get(&name) {
            work.say(
                Diagnostic::error(
                    "P109",
                    format!(
                        "{} and {} are the same secret",
                        first.title(),
                        group.title()
                    ),
                )
                .at_some(group.origin("name"), format!("{name}, again"))
                .also_some(first.origin("name"), &name)
                .help("give one of them another name, or remove it")
                .about(group.address()),
            );
            continue;
        }
        names.insert(name.clone(), group);
        if source == Some("existing") {
            let origin = group.origin("name").unwrap_or(&group.header).clone();
            desired.foreign.secrets.push((name, origin));
            continue;
        }
        let mut resource = work.resource(&group.address(), "secret", name.clone(), Some(group));
        for key in ["name", "username", "source"] {
            work.copy(&mut resource, &format!("*.{key}"), Some(group), key);
        }
        resource.attributes.set("*.name", Value::Text(name));
        desired.resources.insert(resource.address.clone(), resource);
    }
    let users: Vec<&Group> = work
        .sections
        .many("secret")
        .filter(|group| group.has("username"))
        .collect();
    for group in users {
        username(work, group);
    }
}

/// Users that RDS makes itself.
const OF_RDS: [&str; 4] = ["rdsadmin", "admin", "rdsrepladmin", "rds_superuser"];

fn username(work: &mut Work<'_>, group: &Group) {
    let Some(name) = group.text("username").map(ToOwned::to_owned) else {
        return;
    };
    // RDS makes the master user; every other one is made by hand, and PostgreSQL takes more.
    let master = group.name() == "master";
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || (c == '_' && !master))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let reserved = if master {
        work.catalog.facts.is_reserved_user(&name)
    } else {
        let lower = name.to_ascii_lowercase();
        OF_RDS.contains(&lower.as_str()) || lower.starts_with("pg_")
    };
    let found = if !fits {
        Diagnostic::error(
            "P114",
            format!("\"{name}\" can't be a user of PostgreSQL on RDS"),
        )
        .at_some(group.origin("username"), "")
        .note("1 to 63 letters, digits and underscores, with a letter first")
    } else if reserved {
        Diagnostic::error("P114", format!("\"{name}\" is reserved by RDS"))
            .at_some(group.origin("username"), "")
            .help(format!(
                "username = \"{}_admin\"",
                work.environment.project.replace('-', "_")
            ))
    } else {
        return;
    };
    work.say(found.about(group.path("username")));
}

fn instance(work: &mut Work<'_>, desired: &mut Desired) {
    let Some(group) = work.sections.one("instance") else {
        return;
    };
    let default = work.default_name("");
    let name = work.name(Some(group), "name", default, NameRule::Identifier);
    let mut resource = work.resource("instance", "instance", name, Some(group));
    for attribute in work
        .catalog
        .kind("instance")
        .attributes
        .iter()
        .filter(|a| a.written)
    {
        let (section, key) = attribute.section_and_key();
        // A name is the identity of a resource and not one of its values.
        if key != "name" {
            work.copy(
                &mut resource,
                attribute.path,
                work.sections.one(section),
                key,
            );
        }
    }
    if let Some(class) = resource
        .attributes
        .text("instance.class")
        .map(str::to_ascii_lowercase)
    {
        resource
            .attributes
            .set("instance.class", Value::Text(class));
    }
    for (address, path, section) in [
        ("parameters", "postgres.parameter_group", "postgres"),
        ("network", "network.subnet_group", "network"),
    ] {
        let Some(other) = desired.resources.get(&Address::new(address)) else {
            continue;
        };
        resource.attributes.set(path, Value::text(&other.name));
        let key = path.split_once('.').map_or(path, |(_, key)| key);
        let place = work
            .sections
            .one(section)
            .and_then(|group| group.origin(key));
        if let Some(origin) = place.or(other.origin.as_ref()) {
            resource.origins.insert(path.to_owned(), origin.clone());
        }
    }
    let access = Address::new("access");
    if desired.resources.contains_key(&access) {
        resource.attributes.set(
            "instance.security_groups",
            Value::List(vec![Value::output(&access, "id")]),
        );
    }
    monitoring(work, desired, &mut resource);
    insights(&mut resource);
    encryption(work, desired);
    version(work);
    resource.after = ["network", "access", "parameters"].map(Address::new).into();
    master(work, &mut resource);
    if !desired
        .resources
        .contains_key(&Address::new("secret.master"))
    {
        resource.after.remove(&Address::new("secret.master"));
    }
    let known: BTreeSet<&Address> = desired.resources.keys().collect();
    resource.after.retain(|address| known.contains(address));
    desired.resources.insert(resource.address.clone(), resource);
}

/// The role of enhanced monitoring, which is needed as long as that is on.
fn monitoring(work: &mut Work<'_>, desired: &mut Desired, resource: &mut pgward_model::Resource) {
    let Some(group) = work.sections.one("monitoring") else {
        return;
    };
    let interval = group.int("enhanced");
    let role = group
        .text("role")
        .map(|role| values::role_arn(role, &work.environment));
    if interval == Some(0) {
        resource.attributes.remove("monitoring.role");
        resource.origins.remove("monitoring.role");
        return;
    }
    work.without_placeholders(group, "role");
    match role {
        Some(role) => {
            let origin = group.origin("role").unwrap_or(&group.header).clone();
            desired.foreign.roles.push((role.clone(), origin));
            resource
                .attributes
                .set("monitoring.role", Value::Text(role));
        }
        None if interval.is_some() && !group.has("role") => {
            work.say(
                Diagnostic::error(
                    "P113",
                    "[monitoring] needs `role`: enhanced monitoring writes with it",
                )
                .at_some(group.origin("enhanced"), "on, so it needs a role")
                .help("role = \"rds-monitoring-role\", or enhanced = \"off\"")
                .about("monitoring.role"),
            );
        }
        None => {}
    }
}

/// From this retention on, in days, Database Insights can be in its advanced mode.
const ADVANCED_INSIGHTS: i64 = 465;

/// A retention that the advanced mode of Database Insights can't have asks for the standard one.
fn insights(resource: &mut pgward_model::Resource) {
    let days = resource.attributes.int("monitoring.insights");
    if days.is_some_and(|days| days < ADVANCED_INSIGHTS) {
        let path = "monitoring.insights_mode";
        resource.attributes.set(path, Value::text("standard"));
        if let Some(origin) = resource.origins.get("monitoring.insights").cloned() {
            resource.origins.insert(path.to_owned(), origin);
        }
    }
}

/// The KMS key: `aws/rds`, an alias, an id or an ARN.
fn encryption(work: &mut Work<'_>, desired: &mut Desired) {
    let Some(group) = work.sections.one("storage") else {
        return;
    };
    let Some(field) = group.field("encryption") else {
        return;
    };
    let Some(key) = group.text("encryption").map(ToOwned::to_owned) else {
        return;
    };
    work.without_placeholders(group, "encryption");
    desired
        .foreign
        .keys
        .push((key.clone(), field.node.origin.clone()));
    let is_uuid = key.len() == 36 && key.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let is_key = key == "aws/rds"
        || key
            .strip_prefix("alias/")
            .is_some_and(|name| !name.is_empty())
        || values::Arn::parse(&key).is_some_and(|arn| arn.service == "kms")
        || key.starts_with("mrk-")
        || is_uuid;
    if !is_key && !values::is_unknown(&key) {
        work.say(
            Diagnostic::error("P103", format!("`encryption` is a KMS key, not \"{key}\""))
                .at(&field.node.origin, "")
                .help("encryption = \"aws/rds\", or a key of yours: \"alias/NAME\" or its ARN")
                .about("storage.encryption"),
        );
    }
}

fn version(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("postgres") else {
        return;
    };
    let Some(version) = group.text("version").map(ToOwned::to_owned) else {
        return;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = version.split('.').collect();
    if parts.len() > 2 || !parts.iter().all(|part| digits(part)) {
        let newest = work
            .catalog
            .facts
            .majors()
            .last()
            .cloned()
            .unwrap_or_else(|| "16".to_owned());
        work.say(
            Diagnostic::error("P103", format!("`version` is a PostgreSQL version such as \"16\" or \"16.8\", not \"{version}\""))
                .at_some(group.origin("version"), "")
                .help(format!("version = \"{newest}\" takes any {newest}.x"))
                .about("postgres.version"),
        );
    }
}

/// The master user and where its password comes from.
fn master(work: &mut Work<'_>, resource: &mut pgward_model::Resource) {
    let Some(group) = work.sections.named("secret", "master") else {
        return;
    };
    work.copy(
        resource,
        "instance.master_username",
        Some(group),
        "username",
    );
    let managed = group.text("source") == Some("rds-managed");
    resource
        .attributes
        .set("instance.managed_password", Value::Bool(managed));
    let origin = group.origin("source").unwrap_or(&group.header).clone();
    resource
        .origins
        .insert("instance.managed_password".to_owned(), origin);
    if let Some(secret) = secret_text(work, group) {
        resource
            .attributes
            .set("instance.master_secret", Value::Text(secret));
        let origin = group.origin("name").unwrap_or(&group.header).clone();
        resource
            .origins
            .insert("instance.master_secret".to_owned(), origin);
    }
    resource.after.insert(Address::new("secret.master"));
}

/// `secret.master` for a generated secret, `existing:NAME` for one that is there.
fn secret_text(work: &Work<'_>, group: &Group) -> Option<String> {
    match group.text("source")? {
        "generate" => Some(group.address()),
        "existing" => {
            let name = values::fill(group.text("name")?, &work.environment).ok()?;
            Some(format!("existing:{name}"))
        }
        _ => None,
    }
}
