//! A random environment as sections of the language, and random edits of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fastrand::Rng;

use super::choices::{ALWAYS, ODD, OPTIONAL, RENAMED, VALUES};

/// Account of every simulated environment.
pub(crate) const ACCOUNT: &str = "444455556666";
/// Region of every simulated environment.
pub(crate) const REGION: &str = "ap-south-1";

/// Sections by header, keys by name, values as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<String, BTreeMap<String, String>>);

impl Environment {
    /// A random environment; about half of what may be there is.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut environment = Self::plain(&[]);
        for (section, keys, _) in OPTIONAL {
            if rng.bool() {
                environment.add(section, keys);
            }
        }
        if rng.u8(0..8) == 0 {
            environment.set("secret.master", "source", "\"existing\"");
        }
        for (section, key, values) in VALUES {
            if environment.0.contains_key(*section) && rng.u8(0..4) == 0 {
                environment.set(section, key, values[rng.usize(0..values.len())]);
            }
        }
        environment.repair();
        environment
    }

    /// What every environment has, and these optional sections.
    pub(crate) fn plain(sections: &[&str]) -> Self {
        let mut environment = Self(BTreeMap::new());
        for (section, key, value) in ALWAYS {
            environment.set(section, key, value);
        }
        for (section, keys, _) in OPTIONAL {
            if sections.contains(section) {
                environment.add(section, keys);
            }
        }
        environment
    }

    /// The same with a value as it is written; an empty one leaves the key out.
    pub(crate) fn with(mut self, section: &str, key: &str, value: &str) -> Self {
        self.set(section, key, value);
        self
    }

    /// The same with a section under another name, which a key tells.
    pub(crate) fn renamed(mut self, old: &str, new: &str) -> Self {
        if let Some(mut keys) = self.0.remove(old) {
            let name = old.split_once('.').map_or(old, |(_, name)| name);
            keys.insert("renamed_from".to_owned(), format!("\"{name}\""));
            self.0.insert(new.to_owned(), keys);
        }
        self
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.0 {
            if !section.is_empty() {
                writeln!(text, "\n[{section}]").expect("a string takes everything");
            }
            for (key, value) in keys {
                writeln!(text, "{key} = {value}").expect("a string takes everything");
            }
        }
        text
    }

    /// Makes one to three random edits and says which.
    pub(crate) fn edit(&mut self, rng: &mut Rng) -> Vec<String> {
        let mut edits = Vec::new();
        for _ in 0..=rng.usize(0..3) {
            let said = match rng.u8(0..20) {
                0..=11 => self.change_value(rng),
                12..=16 => self.toggle(rng),
                17 | 18 => self.rename(rng),
                _ => {
                    let (section, key, value) = ODD[rng.usize(0..ODD.len())];
                    self.0.contains_key(section).then(|| {
                        self.set(section, key, value);
                        format!("{section}.{key} = {value}")
                    })
                }
            };
            edits.extend(said);
        }
        self.repair();
        edits
    }

    /// Writes the version and the size that are in AWS, where there is no way back.
    pub(crate) fn follow(&mut self, version: &str, size: &str) {
        let major = version.split('.').next().unwrap_or(version);
        self.set("postgres", "version", &format!("\"{major}\""));
        self.set("storage", "size", &format!("\"{size} GiB\""));
    }

    /// Lets the instance be deleted.
    pub(crate) fn unprotect(&mut self) {
        self.set("instance", "deletion_protection", "false");
    }

    /// Names every subnet there is.
    pub(crate) fn take_every_subnet(&mut self) {
        let all = ODD.iter().find(|(_, key, _)| *key == "subnets");
        if let Some((section, key, value)) = all {
            self.set(section, key, value);
        }
    }

    /// Names who keeps the master password.
    pub(crate) fn keep_password(&mut self, source: &str) {
        self.set("secret.master", "source", &format!("\"{source}\""));
        self.repair();
    }

    fn change_value(&mut self, rng: &mut Rng) -> Option<String> {
        let there: Vec<_> = VALUES
            .iter()
            .filter(|(section, _, _)| self.0.contains_key(*section))
            .collect();
        let (section, key, values) = there[rng.usize(0..there.len())];
        let value = values[rng.usize(0..values.len())];
        self.set(section, key, value);
        Some(format!("{section}.{key} = {value}"))
    }

    fn toggle(&mut self, rng: &mut Rng) -> Option<String> {
        let (section, keys, along) = OPTIONAL[rng.usize(0..OPTIONAL.len())];
        if self.0.remove(section).is_some() {
            for other in along {
                self.0.remove(*other);
            }
            return Some(format!("without [{section}]"));
        }
        self.add(section, keys);
        Some(format!("with [{section}]"))
    }

    fn rename(&mut self, rng: &mut Rng) -> Option<String> {
        let (old, new) = RENAMED[rng.usize(0..RENAMED.len())];
        if !self.has(old) {
            return None;
        }
        *self = self.clone().renamed(old, new);
        Some(format!("[{old}] is [{new}]"))
    }

    fn add(&mut self, section: &str, keys: &[(&str, &str)]) {
        for (key, value) in keys {
            self.set(section, key, value);
        }
    }

    fn set(&mut self, section: &str, key: &str, value: &str) {
        let keys = self.0.entry(section.to_owned()).or_default();
        if value.is_empty() {
            keys.remove(key);
        } else {
            keys.insert(key.to_owned(), value.to_owned());
        }
    }

    fn has(&self, section: &str) -> bool {
        self.0.contains_key(section)
    }

    /// Drops what would refer to nothing, and names that AWS's own secrets don't take.
    fn repair(&mut self) {
        let app = ["secret.app", "secret.application"]
            .into_iter()
            .find(|section| self.has(section));
        match app.and_then(|section| section.split_once('.')) {
            None => {
                self.0.remove("proxy");
            }
            Some((_, name)) if self.has("proxy") => {
                let both = self.0["proxy"]["secrets"].contains("reporting");
                let list = if both && self.has("secret.reporting") {
                    format!("[\"{name}\", \"reporting\"]")
                } else {
                    format!("[\"{name}\"]")
                };
                self.set("proxy", "secrets", &list);
            }
            Some(_) => {}
        }
        let replica = ["replica.one", "replica.reports"]
            .into_iter()
            .find(|section| self.has(section));
        match replica {
            None => {
                self.0.remove("alarm.lag");
                if self.has("replica.two") {}
            }
            Some(section) => {
                if self.has("alarm.lag") {
                    self.set("alarm.lag", "on", &format!("\"{section}\""));
                }
                if self.has("replica.two") && self.0["replica.two"].contains_key("source") {}
            }
        }
        let managed = self.0["secret.master"]["source"] == "\"rds-managed\"";
        let name = if managed { "" } else { "\"shop/dev/postgres\"" };
        self.set("secret.master", "name", name);
        if self.has("replica.one") || self.has("replica.two") || self.has("replica.reports") {
            self.set("backup", "retention", "\"1 day\"");
        }
    }
}
