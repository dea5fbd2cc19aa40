//! DB subnet groups.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::state::{Instance, SubnetGroup};
use super::{Filters, page, tags};
use crate::call::{Answer, Call, Refusal};
use crate::ec2;
use crate::world::{Place, World};

/// How many subnets a group may have.
const MOST: usize = 20;

pub(crate) fn not_found(name: &str) -> Refusal {
    Refusal::new(
        404,
        "DBSubnetGroupNotFoundFault",
        format!("DB subnet group '{name}' does not exist."),
    )
}

fn name(call: &Call) -> Result<String, Refusal> {
    let text = call.need("DBSubnetGroupName")?;
    let good = text.len() <= 255
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._- ".contains(letter))
        && !text.eq_ignore_ascii_case("default");
    if good {
        return Ok(text.to_lowercase());
    }
    Err(Refusal::value(
        "The parameter DBSubnetGroupName must contain not more than 255 alphanumeric characters, periods, underscores, spaces, or hyphens, and must not be \"default\"",
    ))
}

/// Looks the subnets up and checks that a group may have them: VPC, and zone of each.
fn subnets(place: &Place, ids: &[String]) -> Result<(String, BTreeMap<String, String>), Refusal> {
    let mut zones = BTreeMap::new();
    let mut vpcs = BTreeSet::new();
    for id in ids {
        let Some(facts) = ec2::find_subnet(place, id) else {
            let text = format!("The subnet ID '{id}' does not exist");
            return Err(Refusal::new(400, "InvalidSubnet", text));
        };
        vpcs.insert(facts.vpc);
        if zones.insert(id.clone(), facts.zone).is_some() {
            return Err(Refusal::value(format!("The subnet {id} is listed twice")));
        }
    }
    if ids.len() > MOST {
        return Err(Refusal::new(
            400,
            "DBSubnetQuotaExceededFault",
            format!("A DB subnet group can have at most {MOST} subnets"),
        ));
    }
    if vpcs.len() > 1 {
        return Err(Refusal::new(
            400,
            "InvalidSubnet",
            "The subnets must be in the same VPC",
        ));
    }
    let distinct: BTreeSet<&String> = zones.values().collect();
    if distinct.len() < 2 {
        return Err(Refusal::new(
            400,
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: fewer than 2. Add subnets to cover at least 2 AZs.",
        ));
    }
    let vpc = vpcs.pop_first().expect("there are two subnets at least");
    Ok((vpc, zones))
}

/// `CreateDBSubnetGroup`.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let name = name(call)?;
    let description = call.need("DBSubnetGroupDescription")?.to_owned();
    let tags = tags::of(call)?;
    let place = world.place(call);
    if place.rds.subnet_groups.contains_key(&name) {
        return Err(Refusal::new(
            400,
            "DBSubnetGroupAlreadyExists",
            format!("The DB subnet group '{name}' already exists."),
        ));
    }
    let (vpc, subnets) = subnets(place, &call.texts("SubnetIds"))?;
    let group = SubnetGroup {
        name: name.clone(),
        description,
        vpc,
        subnets,
        tags,
    };
    let shown = show(&group, call);
    place.rds.subnet_groups.insert(name, group);
    Ok(json!({ "DBSubnetGroup": shown }))
}

/// `DescribeDBSubnetGroups`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    Filters::of(call, &[])?;
    let rds = &world.place(call).rds;
    let wish = call.text("DBSubnetGroupName").map(str::to_lowercase);
    if let Some(wish) = &wish
        && !rds.subnet_groups.contains_key(wish)
    {
        return Err(not_found(wish));
    }
    let entries = rds
        .subnet_groups
        .iter()
        .filter(|(name, _)| wish.as_ref().is_none_or(|wish| wish == *name))
        .map(|(name, group)| (name.clone(), show(group, call)))
        .collect();
    page::page(call, "DBSubnetGroups", entries)
}

