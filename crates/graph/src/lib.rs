//! The order of work: which resource needs which, in steps, and drawn.
//!
//! The only crate that knows petgraph; none of its types leaves it.

mod build;
mod cycle;
mod draw;
mod order;

pub use build::Graph;
pub use cycle::Cycle;
pub use draw::{dot, mermaid, text};
pub use order::layers;
