//! `apply`: plan, show, ask, and do exactly that.

use pgward_engine::ApplyOptions;
use pgward_review::text;

use crate::args::ApplyArgs;
use crate::failure::Failure;

use super::execution::{self, Run};
use super::plan::Wish;
use super::{Answer, Context, lease, read, saved};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ApplyArgs) -> Answer {
    if let Some(path) = arguments
        .spec
        .given()
        .filter(|given| saved::is_plan(Some(given)))
    {
        return saved::apply(context, path, arguments);
    }
    if let Some(path) = arguments.spec.given().filter(|given| is_plan_file(given)) {
        return Err(Failure::refused(format!("there is no saved plan {path}"))
            .next(format!("pgward plan SPEC --out {path}")));
    }
    let environment = read::environment(context, &arguments.spec)?;
    let name = environment.desired.environment.name.clone();
    if !arguments.yes && !context.ui.asks {
        return Err(Failure::refused(
            "apply asks before it changes anything, and can't ask here".to_owned(),
        )
        .next(format!("pgward apply {name} --yes")));
    }
    let wish = Wish {
        allow: arguments.allow.iter().copied().collect(),
        only: arguments.only.clone(),
        now: arguments.now,
        in_window: arguments.in_window,
        ..Wish::default()
    };
    let options = ApplyOptions {
        no_wait: arguments.no_wait,
        timeout: arguments.timeout,
        fail_fast: arguments.fail_fast,
    };
    context.block_on(apply(context, environment, wish, options, arguments.yes))?
}

/// Whether a word is meant as the file of a saved plan.
fn is_plan_file(given: &str) -> bool {
    std::path::Path::new(given)
        .extension()
        .is_some_and(|end| end == "plan")
}

async fn apply(
    context: &Context,
    environment: read::Environment,
    wish: Wish,
    options: ApplyOptions,
    yes: bool,
) -> Answer {
    let name = environment.desired.environment.name.clone();
    let ground = context.ground(&environment.store)?;
    let lease = lease::take(context, &environment, &format!("apply {name}"), &ground)?;
    let run = Run {
        shown: text::plan,
        wish,
        options,
        yes,
    };
    execution::agree(context, &environment, run, lease).await
}
