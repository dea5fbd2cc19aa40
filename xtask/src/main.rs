//! `cargo xtask`: the chores by their verbs.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{Problem, bench, case, generate, root, simulate, tidy};

/// The chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the schema, the reference pages and the list of permissions.
    Gen {
        /// Write nothing; fail if a file is not what it would be.
        #[arg(long)]
        check: bool,
    },
    /// Check what the compiler does not: layout, directions, coverage, links.
    Tidy,
    /// Make a new case folder from the nearest one.
    Case {
        /// Its name, such as `p101-another-key`, or with its family: `check/p101-another-key`.
        name: String,
    },
    /// Play random histories against the sandbox, in a release build.
    Simulate {
        /// How many.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        first: u64,
    },
    /// Measure the budgets: calls, depth, time, memory.
    Bench {
        /// A pgward that is built already, in place of a release build.
        #[arg(long, value_name = "PATH")]
        program: Option<PathBuf>,
        /// Only the figures of one environment and of the program's start.
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(text) => say(&mut std::io::stdout(), &text, ExitCode::SUCCESS),
        Err(problem) => say(
            &mut std::io::stderr(),
            &problem.to_string(),
            ExitCode::FAILURE,
        ),
    }
}

fn run(verb: Verb) -> Result<String, Problem> {
    match verb {
        Verb::Gen { check: false } => generate::write(&root()),
        Verb::Gen { check: true } => generate::check(&root()),
        Verb::Tidy => tidy::report(&tidy::tidy(&root())),
        Verb::Case { name } => case::make(&root(), &name),
        Verb::Simulate { seeds, first } => simulate::simulate(&root(), first, seeds),
        Verb::Bench { program, quick } => bench::bench(&root(), program, quick),
    }
}

/// Prints a text; whoever reads may be gone, which is no failure of the chore.
fn say(out: &mut dyn Write, text: &str, code: ExitCode) -> ExitCode {
    match writeln!(out, "{}", text.trim_end()) {
        Ok(()) | Err(_) => code,
    }
}
