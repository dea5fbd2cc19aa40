//! The IAM permissions that one spec needs: the actions of the kinds' tables, narrowed to what the
//! spec names.
//!
//! Deliberately absent: what a bucket or a secret of others is encrypted with, which no spec says.

mod names;
mod policy;
mod statements;

pub use policy::{LIMIT, MANAGED, Policy, Statement};

use std::collections::BTreeSet;

use pgward_model::{Desired, Kind};

use crate::CATALOG;
use statements::Writer;

/// What somebody wants to do with an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// `plan`, `drift`, `output`, `preflight`.
    Plan,
    /// `apply`, which deletes what the spec no longer names, but never the instance.
    Apply,
    /// `destroy`.
    Destroy,
}

impl Purpose {
    /// The purpose of a word on the command line.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "plan" => Some(Self::Plan),
            "apply" => Some(Self::Apply),
            "destroy" => Some(Self::Destroy),
            _ => None,
        }
    }
}

/// What no kind calls for itself, with what is read and written for it.
pub const BESIDE: [(&str, &[&str], &[&str]); 4] = [
    (
        "every run",
        &["sts:GetCallerIdentity", "tag:GetResources"],
        &[],
    ),
    (
        "what a spec refers to",
        &[
            "ec2:DescribeVpcs",
            "ec2:DescribeRouteTables",
            "ec2:DescribeManagedPrefixLists",
            "sns:GetTopicAttributes",
        ],
        &[],
    ),
    ("`{ ssm = }`", &["ssm:GetParameters"], &[]),
    (
        "a store on S3",
        &["s3:GetObject", "s3:ListBucket"],
        &["s3:PutObject"],
    ),
];

/// Reads that find what the spec no longer names, so that they are made for every spec.
const SWEEP: [&str; 6] = [
    "cloudwatch:DescribeAlarms",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:DescribeDBParameterGroups",
    "rds:DescribeDBProxies",
    "secretsmanager:DescribeSecret",
];

/// The smallest policy for one environment and one purpose, in a stable order. `ssm` has the paths
/// that the files name.
///
/// A policy that would be larger than IAM takes has wider ARNs in its longest lists.
#[must_use]
pub fn policy(desired: &Desired, ssm: &[String], purpose: Purpose) -> Policy {
    Writer::new(desired, ssm, purpose).write()
}

/// What `preflight` asks besides what a plan reads; without it, it says what it could not check.
pub const PREFLIGHT: [&str; 4] = [
    "iam:SimulatePrincipalPolicy",
    "rds:DescribeAccountAttributes",
    "servicequotas:GetServiceQuota",
    "servicequotas:GetAWSDefaultServiceQuota",
];

/// What `drift --who` asks; without it, nobody is named.
pub const WHO: [&str; 1] = ["cloudtrail:LookupEvents"];

/// Whether IAM asks about an ARN of a statement when it is asked for the action: an action concerns
/// resources of its service, and those of RDS only some types.
#[must_use]
pub fn concerns(action: &str, arn: &str) -> bool {
    if arn == "*" {
        return true;
    }
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let (service, verb) = action.split_once(':').unwrap_or((action, ""));
    if parts.get(2) != Some(&service) {
        return false;
    }
    let kind = parts.get(5).copied().unwrap_or_default();
    let of_group = |wanted: &str| kind == wanted;
    match verb {
        _ if service != "rds" || verb.contains("Tags") => true,
        "CreateDBInstance" | "CreateDBInstanceReadReplica" | "ModifyDBInstance" => true,
        "DescribeDBProxyTargets" => of_group("db-proxy") || of_group("target-group"),
        "ModifyDBProxyTargetGroup" => of_group("target-group"),
        "RegisterDBProxyTargets" => of_group("db") || of_group("target-group"),
        "DeregisterDBProxyTargets" => true,
        "CreateDBSnapshot" => of_group("db") || of_group("snapshot"),
        "DescribeDBSnapshots" => of_group("snapshot"),
        _ if verb.contains("Proxy") || verb.contains("Proxies") => of_group("db-proxy"),
        _ if verb.contains("SubnetGroup") => of_group("subgrp"),
        _ if verb.contains("Parameter") => of_group("pg"),
        _ => of_group("db"),
    }
}

/// The actions of the tables that count for a spec.
fn listed(desired: &Desired, purpose: Purpose) -> BTreeSet<&'static str> {
    let present = |kind: &&&Kind| desired.resources.values().any(|one| one.kind == kind.name);
    let mut actions: BTreeSet<&str> = SWEEP.into_iter().collect();
    let kinds: Vec<&Kind> = CATALOG.kinds.iter().filter(present).copied().collect();
    actions.extend(kinds.iter().flat_map(|kind| kind.reads.iter().copied()));
    actions.extend(
        BESIDE
            .iter()
            .flat_map(|(_, reads, _)| reads.iter().copied()),
    );
    if purpose != Purpose::Plan {
        actions.extend(kinds.iter().flat_map(|kind| kind.writes.iter().copied()));
        actions.extend(
            BESIDE
                .iter()
                .flat_map(|(_, _, writes)| writes.iter().copied()),
        );
        // What is deleted may be of a kind that the spec has no more.
        let all = CATALOG.kinds.iter().flat_map(|kind| kind.writes.iter());
        actions.extend(all.copied().filter(|action| action.contains(":Delete")));
    }
    // AWS answers this one to everybody.
    actions.remove("sts:GetCallerIdentity");
    actions
}
