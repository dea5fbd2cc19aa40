//! P501: the subnets exist, lie in one VPC, and in two zones at least.

use std::collections::{BTreeMap, BTreeSet};

use pgward_engine::Subnet;
use pgward_kinds::{instance, proxy, subnet_group::SUBNETS};
use pgward_model::{Diagnostic, Origin, SubnetChoice, Value};

use super::{Case, Part};
use crate::subnets;

/// A subnet that the spec names, and where.
type Named<'a> = (&'a str, &'a Origin);

pub(super) async fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    if moves(case, &mut part) {
        return part;
    }
    let sent = case
        .work("subnet_group")
        .iter()
        .any(|work| work.sends(&SUBNETS))
        || case
            .work("proxy")
            .iter()
            .any(|work| work.sends(&proxy::SUBNETS));
    if !sent {
        return part;
    }
    match &case.desired.foreign.subnets {
        Some(SubnetChoice::Ids(list)) => {
            let named = list
                .iter()
                .map(|(id, origin)| (id.as_str(), origin))
                .collect::<Vec<_>>();
            by_ids(case, &named, &mut part).await;
        }
        Some(SubnetChoice::Tags(_, origin)) => by_tags(case, origin, &mut part),
        None => {}
    }
    open_to_the_internet(case, &mut part);
    part
}

/// Whether a running database would have to move: its groups lie in the VPC it was made in, and RDS
/// takes it to another one only with another subnet group, in an outage of its own.
fn moves(case: &Case<'_>, part: &mut Part) -> bool {
    let Some((wanted, origin)) = case.desired.foreign.vpc.as_ref() else {
        return false;
    };
    let runs = case.desired.resources.values().any(|resource| {
        resource.kind == "instance" && case.live.present(&resource.address).is_some()
    });
    let kinds = ["subnet_group", "security_group"];
    let declared = case
        .desired
        .resources
        .values()
        .filter(|resource| kinds.contains(&resource.kind.as_str()))
        .filter_map(|resource| case.live.present(&resource.address));
    let leftovers = case
        .live
        .leftovers
        .iter()
        .filter(|leftover| kinds.contains(&leftover.kind.as_str()))
        .map(|leftover| &leftover.present);
    let elsewhere = declared.chain(leftovers).find_map(|present| {
        let vpc = present.outputs.get("vpc").and_then(Value::as_text)?;
        (vpc != wanted).then(|| (present.name.clone(), vpc.to_owned()))
    });
    let Some((name, vpc)) = elsewhere.filter(|_| runs) else {
        return false;
    };
    let message = format!("the database runs in {vpc}, with {name}; it is not moved to {wanted}");
    part.find(
        case,
        Diagnostic::error("P501", message)
            .at(origin, "another VPC than it was made in")
            .help(format!(
                "vpc = \"{vpc}\"; to move, make a new environment in {wanted} and restore a snapshot there"
            ))
            .about("network.vpc"),
    );
    true
}

/// Subnets that the internet reaches, unless the database is meant to be public.
fn open_to_the_internet(case: &Case<'_>, part: &mut Part) {
    let mut resources = case.desired.resources.values();
    if resources.any(|one| one.attributes.bool(instance::PUBLIC.path) == Some(true)) {
        return;
    }
    let open: Vec<&str> = case
        .live
        .subnets
        .values()
        .filter(|subnet| subnet.public == Some(true))
        .map(|subnet| subnet.id.as_str())
        .collect();
    let place = match &case.desired.foreign.subnets {
        Some(SubnetChoice::Ids(list)) => list
            .iter()
            .find(|(id, _)| open.contains(&id.as_str()))
            .map(|(_, origin)| origin),
        Some(SubnetChoice::Tags(_, origin)) => Some(origin),
        None => None,
    };
    if open.is_empty() {
        return;
    }
    let (noun, verb) = match open.len() {
        1 => ("subnet", "is"),
        _ => ("subnets", "are"),
    };
    let list = open.join(", ");
    let message = format!("{noun} {list} {verb} public: a route leads to an internet gateway");
    let diagnostic = Diagnostic::warning("P501", message)
        .at_some(place, "")
        .about("network.subnets")
        .help("take private subnets, so that no other setting stands between it and the internet");
    part.find(case, diagnostic);
}

