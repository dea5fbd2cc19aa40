//! P113: what must be written and is not, and why it must be.

use std::collections::BTreeSet;

use pgward_model::{Catalog, Diagnostic, Form, Origin};

use crate::language::Key;
use crate::merge::{self, Spec};
use crate::scalar;
use crate::sections::Group;

/// Keys of a section that must be written.
pub(crate) fn keys(spec: &Spec, group: &Group, keys: &[Key], found: &mut Vec<Diagnostic>) {
    for key in keys.iter().filter(|key| key.required) {
        if !group.has(key.name) && !group.meant.contains(&key.name) {
            found.push(key_of(spec, group, key.name, key.form));
        }
    }
}

/// P113 for one key.
pub(crate) fn key_of(spec: &Spec, group: &Group, key: &str, form: Form) -> Diagnostic {
    let title = group.title();
    let (message, place) = if title.is_empty() {
        let place = spec
            .top
            .keys
            .get("environment")
            .map_or(&group.header, |entry| &entry.key);
        (format!("an environment needs `{key}`"), place)
    } else {
        (format!("{title} needs `{key}`"), &group.header)
    };
    let (example, why) = advice(group.section.name, key);
    let example = if example.is_empty() {
        scalar::example(form)
    } else {
        example
    };
    let mut diagnostic = Diagnostic::error("P113", message)
        .at(place, format!("`{key}` is not written"))
        .help(format!("{key} = {example}"))
        .about(group.path(key));
    if !why.is_empty() {
        diagnostic = diagnostic.note(why);
    }
    let header = (group.section.name.to_owned(), group.name.clone());
    if let Some(origin) = spec.dropped.get(&header) {
        diagnostic = diagnostic.also(
            origin,
            format!("this drops the inherited {}", merge::title(&header)),
        );
    }
    diagnostic
}

/// Sections that must be there, in an environment.
pub(crate) fn sections(
    spec: &Spec,
    catalog: &Catalog,
    top: &Group,
    meant: &BTreeSet<&'static str>,
    found: &mut Vec<Diagnostic>,
) {
    if !top.has("environment") {
        found.push(
            Diagnostic::error("P113", format!("{} has no `environment`: it is a base and can't be planned", spec.path()))
                .at_some(first_place(spec).as_ref(), "")
                .help("name one of the environments that extend it, or add environment = \"...\" and account = \"...\""),
        );
        return;
    }
    let place = spec
        .top
        .keys
        .get("environment")
        .map(|entry| entry.node.origin.clone());
    let is_there = |name: &str| spec.parts.keys().any(|header| header.0 == name);
    for section in catalog.sections.iter().filter(|section| section.required) {
        // An Aurora cluster stands in the place of the instance, and has been answered.
        let instead = is_there("cluster") && matches!(section.name, "instance" | "storage");
        if section.name.is_empty()
            || is_there(section.name)
            || meant.contains(section.name)
            || instead
        {
            continue;
        }
        let (lines, why) = section_advice(section.name);
        let mut diagnostic =
            Diagnostic::error("P113", format!("an environment needs [{}]", section.name))
                .at_some(place.as_ref(), "of this environment")
                .help(lines)
                .about(section.name);
        if !why.is_empty() {
            diagnostic = diagnostic.note(why);
        }
        found.push(diagnostic);
    }
    let has_master = spec
        .parts
        .contains_key(&("secret".to_owned(), Some("master".to_owned())));
    if is_there("instance") && !has_master && !meant.contains("secret") {
        found.push(
            Diagnostic::error("P113", "the instance needs [secret.master]")
                .at_some(place.as_ref(), "of this environment")
                .help(
                    "[secret.master]\nname     = \"{project}/{environment}/master\"\n\
                     username = \"...\"\nsource   = \"generate\"",
                )
                .note("it names the master user, and says where the password comes from")
                .about("secret.master"),
        );
    }
}

fn first_place(spec: &Spec) -> Option<Origin> {
    let keys = spec.top.keys.values().map(|entry| &entry.key);
    let headers = spec.parts.values().map(|part| &part.header);
    keys.chain(headers)
        .filter(|origin| origin.file == spec.path)
        .min()
        .cloned()
}

