//! The adapters against the sandbox, through the real SDK.

mod budget;
mod check;
mod emulator;
mod faults;
mod round_trip;
mod world;
