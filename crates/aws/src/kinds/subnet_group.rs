//! `subnet_group`: DB subnet groups of RDS.

use async_trait::async_trait;
use aws_sdk_rds::types::DbSubnetGroup;
use pgward_engine::{Change, Create, Delete, Fault, Present};
use pgward_kinds::subnet_group::{DESCRIPTION, NAME, SUBNETS};
use pgward_model::{Resource, Value};

use super::{Adapter, Found, text, texts};
use crate::aws::Aws;
use crate::listing::{Fleet, absent};
use crate::tags::{self, Tags, gone};

/// The adapter.
pub(crate) struct SubnetGroup;

#[async_trait]
impl Adapter for SubnetGroup {
    fn kind(&self) -> &'static str {
        "subnet_group"
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let (groups, _) = tokio::join!(fleet.subnet_groups(), fleet.tagged());
        let groups = match groups {
            Ok(groups) => groups,
            Err(fault) => return Found::failed(fault),
        };
        let declared: Vec<String> = fleet
            .declared(self.kind())
            .iter()
            .map(|resource| self.key(resource))
            .collect();
        let mut ours = Vec::new();
        for group in groups {
            let key = name_of(group).to_ascii_lowercase();
            if declared.contains(&key) || fleet.is_ours(arn_of(group)).await {
                ours.push((key, group));
            }
        }
        let arns: Vec<&str> = ours.iter().map(|(_, group)| arn_of(group)).collect();
        let tags = fleet.tags_of_all(&arns).await;
        let mut found = Found::default();
        for ((key, group), tags) in ours.into_iter().zip(tags) {
            found.add(key, tags.map(|tags| read(group, &tags)));
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        _declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let call = aws
            .session()
            .rds()
            .describe_db_subnet_groups()
            .db_subnet_group_name(name)
            .send();
        let Some(output) = absent(aws.session().call("rds:DescribeDBSubnetGroups", call).await)?
        else {
            return Ok(None);
        };
        let Some(group) = output.db_subnet_groups().first() else {
            return Ok(None);
        };
        // It may go between the two reads.
        let tags = absent(tags::of_resource(aws, arn_of(group)).await)?;
        Ok(tags.map(|tags| read(group, &tags)))
    }

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let call = aws
            .session()
            .rds_once()
            .create_db_subnet_group()
            .db_subnet_group_name(&request.resource.name)
            .db_subnet_group_description(
                text(of, &DESCRIPTION).unwrap_or_else(|| tags::description(&request.tags)),
            )
            .set_subnet_ids(texts(of, &SUBNETS))
            .set_tags(tags::to_rds(&request.tags));
        aws.session()
            .once("rds:CreateDBSubnetGroup", || call.clone().send())
            .await?;
        Ok(())
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        if let Some(subnets) = texts(&request.attributes, &SUBNETS) {
            let call = aws.session().rds().modify_db_subnet_group();
            let call = call
                .db_subnet_group_name(&request.live.name)
                .set_subnet_ids(Some(subnets));
            aws.session()
                .call("rds:ModifyDBSubnetGroup", call.send())
                .await?;
        }
        tags::change_rds(aws, &request.attributes, &request.live).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let call = aws.session().rds().delete_db_subnet_group();
        let call = call.db_subnet_group_name(&request.live.name).send();
        gone(aws.session().call("rds:DeleteDBSubnetGroup", call).await)
    }
}

fn name_of(group: &DbSubnetGroup) -> &str {
    group.db_subnet_group_name().unwrap_or_default()
}

fn arn_of(group: &DbSubnetGroup) -> &str {
    group.db_subnet_group_arn().unwrap_or_default()
}

fn read(group: &DbSubnetGroup, tags: &Tags) -> Present {
    let (name, arn) = (name_of(group), arn_of(group));
    let mut present = tags::present(name, arn, tags);
    let mut subnets: Vec<&str> = group
        .subnets()
        .iter()
        .filter_map(|subnet| subnet.subnet_identifier())
        .collect();
    subnets.sort_unstable();
    present.now.set(NAME.path, Value::text(name));
    present.now.set(SUBNETS.path, Value::texts(subnets));
    for (output, value) in [("id", name), ("arn", arn), ("name", name)] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    if let Some(vpc) = group.vpc_id() {
        present.outputs.insert("vpc".to_owned(), Value::text(vpc));
    }
    if let Some(status) = group.subnet_group_status() {
        status.clone_into(&mut present.status);
    }
    present
}
