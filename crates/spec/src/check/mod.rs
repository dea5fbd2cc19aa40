//! Checks of what is written, one file per range of codes.

pub(crate) mod facts;
pub(crate) mod missing;
pub(crate) mod references;
mod replicas;
pub(crate) mod safety;
pub(crate) mod storage;
pub(crate) mod waivers;
