//! Crates: who may depend on whom, kinds with their adapters, lints that agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pgward_kinds::CATALOG;

use crate::{files, folders, generate, shown};

/// Who may see whom, besides tests; `cli`, `tests` and `xtask` may see all.
const DIRECTIONS: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("kinds", &["model"]),
    ("spec", &["model"]),
    ("graph", &["model"]),
    ("engine", &["model", "graph"]),
    ("review", &["model", "engine"]),
    ("store", &["model", "engine"]),
    ("aws", &["model", "engine", "kinds"]),
    ("sandbox", &["model"]),
];

/// Crates of others that are kept out of all crates but these.
const KEPT: [(&str, &[&str]); 12] = [
    ("petgraph", &["graph"]),
    ("clap", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("toml_edit", &["spec"]),
    ("aws-sdk-", &["aws"]),
    ("aws-config", &["aws"]),
    ("aws-runtime", &["aws"]),
    ("hyper", &["sandbox"]),
    ("aws-smithy-", &["aws", "sandbox", "cli"]),
    ("tokio", &["engine", "aws", "sandbox", "cli", "store"]),
    ("anyhow", &[]),
    ("fastrand", &["sandbox"]),
];

/// Crates that do no input or output and have lints that hold them to it.
const PURE: [&str; 6] = ["model", "kinds", "spec", "graph", "engine", "review"];

/// Looks at what every crate names in `[dependencies]`.
pub(super) fn directions(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for folder in folders(&root.join("crates")) {
        let role = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let manifest = folder.join("Cargo.toml");
        let name = shown(root, &manifest);
        let Some(table) = read(&manifest) else {
            complaints.push(format!("{name}: it can't be read"));
            continue;
        };
        if table
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .is_none()
        {
            complaints.push(format!("{name}: [lints] workspace = true is missing"));
        }
        let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
        let dependencies: BTreeSet<&str> = dependencies
            .into_iter()
            .flat_map(|table| table.keys().map(String::as_str))
            .collect();
        let ours = DIRECTIONS.iter().find(|(known, _)| *known == role);
        for dependency in dependencies {
            if let (Some(other), Some((_, allowed))) = (dependency.strip_prefix("pgward-"), ours)
                && !allowed.contains(&other)
            {
                complaints.push(format!("{name}: `{role}` must not see `{other}`"));
            }
            for (kept, allowed) in KEPT {
                let same =
                    dependency == kept || kept.ends_with('-') && dependency.starts_with(kept);
                if same && !allowed.contains(&role.as_str()) {
                    complaints.push(format!("{name}: `{dependency}` is kept out of `{role}`"));
                }
            }
        }
        if ours.is_none() && role != "cli" {
            complaints.push(format!(
                "{name}: say in xtask's table whom `{role}` may see"
            ));
        }
    }
    complaints
}

fn read(path: &Path) -> Option<toml::Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// Every kind is in the catalog and has an adapter.
pub(super) fn kinds(root: &Path) -> Vec<String> {
    let adapters = root.join("crates/aws/src/kinds");
    let mut complaints = Vec::new();
    let mut tables = BTreeMap::new();
    for path in files(&root.join("crates/kinds/src")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        if text.contains("pub static KIND: Kind") {
            let kind = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            tables.insert(kind, shown(root, &path));
        }
    }
    for (kind, file) in &tables {
        if CATALOG.find_kind(kind).is_none() {
            complaints.push(format!("{file}: the kind `{kind}` is not in the catalog"));
        }
        let adapter = adapters.join(format!("{kind}.rs"));
        let folder = adapters.join(kind).join("mod.rs");
        if !adapter.is_file() && !folder.is_file() {
            complaints.push(format!(
                "{}: the kind `{kind}` has no adapter",
                shown(root, &adapter)
            ));
        }
    }
    for kind in CATALOG.kinds {
        if !tables.contains_key(kind.name) {
            complaints.push(format!(
                "crates/kinds/src/{}.rs: a kind has the name of its file",
                kind.name
            ));
        }
    }
    complaints
}

/// Every action that the adapters name is on the page of permissions.
pub(super) fn actions(root: &Path) -> Vec<String> {
    let listed = generate::permissions();
    let mut complaints = Vec::new();
    for path in files(&root.join("crates/aws/src")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let missing: BTreeSet<&str> = text
            .split('"')
            .filter(|word| is_action(word) && !listed.contains(&format!("`{word}`")))
            .collect();
        let name = shown(root, &path);
        complaints.extend(
            missing
                .iter()
                .map(|word| format!("{name}: `{word}` is in no list of permissions")),
        );
    }
    complaints
}

/// Whether a text is an action as IAM names it: `rds:DescribeDBInstances`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty()
            && service
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(char::is_alphanumeric)
    })
}

/// The lints of pure crates are those of all, and the same further ones.
pub(super) fn lints(root: &Path) -> Vec<String> {
    let all = fs::read_to_string(root.join("clippy.toml")).unwrap_or_default();
    let mut complaints = Vec::new();
    let mut first: Option<(String, &str)> = None;
    for role in PURE {
        let name = format!("crates/{role}/clippy.toml");
        let text = fs::read_to_string(root.join(&name)).unwrap_or_default();
        if all.is_empty() || !text.starts_with(&all) {
            complaints.push(format!(
                "{name}: it begins with the lines of the root's clippy.toml"
            ));
        }
        match &first {
            None => first = Some((text, role)),
            Some((known, other)) if *known != text => {
                complaints.push(format!("{name}: it is not the same as that of `{other}`"));
            }
            Some(_) => {}
        }
    }
    complaints
}
