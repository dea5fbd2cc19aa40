//! `import`: writes a file from what exists, or adopts what a file names.

use std::path::Path;
use std::sync::Arc;

use pgward_aws::Aws;
use pgward_engine::{Discovery, Present, Remote as _};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Environment, Value};
use pgward_review::{FoundPart, ImportDocument, text};
use pgward_spec::import::terraform::{self, Managed};
use pgward_spec::import::{Existing, Imported, Inventory, import};

use crate::args::ImportArgs;
use crate::assemble::{Ground, chain};
use crate::credentials::unknown_caller;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::plan;
use super::{Answer, Context, adopt, imported};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ImportArgs) -> Answer {
    if arguments.adopt {
        return adopt::run(context, &arguments.spec, arguments.yes);
    }
    if arguments.instance.is_none() && arguments.terraform.is_none() {
        let name = arguments.spec.given().unwrap_or("prod");
        return Err(Failure::usage(
            "import takes --adopt to tag what a spec names, --instance ID or --terraform STATE to \
             write one"
                .to_owned(),
        )
        .next(format!(
            "pgward import {name} --adopt, or pgward import --instance ID --write specs/{name}.toml"
        )));
    }
    let file = forms::file_of(&context.global.write);
    if let Some(file) = file.filter(|file| !arguments.force && Path::new(file).exists()) {
        return Err(Failure::refused(format!("{file} exists already"))
            .next("another name, or --force to write over it"));
    }
    let managed = match &arguments.terraform {
        Some(path) => state(path)?,
        None => Vec::new(),
    };
    let wanted = Wanted {
        instance: instance(arguments, &managed)?,
        file: file.map(str::to_owned),
        managed,
    };
    let place = imported::place(context, arguments, &wanted.managed)?;
    let ground = context.ground(&place.store)?;
    context.block_on(write(context, arguments, wanted, place, ground))?
}

/// What is to be written about, and where.
struct Wanted {
    instance: String,
    file: Option<String>,
    managed: Vec<Managed>,
}

/// What a Terraform state manages; of its values only names and ids are read.
fn state(path: &Path) -> Result<Vec<Managed>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::refused(format!("cannot read {shown}: {error}")))?;
    terraform::read(&text).map_err(|why| {
        Failure::refused(format!("{shown}: {why}"))
            .next("terraform state pull > state.json    writes the state of any backend")
    })
}

/// The instance: the one of the flag, or the only one of the state that copies nothing.
fn instance(arguments: &ImportArgs, managed: &[Managed]) -> Result<String, Failure> {
    if let Some(instance) = &arguments.instance {
        return Ok(instance.clone());
    }
    let mut names: Vec<&str> = managed
        .iter()
        .filter(|one| one.kind == "aws_db_instance" && one.copies.is_none())
        .filter_map(|one| one.names.first().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Failure::refused(
            "the state manages no DB instance that is a source of its own".to_owned(),
        )
        .next("--instance ID names one")),
        several => Err(Failure::refused(format!(
            "the state manages {} DB instances: {}",
            several.len(),
            several.join(", ")
        ))
        .next(format!("--instance {}    names one of them", several[0]))),
    }
}

async fn write(
    context: &Context,
    arguments: &ImportArgs,
    wanted: Wanted,
    place: imported::Place,
    ground: Ground,
) -> Answer {
    let account = place.account.clone().unwrap_or_default();
    let aws = ground.aws(&context.global, &account, &place.region);
    let caller = aws
        .caller()
        .await
        .map_err(|fault| unknown_caller(&fault, &context.global))?;
    if let Some(wrong) = place.account.as_ref().filter(|one| **one != caller.account) {
        let message = format!(
            "these credentials belong to account {}, {} lives in {wrong}",
            caller.account, wanted.instance
        );
        let refusal = Diagnostic::error("P502", message).fact("you", caller.arn);
        return Err(Failure::of(Exit::Refused, refusal));
    }
    context.ui.say(&format!(
        "reading account {}, {}",
        caller.account, place.region
    ));
    let discovery = discover(&aws, &wanted.instance, &place.region).await?;
    let environment = imported::environment(
        arguments,
        wanted.file.as_deref(),
        &discovery,
        (&caller.account, &place.region),
    );
    let inventory = inventory(&discovery, environment);
    let written = import(&inventory, &CATALOG)
        .map_err(|unsayable| Failure::refused(unsayable.message).next(unsayable.next))?;
    let file = wanted
        .file
        .clone()
        .unwrap_or_else(|| format!("specs/{}.toml", inventory.environment.name));
    let judged = imported::judge(context, &file, &written.text).await?;
    let document = document(&inventory, &written, &wanted, ground.is_sandbox());
    let document = ImportDocument {
        spec: imported::spelled(context, &file, &inventory.environment.name),
        differences: judged.differences,
        ..document.with_findings(judged.findings.as_slice())
    };
    tell(context, &document, wanted.file.as_deref())?;
    if context.global.verbose {
        plan::calls(&aws);
    }
    if judged.invalid {
        crate::ui::complain("exit 3: the file is not valid as it is, nothing in AWS was changed");
        return Ok(Exit::Refused);
    }
    Ok(Exit::Done)
}

