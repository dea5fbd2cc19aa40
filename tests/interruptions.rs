//! Runs that are broken off: signals, a kill, a full disk. The same command goes on afterwards.
//!
//! The program runs against `sandbox serve` on a port of its own, with time that passes faster.
#![cfg(unix)]

#[path = "interruptions/deaf.rs"]
mod deaf;
#[path = "interruptions/server.rs"]
mod server;
// It needs a terminal, which `script` of util-linux makes.
#[cfg(target_os = "linux")]
#[path = "interruptions/question.rs"]
mod question;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use pgward_tests::program::{folder, program, text};
use server::{Server, command, with_credentials};

/// What GitHub gives a step between SIGINT and SIGTERM; the report and the lock's release fit in.
const GRACE: Duration = Duration::from_millis(7500);

/// Starts an apply and returns when it waits for the instance.
fn begin(server: &Server, folder: &Path) -> Child {
    let child = command(folder, &["apply", "dev", "--yes"])
        .env("AWS_ENDPOINT_URL", server.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let journal = folder.join("state/happytrip-b2b/dev");
    let until = Instant::now() + Duration::from_secs(60);
    while !says(&journal, r#""address":"instance""#) {
        assert!(
            Instant::now() < until,
            "the run does not get to the instance"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

/// Whether a journal holds a text.
fn says(folder: &Path, wanted: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".jsonl"))
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .any(|text| text.contains(wanted))
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("every Unix has kill");
    assert!(sent.success());
}

fn run(server: &Server, folder: &Path, line: &str) -> Output {
    let arguments: Vec<&str> = line.split(' ').collect();
    command(folder, &arguments)
        .env("AWS_ENDPOINT_URL", server.url())
        .output()
        .expect("the program starts")
}

fn expect(server: &Server, folder: &Path, line: &str, code: i32) -> String {
    let output = run(server, folder, line);
    let (out, complaints) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{line}\n{out}{complaints}"
    );
    out
}

#[test]
fn a_run_whose_result_cannot_be_read_is_no_success() {
    let folder = folder();
    let server = Server::start(folder.path());
    let output = command(folder.path(), &["apply", "dev", "--yes"])
        .env("AWS_ENDPOINT_URL", deaf::way(server.url(), 1))
        .output()
        .expect("the program starts");
    let (out, complaints) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{complaints}");
    assert!(out.contains("DONE"), "{out}");
    assert!(
        complaints.contains("nothing proves its result"),
        "{complaints}"
    );
    // What was done is in the record all the same.
    expect(&server, folder.path(), "drift dev", 0);
    goes_on(&server, folder.path());
}

/// What holds after every break: nobody has the lock, and the same command ends well.
fn goes_on(server: &Server, folder: &Path) {
    let free = expect(server, folder, "unlock dev", 0);
    assert!(free.contains("is not locked"), "{free}");
    expect(server, folder, "apply dev --yes", 0);
    expect(server, folder, "plan dev --exit-code", 0);
    expect(server, folder, "drift dev", 0);
}

#[test]
fn every_signal_ends_a_run_with_a_report_and_without_the_lock() {
    for name in ["INT", "TERM", "HUP"] {
        let folder = folder();
        let server = Server::start(folder.path());
        let child = begin(&server, folder.path());
        let sent = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        let (out, complaints) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(130), "{name}\n{out}{complaints}");
        assert!(sent.elapsed() < GRACE, "{name} took {:?}", sent.elapsed());
        assert!(out.contains("STOPPED"), "{name}\n{out}");
        assert!(out.contains("lock released"), "{name}\n{out}");
        assert!(
            out.contains("AWS goes on creating happytrip-b2b-dev"),
            "{out}"
        );
        assert!(
            complaints.ends_with("exit 130: interrupted\n"),
            "{complaints}"
        );
        let plan = expect(&server, folder.path(), "plan dev", 0);
        assert!(
            plan.contains("AWS is still creating it; apply waits for it"),
            "{plan}"
        );
        goes_on(&server, folder.path());
    }
}

