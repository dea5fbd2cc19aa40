//! Reads, compares, plans, approves and applies; generic over kinds, and blind to AWS.

mod changes;
mod drift;
mod fault;
mod live;
mod plan;
mod ports;
mod report;

pub use changes::{AttributeChange, Changes, ResourceChange, Verb, WaitingValue};
pub use drift::{Drift, DriftClass, DriftItem, Record};
pub use fault::{Fault, FaultKind};
pub use live::{Caller, Leftover, Live, Observation, Owner, Present, Readiness, Subnet};
pub use plan::{
    Circumstances, Commit, Cost, Follow, Gate, Operation, Plan, PlannedChange, Step, Timing,
    TotalCost, Unmanaged, Unread, Verdict, Waiting, When,
};
pub use ports::{
    Change, Checked, Clock, Create, Delete, Journal, JournalLine, Lease, Remote,
};
pub use report::{Ending, Event, OperationReport, Outcome, Progress, Report};
