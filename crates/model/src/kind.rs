//! Kinds, sections and facts: what the general code is told about a particular world.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Address, Attribute, Effect, Form, Object, Resource};

/// How long an action usually takes, in minutes: shortest, longest, and when to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// Usually not less than this.
    pub from: u32,
    /// Usually not more than this.
    pub to: u32,
    /// Waiting ends after this.
    pub deadline: u32,
}

impl Usual {
    /// A time that is over in seconds.
    pub const MOMENT: Self = Self {
        from: 0,
        to: 0,
        deadline: 10,
    };

    /// A range and a deadline, in minutes.
    #[must_use]
    pub const fn minutes(from: u32, to: u32, deadline: u32) -> Self {
        Self { from, to, deadline }
    }
}

/// A kind of resource: its table and the few words the general code needs.
#[derive(Debug)]
pub struct Kind {
    /// The name in code and in edges, such as `subnet_group`.
    pub name: &'static str,
    /// The section it is written in: `network`, `replica` (for `[replica.*]`).
    pub section: &'static str,
    /// Whether there can be several: `[replica.*]`.
    pub many: bool,
    /// One sentence.
    pub summary: &'static str,
    /// What AWS calls one, as plans print it: `DB instance`.
    pub noun: &'static str,
    /// The type in JSON: `rds.instance`.
    pub type_name: &'static str,
    /// Whether it holds data.
    pub stateful: bool,
    /// The table.
    pub attributes: &'static [&'static Attribute],
    /// IAM actions for reading.
    pub reads: &'static [&'static str],
    /// IAM actions for writing.
    pub writes: &'static [&'static str],
    /// Kinds that it may need: they are made before it and deleted after it.
    pub needs: &'static [&'static str],
    /// The attributes that move the price that is known.
    pub priced_by: &'static [&'static str],
    /// The attributes that cost money nobody knows here; a creation names the last word's section.
    pub not_priced: &'static [&'static str],
    /// The attribute that forbids AWS to delete it; empty if there is none.
    pub protected_by: &'static str,
    /// What deleting one does to the running database.
    pub delete_effect: Effect,
    /// What a deletion means, as a sentence of the plan; may be empty.
    pub delete_reason: &'static str,
    /// Empty if a new one can take its place under the same name; else what to do instead.
    pub instead_of_replacing: &'static str,
    /// What is to be known when one that is gone is made anew; empty if nothing is.
    pub made_anew: &'static str,
    /// How long a creation takes.
    pub create_time: Usual,
    /// How long a change takes.
    pub change_time: Usual,
    /// How long a deletion takes.
    pub delete_time: Usual,
    /// What a reviewer decides about when it is created; asked with all resources of the
    /// environment.
    pub describe: fn(&Resource, &BTreeMap<Address, Resource>) -> Vec<Described>,
    /// What it is in a few words: `subnet group happytrip-b2b-db`.
    pub headline: fn(&Resource) -> String,
}

/// One line of the description of a resource to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// The word at the left; empty for a line of text.
    pub label: String,
    /// The text; may hold line breaks.
    pub text: String,
    /// The path whose source line is printed, if any.
    pub source: Option<String>,
}

impl Kind {
    /// The attribute of a path.
    #[must_use]
    pub fn attribute(&self, path: &str) -> Option<&'static Attribute> {
        self.attributes
            .iter()
            .copied()
            .find(|attribute| attribute.path == path)
    }
}

/// A key of a section that is not an attribute of a kind, such as `[policy] allow`.
#[derive(Debug)]
pub struct SectionKey {
    /// The key.
    pub name: &'static str,
    /// Its form.
    pub form: Form,
    /// What it is.
    pub doc: &'static str,
    /// Whether it must be written.
    pub required: bool,
    /// The words it may take.
    pub one_of: &'static [&'static str],
    /// Whether it takes `{ env = }`, `{ ssm = }`.
    pub outside: bool,
    /// Names from AWS and Terraform that people write instead.
    pub aliases: &'static [&'static str],
}

impl SectionKey {
    /// An optional key.
    #[must_use]
    pub const fn new(name: &'static str, form: Form, doc: &'static str) -> Self {
        Self {
            name,
            form,
            doc,
            required: false,
            one_of: &[],
            outside: false,
            aliases: &[],
        }
    }

    /// It must be written.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the words it may take.
    #[must_use]
    pub const fn one_of(mut self, words: &'static [&'static str]) -> Self {
        self.one_of = words;
        self
    }

    /// It takes values from outside.
    #[must_use]
    pub const fn outside(mut self) -> Self {
        self.outside = true;
        self
    }

    /// Sets the names that people write instead.
    #[must_use]
    pub const fn aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }
}

/// A section of the language.
#[derive(Debug)]
pub struct Section {
    /// Its name: `instance`, `alarm` for `[alarm.*]`; empty for the top level.
    pub name: &'static str,
    /// Whether it is written `[name.X]`.
    pub many: bool,
    /// Whether `enabled = false` drops it.
    pub can_be_dropped: bool,
    /// Whether its keys are free names: `[tags]`, `[parameters]`.
    pub free_keys: bool,
    /// Whether it must be there in an environment.
    pub required: bool,
    /// Empty, or the sentence that refuses a section of a later version.
    pub later: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys that are not attributes of a kind.
    pub keys: &'static [SectionKey],
    /// The kinds whose attributes are written in it.
    pub kinds: &'static [&'static str],
}

/// What is known of a DB instance class (reference: storage and classes, 5).
#[derive(Debug, Clone, PartialEq)]
pub struct ClassFacts {
    /// Virtual processors.
    pub vcpu: u32,
    /// Nominal memory in GiB.
    pub memory_gib: u32,
}

