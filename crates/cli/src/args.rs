//! Every command and flag; the doc comments are the help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

/// Reconciles PostgreSQL on AWS with a desired state in TOML.
///
/// Reads live AWS, prints a plan that says what each change does to the running database, and
/// applies only that plan.
#[derive(Debug, Parser)]
#[command(
    name = "pgward",
    version,
    about,
    propagate_version = false,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_long_help = EXIT_CODES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

const EXIT_CODES: &str = "Exit codes:
  0    done; for plan also when there are changes
  1    failed: AWS, network or internal error; apply and destroy say what was changed
  2    differences: drift, plan --exit-code
  3    refused: invalid spec, blocked change, missing --allow or confirmation; nothing was changed
  4    busy: another run holds the lock, or AWS is throttling; repeat
  64   wrong usage of the command line
  130  interrupted

Try it without an account:  pgward sandbox apply dev --yes";

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Behave as if started in DIR; printed paths are relative to it.
    #[arg(short = 'C', long, value_name = "DIR", global = true)]
    pub chdir: Option<PathBuf>,
    /// Directory of the specs, in place of `specs/` here or in a parent.
    #[arg(long, value_name = "DIR", env = "PGWARD_DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// What stdout carries.
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub format: Option<Format>,
    /// Short for `--format json`.
    #[arg(long, global = true, conflicts_with = "format")]
    pub json: bool,
    /// Write that form to a file as well, as `json=plan.json`, `html=plan.html` or
    /// `metrics=drift.prom`; repeatable.
    #[arg(long, value_name = "FORMAT=PATH", global = true)]
    pub write: Vec<String>,
    /// The address before the path of a file, for links in Markdown; else that of the pipeline.
    #[arg(long, value_name = "URL", global = true)]
    pub link_base: Option<String>,
    /// The most bytes of Markdown, at least 4096; 60000 if not given.
    #[arg(long, value_name = "BYTES", global = true)]
    pub markdown_budget: Option<usize>,
    /// Color.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        env = "PGWARD_COLOR",
        global = true
    )]
    pub color: Color,
    /// Replace the glyphs by ASCII.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Results and errors only.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Every AWS call with its request id, on stderr.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Never prompt; a command that would prompt exits 3.
    #[arg(long, env = "PGWARD_NO_INPUT", global = true)]
    pub no_input: bool,
    /// Profile of the AWS credentials.
    #[arg(long, value_name = "NAME", global = true)]
    pub profile: Option<String>,
    /// Role to assume; `{account}` and `{region}` in it stand for those of each environment.
    #[arg(long, value_name = "ARN", global = true)]
    pub role_arn: Option<String>,
    /// Talk to another endpoint: an emulator, or `sandbox serve`.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL", global = true)]
    pub endpoint_url: Option<String>,
}

/// What stdout carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Human,
    /// JSON for programs.
    Json,
    /// A comment on a pull request.
    Markdown,
    /// Findings for code scanning.
    Sarif,
    /// Findings as annotations of GitHub Actions.
    Github,
}

/// What a JSON Schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// The TOML language.
    Spec,
    /// The document of `plan`.
    Plan,
    /// The document of `drift`.
    Drift,
    /// The document of `check`.
    Check,
    /// One line of the event stream of `apply` and `destroy`.
    Events,
    /// The document of a command without a result.
    Failure,
}

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When the stream is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The environment.
#[derive(Debug, Clone, Args)]
pub struct SpecArg {
    /// Environment: a name such as `prod`, or a path such as `specs/prod.toml`; `apply` and `show`
    /// also take a saved plan.
    #[arg(value_name = "SPEC")]
    pub spec: Option<String>,
    /// The same as SPEC, as a name.
    #[arg(short = 'e', long, value_name = "NAME", conflicts_with = "spec")]
    pub environment: Option<String>,
    /// The same as SPEC, as a path.
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with_all = ["spec", "environment"])]
    pub file: Option<String>,
}