/// A group as AWS shows it.
pub(crate) fn show(group: &SubnetGroup, call: &Call) -> Value {
    let subnets: Vec<Value> = group
        .subnets
        .iter()
        .map(|(id, zone)| {
            json!({
                "SubnetIdentifier": id,
                "SubnetAvailabilityZone": { "Name": zone },
                "SubnetOutpost": {},
                "SubnetStatus": "Active",
            })
        })
        .collect();
    json!({
        "DBSubnetGroupName": group.name,
        "DBSubnetGroupDescription": group.description,
        "VpcId": group.vpc,
        "SubnetGroupStatus": "Complete",
        "Subnets": subnets,
        "DBSubnetGroupArn": call.arn("rds", &format!("subgrp:{}", group.name)),
        "SupportedNetworkTypes": ["IPV4"],
    })
}

/// `ModifyDBSubnetGroup`, which replaces the list of subnets.
pub(crate) fn modify(world: &mut World, call: &Call) -> Answer {
    let name = call.need("DBSubnetGroupName")?.to_lowercase();
    let place = world.place(call);
    let Some(group) = place.rds.subnet_groups.get(&name) else {
        return Err(not_found(&name));
    };
    let ids = call.texts("SubnetIds");
    if ids.is_empty() {
        return Err(Refusal::new(
            400,
            "MissingParameter",
            "The request must contain the parameter SubnetIds",
        ));
    }
    let (vpc, subnets) = subnets(place, &ids)?;
    let users: Vec<_> = place
        .rds
        .instances
        .values()
        .filter(|instance| instance.subnet_group == name)
        .collect();
    if vpc != group.vpc && !users.is_empty() {
        return Err(Refusal::new(
            400,
            "InvalidParameterValue",
            "The new Subnets are not in the same Vpc as the existing subnet group",
        ));
    }
    let seats: Vec<(String, BTreeSet<String>)> = users
        .iter()
        .map(|user| (user.identifier.clone(), seats(user, group)))
        .collect();
    let mut taken = seats.iter().flat_map(|(_, seats)| seats);
    if let Some(subnet) = taken.find(|seat| !subnets.contains_key(*seat)) {
        return Err(Refusal::new(
            400,
            "SubnetAlreadyInUse",
            format!("The DB subnet {subnet} is already in use in the Availability Zone."),
        ));
    }
    for (identifier, seats) in seats {
        if let Some(user) = place.rds.instances.get_mut(&identifier) {
            user.subnets = seats;
        }
    }
    let group = place
        .rds
        .subnet_groups
        .get_mut(&name)
        .expect("it was found before");
    group.vpc = vpc;
    group.subnets = subnets;
    if let Some(description) = call.text("DBSubnetGroupDescription") {
        description.clone_into(&mut group.description);
    }
    Ok(json!({ "DBSubnetGroup": show(group, call) }))
}

/// The subnets in which an instance has its addresses: one in each of its zones.
fn seats(instance: &Instance, group: &SubnetGroup) -> BTreeSet<String> {
    let zones = [Some(&instance.zone), instance.secondary_zone.as_ref()];
    let of_zone = |zone: &String| {
        let mut all = group.subnets.iter().filter(|(_, other)| *other == zone);
        let known = all.clone().find(|(id, _)| instance.subnets.contains(*id));
        known.or_else(|| all.next()).map(|(id, _)| id.clone())
    };
    zones.into_iter().flatten().filter_map(of_zone).collect()
}

/// `DeleteDBSubnetGroup`.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.need("DBSubnetGroupName")?.to_lowercase();
    let rds = &mut world.place(call).rds;
    if !rds.subnet_groups.contains_key(&name) {
        return Err(not_found(&name));
    }
    if let Some(user) = rds
        .instances
        .values()
        .find(|instance| instance.subnet_group == name)
    {
        return Err(Refusal::new(
            400,
            "InvalidDBSubnetGroupStateFault",
            format!(
                "Cannot delete the subnet group '{name}' because at least one database instance: {} is still using it.",
                user.identifier
            ),
        ));
    }
    rds.subnet_groups.remove(&name);
    Ok(json!({}))
}
