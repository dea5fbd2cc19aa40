//! The parts of a document, in the order in which they occur in it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pgward_engine::{DriftClass, Follow, Verb, When};
use pgward_model::{Effect, Flag, Origin, Path};
use serde::{Deserialize, Serialize};

use crate::wording::Sigil;

/// Which environment a document is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentPart {
    /// `[project] name`.
    pub project: String,
    /// `environment`.
    pub name: String,
    /// Account of 12 digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// Whether AWS is simulated inside the process.
    pub sandbox: bool,
    /// Another endpoint than AWS's own.
    pub endpoint: Option<String>,
}

impl EnvironmentPart {
    /// The part for an environment.
    #[must_use]
    pub fn new(
        environment: &pgward_model::Environment,
        sandbox: bool,
        endpoint: Option<String>,
    ) -> Self {
        Self {
            project: environment.project.clone(),
            name: environment.name.clone(),
            account: environment.account.clone(),
            region: environment.region.clone(),
            sandbox,
            endpoint,
        }
    }

    /// `project/name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.project, self.name)
    }
}

/// The spec a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecPart {
    /// `sha256:` and the hash of the resolved spec.
    pub hash: String,
    /// The files, the environment's own first.
    pub files: Vec<pgward_model::SourceFile>,
    /// The commit, if the files are in git.
    pub git: Option<GitPart>,
    /// Values from outside the files.
    pub inputs: Vec<InputPart>,
}

/// The commit of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitPart {
    /// Abbreviated hash.
    pub commit: String,
    /// Whether the files differ from it.
    pub dirty: bool,
}

/// A value from outside the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPart {
    /// Path of the value.
    pub path: Path,
    /// `env NAME`, `ssm /path`, `tags Tier=database`.
    pub source: String,
    /// The value that was found.
    pub value: Option<String>,
}

/// What was read of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePart {
    /// When.
    pub read_at: Timestamp,
    /// `sha256:` and the hash of the values read.
    pub fingerprint: String,
    /// Whether everything could be read.
    pub complete: bool,
    /// What could not.
    pub unread: Vec<UnreadPart>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadPart {
    /// The resource.
    pub address: String,
    /// What AWS answered.
    pub reason: String,
}

/// Counts over a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Resources.
    pub resources: Resources,
    /// Number of changes.
    pub changes: usize,
    /// Number of changes by action.
    pub actions: Actions,
    /// `none`, `online`, `degraded`, `reboot`, `downtime`, `replace`, `data_loss`.
    pub worst_effect: String,
    /// Effects that nobody has allowed yet, strongest first.
    pub needs_allow: Vec<Effect>,
    /// Paths of the changes that are blocked.
    pub blocked: Vec<Path>,
    /// Money; nothing if prices are off.
    pub cost: Option<CostSummary>,
}

/// Numbers of resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Compared with the spec.
    pub compared: usize,
    /// Those that change.
    pub changed: usize,
    /// Those that are as specified.
    pub unchanged: usize,
    /// Those that could not be read.
    pub unread: usize,
}

/// Numbers of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    /// Resources that are created.
    pub create: usize,
    /// Values that change.
    pub update: usize,
    /// Replacements.
    pub replace: usize,
    /// Resources that are deleted.
    pub delete: usize,
    /// Resources that are adopted.
    pub adopt: usize,
    /// Resources that are restarted.
    pub restart: usize,
}

/// Money of the whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostSummary {
    /// Always `USD`.
    pub currency: String,
    /// Difference per month as decimal text, as far as priced.
    pub monthly_delta: String,
    /// Paths that are not priced.
    pub unpriced: Vec<Path>,
    /// The prices.
    pub prices: Prices,
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// `bundled` or `live`.
    pub source: String,
    /// Their date: `2025-01-15`.
    pub as_of: String,
}

/// A maintenance window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its start.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
}

/// One change: a value, or a whole resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// TOML path of the value; the address for a whole resource.
    pub path: Path,
    /// The section it lives in.
    pub address: String,
    /// Whether it is a whole resource and not one value.
    pub whole: bool,
    /// What is done with the resource.
    pub action: Verb,
    /// The mark of its line.
    pub sigil: Sigil,
    /// The resource in AWS.
    pub resource: ResourceName,
    /// The value in AWS, in the units of the language; nothing for a secret.
    pub before: Option<serde_json::Value>,
    /// The declared value; nothing for a secret.
    pub after: Option<serde_json::Value>,
    /// The value in AWS, in words.
    pub before_text: Option<String>,
    /// The declared value, in words.
    pub after_text: Option<String>,
    /// Whether the values are left out because it is a secret.
    pub sensitive: bool,
    /// What it does to the running database.
    pub effect: Effect,
    /// The effect in words: `downtime 1-2 min`.
    pub effect_text: String,
    /// What else is to be known.
    pub flags: BTreeSet<Flag>,
    /// Shortest and longest interruption.
    pub interruption_seconds: Option<(u32, u32)>,
    /// When it takes effect.
    pub when: When,
    /// What `--now` would change; nothing if it starts at apply anyway.
    pub if_now: Option<IfNow>,
    /// Why it has this effect.
    pub reason: String,
    /// The paths that force a replacement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_because: Vec<Path>,
    /// Where the value is written; nothing for what is deleted.
    pub source: Option<Source>,
    /// What moves with it.
    pub follows: Vec<Follow>,
    /// What it costs; nothing if that is not priced.
    pub cost: Option<ChangeCost>,
    /// Whether it may be applied.
    pub gate: GatePart,
    /// Its step; nothing if it is blocked.
    pub step: Option<u32>,
    /// The steps before it that it needs.
    pub after_steps: Vec<u32>,
    /// A few words for the whole resource.
    pub headline: String,
    /// What a reviewer decides about, for a creation.
    pub details: Vec<Detail>,
    /// Further lines.
    pub remarks: Vec<Remark>,
}

