//! Random environments that are valid, and random changes that no plan blocks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fastrand::Rng;

/// An environment as sections of keys with TOML values.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    sections: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// GiB, which only grow, by a tenth at least.
    size: u32,
    /// Subnets, to which one may be added; AWS takes none away that is in use.
    subnets: usize,
    /// Whether the storage grows by itself; if it did once, the limit has to grow as well.
    grows: bool,
    /// Minor version, which only grows; nothing for whatever AWS has.
    minor: Option<u32>,
}

impl Draft {
    /// A random environment.
    pub(crate) fn random(random: &mut Rng) -> Self {
        let mut draft = Self {
            sections: BTreeMap::new(),
            size: pick(random, &[20, 30, 50, 300]),
            subnets: pick(random, &[2, 2, 3]),
            grows: random.bool(),
            minor: pick(random, &[None, Some(9), Some(10)]),
        };
        draft.fixed();
        draft.vary(random);
        draft
    }

    /// The same environment with other values, which no plan has to block.
    pub(crate) fn changed(&self, random: &mut Rng) -> Self {
        let mut draft = self.clone();
        draft.size = self.size * pick(random, &[2, 3, 4]) / 2;
        draft.subnets = self.subnets.max(pick(random, &[2, 3]));
        draft.minor = self
            .minor
            .map(|minor| minor.max(pick(random, &[9, 10, 11])));
        draft.fixed();
        draft.vary(random);
        if self.upgrades(&draft) && self.source() != draft.source() {
            // A replica of another source is a new one, made after its source is upgraded, and AWS
            // upgrades no source before its replicas: that takes two runs.
            draft.minor = self.minor;
            let version = draft.version();
            draft.set("postgres", &[("version", &version)]);
        }
        draft
    }

    /// What the second replica copies, if that is not the instance.
    fn source(&self) -> Option<&String> {
        self.sections.get("replica.two")?.get("source")
    }

    fn version(&self) -> String {
        match self.minor {
            Some(minor) => format!("\"16.{minor}\""),
            None => "\"16\"".to_owned(),
        }
    }

    /// Whether the versions of two environments differ.
    pub(crate) fn upgrades(&self, to: &Self) -> bool {
        self.minor != to.minor
    }