/// Section, key, an example, and why it must be written.
const ADVICE: [(&str, &str, &str, &str); 24] = [
    (
        "",
        "account",
        "\"111122223333\"",
        "no run may land in the wrong account by default",
    ),
    (
        "project",
        "name",
        "\"travel\"",
        "it is the first part of every resource name",
    ),
    (
        "project",
        "region",
        "\"ap-south-1\"",
        "the region never comes from the shell",
    ),
    (
        "network",
        "vpc",
        "\"vpc-...\"",
        "the default VPC is never taken",
    ),
    (
        "network",
        "subnets",
        "[\"subnet-...\", \"subnet-...\"]",
        "the default VPC is never taken; name private subnets in two zones",
    ),
    (
        "access",
        "from",
        "\"sg-...\"",
        "a rule admits a security group, a CIDR block or a prefix list",
    ),
    (
        "postgres",
        "version",
        "\"16\"",
        "\"16\" takes any 16.x; \"16.8\" would pin the minor version",
    ),
    (
        "instance",
        "class",
        "\"db.m6g.large\"",
        "it decides about speed and money, so a reviewer should see it",
    ),
    (
        "instance",
        "multi_az",
        "true",
        "it decides about availability and money, so a reviewer should see it",
    ),
    (
        "instance",
        "public",
        "false",
        "it decides about exposure, so a reviewer should see it",
    ),
    (
        "instance",
        "deletion_protection",
        "true",
        "it decides what one API call can delete, so a reviewer should see it",
    ),
    (
        "storage",
        "size",
        "\"100 GiB\"",
        "storage costs money and never shrinks, so a reviewer should see it",
    ),
    (
        "storage",
        "encryption",
        "\"aws/rds\"",
        "the key is fixed once the instance exists, so a reviewer should see it",
    ),
    (
        "backup",
        "retention",
        "\"7 days\"",
        "how much can be lost is a decision",
    ),
    (
        "replica",
        "class",
        "\"db.m6g.large\"",
        "it decides about speed and money, so a reviewer should see it",
    ),
    (
        "secret",
        "name",
        "\"{project}/{environment}/app\"",
        "it is the secret's name in Secrets Manager",
    ),
    (
        "secret",
        "username",
        "\"app_user\"",
        "the secret holds the password of this user",
    ),
    (
        "secret",
        "source",
        "\"generate\"",
        "generate, existing or rds-managed: where the password comes from",
    ),
    (
        "proxy",
        "role",
        "\"rds-proxy-role\"",
        "the proxy reads its secrets with this role",
    ),
    (
        "proxy",
        "secrets",
        "[\"app\"]",
        "only users with a secret can log in through the proxy",
    ),
    ("topic", "arn", "\"arn:aws:sns:...\"", ""),
    ("alarm", "metric", "\"CPUUtilization\"", ""),
    (
        "alarm",
        "for",
        "\"5 min\"",
        "how long the condition must hold before the alarm goes off",
    ),
    (
        "accept",
        "reason",
        "\"...\"",
        "a waiver is reviewed by its reason",
    ),
];

/// An example and the reason for a key, by section and key.
fn advice(section: &str, key: &str) -> (&'static str, &'static str) {
    ADVICE
        .iter()
        .find(|(place, name, _, _)| *place == section && *name == key)
        .map_or(("", ""), |(_, _, example, why)| (example, why))
}

/// What to write for a missing section, and why.
fn section_advice(section: &str) -> (String, &'static str) {
    let (keys, why): (&[&str], &str) = match section {
        "project" => (
            &["name", "region"],
            "every resource name begins with the project's",
        ),
        "network" => (&["vpc", "subnets"], "the default VPC is never taken"),
        "postgres" => (&["version"], ""),
        "instance" => (
            &["class", "multi_az", "public", "deletion_protection"],
            "money, availability and exposure: a reviewer should see them",
        ),
        "storage" => (
            &["size", "encryption"],
            "storage never shrinks, and its key is fixed",
        ),
        "backup" => (&["retention"], "how much can be lost is a decision"),
        _ => (&[], ""),
    };
    let lines = keys
        .iter()
        .map(|key| format!("\n{key} = {}", advice(section, key).0));
    (format!("[{section}]{}", lines.collect::<String>()), why)
}
