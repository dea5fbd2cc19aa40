//! The built program, as pipelines run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The built program, beside the folder of the running test's own executable.
///
/// # Panics
///
/// If it is not built.
#[must_use]
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test has an executable");
    let profile = own
        .ancestors()
        .nth(2)
        .expect("tests are built into target/PROFILE/deps");
    let path = profile.join(format!("pgward{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: cargo test --workspace, or cargo build",
        path.display()
    );
    path
}

/// A folder with a copy of the shipped specs.
///
/// # Panics
///
/// If there is no room for a few files.
#[must_use]
pub fn folder() -> TempDir {
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

/// A program in a folder, which reaches nothing but this machine.
pub fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "127.0.0.1")
        .env("USER", "tester")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("AWS_PROFILE");
    command
}

/// Output as text.
///
/// # Panics
///
/// If it is not UTF-8.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}
