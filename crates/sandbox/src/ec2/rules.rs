//! Rules one by one: authorize, revoke, modify, describe.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::filters::{Filters, either, ids, paged};
use super::permissions::{self, Asked};
use super::state::{Ec2, Peer, Rule, Traffic, refused};
use super::{groups, tags};
use crate::call::{Answer, Call, Refusal, text_of};
use crate::world::World;

/// The most rules of a group in one direction.
const MOST: usize = 60;

/// `AuthorizeSecurityGroupIngress` and `…Egress`: all rules or none.
pub(super) fn authorize(world: &mut World, call: &Call, egress: bool) -> Answer {
    let tags = tags::given(call, "security-group-rule")?;
    let ec2 = &world.place(call).ec2;
    let group = groups::named(ec2, call)?;
    let asked = permissions::read(call, ec2)?;
    let mut seen = BTreeSet::new();
    for rule in &asked {
        if !seen.insert(&rule.traffic) {
            let text = "The same permission must not appear multiple times";
            return Err(refused("InvalidParameterValue", text));
        }
        if find(ec2, &group, egress, &rule.traffic).is_some() {
            let text = format!(
                "the specified rule \"{}\" already exists",
                in_words(&rule.traffic)
            );
            return Err(refused("InvalidPermission.Duplicate", text));
        }
    }
    if ec2.rules_of(&group, Some(egress)).len() + asked.len() > MOST {
        let text = "The maximum number of rules per security group has been reached.";
        return Err(refused("RulesPerSecurityGroupLimitExceeded", text));
    }
    let mut shown = Vec::new();
    for Asked {
        traffic,
        description,
    } in asked
    {
        let id = world.id("sgr-");
        let rule = Rule {
            group: group.clone(),
            egress,
            traffic,
            description,
            tags: tags.clone(),
        };
        shown.push(show(&id, &rule, call));
        world.place(call).ec2.rules.insert(id, rule);
    }
    Ok(json!({ "return": true, "securityGroupRuleSet": shown }))
}

/// `RevokeSecurityGroupIngress` and `…Egress`, by rule ids or by permissions.
pub(super) fn revoke(world: &mut World, call: &Call, egress: bool) -> Answer {
    let ec2 = &mut world.place(call).ec2;
    let group = groups::named(ec2, call)?;
    let by_id = ids(call, "SecurityGroupRuleId");
    let mut gone = Vec::new();
    if by_id.is_empty() {
        for rule in permissions::read(call, ec2)? {
            let id = find(ec2, &group, egress, &rule.traffic).ok_or_else(|| {
                refused(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                )
            })?;
            gone.push(id);
        }
    } else {
        let held = ec2.rules_of(&group, Some(egress));
        for id in by_id {
            if !held.contains(&id) {
                return Err(no_rule(&id));
            }
            gone.push(id);
        }
    }
    let mut shown = Vec::new();
    for id in gone {
        if let Some(rule) = ec2.rules.remove(&id) {
            shown.push(show_revoked(&id, &rule));
        }
    }
    Ok(json!({
        "return": true,
        "unknownIpPermissionSet": [],
        "revokedSecurityGroupRuleSet": shown,
    }))
}

/// `ModifySecurityGroupRules`: each rule keeps its id and direction.
pub(super) fn modify(world: &mut World, call: &Call) -> Answer {
    let ec2 = &mut world.place(call).ec2;
    let group = groups::named(ec2, call)?;
    let mut changed = Vec::new();
    for update in either(&call.input, "SecurityGroupRule", "SecurityGroupRules") {
        let id = text_of(&update, "SecurityGroupRuleId")
            .unwrap_or_default()
            .to_owned();
        let held = ec2.rules.get(&id).filter(|rule| rule.group == group);
        let egress = held.ok_or_else(|| no_rule(&id))?.egress;
        let asked = permissions::read_rule(&update["SecurityGroupRule"], ec2)?;
        if find(ec2, &group, egress, &asked.traffic).is_some_and(|other| other != id) {
            let text = format!(
                "the specified rule \"{}\" already exists",
                in_words(&asked.traffic)
            );
            return Err(refused("InvalidPermission.Duplicate", text));
        }
        changed.push((id, asked));
    }
    for (id, asked) in changed {
        if let Some(rule) = ec2.rules.get_mut(&id) {
            rule.traffic = asked.traffic;
            rule.description = asked.description;
        }
    }
    Ok(json!({ "return": true }))
}

