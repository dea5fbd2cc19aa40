//! Paged reads, and the readings that several kinds share in one run.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use aws_sdk_rds::types::{DbInstance, DbSubnetGroup};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use pgward_engine::{Fault, FaultKind, Owner};
use pgward_model::{Desired, Resource};
use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::tags::{self, Tags};
use crate::{keys, maintenance};

/// Entries of a page of RDS.
pub(crate) const PAGE: i32 = 100;

/// All entries of a paged read: `send` takes a page's marker, `take` gives entries and the next
/// marker.
///
/// # Errors
///
/// What AWS answered to any of the pages.
pub(crate) async fn pages<T, O, E, F>(
    aws: &Aws,
    action: &str,
    send: impl Fn(Option<String>) -> F + Send,
    take: impl Fn(O) -> (Vec<T>, Option<String>) + Send,
) -> Result<Vec<T>, Fault>
where
    T: Send,
    O: RequestId + Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send,
{
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let output = aws.session().call(action, send(marker)).await?;
        let (items, next) = take(output);
        all.extend(items);
        match next.filter(|next| !next.is_empty()) {
            Some(next) => marker = Some(next),
            None => return Ok(all),
        }
    }
}

/// Nothing, if AWS says that it does not exist.
///
/// # Errors
///
/// Every other fault.
pub(crate) fn absent<T>(result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Everything that is read once for all environments of a run, each at most once.
pub(crate) struct Fleet<'a> {
    pub(crate) aws: &'a Aws,
    environments: &'a [&'a Desired],
    tags: OnceCell<Result<BTreeMap<String, Tags>, Fault>>,
    instances: OnceCell<Result<Vec<DbInstance>, Fault>>,
    subnet_groups: OnceCell<Result<Vec<DbSubnetGroup>, Fault>>,
    keys: OnceCell<BTreeMap<String, Result<String, Fault>>>,
    maintenance: OnceCell<BTreeMap<String, Vec<String>>>,
    gaps: Mutex<BTreeSet<String>>,
}

impl<'a> Fleet<'a> {
    /// A run over several environments, nothing read yet.
    pub(crate) fn new(aws: &'a Aws, environments: &'a [&'a Desired]) -> Self {
        Self {
            aws,
            environments,
            tags: OnceCell::new(),
            instances: OnceCell::new(),
            subnet_groups: OnceCell::new(),
            keys: OnceCell::new(),
            maintenance: OnceCell::new(),
            gaps: Mutex::new(BTreeSet::new()),
        }
    }

    /// The environments.
    pub(crate) fn environments(&self) -> &'a [&'a Desired] {
        self.environments
    }

    /// The declared resources of a kind.
    pub(crate) fn declared(&self, kind: &str) -> Vec<&'a Resource> {
        self.environments
            .iter()
            .flat_map(|desired| desired.resources.values())
            .filter(|resource| resource.kind == kind)
            .collect()
    }

    /// Whether an owner is one of the run's environments.
    pub(crate) fn owns(&self, owner: Option<&Owner>) -> bool {
        owner.is_some_and(|owner| {
            self.environments
                .iter()
                .any(|desired| owner.is_of(&desired.environment.project, &desired.environment.name))
        })
    }

    /// Whether the tags name one of the run's environments.
    pub(crate) fn owns_tags(&self, tags: &Tags) -> bool {
        self.owns(tags::owner(tags).as_ref())
    }

    /// The projects of the run.
    pub(crate) fn projects(&self) -> BTreeSet<String> {
        self.environments
            .iter()
            .map(|desired| desired.environment.project.clone())
            .collect()
    }

    /// Notes a read that AWS denied or the endpoint lacks: "maintenance announced by AWS: access
    /// denied to rds:DescribePendingMaintenanceActions".
    pub(crate) fn gap(&self, what: &str, fault: &Fault) {
        let sentence = gap(what, fault);
        self.gaps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sentence);
    }

    /// The noted gaps.
    pub(crate) fn gaps(&self) -> Vec<String> {
        self.gaps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// The tags of everything that carries our projects' tags, by ARN.
    pub(crate) async fn tagged(&self) -> &Result<BTreeMap<String, Tags>, Fault> {
        self.tags.get_or_init(|| tags::tagged(self)).await
    }

    /// The tags of a resource that is known to exist.
    ///
    /// # Errors
    ///
    /// If they can't be read, so that the owner is unknown.
    pub(crate) async fn tags_of(&self, arn: &str) -> Result<Tags, Fault> {
        if let Ok(tagged) = self.tagged().await
            && let Some(tags) = tagged.get(arn)
        {
            return Ok(tags.clone());
        }
        tags::of_resource(self.aws, arn).await
    }

    /// The tags of several resources that are known to exist, in order.
    pub(crate) async fn tags_of_all(&self, arns: &[&str]) -> Vec<Result<Tags, Fault>> {
        let reads = arns
            .iter()
            .map(|arn| -> Boxed<'_, Result<Tags, Fault>> { Box::pin(self.tags_of(arn)) })
            .collect();
        join_all(reads).await
    }

    /// Whether the tags of a resource are known and name one of the run's environments.
    pub(crate) async fn is_ours(&self, arn: &str) -> bool {
        let tagged = self.tagged().await;
        tagged
            .as_ref()
            .is_ok_and(|tagged| tagged.get(arn).is_some_and(|tags| self.owns_tags(tags)))
    }

    /// All DB instances of the account and region.
    pub(crate) async fn instances(&self) -> Result<&[DbInstance], Fault> {
        let listed = self.instances.get_or_init(|| instances(self.aws)).await;
        listed.as_deref().map_err(Clone::clone)
    }

    /// All DB subnet groups of the account and region.
    pub(crate) async fn subnet_groups(&self) -> Result<&[DbSubnetGroup], Fault> {
        let listed = self
            .subnet_groups
            .get_or_init(|| subnet_groups(self.aws))
            .await;
        listed.as_deref().map_err(Clone::clone)
    }

    /// The ARNs of the KMS keys that the environments name, by what is written.
    pub(crate) async fn keys(&self) -> &BTreeMap<String, Result<String, Fault>> {
        self.keys.get_or_init(|| keys::resolve(self)).await
    }

    /// What AWS announces for DB instances, by ARN.
    pub(crate) async fn maintenance(&self) -> &BTreeMap<String, Vec<String>> {
        self.maintenance
            .get_or_init(|| maintenance::announced(self))
            .await
    }
}

/// A sentence about a read that failed.
pub(crate) fn gap(what: &str, fault: &Fault) -> String {
    let action = &fault.action;
    match fault.kind {
        FaultKind::Denied => format!("{what}: access denied to {action}"),
        FaultKind::Unsupported => format!("{what}: the endpoint does not know {action}"),
        _ => format!("{what}: {fault}"),
    }
}

async fn instances(aws: &Aws) -> Result<Vec<DbInstance>, Fault> {
    pages(
        aws,
        "rds:DescribeDBInstances",
        |marker| {
            aws.session()
                .rds()
                .describe_db_instances()
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| (output.db_instances.unwrap_or_default(), output.marker),
    )
    .await
}

async fn subnet_groups(aws: &Aws) -> Result<Vec<DbSubnetGroup>, Fault> {
    pages(
        aws,
        "rds:DescribeDBSubnetGroups",
        |marker| {
            let call = aws.session().rds().describe_db_subnet_groups();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| (output.db_subnet_groups.unwrap_or_default(), output.marker),
    )
    .await
}
