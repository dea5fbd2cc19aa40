//! The program as a process. With this test cargo builds it, also for the transcripts of `tests/`.

use std::process::{Command, Output};

fn pgward(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pgward"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[test]
fn help_and_version_are_answered_on_stdout() {
    for arguments in [["--help"], ["--version"], ["version"]] {
        let output = pgward(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn wrong_usage_is_never_taken_for_differences() {
    let output = pgward(&["plan", "--nope"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(output.stdout.is_empty());
}
