//! `sandbox`: any command against a simulated AWS, and the simulated AWS for other programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use pgward_sandbox::{Listen, Reach, listen};

use crate::args::{Command, SandboxArgs};
use crate::assemble::World;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::sandbox_args::{CallArgs, ResetArgs, ServeArgs, TickArgs};
use crate::{args, files, ui};

use super::{Answer, Context, run_on};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: SandboxArgs) -> Exit {
    let rest = arguments.rest;
    let first = rest.first().map(|word| word.to_string_lossy().into_owned());
    let answer = match first.as_deref() {
        Some("serve") => parse::<ServeArgs>(&rest).map(|serve_args| serve(context, &serve_args)),
        Some("call") => parse::<CallArgs>(&rest).map(|call_args| call(context, &call_args)),
        Some("tick") => parse::<TickArgs>(&rest).map(|tick_args| tick(context, &tick_args)),
        Some("reset") => parse::<ResetArgs>(&rest).map(|_| reset(context)),
        Some(_) => return inner(context, rest),
        None => {
            return ui::answer(
                "sandbox takes a command: pgward sandbox plan dev, or serve, call, tick, reset",
            );
        }
    };
    match answer {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            context.ui.failure(&failure);
            failure.exit
        }
        Err(exit) => exit,
    }
}

fn parse<T: clap::Parser>(rest: &[OsString]) -> Result<T, Exit> {
    T::try_parse_from(rest).map_err(|error| ui::usage(&error))
}

/// Any other command, with calls that never leave the process.
fn inner(context: &Context, rest: Vec<OsString>) -> Exit {
    let mut words = vec![OsString::from("pgward")];
    words.extend(rest);
    let prepared = match crate::words::prepare(words) {
        Ok(prepared) => prepared,
        Err(answer) => return ui::answer(&answer),
    };
    prepared.notes.iter().for_each(|note| ui::note(note));
    let mut cli = match args::parse(prepared.arguments) {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&error),
    };
    if matches!(cli.command, Command::Sandbox(_)) {
        return ui::answer("a sandbox in a sandbox is one too many");
    }
    cli.global = merged(context, cli.global);
    if let Some(directory) = &cli.global.chdir
        && let Err(exit) = super::change_to(directory)
    {
        return exit;
    }
    run_on(cli, true)
}

/// Flags before `sandbox` count as those after it.
fn merged(context: &Context, mut inner: args::Global) -> args::Global {
    let outer = &context.global;
    inner.dir = inner.dir.or_else(|| outer.dir.clone());
    inner.format = inner.format.or(outer.format);
    inner.json |= outer.json;
    inner.ascii |= outer.ascii;
    inner.quiet |= outer.quiet;
    inner.verbose |= outer.verbose;
    inner.no_input |= outer.no_input;
    inner.link_base = inner.link_base.or_else(|| outer.link_base.clone());
    inner.markdown_budget = inner.markdown_budget.or(outer.markdown_budget);
    if inner.write.is_empty() {
        inner.write.clone_from(&outer.write);
    }
    if inner.color == args::Color::Auto {
        inner.color = outer.color;
    }
    inner
}

/// The folder of the world: `state/` beside the spec directory, or here if there is none.
fn store(context: &Context) -> PathBuf {
    match files::spec_directory(context.global.dir.as_deref()) {
        Ok(directory) => {
            files::store_folder(&directory.join("any.toml").display().to_string(), "state")
        }
        Err(_) => Path::new("state").to_owned(),
    }
}

/// One call that pgward knows nothing of, as somebody else would make it.
fn call(context: &Context, arguments: &CallArgs) -> Answer {
    let input: serde_json::Value = serde_json::from_str(&arguments.input).map_err(|error| {
        Failure::usage(format!("the arguments are not JSON: {error}"))
            .next("pgward sandbox call rds:DescribeDBInstances '{\"MaxRecords\":20}'")
    })?;
    let file = files::spec_file(arguments.spec.as_deref(), context.global.dir.as_deref())?;
    let environment = super::read::read_for_sandbox(context, &file)?;
    let world = World::open(&environment.store)?;
    world.provide(&environment.desired);
    let of = &environment.desired.environment;
    let answer = world
        .sandbox
        .act(
            &of.account,
            &of.region,
            &arguments.who,
            &arguments.action,
            &input,
        )
        .map_err(|refusal| Failure::refused(format!("{}: {refusal}", arguments.action)))?;
    world.save()?;
    context.result(&pgward_review::json(&answer))?;
    Ok(Exit::Done)
}

fn tick(context: &Context, arguments: &TickArgs) -> Answer {
    let world = World::open(&store(context))?;
    world.sandbox.tick(arguments.time);
    world.save()?;
    let now = world.sandbox.clock().now();
    context.result(&format!(
        "it is now {} in the sandbox",
        now.strftime("%a %d %b %Y %H:%M UTC")
    ))?;
    Ok(Exit::Done)
}

fn reset(context: &Context) -> Answer {
    let file = pgward_store::Place::sandbox(&store(context));
    match std::fs::remove_file(&file) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(Failure::failed(format!(
                "cannot remove {}: {error}",
                file.display()
            )));
        }
    }
    context.result("the sandbox is empty")?;
    Ok(Exit::Done)
}

fn serve(context: &Context, arguments: &ServeArgs) -> Answer {
    let world = World::open(&store(context))?;
    let options = Listen {
        reach: if arguments.anywhere {
            Reach::Anywhere
        } else {
            Reach::Loopback
        },
        latency: arguments.latency.unwrap_or_default(),
    };
    context.block_on(async {
        world.sandbox.clock().set_speed(arguments.speed);
        let mut account = arguments.account.clone();
        if let Some(account) = &account {
            world.sandbox.answer_strangers_as(account);
        }
        for file in files::all_files(context.global.dir.as_deref()).unwrap_or_default() {
            if let Ok(environment) = super::read::read_for_sandbox(context, &file) {
                world.provide(&environment.desired);
                account.get_or_insert(environment.desired.environment.account);
            }
        }
        let account = account.unwrap_or_else(|| "111122223333".to_owned());
        let ready = |address| {
            context.ui.say(&format!(
                "SANDBOX  simulated AWS on http://{address}, reached from {}; Ctrl-C ends it\n\
                 Elsewhere, with the account as the key:\n  \
                 export AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID={account} \
                 AWS_SECRET_ACCESS_KEY=any",
                if arguments.anywhere {
                    "other machines too"
                } else {
                    "this machine alone"
                }
            ));
        };
        let mut signals = crate::signals::Signals::listen();
        let stop = signals.next();
        let ended = listen(
            world.sandbox.clone(),
            arguments.listen,
            options,
            ready,
            stop,
        )
        .await;
        ended.map_err(|error| {
            Failure::failed(format!("cannot listen on {}: {error}", arguments.listen))
                .next("pgward sandbox serve --listen 127.0.0.1:0    takes any free port")
        })
    })??;
    world.save()?;
    Ok(Exit::Done)
}
