//! Sets and drops values of a DB parameter group, in the batches that RDS takes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{ApplyMethod, Parameter};
use pgward_engine::Fault;
use pgward_kinds::parameters;
use pgward_model::Value;

use super::values::{NAMES, Values, rows_named};
use crate::aws::Aws;

/// How many parameters one changing call takes.
const BATCH: usize = 20;
/// Parameters that AWS checks against each other, so that they travel in one call.
const PAIRS: [[&str; 2]; 2] = [
    ["password_encryption", "rds.accepted_password_auth_method"],
    ["ssl_min_protocol_version", "ssl_max_protocol_version"],
];

/// Sets values in calls of at most 20.
pub(super) async fn set(
    aws: &Aws,
    group: &str,
    family: &str,
    values: &BTreeMap<String, Value>,
) -> Result<(), Fault> {
    let names: BTreeSet<String> = values.keys().cloned().collect();
    let methods = methods(aws, group, family, &names).await?;
    for batch in batches(&names, &methods) {
        let rows = batch.iter().map(|name| {
            Parameter::builder()
                .parameter_name(name)
                .set_parameter_value(values[name].as_text().map(str::to_owned))
                .apply_method(methods[name].clone())
                .build()
        });
        let call = aws.session().rds().modify_db_parameter_group();
        let call = call
            .db_parameter_group_name(group)
            .set_parameters(Some(rows.collect()));
        aws.session()
            .call("rds:ModifyDBParameterGroup", call.send())
            .await?;
    }
    Ok(())
}

/// Drops values in calls of at most 20.
pub(super) async fn reset(
    aws: &Aws,
    group: &str,
    family: &str,
    names: &BTreeSet<String>,
) -> Result<(), Fault> {
    let methods = methods(aws, group, family, names).await?;
    for batch in batches(names, &methods) {
        let rows = batch.iter().map(|name| {
            Parameter::builder()
                .parameter_name(name)
                .apply_method(methods[name].clone())
                .build()
        });
        let call = aws.session().rds().reset_db_parameter_group();
        let call = call
            .db_parameter_group_name(group)
            .reset_all_parameters(false)
            .set_parameters(Some(rows.collect()));
        aws.session()
            .call("rds:ResetDBParameterGroup", call.send())
            .await?;
    }
    Ok(())
}

/// How each parameter is applied: as AWS says, else as the bundled facts say, else with a restart,
/// which AWS takes for every parameter.
async fn methods(
    aws: &Aws,
    group: &str,
    family: &str,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, ApplyMethod>, Fault> {
    let names: Vec<String> = names.iter().cloned().collect();
    let mut known = Values::default();
    for chunk in names.chunks(NAMES) {
        rows_named(aws, group, chunk)
            .await?
            .iter()
            .for_each(|row| known.note(row));
    }
    let is_static = |name: &str| {
        let told = known.is_static.get(name).and_then(Value::as_bool);
        told.or_else(|| parameters::find(family, name).map(|facts| facts.is_static))
            .unwrap_or(true)
    };
    Ok(names
        .into_iter()
        .map(|name| {
            let method = if is_static(&name) {
                ApplyMethod::PendingReboot
            } else {
                ApplyMethod::Immediate
            };
            (name, method)
        })
        .collect())
}

/// Names in batches of at most 20 of one method each; pairs stay together.
fn batches(names: &BTreeSet<String>, methods: &BTreeMap<String, ApplyMethod>) -> Vec<Vec<String>> {
    let mut rest = names.clone();
    let mut units: Vec<(ApplyMethod, Vec<String>)> = Vec::new();
    for pair in PAIRS {
        let unit: Vec<String> = pair.iter().filter_map(|name| rest.take(*name)).collect();
        if let Some(first) = unit.first() {
            units.push((methods[first].clone(), unit));
        }
    }
    units.extend(
        rest.into_iter()
            .map(|name| (methods[&name].clone(), vec![name])),
    );
    let mut batches: Vec<Vec<String>> = Vec::new();
    for method in [ApplyMethod::Immediate, ApplyMethod::PendingReboot] {
        let mut batch: Vec<String> = Vec::new();
        for (_, unit) in units.iter().filter(|(of, _)| *of == method) {
            if batch.len() + unit.len() > BATCH {
                batches.push(std::mem::take(&mut batch));
            }
            batch.extend(unit.iter().cloned());
        }
        if !batch.is_empty() {
            batches.push(batch);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_small_of_one_method_and_keep_pairs() {
        let mut names: BTreeSet<String> = (0..25).map(|number| format!("p{number:02}")).collect();
        names.extend(PAIRS[0].iter().map(|name| (*name).to_owned()));
        names.insert("shared_buffers".to_owned());
        let methods = names
            .iter()
            .map(|name| {
                let method = match name.as_str() {
                    "shared_buffers" => ApplyMethod::PendingReboot,
                    _ => ApplyMethod::Immediate,
                };
                (name.clone(), method)
            })
            .collect();
        let batches = batches(&names, &methods);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [20, 7, 1]);
        assert_eq!(
            &batches[0][..2],
            ["password_encryption", "rds.accepted_password_auth_method"]
        );
        assert_eq!(batches[2], ["shared_buffers"]);
    }
}
