//! PostgreSQL parameters: what is known of them, and how written values become what RDS takes.

mod convert;
mod formula;
mod problem;
mod show;
mod table;
mod unit;

pub use convert::convert;
pub use show::{effective, same, show};
pub use table::{find, names};

#[cfg(test)]
mod tests;
