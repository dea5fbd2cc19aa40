//! A DB instance in the words of the table: what is in effect and what waits.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{
    DatabaseInsightsMode, DbInstance, PendingModifiedValues, StorageEncryptionType,
};
use pgward_engine::{Fault, Present, Readiness};
use pgward_model::{Object, Resource, Value};

use super::{OfSource, Table, queue, status};
use crate::keys;
use crate::kinds::{int_value, text_value};
use crate::tags;

/// The mode of Database Insights where AWS names none.
const STANDARD: &str = "standard";

/// KMS keys by what is written.
type Keys = BTreeMap<String, Result<String, Fault>>;

/// The instance in the words of the table.
pub(crate) fn read(
    instance: &DbInstance,
    table: &Table,
    declared: Option<&Resource>,
    keys: &Keys,
) -> Present {
    let name = instance.db_instance_identifier().unwrap_or_default();
    let arn = instance.db_instance_arn().unwrap_or_default();
    let mut present = tags::present(name, arn, &tags::from_rds(instance.tag_list()));
    read_common(instance, table, &mut present.now);
    if let Some(of_source) = table.of_source {
        read_own(instance, of_source, declared, keys, &mut present.now);
    }
    present.followers = instance
        .read_replica_db_instance_identifiers()
        .iter()
        .map(|name| without_arn(name).to_owned())
        .collect();
    if let Some(pending) = instance.pending_modified_values() {
        read_pending(instance, pending, table, &mut present.waiting);
        present.waiting_too = queue::others(pending, table);
    }
    instance
        .db_instance_status()
        .unwrap_or("creating")
        .clone_into(&mut present.status);
    (present.readiness, present.advice) = status::of_instance(instance);
    present.without_snapshot = status::is_without_snapshot(&present.status);
    present.unfinished = present.readiness == Readiness::Busy && is_unborn(instance);
    for group in instance.db_parameter_groups() {
        let name = group.db_parameter_group_name().unwrap_or_default();
        match group.parameter_apply_status().unwrap_or_default() {
            "pending-reboot" => present.waits_for_restart = true,
            "failed-to-apply" => {
                present
                    .remarks
                    .push(format!("RDS could not apply parameter group {name}"));
            }
            _ => {}
        }
    }
    outputs(instance, &mut present);
    present
}

fn read_common(instance: &DbInstance, table: &Table, now: &mut Object) {
    now.set_some(
        table.name.path,
        text_value(instance.db_instance_identifier()),
    );
    let class = instance.db_instance_class().map(str::to_ascii_lowercase);
    now.set_some(table.class.path, class.map(Value::Text));
    now.set_some(table.version.path, text_value(instance.engine_version()));
    now.set_some(
        table.retention.path,
        int_value(instance.backup_retention_period()),
    );
    now.set(table.multi_az.path, flag(instance.multi_az()));
    now.set(table.public.path, flag(instance.publicly_accessible()));
    now.set_some(table.port.path, int_value(port(instance)));
    let group = instance.db_parameter_groups().first();
    let group = group.and_then(|group| group.db_parameter_group_name());
    now.set_some(table.parameters.path, text_value(group));
    let groups: BTreeSet<&str> = instance
        .vpc_security_groups()
        .iter()
        .filter(|group| group.status() != Some("removing"))
        .filter_map(|group| group.vpc_security_group_id())
        .collect();
    now.set(table.security_groups.path, Value::texts(groups));
    now.set(table.copy_tags.path, flag(instance.copy_tags_to_snapshot()));
    let window = instance
        .preferred_maintenance_window()
        .map(str::to_ascii_lowercase);
    now.set_some(table.maintenance_window.path, window.map(Value::Text));
    now.set(
        table.minor_upgrades.path,
        flag(instance.auto_minor_version_upgrade()),
    );
    now.set(
        table.iam_authentication.path,
        flag(instance.iam_database_authentication_enabled()),
    );
    let interval = instance.monitoring_interval().unwrap_or_default();
    now.set(table.enhanced.path, Value::Int(interval.into()));
    if interval > 0 {
        now.set_some(
            table.monitoring_role.path,
            text_value(instance.monitoring_role_arn()),
        );
    }
    let insights = match instance.performance_insights_enabled() {
        Some(true) => instance
            .performance_insights_retention_period()
            .unwrap_or(7),
        _ => 0,
    };
    now.set(table.insights.path, Value::Int(insights.into()));
    let mode = instance.database_insights_mode();
    let mode = mode.map_or(STANDARD, DatabaseInsightsMode::as_str);
    now.set(table.insights_mode.path, Value::text(mode));
    now.set(table.logs.path, Value::texts(logs(instance)));
    let endpoint = instance.endpoint().and_then(|endpoint| endpoint.address());
    now.set_some(table.endpoint.path, text_value(endpoint));
    if let Some(source) = table.source {
        let of = instance.read_replica_source_db_instance_identifier();
        now.set_some(source.path, text_value(of.map(without_arn)));
    }
}

