//! Route tables: enough to tell private subnets from public ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::filters::{Filters, ids, paged};
use super::network::all_known;
use super::state::{RouteTable, refused};
use super::tags;
use crate::call::{Answer, Call};
use crate::world::World;

/// `DescribeRouteTables`.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call);
    let wanted = ids(call, "RouteTableId");
    let ec2 = &world.place(call).ec2;
    let known = |id: &str| ec2.route_tables.contains_key(id);
    all_known(
        &wanted,
        known,
        "InvalidRouteTableID.NotFound",
        "routeTable ID",
    )?;
    let mut entries = Vec::new();
    for (id, table) in &ec2.route_tables {
        let facets = |name: &str| facet(id, table, call, name);
        let named = wanted.is_empty() || wanted.contains(id);
        if named && filters.match_all(&table.tags, &facets)? {
            let inside = ec2.vpcs.get(&table.vpc).map_or("", |vpc| vpc.cidr.as_str());
            entries.push((id.clone(), show(id, table, inside, call)));
        }
    }
    paged(call, "routeTableSet", entries)
}

/// `CreateRouteTable`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let vpc = call.need("VpcId")?.to_owned();
    let tags = tags::given(call, "route-table")?;
    let Some(inside) = world
        .place(call)
        .ec2
        .vpcs
        .get(&vpc)
        .map(|vpc| vpc.cidr.clone())
    else {
        let text = format!("The vpc ID '{vpc}' does not exist");
        return Err(refused("InvalidVpcID.NotFound", text));
    };
    let id = world.id("rtb-");
    let table = RouteTable {
        vpc,
        main: false,
        subnets: BTreeMap::new(),
        routes: BTreeMap::new(),
        tags,
    };
    let shown = show(&id, &table, &inside, call);
    world.place(call).ec2.route_tables.insert(id, table);
    Ok(json!({ "routeTable": shown }))
}

/// `AssociateRouteTable` with a subnet, which leaves the table it had.
pub(super) fn associate(world: &mut World, call: &Call) -> Answer {
    let table = call.need("RouteTableId")?;
    let subnet = call.need("SubnetId")?;
    let association = world.id("rtbassoc-");
    let ec2 = &mut world.place(call).ec2;
    if !ec2.subnets.contains_key(subnet) {
        let text = format!("The subnet ID '{subnet}' does not exist");
        return Err(refused("InvalidSubnetID.NotFound", text));
    }
    if !ec2.route_tables.contains_key(table) {
        return Err(no_table(table));
    }
    for other in ec2.route_tables.values_mut() {
        other.subnets.retain(|_, held| held != subnet);
    }
    if let Some(table) = ec2.route_tables.get_mut(table) {
        table.subnets.insert(association.clone(), subnet.to_owned());
    }
    Ok(json!({ "associationId": association, "associationState": { "state": "associated" } }))
}

/// `CreateRoute` to a gateway of any kind, which is not looked up.
pub(super) fn add(world: &mut World, call: &Call) -> Answer {
    let destination = call.need("DestinationCidrBlock")?.to_owned();
    let gateway = [
        "GatewayId",
        "NatGatewayId",
        "TransitGatewayId",
        "VpcPeeringConnectionId",
    ]
    .iter()
    .find_map(|name| call.text(name))
    .ok_or_else(|| {
        refused(
            "MissingParameter",
            "The request must contain the parameter gatewayId",
        )
    })?;
    let id = call.need("RouteTableId")?;
    let table = world
        .place(call)
        .ec2
        .route_tables
        .get_mut(id)
        .ok_or_else(|| no_table(id))?;
    table.routes.insert(destination, gateway.to_owned());
    Ok(json!({ "return": true }))
}

fn no_table(id: &str) -> crate::call::Refusal {
    refused(
        "InvalidRouteTableID.NotFound",
        format!("The routeTable ID '{id}' does not exist"),
    )
}

fn facet(id: &str, table: &RouteTable, call: &Call, name: &str) -> Option<Vec<String>> {
    Some(match name {
        "route-table-id" | "association.route-table-id" => vec![id.to_owned()],
        "vpc-id" => vec![table.vpc.clone()],
        "owner-id" => vec![call.account.clone()],
        "association.main" => vec![table.main.to_string()],
        "association.subnet-id" => table.subnets.values().cloned().collect(),
        "route.destination-cidr-block" => table.routes.keys().cloned().collect(),
        "route.gateway-id" => table.routes.values().cloned().collect(),
        _ => return None,
    })
}

fn show(id: &str, table: &RouteTable, inside: &str, call: &Call) -> Value {
    let state = json!({ "state": "associated" });
    let mut associations: Vec<Value> = table
        .subnets
        .iter()
        .map(|(association, subnet)| {
            json!({
                "routeTableAssociationId": association,
                "routeTableId": id,
                "subnetId": subnet,
                "main": false,
                "associationState": state,
            })
        })
        .collect();
    if table.main {
        associations.push(json!({
            "routeTableAssociationId": format!("rtbassoc-{}", id.trim_start_matches("rtb-")),
            "routeTableId": id,
            "main": true,
            "associationState": state,
        }));
    }
    let mut routes = vec![json!({
        "destinationCidrBlock": inside,
        "gatewayId": "local",
        "state": "active",
        "origin": "CreateRouteTable",
    })];
    routes.extend(table.routes.iter().map(|(destination, gateway)| {
        let member = if gateway.starts_with("nat-") {
            "natGatewayId"
        } else if gateway.starts_with("tgw-") {
            "transitGatewayId"
        } else if gateway.starts_with("pcx-") {
            "vpcPeeringConnectionId"
        } else {
            "gatewayId"
        };
        json!({
            "destinationCidrBlock": destination,
            member: gateway,
            "state": "active",
            "origin": "CreateRoute",
        })
    }));
    json!({
        "routeTableId": id,
        "vpcId": table.vpc,
        "ownerId": call.account,
        "routeSet": routes,
        "associationSet": associations,
        "propagatingVgwSet": [],
        "tagSet": tags::show(&table.tags),
    })
}
