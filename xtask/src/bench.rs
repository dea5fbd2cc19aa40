//! `bench`: what a plan costs in calls, round trips, time and memory, against the budgets.
//!
//! The worlds are simulated: made inside the process by `pgward sandbox apply`, then served on
//! loopback with and without a delay for every call.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::measure::{Program, Run, Server};
use crate::{Problem, files};

/// The delay of a call to AWS that budgets are stated for.
const DELAY: &str = "50ms";
/// How often a short run is repeated; its median counts.
const REPEATS: usize = 15;

/// One measured figure.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    budget: Option<f64>,
}

/// The table, line by line.
#[derive(Default)]
struct Table(Vec<Figure>);

impl Table {
    fn add(&mut self, name: &str, value: f64, unit: &'static str, budget: Option<f64>) {
        self.0.push(Figure {
            name: name.to_owned(),
            value,
            unit,
            budget,
        });
    }

    fn print(&self) -> String {
        let mut text = format!("{:<52} {:>12} {:>12}\n", "measured", "value", "budget");
        for figure in &self.0 {
            let number =
                |value: f64| format!("{value:.prec$} {}", figure.unit, prec = precision(value));
            let budget = figure.budget.map(number).unwrap_or_default();
            let verdict = match figure.budget {
                Some(budget) if figure.value > budget => "OVER",
                Some(_) => "ok",
                None => "",
            };
            let line = format!(
                "{:<52} {:>12} {budget:>12}  {verdict}",
                figure.name,
                number(figure.value)
            );
            writeln!(text, "{}", line.trim_end()).expect("a text takes all");
        }
        let over = self
            .0
            .iter()
            .filter(|figure| figure.budget.is_some_and(|b| figure.value > b));
        writeln!(text, "{} over budget", over.count()).expect("a text takes all");
        text
    }
}

fn precision(value: f64) -> usize {
    if value.fract().abs() < 1e-9 {
        0
    } else if value < 10.0 {
        2
    } else {
        1
    }
}

/// Builds pgward in release, or takes the one that is given, and measures it.
///
/// # Errors
///
/// It can't be built, a world can't be made, or a plan of it fails.
pub fn bench(root: &Path, program: Option<PathBuf>, quick: bool) -> Result<String, Problem> {
    let file = match program {
        Some(file) => fs::canonicalize(&file).map_err(|error| Problem::at(&file, &error))?,
        None => build(root)?,
    };
    let place = tempfile::tempdir().map_err(|error| Problem::new(format!("no folder: {error}")))?;
    let mut table = Table::default();
    start(root, &file, place.path(), &mut table)?;
    one(&file, place.path(), &mut table)?;
    shipped(root, &file, place.path(), &mut table)?;
    if !quick {
        fleet(&file, place.path(), &mut table)?;
    }
    Ok(table.print())
}

fn build(root: &Path) -> Result<PathBuf, Problem> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = [
        "build",
        "--release",
        "--package",
        "pgward-cli",
        "--bin",
        "pgward",
        "--message-format",
        "json-render-diagnostics",
    ];
    let done = Command::new(cargo)
        .args(arguments)
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| Problem::new(format!("cargo: {error}")))?;
    let messages = String::from_utf8_lossy(&done.stdout).into_owned();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "pgward")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| Problem::new("cargo built no pgward"))
}

/// A program in a folder of its own with these specs.
fn settle(file: &Path, folder: PathBuf, specs: &[(String, String)]) -> Result<Program, Problem> {
    let directory = folder.join("specs");
    fs::create_dir_all(&directory).map_err(|error| Problem::at(&directory, &error))?;
    for (name, text) in specs {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|error| Problem::at(&path, &error))?;
    }
    Ok(Program {
        file: file.to_owned(),
        folder,
        endpoint: None,
    })
}

/// The specs of this repository.
fn repository(root: &Path) -> Result<Vec<(String, String)>, Problem> {
    let mut specs = Vec::new();
    for path in files(&root.join("specs")) {
        if path.extension().is_some_and(|end| end == "toml") {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).map_err(|error| Problem::at(&path, &error))?;
            specs.push((name, text));
        }
    }
    Ok(specs)
}

/// How long the program takes without AWS.
fn start(root: &Path, file: &Path, place: &Path, table: &mut Table) -> Result<(), Problem> {
    let program = settle(file, place.join("start"), &repository(root)?)?;
    let help = median(&program, &["--help"])?;
    table.add("--help, wall", milliseconds(help.wall), "ms", Some(5.0));
    let check = median(&program, &["check"])?;
    table.add(
        "check of the shipped specs, wall",
        milliseconds(check.wall),
        "ms",
        Some(15.0),
    );
    Ok(())
}

