//! What should exist: the resources of one environment, with the place of every value.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Address, Catalog, Effect, Object, Origin, Path};

/// Which environment it is, and where it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// `[project] name`.
    pub project: String,
    /// `environment`.
    pub name: String,
    /// Account of 12 digits.
    pub account: String,
    /// AWS region.
    pub region: String,
}

impl Environment {
    /// `project/name`, as headlines and confirmations print it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.project, self.name)
    }
}

/// A file that was read, with the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path relative to the working directory.
    pub path: String,
    /// SHA-256 of the content, in hex.
    pub sha256: String,
}

/// A value that came from outside the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Path of the value.
    pub path: Path,
    /// `env NAME`, `ssm /path`, `tags Tier=database`.
    pub source: String,
    /// The value that was found; nothing if it is looked up in AWS later.
    pub value: Option<String>,
}

/// When downtime changes start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disruptive {
    /// In the maintenance window.
    Window,
    /// At apply.
    Now,
}

/// How careful `apply` is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// When downtime changes start.
    pub disruptive: Disruptive,
    /// Where that is written.
    pub disruptive_origin: Option<Origin>,
    /// The effects allowed without `--allow`.
    pub allow: BTreeSet<Effect>,
    /// Where that is written.
    pub allow_origin: Option<Origin>,
    /// Codes whose findings are errors.
    pub deny: BTreeSet<String>,
}

/// A waiver: `[accept.P401-admin-host]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// The code, such as `P401`.
    pub code: String,
    /// What it is about: the last word of the subject, such as `admin-host`.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// The last day, as `2025-12-01`.
    pub until: String,
    /// Where it is written.
    pub origin: Origin,
}

/// Drift that is known and wanted: `[ignore.scanner-tag]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignore {
    /// The name.
    pub name: String,
    /// The path that is not compared.
    pub path: Path,
    /// Why.
    pub reason: String,
    /// The last day, as `2026-03-31`.
    pub until: String,
    /// Where it is written.
    pub origin: Origin,
}

/// How the subnets are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubnetChoice {
    /// By their ids.
    Ids(Vec<(String, Origin)>),
    /// Every subnet of the VPC that carries these tags.
    Tags(BTreeMap<String, String>, Origin),
}

/// What a spec refers to and does not manage; read, checked and never changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// `[network] vpc`.
    pub vpc: Option<(String, Origin)>,
    /// `[network] subnets`.
    pub subnets: Option<SubnetChoice>,
    /// Security groups that rules admit.
    pub security_groups: Vec<(String, Origin)>,
    /// Prefix lists that rules admit.
    pub prefix_lists: Vec<(String, Origin)>,
    /// ARNs of IAM roles.
    pub roles: Vec<(String, Origin)>,
    /// ARNs of SNS topics.
    pub topics: Vec<(String, Origin)>,
    /// KMS keys, as written: alias, id or ARN.
    pub keys: Vec<(String, Origin)>,
    /// Names of secrets with `source = "existing"`.
    pub secrets: Vec<(String, Origin)>,
}

impl Foreign {
    /// Whether the spec refers to something of that name, id or ARN without managing it.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        let lists = [
            &self.security_groups,
            &self.prefix_lists,
            &self.roles,
            &self.topics,
            &self.keys,
            &self.secrets,
        ];
        lists.into_iter().flatten().any(|(known, _)| known == name)
    }
}

/// One resource that should exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// The TOML header.
    pub address: Address,
    /// The name of its kind in the catalog.
    pub kind: String,
    /// Its name in AWS; the identity for looking it up, beside the tags.
    pub name: String,
    /// What is declared; what is absent is not managed.
    pub attributes: Object,
    /// Where its section begins.
    pub origin: Option<Origin>,
    /// Where each value stands: by attribute path, or `path/key` for keyed attributes.
    pub origins: BTreeMap<String, Origin>,
    /// The path people know a keyed value by, where it is not `section.key`: by `path/key`.
    pub labels: BTreeMap<String, Path>,
    /// What must exist before it, beside what its values refer to.
    pub after: BTreeSet<Address>,
    /// The section's earlier name: `renamed_from`.
    pub renamed_from: Option<String>,
}

