//! What is asked before any work: whether the caller may do it, and whether the quotas have room.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use pgward_engine::{Caller, Fault, FaultKind};
use pgward_kinds::permissions::{Statement, concerns};
use pgward_model::units;
use serde_json::json;

use crate::aws::Aws;
use crate::listing::pages;
use crate::plain::{self, Plain};

/// A quota of RDS in the account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// AWS's name: `DBInstances`.
    pub name: String,
    /// How much is used.
    pub used: i64,
    /// How much is allowed.
    pub most: i64,
}

/// The quotas of RDS.
///
/// # Errors
///
/// What AWS answered.
pub async fn quotas(aws: &Aws) -> Result<Vec<Quota>, Fault> {
    let call = aws.session().rds().describe_account_attributes().send();
    let output = aws
        .session()
        .call("rds:DescribeAccountAttributes", call)
        .await?;
    let quotas = output.account_quotas().iter();
    Ok(quotas
        .filter_map(|quota| {
            Some(Quota {
                name: quota.account_quota_name()?.to_owned(),
                used: quota.used()?,
                most: quota.max()?,
            })
        })
        .collect())
}

const SERVICE_QUOTAS: Plain = Plain {
    name: "servicequotas",
    target: "ServiceQuotasV20190624",
};

/// How many rules of one direction a security group may have.
///
/// # Errors
///
/// What AWS answered.
pub async fn rules_per_group(aws: &Aws) -> Result<i64, Fault> {
    let rules = json!({ "ServiceCode": "vpc", "QuotaCode": "L-0EA8095F" });
    let session = aws.session();
    let action = "servicequotas:GetServiceQuota";
    let answer = match plain::ask(session, &SERVICE_QUOTAS, action, &rules).await {
        // Of an account that never asked for another value, AWS may know its own alone.
        Err(fault) if fault.code.as_deref() == Some("NoSuchResourceException") => {
            let action = "servicequotas:GetAWSDefaultServiceQuota";
            plain::ask(session, &SERVICE_QUOTAS, action, &rules).await?
        }
        answer => answer?,
    };
    let value = answer["Quota"]["Value"].as_f64().and_then(units::whole);
    value.ok_or_else(|| Fault::new(FaultKind::Other, action, "AWS named no value"))
}

/// The actions that IAM would refuse the caller, with the resources it would refuse them on.
///
/// IAM is asked about the policies of the caller and its permissions boundary and organization;
/// policies of keys, buckets and secrets are not part of its answer.
///
/// # Errors
///
/// What AWS answered; [`FaultKind::Unsupported`] for a caller that has no policies of its own.
pub async fn refused(
    aws: &Aws,
    caller: &Caller,
    statements: &[Statement],
) -> Result<BTreeMap<String, BTreeSet<String>>, Fault> {
    let source = source(aws, caller).await?;
    let mut refused: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for statement in statements {
        for (resources, actions) in grouped(statement) {
            let asked = simulate(aws, &source, &actions, &resources, statement).await?;
            for (action, resource) in asked {
                refused.entry(action).or_default().insert(resource);
            }
        }
    }
    Ok(refused)
}

/// Actions that concern the same resources of a statement are asked about together.
fn grouped(statement: &Statement) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for action in &statement.action {
        let all = statement.resource.iter();
        let resources = all.filter(|arn| concerns(action, arn)).cloned().collect();
        groups
            .entry(resources)
            .or_default()
            .push((*action).to_owned());
    }
    groups
}

async fn simulate(
    aws: &Aws,
    source: &str,
    actions: &[String],
    resources: &[String],
    statement: &Statement,
) -> Result<Vec<(String, String)>, Fault> {
    let context: Vec<ContextEntry> = statement.condition_values().map(entry).collect();
    let results = pages(
        aws,
        "iam:SimulatePrincipalPolicy",
        |marker| {
            let call = aws.session().iam().simulate_principal_policy();
            call.policy_source_arn(source)
                .set_action_names(Some(actions.to_vec()))
                .set_resource_arns(Some(resources.to_vec()))
                .set_context_entries(Some(context.clone()))
                .set_marker(marker)
                .send()
        },
        |output| (output.evaluation_results.unwrap_or_default(), output.marker),
    )
    .await?;
    let mut refused = Vec::new();
    for result in &results {
        // With several resources, what stands for all of them is the strictest.
        let specific = result.resource_specific_results();
        let action = result.eval_action_name().to_owned();
        if specific.is_empty() {
            if *result.eval_decision() != PolicyEvaluationDecisionType::Allowed {
                let resource = result.eval_resource_name().unwrap_or("*").to_owned();
                refused.push((action, resource));
            }
            continue;
        }
        for one in specific {
            if *one.eval_resource_decision() != PolicyEvaluationDecisionType::Allowed {
                refused.push((action.clone(), one.eval_resource_name().to_owned()));
            }
        }
    }
    if results.len() < actions.len() {
        return Err(Fault::new(
            FaultKind::Other,
            "iam:SimulatePrincipalPolicy",
            "IAM answered about fewer actions than it was asked",
        ));
    }
    Ok(refused)
}

fn entry((operator, key, value): (&str, &str, &str)) -> ContextEntry {
    let kind = match operator {
        "Bool" => ContextKeyTypeEnum::Boolean,
        "ForAnyValue:StringEquals" => ContextKeyTypeEnum::StringList,
        _ => ContextKeyTypeEnum::String,
    };
    ContextEntry::builder()
        .context_key_name(key)
        .context_key_values(value)
        .context_key_type(kind)
        .build()
}

/// Whose policies count: the user, or the role behind a session.
async fn source(aws: &Aws, caller: &Caller) -> Result<String, Fault> {
    let parts: Vec<&str> = caller.arn.splitn(6, ':').collect();
    let name = parts.get(5).copied().unwrap_or_default();
    if name.starts_with("user/") {
        return Ok(caller.arn.clone());
    }
    let role = name
        .strip_prefix("assumed-role/")
        .and_then(|rest| rest.split('/').next());
    let Some(role) = role else {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "iam:SimulatePrincipalPolicy",
            format!("{} is neither a user nor a role", caller.arn),
        ));
    };
    // A session does not name the path of its role.
    let call = aws.session().iam().get_role().role_name(role).send();
    let found = aws.session().call("iam:GetRole", call).await;
    let known = found.ok().and_then(|output| output.role);
    Ok(known.map_or_else(
        || format!("arn:{}:iam::{}:role/{role}", parts[1], caller.account),
        |role| role.arn,
    ))
}
