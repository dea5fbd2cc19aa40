//! What an attribute is: its form, when a change applies, and what that does.

use std::collections::BTreeMap;

use crate::{Address, Effect, Object, Resource, Value, units};

/// The form of a value: its type in TOML, its canonical unit, and how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A bare count.
    Int,
    /// A bare number with or without fraction.
    Number,
    /// A size, counted in GiB: `"100 GiB"`.
    Gib,
    /// Throughput, counted in MiB/s: `"500 MiB/s"`.
    Mibps,
    /// Whole days: `"30 days"`.
    Days,
    /// Whole days, or `"off"` for none (0): `"7 days"`.
    DaysOrOff,
    /// Seconds: `"30 min"`.
    Seconds,
    /// Seconds, or `"off"` for none (0): `"30 s"`.
    SecondsOrOff,
    /// Percent from 0 to 100: `"80%"`.
    Percent,
    /// A daily window: `"02:00-03:00 UTC"`, canonical `02:00-03:00`.
    DailyWindow,
    /// A weekly window: `"Sun 03:00-04:00 UTC"`, canonical `sun:03:00-sun:04:00`.
    WeeklyWindow,
    /// Several texts whose order means nothing.
    Set,
    /// Several texts in order.
    List,
    /// Values by key, such as parameters, rules and tags.
    Map,
    /// A quantity in the unit of a CloudWatch metric: `"10 GiB"`, `"80%"`, `150`.
    Quantity,
    /// A date: `2026-03-31`.
    Date,
    /// A PostgreSQL parameter's value in PostgreSQL's own units: `"32MB"`, `true`, `200`.
    Parameter,
}

impl Form {
    /// A few words that name the form in a message: "true or false", "text", "a size".
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Gib => "a size with a unit",
            Self::Mibps => "a throughput with a unit",
            Self::Days => "a number of days",
            Self::DaysOrOff => "a number of days or \"off\"",
            Self::Seconds => "a time with a unit",
            Self::SecondsOrOff => "a time with a unit or \"off\"",
            Self::Percent => "a percentage",
            Self::DailyWindow => "a daily window",
            Self::WeeklyWindow => "a weekly window",
            Self::Set | Self::List => "a list of texts",
            Self::Map => "a table",
            Self::Quantity => "a quantity",
            Self::Date => "a date",
            Self::Parameter => "a parameter value",
        }
    }

    /// The value as written in TOML, without quotes: `100 GiB`, `Sun 03:00-04:00 UTC`.
    #[must_use]
    pub fn print(self, value: &Value) -> String {
        match (self, value) {
            (Self::Gib, Value::Int(size)) => format!("{size} GiB"),
            (Self::Mibps, Value::Int(rate)) => format!("{rate} MiB/s"),
            (Self::DaysOrOff | Self::SecondsOrOff, Value::Int(0)) => "off".to_owned(),
            (Self::Days | Self::DaysOrOff, Value::Int(days)) => units::print_days(*days),
            (Self::Seconds | Self::SecondsOrOff, Value::Int(seconds)) => {
                units::print_seconds(*seconds)
            }
            (Self::Percent, value) => format!("{}%", print_plain(value)),
            (Self::DailyWindow, Value::Text(window)) => units::print_daily_window(window),
            (Self::WeeklyWindow, Value::Text(window)) => units::print_weekly_window(window),
            (Self::Set | Self::List, Value::List(list)) if list.is_empty() => "none".to_owned(),
            (_, value) => print_plain(value),
        }
    }
}

/// A value without knowledge of its unit: texts bare, lists with commas.
fn print_plain(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(list) => list.iter().map(print_plain).collect::<Vec<_>>().join(", "),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| format!("{key} = {}", print_plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Output(reference) => format!("{} of {}", reference.output, reference.address),
    }
}

