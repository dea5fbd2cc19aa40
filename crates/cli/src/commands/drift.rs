//! `drift`: what others changed since the last apply.

use std::collections::BTreeSet;

use pgward_engine::{Drift, DriftClass, drift};
use pgward_kinds::{CATALOG, facts};
use pgward_model::{Diagnostic, Path, Severity};
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
    // What is referred to and gone keeps no call from being made, and is no drift either.
    let gone = |one: &Diagnostic| one.code == "P505" && one.severity == Severity::Warning;
    let findings = plan.findings.iter();
    let findings = findings.filter(|one| one.code == "P510" || gone(one));
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

/// The values at a path that others changed, as a comparison shows them now: what comes later at
/// the same path is not accepted with them.
fn shown_at(context: &Context, arguments: &DriftArgs, path: &str) -> Result<Vec<Path>, Failure> {
    let environments = [read::environment(context, &arguments.spec)?];
    let wish = Wish {
        without_ignores: true,
        ..Wish::default()
    };
    let made = context.block_on(plan::make(context, &environments, &wish))??;
    let found = find(context, &made[0], &environments[0])?;
    let name = &environments[0].desired.environment.name;
    let items = || {
        let outside = found.of(DriftClass::Outside);
        outside.filter(|item| item.path.is_within(path))
    };
    if let Some(whole) = items().find(|item| item.whole) {
        let message = format!(
            "{} differs as a whole, and with it every value that it will have",
            whole.path
        );
        return Err(Failure::refused(message).next(format!(
            "pgward plan {name}    shows how it is put back; or change the spec"
        )));
    }
    let paths: BTreeSet<Path> = items().map(|item| item.path.clone()).collect();
    if paths.is_empty() {
        let message = format!("nothing at `{path}` was changed outside");
        return Err(Failure::refused(message).next(format!(
            "pgward drift {name}    shows what was, with its path"
        )));
    }
    Ok(paths.into_iter().collect())
}

/// Writes an `[ignore.NAME]` for each value that differs now at the end of the environment's file,
/// if the file is valid with them.
fn accept(context: &Context, arguments: &DriftArgs, path: &str) -> Answer {
    let paths = shown_at(context, arguments, path)?;
    let file = files::spec_file(arguments.spec.given(), context.global.dir.as_deref())?;
    let failed = |error: std::io::Error| Failure::failed(format!("{file}: {error}"));
    let before = std::fs::read_to_string(&file).map_err(failed)?;
    let quoted = |text: &Option<String>| toml_text(text.as_deref().unwrap_or_default());
    let mut after = format!("{}\n", before.trim_end());
    for path in &paths {
        let section = format!(
            "\n[ignore.{}]\npath   = {}\nreason = {}\nuntil  = {}\n",
            name_of(path),
            toml_text(path.as_str()),
            quoted(&arguments.reason),
            arguments.until.as_deref().unwrap_or_default()
        );
        after.push_str(&section);
    }
    let mut ahead = Ahead::default();
    ahead.0.files.insert(file.clone(), after.clone());
    read::through(context, &file, &ahead)?;
    pgward_store::write_over(std::path::Path::new(&file), &after)
        .map_err(|error| Failure::failed(chain(&error)))?;
    let names: Vec<String> = paths
        .iter()
        .map(|path| format!("[ignore.{}]", name_of(path)))
        .collect();
    context.result(&format!("wrote {} into {file}", names.join(", ")))?;
    Ok(Exit::Done)
}

/// The name of the section that ignores a path.
fn name_of(path: &Path) -> String {
    let letters = path.as_str().chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    letters.collect()
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
