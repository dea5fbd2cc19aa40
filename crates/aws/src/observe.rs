//! Reads several environments at once and hands out what belongs to each.

use std::collections::{BTreeMap, BTreeSet};

use pgward_engine::{Leftover, Live, Observation};
use pgward_kinds::instance::ENCRYPTION;
use pgward_model::Desired;

use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::kinds::{ADAPTERS, Found};
use crate::listing::Fleet;
use crate::{subnets, tags};

/// What exists of each environment, in order.
pub(crate) async fn observe(aws: &Aws, environments: &[&Desired]) -> Vec<Live> {
    for resource in environments
        .iter()
        .flat_map(|desired| desired.resources.values())
    {
        aws.remember(resource);
    }
    let fleet = Fleet::new(aws, environments);
    let reads = ADAPTERS
        .iter()
        .map(|adapter| -> Boxed<'_, Found> { adapter.observe(&fleet) })
        .collect();
    let (found, subnets) = tokio::join!(join_all(reads), subnets::read(&fleet));
    let keys = fleet.keys().await;
    let gaps = fleet.gaps();
    let taken = taken(&fleet);
    environments
        .iter()
        .zip(subnets)
        .map(|(desired, subnets)| {
            let keys = desired
                .resources
                .values()
                .filter_map(|resource| resource.attributes.text(ENCRYPTION.path))
                .filter_map(|written| Some((written, keys.get(written)?.as_ref().ok()?)))
                .map(|(written, arn)| (written.to_owned(), arn.clone()))
                .collect();
            Live {
                resources: resources(desired, &found),
                leftovers: leftovers(desired, &found, &taken),
                unread_subnets: subnets.is_none(),
                subnets: subnets.unwrap_or_default(),
                keys,
                not_checked: gaps.clone(),
            }
        })
        .collect()
}

/// The keys that declared resources take, by family of kinds.
fn taken(fleet: &Fleet<'_>) -> BTreeSet<(&'static str, String)> {
    ADAPTERS
        .iter()
        .flat_map(|adapter| {
            fleet
                .declared(adapter.kind())
                .into_iter()
                .map(|resource| (adapter.family(), adapter.key(resource)))
        })
        .collect()
}

fn resources(desired: &Desired, found: &[Found]) -> BTreeMap<pgward_model::Address, Observation> {
    desired
        .resources
        .iter()
        .filter_map(|(address, resource)| {
            let (adapter, found) = ADAPTERS
                .iter()
                .zip(found)
                .find(|(adapter, _)| adapter.kind() == resource.kind)?;
            Some((address.clone(), found.of(&adapter.key(resource))))
        })
        .collect()
}

/// What carries the environment's tags and no declared name.
fn leftovers(
    desired: &Desired,
    found: &[Found],
    taken: &BTreeSet<(&'static str, String)>,
) -> Vec<Leftover> {
    let mut all = Vec::new();
    for (adapter, found) in ADAPTERS.iter().zip(found) {
        for (key, observation) in &found.seen {
            let Some(present) = observation.as_present() else {
                continue;
            };
            let Some(owner) = &present.owner else {
                continue;
            };
            let of = &desired.environment;
            let ours = owner.is_of(&of.project, &of.name);
            if ours && !taken.contains(&(adapter.family(), key.clone())) {
                all.push(Leftover {
                    kind: adapter.kind().to_owned(),
                    address: tags::address(owner),
                    present: present.clone(),
                });
            }
        }
    }
    all
}
