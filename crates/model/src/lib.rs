//! The words of pgward: plain data without input or output, and without AWS's own names.
//!
//! The modules are re-exported in reading order: where a value stands ([`Address`], [`Path`],
//! [`Origin`]), what it is ([`Value`], [`Object`]), what changing it does ([`Attribute`],
//! [`Effect`]), which resources there are ([`Kind`], [`Catalog`]), what should exist
//! ([`Desired`], [`Resource`]), and what is wrong ([`Diagnostic`]).

mod address;
mod attribute;
mod desired;
mod diagnostic;
mod effect;
mod kind;
mod secret;
pub mod units;
mod value;

pub use address::{Address, Path};
pub use attribute::{Applies, Aside, Attribute, Case, Form, Matches, Way};
pub use desired::{
    Accept, Desired, Disruptive, Environment, Foreign, Ignore, Input, Policy, Resource, SourceFile,
    SubnetChoice,
};
pub use diagnostic::{Diagnostic, Diagnostics, Fix, Label, Origin, Severity};
pub use effect::{Effect, Flag};
pub use kind::{
    Catalog, ClassFacts, Described, Facts, Kind, MetricFacts, ParameterFacts, ParameterProblem,
    Section, SectionKey, Usual,
};
pub use secret::Sensitive;
pub use value::{Object, Reference, Value};
