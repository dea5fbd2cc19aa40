//! From what exists to a file that says the same: the way back of resolving, pure.
//!
//! What the language can't say stands in comments; what differs all the same, a plan shows.

mod alarms;
mod database;
mod names;
mod page;
mod parameters;
mod secrets;
pub mod terraform;
mod unsayable;

use std::collections::BTreeSet;

use pgward_model::{Catalog, Environment, Object, Value};

use page::Page;
pub use unsayable::Unsayable;

/// A resource that exists, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Existing {
    /// The kind in the catalog.
    pub kind: String,
    /// Its name in AWS.
    pub name: String,
    /// What others refer to it by: its id, or its ARN.
    pub id: String,
    /// The address in our tags, if they name the environment of the file.
    pub address: Option<String>,
    /// Its values, by path in the catalog.
    pub values: Object,
    /// The secret that RDS keeps for it, if there is one.
    pub managed_secret: Option<String>,
}

/// Everything that belongs to one DB instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// How the file calls the environment.
    pub environment: Environment,
    /// What exists: one instance and what belongs to it.
    pub resources: Vec<Existing>,
    /// Sentences about what was left out before.
    pub remarks: Vec<String>,
}

/// A resource of the file, with the sections that say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The kind in the catalog.
    pub kind: String,
    /// What AWS calls one: `DB instance`.
    pub noun: String,
    /// Its name in AWS.
    pub name: String,
    /// What others refer to it by.
    pub id: String,
    /// Whether the file manages it, and does not only name it.
    pub managed: bool,
    /// The sections: `[instance] [storage] [backup]`.
    pub sections: String,
}

/// A file that says what exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The file.
    pub text: String,
    /// What is in it, in the order of the file.
    pub named: Vec<Named>,
    /// What is used and not managed: `VPC vpc-…`, `role rds-monitoring-role`.
    pub used: Vec<String>,
    /// What a person should look at.
    pub notes: Vec<String>,
}

/// The file that says what exists.
///
/// # Errors
///
/// Why no file can say it.
pub fn import(inventory: &Inventory, catalog: &Catalog) -> Result<Imported, Unsayable> {
    let mut writer = Writer::new(inventory, catalog)?;
    writer.head();
    writer.network();
    writer.postgres();
    writer.parameters();
    writer.instance();
    writer.replicas();
    writer.upkeep();
    writer.secrets_and_proxy();
    writer.alarms();
    let mut notes = inventory.remarks.clone();
    notes.append(&mut writer.notes);
    Ok(Imported {
        text: writer.page.finish(),
        named: writer.named,
        used: writer.used.into_iter().collect(),
        notes,
    })
}

/// The state of one writing.
struct Writer<'a> {
    inventory: &'a Inventory,
    catalog: &'a Catalog,
    instance: &'a Existing,
    page: Page,
    named: Vec<Named>,
    used: BTreeSet<String>,
    notes: Vec<String>,
    /// Section names by kind and name in AWS.
    labels: names::Labels,
}

impl<'a> Writer<'a> {
    fn new(inventory: &'a Inventory, catalog: &'a Catalog) -> Result<Self, Unsayable> {
        let instance = inventory
            .resources
            .iter()
            .find(|one| one.kind == "instance");
        let Some(instance) = instance else {
            return Err(Unsayable::new(
                "there is no DB instance to write about",
                "name one: pgward import --instance ID",
            ));
        };
        unsayable::check(instance)?;
        Ok(Self {
            inventory,
            catalog,
            instance,
            page: Page::default(),
            named: Vec::new(),
            used: BTreeSet::new(),
            notes: Vec::new(),
            labels: names::Labels::default(),
        })
    }

