//! The engine's door to AWS, and what a run remembers between its calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_sdk_rds::types::DbEngineVersion;
use pgward_engine::{
    Adopt, Caller, Change, Changes, Checked, Create, Delete, Discovery, Fault, FaultKind, Live,
    Observation, Present, Remote, Snapshot,
};
use pgward_model::{Desired, Resource};
use tokio::sync::OnceCell;

use crate::calls::CallRecord;
use crate::password::Password;
use crate::session::Session;
use crate::{account, check, discover, kinds, observe};

/// One account and region of AWS as the engine's [`Remote`].
#[derive(Debug)]
pub struct Aws {
    session: Session,
    caller: OnceCell<Caller>,
    versions: OnceCell<Vec<DbEngineVersion>>,
    declared: Mutex<BTreeMap<(String, String), Resource>>,
    keys: Mutex<BTreeMap<String, Result<String, Fault>>>,
    passwords: Mutex<BTreeMap<String, Password>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Aws {
    /// AWS through a session.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            caller: OnceCell::new(),
            versions: OnceCell::new(),
            declared: Mutex::new(BTreeMap::new()),
            keys: Mutex::new(BTreeMap::new()),
            passwords: Mutex::new(BTreeMap::new()),
        }
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Every call so far, in the order in which they ended.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.session.calls().records()
    }

    /// The caller, if it was asked for.
    pub(crate) fn known_caller(&self) -> Option<&Caller> {
        self.caller.get()
    }

    /// The versions of PostgreSQL on offer, read once.
    ///
    /// # Errors
    ///
    /// What AWS answered.
    pub(crate) async fn versions(&self) -> Result<&[DbEngineVersion], Fault> {
        let read = || check::versions::list(self);
        self.versions.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// Keeps what is declared, so that [`Remote::look`] reads by it.
    pub(crate) fn remember(&self, resource: &Resource) {
        let key = (resource.kind.clone(), resource.name.clone());
        lock(&self.declared).insert(key, resource.clone());
    }

    fn remembered(&self, kind: &str, name: &str) -> Option<Resource> {
        lock(&self.declared)
            .get(&(kind.to_owned(), name.to_owned()))
            .cloned()
    }

    /// Keeps the ARNs of KMS keys.
    pub(crate) fn remember_keys(&self, keys: &BTreeMap<String, Result<String, Fault>>) {
        lock(&self.keys).extend(
            keys.iter()
                .map(|(written, found)| (written.clone(), found.clone())),
        );
    }

    /// The ARNs of KMS keys that were looked up.
    pub(crate) fn remembered_keys(&self) -> BTreeMap<String, Result<String, Fault>> {
        lock(&self.keys).clone()
    }

    /// Everything that belongs to a DB instance, whoever made it; nothing if there is none.
    ///
    /// # Errors
    ///
    /// What AWS answered to any of the reads: half of an environment is none.
    pub async fn discover(&self, instance: &str) -> Result<Option<Discovery>, Fault> {
        discover::discover(self, instance).await
    }

    /// The password that this run generates for a secret: the same one for every attempt.
    pub(crate) fn password_for(&self, secret: &str) -> Password {
        lock(&self.passwords)
            .entry(secret.to_owned())
            .or_insert_with(Password::generate)
            .clone()
    }
}

#[async_trait]
impl Remote for Aws {
    async fn caller(&self) -> Result<Caller, Fault> {
        self.caller
            .get_or_try_init(|| account::caller(self))
            .await
            .cloned()
    }

    async fn observe(&self, environments: &[&Desired]) -> Vec<Live> {
        observe::observe(self, environments).await
    }

    async fn check(&self, desired: &Desired, live: &Live, changes: &Changes) -> Checked {
        check::check(self, desired, live, changes).await
    }

    async fn look(&self, kind: &str, name: &str) -> Observation {
        let Some(adapter) = kinds::find(kind) else {
            return unknown(kind);
        };
        let declared = self.remembered(kind, name);
        match adapter.look(self, name, declared.as_ref()).await {
            Ok(Some(present)) => Observation::present(present),
            Ok(None) => Observation::Absent,
            Err(fault) => Observation::Unreadable(Box::new(fault)),
        }
    }

    async fn look_again(&self, kind: &str, seen: &Present) -> Observation {
        let Some(adapter) = kinds::find(kind) else {
            return unknown(kind);
        };
        match adapter.look_again(self, seen).await {
            Ok(Some(present)) => Observation::present(present),
            Ok(None) => Observation::Absent,
            Err(fault) => Observation::Unreadable(Box::new(fault)),
        }
    }

    async fn snapshot(&self, instance: &Present, name: Option<&str>) -> Result<Snapshot, Fault> {
        kinds::database::snapshot(self, instance, name).await
    }

    async fn create(&self, request: &Create) -> Result<(), Fault> {
        let adapter = kinds::find(&request.resource.kind);
        let adapter = adapter.ok_or_else(|| no_adapter(&request.resource.kind))?;
        self.remember(&request.resource);
        adapter.create(self, request).await
    }

    async fn change(&self, request: &Change) -> Result<(), Fault> {
        let adapter = kinds::find(&request.resource.kind);
        let adapter = adapter.ok_or_else(|| no_adapter(&request.resource.kind))?;
        self.remember(&request.resource);
        adapter.change(self, request).await
    }

    async fn adopt(&self, request: &Adopt) -> Result<(), Fault> {
        let adapter = kinds::find(&request.kind).ok_or_else(|| no_adapter(&request.kind))?;
        adapter.adopt(self, request).await
    }

    async fn delete(&self, request: &Delete) -> Result<(), Fault> {
        let adapter = kinds::find(&request.kind).ok_or_else(|| no_adapter(&request.kind))?;
        adapter.delete(self, request).await
    }

    async fn restart(&self, kind: &str, name: &str) -> Result<(), Fault> {
        kinds::find(kind)
            .ok_or_else(|| no_adapter(kind))?
            .restart(self, name)
            .await
    }
}

fn no_adapter(kind: &str) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        kind,
        format!("there is no adapter for `{kind}`"),
    )
}

fn unknown(kind: &str) -> Observation {
    Observation::Unreadable(Box::new(no_adapter(kind)))
}
