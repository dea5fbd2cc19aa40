//! The resource groups tagging service, and how the other services read tags and cut pages.

mod listing;
pub(crate) mod pages;
pub(crate) mod tags;
#[cfg(test)]
pub(crate) mod trial;

use crate::call::{Answer, Call};
use crate::world::World;

pub(crate) use tags::Tags;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "GetResources" => listing::get_resources(world, call),
        "GetTagKeys" => listing::get_tag_keys(world, call),
        _ => crate::world::unknown(call),
    }
}