async fn by_ids(case: &Case<'_>, named: &[Named<'_>], part: &mut Part) {
    let ids: BTreeSet<String> = named.iter().map(|(id, _)| (*id).to_owned()).collect();
    let mut known = case.live.subnets.clone();
    if ids.iter().any(|id| !known.contains_key(id)) {
        match subnets::by_ids(case.aws, &ids).await {
            Ok(found) => known.extend(found),
            Err(fault) => {
                part.gap("subnets", &fault);
                return;
            }
        }
    }
    for (id, origin) in named {
        if !known.contains_key(*id) {
            let message = format!("subnet {id} does not exist in {}", case.region());
            part.find(
                case,
                Diagnostic::error("P501", message)
                    .at(origin, "")
                    .about("network.subnets"),
            );
        }
    }
    let found: Vec<(&Subnet, &Origin)> = named
        .iter()
        .filter_map(|(id, origin)| Some((known.get(*id)?, *origin)))
        .collect();
    if found.len() == named.len() && !other_vpc(case, &found, part) {
        one_zone(case, &found, part).await;
    }
}

/// Whether a subnet is in another VPC than the environment.
fn other_vpc(case: &Case<'_>, found: &[(&Subnet, &Origin)], part: &mut Part) -> bool {
    let wanted = case.desired.foreign.vpc.as_ref();
    let expected = wanted
        .map(|(vpc, _)| vpc)
        .or(found.first().map(|(subnet, _)| &subnet.vpc));
    let Some(expected) = expected else {
        return false;
    };
    let Some((subnet, origin)) = found.iter().find(|(subnet, _)| subnet.vpc != *expected) else {
        return false;
    };
    let message = format!(
        "subnet {} is in {}; a DB subnet group lies in one VPC, and this one in {expected}",
        subnet.id, subnet.vpc
    );
    let diagnostic = Diagnostic::error("P501", message)
        .at(origin, subnet.vpc.as_str())
        .also_some(
            wanted.map(|(_, origin)| origin),
            "the VPC of the environment",
        )
        .about("network.subnets");
    part.find(case, diagnostic);
    true
}

async fn one_zone(case: &Case<'_>, found: &[(&Subnet, &Origin)], part: &mut Part) {
    let zones: BTreeSet<&str> = found
        .iter()
        .map(|(subnet, _)| subnet.zone.as_str())
        .collect();
    let (Some((last, origin)), 1) = (found.last(), zones.len()) else {
        return;
    };
    let zone = &last.zone;
    let (what, all) = match found.len() {
        1 => ("the only subnet is".to_owned(), ""),
        2 => ("both subnets are".to_owned(), ", both"),
        count => (format!("all {count} subnets are"), ", all of them"),
    };
    let message = format!("{what} in {zone}; a DB subnet group needs two zones");
    let mut diagnostic = Diagnostic::error("P501", message)
        .at(origin, format!("{zone}{all}"))
        .about("network.subnets");
    for (_, origin) in &found[..found.len() - 1] {
        diagnostic = diagnostic.also(origin, "");
    }
    if let Ok(all) = subnets::of_vpc(case.aws, &last.vpc).await
        && let Some(help) = others(&all, zone)
    {
        diagnostic = diagnostic.help(help);
    }
    part.find(case, diagnostic);
}

/// One subnet of each other zone, as a suggestion.
fn others(all: &BTreeMap<String, Subnet>, zone: &str) -> Option<String> {
    let mut by_zone: BTreeMap<&str, &str> = BTreeMap::new();
    for subnet in all.values().filter(|subnet| subnet.zone != zone) {
        by_zone.entry(&subnet.zone).or_insert(&subnet.id);
    }
    let list: Vec<String> = by_zone
        .iter()
        .map(|(zone, id)| format!("{id} ({zone})"))
        .collect();
    (!list.is_empty()).then(|| {
        format!(
            "take one of the other zones, same VPC, private: {}",
            list.join(", ")
        )
    })
}

fn by_tags(case: &Case<'_>, origin: &Origin, part: &mut Part) {
    if case.live.unread_subnets {
        return;
    }
    let zones: BTreeSet<&str> = case
        .live
        .subnets
        .values()
        .map(|subnet| subnet.zone.as_str())
        .collect();
    let message = match (case.live.subnets.len(), zones.len()) {
        (0, _) => format!("no subnet in {} carries these tags", case.region()),
        (count, 1) => {
            let zone = zones.first().copied().unwrap_or_default();
            format!(
                "all {count} subnets with these tags are in {zone}; a DB subnet group needs two zones"
            )
        }
        _ => return,
    };
    part.find(
        case,
        Diagnostic::error("P501", message)
            .at(origin, "")
            .about("network.subnets"),
    );
}
