//! `parameter_group`: DB parameter groups of RDS and the values that somebody set in them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::types::{ApplyMethod, DbParameterGroup, Filter, Parameter};
use pgward_engine::{Change, Create, Delete, Fault, Present};
use pgward_kinds::parameter_group::{DESCRIPTION, FAMILY, NAME, VALUES};
use pgward_kinds::parameters;
use pgward_model::{Resource, Value};

use super::{Adapter, Found, text};
use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::{Fleet, PAGE, absent, pages};
use crate::tags::{self, Tags, gone};

/// Where the apply types of parameters stand in the live object, for the table of effects.
const STATIC: &str = "parameters.static";
/// How many parameters one changing call takes.
const BATCH: usize = 20;
/// How many names one filter takes.
const NAMES: usize = 100;
/// Parameters that AWS checks against each other, so that they travel in one call.
const PAIRS: [[&str; 2]; 2] = [
    ["password_encryption", "rds.accepted_password_auth_method"],
    ["ssl_min_protocol_version", "ssl_max_protocol_version"],
];

/// The adapter.
pub(crate) struct ParameterGroup;

#[async_trait]
impl Adapter for ParameterGroup {
    fn kind(&self) -> &'static str {
        "parameter_group"
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let declared = fleet.declared(self.kind());
        let reads = declared
            .iter()
            .map(|resource| -> Boxed<'_, Result<Option<Values>, Fault>> {
                Box::pin(values(fleet.aws, &resource.name, Some(resource)))
            })
            .collect();
        let (groups, tagged, values) =
            tokio::join!(groups(fleet.aws), fleet.tagged(), join_all(reads));
        let groups = match groups {
            Ok(groups) => groups,
            Err(fault) => return Found::failed(fault),
        };
        let mut values: BTreeMap<String, Result<Option<Values>, Fault>> = declared
            .iter()
            .map(|resource| self.key(resource))
            .zip(values)
            .collect();
        let mut found = Found::default();
        for group in &groups {
            let key = group
                .db_parameter_group_name()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let arn = group.db_parameter_group_arn().unwrap_or_default();
            let ours = tagged
                .as_ref()
                .is_ok_and(|tagged| tagged.get(arn).is_some_and(|tags| fleet.owns_tags(tags)));
            if let Some(values) = values.remove(&key) {
                let tags = fleet.tags_of(arn).await;
                found.add(
                    key,
                    tags.and_then(|tags| Ok(read(group, &tags, values?.as_ref()))),
                );
            } else if ours {
                // A leftover: its values don't matter for its deletion.
                let tags = fleet.tags_of(arn).await;
                found.add(key, tags.map(|tags| read(group, &tags, None)));
            }
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let call = aws.session().rds().describe_db_parameter_groups();
        let call = call.db_parameter_group_name(name).send();
        let Some(output) = absent(
            aws.session()
                .call("rds:DescribeDBParameterGroups", call)
                .await,
        )?
        else {
            return Ok(None);
        };
        let Some(group) = output.db_parameter_groups().first() else {
            return Ok(None);
        };
        let arn = group.db_parameter_group_arn().unwrap_or_default();
        let (tags, values) = tokio::join!(tags::of_resource(aws, arn), values(aws, name, declared));
        Ok(Some(read(group, &tags?, values?.as_ref())))
    }

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let call = aws
            .session()
            .rds_once()
            .create_db_parameter_group()
            .db_parameter_group_name(&request.resource.name)
            .set_db_parameter_group_family(text(of, &FAMILY))
            .description(text(of, &DESCRIPTION).unwrap_or_else(|| tags::description(&request.tags)))
            .set_tags(tags::to_rds(&request.tags));
        aws.session()
            .once("rds:CreateDBParameterGroup", || call.clone().send())
            .await?;
        let values = of.map(VALUES.path).cloned().unwrap_or_default();
        let family = text(of, &FAMILY).unwrap_or_default();
        set(aws, &request.resource.name, &family, &values).await
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        if let Some(declared) = request.attributes.map(VALUES.path) {
            let empty = BTreeMap::new();
            let live = request.live.now.map(VALUES.path).unwrap_or(&empty);
            let name = &request.live.name;
            let family = text(&request.live.now, &FAMILY).unwrap_or_default();
            let differing = declared
                .iter()
                .filter(|(key, value)| live.get(*key) != Some(value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            set(aws, name, &family, &differing).await?;
            let surplus: BTreeSet<String> = live
                .keys()
                .filter(|key| !declared.contains_key(*key))
                .cloned()
                .collect();
            reset(aws, name, &family, &surplus).await?;
        }
        tags::change_rds(aws, &request.attributes, &request.live).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let call = aws.session().rds().delete_db_parameter_group();
        let call = call.db_parameter_group_name(&request.live.name).send();
        gone(aws.session().call("rds:DeleteDBParameterGroup", call).await)
    }
}

