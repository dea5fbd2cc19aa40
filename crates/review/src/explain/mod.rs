//! `pgward explain`: what keys, sections, parameters and codes mean.

mod code;
mod key;

pub use code::{code, codes};
pub use key::key;

#[cfg(test)]
mod tests;
