//! A Terraform state as far as it tells which resources Terraform manages.
//!
//! Deliberately absent: every attribute but names and ids. A state holds passwords in clear text,
//! and none of them is ever read into anything.

use serde::Deserialize;

/// A resource that Terraform manages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// Its address in Terraform: `module.db.aws_db_instance.this[0]`.
    pub address: String,
    /// Its type: `aws_db_instance`.
    pub kind: String,
    /// What AWS may call it: name, id or ARN, whichever the state holds.
    pub names: Vec<String>,
    /// Its ARN, if the state holds one.
    pub arn: Option<String>,
    /// What it copies, if it is a replica.
    pub copies: Option<String>,
}

#[derive(Deserialize)]
struct State {
    version: u64,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    module: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    index_key: Option<Key>,
    attributes: Option<Attributes>,
}

/// The key of `count` or `for_each`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Number(u64),
    Text(String),
}

/// A text; what is no text is passed over, as other resources use the same words otherwise.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// The only attributes that are read.
#[derive(Default, Deserialize)]
struct Attributes {
    id: Option<Word>,
    arn: Option<Word>,
    identifier: Option<Word>,
    name: Option<Word>,
    alarm_name: Option<Word>,
    security_group_id: Option<Word>,
    #[serde(rename = "type")]
    direction: Option<Word>,
    db_proxy_name: Option<Word>,
    replicate_source_db: Option<Word>,
}

/// The text of an attribute.
fn text(word: &Option<Word>) -> Option<&str> {
    match word {
        Some(Word::Text(text)) if !text.is_empty() => Some(text),
        Some(Word::Text(_) | Word::Other(_)) | None => None,
    }
}

/// Types that become part of a file or belong to one of them, with the kinds in the catalog.
///
/// Deliberately absent: what pgward does not manage and Terraform can keep, such as outbound rules,
/// policies and the rotation of secrets.
const KINDS: [(&str, &[&str]); 11] = [
    ("aws_db_instance", &["instance", "replica"]),
    ("aws_db_subnet_group", &["subnet_group"]),
    ("aws_db_parameter_group", &["parameter_group"]),
    ("aws_db_proxy", &["proxy"]),
    ("aws_db_proxy_default_target_group", &["proxy"]),
    ("aws_db_proxy_target", &["proxy"]),
    ("aws_security_group", &["security_group"]),
    ("aws_security_group_rule", &["security_group"]),
    ("aws_vpc_security_group_ingress_rule", &["security_group"]),
    ("aws_cloudwatch_metric_alarm", &["alarm"]),
    ("aws_secretsmanager_secret", &["secret"]),
];

impl Managed {
    /// Whether it is this resource of a kind in the catalog, or belongs to it. Security groups are
    /// known by their ids alone, since their names are unique within a VPC only.
    #[must_use]
    pub fn is(&self, kind: &str, name: &str, id: &str) -> bool {
        let known = KINDS.iter().find(|(terraform, _)| *terraform == self.kind);
        let of_kind = known.is_some_and(|(_, kinds)| kinds.contains(&kind));
        let named = |text: &str| self.names.iter().any(|known| known == text);
        of_kind && (named(id) || (kind != "security_group" && named(name)))
    }
}

/// What a Terraform state manages of the kinds that a file can hold.
///
/// # Errors
///
/// Why it is not a state that can be read; no part of the state is in the sentence.
pub fn read(state: &str) -> Result<Vec<Managed>, String> {
    // The parser's own words may quote the text, and the text may hold a password.
    let state: State = serde_json::from_str(state).map_err(|error| {
        format!(
            "it is not a Terraform state: line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    if state.version != 4 {
        return Err(format!(
            "it is a Terraform state of version {}, and version 4 is read",
            state.version
        ));
    }
    let mut managed = Vec::new();
    for resource in state.resources {
        let is_known = KINDS.iter().any(|(kind, _)| *kind == resource.kind);
        if resource.mode != "managed" || !is_known {
            continue;
        }
        for instance in &resource.instances {
            let of = instance.attributes.as_ref();
            let outbound = of.and_then(|of| text(&of.direction)) == Some("egress");
            if let Some(of) = of.filter(|_| !outbound) {
                managed.push(one(&resource, instance, of));
            }
        }
    }
    Ok(managed)
}

fn one(resource: &Resource, instance: &Instance, of: &Attributes) -> Managed {
    let module = resource.module.as_ref();
    let module = module.map_or_else(String::new, |module| format!("{module}."));
    let index = match &instance.index_key {
        None => String::new(),
        Some(Key::Number(number)) => format!("[{number}]"),
        Some(Key::Text(text)) => format!("[{}]", serde_json::Value::from(text.as_str())),
    };
    let names = [
        &of.identifier,
        &of.name,
        &of.alarm_name,
        &of.id,
        &of.arn,
        &of.security_group_id,
        &of.db_proxy_name,
    ];
    Managed {
        address: format!("{module}{}.{}{index}", resource.kind, resource.name),
        kind: resource.kind.clone(),
        names: names
            .into_iter()
            .filter_map(text)
            .map(str::to_owned)
            .collect(),
        arn: text(&of.arn).map(str::to_owned),
        copies: text(&of.replicate_source_db).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_tells_addresses_and_names_and_nothing_else() {
        let state = r#"{"version": 4, "resources": [
            {"module": "module.db", "mode": "managed", "type": "aws_db_instance", "name": "this",
             "instances": [{"index_key": "a", "attributes":
                {"identifier": "shop", "arn": "arn:x", "password": "hunter2hunter2"}}]},
            {"mode": "data", "type": "aws_db_instance", "name": "other", "instances": []},
            {"mode": "managed", "type": "aws_security_group_rule", "name": "out",
             "instances": [{"attributes": {"type": "egress", "security_group_id": "sg-1"}}]},
            {"mode": "managed", "type": "aws_s3_bucket", "name": "b",
             "instances": [{}, {"attributes": null}, {"attributes": {"name": ["x"], "id": 7}}]}]}"#;
        let managed = read(state).expect("it is a state");
        assert_eq!(managed.len(), 1);
        assert_eq!(managed[0].address, "module.db.aws_db_instance.this[\"a\"]");
        assert_eq!(managed[0].names, ["shop", "arn:x"]);
        assert!(!format!("{managed:?}").contains("hunter2"));
        assert!(managed[0].is("replica", "shop", "shop"));
        assert!(!managed[0].is("subnet_group", "shop", "shop"));
    }

    #[test]
    fn what_is_no_state_is_refused_without_its_words() {
        let refused = read("{\"version\": \"hunter2\"}").expect_err("no number");
        assert!(!refused.contains("hunter2"), "{refused}");
        assert!(read("{\"version\": 3}").is_err());
    }
}