impl SpecArg {
    /// What was given, in whatever form.
    #[must_use]
    pub fn given(&self) -> Option<&str> {
        self.spec
            .as_deref()
            .or(self.environment.as_deref())
            .or(self.file.as_deref())
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Parse, resolve and lint the files; no AWS calls, no credentials.
    #[command(aliases = ["validate", "lint"])]
    Check(CheckArgs),
    /// Ask AWS before any work: credentials, permissions, zones, versions, quotas, names.
    #[command(alias = "doctor")]
    Preflight(PreflightArgs),
    /// Compare the spec with live AWS and print the changes.
    #[command(aliases = ["diff", "preview"])]
    Plan(PlanArgs),
    /// Make the changes.
    #[command(aliases = ["up", "deploy"])]
    Apply(ApplyArgs),
    /// Report what was changed in AWS behind pgward's back.
    Drift(DriftArgs),
    /// Delete an environment, with a final snapshot.
    #[command(alias = "down")]
    Destroy(DestroyArgs),
    /// Print the resolved spec with the origin of each value.
    Show(ShowArgs),
    /// Print endpoints, ports, ARNs and secret names of a live environment.
    #[command(alias = "outputs")]
    Output(OutputArgs),
    /// Print the order of work.
    Graph(GraphArgs),
    /// Explain a diagnostic code, a key of the language, a section, or the IAM permissions of a spec.
    Explain(ExplainArgs),
    /// Show who holds the lock of an environment, and release it.
    #[command(alias = "force-unlock")]
    Unlock(UnlockArgs),
    /// Run any command against a simulated AWS inside the process.
    #[command(alias = "demo")]
    Sandbox(SandboxArgs),
    /// Print the JSON Schema of the TOML language, or of what is written as JSON.
    Schema {
        /// What it describes.
        #[arg(value_name = "WHAT", value_enum, default_value = "spec")]
        what: SchemaOf,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print version, build and data versions.
    Version,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Environments: names or paths; all of the spec directory if none is given, `-` for stdin.
    #[arg(value_name = "SPEC")]
    pub specs: Vec<String>,
    /// Warnings are errors.
    #[arg(long)]
    pub warnings_as_errors: bool,
    /// Accept environment variables that are not set.
    #[arg(long)]
    pub offline: bool,
}

/// `preflight`.
#[derive(Debug, Args)]
pub struct PreflightArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Every environment of the directory in one run, reads shared.
    #[arg(long, conflicts_with_all = ["spec", "environment", "file"])]
    pub all: bool,
    /// Save the plan for review; `pgward apply FILE` runs it.
    #[arg(short, long, value_name = "FILE", conflicts_with = "all")]
    pub out: Option<PathBuf>,
    /// Exit 2 when there are changes.
    #[arg(long, alias = "detailed-exitcode")]
    pub exit_code: bool,
    /// Only these paths or addresses.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Show timing as if `apply --now`.
    #[arg(long)]
    pub now: bool,
    /// Effects to allow beyond the policy.
    #[arg(long, value_name = "EFFECT", value_delimiter = ',', value_parser = effect)]
    pub allow: Vec<pgward_model::Effect>,
    /// Ignore the record of the last apply, which only tells since when changes wait.
    #[arg(long)]
    pub stateless: bool,
    /// Unfold everything.
    #[arg(long)]
    pub full: bool,
    /// Prices: `off` leaves them out, `bundled` uses those in the program.
    #[arg(long, value_name = "SOURCE", value_enum, default_value = "bundled")]
    pub cost: CostSource,
}

/// Where prices come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CostSource {
    /// No prices.
    Off,
    /// The prices in the program.
    Bundled,
}

/// `apply`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct ApplyArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Effects to allow beyond the policy, for this run.
    #[arg(long, value_name = "EFFECT", value_delimiter = ',', value_parser = effect)]
    pub allow: Vec<pgward_model::Effect>,
    /// Start changes with downtime at apply.
    #[arg(long, conflicts_with = "in_window")]
    pub now: bool,
    /// Leave changes with downtime to the maintenance window.
    #[arg(long)]
    pub in_window: bool,
    /// Only these paths or addresses.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Answer the question with yes; does not widen the policy.
    #[arg(short, long)]
    pub yes: bool,
    /// Return when AWS has accepted.
    #[arg(long)]
    pub no_wait: bool,
    /// Give up waiting for one resource after this time, such as `90m`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<std::time::Duration>,
    /// Start nothing more after the first failure.
    #[arg(long)]
    pub fail_fast: bool,
}

/// `drift`.
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Every environment of the directory in one run, reads shared.
    #[arg(long, conflicts_with_all = ["spec", "environment", "file"])]
    pub all: bool,
    /// Write an `[ignore.*]` section for this path into the spec, in place of comparing.
    #[arg(long, value_name = "PATH", requires_all = ["reason", "until"], conflicts_with = "all")]
    pub accept: Option<String>,
    /// Why it is accepted.
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub reason: Option<String>,
    /// Last day of it, as 2026-03-31.
    #[arg(long, value_name = "DATE", requires = "accept")]
    pub until: Option<String>,
    /// Exit 0 also when there is drift.
    #[arg(long)]
    pub exit_zero: bool,
}

