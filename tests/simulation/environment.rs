//! A random environment as sections of the language, and random edits of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fastrand::Rng;

/// Account of every simulated environment.
pub(crate) const ACCOUNT: &str = "444455556666";
/// Region of every simulated environment.
pub(crate) const REGION: &str = "ap-south-1";

/// What every environment has.
const ALWAYS: &[(&str, &str, &str)] = &[
    ("", "environment", "\"dev\""),
    ("", "account", "\"444455556666\""),
    ("project", "name", "\"shop\""),
    ("project", "region", "\"ap-south-1\""),
    ("network", "vpc", "\"vpc-0b7714c0de5a92233\""),
    (
        "network",
        "subnets",
        "[\"subnet-0aaa1110000000011\", \"subnet-0bbb2220000000022\"]",
    ),
    ("access.app", "from", "\"10.0.0.0/16\""),
    ("postgres", "version", "\"16\""),
    ("instance", "class", "\"db.t3.small\""),
    ("instance", "multi_az", "false"),
    ("instance", "public", "false"),
    ("instance", "deletion_protection", "true"),
    ("storage", "type", "\"gp3\""),
    ("storage", "size", "\"20 GiB\""),
    ("storage", "encryption", "\"aws/rds\""),
    ("backup", "retention", "\"1 day\""),
    ("maintenance", "window", "\"Sun 03:00-04:00 UTC\""),
    ("secret.master", "name", "\"shop/dev/postgres\""),
    ("secret.master", "username", "\"shop_admin\""),
    ("secret.master", "source", "\"generate\""),
];

/// Values that keys may take; an empty one leaves the key out.
const VALUES: &[(&str, &str, &[&str])] = &[
    (
        "postgres",
        "version",
        &[
            "\"16\"",
            "\"16\"",
            "\"16.9\"",
            "\"16.10\"",
            "\"16.11\"",
            "\"17\"",
        ],
    ),
    ("postgres", "port", &["", "5432", "5433"]),
    ("postgres", "iam_authentication", &["", "true", "false"]),
    (
        "instance",
        "class",
        &["\"db.t3.small\"", "\"db.t3.medium\"", "\"db.t3.large\""],
    ),
    ("instance", "multi_az", &["false", "true"]),
    ("instance", "deletion_protection", &["true", "false"]),
    (
        "instance",
        "certificate",
        &["", "\"rds-ca-rsa2048-g1\"", "\"rds-ca-ecc384-g1\""],
    ),
    (
        "storage",
        "size",
        &["\"20 GiB\"", "\"20 GiB\"", "\"25 GiB\"", "\"40 GiB\""],
    ),
    ("storage", "type", &["\"gp3\"", "\"gp3\"", "\"gp2\""]),
    ("storage", "grow_to", &["", "\"100 GiB\"", "\"200 GiB\""]),
    ("parameters", "work_mem", &["", "\"8MB\"", "\"16MB\""]),
    ("parameters", "max_connections", &["", "100", "120", "140"]),
    (
        "parameters",
        "shared_buffers",
        &["", "\"25% of memory\"", "\"30% of memory\""],
    ),
    ("parameters", "random_page_cost", &["", "1.1", "2.0"]),
    ("parameters", "log_statement", &["", "\"ddl\"", "\"none\""]),
    ("parameters", "\"rds.force_ssl\"", &["", "true", "false"]),
    (
        "backup",
        "retention",
        &["\"1 day\"", "\"1 day\"", "\"7 days\"", "\"0 days\""],
    ),
    (
        "backup",
        "window",
        &["", "\"01:00-02:00 UTC\"", "\"02:00-03:00 UTC\""],
    ),
    ("backup", "copy_tags", &["", "true", "false"]),
    ("maintenance", "minor_upgrades", &["", "true", "false"]),
    (
        "monitoring",
        "enhanced",
        &["\"30 s\"", "\"60 s\"", "\"off\""],
    ),
    ("monitoring", "insights", &["", "\"7 days\"", "\"off\""]),
    (
        "monitoring",
        "logs",
        &[
            "",
            "[\"postgresql\"]",
            "[\"postgresql\", \"upgrade\"]",
            "[]",
        ],
    ),
    ("tags", "Team", &["\"orders\"", "\"billing\""]),
    ("tags", "Level", &["", "\"1\"", "\"2\""]),
    (
        "access.app",
        "from",
        &["\"10.0.0.0/16\"", "\"10.1.0.0/16\""],
    ),
    (
        "access.app",
        "description",
        &["", "\"servers\"", "\"all servers\""],
    ),
    (
        "access.office",
        "from",
        &["\"10.9.1.5/32\"", "\"sg-0aa11bb22cc33dd44\""],
    ),
    (
        "replica.one",
        "class",
        &["\"db.t3.small\"", "\"db.t3.medium\""],
    ),
    ("replica.one", "multi_az", &["", "false", "true"]),
    ("replica.two", "source", &["", "\"replica.one\""]),
    (
        "secret.master",
        "source",
        &["\"generate\"", "\"generate\"", "\"rds-managed\""],
    ),
    (
        "secret.app",
        "name",
        &["\"shop/dev/app\"", "\"shop/dev/application\""],
    ),
    (
        "proxy",
        "secrets",
        &["[\"app\"]", "[\"app\", \"reporting\"]"],
    ),
    ("proxy", "iam", &["", "\"required\"", "\"disabled\""]),
    ("proxy", "require_tls", &["", "true", "false"]),
    (
        "proxy",
        "idle_client_timeout",
        &["", "\"10 min\"", "\"30 min\""],
    ),
    ("proxy", "max_connections", &["", "\"80%\"", "\"90%\""]),
    ("alarm.cpu", "above", &["\"80%\"", "\"90%\""]),
    ("alarm.cpu", "for", &["\"10 min\"", "\"5 min\""]),
    ("alarm.disk", "below", &["\"5 GiB\"", "\"2 GiB\""]),
    ("alarm.lag", "above", &["\"5 s\"", "\"9 s\""]),
    ("policy", "disruptive", &["\"window\"", "\"now\""]),
    (
        "policy",
        "allow",
        &[
            "[\"online\", \"degraded\"]",
            "[\"online\", \"degraded\", \"reboot\", \"downtime\"]",
        ],
    ),
];

