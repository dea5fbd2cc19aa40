//! `instance`: the DB instance of RDS that holds the data.

use async_trait::async_trait;
use pgward_engine::{Change, Create, Delete, Fault, FaultKind, Present};
use pgward_kinds::instance as attributes;
use pgward_kinds::instance::{MANAGED_PASSWORD, MASTER_SECRET, NEW_STORAGE as STORAGE};
use pgward_model::{Address, Object, Resource};

use super::database::{self, OfSource, Table};
use super::{Adapter, Found, int, text, texts};
use crate::aws::Aws;
use crate::check::versions;
use crate::keys;
use crate::listing::Fleet;
use crate::password::{self, Password};
use crate::tags;

/// The name of a secret that exists already, if a text of the spec names one: `existing:NAME`,
/// `secret-name:NAME`.
pub(crate) fn existing_secret(text: &str) -> Option<&str> {
    text.strip_prefix("existing:")
        .or_else(|| text.strip_prefix("secret-name:"))
}

/// The adapter.
pub(crate) struct Instance;

/// The attributes of `instance`.
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
    source: None,
    of_source: Some(&OWN),
};

static OWN: OfSource = OfSource {
    deletion_protection: &attributes::DELETION_PROTECTION,
    certificate: &attributes::CERTIFICATE,
    storage_type: &attributes::STORAGE_TYPE,
    storage: &attributes::STORAGE,
    grow_to: &attributes::GROW_TO,
    iops: &attributes::IOPS,
    throughput: &attributes::THROUGHPUT,
    encryption: &attributes::ENCRYPTION,
    subnet_group: &attributes::SUBNET_GROUP,
    backup_window: &attributes::BACKUP_WINDOW,
    master_username: &attributes::MASTER_USERNAME,
    managed_password: &MANAGED_PASSWORD,
    resource_id: &attributes::RESOURCE_ID,
};

#[async_trait]
impl Adapter for Instance {
    fn kind(&self) -> &'static str {
        "instance"
    }

    fn family(&self) -> &'static str {
        "database"
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        database::observe(fleet, self.kind(), &TABLE, |instance| {
            instance
                .read_replica_source_db_instance_identifier()
                .is_none()
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

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        create(aws, request).await
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        let managed = request.attributes.bool(MANAGED_PASSWORD.path);
        let password = match managed {
            Some(false) => master_password(aws, &request.resource, &request.names).await?,
            _ => None,
        };
        database::modify(aws, request, &TABLE, |call| {
            let call = call.set_manage_master_user_password(managed);
            let call = match &password {
                Some(password) => call.master_user_password(password.reveal()),
                None => call,
            };
            (call, managed.is_some())
        })
        .await?;
        tags::change_rds(aws, &request.attributes, &request.live).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        database::delete(aws, request).await
    }

    async fn restart(&self, aws: &Aws, name: &str) -> Result<(), Fault> {
        database::restart(aws, name).await
    }
}

async fn create(aws: &Aws, request: &Create) -> Result<(), Fault> {
    let of = &request.resource.attributes;
    let managed = of.bool(MANAGED_PASSWORD.path).filter(|managed| *managed);
    let password = match managed {
        Some(true) => None,
        _ => master_password(aws, &request.resource, &request.names).await?,
    };
    let version = match text(of, &attributes::VERSION) {
        Some(written) => {
            let found = versions::to_create(aws, &written).await;
            Some(versions::to_send(found, &written)?)
        }
        None => None,
    };
    let mut call = aws
        .session()
        .rds_once()
        .create_db_instance()
        .db_instance_identifier(&request.resource.name)
        .engine("postgres")
        .set_engine_version(version)
        .set_db_instance_class(text(of, &attributes::CLASS))
        .set_multi_az(of.bool(attributes::MULTI_AZ.path))
        .set_publicly_accessible(of.bool(attributes::PUBLIC.path))
        .set_deletion_protection(of.bool(attributes::DELETION_PROTECTION.path))
        .set_ca_certificate_identifier(text(of, &attributes::CERTIFICATE))
        .storage_type(text(of, &attributes::STORAGE_TYPE).unwrap_or_else(|| STORAGE.to_owned()))
        .set_allocated_storage(int(of, &attributes::STORAGE))
        .set_max_allocated_storage(int(of, &attributes::GROW_TO))
        .set_iops(int(of, &attributes::IOPS))
        .set_storage_throughput(int(of, &attributes::THROUGHPUT))
        .set_port(int(of, &attributes::PORT))
        .set_enable_iam_database_authentication(of.bool(attributes::IAM_AUTHENTICATION.path))
        .set_db_parameter_group_name(text(of, &attributes::PARAMETERS))
        .set_db_subnet_group_name(text(of, &attributes::SUBNET_GROUP))
        .set_vpc_security_group_ids(texts(of, &attributes::SECURITY_GROUPS))
        .set_preferred_backup_window(text(of, &attributes::BACKUP_WINDOW))
        .set_backup_retention_period(int(of, &attributes::RETENTION))
        .set_copy_tags_to_snapshot(of.bool(attributes::COPY_TAGS.path))
        .set_preferred_maintenance_window(text(of, &attributes::MAINTENANCE_WINDOW))
        .set_auto_minor_version_upgrade(of.bool(attributes::MINOR_UPGRADES.path))
        .set_master_username(text(of, &attributes::MASTER_USERNAME))
        .set_manage_master_user_password(managed)
        .set_enable_cloudwatch_logs_exports(texts(of, &attributes::LOGS).filter(|l| !l.is_empty()))
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
    call = match encryption(of) {
        Some(key) => call.storage_encrypted(true).kms_key_id(key),
        None => call.storage_encrypted(false),
    };
    if let Some(password) = &password {
        call = call.master_user_password(password.reveal());
    }
    aws.session()
        .once("rds:CreateDBInstance", || call.clone().send())
        .await?;
    Ok(())
}

/// The declared key as RDS takes it; nothing for a database that is not encrypted.
fn encryption(of: &Object) -> Option<String> {
    text(of, &attributes::ENCRYPTION)
        .filter(|written| written != keys::NONE)
        .map(|written| keys::as_aws_takes_it(&written))
}

/// The master password, read from its secret; nothing if the spec names none.
async fn master_password(
    aws: &Aws,
    resource: &Resource,
    names: &std::collections::BTreeMap<Address, String>,
) -> Result<Option<Password>, Fault> {
    let Some(written) = resource.attributes.text(MASTER_SECRET.path) else {
        return Ok(None);
    };
    let name = match existing_secret(written) {
        Some(name) => name.to_owned(),
        None => names.get(&Address::new(written)).cloned().ok_or_else(|| {
            let message = format!("`{written}` has no name in AWS");
            Fault::new(FaultKind::Invalid, "secretsmanager:GetSecretValue", message)
        })?,
    };
    password::of_secret(aws, &name).await.map(Some)
}
