//! Networks, subnets, zones and prefix lists.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::filters::{Filters, ids, paged};
use super::provide;
use super::state::{PrefixList, Subnet, Vpc, refused};
use super::tags;
use crate::call::{Answer, Call, Refusal};
use crate::tagging::Tags;
use crate::world::World;

/// Letters of the zones in every region.
pub(super) const ZONES: [char; 3] = ['a', 'b', 'c'];

/// `DescribeVpcs`.
pub(super) fn describe_vpcs(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "VpcId");
    let vpcs = &world.place(call).ec2.vpcs;
    all_known(
        &wanted,
        |id| vpcs.contains_key(id),
        "InvalidVpcID.NotFound",
        "vpc ID",
    )?;
    let mut entries = Vec::new();
    for (id, vpc) in vpcs {
        let facets = |name: &str| vpc_facet(id, vpc, call, name);
        let named = wanted.is_empty() || wanted.contains(id);
        if named && filters.match_all(&vpc.tags, &facets)? {
            entries.push((id.clone(), show_vpc(id, vpc, call)));
        }
    }
    paged(call, "vpcSet", entries)
}

/// `CreateVpc`, with its default group and main route table.
pub(super) fn create_vpc(world: &mut World, call: &Call) -> Answer {
    let cidr = block(call)?;
    let tags = tags::given(call, "vpc")?;
    let id = world.id("vpc-");
    provide::make_vpc(world, call, &id, &cidr, tags);
    let vpc = &world.place(call).ec2.vpcs[&id];
    Ok(json!({ "vpc": show_vpc(&id, vpc, call) }))
}

/// `DescribeSubnets`.
pub(super) fn describe_subnets(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "SubnetId");
    let subnets = &world.place(call).ec2.subnets;
    all_known(
        &wanted,
        |id| subnets.contains_key(id),
        "InvalidSubnetID.NotFound",
        "subnet ID",
    )?;
    let mut entries = Vec::new();
    for (id, subnet) in subnets {
        let facets = |name: &str| subnet_facet(id, subnet, call, name);
        let named = wanted.is_empty() || wanted.contains(id);
        if named && filters.match_all(&subnet.tags, &facets)? {
            entries.push((id.clone(), show_subnet(id, subnet, call)));
        }
    }
    paged(call, "subnetSet", entries)
}

/// `CreateSubnet`, in the first zone unless one is named.
pub(super) fn create_subnet(world: &mut World, call: &Call) -> Answer {
    let cidr = block(call)?;
    let tags = tags::given(call, "subnet")?;
    let vpc = call.need("VpcId")?.to_owned();
    let zone = call
        .text("AvailabilityZone")
        .map_or_else(|| format!("{}{}", call.region, ZONES[0]), str::to_owned);
    if !zones(&call.region).contains(&zone) {
        let text = format!("Value ({zone}) for parameter availabilityZone is invalid.");
        return Err(refused("InvalidParameterValue", text));
    }
    let ec2 = &world.place(call).ec2;
    let around = ec2.vpcs.get(&vpc).ok_or_else(|| {
        refused(
            "InvalidVpcID.NotFound",
            format!("The vpc ID '{vpc}' does not exist"),
        )
    })?;
    let net = |text: &str| text.parse::<IpNet>().ok();
    let inside = net(&around.cidr)
        .zip(net(&cidr))
        .is_some_and(|(vpc, own)| vpc.contains(&own));
    if !inside {
        return Err(refused(
            "InvalidSubnet.Range",
            format!("The CIDR '{cidr}' is invalid."),
        ));
    }
    let overlaps = ec2
        .subnets
        .values()
        .filter(|other| other.vpc == vpc)
        .any(|other| {
            net(&other.cidr)
                .zip(net(&cidr))
                .is_some_and(|(other, own)| other.contains(&own) || own.contains(&other))
        });
    if overlaps {
        let text = format!("The CIDR '{cidr}' conflicts with another subnet");
        return Err(refused("InvalidSubnet.Conflict", text));
    }
    let id = world.id("subnet-");
    let subnet = Subnet {
        vpc,
        zone,
        cidr,
        tags,
    };
    let shown = show_subnet(&id, &subnet, call);
    world.place(call).ec2.subnets.insert(id, subnet);
    Ok(json!({ "subnet": shown }))
}

