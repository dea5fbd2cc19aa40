//! What pgward writes itself: lease, journal and record of each environment in a folder or in the
//! objects of a team, and saved plans where the user says.
//!
//! Losing all of it changes no plan; only the story of past runs and the attribution of drift
//! are lost. Deliberately absent: the way to a bucket, which is another crate's.

mod folder;
mod folder_lease;
mod held;
mod holder;
mod journal;
mod object_lease;
mod objects;
mod place;
mod plan_file;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use folder::FolderStore;
pub use folder_lease::LeaseError;
pub use held::{Clocks, Held};
pub use holder::{Claim, EndsWith, Holder, Release, Sighting, Standing};
pub use objects::{Condition, Object, ObjectStore, Objects, Put};
pub use place::{Place, StoreError, write_over, write_whole};
pub use plan_file::{Bound, PlanFile, PlanFileError, plan_mark, read_plan, save_plan};
pub use store::Store;

use journal::FileJournal;
