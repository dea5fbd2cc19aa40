//! A file from what exists in a simulated world, as the program writes it.

use pgward_kinds::CATALOG;
use pgward_spec::import::{self, Imported};
use pgward_tests::stage::{Given, Stage};

/// The file for the instance of an environment.
pub(crate) fn import(stage: &Stage, given: &Given) -> Imported {
    let environment = given.desired.environment.clone();
    let mut resources = given.desired.resources.values();
    let instance = resources
        .find(|resource| resource.kind == "instance")
        .expect("every environment has an instance");
    let found = stage.discover(given, &instance.name);
    let inventory = pgward_cli::inventory(&found, environment);
    import::import(&inventory, &CATALOG).expect("there is an instance")
}

/// What the file declares.
pub(crate) fn given(written: &Imported) -> Given {
    Given::read("imported.toml", &written.text)
        .unwrap_or_else(|found| panic!("{}\n{found}", written.text))
}
