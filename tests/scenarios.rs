//! Console transcripts: the README, the documents and `scenarios/*.md`, run as a reader would.
//!
//! Each file has a directory of its own with a copy of `specs/`. In order, a `console` block is run
//! by the shell, line by line, and compared with what it shows (`? 3` is an exit code that is not
//! 0); a `diff` block is applied to the file it names. `[..]` stands for a part of a line and `...`
//! for any lines. `SNAPSHOTS=overwrite` accepts.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use snapbox::filter::NormalizeToExpected;
use snapbox::{Assert, Data};

#[test]
fn the_readme_is_true() {
    check(&[root().join("README.md")]);
}

#[test]
fn the_documents_are_true() {
    let mut documents = vec![root().join("docs/tutorial.md")];
    for shelf in ["guides", "concepts"] {
        documents.extend(markdown(&root().join("docs").join(shelf)));
    }
    check(&documents);
}

#[test]
fn the_scenarios_are_true() {
    check(&markdown(&root().join("tests/scenarios")));
}

/// Plays files side by side and compares each with what happened.
fn check(paths: &[PathBuf]) {
    assert!(!paths.is_empty(), "there is nothing to play");
    let played = std::thread::scope(|scope| {
        let runs: Vec<_> = paths
            .iter()
            .map(|path| scope.spawn(move || play(path)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().expect("a file plays to its end"))
            .collect::<Vec<_>>()
    });
    let assert = Assert::new().action_env("SNAPSHOTS");
    let complaints: Vec<String> = paths
        .iter()
        .zip(played)
        .filter_map(|(path, text)| {
            let expected = Data::read_from(path, None).raw();
            let result = assert.try_eq(Some(&"played"), Data::text(text), expected);
            result.err().map(|error| error.to_string())
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The text of a file with what its commands said in place of what it shows.
fn play(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("the file can be read");
    let scratch = tempfile::tempdir().expect("a directory can be made");
    let stage = scratch.path().join("pgward");
    copy(&root().join("specs"), &stage.join("specs"));
    let mut played = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        played.push_str(line);
        played.push('\n');
        let language = line.strip_prefix("```").unwrap_or_default();
        if language.is_empty() {
            continue;
        }
        let block: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .collect();
        let place = format!("{}:{}", path.display(), number + 2);
        match language {
            "console" => played.push_str(&run_block(&stage, &block, &place)),
            "diff" => {
                change(&stage, &block, &place);
                played.push_str(&joined(&block));
            }
            _ => played.push_str(&joined(&block)),
        }
        played.push_str("```\n");
    }
    played
}

/// Runs the commands of a block and writes the block anew.
fn run_block(stage: &Path, block: &[&str], place: &str) -> String {
    let mut written = String::new();
    let mut rest = block;
    while let Some((first, after)) = rest.split_first() {
        let command = first
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("{place}: a console block begins with `$ `"));
        let end = after
            .iter()
            .position(|line| line.starts_with("$ "))
            .unwrap_or(after.len());
        let shown = joined(&after[..end]);
        let blank = &shown[shown.trim_end_matches('\n').len()..];
        written.push_str(first);
        written.push('\n');
        let said = shell(stage, command);
        let expected = Data::text(shown.trim_end_matches('\n'));
        let normalized = NormalizeToExpected::new()
            .redact()
            .normalize(Data::text(said.trim_end_matches('\n')), &expected)
            .to_string();
        written.push_str(&normalized);
        if !normalized.is_empty() {
            written.push('\n');
        }
        written.push_str(blank.strip_prefix('\n').unwrap_or_default());
        rest = &after[end..];
    }
    written
}

/// What one command writes to stdout and stderr in its order, and its exit code unless it is 0.
fn shell(stage: &Path, command: &str) -> String {
    // The test that plays this file is part of that one.
    if command == "cargo test --workspace" {
        return String::new();
    }
    let command = command
        .strip_prefix("cargo run -- ")
        .map_or_else(|| command.to_owned(), |rest| format!("pgward {rest}"));
    let (mut reader, writer) = std::io::pipe().expect("a pipe can be made");
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .current_dir(stage)
        .env_clear()
        .envs(surroundings(stage))
        .stdin(std::process::Stdio::null())
        .stdout(writer.try_clone().expect("a pipe has two ends"))
        .stderr(writer)
        .spawn()
        .expect("there is a shell");
    let mut said = String::new();
    reader
        .read_to_string(&mut said)
        .expect("programs write text");
    let code = child.wait().expect("a program ends").code();
    if code != Some(0) {
        let code = code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        let text = said.trim_end_matches('\n');
        let pause = if text.is_empty() { "" } else { "\n" };
        said = format!("{text}{pause}? {code}");
    }
    without_process(&said.replace(&stage.display().to_string(), "[HERE]"))
}

/// The text with `[..]` for the number of the process that holds the lock.
fn without_process(said: &str) -> String {
    let mut parts = said.split(", process ");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(", process [..]");
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    kept
}

/// The environment of a reader: no credentials, no way out, no colors.
fn surroundings(stage: &Path) -> Vec<(&'static str, String)> {
    let path = std::env::var("PATH").expect("there is a PATH");
    let program = program();
    let folder = program.parent().expect("a program is in a directory");
    vec![
        ("PATH", format!("{}:{path}", folder.display())),
        ("HOME", stage.display().to_string()),
        ("USER", "you".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "dumb".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("HTTPS_PROXY", "http://127.0.0.1:9".to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ]
}

/// The program under test, which cargo builds beside this test for the integration tests of
/// `crates/cli`.
fn program() -> PathBuf {
    let here = std::env::current_exe().expect("a test has a path");
    let profile = here.ancestors().nth(2).expect("tests are in target/*/deps");
    let program = profile.join("pgward");
    assert!(
        program.is_file(),
        "{} is not built: cargo build -p pgward-cli",
        program.display()
    );
    program
}

/// Applies a block that names a file and shows lines that go and come; with lines that come only, it
/// is a new file.
fn change(stage: &Path, block: &[&str], place: &str) {
    let (head, body) = block
        .split_first()
        .unwrap_or_else(|| panic!("{place}: an empty change"));
    let name = head
        .strip_prefix("--- ")
        .unwrap_or_else(|| panic!("{place}: a change begins with `--- ` and a file"));
    let file = stage.join(name);
    let side = |other: char| {
        let kept = body.iter().filter(|line| !line.starts_with(other));
        joined(
            &kept
                .map(|line| line.get(1..).unwrap_or(""))
                .collect::<Vec<_>>(),
        )
    };
    let (before, after) = (side('+'), side('-'));
    if before.is_empty() {
        assert!(!file.exists(), "{place}: {name} is there already");
        fs::write(&file, after).expect("the new file can be written");
        return;
    }
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{place}: {name}: {error}"));
    let found = text.matches(&before).count();
    assert_eq!(found, 1, "{place}: {name} has the lines {found} times");
    fs::write(&file, text.replace(&before, &after)).expect("the copy can be written");
}

fn joined(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("tests/ is in the repository")
        .to_owned()
}

/// The Markdown files directly in a folder, sorted.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("the directory can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_file() {
            fs::copy(&path, to.join(name)).expect("the file can be copied");
        }
    }
}
