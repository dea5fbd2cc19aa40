//! `cargo xtask simulate`: many random histories, in a release build, with their rate.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Problem;

/// Plays so many seeds from the first one on; what breaks is told by the test itself.
///
/// # Errors
///
/// The build fails, or an invariant is broken.
pub fn simulate(root: &Path, first: u64, seeds: u64) -> Result<String, Problem> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "test",
            "--release",
            "-p",
            "pgward-tests",
            "--test",
            "simulation",
        ])
        .args(["--", "--nocapture", "random_histories_keep_every_invariant"])
        .env("FIRST", first.to_string())
        .env("SEEDS", seeds.to_string())
        .env_remove("SEED")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .status();
    match output {
        Err(error) => Err(Problem::new(format!("cargo can't be run: {error}"))),
        Ok(status) if status.success() => Ok(format!("{seeds} seeds from {first} hold")),
        Ok(_) => Err(Problem::new(
            "an invariant is broken: the folders below target/tmp/simulation tell how",
        )),
    }
}