/// When a change takes effect (reference: resource semantics, 1.1).
#[derive(Debug, Clone, Copy)]
pub enum Applies {
    /// At once, whatever the window.
    Now,
    /// In the next maintenance window, or at once if that is asked for.
    Window,
    /// After a restart that somebody must cause.
    AfterReboot,
    /// Never: a new resource is needed.
    OnReplace,
    /// When the resource is created; never compared afterwards.
    OnCreate,
    /// It depends on the key of a keyed attribute, such as a parameter's name.
    PerKey(fn(&Case<'_>) -> Applies),
}

/// A direction in which a value can move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It can grow and never shrink.
    Grow,
    /// It can be upgraded and never downgraded.
    Upgrade,
}

/// When two canonical values count as equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matches {
    /// When they are the same.
    Exactly,
    /// When they hold the same items, in any order.
    AsSet,
    /// When everything live is declared: what was added later is not missed.
    Within,
    /// When the live version starts with the declared one: `16` = `16.10`.
    VersionPrefix,
    /// When the live size lies between the declared one and the limit of storage autoscaling.
    StorageFloor,
    /// When both are the same but for upper and lower case.
    IgnoringCase,
}

/// A change in its circumstances: what the functions of the tables are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The key within a keyed attribute, such as a parameter's name.
    pub key: Option<&'a str>,
    /// The value in AWS.
    pub before: Option<&'a Value>,
    /// The declared value.
    pub after: Option<&'a Value>,
    /// The resource as it is now.
    pub live: &'a Object,
    /// The resource as it shall be.
    pub desired: &'a Object,
}

