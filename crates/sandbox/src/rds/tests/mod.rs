//! The database service as a client on the wire sees it.

mod desk;
mod groups;
mod lifecycle;
mod modify;
mod refusals;