    /// The environment as a file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.sections {
            if !section.is_empty() {
                writeln!(text, "\n[{section}]").expect("a text takes it");
            }
            for (key, value) in keys {
                writeln!(text, "{key} = {value}").expect("a text takes it");
            }
        }
        text
    }

    fn set(&mut self, section: &str, keys: &[(&'static str, &str)]) {
        let known = self.sections.entry(section.to_owned()).or_default();
        known.extend(keys.iter().map(|(key, value)| (*key, (*value).to_owned())));
    }

    /// What stays for as long as the environment is there.
    fn fixed(&mut self) {
        self.sections.clear();
        self.set(
            "",
            &[("environment", "\"test\""), ("account", "\"444455556666\"")],
        );
        self.set(
            "project",
            &[("name", "\"shop\""), ("region", "\"ap-south-1\"")],
        );
        self.set("network", &[("vpc", "\"vpc-0b7714c0de5a92233\"")]);
        self.set(
            "instance",
            &[("public", "false"), ("deletion_protection", "true")],
        );
        self.set("storage", &[("encryption", "\"aws/rds\"")]);
        for name in ["master", "app", "reporting"] {
            self.set(
                &format!("secret.{name}"),
                &[
                    ("name", &format!("\"shop/test/{name}\"")),
                    ("username", &format!("\"{name}_user\"")),
                    ("source", "\"generate\""),
                ],
            );
        }
        self.set(
            "topic.oncall",
            &[("arn", "\"arn:aws:sns:ap-south-1:444455556666:oncall\"")],
        );
    }

    fn vary(&mut self, random: &mut Rng) {
        self.network(random);
        self.instance(random);
        self.parameters(random);
        self.around(random);
        self.alarms(random);
    }

    fn network(&mut self, random: &mut Rng) {
        let all = [
            "\"subnet-0aaa1110000000011\"",
            "\"subnet-0bbb2220000000022\"",
            "\"subnet-0ccc3330000000033\"",
        ];
        let subnets = format!("[{}]", all[..self.subnets].join(", "));
        self.set("network", &[("subnets", &subnets)]);
        if one_in(random, 4) {
            self.set("network", &[("security_group", "\"shop-other\"")]);
        }
        self.set("access.app", &[("from", "\"10.0.0.0/16\"")]);
        if random.bool() {
            let from = pick(random, &["\"10.9.1.5/16\"", "\"sg-0aa11bb22cc33dd44\""]);
            self.set("access.office", &[("from", from)]);
        }
        if random.bool() {
            let words = pick(random, &["\"applications\"", "\"everything inside\""]);
            self.set("access.app", &[("description", words)]);
        }
        if random.bool() {
            self.set(
                "tags",
                &[("Team", pick(random, &["\"orders\"", "\"pay\""]))],
            );
        }
    }

    fn instance(&mut self, random: &mut Rng) {
        let version = self.version();
        self.set(
            "postgres",
            &[
                ("version", &version),
                ("port", pick(random, &["5432", "5433"])),
                ("iam_authentication", pick(random, &["true", "false"])),
            ],
        );
        if one_in(random, 5) {
            self.set("postgres", &[("parameter_group", "\"shop-settings\"")]);
        }
        let class = pick(
            random,
            &["\"db.t3.medium\"", "\"db.m6g.large\"", "\"db.m6g.xlarge\""],
        );
        self.set(
            "instance",
            &[
                ("class", class),
                ("multi_az", pick(random, &["true", "false"])),
            ],
        );
        let size = format!("\"{} GiB\"", self.size);
        self.set("storage", &[("type", "\"gp3\""), ("size", &size)]);
        if self.grows {
            let limit = format!("\"{} GiB\"", self.size * 2);
            self.set("storage", &[("grow_to", &limit)]);
        }
        if self.size >= 400 && random.bool() {
            let iops = pick(random, &["12000", "13000"]);
            self.set("storage", &[("iops", iops)]);
        }
        let backups = pick(random, &["\"1 day\"", "\"7 days\""]);
        let window = pick(random, &["\"01:00-02:00 UTC\"", "\"21:00-21:30 UTC\""]);
        self.set("backup", &[("retention", backups), ("window", window)]);
        let window = pick(
            random,
            &["\"Sun 03:00-04:00 UTC\"", "\"Wed 05:00-06:00 UTC\""],
        );
        self.set("maintenance", &[("window", window)]);
    }

    fn parameters(&mut self, random: &mut Rng) {
        let choices: [(&'static str, &[&str]); 6] = [
            ("work_mem", &["\"8MB\"", "\"16MB\""]),
            ("max_connections", &["100", "300"]),
            ("random_page_cost", &["1.1", "2"]),
            (
                "shared_buffers",
                &["\"25% of memory\"", "\"20% of memory\""],
            ),
            ("log_statement", &["\"ddl\"", "\"none\""]),
            ("\"rds.force_ssl\"", &["true", "false"]),
        ];
        for (name, values) in choices {
            if random.bool() {
                let value = pick(random, values);
                self.set("parameters", &[(name, value)]);
            }
        }
    }

    /// Replicas, proxy and monitoring.
    fn around(&mut self, random: &mut Rng) {
        for name in ["one", "two"] {
            if one_in(random, 3) {
                let class = pick(random, &["\"db.m6g.large\"", "\"db.m6g.xlarge\""]);
                self.set(&format!("replica.{name}"), &[("class", class)]);
                if name == "two" && self.sections.contains_key("replica.one") && random.bool() {
                    self.set("replica.two", &[("source", "\"replica.one\"")]);
                }
            }
        }
        if random.bool() {
            self.set(
                "proxy",
                &[
                    ("role", "\"rds-proxy-role\""),
                    (
                        "secrets",
                        pick(random, &["[\"app\"]", "[\"app\", \"reporting\"]"]),
                    ),
                    ("iam", pick(random, &["\"required\"", "\"disabled\""])),
                ],
            );
        }
        if random.bool() {
            self.set(
                "monitoring",
                &[
                    ("enhanced", pick(random, &["\"30 s\"", "\"off\""])),
                    ("role", "\"rds-monitoring-role\""),
                    ("insights", pick(random, &["\"7 days\"", "\"off\""])),
                    (
                        "logs",
                        pick(
                            random,
                            &["[\"postgresql\"]", "[\"postgresql\", \"upgrade\"]"],
                        ),
                    ),
                ],
            );
        }
    }

    fn alarms(&mut self, random: &mut Rng) {
        let choices = [
            ("cpu", "CPUUtilization", "above", &["\"80%\"", "\"90%\""]),
            (
                "space",
                "FreeStorageSpace",
                "below",
                &["\"5 GiB\"", "\"6 GiB\""],
            ),
            ("sessions", "DatabaseConnections", "above", &["80", "90"]),
        ];
        for (name, metric, side, values) in choices {
            if random.bool() {
                let metric = format!("\"{metric}\"");
                self.set(
                    &format!("alarm.{name}"),
                    &[
                        ("metric", metric.as_str()),
                        (side, pick(random, values)),
                        ("for", pick(random, &["\"3 min\"", "\"10 min\""])),
                    ],
                );
            }
        }
    }
}

fn pick<T: Clone>(random: &mut Rng, values: &[T]) -> T {
    random.choice(values).expect("there is a choice").clone()
}

fn one_in(random: &mut Rng, chances: u32) -> bool {
    random.u32(0..chances) == 0
}