/// The guide's set: an empty plan of one environment.
fn one(file: &Path, place: &Path, table: &mut Table) -> Result<(), Problem> {
    let specs = [spec("base", 0), spec("one", 0)];
    let program = settle(file, place.join("one"), &specs)?;
    program.succeed(&["sandbox", "apply", "one", "--yes"])?;
    let arguments = ["-v", "plan", "one"];
    let (near, served) = connect(&program, "0ms")?;
    let quick = median(&near, &arguments)?;
    let cpu = average(&near, &arguments)?;
    drop(served);
    let (far, served) = connect(&program, DELAY)?;
    let slow = median(&far, &arguments)?;
    drop(served);
    let calls = calls(&slow);
    table.add(
        "plan of the guide's set, calls",
        number(calls.len()),
        "",
        Some(17.0),
    );
    table.add(
        "plan of the guide's set, round trips deep",
        number(depth(&calls)),
        "",
        Some(4.0),
    );
    table.add(
        "plan of the guide's set, wall at 50 ms a call",
        seconds(slow.wall),
        "s",
        Some(0.3),
    );
    table.add(
        "plan of the guide's set, wall at 0 ms a call",
        seconds(quick.wall),
        "s",
        None,
    );
    table.add(
        "plan of the guide's set, processor time",
        seconds(cpu),
        "s",
        Some(0.05),
    );
    table.add(
        "plan of the guide's set, peak memory",
        mebibytes(slow.peak),
        "MB",
        Some(40.0),
    );
    Ok(())
}

/// The shipped production environment.
fn shipped(root: &Path, file: &Path, place: &Path, table: &mut Table) -> Result<(), Problem> {
    let program = settle(file, place.join("shipped"), &repository(root)?)?;
    program.succeed(&["sandbox", "apply", "prod", "--yes"])?;
    let (far, served) = connect(&program, DELAY)?;
    let run = far.succeed(&["-v", "plan", "prod"])?;
    drop(served);
    let calls = calls(&run);
    table.add("plan prod, calls", number(calls.len()), "", Some(25.0));
    table.add(
        "plan prod, round trips deep",
        number(depth(&calls)),
        "",
        None,
    );
    table.add(
        "plan prod, wall at 50 ms a call",
        seconds(run.wall),
        "s",
        None,
    );
    Ok(())
}

/// Many environments in one run.
fn fleet(file: &Path, place: &Path, table: &mut Table) -> Result<(), Problem> {
    let names = |count: usize| {
        (1..=count)
            .map(|number| format!("e{number:03}"))
            .collect::<Vec<_>>()
    };
    for (count, verb) in [(20, "plan"), (100, "drift")] {
        let mut specs = vec![spec("base", 0)];
        specs.extend(
            names(count)
                .iter()
                .zip(1..)
                .map(|(name, number)| spec(name, number)),
        );
        let program = settle(file, place.join(verb), &specs)?;
        for name in names(count) {
            program.succeed(&["sandbox", "apply", &name, "--yes"])?;
        }
        let (far, served) = connect(&program, DELAY)?;
        let run = far.succeed(&["-v", verb, "--all"])?;
        drop(served);
        let calls = number(calls(&run).len());
        let title = |what: &str| format!("{verb} --all of {count} environments, {what}");
        if verb == "plan" {
            table.add(&title("calls"), calls, "", Some(70.0));
            table.add(&title("wall at 50 ms"), seconds(run.wall), "s", Some(1.0));
        } else {
            table.add(&title("calls each"), calls / number(count), "", Some(3.2));
            table.add(&title("wall at 50 ms"), seconds(run.wall), "s", None);
        }
        let most = (verb == "drift").then_some(150.0);
        table.add(&title("peak memory"), mebibytes(run.peak), "MB", most);
    }
    Ok(())
}

/// Serves the world of a program's folder and answers the program that talks to it.
fn connect(program: &Program, latency: &str) -> Result<(Program, Server), Problem> {
    let arguments = [
        "sandbox",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--latency",
        latency,
        "--account",
        ACCOUNT,
    ];
    let server = program.serve(&arguments)?;
    let connected = Program {
        endpoint: Some(server.address.clone()),
        ..program.clone()
    };
    Ok((connected, server))
}

