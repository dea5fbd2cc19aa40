//! P610: what a plan relies on has moved, in AWS or in the files.

use std::collections::BTreeSet;

use pgward_engine::{ApprovedPlan, Moved, Remote as _, approve, declared_values, renew};
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Diagnostic, Diagnostics, Path, SourceFile};
use pgward_review::wording;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::exit::Exit;
use crate::failure::Failure;

use super::Context;
use super::plan::Made;
use super::read::{self, Environment};

/// So many values are listed; the rest is counted.
const LISTED: usize = 12;

/// Looks at AWS once more after a question, whose answer may have come hours after the plan.
///
/// # Errors
///
/// P610, if something that the plan relies on has moved meanwhile.
pub(crate) async fn look_again(
    environment: &Environment,
    made: &mut Made,
    again: &str,
) -> Result<ApprovedPlan, Failure> {
    let mut lives = made.aws.observe(&[&environment.desired]).await;
    let live = lives.pop().expect("one environment gives one live state");
    let (renewed, moved) = renew(&made.plan, &live, &CATALOG);
    if !moved.is_empty() {
        let plan = "the one above, made before the question".to_owned();
        return Err(in_aws(plan, &moved, again.to_owned()));
    }
    made.plan = renewed.clone();
    made.live = live;
    approve(renewed).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, environment.sources.clone())
    })
}

/// P610: AWS is not as the plan saw it.
pub(crate) fn in_aws(plan: String, moved: &[Moved], again: String) -> Failure {
    let rows = moved
        .iter()
        .map(|one| format!("{}  {} -> {}", one.path, one.was, one.is))
        .collect();
    let count = wording::count(moved.len(), "value");
    let verb = if moved.len() == 1 { "has" } else { "have" };
    let headline = format!("{count} it relies on {verb} changed since");
    refusal("what is in AWS", plan, ("live", headline), rows, again)
}

/// P610, if the files a plan was made from are here and ask for something else by now.
///
/// Comments, order and the split into files do not matter; where none of the files is, the plan
/// stands alone.
///
/// # Errors
///
/// P610.
pub(crate) fn in_files(
    context: &Context,
    plan: &str,
    saved: &Desired,
    again: &str,
) -> Result<(), Failure> {
    let texts: Vec<(&SourceFile, Option<Vec<u8>>)> = saved
        .files
        .iter()
        .map(|file| (file, std::fs::read(&file.path).ok()))
        .collect();
    let changed: Vec<&SourceFile> = texts
        .iter()
        .filter(|(file, text)| text.as_deref().map(sha256).as_ref() != Some(&file.sha256))
        .map(|(file, _)| *file)
        .collect();
    let none_is_here = texts.iter().all(|(_, text)| text.is_none());
    let Some(main) = saved.files.first().filter(|_| !none_is_here) else {
        return Ok(());
    };
    if changed.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = changed.iter().map(|file| file.path.clone()).collect();
    let rows = match read::read(context, &main.path) {
        Ok(now) if substance(&now.desired) == substance(saved) => return Ok(()),
        Ok(now) => differences(saved, &now.desired),
        Err(_) => vec![format!(
            "they can't be read as they are: pgward check {}",
            main.path
        )],
    };
    let headline = format!("{} changed since", wording::list(&names, 4));
    let (plan, again) = (plan.to_owned(), again.to_owned());
    Err(refusal("the files", plan, ("files", headline), rows, again))
}

fn refusal(
    place: &str,
    plan: String,
    (label, headline): (&str, String),
    mut rows: Vec<String>,
    again: String,
) -> Failure {
    if rows.len() > LISTED {
        let more = rows.len() - LISTED;
        rows.truncate(LISTED);
        rows.push(format!("and {more} more"));
    }
    rows.insert(0, headline);
    let message = format!("this plan no longer fits {place}");
    Failure::of(
        Exit::Refused,
        Diagnostic::error("P610", message)
            .fact("plan", plan)
            .fact(label, rows.join("\n"))
            .fact("next", again),
    )
}

/// The declared values that differ, as `path  before -> after`.
fn differences(before: &Desired, after: &Desired) -> Vec<String> {
    let (was, is) = (
        declared_values(before, &CATALOG),
        declared_values(after, &CATALOG),
    );
    let paths: BTreeSet<&Path> = was.keys().chain(is.keys()).collect();
    paths
        .into_iter()
        .filter(|path| was.get(path) != is.get(path))
        .map(|path| {
            let text = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
            format!("{path}  {} -> {}", text(was.get(path)), text(is.get(path)))
        })
        .collect()
}

/// What a spec says, without where it says so.
fn substance(desired: &Desired) -> Value {
    let mut value = serde_json::to_value(desired).expect("specs are plain data");
    forget_places(&mut value);
    if let Value::Object(fields) = &mut value {
        fields.remove("files");
    }
    value
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("file") && fields.contains_key("end_column") {
                *value = Value::Null;
                return;
            }
            fields.remove("origins");
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_places),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn sha256(text: impl AsRef<[u8]>) -> String {
    let hash = Sha256::digest(text.as_ref());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
