//! Saved plans: written by `plan --out`, shown by `show FILE`, run once by `apply FILE`.

use std::path::Path;

use pgward_engine::{ApplyOptions, Moved, Plan, Remote, approve, renew};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Diagnostics, Effect};
use pgward_review::text::Sources;
use pgward_review::{Document, Notice, text};
use pgward_store::{Bound, PlanFile, PlanFileError, plan_mark, read_plan, save_plan};

use crate::args::ApplyArgs;
use crate::assemble::chain;
use crate::credentials::unknown_caller;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::plan::{self, Made};
use super::read::{self, Environment};
use super::{Answer, Context, execution, lease};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Saves a plan for review.
pub(crate) fn save(
    context: &Context,
    path: &Path,
    document: &Document,
    environment: &Environment,
    made: &Made,
) -> Result<(), Failure> {
    let bound = Bound::of(&made.plan, CATALOG.facts.version());
    let value = serde_json::to_value(document).expect("documents have text keys only");
    save_plan(path, &value, &bound, &environment.desired, &made.plan)
        .map_err(|error| Failure::failed(chain(&error)))?;
    context.ui.say(&format!(
        "saved {}, which holds until {}",
        path.display(),
        bound.expires_at.strftime("%Y-%m-%d %H:%M UTC")
    ));
    Ok(())
}

/// A saved plan is applied by its file, not by the name of the environment.
pub(crate) fn lead_on(document: &mut Document, path: &str) {
    if document.next.is_empty() {
        return;
    }
    let program = if document.environment.sandbox {
        "pgward sandbox"
    } else {
        "pgward"
    };
    let allow: Vec<&str> = document
        .summary
        .needs_allow
        .iter()
        .map(|one| one.word())
        .collect();
    let allow = if allow.is_empty() {
        String::new()
    } else {
        format!(" --allow {}", allow.join(","))
    };
    document.next = vec![Notice {
        label: "Apply:".to_owned(),
        command: format!("{program} apply {path}{allow}"),
    }];
}

/// Whether an argument names a saved plan and not a spec.
pub(crate) fn is_plan(given: Option<&str>) -> bool {
    given.is_some_and(|given| {
        Path::new(given).extension().is_none_or(|end| end != "toml") && Path::new(given).is_file()
    })
}

/// Reads a saved plan, or says what is wrong with the file.
fn open(path: &str) -> Result<PlanFile, Failure> {
    read_plan(Path::new(path), VERSION).map_err(|error| {
        let again = "make it again: pgward plan SPEC --out FILE";
        match error {
            PlanFileError::Store(error) => Failure::failed(chain(&error)),
            PlanFileError::Version { .. } => refusal("P613", error.to_string(), again),
            PlanFileError::Foreign { .. } | PlanFileError::Tampered { .. } => {
                refusal("P615", error.to_string(), again)
            }
        }
    })
}

fn refusal(code: &str, message: String, next: &str) -> Failure {
    Failure::of(
        Exit::Refused,
        Diagnostic::error(code, message).fact("next", next),
    )
}

/// `show FILE`: works without spec and AWS, stale or not.
pub(crate) fn show(context: &Context, path: &str) -> Answer {
    let file = open(path)?;
    let mut document: Document = serde_json::from_value(file.document)
        .map_err(|error| refusal("P615", format!("`{path}` is not a saved plan: {error}"), ""))?;
    lead_on(&mut document, path);
    if context.json() {
        context.result(&pgward_review::json(&document))?;
    } else {
        context.result(&text::plan(&document, context.ui.out))?;
    }
    Ok(Exit::Done)
}

/// `apply FILE`: the review was the question, so nothing is asked.
pub(crate) fn apply(context: &Context, path: &str, arguments: &ApplyArgs) -> Answer {
    let file = open(path)?;
    let of = file.desired.environment.clone();
    let again = format!(
        "pgward plan {} --out {path}, and have it reviewed again",
        of.name
    );
    if arguments.now || arguments.in_window || !arguments.only.is_empty() {
        return Err(Failure::usage(
            "a saved plan is applied as it is: --now, --in-window and --only belong to plan"
                .to_owned(),
        ));
    }
    if file.bound.sandbox != context.sandbox {
        let message = if file.bound.sandbox {
            format!("{path} was made in the sandbox and never runs on AWS")
        } else {
            format!("{path} was made for AWS and does not run in the sandbox")
        };
        return Err(refusal("P611", message, &again));
    }
    let endpoint = context
        .global
        .endpoint_url
        .clone()
        .filter(|_| !context.sandbox);
    if file.bound.endpoint != endpoint {
        let words =
            |endpoint: &Option<String>| endpoint.clone().unwrap_or_else(|| "AWS".to_owned());
        let message = format!(
            "{path} was made for {}, this run talks to {}",
            words(&file.bound.endpoint),
            words(&endpoint)
        );
        return Err(refusal("P611", message, &again));
    }
    if file.bound.catalogue != CATALOG.facts.version() {
        let message = format!(
            "{path} was made with catalogue {}, this is {}",
            file.bound.catalogue,
            CATALOG.facts.version()
        );
        return Err(refusal("P613", message, &again));
    }
    let spec = file.desired.files.first();
    let spec = spec.map_or("specs/spec.toml", |first| first.path.as_str());
    let store = read::folder(spec, &file.desired);
    let environment = Environment {
        desired: file.desired.clone(),
        sources: Sources::default(),
        findings: Vec::new(),
        store,
        opened: std::sync::OnceLock::new(),
    };
    let options = ApplyOptions {
        no_wait: arguments.no_wait,
        timeout: arguments.timeout,
        fail_fast: arguments.fail_fast,
    };
    context.block_on(run(context, path, &file, environment, arguments, options))?
}

