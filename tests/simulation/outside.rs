//! What somebody else does to a world: by hand, by another tool, in the middle of the night.

use fastrand::Rng;
use jiff::Timestamp;
use pgward_sandbox::Sandbox;
use serde_json::{Value, json};

use super::census::{Census, Thing, ask};
use super::environment::{ACCOUNT, REGION};
use super::ledger::Ledger;

/// One deed, by its call, and what it means for the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    /// The action, such as `rds:ModifyDBInstance`.
    pub(crate) action: &'static str,
    /// Its input.
    pub(crate) input: Value,
    restarts: Restart,
    database: Option<Thing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Restart {
    No,
    AtOnce,
    InWindow,
}

impl Deed {
    /// Does it. AWS may refuse, as it refuses everybody.
    pub(crate) fn perform(&self, sandbox: &Sandbox) -> Result<(), String> {
        sandbox
            .act(ACCOUNT, REGION, "somebody", self.action, &self.input)
            .map(drop)
    }

    /// Notes what may follow from it.
    pub(crate) fn note(&self, ledger: &mut Ledger, now: Timestamp) {
        let Some(database) = &self.database else {
            return;
        };
        match self.restarts {
            Restart::No => {}
            Restart::AtOnce => ledger.others_restart(&database.name, now),
            Restart::InWindow => ledger.others_queue(database, now),
        }
    }

    /// One line for the log.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.action, self.input)
    }

    /// A deed that restarts nothing.
    pub(crate) fn new(action: &'static str, input: Value) -> Self {
        Self {
            action,
            input,
            restarts: Restart::No,
            database: None,
        }
    }
}

/// Another class for a database, at once.
pub(crate) fn enlarge(census: &Census, name: &str) -> Deed {
    let database = census.things.values().find(|thing| thing.name == name);
    Deed {
        action: "rds:ModifyDBInstance",
        input: json!({
            "DBInstanceIdentifier": name,
            "DBInstanceClass": "db.t3.large",
            "ApplyImmediately": "true",
        }),
        restarts: Restart::AtOnce,
        database: database.cloned(),
    }
}

/// A random deed to something that is ours; nothing if there is nothing of the kind drawn.
pub(crate) fn deed(rng: &mut Rng, sandbox: &Sandbox) -> Option<Deed> {
    let census = Census::take(sandbox);
    let ours: Vec<&Thing> = census
        .things
        .values()
        .filter(|thing| thing.address().is_some() && !thing.leaving)
        .collect();
    if ours.is_empty() {
        return None;
    }
    let thing = ours[rng.usize(0..ours.len())];
    if rng.u8(0..5) == 0 {
        return Some(tagging(rng, thing));
    }
    match thing.kind {
        "instance" => Some(to_instance(rng, thing)),
        "replica" => Some(to_replica(rng, thing)),
        "security_group" => to_security_group(rng, thing),
        "parameter_group" => Some(to_parameter_group(rng, thing)),
        "alarm" => Some(to_alarm(rng, thing)),
        "proxy" => Some(to_proxy(rng, thing)),
        "secret" => Some(Deed::new(
            "secretsmanager:DeleteSecret",
            json!({ "SecretId": thing.arn, "RecoveryWindowInDays": 7 }),
        )),
        _ => None,
    }
}

/// Puts our tags back on what has lost them, as an adoption would.
pub(crate) fn adopt(sandbox: &Sandbox, thing: &Thing, address: &str) {
    let tags = [
        ("pgward:project", "shop"),
        ("pgward:environment", "dev"),
        ("pgward:address", address),
    ];
    let (action, input) = tag_call(thing, &tags);
    let _answer = ask(sandbox, action, &input);
}

