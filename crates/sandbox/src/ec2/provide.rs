//! Makes up networks and groups that a spec refers to and does not manage.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net};

use super::groups;
use super::network::zones;
use super::state::{Group, Peer, PrefixList, RouteTable, Rule, Subnet, Traffic, Vpc};
use crate::call::Call;
use crate::tagging::Tags;
use crate::world::World;

/// Makes a network with its default group and main route table.
pub(super) fn make_vpc(world: &mut World, call: &Call, id: &str, cidr: &str, tags: Tags) {
    let table = RouteTable {
        vpc: id.to_owned(),
        main: true,
        subnets: BTreeMap::new(),
        routes: BTreeMap::new(),
        tags: Tags::new(),
    };
    let table_id = world.id("rtb-");
    let ec2 = &mut world.place(call).ec2;
    ec2.vpcs.insert(
        id.to_owned(),
        Vpc {
            cidr: cidr.to_owned(),
            tags,
        },
    );
    ec2.route_tables.insert(table_id, table);
    let group_id = world.id("sg-");
    let group = Group {
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        vpc: id.to_owned(),
        visible: call.now,
        held: None,
        tags: Tags::new(),
    };
    groups::insert(world, call, group_id.clone(), group);
    let rule_id = world.id("sgr-");
    let rule = Rule {
        group: group_id.clone(),
        egress: false,
        traffic: Traffic {
            protocol: "-1".to_owned(),
            from: -1,
            to: -1,
            peer: Peer::Group(group_id),
        },
        description: None,
        tags: Tags::new(),
    };
    world.place(call).ec2.rules.insert(rule_id, rule);
}

/// The network with an id, or the first of the place, made if it is absent.
pub(crate) fn provide_vpc(world: &mut World, call: &Call, id: Option<&str>) -> String {
    let vpcs = &world.place(call).ec2.vpcs;
    let found = match id {
        Some(id) => vpcs.contains_key(id).then(|| id.to_owned()),
        None => vpcs.keys().next().cloned(),
    };
    if let Some(id) = found {
        return id;
    }
    let cidr = format!("10.{}.0.0/16", 20 + vpcs.len() % 200);
    let id = id.map_or_else(|| world.id("vpc-"), str::to_owned);
    make_vpc(world, call, &id, &cidr, Tags::new());
    id
}

/// Makes a private subnet in the next zone of a network; one that is there is left as it is.
pub(crate) fn provide_subnet(
    world: &mut World,
    call: &Call,
    vpc: &str,
    id: Option<&str>,
    tags: &Tags,
) {
    let ec2 = &world.place(call).ec2;
    if id.is_some_and(|id| ec2.subnets.contains_key(id)) {
        return;
    }
    let taken = ec2
        .subnets
        .values()
        .filter(|subnet| subnet.vpc == vpc)
        .count();
    let zones = zones(&call.region);
    let zone = zones[taken % zones.len()].clone();
    let Some(cidr) = free_block(world, call, vpc) else {
        return;
    };
    let id = id.map_or_else(|| world.id("subnet-"), str::to_owned);
    let subnet = Subnet {
        vpc: vpc.to_owned(),
        zone,
        cidr,
        tags: tags.clone(),
    };
    world.place(call).ec2.subnets.insert(id, subnet);
}

/// How many subnets of a network carry all these tags.
pub(crate) fn subnets_tagged(world: &mut World, call: &Call, vpc: &str, tags: &Tags) -> usize {
    let carries = |subnet: &&Subnet| {
        subnet.vpc == vpc
            && tags
                .iter()
                .all(|(key, value)| subnet.tags.get(key) == Some(value))
    };
    world
        .place(call)
        .ec2
        .subnets
        .values()
        .filter(carries)
        .count()
}

/// The first block of 256 addresses of a network that no subnet has.
fn free_block(world: &mut World, call: &Call, vpc: &str) -> Option<String> {
    let ec2 = &world.place(call).ec2;
    let network: Ipv4Net = ec2.vpcs.get(vpc)?.cidr.parse().ok()?;
    let length = network.prefix_len().max(24);
    let taken: Vec<IpNet> = ec2
        .subnets
        .values()
        .filter(|subnet| subnet.vpc == vpc)
        .filter_map(|subnet| subnet.cidr.parse().ok())
        .collect();
    network
        .subnets(length)
        .ok()?
        .map(IpNet::V4)
        .find(|block| {
            !taken
                .iter()
                .any(|other| other.contains(block) || block.contains(other))
        })
        .map(|block| block.to_string())
}

/// Makes a security group with an id in a network, if it is absent.
pub(crate) fn provide_group(world: &mut World, call: &Call, vpc: &str, id: &str) {
    if world.place(call).ec2.groups.contains_key(id) {
        return;
    }
    let group = Group {
        name: format!("provided-{}", id.trim_start_matches("sg-")),
        description: "Made up by the sandbox".to_owned(),
        vpc: vpc.to_owned(),
        visible: call.now,
        held: None,
        tags: Tags::new(),
    };
    groups::insert(world, call, id.to_owned(), group);
}

/// Makes a prefix list with an id, if it is absent.
pub(crate) fn provide_prefix_list(world: &mut World, call: &Call, id: &str) {
    let name = format!("provided-{}", id.trim_start_matches("pl-"));
    world
        .place(call)
        .ec2
        .prefix_lists
        .entry(id.to_owned())
        .or_insert_with(|| PrefixList {
            name,
            tags: Tags::new(),
        });
}