#[test]
fn a_second_signal_leaves_at_once() {
    let folder = folder();
    let server = Server::start(folder.path());
    let child = begin(&server, folder.path());
    signal(&child, "INT");
    signal(&child, "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    goes_on(&server, folder.path());
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let folder = folder();
    let server = Server::start(folder.path());
    let mut child = begin(&server, folder.path());
    child.kill().expect("it runs");
    child.wait().expect("it is dead");
    goes_on(&server, folder.path());
}

/// So many runs of one environment begin at once.
const HANDS: usize = 16;

#[test]
fn of_many_runs_in_one_folder_one_works_at_a_time() {
    let folder = folder();
    let server = Server::start(folder.path());
    let until = Instant::now() + Duration::from_secs(240);
    let hand = || {
        let mut busy = 0;
        loop {
            let output = run(&server, folder.path(), "apply dev --yes");
            match output.status.code() {
                Some(0) => return busy,
                // Busy: as the message says, repeat.
                Some(4) => busy += 1,
                other => panic!("{other:?}: {}", text(&output.stderr)),
            }
            assert!(Instant::now() < until, "nobody comes to an end");
            std::thread::sleep(Duration::from_millis(300));
        }
    };
    let busy: usize = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS).map(|_| scope.spawn(hand)).collect();
        hands
            .into_iter()
            .map(|hand| hand.join().expect("a hand ends well"))
            .sum()
    });
    assert!(busy > 0, "the hands never met");
    let place = folder.path().join("state/happytrip-b2b/dev");
    let journals: Vec<String> = std::fs::read_dir(&place)
        .expect("somebody applied")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .map(|path| std::fs::read_to_string(path).expect("it can be read"))
        .collect();
    for journal in &journals {
        for line in journal.lines() {
            let line: Result<serde_json::Value, _> = serde_json::from_str(line);
            assert!(line.is_ok(), "a torn line in {journal}");
        }
    }
    let created = |journal: &&String| journal.contains(r#""verb":"create""#);
    assert_eq!(
        journals.iter().filter(created).count(),
        1,
        "one run creates"
    );
    goes_on(&server, folder.path());
}

#[test]
fn nobody_has_to_read_what_a_run_prints() {
    let folder = folder();
    let server = Server::start(folder.path());
    let mut child = begin(&server, folder.path());
    drop(child.stdout.take());
    drop(child.stderr.take());
    child.wait().expect("it ends");
    goes_on(&server, folder.path());
}

/// Applies where no file may become larger than so many blocks of 1 KiB: what goes beyond fails to
/// be written, as on a full disk.
fn apply_with_room(server: &Server, folder: &Path, blocks: u32) -> String {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" apply dev --yes");
    let output = with_credentials("bash", folder)
        .args(["-c", &script])
        .arg(program())
        .env("AWS_ENDPOINT_URL", server.url())
        .output()
        .expect("bash is there");
    let (out, complaints) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{complaints}");
    assert!(complaints.contains("File too large"), "{complaints}");
    out
}

#[test]
fn without_room_for_the_journal_nothing_is_sent() {
    let folder = folder();
    let server = Server::start(folder.path());
    apply_with_room(&server, folder.path(), 0);
    let plan = expect(&server, folder.path(), "plan dev --json", 0);
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["is_new"], true, "something was created");
    goes_on(&server, folder.path());
}

#[test]
fn a_disk_that_fills_up_stops_the_run() {
    let folder = folder();
    let server = Server::start(folder.path());
    let out = apply_with_room(&server, folder.path(), 1);
    let report = out.lines().find(|line| line.starts_with("STOPPED"));
    assert!(
        report.is_some_and(|line| line.contains("in progress at AWS")),
        "{out}"
    );
    goes_on(&server, folder.path());
}
