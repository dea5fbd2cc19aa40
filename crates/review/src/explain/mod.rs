//! `pgward explain`: what keys, sections, parameters and codes mean.

mod code;
mod find;
mod key;

pub use code::{code, codes};
pub use find::{names, page};
pub use key::key;

#[cfg(test)]
mod tests;
