//! `unlock`: who holds the lock of an environment, and its release by force.

use jiff::Timestamp;
use pgward_store::{Sighting, Standing};
use serde_json::json;

use crate::args::UnlockArgs;
use crate::exit::Exit;
use crate::failure::Failure;

use super::read::{self, Environment};
use super::{Answer, Context, lease};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &UnlockArgs) -> Answer {
    let environment = read::environment(context, &arguments.spec)?;
    let ground = context.ground(&environment.store)?;
    let store = lease::store(context, &environment)?;
    let clocks = lease::clocks(&ground);
    let failed = |error| lease::unusable(&error);
    let title = environment.desired.environment.title();
    let found = match store.standing(&clocks).map_err(failed)? {
        Standing::Free => return free(context, &title),
        Standing::Held(None) => {
            return Err(Failure::refused(format!(
                "the lock of {title} was released, and its run has not stopped yet"
            ))
            .next("wait and repeat; the lock is free when that run ends"));
        }
        Standing::Held(Some(found)) => found,
    };
    if !context.json() {
        context.result(&description(&environment, &found, ground.now()))?;
    }
    agree(context, arguments, &environment, &found)?;
    let by = lease::who(lease::variable);
    let released = store
        .release_by_force(&found.holder.id, &by, &clocks)
        .map_err(failed)?;
    if !released {
        return Err(Failure::refused(format!(
            "the lock {} of {title} ended or changed hands meanwhile",
            found.holder.id
        ))
        .next(format!(
            "pgward unlock {}",
            environment.desired.environment.name
        )));
    }
    if context.json() {
        let document = json!({
            "format": "pgward.unlock/1",
            "environment": title,
            "locked": true,
            "released": true,
            "holder": found.holder,
        });
        context.result(&pgward_review::json(&document))?;
    } else {
        context.result(&format!(
            "released. If {} still runs, it stops before its next change",
            found.holder.run()
        ))?;
    }
    Ok(Exit::Done)
}

fn free(context: &Context, title: &str) -> Answer {
    if context.json() {
        let document = json!({
            "format": "pgward.unlock/1",
            "environment": title,
            "locked": false,
            "released": false,
        });
        context.result(&pgward_review::json(&document))?;
    } else {
        context.result(&format!("{title} is not locked"))?;
    }
    Ok(Exit::Done)
}

/// Who holds it, since when, and its id.
fn description(environment: &Environment, found: &Sighting, now: Timestamp) -> String {
    let of = &environment.desired.environment;
    let holder = &found.holder;
    let article = if holder.verb() == "destroy" {
        "a"
    } else {
        "an"
    };
    format!(
        "{} is locked by {article} {}\n  holder  {}\n  since   {}\n  id      {}\n",
        of.title(),
        holder.verb(),
        lease::whose(found),
        lease::since(found, now),
        holder.id
    )
}

/// The release was meant: by its id and `--yes`, or by the environment's name on the terminal.
fn agree(
    context: &Context,
    arguments: &UnlockArgs,
    environment: &Environment,
    found: &Sighting,
) -> Result<(), Failure> {
    let name = &environment.desired.environment.name;
    let id = &found.holder.id;
    let command = format!("pgward unlock {name} --id {id} --yes");
    if let Some(given) = &arguments.id
        && given != id
    {
        return Err(Failure::refused(format!(
            "the lock {given} is gone; {} holds {id} now",
            found.holder.holder
        ))
        .next(command));
    }
    if arguments.yes {
        if arguments.id.is_none() {
            return Err(Failure::refused(
                "--yes needs --id, so that no other run's lock is released".to_owned(),
            )
            .next(command));
        }
        return Ok(());
    }
    if !context.ui.asks {
        return Err(Failure::refused(
            "unlock asks before it releases a lock, and can't ask here".to_owned(),
        )
        .next(command));
    }
    let question = format!(
        "Release it only if {} is gone. Type {name} to go on:",
        found.holder.run()
    );
    if context.ui.confirm(&question, &[name])? {
        Ok(())
    } else {
        Err(Failure::refused(format!("the answer was not {name}")))
    }
}
