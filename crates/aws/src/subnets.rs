//! The subnets of an environment: their zones, their VPC, and whether the internet reaches them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, RouteTable, Subnet as LiveSubnet};
use aws_sdk_rds::types::DbSubnetGroup;
use pgward_engine::{Fault, Subnet};
use pgward_model::{Desired, SubnetChoice};

use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::{Fleet, pages};

/// Subnets by id.
type Subnets = BTreeMap<String, Subnet>;

/// The subnets of each environment, in order; nothing where those that tags choose can't be read.
/// What DB subnet groups already tell is not read again.
pub(crate) async fn read(fleet: &Fleet<'_>) -> Vec<Option<Subnets>> {
    let tagged: Vec<_> = fleet
        .environments()
        .iter()
        .map(|desired| -> Boxed<'_, Option<Subnets>> { Box::pin(by_tags(fleet, desired)) })
        .collect();
    let (groups, tagged, tables) =
        tokio::join!(fleet.subnet_groups(), join_all(tagged), routes(fleet));
    let mut known: Subnets = groups
        .unwrap_or_default()
        .iter()
        .flat_map(of_group)
        .collect();
    let missing: BTreeSet<String> = fleet
        .environments()
        .iter()
        .flat_map(|desired| ids(desired))
        .filter(|id| !known.contains_key(*id))
        .map(str::to_owned)
        .collect();
    if !missing.is_empty() {
        match by_ids(fleet.aws, &missing).await {
            Ok(found) => known.extend(found),
            Err(fault) => fleet.gap("subnets", &fault),
        }
    }
    fleet
        .environments()
        .iter()
        .zip(tagged)
        .map(|(desired, subnets)| {
            let mut subnets = subnets?;
            let named = ids(desired).filter_map(|id| known.get_key_value(id));
            subnets.extend(named.map(|(id, subnet)| (id.clone(), subnet.clone())));
            for subnet in subnets.values_mut() {
                subnet.public = table_of(subnet, &tables).map(is_open);
            }
            Some(subnets)
        })
        .collect()
}

/// The ids that the spec names.
fn ids(desired: &Desired) -> impl Iterator<Item = &str> {
    let list = match &desired.foreign.subnets {
        Some(SubnetChoice::Ids(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().map(|(id, _)| id.as_str())
}

fn of_group(group: &DbSubnetGroup) -> Vec<(String, Subnet)> {
    group
        .subnets()
        .iter()
        .filter_map(|subnet| {
            let id = subnet.subnet_identifier()?.to_owned();
            let zone = subnet
                .subnet_availability_zone()
                .and_then(|zone| zone.name())?
                .to_owned();
            let vpc = group.vpc_id()?.to_owned();
            Some((
                id.clone(),
                Subnet {
                    id,
                    zone,
                    vpc,
                    public: None,
                },
            ))
        })
        .collect()
}

/// The subnets that tags choose, empty if the spec names them; nothing if they can't be read.
async fn by_tags(fleet: &Fleet<'_>, desired: &Desired) -> Option<Subnets> {
    let Some(SubnetChoice::Tags(tags, _)) = &desired.foreign.subnets else {
        return Some(Subnets::new());
    };
    let mut filters: Vec<Filter> = tags
        .iter()
        .map(|(key, value)| {
            Filter::builder()
                .name(format!("tag:{key}"))
                .values(value)
                .build()
        })
        .collect();
    if let Some((vpc, _)) = &desired.foreign.vpc {
        filters.push(Filter::builder().name("vpc-id").values(vpc).build());
    }
    match list(fleet.aws, filters).await {
        Ok(found) => Some(found.iter().filter_map(of_ec2).collect()),
        Err(fault) => {
            fleet.gap("subnets", &fault);
            None
        }
    }
}

/// The subnets of these ids that exist.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn by_ids(aws: &Aws, ids: &BTreeSet<String>) -> Result<Subnets, Fault> {
    let values = ids.iter().cloned().collect();
    let filter = Filter::builder()
        .name("subnet-id")
        .set_values(Some(values))
        .build();
    Ok(list(aws, vec![filter])
        .await?
        .iter()
        .filter_map(of_ec2)
        .collect())
}

/// All subnets of a VPC.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn of_vpc(aws: &Aws, vpc: &str) -> Result<Subnets, Fault> {
    let filter = Filter::builder().name("vpc-id").values(vpc).build();
    Ok(list(aws, vec![filter])
        .await?
        .iter()
        .filter_map(of_ec2)
        .collect())
}

async fn list(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<LiveSubnet>, Fault> {
    pages(
        aws,
        "ec2:DescribeSubnets",
        |token| {
            let call = aws.session().ec2().describe_subnets().max_results(1000);
            call.set_filters(Some(filters.clone()))
                .set_next_token(token)
                .send()
        },
        |output| (output.subnets.unwrap_or_default(), output.next_token),
    )
    .await
}

fn of_ec2(subnet: &LiveSubnet) -> Option<(String, Subnet)> {
    let id = subnet.subnet_id()?.to_owned();
    let zone = subnet.availability_zone().unwrap_or_default().to_owned();
    let vpc = subnet.vpc_id().unwrap_or_default().to_owned();
    Some((
        id.clone(),
        Subnet {
            id,
            zone,
            vpc,
            public: None,
        },
    ))
}

/// The route tables of the environments' VPCs, which tell whether the internet reaches a subnet;
/// none if they can't be read.
async fn routes(fleet: &Fleet<'_>) -> Vec<RouteTable> {
    let named = fleet.environments().iter();
    let vpcs: BTreeSet<String> = named
        .filter_map(|desired| desired.foreign.vpc.as_ref())
        .map(|(vpc, _)| vpc.clone())
        .collect();
    if vpcs.is_empty() {
        return Vec::new();
    }
    let aws = fleet.aws;
    let filter = Filter::builder()
        .name("vpc-id")
        .set_values(Some(vpcs.into_iter().collect()));
    let filter = filter.build();
    let tables = pages(
        aws,
        "ec2:DescribeRouteTables",
        |token| {
            let call = aws.session().ec2().describe_route_tables().max_results(100);
            call.filters(filter.clone()).set_next_token(token).send()
        },
        |output| (output.route_tables.unwrap_or_default(), output.next_token),
    )
    .await;
    tables.unwrap_or_else(|fault| {
        fleet.gap("whether the subnets are private", &fault);
        Vec::new()
    })
}

/// The route table of a subnet: its own, else the main one of its VPC.
fn table_of<'a>(subnet: &Subnet, tables: &'a [RouteTable]) -> Option<&'a RouteTable> {
    let own = tables.iter().find(|table| {
        table
            .associations()
            .iter()
            .any(|link| link.subnet_id() == Some(subnet.id.as_str()))
    });
    own.or_else(|| {
        tables.iter().find(|table| {
            table.vpc_id() == Some(subnet.vpc.as_str())
                && table
                    .associations()
                    .iter()
                    .any(|link| link.main() == Some(true))
        })
    })
}

fn is_open(table: &RouteTable) -> bool {
    table.routes().iter().any(|route| {
        route
            .gateway_id()
            .is_some_and(|gateway| gateway.starts_with("igw-"))
            && (route.destination_cidr_block() == Some("0.0.0.0/0")
                || route.destination_ipv6_cidr_block() == Some("::/0"))
    })
}
