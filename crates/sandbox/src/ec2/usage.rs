//! What databases and proxies hold of networks: security groups in use and network interfaces.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::filters::{Filters, paged};
use crate::call::{Answer, Call};
use crate::rds;
use crate::tagging::Tags;
use crate::world::{Place, World};

/// Whether a database or proxy uses a group, or did so a moment ago.
pub(super) fn in_use(place: &Place, id: &str, now: Timestamp) -> bool {
    let held = place.ec2.groups.get(id).and_then(|group| group.held);
    held.is_some_and(|until| until > now) || rds::uses_security_group(place, id)
}

/// Lets the network interfaces of something deleted keep a group until a moment.
pub(crate) fn hold_security_group(place: &mut Place, id: &str, until: Timestamp) {
    if let Some(group) = place.ec2.groups.get_mut(id) {
        group.held = group.held.max(Some(until));
    }
}

/// `DescribeNetworkInterfaces`: one interface for each group that is in use.
pub(super) fn describe_interfaces(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let place = world.place(call);
    let mut entries = Vec::new();
    for (id, group) in &place.ec2.groups {
        if !in_use(place, id, call.now) {
            continue;
        }
        let interface = id.replacen("sg-", "eni-", 1);
        let facets = |name: &str| {
            Some(vec![match name {
                "group-id" => id.clone(),
                "group-name" => group.name.clone(),
                "vpc-id" => group.vpc.clone(),
                "network-interface-id" => interface.clone(),
                "owner-id" => call.account.clone(),
                "requester-id" => "amazon-rds".to_owned(),
                "requester-managed" => "true".to_owned(),
                "description" => "RDSNetworkInterface".to_owned(),
                "interface-type" => "interface".to_owned(),
                "status" => "in-use".to_owned(),
                _ => return None,
            }])
        };
        if filters.match_all(&Tags::new(), &facets)? {
            entries.push((interface.clone(), show(&interface, id, place, call)));
        }
    }
    paged(call, "networkInterfaceSet", entries)
}

fn show(interface: &str, id: &str, place: &Place, call: &Call) -> Value {
    let group = &place.ec2.groups[id];
    let subnet = place
        .ec2
        .subnets
        .iter()
        .find(|(_, subnet)| subnet.vpc == group.vpc);
    json!({
        "networkInterfaceId": interface,
        "vpcId": group.vpc,
        "subnetId": subnet.map(|(id, _)| id),
        "availabilityZone": subnet.map(|(_, subnet)| &subnet.zone),
        "description": "RDSNetworkInterface",
        "ownerId": call.account,
        "requesterId": "amazon-rds",
        "requesterManaged": true,
        "status": "in-use",
        "interfaceType": "interface",
        "sourceDestCheck": true,
        "groupSet": [{ "groupId": id, "groupName": group.name }],
        "tagSet": [],
    })
}
