//! The program as pipelines meet it: exit codes, streams, and the documents of `--json`.
//!
//! It runs the built program in a temporary copy of `specs/`; building the workspace's tests builds it.

#[path = "interruptions/server.rs"]
mod server;

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pgward_tests::documents::fits;
use pgward_tests::program::{folder, program, text};
use serde_json::Value;
use server::Server;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = pgward_tests::program::command(program(), folder);
    command.args(arguments);
    command
}

fn run(folder: &Path, line: &str) -> Output {
    let arguments: Vec<&str> = line.split(' ').collect();
    command(folder, &arguments)
        .output()
        .expect("the program starts")
}

/// Runs a line that must end with a code, and gives stdout.
fn expect(folder: &Path, line: &str, code: i32) -> String {
    let output = run(folder, line);
    assert_eq!(
        output.status.code(),
        Some(code),
        "pgward {line}\n{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The last line on stderr names the code of what did not succeed.
fn expect_named(folder: &Path, line: &str, code: i32) {
    let output = run(folder, line);
    let complaints = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}\n{complaints}");
    let last = complaints.lines().last().unwrap_or_default();
    assert!(
        last.starts_with(&format!("exit {code}: ")),
        "{line} ends with: {last}"
    );
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join("specs").join(file);
    let mut text = String::new();
    std::fs::File::open(&path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .expect("it was copied");
    assert!(text.contains(from), "{file} holds {from}");
    std::fs::write(&path, text.replacen(from, to, 1)).expect("it is ours");
}

/// JSON, which fits its schema if it is a document.
#[track_caller]
fn json(text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    fits(&value);
    value
}

#[test]
fn checks_answer_for_files_only() {
    let folder = folder();
    expect(folder.path(), "check", 0);
    expect(folder.path(), "check dev", 0);
    expect_named(folder.path(), "check nobody", 3);
    edit(folder.path(), "dev.toml", "multi_az", "multi_zone");
    expect_named(folder.path(), "check dev", 3);
    let document = json(&expect(folder.path(), "check dev --json", 3));
    assert!(!document["findings"].as_array().expect("a list").is_empty());
    expect_named(folder.path(), "sandbox plan dev", 3);
}

#[test]
fn every_document_fits_its_schema() {
    let folder = folder();
    let path = folder.path();
    for (line, code, format) in [
        ("check --json", 0, "pgward.check"),
        ("check nobody --json", 3, "pgward.failure"),
        ("sandbox preflight prod --json", 0, "pgward.preflight"),
        ("sandbox plan prod --json", 0, "pgward.plan"),
        ("sandbox drift prod --json", 0, "pgward.drift"),
        (
            "sandbox import prod --instance nobody --json",
            3,
            "pgward.failure",
        ),
    ] {
        let document = json(&expect(path, line, code));
        assert_eq!(document["format"], format, "{line}");
    }
    let stream = expect(path, "sandbox apply dev --yes --json", 0);
    assert!(stream.lines().count() > 20, "{stream}");
    stream.lines().for_each(|line| drop(json(line)));
    let imported = "sandbox import dev --instance happytrip-b2b-dev --json";
    assert_eq!(json(&expect(path, imported, 0))["format"], "pgward.import");
}

/// The keys belong to another account, so the plan is made if the served sandbox gave those of the role.
#[test]
fn the_endpoint_leads_the_assuming_of_a_role_too() {
    let folder = folder();
    let server = Server::start(folder.path());
    let role = "arn:aws:iam::{account}:role/rds-monitoring-role";
    let run = |more: &[&str]| {
        let mut plan = command(folder.path(), &["plan", "prod", "--json"]);
        plan.args(["--endpoint-url", server.url()]).args(more);
        plan.env("AWS_ACCESS_KEY_ID", "SANDBOX999988887777")
            .env("AWS_SECRET_ACCESS_KEY", "none")
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("AWS_ENDPOINT_URL_STS");
        plan.output().expect("the program starts")
    };
    let output = run(&["--role-arn", role]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(json(&text(&output.stdout))["verdict"], "ready", "{told}");
    assert_eq!(run(&[]).status.code(), Some(3), "it is another account");
}

#[test]
fn plans_are_no_failure_unless_asked() {
    let folder = folder();
    let path = folder.path();
    expect(path, "sandbox plan dev", 0);
    expect_named(path, "sandbox plan dev --exit-code", 2);
    expect_named(path, "sandbox plan", 3);
    expect_named(path, "sandbox plan nobody", 3);
    expect_named(path, "sandbox plan dev --nonsense", 64);
    expect(path, "sandbox plan --all", 0);
    let several = json(&expect(path, "sandbox plan --all --json", 0));
    assert_eq!(several.as_array().expect("one document each").len(), 3);
    let document = json(&expect(path, "sandbox plan dev --json", 0));
    for field in [
        "format",
        "format_version",
        "tool_version",
        "plan_id",
        "created_at",
        "environment",
        "spec",
        "live",
        "verdict",
        "summary",
        "changes",
        "steps",
        "waiting",
        "unmanaged",
        "findings",
        "notes",
        "not_checked",
    ] {
        assert!(document.get(field).is_some(), "the plan has `{field}`");
    }
    assert_eq!(document["format"], "pgward.plan");
    assert_eq!(document["environment"]["sandbox"], true);
    assert_eq!(document["live"]["unread"], json("[]"));
    let change = &document["changes"][0];
    for field in [
        "path", "address", "action", "effect", "flags", "when", "gate", "source",
    ] {
        assert!(change.get(field).is_some(), "a change has `{field}`");
    }
}

#[test]
fn json_leaves_stderr_empty() {
    let folder = folder();
    for line in [
        "sandbox plan dev --json",
        "check --json",
        "sandbox apply dev --yes --json",
        "sandbox drift dev --json",
    ] {
        let output = run(folder.path(), line);
        assert_eq!(text(&output.stderr), "", "{line}");
    }
}

#[test]
fn nothing_is_applied_or_destroyed_without_consent() {
    let folder = folder();
    let path = folder.path();
    expect_named(path, "sandbox apply dev", 3);
    expect(path, "sandbox apply dev --yes", 0);
    expect(path, "sandbox apply dev --yes", 0);
    expect(path, "sandbox plan dev --exit-code", 0);
    expect(path, "sandbox drift dev", 0);
    expect_named(path, "sandbox destroy dev", 3);
    expect_named(path, "sandbox destroy dev --yes", 3);
    expect_named(path, "sandbox destroy dev --confirm happytrip-b2b/prod", 3);
    expect(path, "sandbox destroy dev --confirm happytrip-b2b/dev", 0);
    let new = json(&expect(path, "sandbox plan dev --json", 0));
    assert_eq!(new["is_new"], true);
}

#[test]
fn blocked_changes_turn_a_plan_red() {
    let folder = folder();
    let path = folder.path();
    expect(path, "sandbox apply dev --yes", 0);
    edit(
        path,
        "dev.toml",
        "encryption = \"aws/rds\"",
        "encryption = \"alias/other\"",
    );
    expect_named(path, "sandbox plan dev", 3);
    expect_named(path, "sandbox apply dev --yes", 3);
    let document = json(&expect(path, "sandbox plan dev --json", 3));
    assert_eq!(document["verdict"], "blocked");
}

#[test]
fn drift_is_a_difference() {
    let folder = folder();
    let path = folder.path();
    expect(path, "sandbox apply dev --yes", 0);
    let input = r#"{"DBInstanceIdentifier":"happytrip-b2b-dev","BackupRetentionPeriod":"3"}"#;
    let call = [
        "sandbox",
        "call",
        "rds:ModifyDBInstance",
        input,
        "--spec",
        "dev",
    ];
    let output = command(path, &call).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect_named(path, "sandbox drift dev", 2);
    expect(path, "sandbox drift dev --exit-zero", 0);
    expect(path, "sandbox apply dev --yes", 0);
    expect(path, "sandbox drift dev", 0);
}

#[test]
fn events_are_numbered_and_end_with_one_summary() {
    let folder = folder();
    let events = |line: &str, code: i32| -> Vec<Value> {
        expect(folder.path(), line, code)
            .lines()
            .map(json)
            .collect()
    };
    let run = events("sandbox apply dev --yes --json", 0);
    let idle = events("sandbox apply dev --yes --json", 0);
    let destroyed = events("sandbox destroy dev --confirm happytrip-b2b/dev --json", 0);
    for (name, events) in [("apply", &run), ("apply", &idle), ("destroy", &destroyed)] {
        let numbers: Vec<u64> = events
            .iter()
            .map(|event| event["seq"].as_u64().expect("every event has a number"))
            .collect();
        let expected: Vec<u64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "seq has no gaps");
        let (first, last) = (&events[0], &events[events.len() - 1]);
        assert_eq!(first["type"], "start");
        assert_eq!(first["format"], "pgward.events/1");
        assert_eq!(first["command"], *name);
        assert_eq!(last["type"], "summary");
        assert_eq!(last["exit_code"], 0);
        assert_eq!(last["result"], "done");
        let summaries = events.iter().filter(|event| event["type"] == "summary");
        assert_eq!(summaries.count(), 1, "one summary");
        let mut moments: Vec<&str> = events
            .iter()
            .map(|event| event["ts"].as_str().expect("every event has a moment"))
            .collect();
        let written = moments.clone();
        moments.sort_unstable();
        assert_eq!(written, moments, "time does not go back");
    }
    let ended = |address: &str| {
        run.iter().any(|event| {
            event["type"] == "change" && event["address"] == address && event["state"] == "done"
        })
    };
    assert!(ended("instance") && ended("network"));
}

#[test]
fn a_refused_run_ends_with_a_summary() {
    let folder = folder();
    expect(folder.path(), "sandbox apply dev --yes", 0);
    edit(
        folder.path(),
        "dev.toml",
        "encryption = \"aws/rds\"",
        "encryption = \"alias/other\"",
    );
    let lines = expect(folder.path(), "sandbox apply dev --yes --json", 3);
    let events: Vec<Value> = lines.lines().map(json).collect();
    let last = events.last().expect("there are events");
    assert_eq!(last["type"], "summary", "{lines}");
    assert_eq!(last["result"], "refused");
    assert_eq!(last["exit_code"], 3);
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let folder = folder();
    let path = folder.path();
    // A run holds a lock on this file for as long as it lives, so whoever locks it stands for one.
    expect(path, "sandbox apply dev --yes", 0);
    let lock = path.join("state/sandbox/happytrip-b2b/dev/lease.lock");
    let file = std::fs::OpenOptions::new()
        .append(true)
        .open(&lock)
        .expect("a run leaves the file it locks");
    file.lock().expect("nobody else holds it");
    edit(
        path,
        "dev.toml",
        "retention = \"1 day\"",
        "retention = \"2 days\"",
    );
    expect_named(path, "sandbox apply dev --yes", 4);
    // What is read while somebody applies may be half of it.
    expect_named(path, "sandbox plan dev", 4);
    drop(file);
    expect(path, "sandbox apply dev --yes", 0);
}

#[test]
fn a_closed_stdout_is_no_crash() {
    let folder = folder();
    for arguments in [
        &["sandbox", "plan", "prod"][..],
        &["sandbox", "plan", "prod", "--json"],
        &["check", "--json"],
    ] {
        let mut child = command(folder.path(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // As `head -1` does: it reads a little and closes.
        let mut stdout = child.stdout.take().expect("it is piped");
        let mut start = [0; 16];
        let read = stdout.read(&mut start).expect("something is printed");
        assert!(read > 0);
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        let complaints = text(&output.stderr);
        assert!(
            !complaints.contains("panicked"),
            "{arguments:?}: {complaints}"
        );
        assert_ne!(output.status.code(), Some(101), "{arguments:?}");
    }
}

#[test]
fn fixes_are_made_once_and_keep_comments() {
    let folder = folder();
    let text = || {
        let path = folder.path().join("specs/dev.toml");
        std::fs::read_to_string(path).expect("it was copied")
    };
    let before = text();
    assert_eq!(
        expect(folder.path(), "check --fix dev", 0).lines().count(),
        1
    );
    assert_eq!(text(), before, "there was nothing to fix");
    edit(
        folder.path(),
        "dev.toml",
        "multi_az            = false",
        "mutli_az = \"false\" # kept",
    );
    let document = json(&expect(folder.path(), "check --fix --json dev", 0));
    assert_eq!(
        document["fixed"][0]["after"].as_str(),
        Some("multi_az = false # kept"),
        "{document}"
    );
    assert!(text().contains("\nmulti_az = false # kept\n"));
    expect_named(folder.path(), "check --fix -", 64);
}

#[cfg(unix)]
#[test]
fn a_watch_checks_after_every_change_and_ends_with_its_signal() {
    use std::io::{BufRead as _, BufReader};
    use std::sync::mpsc;
    let folder = folder();
    let mut watch = command(folder.path(), &["check", "dev", "--watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(watch.stderr.take().expect("it is piped")).lines();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .try_for_each(|line| tell.send(line))
    });
    let process = watch.id().to_string();
    let kill = |signal: &str| {
        let killed = Command::new("kill").args([signal, &process]).status();
        assert!(killed.expect("kill starts").success());
    };
    let next = |wanted: &str| {
        loop {
            match told.recv_timeout(std::time::Duration::from_secs(20)) {
                Ok(line) if line.contains(wanted) => return,
                Ok(_) => {}
                Err(_) => {
                    kill("-KILL");
                    panic!("it never says {wanted}");
                }
            }
        }
    };
    next("watching");
    edit(folder.path(), "dev.toml", "20 GiB", "20");
    next("specs/dev.toml changed");
    next("error[P104]");
    edit(folder.path(), "dev.toml", "\"20\"", "\"20 GiB\"");
    next("specs/dev.toml changed");
    kill("-INT");
    next("exit 130: interrupted");
    assert_eq!(watch.wait().expect("it ended").code(), Some(130));
}

#[test]
fn manual_pages_and_completions_are_those_of_the_program() {
    let folder = folder();
    expect(folder.path(), "man pages", 0);
    let page = std::fs::read_to_string(folder.path().join("pages/pgward-plan.1"));
    assert!(page.expect("it is written").contains("pgward plan prod"));
    assert!(expect(folder.path(), "man", 0).starts_with(".ie"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = expect(folder.path(), &format!("completions {shell}"), 0);
        assert!(script.contains("warnings-as-errors"), "{shell}");
    }
}

#[test]
fn the_sandbox_asks_nothing_of_aws_for_the_values_of_a_file() {
    let folder = folder();
    edit(
        folder.path(),
        "dev.toml",
        "class               = \"db.t3.micro\"",
        "class               = { ssm = \"/shop/class\" }",
    );
    let line = "sandbox call rds:DescribeDBInstances {} --spec dev";
    let output = run(folder.path(), line);
    let complaints = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{complaints}");
    assert!(
        complaints.contains("the sandbox has no Systems Manager"),
        "{complaints}"
    );
}
