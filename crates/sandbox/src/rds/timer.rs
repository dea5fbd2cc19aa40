//! What happens later, and time passing in order.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{backup, maintenance, stage};
use crate::rds::Rds;
use crate::world::World;

/// Something due at a moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Timer {
    #[serde(with = "crate::moment")]
    pub at: Timestamp,
    /// Orders timers of the same moment.
    pub number: u64,
    pub deed: Deed,
}

/// What a timer does. Instances are named by resource id, which survives a rename.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// The present stage of an instance ends.
    Stage(String),
    /// The storage of an instance is optimized.
    Optimized(String),
    /// The maintenance window of an instance opens.
    Window(String),
    /// The daily backup of an instance is taken.
    Backup(String),
    /// A dynamic parameter change has reached an instance.
    ParametersApplied(String),
    /// New security groups of an instance work.
    GroupsActive(String),
    /// A stopped instance starts by itself.
    Restart(String),
    /// A snapshot is complete.
    SnapshotDone(String),
    /// A proxy is done with what it does, and is then available.
    ProxyReady(String),
    /// A proxy is gone.
    ProxyGone(String),
    /// The parameter group of a deleted instance is free.
    Release(String),
}

impl Rds {
    /// Sets a timer.
    pub(crate) fn later(&mut self, now: Timestamp, seconds: i64, deed: Deed) {
        self.at(now + SignedDuration::from_secs(seconds), deed);
    }

    /// Sets a timer for a moment.
    pub(crate) fn at(&mut self, at: Timestamp, deed: Deed) {
        self.next_timer += 1;
        self.timers.push(Timer {
            at,
            number: self.next_timer,
            deed,
        });
    }
}

/// Where a timer went off.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub account: String,
    pub region: String,
    pub now: Timestamp,
}

impl Spot {
    /// The database service there.
    pub(crate) fn rds<'a>(&self, world: &'a mut World) -> &'a mut Rds {
        &mut world.place_at(&self.account, &self.region).rds
    }

    /// ARN of a resource there.
    pub(crate) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:rds:{}:{}:{resource}", self.region, self.account)
    }
}

/// Lets everything happen that is due until `until`, in order of time.
pub(crate) fn settle(world: &mut World, until: Timestamp) {
    while let Some((spot, number)) = next(world, until) {
        let rds = spot.rds(world);
        let position = rds
            .timers
            .iter()
            .position(|timer| timer.number == number)
            .expect("the timer was found in this place");
        let timer = rds.timers.swap_remove(position);
        world.now = timer.at;
        perform(world, &spot, &timer.deed);
    }
}

fn next(world: &World, until: Timestamp) -> Option<(Spot, u64)> {
    let places = world.places.iter().flat_map(|(account, regions)| {
        regions
            .iter()
            .map(move |(region, place)| (account, region, place))
    });
    places
        .flat_map(|(account, region, place)| {
            place
                .rds
                .timers
                .iter()
                .map(move |timer| (timer.at, account, region, timer.number))
        })
        .filter(|(at, ..)| *at <= until)
        .min()
        .map(|(now, account, region, number)| {
            (
                Spot {
                    account: account.clone(),
                    region: region.clone(),
                    now,
                },
                number,
            )
        })
}

fn perform(world: &mut World, spot: &Spot, deed: &Deed) {
    let now = spot.now;
    match deed {
        Deed::Stage(instance) => stage::end(world, spot, instance),
        Deed::Optimized(instance) => stage::optimized(spot.rds(world), spot, instance),
        Deed::Window(instance) => maintenance::window_opens(spot.rds(world), spot, instance),
        Deed::Backup(instance) => backup::daily(spot.rds(world), spot, instance),
        Deed::ParametersApplied(instance) => {
            if let Some(instance) = spot.rds(world).by_resource(instance)
                && instance.parameter_status == "applying"
            {
                "in-sync".clone_into(&mut instance.parameter_status);
            }
        }
        Deed::GroupsActive(instance) => {
            if let Some(instance) = spot.rds(world).by_resource(instance) {
                for status in instance.security_groups.values_mut() {
                    "active".clone_into(status);
                }
            }
        }
        Deed::Restart(instance) => stage::start_stopped(spot.rds(world), spot, instance),
        Deed::SnapshotDone(snapshot) => {
            if let Some(snapshot) = spot.rds(world).snapshots.get_mut(snapshot) {
                "available".clone_into(&mut snapshot.status);
            }
        }
        Deed::ProxyReady(id) => {
            let rds = spot.rds(world);
            if let Some(proxy) = rds.proxies.values_mut().find(|proxy| &proxy.id == id)
                && proxy.status != "deleting"
            {
                "available".clone_into(&mut proxy.status);
                proxy.updated_at = now;
            }
        }
        Deed::ProxyGone(id) => {
            let rds = spot.rds(world);
            rds.proxies.retain(|_, proxy| &proxy.id != id);
        }
        Deed::Release(group) => {
            let releasing = &mut spot.rds(world).releasing;
            if let Some(position) = releasing.iter().position(|other| other == group) {
                releasing.remove(position);
            }
        }
    }
}
