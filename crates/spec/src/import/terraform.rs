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
    #[serde(default)]
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
    #[serde(default)]
    index_key: Option<Key>,
    #[serde(default)]
    attributes: Attributes,
}

/// The key of `count` or `for_each`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Number(u64),
    Text(String),
}

/// The only attributes that are read.
#[derive(Default, Deserialize)]
struct Attributes {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    identifier: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    alarm_name: Option<String>,
    #[serde(default)]
    security_group_id: Option<String>,
    #[serde(default)]
    secret_id: Option<String>,
    #[serde(default)]
    db_proxy_name: Option<String>,
    #[serde(default)]
    replicate_source_db: Option<String>,
}

/// Types that become part of a file, and those that only belong to one of them.
const KINDS: [&str; 16] = [
    "aws_db_instance",
    "aws_db_subnet_group",
    "aws_db_parameter_group",
    "aws_db_proxy",
    "aws_db_proxy_default_target_group",
    "aws_db_proxy_target",
    "aws_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_cloudwatch_metric_alarm",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
    "aws_secretsmanager_secret_policy",
    "aws_secretsmanager_secret_rotation",
    "aws_db_instance_role_association",
];

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
        if resource.mode != "managed" || !KINDS.contains(&resource.kind.as_str()) {
            continue;
        }
        for instance in &resource.instances {
            managed.push(one(&resource, instance));
        }
    }
    Ok(managed)
}

fn one(resource: &Resource, instance: &Instance) -> Managed {
    let module = resource.module.as_ref();
    let module = module.map_or_else(String::new, |module| format!("{module}."));
    let index = match &instance.index_key {
        None => String::new(),
        Some(Key::Number(number)) => format!("[{number}]"),
        Some(Key::Text(text)) => format!("[{}]", serde_json::Value::from(text.as_str())),
    };
    let of = &instance.attributes;
    let names = [
        &of.identifier,
        &of.name,
        &of.alarm_name,
        &of.id,
        &of.arn,
        &of.security_group_id,
        &of.secret_id,
        &of.db_proxy_name,
    ];
    Managed {
        address: format!("{module}{}.{}{index}", resource.kind, resource.name),
        kind: resource.kind.clone(),
        names: names.into_iter().flatten().cloned().collect(),
        arn: of.arn.clone(),
        copies: of.replicate_source_db.clone().filter(|text| !text.is_empty()),
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
            {"mode": "managed", "type": "aws_s3_bucket", "name": "b", "instances": [{}]}]}"#;
        let managed = read(state).expect("it is a state");
        assert_eq!(managed.len(), 1);
        assert_eq!(managed[0].address, "module.db.aws_db_instance.this[\"a\"]");
        assert_eq!(managed[0].names, ["shop", "arn:x"]);
        assert!(!format!("{managed:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_state_is_refused_without_its_words() {
        let refused = read("{\"version\": \"hunter2\"}").expect_err("no number");
        assert!(!refused.contains("hunter2"), "{refused}");
        assert!(read("{\"version\": 3}").is_err());
    }
}