    /// Every resource of a kind.
    fn of_kind(&self, kind: &str) -> Vec<&'a Existing> {
        let all = self.inventory.resources.iter();
        all.filter(|one| one.kind == kind).collect()
    }

    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Says which sections a resource is in.
    fn name(&mut self, existing: &Existing, sections: impl Into<String>) {
        self.named.push(Named {
            kind: existing.kind.clone(),
            noun: self.catalog.kind(&existing.kind).noun.to_owned(),
            name: existing.name.clone(),
            id: existing.id.clone(),
            managed: existing.kind != "secret" || existing.address.is_some(),
            sections: sections.into(),
        });
    }

    /// `PROJECT-ENVIRONMENT` and a suffix.
    fn default_name(&self, suffix: &str) -> String {
        let of = &self.inventory.environment;
        format!("{}-{}{suffix}", of.project, of.name)
    }

    /// The line of a name, unless it is the one that follows from project and environment.
    fn own_name(&mut self, key: &str, name: &str, suffix: &str) {
        if !name.eq_ignore_ascii_case(&self.default_name(suffix)) {
            self.page.text(key, name);
        }
    }

    fn head(&mut self) {
        let of = &self.inventory.environment;
        self.page.comment(&format!(
            "DB instance {} of account {}, as it was found.",
            self.instance.name, of.account
        ));
        self.page.comment("What no key can say stands in comments.");
        self.page.blank();
        self.page.value("language", "1");
        self.page.text("environment", &of.name);
        self.page.text("account", &of.account);
        self.page.section("project");
        self.page.text("name", &of.project);
        self.page.text("region", &of.region);
        self.tags();
    }

    /// Tags that every resource has alike are managed; others are left alone.
    fn tags(&mut self) {
        let secrets = self.secrets();
        let access = self.access_group().map(|group| &group.id);
        let managed = |one: &&Existing| match one.kind.as_str() {
            "secret" => secrets.iter().any(|secret| secret.is_managed(one)),
            "security_group" => Some(&one.id) == access && one.name != "default",
            "parameter_group" => !parameters::is_default(&one.name),
            _ => true,
        };
        let all: Vec<&Existing> = self.inventory.resources.iter().filter(managed).collect();
        let tags = |one: &Existing| one.values.map("tags.*").cloned().unwrap_or_default();
        let first = tags(self.instance);
        let alike = all.iter().all(|one| tags(one) == first);
        // A brace would be read as the beginning of a placeholder.
        let sayable = first
            .values()
            .all(|value| value.as_text().is_some_and(|text| !text.contains('{')));
        if alike && sayable {
            if !first.is_empty() {
                self.page.section("tags");
                for (key, value) in &first {
                    self.page.text(key, value.as_text().unwrap_or_default());
                }
            }
            return;
        }
        self.page.blank();
        self.page
            .comment("[tags] is not written: the resources have different ones, which stay.");
        for (key, value) in &first {
            let text = value.as_text().unwrap_or_default();
            self.page
                .comment(&format!("the instance has {key} = {}", page::quoted(text)));
        }
        self.note(
            "tags differ between the resources, so they are not managed: a [tags] section would \
             give all of them the same",
        );
    }

    /// Writes the keys of a section that an attribute table has, as far as they are in `wanted`.
    fn attributes(&mut self, section: &str, wanted: &[&str]) {
        let kind = self.catalog.kind("instance");
        for key in wanted {
            let path = format!("{section}.{key}");
            let Some(attribute) = kind.attribute(&path) else {
                continue;
            };
            if let Some(value) = self.instance.values.get(&path) {
                self.page.value(key, &page::toml(attribute.form, value));
            }
        }
    }
}

/// The text of a value, or nothing.
fn text<'a>(of: &'a Existing, path: &str) -> &'a str {
    of.values.text(path).unwrap_or_default()
}

/// A name in the account from an ARN of a role, if that is all it says.
fn role(arn: &str, environment: &Environment) -> String {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    if crate::values::role_arn(name, environment) == arn {
        name.to_owned()
    } else {
        arn.to_owned()
    }
}

/// Whether a live value is this number.
fn is(value: Option<&Value>, number: i64) -> bool {
    value.and_then(Value::as_int) == Some(number)
}
