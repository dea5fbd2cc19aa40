//! Reads, compares, plans, approves and applies; generic over kinds, and blind to AWS.

mod adoption;
mod apply;
mod approve;
mod changes;
mod compare;
mod diff;
mod drift;
mod effect;
mod fault;
mod live;
mod plan;
mod planner;
mod ports;
mod proof;
mod record;
mod report;
mod selection;
mod since;
mod stale;
mod window;

pub use adoption::adoption;
pub use apply::{ApplyOptions, Ports, Stop, apply};
pub use approve::{ApprovedPlan, approve};
pub use changes::{AttributeChange, Changes, ResourceChange, Verb, WaitingValue};
pub use diff::{diff, teardown};
pub use drift::{Drift, DriftClass, DriftItem, Record, declared_values, drift};
pub use fault::{Fault, FaultKind};
pub use live::{Caller, Discovery, Leftover, Live, Observation, Owner, Present, Readiness, Subnet};
pub use plan::{
    Adoption, Circumstances, Commit, Cost, Follow, Gate, Operation, Plan, PlannedChange, Step,
    Timing, TotalCost, Unmanaged, Unread, Verdict, Waiting, When,
};
pub use planner::{NO_PRICES, plan};
pub use ports::{
    Adopt, Change, Checked, Clock, Create, Delete, Journal, JournalLine, Lease, Remote, Snapshot,
};
pub use proof::unforeseen;
pub use record::applied;
pub use report::{Ending, Event, OperationReport, Outcome, Progress, Report};
pub use selection::selectable;
pub use since::{Requested, makes_data, requests, tell_lost, tell_since};
pub use stale::{Moved, renew};
pub use window::next_window;
