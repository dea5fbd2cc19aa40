//! Tests that see the product as its users do, and the stage they play on.

pub mod documents;
pub mod program;
pub mod stage;
