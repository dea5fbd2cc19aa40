//! AWS inside the process: the services pgward uses, at the level of bytes on the wire, on virtual time.
//!
//! A [`Sandbox`] sits under the real AWS SDK as its HTTP client, or on 127.0.0.1 for other programs. It
//! plays lifecycles, waiting changes, paging, refusals and faults, gives the same bytes for the same
//! seed and calls, and is saved as one JSON text.

mod call;
mod clock;
mod cloudtrail;
mod cloudwatch;
mod connector;
mod ec2;
mod fault;
mod iam;
mod kms;
mod listen;
mod moment;
mod protocol;
mod provide;
mod rds;
mod sandbox;
mod secretsmanager;
mod servicequotas;
mod sns;
mod sts;
mod tagging;
mod wire;
mod world;

pub use clock::Clock;
pub use connector::Connector;
pub use fault::{Fault, FaultKind, Faults};
pub use listen::{Listen, Reach, listen};
pub use provide::Foreign;
pub use sandbox::{CallRecord, Sandbox};
pub use wire::{Break, WireReply, WireRequest};
pub use world::WorldError;