impl Change {
    /// Whether it is a whole resource and not one value.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }
}

/// A resource in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceName {
    /// `rds.instance`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its name.
    pub id: String,
    /// What AWS calls one: `DB instance`.
    pub noun: String,
}

/// What `--now` would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IfNow {
    /// Always `now`.
    pub kind: String,
    /// What AWS would then also start.
    pub also_releases: Vec<String>,
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// First column in characters, from 1.
    pub column: u32,
    /// Column after the last one.
    pub end_column: u32,
}

impl Source {
    /// `file:line`, as plan lines print it.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

impl From<&Origin> for Source {
    fn from(origin: &Origin) -> Self {
        Self {
            file: origin.file.clone(),
            line: origin.line,
            column: origin.column,
            end_column: origin.end_column,
        }
    }
}

/// What a change costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCost {
    /// Difference per month in dollars as decimal text; `0.00` is free.
    pub monthly_delta: String,
    /// How it comes about; may be empty.
    pub basis: String,
}

/// Whether a change may be applied, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Yes.
    Ready,
    /// Only with `--allow`.
    NeedsAllow,
    /// No.
    Blocked,
}

/// Whether a change may be applied, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatePart {
    /// In one word.
    pub state: GateState,
    /// The effect to allow.
    pub allow: Option<Effect>,
    /// The code, such as `P601`.
    pub code: Option<String>,
    /// Why it is blocked.
    pub why: Option<String>,
    /// What to do instead.
    pub instead: Vec<String>,
}

/// One line about a resource that is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The word at the left; may be empty.
    pub label: String,
    /// The text; may hold line breaks.
    pub text: String,
    /// Where it is written.
    pub source: Option<Source>,
}

/// A further line about a change. An empty label stands for words beside the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The word at the left: `gains`, `order`, `also`, `lost`.
    pub label: String,
    /// The text.
    pub text: String,
}

/// Changes that are made at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepPart {
    /// From 1.
    pub number: u32,
    /// The resources.
    pub addresses: Vec<String>,
    /// How long it usually takes, in minutes: shortest and longest.
    pub minutes: (u32, u32),
}

/// A resource of the environment, changed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePart {
    /// The address.
    pub address: String,
    /// What AWS calls one: `DB instance`.
    pub noun: String,
    /// Its name in AWS.
    pub name: String,
    /// The addresses it needs, not counting what those need in turn.
    pub needs: Vec<String>,
}

/// Something that was accepted earlier and is not in effect yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingPart {
    /// The resource.
    pub address: String,
    /// The path within the resource's section.
    pub attribute: String,
    /// The whole path.
    pub path: Path,
    /// The value in effect.
    pub before: Option<String>,
    /// The value that waits.
    pub after: Option<String>,
    /// What it waits for.
    pub until: When,
    /// What it does then.
    pub effect: Effect,
    /// The effect in words.
    pub effect_text: String,
    /// Shortest and longest interruption.
    pub interruption_seconds: Option<(u32, u32)>,
    /// Whether the spec asks for it.
    pub requested_by_us: bool,
    /// Whether a window has passed without effect.
    pub overdue: bool,
    /// Who asked for it, or why it needs no change.
    pub note: String,
}

/// Something that exists under a declared name and is not managed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmanagedPart {
    /// The address that asks for the name.
    pub address: String,
    /// The name in AWS.
    pub name: String,
    /// Whose it is by its tags: `project/environment`.
    pub owner: Option<String>,
    /// Always `P506`.
    pub code: String,
}

/// A difference that others made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftEntry {
    /// The resource.
    pub address: String,
    /// The path within the resource's section.
    pub attribute: String,
    /// The whole path.
    pub path: Path,
    /// The mark of its line.
    pub sigil: Sigil,
    /// What the last apply left.
    pub last_applied: Option<String>,
    /// What is in AWS.
    pub live: Option<String>,
    /// Who did it, if that was asked for.
    pub who: Option<String>,
    /// When, if that was asked for.
    pub at: Option<Timestamp>,
    /// Why it is there.
    pub class: DriftClass,
    /// What putting it back does.
    pub effect: Effect,
    /// What else is to be known.
    pub flags: BTreeSet<Flag>,
    /// Further sentences.
    pub remarks: Vec<String>,
    /// Where the value is written.
    pub source: Option<Source>,
}

/// A sentence with a command to type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The words before it: `Apply:`.
    pub label: String,
    /// The command.
    pub command: String,
}
