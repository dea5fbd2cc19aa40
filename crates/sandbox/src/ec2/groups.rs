//! Security groups: create, describe, delete.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::filters::{Filters, ids, paged};
use super::permissions::in_description;
use super::state::{Ec2, Group, Peer, Rule, Traffic, refused};
use super::{tags, usage};
use crate::call::{Answer, Call, Refusal};
use crate::tagging::Tags;
use crate::world::World;

/// Time until reads find a group that was made.
const PROPAGATION: SignedDuration = SignedDuration::from_secs(2);

/// `CreateSecurityGroup`, which lets everything out at first.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.need("GroupName")?.to_owned();
    let description = call
        .text("GroupDescription")
        .or_else(|| call.text("Description"));
    let description = description.unwrap_or_default().to_owned();
    if description.is_empty() {
        let text = "The request must contain the parameter GroupDescription";
        return Err(refused("MissingParameter", text));
    }
    check_text("groupName", &name)?;
    check_text("GroupDescription", &description)?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        let text = format!(
            "Value ({name}) for parameter groupName is invalid. Group names may not be in the \
             format sg-*"
        );
        return Err(refused("InvalidParameterValue", text));
    }
    if name == "default" {
        return Err(refused(
            "InvalidGroup.Reserved",
            "Cannot use reserved security group name: default",
        ));
    }
    let tags = tags::given(call, "security-group")?;
    let vpc = call
        .text("VpcId")
        .ok_or_else(|| refused("VPCIdNotSpecified", "No default VPC for this user"))?;
    let ec2 = &world.place(call).ec2;
    if !ec2.vpcs.contains_key(vpc) {
        let text = format!("The vpc ID '{vpc}' does not exist");
        return Err(refused("InvalidVpcID.NotFound", text));
    }
    let same = |group: &&Group| group.vpc == vpc && group.name.eq_ignore_ascii_case(&name);
    if ec2.groups.values().any(|group| same(&group)) {
        let text = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(refused("InvalidGroup.Duplicate", text));
    }
    let id = world.id("sg-");
    let group = Group {
        name,
        description,
        vpc: vpc.to_owned(),
        visible: call.now + PROPAGATION,
        held: None,
        tags,
    };
    let shown = json!({
        "groupId": id,
        "securityGroupArn": arn(&id, call),
        "tagSet": tags::show(&group.tags),
    });
    insert(world, call, id, group);
    Ok(shown)
}

/// Puts a group with its rule that lets everything out into the world of a call.
pub(super) fn insert(world: &mut World, call: &Call, id: String, group: Group) {
    let rule = Rule {
        group: id.clone(),
        egress: true,
        traffic: Traffic {
            protocol: "-1".to_owned(),
            from: -1,
            to: -1,
            peer: Peer::Network("0.0.0.0/0".to_owned()),
        },
        description: None,
        tags: Tags::new(),
    };
    let rule_id = world.id("sgr-");
    let ec2 = &mut world.place(call).ec2;
    ec2.groups.insert(id, group);
    ec2.rules.insert(rule_id, rule);
}

/// `DescribeSecurityGroups`: one unknown id fails the whole call.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "GroupId");
    let names = ids(call, "GroupName");
    let ec2 = &world.place(call).ec2;
    let seen = |id: &String| {
        let group = ec2.groups.get(id);
        group.is_some_and(|group| group.visible <= call.now)
    };
    if let Some(id) = wanted.iter().find(|id| !seen(id)) {
        return Err(absent(id));
    }
    let mut entries = Vec::new();
    for (id, group) in &ec2.groups {
        let facets = |name: &str| facet(ec2, id, group, call, name);
        let named = (wanted.is_empty() || wanted.contains(id))
            && (names.is_empty() || names.contains(&group.name));
        if named && filters.match_all(&group.tags, &facets)? && group.visible <= call.now {
            entries.push((id.clone(), show(ec2, id, group, call)));
        }
    }
    paged(call, "securityGroupInfo", entries)
}

/// `DeleteSecurityGroup`, refused while anything depends on the group.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let place = world.place(call);
    let id = named(&place.ec2, call)?;
    let group = &place.ec2.groups[&id];
    if group.name == "default" {
        let text =
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(refused("CannotDelete", text));
    }
    let referred = place
        .ec2
        .rules
        .values()
        .any(|rule| rule.group != id && rule.traffic.peer == Peer::Group(id.clone()));
    if referred || usage::in_use(place, &id, call.now) {
        let text = format!("resource {id} has a dependent object");
        return Err(refused("DependencyViolation", text));
    }
    let ec2 = &mut place.ec2;
    ec2.groups.remove(&id);
    ec2.rules.retain(|_, rule| rule.group != id);
    Ok(json!({ "return": true, "groupId": id }))
}

