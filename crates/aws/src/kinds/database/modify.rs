//! One `ModifyDBInstance` with only what changes, and with what RDS wants to see beside it
//! (reference: storage and classes, 2 and 3).

use std::collections::BTreeSet;

use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DatabaseInsightsMode};
use pgward_engine::{Change, Fault};
use pgward_model::Attribute;

use super::{OfSource, Table};
use crate::aws::Aws;
use crate::check::versions;
use crate::kinds::{int, text, texts};

/// From this size on, in GiB, gp3 volumes are striped and take I/O settings.
const STRIPED: i32 = 400;

/// Sends the attributes to change in one call; none if nothing of them is sent this way.
///
/// `finish` adds what only one kind has; it says whether it added something.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn modify(
    aws: &Aws,
    request: &Change,
    table: &Table,
    finish: impl FnOnce(ModifyDBInstanceFluentBuilder) -> (ModifyDBInstanceFluentBuilder, bool) + Send,
) -> Result<(), Fault> {
    let call = aws
        .session()
        .rds()
        .modify_db_instance()
        .db_instance_identifier(&request.live.name)
        .apply_immediately(request.immediate);
    let mut form = Form {
        call,
        touched: false,
        request,
    };
    form.common(table);
    if let Some(own) = table.of_source {
        form.storage(own);
        form.own(own);
    }
    form.retention(table);
    form.version(aws, table).await?;
    let (call, more) = finish(form.call);
    if form.touched || more {
        let answer = aws
            .session()
            .call("rds:ModifyDBInstance", call.send())
            .await;
        match answer {
            // What was asked for has come about meanwhile; the next look shows it.
            Err(fault) if fault.message.contains("No modifications were requested") => {}
            answer => drop(answer?),
        }
    }
    Ok(())
}

/// The call as it is filled in.
struct Form<'a> {
    call: ModifyDBInstanceFluentBuilder,
    touched: bool,
    request: &'a Change,
}

