//! A served sandbox for one test, and the program beside it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

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

/// The built program, beside the folder of this test's own executable.
pub(crate) fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test has an executable");
    let profile = own
        .ancestors()
        .nth(2)
        .expect("tests are built into target/PROFILE/deps");
    let path = profile.join("pgward");
    assert!(
        path.exists(),
        "{} is not built: cargo test --workspace, or cargo build",
        path.display()
    );
    path
}

/// A folder with a copy of the shipped specs.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a few files");
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let copy = folder.path().join("specs");
    std::fs::create_dir(&copy).expect("the folder is ours");
    for entry in std::fs::read_dir(specs).expect("the specs are shipped") {
        let path = entry.expect("the folder can be listed").path();
        let name = path.file_name().expect("a file has a name");
        std::fs::copy(&path, copy.join(name)).expect("it can be copied");
    }
    folder
}

/// What keeps the program on this machine, with credentials of the account of `dev`.
pub(crate) fn environment() -> [(&'static str, &'static str); 6] {
    [
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("NO_PROXY", "127.0.0.1"),
        ("AWS_ACCESS_KEY_ID", "SANDBOX444455556666"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("USER", "tester"),
    ]
}

/// The program in a folder.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .envs(environment())
        .env_remove("GITHUB_ACTIONS")
        .env_remove("AWS_PROFILE");
    command
}

/// Output as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}
