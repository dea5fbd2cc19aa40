//! `import --adopt`: tags for what exists under the names of a spec, and nothing else.

use pgward_engine::ApplyOptions;
use pgward_review::text;

use crate::args::SpecArg;
use crate::failure::Failure;

use super::execution::{self, Run};
use super::plan::Wish;
use super::{Answer, Context, lease, read};

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
    let run = Run {
        shown: text::adoption,
        wish: Wish {
            adopt: true,
            ..Wish::default()
        },
        options: ApplyOptions::default(),
        yes,
    };
    execution::agree(context, &environment, run, lease).await
}
