//! What exists in a world, as AWS itself would list it, and what differs between two moments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pgward_sandbox::Sandbox;
use serde_json::{Value, json};

use super::environment::{ACCOUNT, REGION};

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    /// Kind in the catalog.
    pub(crate) kind: &'static str,
    /// Name in AWS.
    pub(crate) name: String,
    /// Id that another resource of the same name would not have.
    pub(crate) id: String,
    /// ARN, by which tags are set.
    pub(crate) arn: String,
    /// All tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether it is on its way out.
    pub(crate) leaving: bool,
    /// What lets others in or lets data go; each is there or not.
    pub(crate) open: BTreeSet<String>,
    /// Further values, for the eye.
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl Thing {
    /// The address in its tags, if they are ours.
    pub(crate) fn address(&self) -> Option<&str> {
        self.tags.get("pgward:project")?;
        self.tags.get("pgward:address").map(String::as_str)
    }
}

/// Everything at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// By family and id: a replica that is promoted is still the same database.
    pub(crate) things: BTreeMap<(&'static str, String), Thing>,
    /// Restarts of databases so far.
    pub(crate) restarts: Vec<(Timestamp, String)>,
    /// Values of secrets, which must not show anywhere.
    pub(crate) canaries: BTreeSet<String>,
}

/// Asks AWS as somebody else; nothing if it refuses.
pub(crate) fn ask(sandbox: &Sandbox, action: &str, input: &Value) -> Option<Value> {
    sandbox.act(ACCOUNT, REGION, "somebody", action, input).ok()
}

impl Census {
    /// Counts everything.
    pub(crate) fn take(sandbox: &Sandbox) -> Self {
        let mut census = Self::default();
        databases(sandbox, &mut census);
        groups(sandbox, &mut census);
        firewalls(sandbox, &mut census);
        secrets(sandbox, &mut census);
        alarms(sandbox, &mut census);
        proxies(sandbox, &mut census);
        census.restarts = restarts(sandbox);
        census
    }

    /// How many snapshots there are that somebody asked for and that can be restored.
    pub(crate) fn snapshots(sandbox: &Sandbox) -> usize {
        let asked = json!({ "SnapshotType": "manual" });
        items(
            ask(sandbox, "rds:DescribeDBSnapshots", &asked),
            "DBSnapshots",
        )
        .iter()
        .filter(|snapshot| snapshot["Status"] == "available")
        .count()
    }

    /// The resources of a kind.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Thing> {
        self.things.values().filter(move |thing| thing.kind == kind)
    }

    fn add(&mut self, thing: Thing) {
        let family = match thing.kind {
            "replica" => "instance",
            kind => kind,
        };
        self.things.insert((family, thing.id.clone()), thing);
    }
}

fn text(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn items(value: Option<Value>, key: &str) -> Vec<Value> {
    match value.map(|mut value| value[key].take()) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn tags(list: &Value) -> BTreeMap<String, String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|tag| {
            let of = |upper: &str, lower: &str| {
                let found = text(tag, upper);
                if found.is_empty() {
                    text(tag, lower)
                } else {
                    found
                }
            };
            (of("Key", "key"), of("Value", "value"))
        })
        .collect()
}

fn tags_of(sandbox: &Sandbox, arn: &str) -> BTreeMap<String, String> {
    let listed = ask(
        sandbox,
        "rds:ListTagsForResource",
        &json!({ "ResourceName": arn }),
    );
    tags(
        &listed
            .map(|mut value| value["TagList"].take())
            .unwrap_or_default(),
    )
}

fn databases(sandbox: &Sandbox, census: &mut Census) {
    for one in items(
        ask(sandbox, "rds:DescribeDBInstances", &json!({})),
        "DBInstances",
    ) {
        let mut open = BTreeSet::new();
        let mut note = |when: bool, what: &str| {
            if when {
                open.insert(what.to_owned());
            }
        };
        let is_replica = !text(&one, "ReadReplicaSourceDBInstanceIdentifier").is_empty();
        note(one["PubliclyAccessible"] == true, "public");
        note(
            one["DeletionProtection"] == false && !is_replica,
            "unprotected",
        );
        note(
            one["BackupRetentionPeriod"] == 0 && !is_replica,
            "without backups",
        );
        let values = [
            ("class", "DBInstanceClass"),
            ("version", "EngineVersion"),
            ("size", "AllocatedStorage"),
            ("status", "DBInstanceStatus"),
            ("window", "PreferredMaintenanceWindow"),
            ("managed secret", "MasterUserSecret"),
            ("group", "DBParameterGroups"),
            ("waiting", "PendingModifiedValues"),
        ];
        census.add(Thing {
            kind: if is_replica { "replica" } else { "instance" },
            name: text(&one, "DBInstanceIdentifier"),
            id: text(&one, "DbiResourceId"),
            arn: text(&one, "DBInstanceArn"),
            tags: tags(&one["TagList"]),
            leaving: one["DBInstanceStatus"] == "deleting",
            open,
            values: values.map(|(name, key)| (name, text(&one, key))).into(),
        });
    }
}

