//! `apply`: plan, show, ask, and do exactly that.

use pgward_engine::{ApplyOptions, approve};
use pgward_model::Diagnostics;
use pgward_review::text;

use crate::args::ApplyArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::plan::{self, Wish};
use super::{Answer, Context, execution, lease, read, saved};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ApplyArgs) -> Answer {
    if let Some(path) = arguments
        .spec
        .given()
        .filter(|given| saved::is_plan(Some(given)))
    {
        return saved::apply(context, path, arguments);
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
    let mut made = plan::make(context, std::slice::from_ref(&environment), &wish).await?;
    let made = made.pop().expect("one environment gives one plan");
    let document = forms::document(&made.plan, &environment.desired);
    if execution::is_idle(&made.plan) {
        execution::idle(context, &document, ground.now())?;
        plan::verbose(context, std::slice::from_ref(&made));
        return Ok(Exit::Done);
    }
    if context.human() {
        context.result(&text::plan(&document, context.ui.out))?;
    }
    let approved = approve(made.plan.clone()).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, environment.sources.clone())
    })?;
    // Waiting for what AWS is still creating changes nothing.
    let asks = !yes && !made.plan.changes.is_empty();
    if asks && !context.ui.confirm(&text::question(&document), &name)? {
        return Err(Failure::refused(format!("the answer was not {name}")));
    }
    let answer = execution::perform(context, &environment, &made, &approved, lease, options).await;
    plan::verbose(context, std::slice::from_ref(&made));
    answer
}