fn median(program: &Program, arguments: &[&str]) -> Result<Run, Problem> {
    let mut runs = Vec::new();
    for _ in 0..REPEATS {
        runs.push(program.succeed(arguments)?);
    }
    runs.sort_by_key(|run| run.wall);
    Ok(runs.swap_remove(REPEATS / 2))
}

fn average(program: &Program, arguments: &[&str]) -> Result<Duration, Problem> {
    let mut sum = Duration::ZERO;
    for _ in 0..REPEATS {
        sum += program.succeed(arguments)?.cpu;
    }
    Ok(sum / u32::try_from(REPEATS).expect("it is small"))
}

/// Start and end of every call in milliseconds, from what `-v` prints.
fn calls(run: &Run) -> Vec<(f64, f64)> {
    let of = |line: &str| {
        let mut words = line.split_whitespace();
        let started: f64 = words.next()?.strip_suffix('s')?.parse().ok()?;
        let elapsed: f64 = words.next()?.parse().ok()?;
        let unit = words.next()? == "ms" && words.next()?.contains(':');
        unit.then_some((started * 1000.0, started * 1000.0 + elapsed))
    };
    run.stderr.lines().filter_map(of).collect()
}

/// The most calls of which each began after the one before it had ended.
fn depth(calls: &[(f64, f64)]) -> usize {
    let mut by_end = calls.to_vec();
    by_end.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = f64::MIN;
    let mut deep = 0;
    for (start, end) in by_end {
        // Times are printed in whole milliseconds.
        if start + 2.0 >= free {
            deep += 1;
            free = end;
        }
    }
    deep
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn mebibytes(kibibytes: u64) -> f64 {
    u32::try_from(kibibytes).map_or(f64::MAX, f64::from) / 1024.0
}

const ACCOUNT: &str = "111122223333";

/// `base.toml`, or an environment of it: the set that the budgets are stated for.
fn spec(name: &str, number: usize) -> (String, String) {
    if name == "base" {
        return ("base.toml".to_owned(), BASE.to_owned());
    }
    let text = format!(
        "extends     = \"base.toml\"\nenvironment = \"{name}\"\naccount     = \"{ACCOUNT}\"\n\n\
         [network]\nvpc     = \"vpc-0f3a9c2d7b81e4560\"\n\
         subnets = [\"subnet-0abc1230000000001\", \"subnet-0def4560000000002\"]\n\n\
         [access.admin-host]\nfrom = \"10.0.1.{}/32\"\n",
        number % 250 + 1
    );
    (format!("{name}.toml"), text)
}

const BASE: &str = r#"language = 1

[project]
name   = "measured"
region = "ap-south-1"

[access.app-servers]
from = "sg-0aa11bb22cc33dd44"

[postgres]
version            = "16"
port               = 5432
iam_authentication = true

[parameters]
shared_buffers               = "25% of memory"
effective_cache_size         = "75% of memory"
work_mem                     = "32MB"
maintenance_work_mem         = "1GB"
wal_buffers                  = "16MB"
checkpoint_completion_target = 0.9
default_statistics_target    = 100
random_page_cost             = 1.1
max_connections              = 200
log_min_duration_statement   = "1s"
log_statement                = "ddl"

[instance]
class               = "db.m6g.xlarge"
multi_az            = true
public              = false
deletion_protection = true

[storage]
type       = "gp3"
size       = "100 GiB"
encryption = "aws/rds"

[backup]
window    = "02:00-03:00 UTC"
retention = "7 days"

[maintenance]
window = "Sun 03:00-04:00 UTC"

[secret.master]
name     = "measured/{environment}/postgres"
username = "measured_admin"
source   = "generate"

[proxy]
role    = "rds-proxy-role"
secrets = ["master"]

[alarm.cpu-high]
metric = "CPUUtilization"
above  = "80%"
for    = "10 min"

[alarm.disk-low]
metric = "FreeStorageSpace"
below  = "10 GiB"
for    = "5 min"

[alarm.connections-high]
metric = "DatabaseConnections"
above  = 150
for    = "3 min"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_what_had_to_wait() {
        let calls = [
            (0.0, 50.0),
            (1.0, 52.0),
            (51.0, 101.0),
            (53.0, 103.0),
            (104.0, 150.0),
        ];
        assert_eq!(depth(&calls), 3);
    }

    #[test]
    fn calls_are_read_from_what_is_printed() {
        let stderr = "note: x\n   0.012s     51 ms  rds:DescribeDBInstances  id\n".to_owned();
        let run = Run {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            peak: 0,
            code: Some(0),
            stderr,
        };
        assert_eq!(calls(&run), [(12.0, 63.0)]);
    }
}