fn tag_call(thing: &Thing, tags: &[(&str, &str)]) -> (&'static str, Value) {
    let list: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    match thing.kind {
        "security_group" => (
            "ec2:CreateTags",
            json!({ "ResourceId": [thing.id], "Tag": list, "ResourceIds": [thing.id], "Tags": list }),
        ),
        "secret" => (
            "secretsmanager:TagResource",
            json!({ "SecretId": thing.arn, "Tags": list }),
        ),
        "alarm" => (
            "cloudwatch:TagResource",
            json!({ "ResourceARN": thing.arn, "Tags": list }),
        ),
        _ => (
            "rds:AddTagsToResource",
            json!({ "ResourceName": thing.arn, "Tags": list }),
        ),
    }
}

fn untag_call(thing: &Thing, key: &str) -> (&'static str, Value) {
    match thing.kind {
        "security_group" => {
            let list = json!([{ "Key": key }]);
            (
                "ec2:DeleteTags",
                json!({ "ResourceId": [thing.id], "Tag": list, "ResourceIds": [thing.id], "Tags": list }),
            )
        }
        "secret" => (
            "secretsmanager:UntagResource",
            json!({ "SecretId": thing.arn, "TagKeys": [key] }),
        ),
        "alarm" => (
            "cloudwatch:UntagResource",
            json!({ "ResourceARN": thing.arn, "TagKeys": [key] }),
        ),
        _ => (
            "rds:RemoveTagsFromResource",
            json!({ "ResourceName": thing.arn, "TagKeys": [key] }),
        ),
    }
}

fn tagging(rng: &mut Rng, thing: &Thing) -> Deed {
    let (action, input) = match rng.u8(0..6) {
        0 => untag_call(thing, "pgward:project"),
        1 | 2 => untag_call(thing, "Team"),
        3 => tag_call(thing, &[("Team", "somebody else")]),
        _ => tag_call(thing, &[("Scanned", "yes")]),
    };
    Deed::new(action, input)
}

fn to_instance(rng: &mut Rng, thing: &Thing) -> Deed {
    let modify = |restarts: Restart, mut values: Value| {
        values["DBInstanceIdentifier"] = json!(thing.name);
        Deed {
            action: "rds:ModifyDBInstance",
            input: values,
            restarts,
            database: Some(thing.clone()),
        }
    };
    match rng.u8(0..13) {
        0 => modify(
            Restart::InWindow,
            json!({ "DBInstanceClass": "db.t3.large" }),
        ),
        1 => modify(
            Restart::AtOnce,
            json!({ "DBInstanceClass": "db.t3.large", "ApplyImmediately": "true" }),
        ),
        2 => modify(Restart::No, json!({ "DeletionProtection": "false" })),
        3 => modify(Restart::No, json!({ "PubliclyAccessible": "true" })),
        4 => modify(Restart::No, json!({ "BackupRetentionPeriod": "3" })),
        5 => modify(Restart::InWindow, json!({ "EngineVersion": "16.11" })),
        6 => modify(
            Restart::No,
            json!({ "MultiAZ": "true", "ApplyImmediately": "true" }),
        ),
        7 => modify(Restart::InWindow, json!({ "MultiAZ": "true" })),
        8 => modify(
            Restart::No,
            json!({ "CACertificateIdentifier": "rds-ca-ecc384-g1" }),
        ),
        9 => modify(
            Restart::No,
            json!({ "AllocatedStorage": "30", "ApplyImmediately": "true" }),
        ),
        10 => modify(Restart::No, json!({ "AllocatedStorage": "30" })),
        11 => modify(Restart::AtOnce, json!({ "DBPortNumber": "5499" })),
        _ => Deed {
            action: "rds:RebootDBInstance",
            input: json!({ "DBInstanceIdentifier": thing.name }),
            restarts: Restart::AtOnce,
            database: Some(thing.clone()),
        },
    }
}

