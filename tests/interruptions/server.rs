//! A served sandbox for one test, and the program beside it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pgward_tests::program::program;

/// So many simulated seconds pass in one.
const SPEED: &str = "200";

/// A sandbox that listens until it is dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts one on a free port; what the specs of the folder refer to is there.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = command(
            folder,
            &[
                "sandbox",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--speed",
                SPEED,
            ],
        )
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
        let stderr = child.stderr.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stderr)
            .read_line(&mut line)
            .expect("it says where it listens");
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .unwrap_or_else(|| panic!("no address in: {line}"))
            .trim_end_matches(',')
            .to_owned();
        Self { child, url }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program in a folder, with credentials of the account of `dev`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = with_credentials(program(), folder);
    command.args(arguments);
    command
}

/// A program in a folder, with those credentials.
pub(crate) fn with_credentials(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = pgward_tests::program::command(program, folder);
    command
        .env("AWS_ACCESS_KEY_ID", "SANDBOX444455556666")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
