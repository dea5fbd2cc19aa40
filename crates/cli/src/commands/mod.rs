//! One file per command; here the way from the command line to one of them.

mod adopt;
mod apply;
mod check;
mod destroy;
mod drift;
mod execution;
mod explain;
mod format;
mod graph;
mod import;
mod imported;
mod init;
mod lease;
mod output;
mod plan;
mod preflight;
mod read;
mod sandbox;
mod saved;
mod selection;
mod show;
mod small;
mod unlock;
mod watch;

use std::future::Future;

use crate::args::{Cli, Command, Format, Global};
use crate::assemble::{Ground, World};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms::Forms;
use crate::team::Teams;
use crate::ui::Ui;

/// What every command is given.
pub(crate) struct Context {
    /// Flags of every command.
    pub(crate) global: Global,
    /// How this run talks.
    pub(crate) ui: Ui,
    /// Whether calls go to the simulated world; the world itself is opened with the spec.
    pub(crate) sandbox: bool,
    /// The stores of teams that it uses.
    pub(crate) teams: Teams,
    /// What the run is written as.
    pub(crate) forms: Forms,
}

pub use import::inventory;
pub(crate) use plan::Made;

/// What a command answers.
pub(crate) type Answer = Result<Exit, Failure>;

impl Context {
    /// Whether stdout carries JSON.
    pub(crate) fn json(&self) -> bool {
        self.global.json || self.global.format == Some(Format::Json)
    }

    /// The ground under an environment whose store is this folder.
    pub(crate) fn ground(&self, store: &std::path::Path) -> Result<Ground, Failure> {
        if self.sandbox {
            Ok(Ground::Sandbox(World::open(store)?))
        } else {
            Ok(Ground::Aws)
        }
    }

    /// Prints the result; a closed stdout ends the run quietly.
    pub(crate) fn result(&self, text: &str) -> Result<(), Failure> {
        self.ui.result(text).map_err(|error| {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                Failure {
                    exit: Exit::Done,
                    ..Failure::failed(String::new())
                }
            } else {
                Failure::failed(format!("cannot write the result: {error}"))
            }
        })
    }

    /// Runs what waits on the outside; simulated time moves whenever everything waits.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(self.sandbox)
            .build()
            .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        Ok(runtime.block_on(future))
    }
}

/// Runs the command line.
pub(crate) fn run(cli: Cli) -> Exit {
    run_on(cli, false)
}

/// `-C DIR`; the exit if that can't be.
fn enter(directory: Option<&std::path::Path>) -> Result<(), Exit> {
    let Some(directory) = directory else {
        return Ok(());
    };
    std::env::set_current_dir(directory).map_err(|error| {
        let sentence = format!("error: cannot change to {}: {error}", directory.display());
        crate::ui::answer(&sentence)
    })
}

/// Runs the command line on AWS or in the simulated world.
pub(crate) fn run_on(cli: Cli, sandbox: bool) -> Exit {
    // In the sandbox it was entered before.
    let entered = enter(cli.global.chdir.as_deref().filter(|_| !sandbox));
    if let Err(exit) = entered {
        return exit;
    }
    let ui = Ui::new(&cli.global, sandbox);
    let forms = match Forms::new(&cli.global, &cli.command) {
        Ok(forms) => forms,
        Err(failure) => {
            ui.failure(&failure);
            return failure.exit;
        }
    };
    let context = Context {
        ui,
        forms,
        global: cli.global,
        sandbox,
        teams: Teams::default(),
    };
    let answer = match cli.command {
        Command::Init(arguments) => init::run(&context, &arguments),
        Command::Format(arguments) => format::run(&context, &arguments),
        Command::Check(arguments) => check::run(&context, &arguments),
        Command::Preflight(arguments) => preflight::run(&context, &arguments),
        Command::Plan(arguments) => plan::run(&context, &arguments),
        Command::Apply(arguments) => apply::run(&context, &arguments),
        Command::Drift(arguments) => drift::run(&context, &arguments),
        Command::Destroy(arguments) => destroy::run(&context, &arguments),
        Command::Import(arguments) => import::run(&context, &arguments),
        Command::Show(arguments) => show::run(&context, &arguments),
        Command::Output(arguments) => output::run(&context, &arguments),
        Command::Graph(arguments) => graph::run(&context, &arguments),
        Command::Explain(arguments) => explain::run(&context, &arguments),
        Command::Unlock(arguments) => unlock::run(&context, &arguments),
        Command::Sandbox(arguments) => return sandbox::run(&context, arguments),
        Command::Schema { what } => small::schema(&context, what),
        Command::Completions { shell } => small::completions(&context, shell),
        Command::Man { folder } => small::man(&context, folder.as_deref()),
        Command::Version => small::version(&context),
    };
    match answer {
        Ok(exit) => exit,
        Err(failure) => {
            if failure.exit != Exit::Done {
                context.fail(&failure);
            }
            failure.exit
        }
    }
}