fn groups(sandbox: &Sandbox, census: &mut Census) {
    let lists = [
        (
            "subnet_group",
            "rds:DescribeDBSubnetGroups",
            "DBSubnetGroups",
            "DBSubnetGroupName",
            "DBSubnetGroupArn",
        ),
        (
            "parameter_group",
            "rds:DescribeDBParameterGroups",
            "DBParameterGroups",
            "DBParameterGroupName",
            "DBParameterGroupArn",
        ),
    ];
    for (kind, action, list, name, arn) in lists {
        for one in items(ask(sandbox, action, &json!({})), list) {
            let (name, arn) = (text(&one, name), text(&one, arn));
            if name.starts_with("default") {
                continue;
            }
            census.add(Thing {
                kind,
                id: name.clone(),
                tags: tags_of(sandbox, &arn),
                name,
                arn,
                leaving: false,
                open: BTreeSet::new(),
                values: BTreeMap::new(),
            });
        }
    }
}

fn firewalls(sandbox: &Sandbox, census: &mut Census) {
    let listed = ask(sandbox, "ec2:DescribeSecurityGroups", &json!({}));
    for one in items(listed, "securityGroupInfo") {
        let id = text(&one, "groupId");
        let mut open = BTreeSet::new();
        for permission in one["ipPermissions"].as_array().into_iter().flatten() {
            let (from, to) = (text(permission, "fromPort"), text(permission, "toPort"));
            let protocol = text(permission, "ipProtocol");
            let ports = if from == to {
                from
            } else {
                format!("{from}-{to}")
            };
            let members = [
                ("ipRanges", "cidrIp"),
                ("ipv6Ranges", "cidrIpv6"),
                ("prefixListIds", "prefixListId"),
                ("groups", "groupId"),
            ];
            for (list, member) in members {
                for source in permission[list].as_array().into_iter().flatten() {
                    let source = text(source, member);
                    let source = if source == id { "itself" } else { &source };
                    open.insert(format!("{protocol} {ports} from {source}"));
                }
            }
        }
        census.add(Thing {
            kind: "security_group",
            name: text(&one, "groupName"),
            arn: id.clone(),
            id,
            tags: tags(&one["tagSet"]),
            leaving: false,
            open,
            values: BTreeMap::new(),
        });
    }
}

fn secrets(sandbox: &Sandbox, census: &mut Census) {
    let all = json!({ "IncludePlannedDeletion": true });
    for one in items(
        ask(sandbox, "secretsmanager:ListSecrets", &all),
        "SecretList",
    ) {
        let arn = text(&one, "ARN");
        let value = ask(
            sandbox,
            "secretsmanager:GetSecretValue",
            &json!({ "SecretId": arn }),
        );
        if let Some(value) = value {
            let whole = text(&value, "SecretString");
            let inner: Value = serde_json::from_str(&whole).unwrap_or_default();
            let password = text(&inner, "password");
            census
                .canaries
                .insert(if password.is_empty() { whole } else { password });
        }
        if text(&one, "OwningService") == "rds" {
            continue;
        }
        census.add(Thing {
            kind: "secret",
            name: text(&one, "Name"),
            id: arn.clone(),
            arn,
            tags: tags(&one["Tags"]),
            leaving: !one["DeletedDate"].is_null(),
            open: BTreeSet::new(),
            values: BTreeMap::new(),
        });
    }
}

fn alarms(sandbox: &Sandbox, census: &mut Census) {
    for one in items(
        ask(sandbox, "cloudwatch:DescribeAlarms", &json!({})),
        "MetricAlarms",
    ) {
        let arn = text(&one, "AlarmArn");
        let listed = ask(
            sandbox,
            "cloudwatch:ListTagsForResource",
            &json!({ "ResourceARN": arn }),
        );
        census.add(Thing {
            kind: "alarm",
            name: text(&one, "AlarmName"),
            id: text(&one, "AlarmName"),
            arn,
            tags: tags(
                &listed
                    .map(|mut value| value["Tags"].take())
                    .unwrap_or_default(),
            ),
            leaving: false,
            open: BTreeSet::new(),
            values: BTreeMap::new(),
        });
    }
}

fn proxies(sandbox: &Sandbox, census: &mut Census) {
    for one in items(
        ask(sandbox, "rds:DescribeDBProxies", &json!({})),
        "DBProxies",
    ) {
        let arn = text(&one, "DBProxyArn");
        let mut open = BTreeSet::new();
        if one["RequireTLS"] == false {
            open.insert("without TLS".to_owned());
        }
        if one["Auth"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|auth| auth["IAMAuth"] == "DISABLED")
        {
            open.insert("without IAM".to_owned());
        }
        census.add(Thing {
            kind: "proxy",
            name: text(&one, "DBProxyName"),
            id: arn.clone(),
            tags: tags_of(sandbox, &arn),
            arn,
            leaving: one["Status"] == "deleting",
            open,
            values: BTreeMap::new(),
        });
    }
}

fn restarts(sandbox: &Sandbox) -> Vec<(Timestamp, String)> {
    let asked = json!({
        "Duration": 20_160,
        "SourceType": "db-instance",
        "EventCategories": ["availability"],
    });
    let mut found: Vec<_> = items(ask(sandbox, "rds:DescribeEvents", &asked), "Events")
        .iter()
        .filter(|event| text(event, "Message").starts_with("DB instance restarted"))
        .filter_map(|event| {
            Some((
                text(event, "Date").parse().ok()?,
                text(event, "SourceIdentifier"),
            ))
        })
        .collect();
    found.sort();
    found
}