/// `destroy`.
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Keep these addresses.
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// Name of the final snapshot.
    #[arg(long, value_name = "NAME", conflicts_with = "no_final_snapshot")]
    pub final_snapshot: Option<String>,
    /// Take no final snapshot: the data is gone.
    #[arg(long)]
    pub no_final_snapshot: bool,
    /// Confirm without the prompt, by naming what is deleted.
    #[arg(long, value_name = "PROJECT/ENVIRONMENT")]
    pub confirm: Option<String>,
    /// Refused with an explanation: destroying takes `--confirm`.
    #[arg(long, hide = true)]
    pub yes: bool,
    /// Give up waiting for one resource after this time, such as `90m`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<std::time::Duration>,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
}

/// `output`.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Environment: a name such as `prod`, or a path.
    #[arg(value_name = "SPEC")]
    pub spec: Option<String>,
    /// One value, such as `proxy.endpoint`.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `graph`.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// As a picture for Graphviz.
    #[arg(long, conflicts_with = "mermaid")]
    pub dot: bool,
    /// As a picture for Mermaid.
    #[arg(long)]
    pub mermaid: bool,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code such as `P302`, a key such as `storage.grow_to`, a section such as `instance`, or
    /// `permissions [plan|apply|destroy] SPEC` for the smallest IAM policy that works.
    #[arg(value_name = "WHAT")]
    pub what: Vec<String>,
}

/// `unlock`.
#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Release this lock and no other.
    #[arg(long, value_name = "LOCK")]
    pub id: Option<String>,
    /// Answer the question with yes; needs `--id`.
    #[arg(short, long)]
    pub yes: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
#[command(after_help = "Also:
  pgward sandbox serve --listen 127.0.0.1:4566   open the simulated AWS to other programs
  pgward sandbox call rds:DescribeDBInstances    do what somebody else would
  pgward sandbox tick 3d                         move its clock
  pgward sandbox reset                           empty it")]
pub struct SandboxArgs {
    /// The command to run against the simulated AWS, or `serve`, `call`, `tick`, `reset`.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub rest: Vec<OsString>,
}

/// `sandbox serve`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox serve")]
pub(crate) struct ServeArgs {
    /// Address to listen on; loopback unless `--anywhere`.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
    pub listen: std::net::SocketAddr,
    /// Listen also on addresses that other machines reach.
    #[arg(long)]
    pub anywhere: bool,
    /// How many simulated seconds pass in one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,
    /// Answer each call only after this time, such as `50ms`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub latency: Option<std::time::Duration>,
    /// Account of callers whose credentials name none.
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// `sandbox call`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox call")]
pub(crate) struct CallArgs {
    /// The call, such as `rds:ModifyDBInstance`.
    #[arg(value_name = "SERVICE:ACTION")]
    pub action: String,
    /// Its arguments, with AWS's names, as JSON.
    #[arg(value_name = "JSON", default_value = "{}")]
    pub input: String,
    /// The environment whose account and region are meant.
    #[arg(long, value_name = "SPEC")]
    pub spec: Option<String>,
}

/// `sandbox tick`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox tick")]
pub(crate) struct TickArgs {
    /// How far to move the clock: `90s`, `10min`, `5h`, `3d`.
    #[arg(value_name = "TIME", value_parser = duration)]
    pub time: std::time::Duration,
}

/// The whole command line as clap knows it, for completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

fn effect(word: &str) -> Result<pgward_model::Effect, String> {
    match pgward_model::Effect::from_word(word) {
        Some(pgward_model::Effect::DataLoss) => {
            Err("data-loss is never allowed from a plan (pgward explain P601)".to_owned())
        }
        Some(effect) => Ok(effect),
        None => Err("one of online, degraded, reboot, downtime, replace".to_owned()),
    }
}

/// `90`, `90s`, `50ms`, `10min`, `90m`, `5h`, `3d`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| "a number and a unit, such as 90m".to_owned())?;
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a unit of ms, s, min, h or d".to_owned()),
    };
    number
        .checked_mul(milliseconds)
        .filter(|milliseconds| *milliseconds <= 366 * 86_400_000)
        .map(std::time::Duration::from_millis)
        .ok_or_else(|| "at most a year".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn times_take_the_usual_units() {
        assert_eq!(duration("90m"), Ok(std::time::Duration::from_secs(5400)));
        assert_eq!(duration("50ms"), Ok(std::time::Duration::from_millis(50)));
        assert!(duration("soon").is_err());
    }
}
