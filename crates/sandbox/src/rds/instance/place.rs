//! Where an instance is: subnet group, zone, security groups, endpoint name.

use std::collections::BTreeMap;

use crate::call::{Call, Refusal};
use crate::ec2;
use crate::rds::state::SubnetGroup;
use crate::rds::subnet_group;
use crate::world::{Place, World};

/// Network and zones of an instance.
pub(crate) struct Site {
    pub subnet_group: String,
    pub vpc: String,
    pub zone: String,
    pub secondary_zone: Option<String>,
}

/// Finds the place of a new instance.
///
/// # Errors
/// The subnet group does not exist, or has no subnet in the wanted zone.
pub(crate) fn choose(
    world: &mut World,
    call: &Call,
    group: &str,
    multi_az: bool,
) -> Result<Site, Refusal> {
    let name = group.to_lowercase();
    let group = world
        .place(call)
        .rds
        .subnet_groups
        .get(&name)
        .cloned()
        .ok_or_else(|| subnet_group::not_found(&name))?;
    let wish = call.text("AvailabilityZone");
    if wish.is_some() && multi_az {
        return Err(Refusal::combination(
            "Requesting a specific availability zone is not valid for Multi-AZ instances.",
        ));
    }
    let zones = zones(&group);
    let zone = match wish {
        Some(wish) if zones.iter().any(|zone| zone == wish) => wish.to_owned(),
        Some(wish) => {
            return Err(Refusal::new(
                400,
                "InvalidVPCNetworkStateFault",
                format!("The DB subnet group {name} has no subnet in the zone {wish}."),
            ));
        }
        None => {
            let count = zones.len();
            zones[world.random("zone").usize(0..count)].clone()
        }
    };
    let secondary_zone = multi_az.then(|| {
        let other = zones.iter().find(|other| **other != zone);
        other
            .cloned()
            .unwrap_or_else(|| other_zone(&call.region, &zone))
    });
    Ok(Site {
        subnet_group: name,
        vpc: group.vpc,
        zone,
        secondary_zone,
    })
}

fn zones(group: &SubnetGroup) -> Vec<String> {
    let mut zones: Vec<String> = group.subnets.values().cloned().collect();
    zones.sort();
    zones.dedup();
    zones
}

/// A zone of the region that is not the one given.
pub(crate) fn other_zone(region: &str, zone: &str) -> String {
    let first = format!("{region}a");
    if zone == first {
        format!("{region}b")
    } else {
        first
    }
}

/// The security groups of a call, or the default group of the VPC.
///
/// # Errors
/// One does not exist.
pub(crate) fn security_groups(
    place: &Place,
    ids: &[String],
    vpc: &str,
    status: &str,
) -> Result<BTreeMap<String, String>, Refusal> {
    if let Some(missing) = ids.iter().find(|id| !ec2::security_group_exists(place, id)) {
        return Err(Refusal::value(format!(
            "Invalid security group , groupId= {missing}, groupName=."
        )));
    }
    let default = || {
        let groups = place.ec2.groups.iter();
        let mut default = groups.filter(|(_, group)| group.vpc == vpc && group.name == "default");
        default.next().map(|(id, _)| id.clone())
    };
    let ids = if ids.is_empty() {
        default().into_iter().collect()
    } else {
        ids.to_vec()
    };
    Ok(ids.into_iter().map(|id| (id, status.to_owned())).collect())
}

/// The account's part of endpoint names in a region, made up once.
pub(crate) fn host(world: &mut World, call: &Call) -> String {
    if let Some(host) = &world.place(call).rds.host {
        return host.clone();
    }
    let series = format!("host/{}/{}", call.account, call.region);
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    let host = format!("c{}", world.characters(&series, letters, 11));
    world.place(call).rds.host = Some(host.clone());
    host
}
