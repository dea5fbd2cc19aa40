//! What is kept of networks and security groups.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::Refusal;
use crate::tagging::Tags;

/// Networks of one account and region, by id.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ec2 {
    pub vpcs: BTreeMap<String, Vpc>,
    pub subnets: BTreeMap<String, Subnet>,
    pub route_tables: BTreeMap<String, RouteTable>,
    pub groups: BTreeMap<String, Group>,
    pub rules: BTreeMap<String, Rule>,
    pub prefix_lists: BTreeMap<String, PrefixList>,
}

/// A network.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub cidr: String,
    #[serde(default)]
    pub tags: Tags,
}

/// A part of a network, in one zone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub vpc: String,
    pub zone: String,
    pub cidr: String,
    #[serde(default)]
    pub tags: Tags,
}

/// Where packets of some subnets go.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub vpc: String,
    /// Whether it serves the subnets of its network that have no other.
    pub main: bool,
    /// Association id -> subnet.
    #[serde(default)]
    pub subnets: BTreeMap<String, String>,
    /// Destination -> id of a gateway, beside the route inside the network.
    #[serde(default)]
    pub routes: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: Tags,
}

/// A security group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub name: String,
    pub description: String,
    pub vpc: String,
    /// Reads do not find it before.
    #[serde(with = "crate::moment")]
    pub visible: Timestamp,
    /// Network interfaces of a deleted database or proxy keep it until then.
    #[serde(
        default,
        with = "crate::moment::maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub held: Option<Timestamp>,
    #[serde(default)]
    pub tags: Tags,
}

/// A list of networks under one id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PrefixList {
    pub name: String,
    #[serde(default)]
    pub tags: Tags,
}

/// A rule of a security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub group: String,
    pub egress: bool,
    #[serde(flatten)]
    pub traffic: Traffic,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Tags,
}

/// What a rule lets through; two rules of a group and direction never share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Traffic {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// -1 if the protocol has no ports or all are meant.
    pub from: i64,
    pub to: i64,
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Peer {
    /// A CIDR block without host bits.
    Network(String),
    PrefixList(String),
    Group(String),
}

impl Ec2 {
    /// The ids of a group's rules in one direction, or in both.
    pub(super) fn rules_of(&self, group: &str, egress: Option<bool>) -> BTreeSet<String> {
        self.rules
            .iter()
            .filter(|(_, rule)| {
                rule.group == group && egress.is_none_or(|egress| rule.egress == egress)
            })
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The tags of the resource with an id, whatever its kind.
    pub(super) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
        if let Some(vpc) = self.vpcs.get_mut(id) {
            Some(&mut vpc.tags)
        } else if let Some(subnet) = self.subnets.get_mut(id) {
            Some(&mut subnet.tags)
        } else if let Some(table) = self.route_tables.get_mut(id) {
            Some(&mut table.tags)
        } else if let Some(group) = self.groups.get_mut(id) {
            Some(&mut group.tags)
        } else if let Some(rule) = self.rules.get_mut(id) {
            Some(&mut rule.tags)
        } else {
            self.prefix_lists.get_mut(id).map(|list| &mut list.tags)
        }
    }

    /// Kind, id and tags of every resource that may carry tags.
    pub(super) fn all_tags(&self) -> Vec<(&'static str, &str, &Tags)> {
        let mut all = Vec::new();
        all.extend(
            self.vpcs
                .iter()
                .map(|(id, it)| ("vpc", id.as_str(), &it.tags)),
        );
        all.extend(
            self.subnets
                .iter()
                .map(|(id, it)| ("subnet", id.as_str(), &it.tags)),
        );
        all.extend(
            self.route_tables
                .iter()
                .map(|(id, it)| ("route-table", id.as_str(), &it.tags)),
        );
        all.extend(
            self.groups
                .iter()
                .map(|(id, it)| ("security-group", id.as_str(), &it.tags)),
        );
        all.extend(
            self.rules
                .iter()
                .map(|(id, it)| ("security-group-rule", id.as_str(), &it.tags)),
        );
        all.extend(
            self.prefix_lists
                .iter()
                .map(|(id, it)| ("prefix-list", id.as_str(), &it.tags)),
        );
        all
    }
}

/// 400 with a code.
pub(super) fn refused(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(400, code, message)
}