async fn run(
    context: &Context,
    path: &str,
    file: &PlanFile,
    environment: Environment,
    arguments: &ApplyArgs,
    options: ApplyOptions,
) -> Answer {
    let of = &file.desired.environment;
    let again = format!(
        "pgward plan {} --out {path}, and have it reviewed again",
        of.name
    );
    let ground = context.ground(&environment.store)?;
    if ground.now() > file.bound.expires_at {
        let message = format!(
            "{path} held until {}",
            file.bound.expires_at.strftime("%Y-%m-%d %H:%M UTC")
        );
        return Err(refusal("P612", message, &again));
    }
    let store = lease::store(context, &environment)?;
    let mark = plan_mark(file);
    if store
        .was_used(&mark)
        .map_err(|error| lease::unusable(&error))?
    {
        return Err(used(path, of));
    }
    let lease = lease::take(context, &environment, &format!("apply {path}"), &ground)?;
    let aws = ground.aws(&context.global, &of.account, &of.region);
    let all = [&file.desired];
    let (caller, mut lives) = tokio::join!(aws.caller(), aws.observe(&all));
    let caller = caller.map_err(|fault| unknown_caller(&fault, &context.global))?;
    if let Some(refusal) = plan::wrong_account(context, &caller, &file.desired) {
        return Err(Failure::of(Exit::Refused, refusal));
    }
    let live = lives.pop().expect("one environment gives one live state");
    let (mut renewed, moved) = renew(&file.plan, &live, &CATALOG);
    if !moved.is_empty() {
        return Err(stale(path, file, &moved, again));
    }
    widen(&mut renewed, &arguments.allow);
    renewed.circumstances.caller = Some(caller);
    let document = forms::document(&renewed, &file.desired);
    let approved = approve(renewed.clone()).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, Sources::default())
    })?;
    let first = store
        .use_plan(&mark)
        .map_err(|error| lease::unusable(&error))?;
    if !first {
        return Err(used(path, of));
    }
    if execution::is_idle(&renewed) {
        execution::idle(context, &document, ground.now())?;
        return Ok(Exit::Done);
    }
    let made = Made {
        plan: renewed,
        live,
        aws,
        ground,
    };
    execution::perform(context, &environment, &made, &approved, lease, options).await
}

/// P610: what the plan relies on has changed.
fn stale(path: &str, file: &PlanFile, moved: &[Moved], again: String) -> Failure {
    let lengths = moved.iter().map(|one| one.path.as_str().chars().count());
    let widest = lengths.max().unwrap_or(0);
    let rows: Vec<String> = moved
        .iter()
        .map(|one| format!("{:<widest$}  {} -> {}", one.path, one.was, one.is))
        .collect();
    let count = pgward_review::wording::count(moved.len(), "value");
    let verb = if moved.len() == 1 { "has" } else { "have" };
    let made = file
        .plan
        .circumstances
        .now
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string();
    Failure::of(
        Exit::Refused,
        Diagnostic::error("P610", "this plan no longer fits what is in AWS")
            .fact("plan", format!("{path}, made {made}"))
            .fact(
                "live",
                format!(
                    "{count} it relies on {verb} changed since\n{}",
                    rows.join("\n")
                ),
            )
            .fact("next", again),
    )
}

fn used(path: &str, of: &pgward_model::Environment) -> Failure {
    let next = format!(
        "pgward plan {} --out {path}    shows what is left to do",
        of.name
    );
    refusal(
        "P614",
        format!("{path} was used before; a plan runs once"),
        &next,
    )
}

/// `--allow` adds to what the plan was made with, for this run.
fn widen(plan: &mut Plan, allow: &[Effect]) {
    for change in &mut plan.changes {
        if let pgward_engine::Gate::NeedsAllow { allow: needed } = change.gate
            && allow.contains(&needed)
        {
            change.gate = pgward_engine::Gate::Ready;
        }
    }
    plan.allowed.extend(allow.iter().copied());
}
