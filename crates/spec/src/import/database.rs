//! Network, access, instance, replicas and upkeep.

use pgward_model::Value;

use super::parameters::is_default;
use super::{Existing, Writer, is, names, role, text};

/// From this size on gp3 takes I/O operations and throughput.
const GP3_STEP: i64 = 400;

impl<'a> Writer<'a> {
    pub(super) fn network(&mut self) {
        let subnets = self.of_kind("subnet_group").into_iter().next();
        let access = self.access_group();
        self.page.section("network");
        if let Some(vpc) = access.and_then(|group| group.values.text("network.vpc")) {
            self.page.text("vpc", vpc);
            self.used.insert(format!("VPC {vpc}"));
        }
        if let Some(group) = subnets {
            self.page
                .list("subnets", group.values.texts("network.subnets"));
            self.own_name("subnet_group", &group.name, "-db");
            self.name(group, "[network]");
        }
        let Some(group) = access else {
            return;
        };
        if group.name != "default" {
            self.own_name("security_group", &group.name, "-db");
        }
        self.other_groups(group);
        self.rules(group);
    }

    /// The security group whose rules the file holds: ours, else the one that admits most to the
    /// database and can be named.
    pub(super) fn access_group(&self) -> Option<&'a Existing> {
        let port = self.instance.values.int("postgres.port").unwrap_or(5432);
        let admits = |group: &Existing| {
            let rules = group.values.map("access.*").into_iter().flatten();
            let ports = rules.filter_map(|(key, _)| parts(key).map(|(port, _)| port));
            ports.fold((0, 0), |(own, all), one| {
                (own + usize::from(one == port), all + 1)
            })
        };
        // Of equals the first one by name.
        let mut groups = self.of_kind("security_group");
        groups.sort_by(|a, b| b.name.cmp(&a.name));
        groups.into_iter().max_by_key(|group| {
            (
                group.address.is_some(),
                group.name != "default",
                admits(group),
            )
        })
    }

    fn other_groups(&mut self, own: &Existing) {
        let groups = self.of_kind("security_group");
        for other in groups.into_iter().filter(|group| group.id != own.id) {
            let sentence = format!(
                "security group {} ({}) of the instance has no place in a file, which has one; \
                 the next apply would take it off",
                other.name, other.id
            );
            self.page.comment(&sentence);
            self.note(sentence);
        }
        if own.name == "default" {
            self.note(
                "the instance uses the security group `default` of its VPC, which can't be \
                 managed; the next apply would make one of its own",
            );
        }
    }

    fn rules(&mut self, group: &Existing) {
        let port = self.instance.values.int("postgres.port").unwrap_or(5432);
        let has_proxy = !self.of_kind("proxy").is_empty();
        let rules = group.values.map("access.*").cloned().unwrap_or_default();
        let count = rules.len();
        let noun = if count == 1 { "rule" } else { "rules" };
        self.name(group, format!("[access.*], {count} {noun}"));
        let mut number = 0;
        for (key, description) in &rules {
            number += 1;
            let Some((own_port, source)) = parts(key) else {
                self.left_rule(key);
                continue;
            };
            if source == "itself" {
                // A proxy brings this rule along.
                if !(has_proxy && own_port == port) {
                    self.left_rule(key);
                }
                continue;
            }
            let description = description.as_text().unwrap_or_default();
            let short = names::slug(description);
            let wanted = if short.is_empty() || short.len() > 24 || short == "proxy" {
                format!("rule-{number}")
            } else {
                short
            };
            let label = self
                .labels
                .of("access", key, Some(&format!("access.{wanted}")), &[]);
            self.page.section(&format!("access.{label}"));
            self.page.text("from", source);
            if !description.is_empty() {
                self.page.text("description", description);
            }
            if own_port != port {
                self.page.value("port", &own_port.to_string());
            }
        }
    }

    fn left_rule(&mut self, key: &str) {
        self.page.blank();
        self.page
            .comment(&format!("The rule `{key}` can't be written here."));
        self.note(format!(
            "the rule `{key}` can't be written; the next apply would remove it"
        ));
    }

    pub(super) fn postgres(&mut self) {
        let version = text(self.instance, "postgres.version").to_owned();
        let major = version.split('.').next().unwrap_or_default();
        self.page.section("postgres");
        self.page.remarked(
            "version",
            major,
            &format!("any {major}.x; it runs {version}"),
        );
        let port = self.instance.values.get("postgres.port");
        let same = |replica: &&Existing| replica.values.get("*.port") == port;
        if !is(port, 5432) || !self.of_kind("replica").iter().all(same) {
            self.attributes("postgres", &["port"]);
        }
        self.attributes("postgres", &["iam_authentication"]);
        let Some(group) = self.of_kind("parameter_group").into_iter().next() else {
            return;
        };
        if is_default(&group.name) {
            let sentence = format!(
                "the instance uses {}, which can't be changed; the next apply makes {} and names \
                 it, in effect after a restart",
                group.name,
                self.default_name(&format!("-pg{major}"))
            );
            self.page.comment(&sentence);
            self.note(sentence);
            return;
        }
        self.own_name("parameter_group", &group.name, &format!("-pg{major}"));
        let family = text(group, "postgres.parameter_family");
        if family != format!("postgres{major}") {
            self.page.text("parameter_family", family);
        }
    }

    pub(super) fn instance(&mut self) {
        self.name(self.instance, "[instance] [storage] [backup] and others");
        self.page.section("instance");
        self.attributes(
            "instance",
            &["class", "multi_az", "public", "deletion_protection"],
        );
        self.own_name("name", &self.instance.name.clone(), "");
        self.page.section("storage");
        self.attributes("storage", &["type", "size", "grow_to"]);
        self.speed();
        self.attributes("storage", &["encryption"]);
        let key = text(self.instance, "storage.encryption");
        self.used.insert(format!("KMS key {key}"));
    }

    /// I/O operations and throughput, where they can be set and are not what the type includes.
    fn speed(&mut self) {
        let of = &self.instance.values;
        let size = of.int("storage.size").unwrap_or_default();
        let kind = text(self.instance, "storage.type");
        let settable = match kind {
            "gp3" if size >= GP3_STEP => {
                let base =
                    is(of.get("storage.iops"), 12_000) && is(of.get("storage.throughput"), 500);
                if base {
                    &[][..]
                } else {
                    &["iops", "throughput"][..]
                }
            }
            "io1" | "io2" => &["iops"][..],
            _ => &[][..],
        };
        self.attributes("storage", settable);
    }

    pub(super) fn replicas(&mut self) {
        let instance = self.instance.name.clone();
        let prefixes = [
            format!("{}-", self.default_name("")),
            format!("{instance}-"),
        ];
        let replicas = self.of_kind("replica");
        for replica in &replicas {
            let prefixes = prefixes.each_ref().map(String::as_str);
            let address = replica.address.as_deref();
            self.labels.of("replica", &replica.name, address, &prefixes);
        }
        for replica in replicas {
            let label = self.labels.of("replica", &replica.name, None, &[]);
            self.name(replica, format!("[replica.{label}]"));
            self.page.section(&format!("replica.{label}"));
            self.page.text("class", text(replica, "*.class"));
            let source = text(replica, "*.source");
            if !source.eq_ignore_ascii_case(&instance)
                && let Some(other) = self.labels.known("replica", source)
            {
                let other = format!("replica.{other}");
                self.page.text("source", &other);
            }
            if replica.values.bool("*.multi_az") == Some(true) {
                self.page.value("multi_az", "true");
            }
            self.own_name("name", &replica.name, &format!("-{label}"));
        }
    }

    pub(super) fn upkeep(&mut self) {
        self.page.section("backup");
        self.attributes("backup", &["window", "retention", "copy_tags"]);
        self.page.section("maintenance");
        self.attributes("maintenance", &["window", "minor_upgrades"]);
        self.page.section("monitoring");
        self.attributes("monitoring", &["enhanced"]);
        if let Some(arn) = self.instance.values.text("monitoring.role") {
            let name = role(arn, &self.inventory.environment);
            self.page.text("role", &name);
            self.used.insert(format!("role {name}"));
        }
        self.attributes("monitoring", &["insights"]);
        let logs = self.instance.values.texts("monitoring.logs");
        if !logs.is_empty() {
            self.attributes("monitoring", &["logs"]);
        }
    }
}

/// Port and source of a rule that a file can say: `tcp 5432 from 10.0.0.0/16`.
fn parts(key: &str) -> Option<(i64, &str)> {
    let (port, source) = key.strip_prefix("tcp ")?.split_once(" from ")?;
    Some((Value::Int(port.parse().ok()?).as_int()?, source))
}