/// A section, its keys, and the sections that go with it.
type Optional = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// Sections that come and go, with their keys and with what has to go along.
const OPTIONAL: &[Optional] = &[
    ("access.office", &[("from", "\"10.9.1.5/32\"")], &[]),
    (
        "access.list",
        &[
            ("from", "\"pl-0123456789abcdef0\""),
            ("description", "\"a list\""),
        ],
        &[],
    ),
    (
        "monitoring",
        &[
            ("enhanced", "\"30 s\""),
            ("role", "\"rds-monitoring-role\""),
        ],
        &[],
    ),
    ("parameters", &[("work_mem", "\"8MB\"")], &[]),
    ("tags", &[("Team", "\"orders\"")], &[]),
    (
        "replica.one",
        &[("class", "\"db.t3.small\"")],
        &["alarm.lag", "replica.two"],
    ),
    ("replica.two", &[("class", "\"db.t3.small\"")], &[]),
    (
        "secret.app",
        &[
            ("name", "\"shop/dev/app\""),
            ("username", "\"app_user\""),
            ("source", "\"generate\""),
        ],
        &["proxy"],
    ),
    (
        "secret.reporting",
        &[
            ("name", "\"shop/dev/reporting\""),
            ("username", "\"reporting_user\""),
            ("source", "\"existing\""),
        ],
        &["proxy"],
    ),
    (
        "proxy",
        &[("role", "\"rds-proxy-role\""), ("secrets", "[\"app\"]")],
        &[],
    ),
    (
        "topic.oncall",
        &[("arn", "\"arn:aws:sns:ap-south-1:444455556666:oncall\"")],
        &[],
    ),
    (
        "alarm.cpu",
        &[
            ("metric", "\"CPUUtilization\""),
            ("above", "\"80%\""),
            ("for", "\"10 min\""),
        ],
        &[],
    ),
    (
        "alarm.disk",
        &[
            ("metric", "\"FreeStorageSpace\""),
            ("below", "\"5 GiB\""),
            ("for", "\"5 min\""),
        ],
        &[],
    ),
    (
        "alarm.lag",
        &[
            ("on", "\"replica.one\""),
            ("metric", "\"ReplicaLag\""),
            ("above", "\"5 s\""),
            ("for", "\"5 min\""),
        ],
        &[],
    ),
    ("policy", &[("disruptive", "\"window\"")], &[]),
];

/// Edits that a plan refuses, or that it does only in a roundabout way.
const ODD: &[(&str, &str, &str)] = &[
    ("storage", "encryption", "\"alias/other\""),
    ("instance", "name", "\"shop-dev-2\""),
    ("network", "subnet_group", "\"shop-dev-subnets\""),
    ("network", "security_group", "\"shop-dev-firewall\""),
    ("postgres", "parameter_group", "\"shop-dev-parameters\""),
    ("proxy", "name", "\"shop-dev-front\""),
    (
        "network",
        "subnets",
        "[\"subnet-0aaa1110000000011\", \"subnet-0bbb2220000000022\", \"subnet-0ccc3330000000033\"]",
    ),
];

/// Sections whose name may change, which a key then tells.
const RENAMED: [(&str, &str); 3] = [
    ("alarm.cpu", "alarm.processor"),
    ("secret.app", "secret.application"),
    ("replica.one", "replica.reports"),
];

/// Sections by header, keys by name, values as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<String, BTreeMap<String, String>>);

impl Environment {
    /// A random environment; about half of what may be there is.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut environment = Self(BTreeMap::new());
        for (section, key, value) in ALWAYS {
            environment.set(section, key, value);
        }
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
        let mut keys = self.0.remove(old)?;
        let (_, name) = old.split_once('.')?;
        keys.insert("renamed_from".to_owned(), format!("\"{name}\""));
        self.0.insert(new.to_owned(), keys);
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
