//! `[network]` and `[access.*]`: the subnet group, and the security group with its rules.

use std::collections::BTreeMap;

use ipnet::IpNet;
use pgward_model::{
    Address, Desired, Diagnostic, Foreign, Input, Origin, Path, Reference, SubnetChoice, Value,
};

use super::Work;
use crate::parse::{Entry, Node, Tree};
use crate::sections::{Field, Group};
use crate::values::{self, NameRule};

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    let Some(group) = work.sections.one("network") else {
        return;
    };
    subnet_group(work, group, desired);
    security_group(work, group, desired);
}

fn subnet_group(work: &mut Work<'_>, group: &Group, desired: &mut Desired) {
    let default = work.default_name("-db");
    let name = work.name(Some(group), "subnet_group", default, NameRule::SubnetGroup);
    let mut resource = work.resource("network", "subnet_group", name, Some(group));
    let field = group.field("subnets");
    if let Some(field) = field {
        resource
            .origins
            .insert("network.subnets".to_owned(), field.node.origin.clone());
        if let Tree::Table(table) = &field.node.tree {
            if let Some(tags) = subnet_tags(work, table, &field.node) {
                let words: Vec<String> = tags
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                desired.inputs.push(Input {
                    path: Path::new("network.subnets"),
                    source: format!("tags {}", words.join(", ")),
                    value: None,
                });
                // Which they are is known when AWS has been read.
                resource.attributes.set(
                    "network.subnets",
                    Value::Output(Reference {
                        address: Address::new("subnets"),
                        output: "ids".to_owned(),
                    }),
                );
                desired.foreign.subnets = Some(SubnetChoice::Tags(tags, field.node.origin.clone()));
            }
        } else if field.value.is_some() {
            let ids = subnet_ids(work, group, field);
            resource.attributes.set(
                "network.subnets",
                Value::texts(ids.iter().map(|(id, _)| id.as_str())),
            );
            desired.foreign.subnets = Some(SubnetChoice::Ids(ids));
        }
    }
    desired.resources.insert(resource.address.clone(), resource);
}

fn subnet_ids(work: &mut Work<'_>, group: &Group, field: &Field) -> Vec<(String, Origin)> {
    let mut ids: Vec<(String, Origin)> = Vec::new();
    for (text, node) in field.items() {
        if let Some((_, first)) = ids.iter().find(|(known, _)| *known == text) {
            work.say(
                Diagnostic::error("P109", format!("subnet {text} is named twice"))
                    .at(&node.origin, "again")
                    .also(first, "first here")
                    .help("remove one of them; a DB subnet group needs subnets in two zones"),
            );
            continue;
        }
        if !values::is_id(&text, "subnet") && !values::is_unknown(&text) {
            work.say(not_an_id(
                group,
                "subnets",
                &text,
                &node,
                "subnet-0abc1230000000001",
            ));
        }
        ids.push((text, node.origin));
    }
    if ids.len() == 1 && !values::is_unknown(&ids[0].0) {
        work.say(
            Diagnostic::error(
                "P313",
                "a DB subnet group needs subnets in two zones; this is one",
            )
            .at(&field.node.origin, "one subnet")
            .help("add a subnet of another zone of the same VPC")
            .about("network.subnets"),
        );
    } else if ids.is_empty() {
        work.say(
            Diagnostic::error(
                "P313",
                "a DB subnet group needs subnets in two zones; this is none",
            )
            .at(&field.node.origin, "no subnet")
            .help("name two private subnets of different zones")
            .about("network.subnets"),
        );
    }
    ids
}

/// The tags in `{ tags = { Tier = "database" } }`.
fn subnet_tags(
    work: &mut Work<'_>,
    table: &BTreeMap<String, Entry>,
    node: &Node,
) -> Option<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    if let (1, Some(Tree::Table(written))) = (table.len(), table.get("tags").map(|e| &e.node.tree))
    {
        for (key, entry) in written {
            let text = entry.node.text().map(ToOwned::to_owned);
            if let Some(filled) = text.and_then(|text| work.fill(&text, &entry.node)) {
                tags.insert(key.clone(), filled);
            }
        }
        if !tags.is_empty() && tags.len() == written.len() {
            return Some(tags);
        }
    }
    work.say(
        Diagnostic::error("P103", "`subnets` by tags is a table of texts")
            .at(&node.origin, "")
            .help("subnets = { tags = { Tier = \"database\" } }")
            .about("network.subnets"),
    );
    None
}

