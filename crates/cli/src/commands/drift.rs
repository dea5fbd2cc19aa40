//! `drift`: what others changed since the last apply.

use pgward_engine::{Drift, drift};
use pgward_kinds::{CATALOG, facts};
use pgward_review::{DriftDocument, StatePart, Subject, VersionPart};

use crate::args::DriftArgs;
use crate::assemble::chain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Ahead};

use super::plan::{self, Made, Wish};
use super::read::{self, Environment};
use super::{Answer, Context, lease, who};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &DriftArgs) -> Answer {
    if let Some(path) = &arguments.accept {
        return accept(context, arguments, path);
    }
    let environments = if arguments.all {
        read::environments(context)?
    } else {
        vec![read::environment(context, &arguments.spec)?]
    };
    let wish = Wish {
        without_ignores: true,
        apart: arguments.all,
        ..Wish::default()
    };
    let before = lease::look(context, &environments)?;
    let made = context.block_on(plan::make(context, &environments, &wish))??;
    let after = lease::look(context, &environments)?;
    let mut exit = Exit::Done;
    let mut documents = Vec::new();
    let looks = before.iter().zip(&after);
    for ((one, environment), looks) in made.iter().zip(&environments).zip(looks) {
        let found = find(context, one, environment)?;
        let mut concluded = conclude(&found, arguments.exit_zero);
        if let Some(note) = lease::in_progress(looks) {
            crate::ui::complain(&format!(
                "{}: {note}",
                environment.desired.environment.title()
            ));
            if concluded == Exit::Different {
                concluded = Exit::Busy;
            }
        }
        exit = plan::worst(exit, concluded);
        let document = plan::document(&one.plan);
        let now = one.plan.circumstances.now;
        let version = env!("CARGO_PKG_VERSION");
        let files = &environment.desired.files;
        let mut drift = DriftDocument {
            file: files.first().map(|file| file.path.clone()),
            waiting: document.waiting,
            not_working: not_working(one),
            versions: versions(one),
            ..DriftDocument::new(&found, &document.environment, now, version)
        };
        if arguments.who {
            context.block_on(who::tell(one, &found, &mut drift))?;
        }
        documents.push(drift);
    }
    context.tell(&Subject::Drifts(&documents))?;
    if !context.json() {
        match exit {
            Exit::Different => crate::ui::complain("exit 2: drift"),
            Exit::Failed => crate::ui::complain("exit 1: part of AWS could not be read"),
            Exit::Busy => crate::ui::complain("exit 4: repeat when the apply has ended"),
            Exit::Done | Exit::Refused | Exit::Usage | Exit::Interrupted => {}
        }
    }
    plan::verbose(context, &made);
    Ok(exit)
}

/// The resources that a person has to look at.
fn not_working(made: &Made) -> Vec<StatePart> {
    let plan = &made.plan;
    let findings = plan.findings.iter().filter(|one| one.code == "P510");
    findings
        .map(|finding| {
            let advice = finding.facts.iter().find(|(label, _)| label == "next");
            StatePart {
                address: finding.subject.clone().unwrap_or_default(),
                state: finding.message.clone(),
                advice: advice.map(|(_, text)| text.clone()).unwrap_or_default(),
            }
        })
        .collect()
}

/// Writes `[ignore.NAME]` at the end of the environment's file, if the file is valid with it.
fn accept(context: &Context, arguments: &DriftArgs, path: &str) -> Answer {
    let file = files::spec_file(arguments.spec.given(), context.global.dir.as_deref())?;
    let failed = |error: std::io::Error| Failure::failed(format!("{file}: {error}"));
    let before = std::fs::read_to_string(&file).map_err(failed)?;
    let name: String = path
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let quoted = |text: &Option<String>| toml_text(text.as_deref().unwrap_or_default());
    let section = format!(
        "\n[ignore.{name}]\npath   = {}\nreason = {}\nuntil  = {}\n",
        toml_text(path),
        quoted(&arguments.reason),
        arguments.until.as_deref().unwrap_or_default()
    );
    let after = format!("{}\n{section}", before.trim_end());
    let mut ahead = Ahead::default();
    ahead.0.files.insert(file.clone(), after.clone());
    read::through(context, &file, &ahead)?;
    pgward_store::write_over(std::path::Path::new(&file), &after)
        .map_err(|error| Failure::failed(chain(&error)))?;
    context.result(&format!("wrote [ignore.{name}] into {file}"))?;
    Ok(Exit::Done)
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn find(context: &Context, made: &Made, environment: &Environment) -> Result<Drift, Failure> {
    let record = match lease::store(context, environment)?.record() {
        Ok(Some(record)) if !record.is_of(&environment.desired.environment) => {
            crate::ui::complain(&format!(
                "warning: the last apply was in account {}, {}; it says nothing about this one",
                record.account, record.region
            ));
            None
        }
        Ok(record) => record,
        Err(error) => {
            crate::ui::complain(&format!(
                "warning: {}; differences can't be told from unapplied changes",
                chain(&error)
            ));
            None
        }
    };
    let today = read::today(made.ground.now());
    Ok(drift(
        &environment.desired,
        &made.live,
        &CATALOG,
        &made.plan,
        record.as_ref(),
        &today,
    ))
}

/// The versions of PostgreSQL in effect, and how far they are behind what is known.
fn versions(made: &Made) -> Vec<VersionPart> {
    let mut all = Vec::new();
    for (address, observation) in &made.live.resources {
        let present = observation.as_present();
        let found = present.and_then(|present| present.now.get("postgres.version"));
        if let Some(version) = found.and_then(|version| version.as_text()) {
            let known = facts::minors(version.split('.').next().unwrap_or(version));
            let place = known.iter().position(|minor| minor == version);
            all.push(VersionPart {
                address: address.to_string(),
                version: version.to_owned(),
                behind: place.map(|place| known.len() - place - 1),
            });
        }
    }
    all
}

/// An alarm must not be green because it is blind.
fn conclude(found: &Drift, exit_zero: bool) -> Exit {
    if found.unread > 0 {
        Exit::Failed
    } else if found.is_drift() && !exit_zero {
        Exit::Different
    } else {
        Exit::Done
    }
}
