//! Arguments in, text out, exit code: the only place where all crates meet.

mod args;
mod assemble;
mod commands;
mod credentials;
mod examples;
mod exit;
mod failure;
mod files;
mod forms;
mod places;
mod progress;
mod quantities;
mod sandbox_args;
mod signals;
mod team;
mod ui;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

pub use args::{Cli, command};
pub use commands::inventory;
pub use exit::Exit;

/// Runs the program with its arguments, the name included, and says how it ended.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let exit = match words::prepare(arguments) {
        Ok(prepared) => {
            prepared.notes.iter().for_each(|note| ui::note(note));
            match args::parse(prepared.arguments) {
                Ok(cli) => commands::run(cli),
                Err(error) => ui::usage(&error),
            }
        }
        Err(answer) => ui::answer(&answer),
    };
    ExitCode::from(exit.code())
}
