//! One adapter per kind: maps attributes to fields of the SDK and back, and holds no rule about
//! what may change or when.

pub(crate) mod alarm;
pub(crate) mod database;
pub(crate) mod instance;
pub(crate) mod parameter_group;
pub(crate) mod proxy;
pub(crate) mod replica;
pub(crate) mod secret;
pub(crate) mod security_group;
pub(crate) mod subnet_group;

use std::collections::BTreeMap;

use async_trait::async_trait;
use pgward_engine::{Adopt, Change, Create, Delete, Fault, FaultKind, Observation, Present};
use pgward_model::{Attribute, Object, Resource, Value};

use crate::aws::Aws;
use crate::listing::Fleet;
use crate::tags;

/// Every adapter.
pub(crate) static ADAPTERS: [&dyn Adapter; 8] = [
    &subnet_group::SubnetGroup,
    &security_group::SecurityGroup,
    &parameter_group::ParameterGroup,
    &secret::Secret,
    &instance::Instance,
    &replica::Replica,
    &proxy::Proxy,
    &alarm::Alarm,
];

/// The adapter of a kind.
pub(crate) fn find(kind: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS
        .iter()
        .copied()
        .find(|adapter| adapter.kind() == kind)
}

/// How AWS is asked about one kind.
#[async_trait]
pub(crate) trait Adapter: Send + Sync {
    /// The kind in the catalog.
    fn kind(&self) -> &'static str;

    /// What shares one name space: kinds of one family can't have two resources of one key.
    fn family(&self) -> &'static str {
        self.kind()
    }

    /// The key of a declared resource in what [`Adapter::observe`] finds.
    fn key(&self, resource: &Resource) -> String {
        resource.name.to_ascii_lowercase()
    }

    /// Reads what is declared, and what carries the tags of the run's environments.
    async fn observe(&self, fleet: &Fleet<'_>) -> Found;

    /// Reads one resource by its name; nothing if AWS says that it does not exist.
    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault>;

    /// Reads a resource again that was seen before; nothing if it is gone, whatever has its name.
    async fn look_again(&self, aws: &Aws, seen: &Present) -> Result<Option<Present>, Fault> {
        let found = self.look(aws, &seen.name, None).await?;
        Ok(found.filter(|present| present.arn == seen.arn))
    }

    /// Creates a resource with its tags.
    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault>;

    /// Changes attributes; safe to repeat.
    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault>;

    /// Sets our tags and changes nothing else; safe to repeat.
    async fn adopt(&self, aws: &Aws, request: &Adopt) -> Result<(), Fault> {
        tags::add_rds(aws, &request.live.arn, &request.tags).await
    }

    /// Deletes a resource; absent is a success.
    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault>;

    /// Restarts a resource.
    async fn restart(&self, _aws: &Aws, name: &str) -> Result<(), Fault> {
        let message = format!("`{name}` can't be restarted");
        Err(Fault::new(FaultKind::Unsupported, self.kind(), message))
    }
}

/// What a read of a kind found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By key. What is not in it is absent, unless the read failed.
    pub(crate) seen: BTreeMap<String, Observation>,
    /// Why the whole kind can't be read.
    pub(crate) failed: Option<Fault>,
}

impl Found {
    /// Nothing is known.
    pub(crate) fn failed(fault: Fault) -> Self {
        Self {
            seen: BTreeMap::new(),
            failed: Some(fault),
        }
    }

    /// Adds a resource or the reason why it can't be read; one that AWS does not know any more went
    /// between two reads.
    pub(crate) fn add(&mut self, key: String, result: Result<Present, Fault>) {
        let observation = match result {
            Ok(present) => Observation::present(present),
            Err(fault) if fault.kind == FaultKind::NotFound => return,
            Err(fault) => Observation::Unreadable(Box::new(fault)),
        };
        self.seen.insert(key, observation);
    }

    /// What is known of a resource.
    pub(crate) fn of(&self, key: &str) -> Observation {
        match (self.seen.get(key), &self.failed) {
            (Some(observation), _) => observation.clone(),
            (None, Some(fault)) => Observation::Unreadable(Box::new(fault.clone())),
            (None, None) => Observation::Absent,
        }
    }
}

/// The text of an attribute, as SDK builders take it.
pub(crate) fn text(of: &Object, attribute: &Attribute) -> Option<String> {
    of.text(attribute.path).map(str::to_owned)
}

/// The whole number of an attribute, as SDK builders take it.
pub(crate) fn int(of: &Object, attribute: &Attribute) -> Option<i32> {
    of.int(attribute.path)
        .and_then(|number| i32::try_from(number).ok())
}

/// The texts of an attribute, as SDK builders take them.
pub(crate) fn texts(of: &Object, attribute: &Attribute) -> Option<Vec<String>> {
    of.get(attribute.path)?;
    Some(
        of.texts(attribute.path)
            .into_iter()
            .map(str::to_owned)
            .collect(),
    )
}

/// A text that AWS gave, if it gave one.
pub(crate) fn text_value(text: Option<&str>) -> Option<Value> {
    text.map(Value::text)
}

/// A number that AWS gave, if it gave one.
pub(crate) fn int_value(number: Option<i32>) -> Option<Value> {
    number.map(|number| Value::Int(i64::from(number)))
}
