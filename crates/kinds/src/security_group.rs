//! `security_group`: who may connect (resource semantics, 3).
//!
//! The group belongs to the environment, so its inbound rules are exactly the declared ones. A
//! rule is known by port and source; its description is an attribute of it.

use std::collections::BTreeMap;

use pgward_model::{
    Address,
    Applies::{OnCreate, OnReplace},
    Case, Described, Form, Kind, Resource, Usual, Value, attributes,
};

use crate::tags;

attributes! {
    /// VPC of the subnets and of the security group.
    VPC: "network.vpc", Form::Text => required().aws("VpcId").terraform("vpc_id")
        .applies(OnReplace);

    /// Name of the security group. Default: `PROJECT-ENVIRONMENT-db`.
    NAME: "network.security_group", Form::Text => aws("GroupName").terraform("name")
        .applies(OnReplace).default("PROJECT-ENVIRONMENT-db");

    /// Inbound rules by what they admit: `tcp 5432 from 10.0.1.100/32`.
    RULES: "access.*", Form::Map => derived().aws("IpPermissions").terraform("ingress")
        .serves(serves)
        .exposes(widens, "every address of the internet may connect").show(show_rule)
        .reason("a rule is in effect within seconds; open connections may survive its removal");

    /// Description that AWS asks for; fixed text, never compared.
    DESCRIPTION: "access.description", Form::Text => derived().aws("GroupDescription")
        .applies(OnCreate);

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "security_group",
    section: "access",
    many: false,
    summary: "Who may connect to the database",
    noun: "security group",
    type_name: "ec2.security_group",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &["ec2:DescribeSecurityGroups"],
    writes: &[
        "ec2:CreateSecurityGroup",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteTags",
    ],
    needs: &[],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: pgward_model::Effect::Online,
    delete_reason: "",
    instead_of_replacing: "give the security group another name: [network] security_group",
    made_anew: "",
    create_time: Usual::MOMENT,
    change_time: Usual::MOMENT,
    delete_time: Usual::minutes(0, 3, 20),
    describe,
    headline: |resource| format!("security group {}", resource.name),
};

/// The key of a rule: what it admits, as plans print it.
///
/// `source` is a CIDR block in AWS's canonical form, a security group, a prefix list, or
/// [`ITSELF`].
#[must_use]
pub fn rule_key(port: i64, source: &str) -> String {
    format!("tcp {port} from {source}")
}

/// The key of a rule of another protocol or several ports, which only others make.
#[must_use]
pub fn foreign_rule_key(protocol: &str, from: i64, to: i64, source: &str) -> String {
    match protocol {
        "-1" => format!("everything from {source}"),
        _ if from == to => format!("{protocol} {from} from {source}"),
        _ => format!("{protocol} {from}-{to} from {source}"),
    }
}

/// The source of a rule that admits the members of its own group.
pub const ITSELF: &str = "itself";

/// The port and the source of a rule's key; nothing for rules that only others make.
#[must_use]
pub fn parts_of(key: &str) -> Option<(i64, &str)> {
    let (port, source) = key.strip_prefix("tcp ")?.split_once(" from ")?;
    Some((port.parse().ok()?, source))
}

/// A rule for the members of the group serves the proxy that wears it; any rule of a port what
/// listens there.
fn serves(key: &str, left: Option<&Value>) -> bool {
    let Some((port, source)) = parts_of(key) else {
        return false;
    };
    match left {
        None => source == ITSELF,
        Some(value) => *value == Value::Int(port),
    }
}

fn widens(case: &Case<'_>) -> bool {
    case.before.is_none() && case.after.is_some() && case.key.is_some_and(is_open)
}

/// Whether the rule admits every address of the internet.
#[must_use]
pub fn is_open(key: &str) -> bool {
    key.ends_with(" from 0.0.0.0/0") || key.ends_with(" from ::/0")
}

fn show_rule(key: &str, value: &Value) -> String {
    match value.as_text() {
        Some(description) if !description.is_empty() => format!("{key} ({description})"),
        _ => key.to_owned(),
    }
}

fn describe(resource: &Resource, _: &BTreeMap<Address, Resource>) -> Vec<Described> {
    let mut rules: Vec<(&String, &Value)> = resource
        .attributes
        .map(RULES.path)
        .into_iter()
        .flatten()
        .collect();
    // As they are written.
    rules.sort_by_key(|(key, _)| {
        let origin = resource.origin_of(RULES.path, Some(key));
        origin.map(|origin| (origin.file.clone(), origin.line))
    });
    rules
        .into_iter()
        .map(|(key, _)| {
            let path = resource.path_of(RULES.path, Some(key));
            let label = path
                .as_str()
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_owned();
            Described {
                label,
                text: key.clone(),
                source: Some(format!("{}/{key}", RULES.path)),
            }
        })
        .collect()
}