/// `DescribeAvailabilityZones`: three in every region.
pub(super) fn describe_zones(_world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "ZoneName");
    let known = zones(&call.region);
    all_known(
        &wanted,
        |zone| known.iter().any(|it| it == zone),
        "InvalidParameterValue",
        "zone",
    )?;
    let mut shown = Vec::new();
    for (number, zone) in (1..).zip(&known) {
        let zone_id = format!("{}-az{number}", short_region(&call.region));
        let facets = |name: &str| {
            Some(vec![match name {
                "zone-name" => zone.clone(),
                "zone-id" => zone_id.clone(),
                "state" => "available".to_owned(),
                "region-name" | "group-name" => call.region.clone(),
                "zone-type" => "availability-zone".to_owned(),
                "opt-in-status" => "opt-in-not-required".to_owned(),
                _ => return None,
            }])
        };
        let named = wanted.is_empty() || wanted.contains(zone);
        if named && filters.match_all(&Tags::new(), &facets)? {
            shown.push(json!({
                "zoneName": zone,
                "zoneState": "available",
                "regionName": call.region,
                "zoneId": zone_id,
                "groupName": call.region,
                "networkBorderGroup": call.region,
                "optInStatus": "opt-in-not-required",
                "zoneType": "availability-zone",
                "messageSet": [],
            }));
        }
    }
    Ok(json!({ "availabilityZoneInfo": shown }))
}

/// `DescribeManagedPrefixLists`.
pub(super) fn describe_prefix_lists(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "PrefixListId");
    let lists = &world.place(call).ec2.prefix_lists;
    all_known(
        &wanted,
        |id| lists.contains_key(id),
        "InvalidPrefixListID.NotFound",
        "prefix list ID",
    )?;
    let mut entries = Vec::new();
    for (id, list) in lists {
        let facets = |name: &str| {
            Some(vec![match name {
                "owner-id" => call.account.clone(),
                "prefix-list-id" => id.clone(),
                "prefix-list-name" => list.name.clone(),
                _ => return None,
            }])
        };
        let named = wanted.is_empty() || wanted.contains(id);
        if named && filters.match_all(&list.tags, &facets)? {
            entries.push((id.clone(), show_prefix_list(id, list, call)));
        }
    }
    paged(call, "prefixListSet", entries)
}

/// Names of the zones of a region.
pub(super) fn zones(region: &str) -> Vec<String> {
    ZONES
        .iter()
        .map(|letter| format!("{region}{letter}"))
        .collect()
}

/// Refuses a batch with an id that names nothing.
pub(super) fn all_known(
    wanted: &BTreeSet<String>,
    known: impl Fn(&str) -> bool,
    code: &str,
    what: &str,
) -> Result<(), Refusal> {
    match wanted.iter().find(|id| !known(id)) {
        None => Ok(()),
        Some(id) => Err(refused(code, format!("The {what} '{id}' does not exist"))),
    }
}

/// The block a network or subnet is made with.
fn block(call: &Call) -> Result<String, Refusal> {
    let text = call.need("CidrBlock")?;
    let net: Option<ipnet::Ipv4Net> = text.parse().ok();
    match net {
        Some(net) if (16..=28).contains(&net.prefix_len()) => Ok(net.trunc().to_string()),
        _ => {
            let text = format!("Value ({text}) for parameter cidrBlock is invalid.");
            Err(refused("InvalidParameterValue", text))
        }
    }
}

fn vpc_facet(id: &str, vpc: &Vpc, call: &Call, name: &str) -> Option<Vec<String>> {
    Some(vec![match name {
        "vpc-id" => id.to_owned(),
        "cidr" | "cidr-block-association.cidr-block" => vpc.cidr.clone(),
        "state" => "available".to_owned(),
        "owner-id" => call.account.clone(),
        "is-default" | "isDefault" => "false".to_owned(),
        _ => return None,
    }])
}

