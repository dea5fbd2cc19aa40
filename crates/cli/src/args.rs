//! Every command and flag; the doc comments are the help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::quantities::{duration, effect};

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
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

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
    /// One line of the event stream of `apply`, `destroy` and `import --adopt`.
    Events,
    /// The document of `import` that writes a file.
    Import,
    /// The document of `preflight`.
    Preflight,
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
    /// Write the files of a new project, or of one more environment.
    #[command(alias = "new")]
    Init(InitArgs),
    /// Parse, resolve and lint the files; no AWS calls, no credentials.
    #[command(aliases = ["validate", "lint"])]
    Check(CheckArgs),
    /// Rewrite files to canonical form.
    #[command(name = "fmt", alias = "format")]
    Format(FormatArgs),
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
    /// Write a spec from what exists, or adopt what exists under the names of a spec.
    #[command(alias = "adopt")]
    Import(ImportArgs),
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
    /// Print the manual page, or write one per command into a folder.
    #[command(hide = true)]
    Man {
        /// The folder; without it the page of the program goes to stdout.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Print version, build and data versions.
    Version,
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Directory of the project, in which `specs/` is made; the working directory if not given.
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Name of the project: first part of every resource name.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// AWS region.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// AWS account of 12 digits; any other is refused.
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Environments to write a file for; `prod` and its like get two zones and protection.
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    pub environment: Vec<String>,
    /// What the database runs on.
    #[arg(long, value_name = "SERVICE", value_enum, default_value = "rds")]
    pub service: Service,
}

/// What a database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// An RDS instance.
    Rds,
    /// An Aurora cluster, with a later version.
    Aurora,
}

/// `fmt`.
#[derive(Debug, Args)]
pub struct FormatArgs {
    /// Files, folders or names; all of the spec directory if none is given, `-` for stdin to stdout.
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Write nothing; print what would change, and exit 2 if something would.
    #[arg(long)]
    pub check: bool,
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
    /// Make the fixes that are certain in the files, and show them.
    #[arg(long)]
    pub fix: bool,
    /// Check again whenever a file changes, until Ctrl-C.
    #[arg(long, conflicts_with = "fix")]
    pub watch: bool,
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
    /// Write an `[ignore.*]` section into the spec for each value that differs at this path now.
    #[arg(long, value_name = "PATH", requires_all = ["reason", "until"], conflicts_with = "all")]
    pub accept: Option<String>,
    /// Why it is accepted.
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub reason: Option<String>,
    /// Last day of it, as 2026-03-31.
    #[arg(long, value_name = "DATE", requires = "accept")]
    pub until: Option<String>,
    /// Name who made each change, and when, as CloudTrail knows.
    #[arg(long, conflicts_with = "accept")]
    pub who: bool,
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
    /// Keep these addresses, and what they need.
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

/// `import`.
#[derive(Debug, Args)]
#[command(after_help = "Also:
  pgward import --instance ID --write specs/prod.toml   write a file, and never over another
  pgward import prod --adopt                            tag what it names")]
pub struct ImportArgs {
    /// The environment.
    #[command(flatten)]
    pub spec: SpecArg,
    /// Write a file from this DB instance and what belongs to it.
    #[arg(long, value_name = "ID", conflicts_with = "adopt")]
    pub instance: Option<String>,
    /// Write a file from the DB instance that this Terraform state manages; `terraform state pull`
    /// prints it. Only names and ids are read.
    #[arg(long, value_name = "STATE", conflicts_with = "adopt")]
    pub terraform: Option<PathBuf>,
    /// Give our tags to what the spec names, exists, and has none; change nothing else.
    #[arg(long)]
    pub adopt: bool,
    /// Answer the question with yes.
    #[arg(short, long, requires = "adopt")]
    pub yes: bool,
    /// `[project] name` of the file; else that of the tags, or the beginning of the instance's name.
    #[arg(long, value_name = "NAME", conflicts_with = "adopt")]
    pub project: Option<String>,
    /// The region to look in; else that of the spec, of the state, or AWS_REGION.
    #[arg(long, value_name = "REGION", conflicts_with = "adopt")]
    pub region: Option<String>,
    /// Write over a file that exists; `--write FILE` names it.
    #[arg(long, conflicts_with = "adopt")]
    pub force: bool,
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

/// The whole command line as clap knows it, with examples and exit codes in the long help.
#[must_use]
pub fn command() -> clap::Command {
    crate::examples::added(Cli::command())
}

/// Parses a command line, the name of the program included.
///
/// # Errors
///
/// Wrong usage; help and version are errors, too, as clap has it.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
