//! A file from what exists in a simulated world, as the program writes it.

use pgward_engine::Present;
use pgward_kinds::CATALOG;
use pgward_model::{Environment, Value};
use pgward_spec::import::{self, Existing, Imported, Inventory};
use pgward_tests::stage::{Given, Stage};

/// The file for the instance of an environment.
pub(crate) fn import(stage: &Stage, given: &Given) -> Imported {
    let environment = given.desired.environment.clone();
    let mut resources = given.desired.resources.values();
    let instance = resources
        .find(|resource| resource.kind == "instance")
        .expect("every environment has an instance");
    let found = stage.discover(given, &instance.name);
    let inventory = Inventory {
        resources: found
            .resources
            .iter()
            .map(|(kind, present)| existing(kind, present, &environment))
            .collect(),
        environment,
        remarks: found.remarks,
    };
    import::import(&inventory, &CATALOG).expect("there is an instance")
}

/// What the file declares.
pub(crate) fn given(written: &Imported) -> Given {
    Given::read("imported.toml", &written.text)
        .unwrap_or_else(|found| panic!("{}\n{found}", written.text))
}

fn existing(kind: &str, present: &Present, environment: &Environment) -> Existing {
    let output = |name: &str| {
        let value = present.outputs.get(name).and_then(Value::as_text);
        value.map(str::to_owned)
    };
    let mut values = present.now.clone();
    for (path, value) in present.waiting.iter() {
        values.set(path, value.clone());
    }
    let owner = present.owner.as_ref();
    let owner = owner.filter(|owner| owner.is_of(&environment.project, &environment.name));
    Existing {
        kind: kind.to_owned(),
        name: present.name.clone(),
        id: output("id").unwrap_or_else(|| present.arn.clone()),
        address: owner.map(|owner| owner.address.clone()),
        values,
        managed_secret: output("master_secret_arn"),
    }
}