async fn groups(aws: &Aws) -> Result<Vec<DbParameterGroup>, Fault> {
    pages(
        aws,
        "rds:DescribeDBParameterGroups",
        |marker| {
            let call = aws.session().rds().describe_db_parameter_groups();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| {
            (
                output.db_parameter_groups.unwrap_or_default(),
                output.marker,
            )
        },
    )
    .await
}

/// What is set in a group.
#[derive(Debug, Default)]
struct Values {
    set: BTreeMap<String, Value>,
    is_static: BTreeMap<String, Value>,
}

impl Values {
    fn note(&mut self, row: &Parameter) {
        if let (Some(name), Some(apply)) = (row.parameter_name(), row.apply_type()) {
            let is_static = Value::Bool(apply.eq_ignore_ascii_case("static"));
            self.is_static.insert(name.to_owned(), is_static);
        }
    }
}

/// The values that somebody set. A declared value that equals the default may not be reported as
/// set, so that it is looked up by name and counts as set if it is in effect.
async fn values(
    aws: &Aws,
    group: &str,
    declared: Option<&Resource>,
) -> Result<Option<Values>, Fault> {
    let Some(rows) = absent(rows(aws, group, Some("user"), &[]).await)? else {
        return Ok(None);
    };
    let mut values = Values::default();
    for row in &rows {
        values.note(row);
        if let (Some(name), Some(value)) = (row.parameter_name(), row.parameter_value()) {
            values.set.insert(name.to_owned(), Value::text(value));
        }
    }
    let empty = BTreeMap::new();
    let declared = declared
        .and_then(|one| one.attributes.map(VALUES.path))
        .unwrap_or(&empty);
    let missing: Vec<String> = declared
        .keys()
        .filter(|name| !values.set.contains_key(*name))
        .cloned()
        .collect();
    for names in missing.chunks(NAMES) {
        for row in rows_named(aws, group, names).await? {
            values.note(&row);
            let Some(name) = row.parameter_name() else {
                continue;
            };
            let wanted = declared
                .get(name)
                .and_then(Value::as_text)
                .unwrap_or_default();
            if row
                .parameter_value()
                .is_some_and(|value| same(value, wanted))
            {
                values.set.insert(name.to_owned(), Value::text(wanted));
            }
        }
    }
    Ok(Some(values))
}

fn same(live: &str, declared: &str) -> bool {
    live.trim().eq_ignore_ascii_case(declared.trim())
}

async fn rows_named(aws: &Aws, group: &str, names: &[String]) -> Result<Vec<Parameter>, Fault> {
    let rows = rows(aws, group, None, names).await?;
    Ok(rows
        .into_iter()
        .filter(|row| {
            row.parameter_name()
                .is_some_and(|name| names.iter().any(|one| one == name))
        })
        .collect())
}

async fn rows(
    aws: &Aws,
    group: &str,
    source: Option<&str>,
    names: &[String],
) -> Result<Vec<Parameter>, Fault> {
    let filters = (!names.is_empty()).then(|| {
        vec![
            Filter::builder()
                .name("parameter-name")
                .set_values(Some(names.to_vec()))
                .build(),
        ]
    });
    pages(
        aws,
        "rds:DescribeDBParameters",
        |marker| {
            let call = aws.session().rds().describe_db_parameters();
            call.db_parameter_group_name(group)
                .set_source(source.map(str::to_owned))
                .set_filters(filters.clone())
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| (output.parameters.unwrap_or_default(), output.marker),
    )
    .await
}

fn read(group: &DbParameterGroup, tags: &Tags, values: Option<&Values>) -> Present {
    let name = group.db_parameter_group_name().unwrap_or_default();
    let arn = group.db_parameter_group_arn().unwrap_or_default();
    let mut present = tags::present(name, arn, tags);
    present.now.set(NAME.path, Value::text(name));
    if let Some(family) = group.db_parameter_group_family() {
        present.now.set(FAMILY.path, Value::text(family));
    }
    if let Some(values) = values {
        present.now.set(VALUES.path, Value::Map(values.set.clone()));
        present
            .now
            .set(STATIC, Value::Map(values.is_static.clone()));
    }
    for (output, value) in [("id", name), ("arn", arn), ("name", name)] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    present
}

/// Sets values in calls of at most 20.
async fn set(
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
async fn reset(
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
