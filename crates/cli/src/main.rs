//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    pgward_cli::main(std::env::args_os().collect())
}
