//! The stage: a simulated world, environments in it, and everything that a run sends and writes.

mod given;
mod play;
mod wire;
mod written;

pub use given::Given;
pub use play::{Applied, Planned, Stage, Wish};
pub use wire::{Recorder, Sent, print_calls};
pub use written::Written;
