//! Running a program and reading from `/proc` what it took.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Problem;

/// Ticks per second of the times in `/proc`: the same on every Linux that people run.
const TICKS: u64 = 100;
/// How often memory is read while a program runs.
const LOOK: Duration = Duration::from_millis(1);
/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one run took.
#[derive(Debug)]
pub(crate) struct Run {
    /// From start to end.
    pub(crate) wall: Duration,
    /// Processor time of all threads, to 10 ms; the average of several runs is finer.
    pub(crate) cpu: Duration,
    /// Largest resident memory in KiB.
    pub(crate) peak: u64,
    /// Exit code.
    pub(crate) code: Option<i32>,
    /// What it printed for people.
    pub(crate) stderr: String,
}

/// A program, the folder it runs in, and what it talks to.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The file.
    pub(crate) file: PathBuf,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// Where its AWS is, if it has one.
    pub(crate) endpoint: Option<String>,
}

impl Program {
    /// A command that can reach nothing but this machine.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.file);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env_clear();
        let fixed = [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "measured"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        command.envs(fixed).env("HOME", &self.folder);
        if let Some(endpoint) = &self.endpoint {
            command.args(["--endpoint-url", endpoint]);
        }
        command.args(arguments);
        command
    }

    /// Runs it to its end and measures.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Run, Problem> {
        let told = self.folder.join("told.txt");
        let file = File::create(&told).map_err(|error| Problem::at(&told, &error))?;
        let before = reaped()?;
        let started = Instant::now();
        let mut command = self.command(arguments);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| Problem::at(&self.file, &error))?;
        let peak = watch(&mut child, started)?;
        let wall = started.elapsed();
        let status = child
            .wait()
            .map_err(|error| Problem::at(&self.file, &error))?;
        let ticks = reaped()?.saturating_sub(before);
        Ok(Run {
            wall,
            cpu: Duration::from_millis(ticks * 1000 / TICKS),
            peak,
            code: status.code(),
            stderr: fs::read_to_string(&told).unwrap_or_default(),
        })
    }

    /// Runs it and asks for an end with code 0.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Result<Run, Problem> {
        let run = self.run(arguments)?;
        if run.code == Some(0) {
            return Ok(run);
        }
        let shown = arguments.join(" ");
        Err(Problem::new(format!(
            "pgward {shown} ended with {:?}:\n{}",
            run.code, run.stderr
        )))
    }

    /// Starts it as a server and waits for the address in what it says.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Result<Server, Problem> {
        let told = self.folder.join("served.txt");
        let file = File::create(&told).map_err(|error| Problem::at(&told, &error))?;
        let child = self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| Problem::at(&self.file, &error))?;
        let mut server = Server {
            child,
            address: String::new(),
        };
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            let said = fs::read_to_string(&told).unwrap_or_default();
            if let Some((_, rest)) = said.split_once("http://") {
                let end = rest.find(|c: char| c != '.' && c != ':' && !c.is_ascii_digit());
                if let Some(end) = end {
                    server.address = format!("http://{}", &rest[..end]);
                    return Ok(server);
                }
            }
            sleep(Duration::from_millis(20));
        }
        Err(Problem::new(format!(
            "pgward {} does not serve",
            arguments.join(" ")
        )))
    }
}

/// A server that ends with its owner.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads the largest resident memory until the process has ended and not been waited for.
fn watch(child: &mut Child, started: Instant) -> Result<u64, Problem> {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).map_err(|error| Problem::at(&status, &error))?;
        if text
            .lines()
            .any(|line| line.starts_with("State:") && line.contains('Z'))
        {
            return Ok(peak);
        }
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(size.unwrap_or(0));
        if started.elapsed() > PATIENCE {
            drop(child.kill());
        }
        sleep(LOOK);
    }
}

/// Processor time in ticks of all children that were waited for.
fn reaped() -> Result<u64, Problem> {
    let path = Path::new("/proc/self/stat");
    let text = fs::read_to_string(path).map_err(|error| Problem::at(path, &error))?;
    // The name in parentheses may hold spaces; the fields after it are numbered from 3.
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |number: usize| {
        fields
            .get(number - 3)
            .and_then(|field| field.parse::<u64>().ok())
    };
    match (ticks(16), ticks(17)) {
        (Some(user), Some(system)) => Ok(user + system),
        _ => Err(Problem::new("/proc/self/stat has another form here")),
    }
}
