//! The adapters against the sandbox, through the real SDK.

mod budget;
mod check;
mod faults;
mod round_trip;
mod trail;
mod world;
