//! TOML to what should exist: files are read and merged, checked, and resolved to resources.
//!
//! [`load`] reads the files of one environment and keeps the place of every value; [`resolve`]
//! turns them into a [`Desired`](pgward_model::Desired) or says what is wrong; [`check`] does
//! both. Everything is pure but for the [`Reader`], the only door to files and variables.

mod check;
mod codes;
mod dates;
mod environments;
mod form;
mod format;
mod hints;
pub mod import;
mod language;
mod load;
mod mend;
mod merge;
mod outside;
mod parse;
mod reader;
mod resolve;
mod scalar;
mod schema;
mod sections;
mod show;
mod suggest;
mod syntax;
mod values;

pub use codes::{CODES, Code, code};
pub use environments::{Found, FoundEnvironment, environments};
pub use format::format;
pub use load::load;
pub use mend::{MendedLine, mend};
pub use merge::Spec;
pub use reader::{Loaded, MemoryReader, Options, Reader, Sources};
pub use resolve::{check, resolve};
pub use schema::schema;
pub use show::{ShownEntry, ShownSection, show};
pub use suggest::{near, section_elsewhere};