/// `UpdateSecurityGroupRuleDescriptionsIngress` and `…Egress`.
pub(super) fn describe_as(world: &mut World, call: &Call, egress: bool) -> Answer {
    let ec2 = &mut world.place(call).ec2;
    let group = groups::named(ec2, call)?;
    let by_id = either(
        &call.input,
        "SecurityGroupRuleDescription",
        "SecurityGroupRuleDescriptions",
    );
    let mut changed = Vec::new();
    if by_id.is_empty() {
        for rule in permissions::read(call, ec2)? {
            let id = find(ec2, &group, egress, &rule.traffic).ok_or_else(|| {
                refused(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                )
            })?;
            changed.push((id, rule.description));
        }
    }
    let held = ec2.rules_of(&group, Some(egress));
    for item in by_id {
        let id = text_of(&item, "SecurityGroupRuleId")
            .unwrap_or_default()
            .to_owned();
        if !held.contains(&id) {
            return Err(no_rule(&id));
        }
        let text = text_of(&item, "Description").filter(|text| !text.is_empty());
        changed.push((id, text.map(str::to_owned)));
    }
    for (id, description) in changed {
        if let Some(rule) = ec2.rules.get_mut(&id) {
            rule.description = description;
        }
    }
    Ok(json!({ "return": true }))
}

/// `DescribeSecurityGroupRules`.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "SecurityGroupRuleId");
    let ec2 = &world.place(call).ec2;
    if let Some(id) = wanted.iter().find(|id| !ec2.rules.contains_key(*id)) {
        return Err(no_rule(id));
    }
    let mut entries = Vec::new();
    for (id, rule) in &ec2.rules {
        let facets = |name: &str| {
            Some(vec![match name {
                "group-id" => rule.group.clone(),
                "security-group-rule-id" => id.clone(),
                _ => return None,
            }])
        };
        let named = wanted.is_empty() || wanted.contains(id);
        let seen = ec2
            .groups
            .get(&rule.group)
            .is_some_and(|group| group.visible <= call.now);
        if named && filters.match_all(&rule.tags, &facets)? && seen {
            entries.push((id.clone(), show(id, rule, call)));
        }
    }
    paged(call, "securityGroupRuleSet", entries)
}

fn no_rule(id: &str) -> Refusal {
    let text = format!("The security group rule ID '{id}' does not exist");
    refused("InvalidSecurityGroupRuleId.NotFound", text)
}

/// The rule of a group that lets the same through.
fn find(ec2: &Ec2, group: &str, egress: bool, traffic: &Traffic) -> Option<String> {
    ec2.rules
        .iter()
        .find(|(_, rule)| rule.group == group && rule.egress == egress && rule.traffic == *traffic)
        .map(|(id, _)| id.clone())
}

fn in_words(traffic: &Traffic) -> String {
    let (Peer::Network(peer) | Peer::PrefixList(peer) | Peer::Group(peer)) = &traffic.peer;
    let protocol = match traffic.protocol.as_str() {
        "-1" => "ALL".to_owned(),
        other => other.to_ascii_uppercase(),
    };
    if traffic.from < 0 {
        return format!("peer: {peer}, {protocol}, ALLOW");
    }
    let (from, to) = (traffic.from, traffic.to);
    format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
}

fn show(id: &str, rule: &Rule, call: &Call) -> Value {
    let mut shown = show_revoked(id, rule);
    shown["groupOwnerId"] = json!(call.account);
    shown["tagSet"] = tags::show(&rule.tags);
    let arn = call.arn("ec2", &format!("security-group-rule/{id}"));
    shown["securityGroupRuleArn"] = json!(arn);
    if let Peer::Group(group) = &rule.traffic.peer {
        if let Some(members) = shown.as_object_mut() {
            members.remove("referencedGroupId");
        }
        shown["referencedGroupInfo"] = json!({ "groupId": group, "userId": call.account });
    }
    shown
}

/// A revoked rule, which shows less of itself.
fn show_revoked(id: &str, rule: &Rule) -> Value {
    let mut shown = json!({
        "securityGroupRuleId": id,
        "groupId": rule.group,
        "isEgress": rule.egress,
        "ipProtocol": rule.traffic.protocol,
        "fromPort": rule.traffic.from,
        "toPort": rule.traffic.to,
    });
    match &rule.traffic.peer {
        Peer::Network(net) if net.contains(':') => shown["cidrIpv6"] = json!(net),
        Peer::Network(net) => shown["cidrIpv4"] = json!(net),
        Peer::PrefixList(list) => shown["prefixListId"] = json!(list),
        Peer::Group(group) => shown["referencedGroupId"] = json!(group),
    }
    if let Some(description) = &rule.description {
        shown["description"] = json!(description);
    }
    shown
}