fn show_vpc(id: &str, vpc: &Vpc, call: &Call) -> Value {
    json!({
        "vpcId": id,
        "ownerId": call.account,
        "state": "available",
        "cidrBlock": vpc.cidr,
        "cidrBlockAssociationSet": [{
            "cidrBlock": vpc.cidr,
            "associationId": format!("vpc-cidr-assoc-{}", id.trim_start_matches("vpc-")),
            "cidrBlockState": { "state": "associated" },
        }],
        "dhcpOptionsId": "default",
        "instanceTenancy": "default",
        "isDefault": false,
        "tagSet": tags::show(&vpc.tags),
    })
}

fn subnet_facet(id: &str, subnet: &Subnet, call: &Call, name: &str) -> Option<Vec<String>> {
    Some(vec![match name {
        "subnet-id" => id.to_owned(),
        "vpc-id" => subnet.vpc.clone(),
        "availability-zone" | "availabilityZone" => subnet.zone.clone(),
        "availability-zone-id" | "availabilityZoneId" => zone_id(&call.region, &subnet.zone),
        "cidr-block" | "cidr" | "cidrBlock" => subnet.cidr.clone(),
        "state" => "available".to_owned(),
        "owner-id" => call.account.clone(),
        "default-for-az" | "map-public-ip-on-launch" => "false".to_owned(),
        _ => return None,
    }])
}

fn show_subnet(id: &str, subnet: &Subnet, call: &Call) -> Value {
    let bits = subnet
        .cidr
        .parse::<IpNet>()
        .map_or(0, |net| net.max_prefix_len() - net.prefix_len());
    // AWS keeps five addresses of each subnet.
    let free = (1_u64 << bits.min(32)).saturating_sub(5);
    json!({
        "subnetId": id,
        "subnetArn": call.arn("ec2", &format!("subnet/{id}")),
        "state": "available",
        "ownerId": call.account,
        "vpcId": subnet.vpc,
        "cidrBlock": subnet.cidr,
        "ipv6CidrBlockAssociationSet": [],
        "availableIpAddressCount": free,
        "availabilityZone": subnet.zone,
        "availabilityZoneId": zone_id(&call.region, &subnet.zone),
        "defaultForAz": false,
        "mapPublicIpOnLaunch": false,
        "assignIpv6AddressOnCreation": false,
        "mapCustomerOwnedIpOnLaunch": false,
        "ipv6Native": false,
        "tagSet": tags::show(&subnet.tags),
    })
}

fn show_prefix_list(id: &str, list: &PrefixList, call: &Call) -> Value {
    json!({
        "prefixListId": id,
        "prefixListName": list.name,
        "prefixListArn": call.arn("ec2", &format!("prefix-list/{id}")),
        "addressFamily": "IPv4",
        "state": "create-complete",
        "maxEntries": 10,
        "version": 1,
        "ownerId": call.account,
        "tagSet": tags::show(&list.tags),
    })
}

/// Id of a zone, such as `euc1-az2`.
fn zone_id(region: &str, zone: &str) -> String {
    let number = zone.chars().last().map_or(0, |letter| {
        ZONES
            .iter()
            .position(|known| *known == letter)
            .map_or(0, |at| at + 1)
    });
    format!("{}-az{number}", short_region(region))
}

/// A region in short, as ids of zones have it: `eu-central-1` is `euc1`.
fn short_region(region: &str) -> String {
    let compass = BTreeMap::from([
        ("north", "n"),
        ("northeast", "ne"),
        ("east", "e"),
        ("southeast", "se"),
        ("south", "s"),
        ("southwest", "sw"),
        ("west", "w"),
        ("northwest", "nw"),
        ("central", "c"),
    ]);
    region
        .split('-')
        .map(|part| compass.get(part).copied().unwrap_or(part))
        .collect()
}