impl Resource {
    /// A resource without attributes.
    #[must_use]
    pub fn new(address: Address, kind: &str, name: impl Into<String>) -> Self {
        Self {
            address,
            kind: kind.to_owned(),
            name: name.into(),
            attributes: Object::new(),
            origin: None,
            origins: BTreeMap::new(),
            labels: BTreeMap::new(),
            after: BTreeSet::new(),
            renamed_from: None,
        }
    }

    /// Where a value stands: the value's own place, else that of the whole resource.
    #[must_use]
    pub fn origin_of(&self, path: &str, key: Option<&str>) -> Option<&Origin> {
        key.and_then(|key| self.origins.get(&format!("{path}/{key}")))
            .or_else(|| self.origins.get(path))
            .or(self.origin.as_ref())
    }

    /// The path people know a value by: `*.class` of `replica.reporting` is
    /// `replica.reporting.class`, key `work_mem` of `parameters.*` is `parameters.work_mem`.
    #[must_use]
    pub fn path_of(&self, path: &str, key: Option<&str>) -> Path {
        if let Some(key) = key {
            if let Some(label) = self.labels.get(&format!("{path}/{key}")) {
                return label.clone();
            }
            // A key that is no name, such as a rule that others made, becomes one word, so that it can
            // be typed and nothing else has its path: `access.tcp-22-from-10.0.0.0/8`.
            let key = key.replace(' ', "-");
            return Path::new(format!("{}.{key}", path.trim_end_matches(".*")));
        }
        match path.strip_prefix("*.") {
            Some(rest) => Path::new(format!("{}.{rest}", self.address)),
            None => Path::new(path),
        }
    }
}

/// Everything one environment should have, and how careful to be with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    /// Which environment it is.
    pub environment: Environment,
    /// The files it was read from, the environment's own first.
    pub files: Vec<SourceFile>,
    /// The resources by address.
    pub resources: BTreeMap<Address, Resource>,
    /// What is referred to and not managed.
    pub foreign: Foreign,
    /// How careful `apply` is.
    pub policy: Policy,
    /// Waivers.
    pub accepts: Vec<Accept>,
    /// Known drift.
    pub ignores: Vec<Ignore>,
    /// Values from outside the files.
    pub inputs: Vec<Input>,
    /// `[state] store`: a folder or `s3://bucket/prefix`.
    pub store: String,
    /// Where `account`, `region` and other top-level values stand, by path.
    pub origins: BTreeMap<String, Origin>,
}

impl Desired {
    /// Every path that a change can have: the addresses, and the values of their kinds; of values by
    /// key, the declared ones.
    #[must_use]
    pub fn paths(&self, catalog: &Catalog) -> BTreeSet<Path> {
        let mut paths = BTreeSet::new();
        for resource in self.resources.values() {
            paths.insert(Path::new(resource.address.as_str()));
            for attribute in catalog.kind(&resource.kind).attributes {
                if attribute.is_keyed() {
                    let declared = resource.attributes.map(attribute.path);
                    let keys = declared.into_iter().flatten().map(|(key, _)| key);
                    paths.extend(keys.map(|key| resource.path_of(attribute.path, Some(key))));
                } else {
                    paths.insert(resource.path_of(attribute.path, None));
                }
            }
        }
        paths
    }

    /// Whether something of the environment has the path, or could have: values by key may be there
    /// that nobody declared.
    #[must_use]
    pub fn has(&self, path: &str, catalog: &Catalog) -> bool {
        let keyed = self.resources.values().any(|resource| {
            let attributes = catalog.kind(&resource.kind).attributes.iter();
            let mut keyed = attributes.filter(|attribute| attribute.is_keyed());
            keyed.any(|one| Path::new(path).is_within(one.path.trim_end_matches(".*")))
        });
        keyed
            || self
                .paths(catalog)
                .iter()
                .any(|known| known.is_within(path))
    }

    /// The tags that own every resource of the environment; the address is added per resource.
    #[must_use]
    pub fn owner_tags(&self, address: &Address) -> BTreeMap<String, String> {
        BTreeMap::from([
            (
                "pgward:project".to_owned(),
                self.environment.project.clone(),
            ),
            (
                "pgward:environment".to_owned(),
                self.environment.name.clone(),
            ),
            ("pgward:address".to_owned(), address.to_string()),
        ])
    }
}
