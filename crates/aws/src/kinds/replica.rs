//! `replica`: a DB instance of RDS that copies another one of its region.

use async_trait::async_trait;
use pgward_engine::{Change, Create, Delete, Fault, FaultKind, Present};
use pgward_kinds::replica as attributes;
use pgward_model::Resource;

use super::database::{self, Table};
use super::{Adapter, Found, int, text, texts};
use crate::aws::Aws;
use crate::listing::Fleet;
use crate::tags;

/// The adapter.
pub(crate) struct Replica;

/// The attributes of `replica`.
pub(crate) static TABLE: Table = Table {
    class: &attributes::CLASS,
    version: &attributes::VERSION,
    retention: &attributes::RETENTION,
    multi_az: &attributes::MULTI_AZ,
    public: &attributes::PUBLIC,
    port: &attributes::PORT,
    name: &attributes::NAME,
    parameters: &attributes::PARAMETERS,
    security_groups: &attributes::SECURITY_GROUPS,
    copy_tags: &attributes::COPY_TAGS,
    maintenance_window: &attributes::MAINTENANCE_WINDOW,
    minor_upgrades: &attributes::MINOR_UPGRADES,
    iam_authentication: &attributes::IAM_AUTHENTICATION,
    enhanced: &attributes::ENHANCED,
    monitoring_role: &attributes::MONITORING_ROLE,
    insights: &attributes::INSIGHTS,
    insights_mode: &attributes::INSIGHTS_MODE,
    logs: &attributes::LOGS,
    endpoint: &attributes::ENDPOINT,
    source: Some(&attributes::SOURCE),
    of_source: None,
};

#[async_trait]
impl Adapter for Replica {
    fn kind(&self) -> &'static str {
        "replica"
    }

    fn family(&self) -> &'static str {
        "database"
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        database::observe(fleet, self.kind(), &TABLE, |instance| {
            instance
                .read_replica_source_db_instance_identifier()
                .is_some()
        })
        .await
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        database::look(aws, name, &TABLE, declared).await
    }

    /// Sends what the creating call takes; the parameter group and the window follow in a change.
    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let mut call = aws
            .session()
            .rds_once()
            .create_db_instance_read_replica()
            .db_instance_identifier(&request.resource.name)
            .set_source_db_instance_identifier(text(of, &attributes::SOURCE))
            .set_db_instance_class(text(of, &attributes::CLASS))
            .set_multi_az(of.bool(attributes::MULTI_AZ.path))
            .set_publicly_accessible(of.bool(attributes::PUBLIC.path))
            .set_port(int(of, &attributes::PORT))
            .set_vpc_security_group_ids(texts(of, &attributes::SECURITY_GROUPS))
            .set_copy_tags_to_snapshot(of.bool(attributes::COPY_TAGS.path))
            .set_auto_minor_version_upgrade(of.bool(attributes::MINOR_UPGRADES.path))
            .set_enable_iam_database_authentication(of.bool(attributes::IAM_AUTHENTICATION.path))
            .set_enable_cloudwatch_logs_exports(
                texts(of, &attributes::LOGS).filter(|logs| !logs.is_empty()),
            )
            .set_tags(tags::to_rds(&request.tags));
        if let Some(interval) = int(of, &attributes::ENHANCED) {
            let role = text(of, &attributes::MONITORING_ROLE).filter(|_| interval > 0);
            call = call
                .monitoring_interval(interval)
                .set_monitoring_role_arn(role);
        }
        if let Some(days) = int(of, &attributes::INSIGHTS) {
            call = call
                .enable_performance_insights(days > 0)
                .set_performance_insights_retention_period((days > 0).then_some(days));
        }
        aws.session()
            .once("rds:CreateDBInstanceReadReplica", || call.clone().send())
            .await?;
        Ok(())
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        database::modify(aws, request, &TABLE, |call| (call, false)).await?;
        tags::change_rds(aws, &request.attributes, &request.live).await
    }

    /// A replica takes no final snapshot; what was promoted holds data of its own and stays.
    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        if request.live.now.text(attributes::SOURCE.path).is_none() {
            let message = format!(
                "`{}` is no replica any more: it was promoted and holds data of its own",
                request.live.name
            );
            return Err(Fault::new(
                FaultKind::Invalid,
                "rds:DeleteDBInstance",
                message,
            ));
        }
        let without = Delete {
            final_snapshot: None,
            ..request.clone()
        };
        database::delete(aws, &without).await
    }

    async fn restart(&self, aws: &Aws, name: &str) -> Result<(), Fault> {
        database::restart(aws, name).await
    }
}
