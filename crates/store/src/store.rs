//! What a run asks of the store of its environment, whatever form the store has.

use std::fmt;
use std::sync::Arc;

use pgward_engine::{Journal, Record};

use crate::{Claim, Clocks, Held, LeaseError, Standing, StoreError};

/// The store of one environment: lease, journal, record and marks of used plans; never a secret.
///
/// Calls wait for the store, so that what they wrote is durable when they return.
pub trait Store: Send + Sync + fmt::Debug {
    /// Takes the lease.
    ///
    /// # Errors
    ///
    /// When somebody else has it, or the store fails.
    fn take(&self, claim: &Claim, clocks: &Clocks) -> Result<Arc<Held>, LeaseError>;

    /// Who holds the lease.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    fn standing(&self, clocks: &Clocks) -> Result<Standing, StoreError>;

    /// Takes the lease with this id from its holder, who then stops before its next write.
    ///
    /// # Errors
    ///
    /// `Ok(false)` if that lease is gone; an error when the store fails.
    fn release_by_force(&self, id: &str, by: &str, clocks: &Clocks) -> Result<bool, StoreError>;

    /// Begins the journal of a run.
    ///
    /// # Errors
    ///
    /// When nothing can be written.
    fn journal(&self, run: &str) -> Result<Arc<dyn Journal>, StoreError>;

    /// The record of the last apply; nothing if there is none.
    ///
    /// # Errors
    ///
    /// When it can't be read or is none.
    fn record(&self) -> Result<Option<Record>, StoreError>;

    /// Keeps the record of an apply.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    fn keep_record(&self, record: &Record) -> Result<(), StoreError>;

    /// Forgets the record.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn forget_record(&self) -> Result<(), StoreError>;

    /// Whether a saved plan was used, by its [`crate::plan_mark`].
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    fn was_used(&self, mark: &str) -> Result<bool, StoreError>;

    /// Marks a saved plan as used; a plan runs once.
    ///
    /// # Errors
    ///
    /// `Ok(false)` if it was used before; an error when the store can't tell.
    fn use_plan(&self, mark: &str) -> Result<bool, StoreError>;
}
