//! Many hands: sixteen processes apply one environment at once, and some of them are killed.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

const HANDS: usize = 16;
/// How many runs are killed in the middle of their work.
const KILLED: usize = 3;
/// No run takes longer, all of them together.
const PATIENCE: Duration = Duration::from_secs(180);

const SPEC: &str = r#"
environment = "dev"
account     = "444455556666"

[project]
name   = "shop"
region = "ap-south-1"

[network]
vpc     = "vpc-0b7714c0de5a92233"
subnets = ["subnet-0aaa1110000000011", "subnet-0bbb2220000000022"]

[access.app]
from = "10.0.0.0/16"

[postgres]
version = "16"

[parameters]
work_mem = "8MB"

[instance]
class               = "db.t3.small"
multi_az            = false
public              = false
deletion_protection = true

[storage]
type       = "gp3"
size       = "20 GiB"
encryption = "aws/rds"

[backup]
retention = "1 day"

[maintenance]
window = "Sun 03:00-04:00 UTC"

[secret.master]
name     = "shop/dev/postgres"
username = "shop_admin"
source   = "generate"
"#;

/// A served sandbox, and a project that uses it as its AWS.
struct Stage {
    home: tempfile::TempDir,
    server: Child,
    address: String,
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn pgward(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgward"));
    command
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("USER", "hand")
        .env("AWS_ACCESS_KEY_ID", "SANDBOX444455556666")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null());
    command
}