fn to_replica(rng: &mut Rng, thing: &Thing) -> Deed {
    let name = &thing.name;
    let (action, input, restarts) = match rng.u8(0..6) {
        4 => (
            "rds:ModifyDBInstance",
            json!({ "DBInstanceIdentifier": name, "AllocatedStorage": "30" }),
            Restart::No,
        ),
        0 => (
            "rds:DeleteDBInstance",
            json!({ "DBInstanceIdentifier": name, "SkipFinalSnapshot": "true" }),
            Restart::No,
        ),
        1 => (
            "rds:RebootDBInstance",
            json!({ "DBInstanceIdentifier": name }),
            Restart::AtOnce,
        ),
        2 => (
            "rds:ModifyDBInstance",
            json!({ "DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.large" }),
            Restart::InWindow,
        ),
        3 => (
            "rds:ModifyDBInstance",
            json!({
                "DBInstanceIdentifier": name,
                "DBInstanceClass": "db.t3.large",
                "ApplyImmediately": "true",
            }),
            Restart::AtOnce,
        ),
        _ => (
            "rds:ModifyDBInstance",
            json!({ "DBInstanceIdentifier": name, "PubliclyAccessible": "true" }),
            Restart::No,
        ),
    };
    Deed {
        action,
        input,
        restarts,
        database: Some(thing.clone()),
    }
}

fn to_security_group(rng: &mut Rng, thing: &Thing) -> Option<Deed> {
    let rule = |port: &str, range: &str| {
        json!({
            "GroupId": thing.id,
            "IpPermissions": [{
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{ "CidrIp": range }],
            }],
        })
    };
    match rng.u8(0..3) {
        0 => Some(Deed::new(
            "ec2:AuthorizeSecurityGroupIngress",
            rule("22", "192.0.2.0/24"),
        )),
        1 => Some(Deed::new(
            "ec2:AuthorizeSecurityGroupIngress",
            rule("5432", "198.51.100.7/32"),
        )),
        _ => {
            let gone = thing.open.iter().find(|rule| rule.ends_with('6'))?;
            let (port, range) = gone.strip_prefix("tcp ")?.split_once(" from ")?;
            Some(Deed::new(
                "ec2:RevokeSecurityGroupIngress",
                rule(port, range),
            ))
        }
    }
}

fn to_parameter_group(rng: &mut Rng, thing: &Thing) -> Deed {
    let set = |name: &str, value: &str, method: &str| {
        Deed::new(
            "rds:ModifyDBParameterGroup",
            json!({
                "DBParameterGroupName": thing.name,
                "Parameters": [{
                    "ParameterName": name,
                    "ParameterValue": value,
                    "ApplyMethod": method,
                }],
            }),
        )
    };
    match rng.u8(0..4) {
        0 => set("log_statement", "all", "immediate"),
        1 => set("work_mem", "4096", "immediate"),
        2 => set("max_connections", "77", "pending-reboot"),
        _ => Deed::new(
            "rds:ResetDBParameterGroup",
            json!({ "DBParameterGroupName": thing.name, "ResetAllParameters": "true" }),
        ),
    }
}

fn to_alarm(rng: &mut Rng, thing: &Thing) -> Deed {
    if rng.bool() {
        Deed::new(
            "cloudwatch:DeleteAlarms",
            json!({ "AlarmNames": [thing.name] }),
        )
    } else {
        Deed::new(
            "cloudwatch:DisableAlarmActions",
            json!({ "AlarmNames": [thing.name] }),
        )
    }
}

fn to_proxy(rng: &mut Rng, thing: &Thing) -> Deed {
    match rng.u8(0..3) {
        0 => Deed::new("rds:DeleteDBProxy", json!({ "DBProxyName": thing.name })),
        1 => Deed::new(
            "rds:ModifyDBProxy",
            json!({ "DBProxyName": thing.name, "RequireTLS": "false" }),
        ),
        _ => Deed::new(
            "rds:ModifyDBProxyTargetGroup",
            json!({
                "DBProxyName": thing.name,
                "TargetGroupName": "default",
                "ConnectionPoolConfig": { "MaxConnectionsPercent": "50" },
            }),
        ),
    }
}