/// What is known of a PostgreSQL parameter in a family (reference: parameters, 9).
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterFacts {
    /// The name.
    pub name: String,
    /// The internal unit: `8kB`, `kB`, `MB`, `B`, `ms`, `s`, `min`, `us`, or empty.
    pub unit: String,
    /// Whether it takes effect only after a restart.
    pub is_static: bool,
    /// `int`, `float`, `bool`, `enum`, `list` or `string`.
    pub data_type: String,
    /// Smallest and largest value, in the internal unit.
    pub range: Option<(f64, f64)>,
    /// The words it may take.
    pub words: Vec<String>,
    /// Whether RDS lets one set it.
    pub modifiable: bool,
    /// What RDS uses if it is not set; empty if unknown.
    pub default: String,
}

/// What is known of a CloudWatch metric (reference: alarms, 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricFacts {
    /// The name.
    pub name: String,
    /// `Percent`, `Count`, `Bytes`, `Seconds`, `Milliseconds`, `Microseconds`, `Bytes/Second`,
    /// `Count/Second`.
    pub unit: String,
    /// The statistic to alarm on.
    pub statistic: String,
    /// Whether RDS for PostgreSQL publishes it for DB instances.
    pub on_instance: bool,
    /// Whether it exists on read replicas only.
    pub on_replica_only: bool,
    /// What missing data means: `missing` or `notBreaching`.
    pub missing: String,
}

/// Why a parameter's value can't be converted; the spec turns it into a finding of its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterProblem {
    /// The code: `P106`, `P103`, `P306`, `P307`.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// What to write.
    pub help: Vec<String>,
    /// Why.
    pub notes: Vec<String>,
    /// Whether the key is at fault and not the value.
    pub at_key: bool,
}

/// Bundled facts about AWS; each comes from data with source and date, and what AWS answers at
/// run time overrides it.
pub trait Facts: Sync + std::fmt::Debug {
    /// A class, or nothing if the data doesn't know it.
    fn class(&self, class: &str) -> Option<ClassFacts>;
    /// The names of all known classes.
    fn classes(&self) -> Vec<String>;
    /// A parameter in a family such as `postgres16`.
    fn parameter(&self, family: &str, name: &str) -> Option<ParameterFacts>;
    /// The names of all known parameters of a family.
    fn parameters(&self, family: &str) -> Vec<String>;
    /// Converts a written value to what RDS takes.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the value and what to write.
    fn convert_parameter(
        &self,
        family: &str,
        name: &str,
        written: &crate::Value,
    ) -> Result<String, Box<ParameterProblem>>;
    /// Whether two values of a parameter in RDS's units mean the same.
    fn same_parameter(&self, name: &str, a: &str, b: &str) -> bool;
    /// A metric.
    fn metric(&self, name: &str) -> Option<MetricFacts>;
    /// The names of all known metrics.
    fn metrics(&self) -> Vec<String>;
    /// The metric that somebody means by a name that doesn't exist: `ReplicationLag`.
    fn metric_meant_by(&self, name: &str) -> Option<String>;
    /// Whether RDS refuses a master user of this name, whatever its case.
    fn is_reserved_user(&self, name: &str) -> bool;
    /// Known major versions, oldest first.
    fn majors(&self) -> Vec<String>;
    /// Monthly price in hundredths of a cent (USD) of a resource as declared, or nothing if it is
    /// not priced; the text says how it comes about.
    fn monthly_price(&self, region: &str, kind: &str, object: &Object) -> Option<(i64, String)>;
    /// Source and date of the prices: `2025-01-15`.
    fn prices_as_of(&self) -> &str;
    /// The regions whose prices are known.
    fn priced_regions(&self) -> Vec<&str> {
        Vec::new()
    }
    /// Version of the bundled catalog, bound into saved plans.
    fn version(&self) -> &str;
}

/// Everything the general code knows of a particular world.
#[derive(Debug, Clone, Copy)]
pub struct Catalog {
    /// All kinds.
    pub kinds: &'static [&'static Kind],
    /// All sections of the language, in canonical order.
    pub sections: &'static [Section],
    /// Bundled facts.
    pub facts: &'static dyn Facts,
}

impl Catalog {
    /// The kind of a name.
    ///
    /// # Panics
    ///
    /// If there is no such kind: kinds come from the catalog itself.
    #[must_use]
    pub fn kind(&self, name: &str) -> &'static Kind {
        self.find_kind(name)
            .unwrap_or_else(|| panic!("the catalog has no kind `{name}`"))
    }

    /// The kind of a name, if there is one.
    #[must_use]
    pub fn find_kind(&self, name: &str) -> Option<&'static Kind> {
        self.kinds.iter().copied().find(|kind| kind.name == name)
    }

    /// The section of a name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&'static Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The attributes that are written in a section, with their keys: (`size`, the attribute).
    #[must_use]
    pub fn attributes_in(&self, section: &Section) -> Vec<(&'static str, &'static Attribute)> {
        let mut found: Vec<(&'static str, &'static Attribute)> = Vec::new();
        for kind in section.kinds.iter().filter_map(|name| self.find_kind(name)) {
            for attribute in kind.attributes.iter().copied().filter(|a| a.written) {
                let (head, key) = attribute.section_and_key();
                let here = if head == "*" {
                    kind.section == section.name
                } else {
                    head == section.name
                };
                if here && !found.iter().any(|(known, _)| *known == key) {
                    found.push((key, attribute));
                }
            }
        }
        found
    }
}