/// The name in an ARN of a DB instance of another region; a plain name as it is.
fn without_arn(name: &str) -> &str {
    if name.starts_with("arn:") {
        name.rsplit(':').next().unwrap_or(name)
    } else {
        name
    }
}

fn read_own(
    instance: &DbInstance,
    table: &OfSource,
    declared: Option<&Resource>,
    keys: &Keys,
    now: &mut Object,
) {
    now.set(
        table.deletion_protection.path,
        flag(instance.deletion_protection()),
    );
    now.set_some(
        table.certificate.path,
        text_value(instance.ca_certificate_identifier()),
    );
    let storage_type = instance.storage_type().map(str::to_ascii_lowercase);
    now.set_some(table.storage_type.path, storage_type.map(Value::Text));
    let size = instance.allocated_storage();
    now.set_some(table.storage.path, int_value(size));
    let limit = instance
        .max_allocated_storage()
        .filter(|limit| Some(*limit) > size);
    now.set_some(table.grow_to.path, int_value(limit));
    now.set_some(table.iops.path, int_value(instance.iops()));
    now.set_some(
        table.throughput.path,
        int_value(instance.storage_throughput()),
    );
    let written = declared.and_then(|resource| resource.attributes.text(table.encryption.path));
    now.set(
        table.encryption.path,
        Value::Text(encryption(instance, written, keys)),
    );
    let group = instance
        .db_subnet_group()
        .and_then(|group| group.db_subnet_group_name());
    now.set_some(table.subnet_group.path, text_value(group));
    now.set_some(
        table.backup_window.path,
        text_value(instance.preferred_backup_window()),
    );
    now.set_some(
        table.master_username.path,
        text_value(instance.master_username()),
    );
    now.set(
        table.managed_password.path,
        Value::Bool(instance.master_user_secret().is_some()),
    );
    now.set_some(
        table.resource_id.path,
        text_value(instance.dbi_resource_id()),
    );
}

/// The key in the words of the spec, or "none"; `sse-rds` when AWS owns the key.
fn encryption(instance: &DbInstance, written: Option<&str>, keys: &Keys) -> String {
    let by_aws = instance.storage_encryption_type() == Some(&StorageEncryptionType::Sse);
    match instance.kms_key_id() {
        Some(key) if instance.storage_encrypted() != Some(false) => {
            keys::in_words(key, written, keys)
        }
        _ if by_aws && written == Some(keys::NONE) => keys::NONE.to_owned(),
        _ if by_aws => StorageEncryptionType::Sse.as_str().to_owned(),
        _ => keys::NONE.to_owned(),
    }
}

/// Whether an instance was never available: AWS gives the endpoint at the end of the creation.
fn is_unborn(instance: &DbInstance) -> bool {
    instance.endpoint().is_none() && instance.instance_create_time().is_none()
}

fn port(instance: &DbInstance) -> Option<i32> {
    let endpoint = instance.endpoint().and_then(|endpoint| endpoint.port());
    endpoint
        .or(instance.db_instance_port())
        .filter(|port| *port > 0)
}

fn logs(instance: &DbInstance) -> BTreeSet<&str> {
    instance
        .enabled_cloudwatch_logs_exports()
        .iter()
        .map(String::as_str)
        .collect()
}

/// An absent truth value is false.
fn flag(value: Option<bool>) -> Value {
    Value::Bool(value.unwrap_or(false))
}

fn read_pending(
    instance: &DbInstance,
    pending: &PendingModifiedValues,
    table: &Table,
    waiting: &mut Object,
) {
    let class = pending.db_instance_class().map(str::to_ascii_lowercase);
    waiting.set_some(table.class.path, class.map(Value::Text));
    waiting.set_some(table.version.path, text_value(pending.engine_version()));
    waiting.set_some(
        table.retention.path,
        int_value(pending.backup_retention_period()),
    );
    waiting.set_some(table.multi_az.path, pending.multi_az().map(Value::Bool));
    let iam = pending.iam_database_authentication_enabled();
    waiting.set_some(table.iam_authentication.path, iam.map(Value::Bool));
    if let Some(exports) = pending.pending_cloudwatch_logs_exports() {
        // RDS names the logs to switch by what they become.
        let mut after = logs(instance);
        after.extend(exports.log_types_to_enable().iter().map(String::as_str));
        for off in exports.log_types_to_disable() {
            after.remove(off.as_str());
        }
        if after != logs(instance) {
            waiting.set(table.logs.path, Value::texts(after));
        }
    }
    waiting.set_some(table.port.path, int_value(pending.port()));
    let Some(own) = table.of_source else { return };
    waiting.set_some(own.storage.path, int_value(pending.allocated_storage()));
    waiting.set_some(own.iops.path, int_value(pending.iops()));
    waiting.set_some(own.throughput.path, int_value(pending.storage_throughput()));
    let storage_type = pending.storage_type().map(str::to_ascii_lowercase);
    waiting.set_some(own.storage_type.path, storage_type.map(Value::Text));
    waiting.set_some(
        own.certificate.path,
        text_value(pending.ca_certificate_identifier()),
    );
    waiting.set_some(
        own.subnet_group.path,
        text_value(pending.db_subnet_group_name()),
    );
}