impl Form<'_> {
    /// Whether an attribute changes.
    fn changes(&mut self, attribute: &Attribute) -> bool {
        let changes = self.request.attributes.get(attribute.path).is_some();
        self.touched |= changes;
        changes
    }

    fn text(&mut self, attribute: &Attribute) -> Option<String> {
        let value = text(&self.request.attributes, attribute);
        self.touched |= value.is_some();
        value
    }

    fn int(&mut self, attribute: &Attribute) -> Option<i32> {
        let value = int(&self.request.attributes, attribute);
        self.touched |= value.is_some();
        value
    }

    fn flag(&mut self, attribute: &Attribute) -> Option<bool> {
        let value = self.request.attributes.bool(attribute.path);
        self.touched |= value.is_some();
        value
    }

    /// The whole number as declared, else as it is.
    fn settled(&self, attribute: &Attribute) -> Option<i32> {
        let declared = &self.request.resource.attributes;
        int(&self.request.attributes, attribute)
            .or_else(|| int(declared, attribute))
            .or_else(|| int(&self.request.live.now, attribute))
    }

    fn common(&mut self, table: &Table) {
        let class = self.text(table.class);
        let multi_az = self.flag(table.multi_az);
        let public = self.flag(table.public);
        let port = self.int(table.port);
        let parameters = self.text(table.parameters);
        let copy_tags = self.flag(table.copy_tags);
        let window = self.text(table.maintenance_window);
        let minor_upgrades = self.flag(table.minor_upgrades);
        let iam = self.flag(table.iam_authentication);
        let groups = texts(&self.request.attributes, table.security_groups);
        self.touched |= groups.is_some();
        self.call = self
            .call
            .clone()
            .set_db_instance_class(class)
            .set_multi_az(multi_az)
            .set_publicly_accessible(public)
            .set_db_port_number(port)
            .set_db_parameter_group_name(parameters)
            .set_copy_tags_to_snapshot(copy_tags)
            .set_preferred_maintenance_window(window)
            .set_auto_minor_version_upgrade(minor_upgrades)
            .set_enable_iam_database_authentication(iam)
            .set_vpc_security_group_ids(groups);
        self.monitoring(table);
        self.insights(table);
        self.logs(table);
    }

    /// Interval and role travel together; switched off, the role stays out.
    fn monitoring(&mut self, table: &Table) {
        if !self.changes(table.enhanced) && !self.changes(table.monitoring_role) {
            return;
        }
        let interval = self.settled(table.enhanced).unwrap_or_default();
        let role = [&self.request.attributes, &self.request.resource.attributes]
            .into_iter()
            .chain([&self.request.live.now])
            .find_map(|of| text(of, table.monitoring_role));
        self.call = self
            .call
            .clone()
            .monitoring_interval(interval)
            .set_monitoring_role_arn(role.filter(|_| interval > 0));
    }

    fn insights(&mut self, table: &Table) {
        let mode = self.text(table.insights_mode);
        self.call = self
            .call
            .clone()
            .set_database_insights_mode(mode.as_deref().map(DatabaseInsightsMode::from));
        if let Some(days) = self.int(table.insights) {
            self.call = self
                .call
                .clone()
                .enable_performance_insights(days > 0)
                .set_performance_insights_retention_period((days > 0).then_some(days));
        }
    }

    /// RDS takes what is to be switched on and off, not the list.
    fn logs(&mut self, table: &Table) {
        let Some(declared) = texts(&self.request.attributes, table.logs) else {
            return;
        };
        let live = &self.request.live;
        let before = if live.waiting.get(table.logs.path).is_some() {
            &live.waiting
        } else {
            &live.now
        };
        let before: BTreeSet<&str> = before.texts(table.logs.path).into_iter().collect();
        let after: BTreeSet<&str> = declared.iter().map(String::as_str).collect();
        let list = |items: BTreeSet<&&str>| {
            let items: Vec<String> = items.into_iter().map(|item| (*item).to_owned()).collect();
            (!items.is_empty()).then_some(items)
        };
        let enable = list(after.difference(&before).collect());
        let disable = list(before.difference(&after).collect());
        if enable.is_none() && disable.is_none() {
            return;
        }
        self.touched = true;
        let exports = CloudwatchLogsExportConfiguration::builder()
            .set_enable_log_types(enable)
            .set_disable_log_types(disable);
        self.call = self
            .call
            .clone()
            .cloudwatch_logs_export_configuration(exports.build());
    }

    /// Size, IOPS and throughput: RDS wants the size with each of them, and the IOPS with the size
    /// where the volume takes them.
    fn storage(&mut self, own: &OfSource) {
        let changed = [own.storage, own.iops, own.throughput, own.storage_type];
        if !changed
            .map(|attribute| self.changes(attribute))
            .contains(&true)
        {
            return;
        }
        let attributes = &self.request.attributes;
        let live = &self.request.live.now;
        let before = int(live, own.storage).unwrap_or_default();
        let size = int(attributes, own.storage).unwrap_or(before).max(before);
        let kind_before = text(live, own.storage_type);
        let kind = text(attributes, own.storage_type).or_else(|| kind_before.clone());
        let kind = kind.unwrap_or_default();
        let moves = kind_before.is_some_and(|before| before != kind);
        let takes_iops = match kind.as_str() {
            "io1" | "io2" => true,
            "gp3" => size >= STRIPED,
            _ => false,
        };
        let declared = |attribute: &Attribute| {
            int(attributes, attribute).or_else(|| int(&self.request.resource.attributes, attribute))
        };
        // What RDS reports of a small or another volume is not what the grown one may be sent.
        let crosses = moves || (kind == "gp3" && before < STRIPED);
        let kept = |attribute: &Attribute| if crosses { None } else { int(live, attribute) };
        let iops = declared(own.iops)
            .or_else(|| kept(own.iops))
            .filter(|_| takes_iops);
        let throughput = int(attributes, own.throughput);
        let alone = int(attributes, own.storage).is_none()
            && int(attributes, own.iops).is_none()
            && throughput.is_none();
        self.call = self
            .call
            .clone()
            .set_allocated_storage((!alone).then_some(size))
            .set_iops(int(attributes, own.iops).or(iops))
            .set_storage_throughput(throughput.or_else(|| {
                declared(own.throughput).filter(|_| crosses && kind == "gp3" && takes_iops)
            }))
            .set_storage_type(text(attributes, own.storage_type));
    }

    fn own(&mut self, own: &OfSource) {
        let grow_to = self.int(own.grow_to);
        let window = self.text(own.backup_window);
        let certificate = self.text(own.certificate);
        let protection = self.flag(own.deletion_protection);
        self.call = self
            .call
            .clone()
            .set_max_allocated_storage(grow_to)
            .set_preferred_backup_window(window)
            .set_ca_certificate_identifier(certificate)
            .set_deletion_protection(protection);
    }

    fn retention(&mut self, table: &Table) {
        if let Some(days) = self.int(table.retention) {
            self.call = self.call.clone().backup_retention_period(days);
        }
    }

    /// A version; with a major one go the permission and the group of the new family.
    async fn version(&mut self, aws: &Aws, table: &Table) -> Result<(), Fault> {
        let (own, parameters) = (table.version, table.parameters);
        let Some(declared) = self.text(own) else {
            return Ok(());
        };
        let live = text(&self.request.live.now, own).unwrap_or_default();
        let found = versions::upgrade_target(aws, &live, &declared).await;
        let version = versions::to_send(found, &declared)?;
        let major = versions::major(&version) != versions::major(&live);
        self.call = self.call.clone().engine_version(version);
        if major {
            let group = text(&self.request.resource.attributes, parameters);
            self.call = self
                .call
                .clone()
                .allow_major_version_upgrade(true)
                .set_db_parameter_group_name(group);
        }
        Ok(())
    }
}