/// The group that a call names by id.
///
/// # Errors
/// It is missing, malformed or does not exist.
pub(super) fn named(ec2: &Ec2, call: &Call) -> Result<String, Refusal> {
    let id = call
        .text("GroupId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| {
            refused(
                "MissingParameter",
                "The request must contain the parameter groupName or groupId",
            )
        })?;
    if ec2.groups.contains_key(id) {
        Ok(id.to_owned())
    } else {
        Err(absent(id))
    }
}

fn absent(id: &str) -> Refusal {
    if id.starts_with("sg-") {
        refused(
            "InvalidGroup.NotFound",
            format!("The security group '{id}' does not exist"),
        )
    } else {
        refused(
            "InvalidGroupId.Malformed",
            format!("Invalid id: \"{id}\" (expecting \"sg-...\")"),
        )
    }
}

fn check_text(what: &str, text: &str) -> Result<(), Refusal> {
    if text.len() <= 255 && text.chars().all(in_description) {
        return Ok(());
    }
    let text = format!(
        "Value ({text}) for parameter {what} is invalid. Character sets beyond ASCII and more than 255 \
         characters are not supported."
    );
    Err(refused("InvalidParameterValue", text))
}

fn arn(id: &str, call: &Call) -> String {
    call.arn("ec2", &format!("security-group/{id}"))
}

fn facet(ec2: &Ec2, id: &str, group: &Group, call: &Call, name: &str) -> Option<Vec<String>> {
    let peers = |egress: bool, pick: &dyn Fn(&Peer) -> Option<&String>| -> Vec<String> {
        ec2.rules_of(id, Some(egress))
            .iter()
            .filter_map(|rule| pick(&ec2.rules[rule].traffic.peer).cloned())
            .collect()
    };
    let networks = |peer: &Peer| -> Option<String> {
        match peer {
            Peer::Network(net) => Some(net.clone()),
            Peer::PrefixList(_) | Peer::Group(_) => None,
        }
    };
    let network_list = |egress: bool| -> Vec<String> {
        ec2.rules_of(id, Some(egress))
            .iter()
            .filter_map(|rule| networks(&ec2.rules[rule].traffic.peer))
            .collect()
    };
    Some(match name {
        "group-id" => vec![id.to_owned()],
        "group-name" => vec![group.name.clone()],
        "description" => vec![group.description.clone()],
        "vpc-id" => vec![group.vpc.clone()],
        "owner-id" => vec![call.account.clone()],
        "ip-permission.cidr" => network_list(false),
        "egress.ip-permission.cidr" => network_list(true),
        "ip-permission.group-id" => peers(false, &|peer| match peer {
            Peer::Group(group) => Some(group),
            Peer::Network(_) | Peer::PrefixList(_) => None,
        }),
        _ => return None,
    })
}

fn show(ec2: &Ec2, id: &str, group: &Group, call: &Call) -> Value {
    json!({
        "groupId": id,
        "groupName": group.name,
        "groupDescription": group.description,
        "ownerId": call.account,
        "vpcId": group.vpc,
        "securityGroupArn": arn(id, call),
        "ipPermissions": show_permissions(ec2, id, call, false),
        "ipPermissionsEgress": show_permissions(ec2, id, call, true),
        "tagSet": tags::show(&group.tags),
    })
}

/// The rules of a direction, those of equal protocol and ports as one permission.
fn show_permissions(ec2: &Ec2, id: &str, call: &Call, egress: bool) -> Value {
    let mut merged: BTreeMap<(&str, i64, i64), [Vec<Value>; 4]> = BTreeMap::new();
    for rule in ec2
        .rules_of(id, Some(egress))
        .iter()
        .map(|rule| &ec2.rules[rule])
    {
        let traffic = &rule.traffic;
        let lists = merged
            .entry((traffic.protocol.as_str(), traffic.from, traffic.to))
            .or_default();
        let (list, mut item) = match &traffic.peer {
            Peer::Network(net) if net.contains(':') => (1, json!({ "cidrIpv6": net })),
            Peer::Network(net) => (0, json!({ "cidrIp": net })),
            Peer::PrefixList(list) => (2, json!({ "prefixListId": list })),
            Peer::Group(group) => (3, json!({ "groupId": group, "userId": call.account })),
        };
        if let Some(description) = &rule.description {
            item["description"] = json!(description);
        }
        lists[list].push(item);
    }
    merged
        .into_iter()
        .map(|((protocol, from, to), [ipv4, ipv6, lists, groups])| {
            let mut shown = Map::new();
            shown.insert("ipProtocol".to_owned(), json!(protocol));
            if protocol != "-1" {
                shown.insert("fromPort".to_owned(), json!(from));
                shown.insert("toPort".to_owned(), json!(to));
            }
            shown.insert("ipRanges".to_owned(), json!(ipv4));
            shown.insert("ipv6Ranges".to_owned(), json!(ipv6));
            shown.insert("prefixListIds".to_owned(), json!(lists));
            shown.insert("groups".to_owned(), json!(groups));
            Value::Object(shown)
        })
        .collect()
}