fn outputs(instance: &DbInstance, present: &mut Present) {
    let endpoint = instance.endpoint();
    let secret = instance.master_user_secret();
    let texts = [
        ("id", instance.db_instance_identifier()),
        ("name", instance.db_instance_identifier()),
        ("arn", instance.db_instance_arn()),
        ("endpoint", endpoint.and_then(|endpoint| endpoint.address())),
        ("resource_id", instance.dbi_resource_id()),
        ("secret_arn", secret.and_then(|secret| secret.secret_arn())),
        (
            "master_secret_arn",
            secret.and_then(|secret| secret.secret_arn()),
        ),
    ];
    for (output, text) in texts {
        if let Some(text) = text {
            present.outputs.insert(output.to_owned(), Value::text(text));
        }
    }
    if let Some(port) = port(instance) {
        present
            .outputs
            .insert("port".to_owned(), Value::Int(port.into()));
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{
        DbParameterGroupStatus, Endpoint, PendingCloudwatchLogsExports, VpcSecurityGroupMembership,
    };
    use pgward_engine::Readiness;
    use pgward_kinds::{instance, replica};

    use super::*;
    use crate::kinds::instance::TABLE;

    fn live() -> aws_sdk_rds::types::builders::DbInstanceBuilder {
        DbInstance::builder()
            .db_instance_identifier("shop-prod")
            .db_instance_status("available")
            .allocated_storage(120)
            .max_allocated_storage(120)
            .engine_version("16.10")
            .endpoint(
                Endpoint::builder()
                    .address("shop-prod.example")
                    .port(5432)
                    .build(),
            )
            .db_instance_port(0)
    }

    #[test]
    fn what_is_absent_in_the_answer_has_its_meaning() {
        let present = read(&live().build(), &TABLE, None, &Keys::new());
        let now = &present.now;
        assert_eq!(now.get(instance::GROW_TO.path), None);
        assert_eq!(now.int(instance::PORT.path), Some(5432));
        assert_eq!(now.int(instance::INSIGHTS.path), Some(0));
        assert_eq!(now.text(instance::ENCRYPTION.path), Some("none"));
        assert_eq!(now.bool(instance::MANAGED_PASSWORD.path), Some(false));
        assert!(now.texts(instance::LOGS.path).is_empty());
        assert_eq!(present.readiness, Readiness::Ready);
    }

    #[test]
    fn what_waits_stands_beside_what_is_in_effect() {
        let exports = PendingCloudwatchLogsExports::builder().log_types_to_enable("upgrade");
        let pending = PendingModifiedValues::builder()
            .db_instance_class("db.M6G.large")
            .pending_cloudwatch_logs_exports(exports.build());
        let instance = live()
            .enabled_cloudwatch_logs_exports("postgresql")
            .pending_modified_values(pending.build())
            .db_parameter_groups(
                DbParameterGroupStatus::builder()
                    .parameter_apply_status("pending-reboot")
                    .build(),
            )
            .build();
        let present = read(&instance, &TABLE, None, &Keys::new());
        assert_eq!(
            present.waiting.text(instance::CLASS.path),
            Some("db.m6g.large")
        );
        assert_eq!(
            present.waiting.texts(instance::LOGS.path),
            ["postgresql", "upgrade"]
        );
        assert!(present.waits_for_restart);
    }

    #[test]
    fn a_security_group_on_its_way_in_keeps_the_instance_busy() {
        let adding = VpcSecurityGroupMembership::builder()
            .vpc_security_group_id("sg-1")
            .status("adding")
            .build();
        let present = read(
            &live().vpc_security_groups(adding).build(),
            &crate::kinds::replica::TABLE,
            None,
            &Keys::new(),
        );
        assert_eq!(present.readiness, Readiness::Busy);
        assert_eq!(present.now.texts(replica::SECURITY_GROUPS.path), ["sg-1"]);
    }
}