impl Stage {
    /// Opens it with a clock that is this many times as fast.
    fn open(speed: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("specs")).expect("a folder");
        fs::write(home.path().join("specs/dev.toml"), SPEC).expect("a spec");
        let mut server = pgward(home.path())
            .args([
                "sandbox",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--speed",
                speed,
            ])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stderr = server.stderr.take().expect("it is piped");
        BufReader::new(stderr).read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).expect("an address");
        let address = address.split(',').next().expect("an address").to_owned();
        Self {
            home,
            server,
            address,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = pgward(self.home.path());
        command
            .args(["--endpoint-url", &format!("http://{}", self.address)])
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("the program starts")
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("state/shop/dev")
    }

    /// The lease as it is written at this moment.
    fn lease(&self) -> Option<Value> {
        let text = fs::read_to_string(self.folder().join("lease.json")).ok()?;
        Some(serde_json::from_str(&text).expect("a lease is never half written"))
    }

    /// The lines of each run's journal; the last line of a killed run may be cut off.
    fn journals(&self) -> BTreeMap<String, Vec<Value>> {
        let mut journals = BTreeMap::new();
        for entry in fs::read_dir(self.folder()).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "jsonl") {
                let text = fs::read_to_string(&path).expect("a journal");
                let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
                let lines = whole
                    .lines()
                    .map(|line| serde_json::from_str(line).expect("JSON"));
                journals.insert(path.display().to_string(), lines.collect());
            }
        }
        journals
    }

    /// The writing calls that the sandbox was sent, with how often.
    fn calls(&self) -> BTreeMap<String, usize> {
        let mut stream = TcpStream::connect(&self.address).expect("the sandbox");
        let request = "GET /_pgward/calls HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        let calls: Vec<Value> = serde_json::from_str(body).expect("JSON");
        let mut counted = BTreeMap::new();
        for call in calls.iter().filter(|call| call["writes"] == true) {
            let action = call["action"].as_str().unwrap_or_default().to_owned();
            *counted.entry(action).or_default() += 1;
        }
        counted
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What the hands and the one who kills know of each other.
#[derive(Default)]
struct Hands {
    running: Mutex<BTreeSet<u32>>,
    killed: AtomicUsize,
    done: AtomicUsize,
}

impl Hands {
    /// Runs an apply to its end.
    fn run(&self, stage: &Stage) -> Output {
        let mut command = stage.command(&["apply", "dev", "--yes"]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        let process = child.id();
        self.running
            .lock()
            .expect("no hand panics here")
            .insert(process);
        let output = child.wait_with_output().expect("it ends");
        self.running
            .lock()
            .expect("no hand panics here")
            .remove(&process);
        output
    }

    /// Kills the holder of a lease, if that is a hand which still runs.
    fn kill(&self, lease: &Value) {
        let holder = lease["holder"].as_str().expect("a holder");
        let process = holder.rsplit(' ').next().expect("a process");
        let running = self.running.lock().expect("no hand panics here");
        if running.contains(&process.parse().expect("a number")) {
            let killed = Command::new("kill").args(["-9", process]).status();
            killed.expect("kill starts");
        }
    }
}

/// Applies until it is done; answers how often somebody else was at work.
fn apply(stage: &Stage, hands: &Hands) -> usize {
    let began = Instant::now();
    let mut refused = 0;
    loop {
        assert!(began.elapsed() < PATIENCE, "nobody ends");
        let output = hands.run(stage);
        match output.status.code() {
            Some(0) => {
                hands.done.fetch_add(1, Ordering::SeqCst);
                return refused;
            }
            Some(4) => {
                assert!(text(&output).contains("busy[P620]"), "{}", text(&output));
                refused += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            None => {
                hands.killed.fetch_add(1, Ordering::SeqCst);
            }
            Some(_) => panic!("{}", text(&output)),
        }
    }
}

/// Kills some runs, each after its first writes, as long as there are any.
fn kill(stage: &Stage, hands: &Hands) {
    let began = Instant::now();
    let mut journals = 0;
    for number in 0..KILLED {
        loop {
            // A hand that fails is not done; it must not keep this one waiting for ever.
            if hands.done.load(Ordering::SeqCst) == HANDS || began.elapsed() > PATIENCE {
                return;
            }
            let found = stage.journals();
            let busy = found.values().any(|lines| {
                lines.iter().any(|line| line["what"] == "intent")
                    && !lines.iter().any(|line| line["what"] == "end")
            });
            if busy && found.len() > journals {
                journals = found.len();
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(
            7 * u64::try_from(number).expect("small"),
        ));
        if let Some(lease) = stage.lease() {
            hands.kill(&lease);
        }
    }
}

#[test]
fn sixteen_processes_apply_one_environment_one_at_a_time() {
    let stage = Stage::open("300");
    let hands = Hands::default();
    let refused: usize = std::thread::scope(|scope| {
        let killer = scope.spawn(|| kill(&stage, &hands));
        let threads: Vec<_> = (0..HANDS)
            .map(|_| scope.spawn(|| apply(&stage, &hands)))
            .collect();
        let refused = threads.into_iter().map(|hand| hand.join().expect("a hand"));
        let refused = refused.sum();
        killer.join().expect("the killer");
        refused
    });
    assert!(refused > 0, "nobody met anybody");
    assert!(hands.killed.into_inner() > 0, "nobody was killed");

    let journals = stage.journals();
    let mut spans = Vec::new();
    for (path, lines) in &journals {
        assert!(lines.iter().all(|line| line["at"].is_string()), "{path}");
        let at = |line: Option<&Value>| line.map(|line| line["at"].to_string());
        spans.extend(at(lines.first()).zip(at(lines.last())));
    }
    spans.sort();
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two worked at once: {spans:?}");
    }
    let ended = journals
        .values()
        .filter(|lines| lines.last().is_some_and(|line| line["what"] == "end"));
    assert!(ended.count() >= 1, "{journals:?}");

    let record = fs::read_to_string(stage.folder().join("record.json")).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["format"], "pgward.record/1");
    assert!(stage.lease().is_none(), "the lease was given back");
    for (action, count) in stage.calls() {
        if action.starts_with("Create") {
            assert_eq!(count, 1, "{action}");
        }
    }
    let plan = stage.run(&["plan", "dev", "--exit-code"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan));
    let drift = stage.run(&["drift", "dev"]);
    assert_eq!(drift.status.code(), Some(0), "{}", text(&drift));
    let unlock = stage.run(&["unlock", "dev"]);
    assert_eq!(text(&unlock), "shop/dev is not locked\n");
}

#[test]
fn a_lock_is_shown_to_others_and_released_by_its_id() {
    let stage = Stage::open("10");
    let mut run = stage
        .command(&["apply", "dev", "--yes"])
        .env("GITHUB_RUN_ID", "8842")
        .env("GITHUB_WORKFLOW", "ci")
        .env("GITHUB_JOB", "apply")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let began = Instant::now();
    let id = loop {
        assert!(began.elapsed() < PATIENCE, "nobody begins");
        let known = stage.lease().filter(|lease| lease["arn"] != "");
        if let Some(lease) = known {
            break lease["id"].as_str().expect("an id").to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let busy = stage.run(&["apply", "dev", "--yes"]);
    assert_eq!(busy.status.code(), Some(4), "{}", text(&busy));
    let said = text(&busy);
    for words in [
        "busy[P620]: shop/dev is locked by another apply",
        "= holder: ci/apply run 8842, arn:aws:sts::444455556666:",
        "If run 8842 is gone: pgward unlock dev",
        "exit 4: nothing was changed",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let plan = stage.run(&["plan", "dev", "--json"]);
    let document: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    assert_eq!(document["verdict"], "incomplete");
    let note = "an apply by ci/apply run 8842 is in progress, this may be half of it";
    assert_eq!(document["notes"][0], note);

    let unsure = stage.run(&["unlock", "dev", "--yes"]);
    assert_eq!(unsure.status.code(), Some(3), "{}", text(&unsure));
    let other = stage.run(&["unlock", "dev", "--yes", "--id", "00000000"]);
    assert_eq!(other.status.code(), Some(3), "{}", text(&other));
    let released = stage.run(&["unlock", "dev", "--yes", "--id", &id]);
    assert_eq!(released.status.code(), Some(0), "{}", text(&released));
    run.kill().expect("it runs or has ended");
    run.wait().expect("it ends");
    let free = stage.run(&["unlock", "dev"]);
    assert_eq!(text(&free), "shop/dev is not locked\n");
}
