//! The store of an environment: its folder, or the bucket of its team.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use pgward_aws::{S3Store, S3Written};
use pgward_engine::{Fault, FaultKind};
use pgward_model::Desired;
use pgward_store::{
    Condition, FolderStore, Object, ObjectStore, Objects, Place, Put, Store, StoreError,
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::args::Global;
use crate::assemble::Ground;
use crate::failure::Failure;

/// Another endpoint for S3 alone, as every SDK knows it.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_S3";

/// The buckets that a command uses, with the thread that speaks to them.
#[derive(Default)]
pub(crate) struct Teams {
    buckets: Mutex<BTreeMap<[String; 3], Arc<S3Store>>>,
    thread: Mutex<Option<Runtime>>,
}

impl Teams {
    /// The store of an environment; nothing is read or made. Simulated runs have a folder of their
    /// own, so that nothing of them is taken for real.
    pub(crate) fn store(
        &self,
        global: &Global,
        sandbox: bool,
        folder: &Path,
        desired: &Desired,
    ) -> Result<Arc<dyn Store>, Failure> {
        let of = &desired.environment;
        if sandbox {
            let place = Place::new(folder.join("sandbox"), &of.project, &of.name);
            return Ok(Arc::new(FolderStore::new(place)));
        }
        let Some(bucket) = desired.store.strip_prefix("s3://") else {
            let place = Place::new(folder, &of.project, &of.name);
            return Ok(Arc::new(FolderStore::new(place)));
        };
        let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        let objects = Bucket {
            handle: self.thread()?,
            store: self.bucket(global, of, bucket),
            name: bucket.to_owned(),
        };
        let store = ObjectStore::new(Arc::new(objects), prefix, &of.project, &of.name);
        Ok(Arc::new(store))
    }

    fn bucket(
        &self,
        global: &Global,
        of: &pgward_model::Environment,
        bucket: &str,
    ) -> Arc<S3Store> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = [of.account.clone(), of.region.clone(), bucket.to_owned()];
        let store = buckets.entry(key).or_insert_with(|| {
            let mut global = global.clone();
            if let Ok(endpoint) = std::env::var(ENDPOINT) {
                global.endpoint_url = Some(endpoint).filter(|endpoint| !endpoint.is_empty());
            }
            let session = Ground::Aws.session(&global, &of.account, &of.region);
            Arc::new(S3Store::new(Arc::new(session), bucket, &of.account))
        });
        Arc::clone(store)
    }

    /// The thread that speaks to buckets, also while the run's own waits for a person or a line of
    /// the journal.
    fn thread(&self) -> Result<Handle, Failure> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = thread.as_ref() {
            return Ok(runtime.handle().clone());
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store")
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        let handle = runtime.handle().clone();
        *thread = Some(runtime);
        Ok(handle)
    }
}

impl Drop for Teams {
    fn drop(&mut self) {
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = thread.take() {
            runtime.shutdown_background();
        }
    }
}

/// A bucket as the store knows it: calls wait for the answer.
#[derive(Debug)]
struct Bucket {
    handle: Handle,
    store: Arc<S3Store>,
    name: String,
}

impl Bucket {
    fn wait<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let (sender, receiver) = mpsc::sync_channel(1);
        drop(self.handle.spawn(async move {
            // Nobody waits any more if the program ends.
            drop(sender.send(call.await));
        }));
        receiver
            .recv()
            .unwrap_or_else(|_| Err(Fault::new(FaultKind::Other, "s3", "the program ends")))
    }

    fn error(&self, action: &'static str, key: &str, fault: &Fault) -> StoreError {
        let mut why = fault.to_string();
        if let Some(hint) = hint(fault) {
            why.push_str("; ");
            why.push_str(hint);
        }
        StoreError::Object {
            action,
            key: self.shown(key),
            why,
        }
    }
}

/// What lies behind answers of S3 that do not say it.
fn hint(fault: &Fault) -> Option<&'static str> {
    match (fault.code.as_deref(), fault.kind) {
        (Some("NoSuchBucket"), _) => Some("pgward makes no bucket: make it, with versioning on"),
        (Some("PermanentRedirect" | "AuthorizationHeaderMalformed"), _) => {
            Some("the bucket must be in the region of the environment")
        }
        (_, FaultKind::Denied) => Some(
            "the store needs s3:GetObject, s3:PutObject and s3:ListBucket, and its bucket must \
             belong to the account of the environment",
        ),
        _ => None,
    }
}

impl Objects for Bucket {
    fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let (store, name) = (Arc::clone(&self.store), key.to_owned());
        let found = self.wait(async move { store.get(&name).await });
        let found = found.map_err(|fault| self.error("read", key, &fault))?;
        Ok(found.map(|object| Object {
            text: object.text,
            tag: object.tag,
            age: object.age,
        }))
    }

    fn put(&self, key: &str, text: &str, condition: &Condition) -> Result<Put, StoreError> {
        let (store, name, text) = (Arc::clone(&self.store), key.to_owned(), text.to_owned());
        let tag = match condition {
            Condition::Absent => None,
            Condition::Tag(tag) => Some(tag.clone()),
        };
        let written = self.wait(async move { store.put(&name, text, tag.as_deref()).await });
        match written.map_err(|fault| self.error("write", key, &fault))? {
            S3Written::Done(tag) => Ok(Put::Done(tag)),
            S3Written::Moved => Ok(Put::Moved),
            S3Written::Again => Ok(Put::Again),
        }
    }

    fn shown(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }
}
