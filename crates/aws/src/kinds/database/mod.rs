//! DB instances of RDS: what instances and replicas have in common.

mod modify;
mod queue;
pub(crate) mod read;
mod snapshot;
mod status;

use aws_sdk_rds::types::DbInstance;
use pgward_engine::{Delete, Fault, Present};
use pgward_model::{Attribute, Resource};

pub(crate) use modify::modify;
pub(crate) use read::read;
pub(crate) use snapshot::snapshot;

use super::Found;
use crate::aws::Aws;
use crate::keys;
use crate::listing::{Fleet, absent};
use crate::tags::gone;

/// The attributes of a kind of DB instance, by what they are in RDS; nothing for those that the
/// kind does not manage.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) class: &'static Attribute,
    pub(crate) version: &'static Attribute,
    pub(crate) retention: &'static Attribute,
    pub(crate) multi_az: &'static Attribute,
    pub(crate) public: &'static Attribute,
    pub(crate) port: &'static Attribute,
    pub(crate) name: &'static Attribute,
    pub(crate) parameters: &'static Attribute,
    pub(crate) security_groups: &'static Attribute,
    pub(crate) copy_tags: &'static Attribute,
    pub(crate) maintenance_window: &'static Attribute,
    pub(crate) minor_upgrades: &'static Attribute,
    pub(crate) iam_authentication: &'static Attribute,
    pub(crate) enhanced: &'static Attribute,
    pub(crate) monitoring_role: &'static Attribute,
    pub(crate) insights: &'static Attribute,
    pub(crate) insights_mode: &'static Attribute,
    pub(crate) logs: &'static Attribute,
    pub(crate) endpoint: &'static Attribute,
    pub(crate) source: Option<&'static Attribute>,
    pub(crate) of_source: Option<&'static OfSource>,
}

/// The attributes that a replica inherits from its source.
#[derive(Debug)]
pub(crate) struct OfSource {
    pub(crate) deletion_protection: &'static Attribute,
    pub(crate) certificate: &'static Attribute,
    pub(crate) storage_type: &'static Attribute,
    pub(crate) storage: &'static Attribute,
    pub(crate) grow_to: &'static Attribute,
    pub(crate) iops: &'static Attribute,
    pub(crate) throughput: &'static Attribute,
    pub(crate) encryption: &'static Attribute,
    pub(crate) subnet_group: &'static Attribute,
    pub(crate) backup_window: &'static Attribute,
    pub(crate) master_username: &'static Attribute,
    pub(crate) managed_password: &'static Attribute,
    pub(crate) resource_id: &'static Attribute,
}

/// Reads the declared DB instances of a kind and those that carry our tags and are of its nature.
pub(crate) async fn observe(
    fleet: &Fleet<'_>,
    kind: &str,
    table: &Table,
    is_of_kind: fn(&DbInstance) -> bool,
) -> Found {
    let (instances, keys, maintenance) =
        tokio::join!(fleet.instances(), fleet.keys(), fleet.maintenance());
    let instances = match instances {
        Ok(instances) => instances,
        Err(fault) => return Found::failed(fault),
    };
    let declared = fleet.declared(kind);
    let mut found = Found::default();
    for instance in instances {
        let name = instance.db_instance_identifier().unwrap_or_default();
        let resource = declared
            .iter()
            .find(|resource| resource.name.eq_ignore_ascii_case(name));
        let mut present = read(instance, table, resource.copied(), keys);
        if resource.is_some() || (is_of_kind(instance) && fleet.owns(present.owner.as_ref())) {
            if let Some(sentences) = maintenance.get(&present.arn) {
                present.remarks.extend(sentences.iter().cloned());
            }
            found.add(name.to_ascii_lowercase(), Ok(present));
        }
    }
    found
}

/// Reads one DB instance.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn look(
    aws: &Aws,
    name: &str,
    table: &Table,
    declared: Option<&Resource>,
) -> Result<Option<Present>, Fault> {
    let call = aws
        .session()
        .rds()
        .describe_db_instances()
        .db_instance_identifier(name)
        .send();
    let Some(output) = absent(aws.session().call("rds:DescribeDBInstances", call).await)? else {
        return Ok(None);
    };
    let Some(instance) = output.db_instances().first() else {
        return Ok(None);
    };
    let written = table
        .of_source
        .and_then(|own| declared?.attributes.text(own.encryption.path));
    if let Some(written) = written.filter(|written| *written != keys::NONE) {
        keys::look_once(aws, written).await;
    }
    Ok(Some(read(
        instance,
        table,
        declared,
        &aws.remembered_keys(),
    )))
}

/// Deletes a DB instance; one that is on its way already is a success.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn delete(aws: &Aws, request: &Delete) -> Result<(), Fault> {
    let call = aws
        .session()
        .rds()
        .delete_db_instance()
        .db_instance_identifier(&request.live.name)
        .skip_final_snapshot(request.final_snapshot.is_none())
        .set_final_db_snapshot_identifier(request.final_snapshot.clone());
    match gone(
        aws.session()
            .call("rds:DeleteDBInstance", call.send())
            .await,
    ) {
        Err(fault) if fault.message.contains("already being deleted") => Ok(()),
        result => result,
    }
}

/// Restarts a DB instance.
///
/// # Errors
///
/// What AWS answered; a restart is never asked for twice.
pub(crate) async fn restart(aws: &Aws, name: &str) -> Result<(), Fault> {
    let call = aws
        .session()
        .rds_once()
        .reboot_db_instance()
        .db_instance_identifier(name);
    aws.session()
        .once("rds:RebootDBInstance", || call.clone().send())
        .await?;
    Ok(())
}