/// Everything that belongs to the instance, if a file can hold such an instance.
async fn discover(aws: &Arc<Aws>, name: &str, region: &str) -> Result<Discovery, Failure> {
    let found = aws.discover(name).await.map_err(|fault| {
        Failure::of(
            Exit::Failed,
            Diagnostic::error("P508", "part of what belongs to the instance can't be read")
                .fact("AWS", fault.to_string())
                .fact(
                    "next",
                    "mend the access and repeat: half of an environment is none",
                ),
        )
    })?;
    let Some(found) = found else {
        return Err(
            Failure::refused(format!("there is no DB instance {name} in {region}"))
                .next("aws rds describe-db-instances --query 'DBInstances[].DBInstanceIdentifier'"),
        );
    };
    if found.engine != "postgres" {
        return Err(Failure::refused(format!(
            "{name} runs {}, and pgward manages single instances of PostgreSQL on RDS",
            found.engine
        )));
    }
    if let Some(source) = &found.copies {
        return Err(Failure::refused(format!("{name} is a replica of {source}"))
            .next(format!("pgward import --instance {source}")));
    }
    Ok(found)
}

/// What a file is written from: everything that was found, as an environment would declare it.
#[must_use]
pub fn inventory(discovery: &Discovery, environment: Environment) -> Inventory {
    let resources = discovery
        .resources
        .iter()
        .map(|(kind, present)| existing(kind, present, &environment))
        .collect();
    Inventory {
        environment,
        resources,
        remarks: discovery.remarks.clone(),
    }
}

fn existing(kind: &str, present: &Present, environment: &Environment) -> Existing {
    let output = |name: &str| {
        let value = present.outputs.get(name).and_then(Value::as_text);
        value.map(str::to_owned)
    };
    // What AWS accepted and has not brought into effect is what somebody wants.
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

fn document(
    inventory: &Inventory,
    written: &Imported,
    wanted: &Wanted,
    sandbox: bool,
) -> ImportDocument {
    let of = &inventory.environment;
    ImportDocument {
        format: ImportDocument::FORMAT.to_owned(),
        format_version: "1.0".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        project: of.project.clone(),
        environment: of.name.clone(),
        account: of.account.clone(),
        region: of.region.clone(),
        sandbox,
        spec: of.name.clone(),
        file: wanted.file.clone(),
        text: written.text.clone(),
        found: written
            .named
            .iter()
            .map(|one| FoundPart {
                noun: one.noun.clone(),
                name: one.name.clone(),
                sections: one.sections.clone(),
            })
            .collect(),
        used: written.used.clone(),
        findings: Vec::new(),
        notes: written.notes.clone(),
        differences: Vec::new(),
        terraform: handed_over(written, &wanted.managed),
    }
}

/// The addresses in Terraform of what the file manages.
fn handed_over(written: &Imported, managed: &[Managed]) -> Vec<String> {
    let ours = |one: &&Managed| {
        written
            .named
            .iter()
            .filter(|named| named.managed)
            .any(|named| one.is(&named.kind, &named.name, &named.id))
    };
    managed
        .iter()
        .filter(ours)
        .map(|one| one.address.clone())
        .collect()
}

/// Writes the file, or prints it; the rest goes where the file does not.
fn tell(context: &Context, document: &ImportDocument, file: Option<&str>) -> Result<(), Failure> {
    if let Some(file) = file {
        pgward_store::write_whole(Path::new(file), &document.text)
            .map_err(|error| Failure::failed(chain(&error)))?;
    }
    if context.json() {
        return context.result(&pgward_review::json(document));
    }
    match file {
        Some(_) => context.result(&text::import(document, context.ui.out)),
        None => {
            context.result(&document.text)?;
            context
                .ui
                .say(text::import(document, context.ui.err).trim_end());
            Ok(())
        }
    }
}
