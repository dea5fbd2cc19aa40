//! What pgward writes itself: lease, journal and record of each environment in a local folder, and
//! saved plans where the user says.
//!
//! Losing all of it changes no plan; only the story of past runs and the attribution of drift
//! are lost. Deliberately absent: the store of a team in S3.

mod journal;
mod lease;
mod place;
mod plan_file;
mod record;

pub use journal::FileJournal;
pub use lease::{Holder, LeaseError, LocalLease};
pub use place::{Place, StoreError, write_whole};
pub use plan_file::{Bound, PlanFile, PlanFileError, read_plan, save_plan, use_plan, was_used};
pub use record::{read_record, write_record};
