//! `parameter_group`: DB parameter groups of RDS and the values that somebody set in them.

mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::types::DbParameterGroup;
use pgward_engine::{Change, Create, Delete, Fault, Present};
use pgward_kinds::parameter_group::{DESCRIPTION, FAMILY, NAME, VALUES};
use pgward_model::{Resource, Value};

use self::values::Values;
use self::write::{reset, set};
use super::{Adapter, Found, text};
use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::{Fleet, PAGE, absent, pages};
use crate::tags::{self, Tags, gone};

/// Where the apply types of parameters stand in the live object, for the table of effects.
const STATIC: &str = "parameters.static";

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
                Box::pin(values::set_by_users(fleet.aws, &resource.name))
            })
            .collect();
        let (groups, _, mut values) =
            tokio::join!(groups(fleet.aws), fleet.tagged(), join_all(reads));
        values::add_defaults(fleet.aws, &declared, &mut values).await;
        let groups = match groups {
            Ok(groups) => groups,
            Err(fault) => return Found::failed(fault),
        };
        let mut values: BTreeMap<String, Result<Option<Values>, Fault>> = declared
            .iter()
            .map(|resource| self.key(resource))
            .zip(values)
            .collect();
        let mut ours = Vec::new();
        for group in &groups {
            let key = name_of(group).to_ascii_lowercase();
            if values.contains_key(&key) || fleet.is_ours(arn_of(group)).await {
                ours.push((key, group));
            }
        }
        let arns: Vec<&str> = ours.iter().map(|(_, group)| arn_of(group)).collect();
        let tags = fleet.tags_of_all(&arns).await;
        let mut found = Found::default();
        for ((key, group), tags) in ours.into_iter().zip(tags) {
            // The values of a leftover don't matter for its deletion.
            let values = values.remove(&key).unwrap_or(Ok(None));
            let present = tags.and_then(|tags| Ok(read(group, &tags, values?.as_ref())));
            found.add(key, present);
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
        let arn = arn_of(group);
        let (tags, values) = tokio::join!(
            tags::of_resource(aws, arn),
            values::of_group(aws, name, declared)
        );
        // It may go between the reads.
        let (Some(tags), Some(values)) = (absent(tags)?, absent(values)?) else {
            return Ok(None);
        };
        Ok(Some(read(group, &tags, values.as_ref())))
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

fn name_of(group: &DbParameterGroup) -> &str {
    group.db_parameter_group_name().unwrap_or_default()
}

fn arn_of(group: &DbParameterGroup) -> &str {
    group.db_parameter_group_arn().unwrap_or_default()
}

fn read(group: &DbParameterGroup, tags: &Tags, values: Option<&Values>) -> Present {
    let (name, arn) = (name_of(group), arn_of(group));
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
