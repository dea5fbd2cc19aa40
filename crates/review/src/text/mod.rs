//! The human form: text for terminals and logs, 100 columns wide unless the terminal is narrower.

mod adoption;
mod creation;
mod destroy;
pub(crate) mod detail;
mod diagnostic;
mod drift;
mod failure;
pub(crate) mod fleet;
pub(crate) mod head;
mod import;
pub(crate) mod layout;
mod plan;
mod progress;
mod report;
mod show;
mod table;
pub(crate) mod waiting;

pub use adoption::adoption;
pub use destroy::destroy;
pub use diagnostic::{Sources, diagnostic, diagnostics, totals};
pub use drift::drift;
pub use failure::failure;
pub(crate) use failure::hint;
pub use fleet::{drifts, plans};
pub use import::import;
pub use layout::{Style, escape};
pub use plan::{plan, question, refusal};
pub(crate) use progress::is_recent;
pub use progress::{Frame, Lines};
pub(crate) use report::report_headline;
pub use report::{Aftermath, Endpoint, endpoints, report};
pub use show::{ShownEntry, ShownSection, show, shown};
