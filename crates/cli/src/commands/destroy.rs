//! `destroy`: everything of an environment that is ours, with a final snapshot.

use pgward_engine::{ApplyOptions, Gate, approve};
use pgward_model::{Diagnostic, Diagnostics};
use pgward_review::text;

use crate::args::DestroyArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::plan::{self, Wish};
use super::{Answer, Context, execution, lease, moved, read, selections};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &DestroyArgs) -> Answer {
    let environment = read::environment(context, &arguments.spec)?;
    let title = environment.desired.environment.title();
    let name = environment.desired.environment.name.clone();
    if arguments.yes {
        return Err(Failure::of(
            Exit::Refused,
            Diagnostic::error(
                "P606",
                "destroy does not take --yes: what goes must be named",
            )
            .fact("next", format!("pgward destroy {name} --confirm {title}")),
        ));
    }
    match &arguments.confirm {
        Some(confirm) if *confirm != title => {
            return Err(Failure::of(
                Exit::Refused,
                Diagnostic::error(
                    "P606",
                    format!("--confirm names {confirm}, this is {title}"),
                )
                .fact("next", format!("pgward destroy {name} --confirm {title}")),
            ));
        }
        None if !context.ui.asks => {
            return Err(Failure::of(
                Exit::Refused,
                Diagnostic::error(
                    "P606",
                    "destroy asks before it deletes anything, and can't ask here",
                )
                .fact("next", format!("pgward destroy {name} --confirm {title}")),
            ));
        }
        Some(_) | None => {}
    }
    let wish = Wish {
        destroy: true,
        keep: arguments.keep.clone(),
        final_snapshot: arguments.final_snapshot.clone(),
        no_final_snapshot: arguments.no_final_snapshot,
        ..Wish::default()
    };
    let options = ApplyOptions {
        timeout: arguments.timeout,
        ..ApplyOptions::default()
    };
    let confirmed = arguments.confirm.is_some();
    context.block_on(destroy(context, environment, wish, options, confirmed))?
}

async fn destroy(
    context: &Context,
    environment: read::Environment,
    wish: Wish,
    options: ApplyOptions,
    confirmed: bool,
) -> Answer {
    let of = environment.desired.environment.clone();
    let ground = context.ground(&environment.store)?;
    let lease = lease::take(
        context,
        &environment,
        &format!("destroy {}", of.name),
        &ground,
    )?;
    let mut made = plan::make(context, std::slice::from_ref(&environment), &wish).await?;
    let mut made = made.pop().expect("one environment gives one plan");
    selections::check(
        std::slice::from_ref(&made),
        std::slice::from_ref(&environment),
    )?;
    let document = forms::document(&made.plan, &environment.desired);
    let protected: Vec<Diagnostic> = made
        .plan
        .blocked()
        .filter_map(|change| match &change.gate {
            Gate::Blocked { code, why, instead } => {
                let mut refusal =
                    Diagnostic::error(code, format!("{} is protected: {why}", of.name)).at_some(
                        environment
                            .desired
                            .origins
                            .get("instance.deletion_protection"),
                        "",
                    );
                for line in instead {
                    refusal = refusal.fact("next", line.clone());
                }
                Some(refusal)
            }
            Gate::Ready | Gate::NeedsAllow { .. } => None,
        })
        .collect();
    if !protected.is_empty() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(protected);
        return Err(Failure::findings(diagnostics, environment.sources.clone()));
    }
    if execution::is_idle(&made.plan) {
        execution::idle(context, &document, ground.now())?;
        return Ok(Exit::Done);
    }
    if context.human() {
        context.result(&text::destroy(&document, context.ui.out))?;
    }
    let mut approved = approve(made.plan.clone()).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, environment.sources.clone())
    })?;
    let question = format!("This deletes data. Type {} to go on:", of.title());
    if !confirmed {
        if !context.ui.confirm(&question, &[&of.title()])? {
            return Err(Failure::refused(format!(
                "the answer was not {}",
                of.title()
            )));
        }
        let again = format!("pgward destroy {}", of.name);
        approved = moved::look_again(&environment, &mut made, &again).await?;
    }
    execution::perform(context, &environment, &made, &approved, lease, options).await
}
