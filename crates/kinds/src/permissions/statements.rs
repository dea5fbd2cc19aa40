//! The statements: which action on what, under which condition.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::Desired;

use super::names::Names;
use super::policy::{Condition, Policy, Statement};
use super::{Purpose, listed};
use crate::{instance, proxy, replica, secret};

/// Writes the statements of one policy.
pub(super) struct Writer<'a> {
    desired: &'a Desired,
    ssm: &'a [String],
    purpose: Purpose,
    names: Names<'a>,
    listed: BTreeSet<&'static str>,
    all: Vec<Statement>,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet.
    pub(super) fn new(desired: &'a Desired, ssm: &'a [String], purpose: Purpose) -> Self {
        Self {
            desired,
            ssm,
            purpose,
            names: Names::new(desired),
            listed: listed(desired, purpose),
            all: Vec::new(),
        }
    }

    /// Writes them all.
    pub(super) fn write(mut self) -> Policy {
        self.read();
        if self.purpose == Purpose::Apply {
            self.databases();
            self.on_behalf();
            self.proxies();
            self.security_groups();
            self.secrets();
        }
        if self.purpose != Purpose::Plan {
            self.delete();
        }
        if self.purpose == Purpose::Destroy {
            self.delete_instance();
        }
        self.store();
        Policy::new(self.all)
    }

    /// Allows those of the actions that the tables have, on these resources.
    fn allow(
        &mut self,
        sid: &'static str,
        actions: &[&'static str],
        resources: impl IntoIterator<Item = String>,
        condition: Condition,
    ) {
        let known = |action: &&&'static str| self.listed.contains(**action);
        let action: BTreeSet<&str> = actions.iter().filter(known).copied().collect();
        let resource: BTreeSet<String> = resources.into_iter().collect();
        if action.is_empty() || resource.is_empty() {
            return;
        }
        // An action concerns resources of its own services and types alone, so what asks for the
        // same tags may stand together.
        let by_tags = condition == self.ours() || condition == self.becomes_ours();
        let joins = by_tags && !resource.contains("*");
        let same = |one: &&mut Statement| {
            let together = joins && !one.resource.contains("*");
            one.condition == condition && (together || one.resource == resource)
        };
        if let Some(statement) = self.all.iter_mut().find(same) {
            statement.action.extend(action);
            statement.resource.extend(resource);
            return;
        }
        self.all.push(Statement {
            sid,
            effect: "Allow",
            action,
            resource,
            condition,
        });
    }

    fn rds(&self, rest: &str) -> String {
        self.names.arn("rds", rest)
    }

    /// Holds for what carries the tags of the environment.
    fn ours(&self) -> Condition {
        self.tagged("aws:ResourceTag")
    }

    /// Holds for what gets the tags of the environment.
    fn becomes_ours(&self) -> Condition {
        self.tagged("aws:RequestTag")
    }

    fn tagged(&self, key: &str) -> Condition {
        let of = &self.desired.environment;
        let tags = [("project", &of.project), ("environment", &of.name)];
        let tags = tags.map(|(name, value)| (format!("{key}/pgward:{name}"), value.clone()));
        Condition::from([("StringEquals", BTreeMap::from(tags))])
    }

    fn read(&mut self) {
        let everything = || ["*".to_owned()];
        self.allow(
            "ReadEverywhere",
            &[
                "cloudwatch:DescribeAlarms",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "rds:DescribeDBEngineVersions",
                "rds:DescribeEngineDefaultParameters",
                "rds:DescribeOrderableDBInstanceOptions",
                "rds:DescribePendingMaintenanceActions",
                "tag:GetResources",
            ],
            everything(),
            none(),
        );
        if !self.desired.foreign.prefix_lists.is_empty() {
            let action = "ec2:DescribeManagedPrefixLists";
            self.allow("ReadEverywhere", &[action], everything(), none());
        }
        if self.names.resources("secret").count() > secret::FEW {
            let action = "secretsmanager:ListSecrets";
            self.allow("ReadEverywhere", &[action], everything(), none());
        }
        let lists = ["db:*", "db-proxy:*", "pg:*", "subgrp:*"].map(|rest| self.rds(rest));
        self.allow(
            "Lists",
            &[
                "rds:DescribeDBInstances",
                "rds:DescribeDBParameterGroups",
                "rds:DescribeDBProxies",
                "rds:DescribeDBSubnetGroups",
            ],
            lists,
            none(),
        );
        let mut named = self.names.rds("parameter_group", "pg");
        named.extend(self.names.rds("subnet_group", "subgrp"));
        if self.names.has("proxy") {
            named.extend([self.rds("db-proxy:*"), self.rds("target-group:*")]);
        }
        self.allow(
            "GroupsAndProxies",
            &[
                "rds:DescribeDBParameters",
                "rds:DescribeDBProxyTargetGroups",
                "rds:DescribeDBProxyTargets",
                "rds:ListTagsForResource",
            ],
            named,
            none(),
        );
        let tags = ["cloudwatch:ListTagsForResource"];
        self.allow("Alarms", &tags, self.names.alarms(), none());
        let mut secrets = self.names.secrets();
        secrets.extend(self.names.foreign_secrets());
        let describe = ["secretsmanager:DescribeSecret"];
        self.allow("Secrets", &describe, secrets, none());
        let any = [self.names.arn("secretsmanager", "secret:*")];
        self.allow("Own", &describe, any, self.ours());
        self.read_foreign();
    }

    /// What the spec refers to and does not manage.
    fn read_foreign(&mut self) {
        // A deletion asks about nothing that it does not touch.
        if self.purpose != Purpose::Destroy {
            self.topics_and_roles();
        }
        // A database may have AWS's own key where another one is named; a plan says so.
        let describe = ["kms:DescribeKey"];
        let own = equals("kms:RequestAlias", "alias/aws/rds");
        self.allow("AwsKey", &describe, [self.any_key()], own);
        for (resource, condition) in self.keys() {
            self.allow("Keys", &describe, [resource], condition);
        }
        let parameters = self.ssm.iter().map(|path| {
            let rest = format!("parameter/{}", path.trim_start_matches('/'));
            self.names.arn("ssm", &rest)
        });
        let parameters: Vec<String> = parameters.collect();
        self.allow("Inputs", &["ssm:GetParameters"], parameters, none());
    }

    fn topics_and_roles(&mut self) {
        let foreign = &self.desired.foreign;
        let topics: Vec<String> = foreign
            .topics
            .iter()
            .map(|(arn, _)| self.names.written(arn, || self.names.arn("sns", "*")))
            .collect();
        self.allow("Topics", &["sns:GetTopicAttributes"], topics, none());
        let roles: Vec<String> = foreign
            .roles
            .iter()
            .map(|(arn, _)| self.names.written(arn, || self.names.iam("role/*")))
            .collect();
        self.allow("Roles", &["iam:GetRole"], roles, none());
    }

    fn any_key(&self) -> String {
        self.names.arn("kms", "key/*")
    }

    /// The keys that the spec names, but for AWS's own and for none.
    fn keys(&self) -> Vec<(String, Condition)> {
        let instances = self.names.resources("instance");
        let keys = instances.filter_map(|one| one.attributes.text(instance::ENCRYPTION.path));
        let mut found: Vec<(String, Condition)> = Vec::new();
        for written in keys {
            let alias = written.split_once("alias/").map(|(_, name)| name);
            found.push(match (written, alias) {
                (instance::NOT_ENCRYPTED, _) => continue,
                (own, _) if own.starts_with("aws/") || own.contains("alias/aws/") => continue,
                (_, Some(name)) => {
                    let name = format!("alias/{name}");
                    (
                        self.any_key(),
                        Condition::from([(
                            "ForAnyValue:StringEquals",
                            BTreeMap::from([("kms:ResourceAliases".to_owned(), name)]),
                        )]),
                    )
                }
                (arn, None) if arn.starts_with("arn:") => (arn.to_owned(), none()),
                (id, None) if id.contains(':') => (self.any_key(), none()),
                (id, None) => (self.names.arn("kms", &format!("key/{id}")), none()),
            });
        }
        found
    }

    fn databases(&mut self) {
        let mut databases = self.names.rds("instance", "db");
        databases.extend(self.names.rds("replica", "db"));
        let mut groups = self.names.rds("subnet_group", "subgrp");
        groups.extend(self.names.rds("parameter_group", "pg"));
        let mut touched = databases.clone();
        touched.extend(groups.iter().cloned());
        // RDS asks for the default groups that it puts in where none is named.
        let mut involved = touched.clone();
        involved.extend([self.rds("og:default:*"), self.rds("pg:default.*")]);
        self.allow(
            "Databases",
            &[
                "rds:CreateDBInstance",
                "rds:CreateDBInstanceReadReplica",
                "rds:ModifyDBInstance",
            ],
            involved,
            none(),
        );
        self.allow(
            "GroupsAndTags",
            &[
                "rds:AddTagsToResource",
                "rds:CreateDBParameterGroup",
                "rds:CreateDBSubnetGroup",
                "rds:ModifyDBParameterGroup",
                "rds:ModifyDBSubnetGroup",
                "rds:RebootDBInstance",
                "rds:RemoveTagsFromResource",
                "rds:ResetDBParameterGroup",
            ],
            touched,
            none(),
        );
        self.allow(
            "Alarms",
            &[
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ],
            self.names.alarms(),
            none(),
        );
    }

    /// What AWS does in the name of the caller.
    fn on_behalf(&mut self) {
        self.allow(
            "ReadEverywhere",
            &[
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeVpcAttribute",
            ],
            ["*".to_owned()],
            none(),
        );
        let mut monitoring = self.names.roles("instance", &instance::MONITORING_ROLE);
        monitoring.extend(self.names.roles("replica", &replica::MONITORING_ROLE));
        let handed = |service: &str| equals("iam:PassedToService", service);
        let pass = ["iam:PassRole"];
        let to = handed("monitoring.rds.amazonaws.com");
        self.allow("PassMonitoringRole", &pass, monitoring, to);
        let of_proxy = self.names.roles("proxy", &proxy::ROLE);
        self.allow(
            "PassProxyRole",
            &pass,
            of_proxy,
            handed("rds.amazonaws.com"),
        );
        let role = "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS";
        self.allow(
            "FirstUseOfRds",
            &["iam:CreateServiceLinkedRole"],
            [self.names.iam(role)],
            equals("iam:AWSServiceName", "rds.amazonaws.com"),
        );
        let rds = format!("rds.{}.amazonaws.com", self.desired.environment.region);
        for (resource, mut condition) in self.keys() {
            let via = BTreeMap::from([("kms:ViaService".to_owned(), rds.clone())]);
            condition.insert("StringEquals", via);
            let aws = BTreeMap::from([("kms:GrantIsForAWSResource".to_owned(), "true".to_owned())]);
            condition.insert("Bool", aws);
            self.allow("GrantKeys", &["kms:CreateGrant"], [resource], condition);
        }
        let managed = |one: &pgward_model::Resource| {
            one.attributes.bool(instance::MANAGED_PASSWORD.path) == Some(true)
        };
        if self.names.resources("instance").any(managed) {
            let secret = [self.names.arn("secretsmanager", "secret:rds!*")];
            let actions = ["secretsmanager:CreateSecret", "secretsmanager:TagResource"];
            self.allow("ManagedPassword", &actions, secret, none());
            let key = [self.any_key()];
            let via = equals("kms:ViaService", &rds);
            self.allow("ManagedPasswordKey", &["kms:DescribeKey"], key, via);
        }
    }

    fn proxies(&mut self) {
        if !self.names.has("proxy") {
            return;
        }
        // The name of a proxy is not in its ARN, so its tags say whose it is.
        let create = ["rds:CreateDBProxy"];
        let everything = ["*".to_owned()];
        self.allow("CreateProxy", &create, everything, self.becomes_ours());
        let proxies = [self.rds("db-proxy:*")];
        let tag = ["rds:AddTagsToResource"];
        self.allow("New", &tag, proxies.clone(), self.becomes_ours());
        self.allow(
            "Own",
            &[
                "rds:AddTagsToResource",
                "rds:DeregisterDBProxyTargets",
                "rds:ModifyDBProxy",
                "rds:RemoveTagsFromResource",
            ],
            proxies,
            self.ours(),
        );
        let mut targets = self.names.rds("instance", "db");
        targets.push(self.rds("target-group:*"));
        self.allow(
            "ProxyTargets",
            &[
                "rds:DeregisterDBProxyTargets",
                "rds:ModifyDBProxyTargetGroup",
                "rds:RegisterDBProxyTargets",
            ],
            targets,
            none(),
        );
    }

    fn security_groups(&mut self) {
        let create = ["ec2:CreateSecurityGroup"];
        let groups = [self.any_security_group()];
        let ours = self.becomes_ours();
        self.allow("New", &create, groups.clone(), ours);
        let vpc = self.desired.foreign.vpc.iter().map(|(vpc, _)| {
            let known = vpc.starts_with("vpc-");
            let name = if known { vpc.as_str() } else { "*" };
            self.names.arn("ec2", &format!("vpc/{name}"))
        });
        let vpc: Vec<String> = vpc.collect();
        self.allow("CreateSecurityGroupInVpc", &create, vpc, none());
        let at_creation = equals("ec2:CreateAction", "CreateSecurityGroup");
        let tag = ["ec2:CreateTags"];
        self.allow("TagNewSecurityGroup", &tag, groups.clone(), at_creation);
        self.allow(
            "Own",
            &[
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateTags",
                "ec2:DeleteTags",
                "ec2:RevokeSecurityGroupIngress",
                "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
            ],
            groups,
            self.ours(),
        );
    }

    fn any_security_group(&self) -> String {
        self.names.arn("ec2", "security-group/*")
    }

    fn secrets(&mut self) {
        self.allow(
            "Secrets",
            &[
                "secretsmanager:CreateSecret",
                "secretsmanager:RestoreSecret",
                "secretsmanager:TagResource",
                "secretsmanager:UntagResource",
            ],
            self.names.secrets(),
            none(),
        );
        let read = ["secretsmanager:GetSecretValue"];
        let master = self.names.master_secret();
        self.allow("MasterPassword", &read, master, none());
    }

    /// What carries the tags of the environment, but for the instance.
    fn delete(&mut self) {
        let groups = [self.any_security_group()];
        let delete = ["ec2:DeleteSecurityGroup"];
        self.allow("Own", &delete, groups, self.ours());
        let rds = ["db-proxy:*", "pg:*", "subgrp:*"].map(|rest| self.rds(rest));
        self.allow(
            "Own",
            &[
                "rds:DeleteDBParameterGroup",
                "rds:DeleteDBProxy",
                "rds:DeleteDBSubnetGroup",
            ],
            rds,
            self.ours(),
        );
        let mut replicas = self.ours();
        let address = (
            "aws:ResourceTag/pgward:address".to_owned(),
            "replica.*".to_owned(),
        );
        replicas.insert("StringLike", BTreeMap::from([address]));
        let databases = [self.rds("db:*")];
        self.allow(
            "DeleteReplicas",
            &["rds:DeleteDBInstance"],
            databases,
            replicas,
        );
        let any = [self.names.arn("secretsmanager", "secret:*")];
        let delete = ["secretsmanager:DeleteSecret"];
        self.allow("Own", &delete, any, self.ours());
        // CloudWatch asks for no tags here: the usual names have to do for alarms that are gone
        // from the spec.
        let of = &self.desired.environment;
        let mut alarms = self.names.alarms();
        let usual = format!("alarm:{}-{}-*", of.project, of.name);
        let usual = self.names.arn("cloudwatch", &usual);
        alarms.retain(|arn| !arn.starts_with(usual.trim_end_matches('*')));
        alarms.push(usual);
        let delete = ["cloudwatch:DeleteAlarms"];
        self.allow("DeleteAlarms", &delete, alarms, none());
    }

    /// The instance, with its final snapshot.
    fn delete_instance(&mut self) {
        let mut involved = self.names.rds("instance", "db");
        let snapshots: Vec<String> = self
            .names
            .rds("instance", "snapshot")
            .iter()
            .map(|arn| format!("{arn}-final-*"))
            .collect();
        involved.extend(snapshots);
        self.allow(
            "DeleteInstance",
            &[
                "rds:CreateDBSnapshot",
                "rds:DeleteDBInstance",
                "rds:DescribeDBSnapshots",
            ],
            involved,
            none(),
        );
    }

    fn store(&mut self) {
        let Some(place) = self.desired.store.strip_prefix("s3://") else {
            return;
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let of = &self.desired.environment;
        let folder = [bucket, prefix.trim_matches('/'), &of.project, &of.name];
        let folder: Vec<&str> = folder.into_iter().filter(|part| !part.is_empty()).collect();
        let objects = self.names.bucket(&format!("{}/*", folder.join("/")));
        let mut actions = vec!["s3:GetObject"];
        if self.purpose != Purpose::Plan {
            actions.push("s3:PutObject");
        }
        self.allow("Store", &actions, [objects], none());
        // Without it, S3 denies what does not exist in place of saying so.
        let bucket = [self.names.bucket(bucket)];
        self.allow("StoreBucket", &["s3:ListBucket"], bucket, none());
    }
}

/// No condition.
fn none() -> Condition {
    Condition::new()
}

/// A key that has this value.
fn equals(key: &str, value: &str) -> Condition {
    let wanted = BTreeMap::from([(key.to_owned(), value.to_owned())]);
    Condition::from([("StringEquals", wanted)])
}
