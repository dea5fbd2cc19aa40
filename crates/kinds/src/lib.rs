//! What each resource of PostgreSQL on AWS is: one file per kind, pure, with bundled facts.

pub mod alarm;
pub mod facts;
pub mod instance;
pub mod language;
pub mod parameter_group;
pub mod parameters;
pub mod permissions;
pub mod proxy;
pub mod replica;
pub mod secret;
pub mod security_group;
pub mod subnet_group;
pub mod tags;

use pgward_model::Catalog;

/// Every kind, in the order in which an environment is read.
pub static CATALOG: Catalog = Catalog {
    kinds: &[
        &subnet_group::KIND,
        &security_group::KIND,
        &parameter_group::KIND,
        &secret::KIND,
        &instance::KIND,
        &replica::KIND,
        &proxy::KIND,
        &alarm::KIND,
    ],
    sections: language::SECTIONS,
    facts: &facts::BUNDLED,
};
