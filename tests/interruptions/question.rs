//! A question that stands while somebody else changes AWS.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};

use pgward_tests::program::{folder, program, text};

use super::expect;
use super::server::{Server, with_credentials};

/// A command on a terminal, up to its question.
struct Asked {
    child: Child,
    said: Vec<u8>,
}

impl Asked {
    fn new(server: &Server, folder: &Path, line: &str) -> Self {
        let command = format!("{} {line}", program().display());
        let mut child = with_credentials("script", folder)
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("AWS_ENDPOINT_URL", server.url())
            .env("TERM", "dumb")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux is there");
        let out = child.stdout.as_mut().expect("it is piped");
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.ends_with(b"to go on: ") {
            let read = out.read(&mut byte).expect("it can be read");
            assert!(read > 0, "it ends unasked: {}", text(&said));
            said.push(byte[0]);
        }
        Self { child, said }
    }

    /// The answer is given; what was said in all, and the exit code.
    fn answer(mut self, word: &str) -> (String, Option<i32>) {
        let input = self.child.stdin.as_mut().expect("it is piped");
        writeln!(input, "{word}").expect("somebody reads");
        let output = self.child.wait_with_output().expect("it ends");
        self.said.extend(output.stdout);
        (text(&self.said), output.status.code())
    }
}

/// Puts one line of `specs/dev.toml` in the place of another.
fn edit(folder: &Path, before: &str, after: &str) {
    let file = folder.join("specs/dev.toml");
    let text = std::fs::read_to_string(&file).expect("it is shipped");
    assert!(text.contains(before), "{text}");
    std::fs::write(&file, text.replace(before, after)).expect("the folder is ours");
}

#[test]
fn what_moves_while_a_question_stands_is_not_overrun() {
    let (mine, theirs) = (folder(), folder());
    let (mine, theirs) = (mine.path(), theirs.path());
    let server = Server::start(mine);
    expect(&server, mine, "apply dev --yes", 0);

    // Nothing has moved: what was agreed to is done.
    edit(mine, "retention = \"1 day\"", "retention = \"5 days\"");
    let asked = Asked::new(&server, mine, "apply dev");
    let (said, code) = asked.answer("dev");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("DONE"), "{said}");

    // Another hand, with a store of its own and so without our lock, is quicker.
    edit(mine, "retention = \"5 days\"", "retention = \"7 days\"");
    let asked = Asked::new(&server, mine, "apply dev");
    edit(theirs, "retention = \"1 day\"", "retention = \"9 days\"");
    expect(&server, theirs, "apply dev --yes", 0);
    let (said, code) = asked.answer("dev");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("P610"), "{said}");
    assert!(
        said.contains("backup.retention  5 days -> 9 days"),
        "{said}"
    );
    expect(&server, theirs, "plan dev --exit-code", 0);

    let asked = Asked::new(&server, mine, "destroy dev");
    edit(
        theirs,
        "deletion_protection = false",
        "deletion_protection = true",
    );
    expect(&server, theirs, "apply dev --yes", 0);
    let (said, code) = asked.answer("happytrip-b2b/dev");
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("instance.deletion_protection  false -> true"),
        "{said}"
    );
    expect(&server, theirs, "plan dev --exit-code", 0);
}