fn security_group(work: &mut Work<'_>, group: &Group, desired: &mut Desired) {
    let default = work.default_name("-db");
    let name = work.name(
        Some(group),
        "security_group",
        default,
        NameRule::SecurityGroup,
    );
    let mut resource = work.resource("access", "security_group", name, Some(group));
    if let Some(origin) = group.origin("security_group") {
        resource.origin = Some(origin.clone());
    }
    work.copy(&mut resource, "network.vpc", Some(group), "vpc");
    if let Some((vpc, field)) = group.text("vpc").zip(group.field("vpc")) {
        if !values::is_id(vpc, "vpc") && !values::is_unknown(vpc) {
            work.say(not_an_id(
                group,
                "vpc",
                vpc,
                &field.node,
                "vpc-0f3a9c2d7b81e4560",
            ));
        }
        desired.foreign.vpc = Some((vpc.to_owned(), field.node.origin.clone()));
    }
    let postgres_port = work
        .sections
        .one("postgres")
        .and_then(|group| group.int("port"))
        .unwrap_or(5432);
    let mut rules: BTreeMap<String, (String, Origin, String)> = BTreeMap::new();
    let mut written: Vec<&Group> = work.sections.many("access").collect();
    written.sort_by_key(|rule| rule.origin("from").cloned());
    for rule in written {
        let Some(source) = source(work, rule, &mut desired.foreign) else {
            continue;
        };
        let port = port(work, rule).unwrap_or(postgres_port);
        let key = format!("tcp {port} from {source}");
        let description = description(work, rule);
        let origin = rule.origin("from").unwrap_or(&rule.header).clone();
        if let Some((_, first, label)) = rules.get(&key) {
            work.say(
                Diagnostic::error("P109", format!("[{label}] and {} are the same rule", rule.title()))
                    .at(&origin, format!("{key}, again"))
                    .also(first, &key)
                    .note("AWS keeps one rule per port and source, and would answer InvalidPermission.Duplicate")
                    .help("remove one of them")
                    .about(rule.address()),
            );
            continue;
        }
        rules.insert(key, (description, origin, rule.address()));
    }
    if let Some(proxy) = work.sections.one("proxy") {
        let key = format!("tcp {postgres_port} from itself");
        rules.insert(
            key,
            (
                String::new(),
                proxy.header.clone(),
                "access.proxy".to_owned(),
            ),
        );
    }
    let map = rules
        .iter()
        .map(|(key, (text, _, _))| (key.clone(), Value::text(text)))
        .collect();
    resource.attributes.set("access.*", Value::Map(map));
    for (key, (_, origin, label)) in rules {
        resource.origins.insert(format!("access.*/{key}"), origin);
        resource
            .labels
            .insert(format!("access.*/{key}"), Path::new(label));
    }
    desired.resources.insert(resource.address.clone(), resource);
}

/// The source of a rule in AWS's spelling; it is noted if it is a group or a prefix list.
fn source(work: &mut Work<'_>, rule: &Group, foreign: &mut Foreign) -> Option<String> {
    let text = rule.text("from")?.to_owned();
    let node = &rule.field("from")?.node;
    if values::is_unknown(&text) {
        return Some(text);
    }
    if values::is_id(&text, "sg") {
        foreign
            .security_groups
            .push((text.clone(), node.origin.clone()));
        return Some(text);
    }
    if values::is_id(&text, "pl") {
        foreign
            .prefix_lists
            .push((text.clone(), node.origin.clone()));
        return Some(text);
    }
    if let Ok(net) = text.parse::<IpNet>() {
        return Some(net.trunc().to_string());
    }
    let found = Diagnostic::error(
        "P103",
        format!("`from` is a security group, a CIDR block or a prefix list, not \"{text}\""),
    )
    .about(rule.path("from"));
    work.say(match text.parse::<std::net::IpAddr>() {
        Ok(address) => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            found
                .at(&node.origin, "an address without the length of its range")
                .help(format!("from = \"{address}/{bits}\""))
                .fixed_by(&node.origin, format!("\"{address}/{bits}\""))
        }
        Err(_) => found
            .at(&node.origin, "none of these")
            .help("from = \"sg-0aa11bb22cc33dd44\", \"10.0.1.100/32\" or \"pl-0123456789abcdef0\""),
    });
    None
}

fn port(work: &mut Work<'_>, rule: &Group) -> Option<i64> {
    let port = rule.int("port")?;
    if !(1..=65_535).contains(&port) {
        work.say(
            Diagnostic::error("P313", "`port` must be from 1 to 65535")
                .at_some(rule.origin("port"), "")
                .help("remove the line: the port is that of [postgres]")
                .about(rule.path("port")),
        );
    }
    Some(port)
}

fn description(work: &mut Work<'_>, rule: &Group) -> String {
    let text = rule.text("description").unwrap_or_default().to_owned();
    let Some(field) = rule.field("description") else {
        return text;
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() > 255 {
        work.say(
            Diagnostic::error("P114", "AWS keeps 255 characters of a rule's description")
                .at(&field.node.origin, "too long")
                .about(rule.path("description")),
        );
    } else if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
        work.say(
            Diagnostic::error(
                "P114",
                format!("AWS does not allow `{wrong}` in a rule's description"),
            )
            .at(&field.node.origin, "")
            .help("letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *")
            .about(rule.path("description")),
        );
    }
    text
}

fn not_an_id(group: &Group, key: &str, text: &str, node: &Node, example: &str) -> Diagnostic {
    Diagnostic::error(
        "P103",
        format!("`{key}` takes ids such as \"{example}\", not \"{text}\""),
    )
    .at(&node.origin, "not an id")
    .help(format!(
        "copy the id from AWS: it is {} and 8 or 17 hexadecimal digits",
        example
            .split('-')
            .next()
            .map(|prefix| format!("{prefix}-"))
            .unwrap_or_default()
    ))
    .about(group.path(key))
}
