//! One run in every form, in the sandbox: files, stdout, and what GitHub asks for.

#[path = "../../review/tests/build/schema.rs"]
mod schema;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A folder with the specs that are shipped.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let specs = folder.path().join("specs");
    std::fs::create_dir(&specs).expect("it is empty");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs");
    for name in ["base.toml", "dev.toml"] {
        std::fs::copy(shipped.join(name), specs.join(name)).expect("specs are shipped");
    }
    folder
}

fn pgward(folder: &Path, line: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgward"));
    for name in [
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_SERVER_URL",
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ID",
        "GITHUB_SHA",
        "CI_PROJECT_URL",
        "CI_JOB_URL",
        "PGWARD_CI",
    ] {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .args(line.split(' '))
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[track_caller]
fn run(folder: &Path, line: &str, code: i32) -> String {
    let output = pgward(folder, line, &[]);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{line}: {}",
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn fits(name: &str, text: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let printed = run(folder.path(), &format!("schema {name}"), 0);
    let schema: Value = serde_json::from_str(&printed).expect("a schema is JSON");
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let found = schema::complaints(&schema, &value);
    assert!(found.is_empty(), "{name}: {}", found.join("\n"));
}

/// Breaks a key of an environment's file.
fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("specs/dev.toml");
    let before = std::fs::read_to_string(&path).expect("it was copied");
    assert!(before.contains(from), "{from}");
    std::fs::write(&path, before.replacen(from, to, 1)).expect("it is ours");
}

#[test]
fn a_plan_is_written_in_every_form_of_one_run() {
    let folder = folder();
    let path = folder.path();
    let human = run(
        path,
        "sandbox plan dev --write json=p.json --write markdown=p.md --write sarif=p.sarif \
         --write github=p.txt --write html=p.html --write human=p.human",
        0,
    );
    assert_eq!(human, read(path, "p.human"));
    fits("plan", &read(path, "p.json"));
    let plan: Value = serde_json::from_str(&read(path, "p.json")).expect("JSON");
    let nodes = plan["nodes"].as_array().expect("every resource is there");
    assert!(nodes.iter().any(|node| {
        node["address"] == "instance"
            && node["needs"]
                .as_array()
                .is_some_and(|needs| !needs.is_empty())
    }));
    let markdown = read(path, "p.md");
    assert!(
        markdown.starts_with("<!-- pgward:plan happytrip-b2b/dev -->\n"),
        "{markdown}"
    );
    assert!(markdown.contains("**sandbox**"), "{markdown}");
    let sarif: Value = serde_json::from_str(&read(path, "p.sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    assert!(read(path, "p.html").contains("<svg role=\"img\""));
    assert_eq!(run(path, "sandbox plan dev --format markdown", 0), markdown);
}

#[test]
fn a_run_is_a_stream_in_a_file_and_a_comment() {
    let folder = folder();
    let path = folder.path();
    run(
        path,
        "sandbox apply dev --yes --write json=a.jsonl --write markdown=a.md --write html=a.html",
        0,
    );
    let events = read(path, "a.jsonl");
    for (number, line) in events.lines().enumerate() {
        fits("events", line);
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["seq"], number + 1);
    }
    assert_eq!(events.matches("\"type\":\"summary\"").count(), 1);
    assert!(read(path, "a.md").starts_with("<!-- pgward:apply happytrip-b2b/dev -->\n"));
    assert!(read(path, "a.html").contains("What was done"));
    run(
        path,
        "sandbox apply dev --yes --write json=b.jsonl --write markdown=b.md",
        0,
    );
    assert_eq!(read(path, "b.jsonl").lines().count(), 2);
    assert!(read(path, "b.md").contains(": no changes\n"));
    let drift = run(path, "sandbox drift dev --json --write metrics=d.prom", 0);
    fits("drift", &drift);
    let numbers = read(path, "d.prom");
    assert!(
        numbers.contains("pgward_drift_resources{project=\"happytrip-b2b\""),
        "{numbers}"
    );
    assert!(numbers.contains("pgward_engine_version_info{"), "{numbers}");
}

#[test]
fn a_failure_takes_the_place_of_every_form() {
    let folder = folder();
    let path = folder.path();
    edit(path, "multi_az", "multi_azz");
    let failure = run(
        path,
        "sandbox plan dev --json --write markdown=p.md --write sarif=p.sarif",
        3,
    );
    fits("failure", &failure);
    let failure: Value = serde_json::from_str(&failure).expect("JSON");
    assert_eq!(failure["project"], "happytrip-b2b");
    assert_eq!(failure["environment"], "dev");
    let markdown = read(path, "p.md");
    assert!(
        markdown.starts_with("<!-- pgward:plan happytrip-b2b/dev -->\n"),
        "{markdown}"
    );
    assert!(markdown.contains("could not be made"), "{markdown}");
    assert!(read(path, "p.sarif").contains("\"ruleId\": \"P101\""));
    let events = run(path, "sandbox apply dev --yes --json", 3);
    for line in events.lines() {
        fits("events", line);
    }
    assert!(
        events
            .trim_end()
            .lines()
            .last()
            .is_some_and(|line| line.contains("\"summary\""))
    );
    let check = run(
        path,
        "check dev --json --write github=c.txt --write markdown=c.md",
        3,
    );
    fits("check", &check);
    assert!(read(path, "c.txt").starts_with("::error file=specs/dev.toml,line="));
}

#[test]
fn a_step_on_github_is_annotated_and_summarized() {
    let folder = folder();
    let path = folder.path();
    edit(path, "10.0.0.0/16", "0.0.0.0/0");
    let summary = path.join("summary.md");
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("UTF-8")),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_SHA", "9b07e15"),
        ("GITHUB_RUN_ID", "8842"),
    ];
    let output = pgward(path, "sandbox plan dev", &variables);
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("::error file=specs/dev.toml,line="),
        "{stderr}"
    );
    assert!(!text(&output.stdout).contains("::error"));
    let written = read(path, "summary.md");
    assert!(
        written.contains("](https://github.com/o/r/blob/9b07e15/specs/dev.toml#L"),
        "{written}"
    );
    assert!(
        written.contains("(https://github.com/o/r/actions/runs/8842)"),
        "{written}"
    );
    edit(path, "0.0.0.0/0", "10.0.0.0/16");
    let output = pgward(path, "sandbox apply dev --yes", &variables);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("::group::happytrip-b2b/dev\n"), "{stderr}");
    assert!(stderr.contains("\n::endgroup::\n"), "{stderr}");
    assert!(read(path, "summary.md").contains("<!-- pgward:apply happytrip-b2b/dev -->"));
    let before = read(path, "summary.md");
    let off = [variables.as_slice(), &[("PGWARD_CI", "off")]].concat();
    let output = pgward(path, "sandbox plan dev", &off);
    assert!(!text(&output.stderr).contains("::"));
    assert_eq!(read(path, "summary.md"), before);
}

#[test]
fn what_a_command_has_no_form_for_is_refused_before_anything_happens() {
    let folder = folder();
    let path = folder.path();
    for line in [
        "show dev --format markdown",
        "check dev --write html=x.html",
        "plan dev --write metrics=x.prom",
        "output dev --write json=x.json",
        "plan dev --write nonsense=x",
        "plan dev --write json",
        "plan dev --markdown-budget 100",
        "plan dev --link-base javascript:alert(1)",
    ] {
        run(path, line, 64);
    }
    let small = run(
        path,
        "sandbox plan dev --format markdown --markdown-budget 4096",
        0,
    );
    assert!(small.len() <= 4096, "{}", small.len());
}
