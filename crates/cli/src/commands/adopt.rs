//! `import --adopt`: tags for what exists under the names of a spec, and nothing else.

use pgward_engine::{ApplyOptions, approve};
use pgward_model::Diagnostics;
use pgward_review::text;

use crate::args::SpecArg;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::plan::{self, Wish};
use super::{Answer, Context, execution, lease, read};

/// Runs the command.
pub(crate) fn run(context: &Context, spec: &SpecArg, yes: bool) -> Answer {
    let environment = read::environment(context, spec)?;
    if !yes && !context.ui.asks {
        let name = &environment.desired.environment.name;
        return Err(Failure::refused(
            "import --adopt asks before it tags anything, and can't ask here".to_owned(),
        )
        .next(format!("pgward import {name} --adopt --yes")));
    }
    context.block_on(adopt(context, environment, yes))?
}

async fn adopt(context: &Context, environment: read::Environment, yes: bool) -> Answer {
    let name = environment.desired.environment.name.clone();
    let ground = context.ground(&environment.store)?;
    let holder = format!("import {name} --adopt");
    let lease = lease::take(context, &environment, &holder, &ground)?;
    let wish = Wish {
        adopt: true,
        ..Wish::default()
    };
    let mut made = plan::make(context, std::slice::from_ref(&environment), &wish).await?;
    let made = made.pop().expect("one environment gives one plan");
    let document = forms::document(&made.plan, &environment.desired);
    if execution::is_idle(&made.plan) {
        execution::idle(context, &document, ground.now())?;
        plan::verbose(context, std::slice::from_ref(&made));
        return Ok(Exit::Done);
    }
    if context.human() {
        context.result(&text::adoption(&document, context.ui.out))?;
    }
    let approved = approve(made.plan.clone()).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, environment.sources.clone())
    })?;
    if !yes && !context.ui.confirm(&text::question(&document), &name)? {
        return Err(Failure::refused(format!("the answer was not {name}")));
    }
    let options = ApplyOptions::default();
    let answer = execution::perform(context, &environment, &made, &approved, lease, options).await;
    plan::verbose(context, std::slice::from_ref(&made));
    answer
}