/// What else a change touches, asked with all resources of the environment.
pub type Aside<T> = fn(&Case<'_>, &BTreeMap<Address, Resource>) -> Vec<T>;

/// One attribute of a kind: a row of the kind's table.
///
/// The only place that says what may change, when, and with what effect; adapters and renderers
/// hold no such rule.
#[derive(Debug)]
pub struct Attribute {
    /// Path in the TOML language: `storage.size`; `*.class` for named sections; a trailing `.*`
    /// marks values by key, such as `parameters.*`.
    pub path: &'static str,
    /// Form of the value.
    pub form: Form,
    /// What it is, for `explain`, the schema and the reference.
    pub doc: &'static str,
    /// Its name in the AWS API; also suggested when somebody writes it.
    pub aws: &'static str,
    /// Its name in Terraform; also suggested when somebody writes it.
    pub terraform: &'static str,
    /// Whether it must be written.
    pub required: bool,
    /// Smallest and largest value in the canonical unit.
    pub range: Option<(i64, i64)>,
    /// The words it may take.
    pub one_of: &'static [&'static str],
    /// What holds if it is not written, in words.
    pub default: &'static str,
    /// When a change takes effect.
    pub applies: Applies,
    /// What a change does.
    pub effect: Effect,
    /// What a change does, where it depends on the values.
    pub effect_by: Option<fn(&Case<'_>) -> Effect>,
    /// The only direction it can move in.
    pub one_way: Option<Way>,
    /// Hours for which AWS refuses the next change after one.
    pub cooldown_hours: u32,
    /// When two values count as equal.
    pub matches: Matches,
    /// Whether it is a key of the language; otherwise it is derived from other keys.
    pub written: bool,
    /// Whether it is only ever read.
    pub observed: bool,
    /// Whether an entry of a keyed attribute serves what uses the resource, by its key: with the
    /// value that a user of the resource leaves, or without one, for a user that goes. Such an
    /// entry is not taken away before that.
    pub serves: Option<fn(&str, Option<&Value>) -> bool>,
    /// Whether a change lets more reach or read the resource.
    pub exposes: Option<fn(&Case<'_>) -> bool>,
    /// What is possible after a change that exposes: `one API call could delete the instance`.
    pub exposure: &'static str,
    /// Shortest and longest interruption in seconds, where it interrupts.
    pub interruption: Option<(u32, u32)>,
    /// Whether the interruption may fail to come, so that nothing else can count on a restart.
    pub may_spare: bool,
    /// Why it has this effect, as a sentence of the plan.
    pub reason: &'static str,
    /// The reason, where it depends on the values.
    pub reason_by: Option<fn(&Case<'_>) -> String>,
    /// Values of other resources that move with a change, as (path, before, after).
    pub follows: Option<Aside<(String, String, String)>>,
    /// Further lines of the plan about a change, as (word, text).
    pub remarks: Option<Aside<(String, String)>>,
    /// Whether replicas go before their source: with a restart for the values of a group that both
    /// use, or with an upgrade of their own; nothing if the order does not matter. An upgrade that
    /// is not theirs first comes to them with their source.
    pub followers_first: Option<fn(&Case<'_>) -> Option<bool>>,
    /// How a value is printed, where the form is not enough; takes key and value.
    pub show: Option<fn(&str, &Value) -> String>,
    /// Keys worth reading beside it.
    pub related: &'static str,
}

impl Attribute {
    /// An attribute that can change online; the setters below change that.
    #[must_use]
    pub const fn new(path: &'static str, form: Form, doc: &'static str) -> Self {
        Self {
            path,
            form,
            doc,
            aws: "",
            terraform: "",
            required: false,
            range: None,
            one_of: &[],
            default: "",
            applies: Applies::Now,
            effect: Effect::Online,
            effect_by: None,
            one_way: None,
            cooldown_hours: 0,
            matches: match form {
                Form::Set => Matches::AsSet,
                _ => Matches::Exactly,
            },
            written: true,
            observed: false,
            serves: None,
            exposes: None,
            exposure: "",
            interruption: None,
            may_spare: false,
            reason: "",
            reason_by: None,
            follows: None,
            remarks: None,
            followers_first: None,
            show: None,
            related: "",
        }
    }

    /// Sets the name in the AWS API.
    #[must_use]
    pub const fn aws(mut self, name: &'static str) -> Self {
        self.aws = name;
        self
    }

    /// Sets the name in Terraform.
    #[must_use]
    pub const fn terraform(mut self, name: &'static str) -> Self {
        self.terraform = name;
        self
    }

    /// It must be written.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets smallest and largest value in the canonical unit.
    #[must_use]
    pub const fn range(mut self, from: i64, to: i64) -> Self {
        self.range = Some((from, to));
        self
    }

    /// Sets the words it may take.
    #[must_use]
    pub const fn one_of(mut self, words: &'static [&'static str]) -> Self {
        self.one_of = words;
        self
    }

    /// Sets the words for what holds if it is not written.
    #[must_use]
    pub const fn default(mut self, words: &'static str) -> Self {
        self.default = words;
        self
    }

    /// Sets when a change takes effect.
    #[must_use]
    pub const fn applies(mut self, applies: Applies) -> Self {
        self.applies = applies;
        self
    }

    /// Sets what a change does.
    #[must_use]
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Sets a function for what a change does.
    #[must_use]
    pub const fn effect_by(mut self, effect: fn(&Case<'_>) -> Effect) -> Self {
        self.effect_by = Some(effect);
        self
    }

    /// Sets the only direction it can move in.
    #[must_use]
    pub const fn one_way(mut self, way: Way) -> Self {
        self.one_way = Some(way);
        self
    }

    /// Sets the hours for which AWS refuses the next change.
    #[must_use]
    pub const fn cooldown_hours(mut self, hours: u32) -> Self {
        self.cooldown_hours = hours;
        self
    }

    /// Sets when two values count as equal.
    #[must_use]
    pub const fn matches(mut self, matches: Matches) -> Self {
        self.matches = matches;
        self
    }

    /// It is derived from other keys and not a key of the language.
    #[must_use]
    pub const fn derived(mut self) -> Self {
        self.written = false;
        self
    }

    /// It is only ever read.
    #[must_use]
    pub const fn observed(mut self) -> Self {
        self.written = false;
        self.observed = true;
        self
    }

    /// Entries of it serve what uses the resource.
    #[must_use]
    pub const fn serves(mut self, ask: fn(&str, Option<&Value>) -> bool) -> Self {
        self.serves = Some(ask);
        self
    }

    /// Sets the function that says whether a change exposes the resource, and what is possible
    /// then.
    #[must_use]
    pub const fn exposes(mut self, exposes: fn(&Case<'_>) -> bool, exposure: &'static str) -> Self {
        self.exposes = Some(exposes);
        self.exposure = exposure;
        self
    }

    /// Sets shortest and longest interruption in seconds.
    #[must_use]
    pub const fn interruption(mut self, from: u32, to: u32) -> Self {
        self.interruption = Some((from, to));
        self
    }

    /// The interruption may fail to come.
    #[must_use]
    pub const fn may_spare(mut self) -> Self {
        self.may_spare = true;
        self
    }

    /// Sets the reason of the effect.
    #[must_use]
    pub const fn reason(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    /// Sets a function for the reason of the effect.
    #[must_use]
    pub const fn reason_by(mut self, reason: fn(&Case<'_>) -> String) -> Self {
        self.reason_by = Some(reason);
        self
    }

    /// Sets the function that lists what moves with a change.
    #[must_use]
    pub const fn follows(mut self, follows: Aside<(String, String, String)>) -> Self {
        self.follows = Some(follows);
        self
    }

    /// Sets the function that gives further lines about a change.
    #[must_use]
    pub const fn remarks(mut self, remarks: Aside<(String, String)>) -> Self {
        self.remarks = Some(remarks);
        self
    }

    /// Sets the function that says who restarts first.
    #[must_use]
    pub const fn followers_first(mut self, ask: fn(&Case<'_>) -> Option<bool>) -> Self {
        self.followers_first = Some(ask);
        self
    }

    /// Sets how a value is printed.
    #[must_use]
    pub const fn show(mut self, show: fn(&str, &Value) -> String) -> Self {
        self.show = Some(show);
        self
    }

    /// Sets the keys worth reading beside it.
    #[must_use]
    pub const fn related(mut self, keys: &'static str) -> Self {
        self.related = keys;
        self
    }

    /// Whether its values are compared key by key.
    #[must_use]
    pub fn is_keyed(&self) -> bool {
        self.path.ends_with(".*")
    }

    /// The section and the key in TOML: (`storage`, `size`); named sections give (`*`, `class`).
    #[must_use]
    pub fn section_and_key(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or((self.path, ""))
    }

    /// A value as people write and read it.
    #[must_use]
    pub fn print(&self, key: Option<&str>, value: &Value) -> String {
        match self.show {
            Some(show) => show(key.unwrap_or(""), value),
            None => self.form.print(value),
        }
    }

    /// When a change takes effect, in its circumstances.
    #[must_use]
    pub fn applies_in(&self, case: &Case<'_>) -> Applies {
        match self.applies {
            Applies::PerKey(ask) => ask(case),
            other => other,
        }
    }

    /// What a change does, in its circumstances.
    #[must_use]
    pub fn effect_in(&self, case: &Case<'_>) -> Effect {
        self.effect_by.map_or(self.effect, |ask| ask(case))
    }
}

/// Declares the attributes of a kind: one static per attribute and the list `ATTRIBUTES`.
///
/// ```
/// use pgward_model::{Applies, Effect, Form, attributes};
/// attributes! {
///     /// Where the book stands.
///     SHELF: "*.shelf", Form::Text => required().applies(Applies::Window).effect(Effect::Downtime);
/// }
/// assert_eq!(SHELF.doc.trim(), "Where the book stands.");
/// assert_eq!(ATTRIBUTES.len(), 1);
/// ```
#[macro_export]
macro_rules! attributes {
    ($($(#[doc = $doc:literal])+ $name:ident: $path:literal, $form:expr
        $(=> $($setter:ident($($argument:expr),* $(,)?)).+)?;)+) => {
        $($(#[doc = $doc])+
        pub static $name: $crate::Attribute =
            $crate::Attribute::new($path, $form, concat!($($doc, "\n"),+))
            $($(.$setter($($argument),*))+)?;)+

        /// Every attribute of the kind, in the order of the table.
        pub static ATTRIBUTES: &[&$crate::Attribute] = &[$(&$name),+];
    };
}
