//! The way to AWS: SDK clients for one account and region, made when first used.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::request_id::RequestId;
use jiff::Timestamp;
use pgward_engine::{Fault, FaultKind};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::answer;
use crate::calls::{CallLog, CallRecord};
use crate::credentials::Chain;
use crate::retry::{ATTEMPTS, CountAttempts, InVain, Whole};

/// How often a request is sent before its call fails.
const ATTEMPTS_MAX: u32 = 8;
/// The longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(20);
/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a session is made from.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// AWS region; always from the spec.
    pub region: String,
    /// Profile to take credentials from, instead of the usual chain's choice.
    pub profile: Option<String>,
    /// Role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// Another endpoint than AWS's own, for every service.
    pub endpoint_url: Option<String>,
    /// The HTTP client; nothing for a real one.
    pub http_client: Option<SharedHttpClient>,
    /// How to wait; nothing for tokio's clock.
    pub sleep: Option<SharedAsyncSleep>,
    /// What time it is; nothing for the machine's clock.
    pub time: Option<SharedTimeSource>,
    /// Fixed access key instead of any found outside; the sandbox's name an account.
    pub credentials: Option<String>,
    /// How many calls may be in flight at once.
    pub max_concurrency: usize,
}

impl SessionOptions {
    /// Options for a region with the usual chain of credentials and 8 calls in flight.
    #[must_use]
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            profile: None,
            role_arn: None,
            endpoint_url: None,
            http_client: None,
            sleep: None,
            time: None,
            credentials: None,
            max_concurrency: 8,
        }
    }
}

/// SDK clients for one account and region, with a bound on calls in flight and a record of them.
#[derive(Debug)]
pub struct Session {
    shared: SdkConfig,
    region: String,
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    run: String,
    permits: Semaphore,
    log: Arc<CallLog>,
    start: Instant,
    unsupported: Mutex<BTreeMap<String, Fault>>,
    clients: Clients,
}

macro_rules! clients {
    ($($(#[doc = $doc:literal])+ $name:ident: $crate_name:ident, $retry:expr;)+) => {
        #[derive(Debug, Default)]
        struct Clients {
            $($name: OnceLock<$crate_name::Client>,)+
        }

        impl Session {
            $($(#[doc = $doc])+
            pub(crate) fn $name(&self) -> &$crate_name::Client {
                self.clients.$name.get_or_init(|| {
                    let partition = format!("{}-{}", self.run, stringify!($name));
                    let config = $crate_name::config::Builder::from(&self.shared)
                        .retry_config($retry)
                        .retry_partition(RetryPartition::new(partition))
                        .retry_classifier(InVain)
                        .interceptor(CountAttempts)
                        .interceptor(Whole)
                        .build();
                    $crate_name::Client::from_conf(config)
                })
            })+
        }
    };
}

clients! {
    /// RDS.
    rds: aws_sdk_rds, repeating();
    /// RDS for calls that must not be repeated blindly.
    rds_once: aws_sdk_rds, RetryConfig::disabled();
    /// EC2.
    ec2: aws_sdk_ec2, repeating();
    /// EC2 for calls that must not be repeated blindly.
    ec2_once: aws_sdk_ec2, RetryConfig::disabled();
    /// CloudWatch.
    cloudwatch: aws_sdk_cloudwatch, repeating();
    /// Secrets Manager.
    secrets: aws_sdk_secretsmanager, repeating();
    /// KMS.
    kms: aws_sdk_kms, repeating();
    /// SNS.
    sns: aws_sdk_sns, repeating();
    /// IAM.
    iam: aws_sdk_iam, repeating();
    /// STS.
    sts: aws_sdk_sts, repeating();
    /// Resource Groups Tagging.
    tagging: aws_sdk_resourcegroupstagging, repeating();
    /// Systems Manager.
    ssm: aws_sdk_ssm, repeating();
}

/// Repeats throttled and failed requests; explicit, so that no environment variable changes it.
pub(crate) fn repeating() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_max_backoff(BACKOFF_MAX)
}

impl Session {
    /// A session; makes no call and no client yet.
    #[must_use]
    pub fn new(options: SessionOptions) -> Self {
        let time = options
            .time
            .clone()
            .unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let sleep = options
            .sleep
            .clone()
            .unwrap_or_else(|| SharedAsyncSleep::new(TokioSleep::new()));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(options.region.clone()))
            .timeout_config(timeouts)
            .time_source(time.clone())
            .sleep_impl(sleep.clone())
            .credentials_provider(credentials(&options));
        if options.credentials.is_some() {
            shared = shared.identity_cache(aws_config::identity::IdentityCache::no_cache());
        } else {
            shared = shared.identity_cache(aws_config::identity::IdentityCache::lazy().build());
        }
        shared.set_http_client(options.http_client);
        shared.set_endpoint_url(options.endpoint_url);
        Self {
            shared: shared.build(),
            region: options.region,
            time,
            sleep,
            run: random_hex(),
            permits: Semaphore::new(options.max_concurrency.max(1)),
            log: Arc::new(CallLog::new()),
            start: Instant::now(),
            unsupported: Mutex::new(BTreeMap::new()),
            clients: Clients::default(),
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// What every client of this session is made from, for clients of other services.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.shared
    }

    /// The record of all calls.
    #[must_use]
    pub fn calls(&self) -> Arc<CallLog> {
        Arc::clone(&self.log)
    }

    /// 32 hex digits that are another for each session.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.time.now()).unwrap_or_default()
    }

    /// Waits.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }

    /// Makes a call: bounded, recorded, its failure sorted.
    ///
    /// An action that the endpoint turned out not to know is not asked for again.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    pub(crate) fn call<'a, O, E>(
        &'a self,
        action: &'a str,
        future: impl Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send + 'a,
    ) -> impl Future<Output = Result<O, Fault>> + Send + 'a
    where
        O: RequestId + Send + 'a,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        // The futures of the SDK are large; on the heap they don't make all of ours large as well.
        let future = Box::pin(future);
        async move {
            if let Some(fault) = self.unsupported().get(action) {
                return Err(fault.clone());
            }
            let _permit = self
                .permits
                .acquire()
                .await
                .expect("the semaphore is never closed");
            let started = Instant::now();
            let (result, attempts) = ATTEMPTS
                .scope(Cell::new(0), async {
                    let result = future.await;
                    (result, ATTEMPTS.with(Cell::get))
                })
                .await;
            let (request_id, result) = match result {
                Ok(output) => (output.request_id().map(str::to_owned), Ok(output)),
                Err(error) => {
                    let fault = answer::fault(action, &error);
                    (fault.request_id.clone(), Err(fault))
                }
            };
            self.record(CallRecord {
                action: action.to_owned(),
                started: started.duration_since(self.start),
                elapsed: started.elapsed(),
                attempts: attempts.max(1),
                request_id,
                fault: result.as_ref().err().map(|fault| fault.kind),
            });
            // HTTP 500 can also come from an emulator that stumbles over this one call.
            if let Some(fault) = result.as_ref().err()
                && fault.kind == FaultKind::Unsupported
                && fault.status != Some(500)
            {
                self.unsupported().insert(action.to_owned(), fault.clone());
            }
            result
        }
    }

    fn record(&self, record: CallRecord) {
        tracing::debug!(
            action = %record.action,
            attempts = record.attempts,
            request_id = record.request_id.as_deref(),
            fault = ?record.fault,
            "call"
        );
        self.log.push(record);
    }

    /// Makes a call that must happen at most once: only what AWS refused for its pace is repeated.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted; [`FaultKind::Ambiguous`] if it may have happened.
    pub(crate) async fn once<O, E, F>(
        &self,
        action: &str,
        send: impl Fn() -> F + Send,
    ) -> Result<O, Fault>
    where
        O: RequestId + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>> + Send,
    {
        let mut pause = Duration::from_secs(1);
        for _ in 1..ATTEMPTS_MAX {
            match self.call(action, send()).await {
                Err(fault) if fault.kind == FaultKind::Throttled => {
                    self.sleep(pause).await;
                    pause = (pause * 2).min(BACKOFF_MAX);
                }
                result => return result,
            }
        }
        self.call(action, send()).await
    }

    fn unsupported(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Fault>> {
        self.unsupported
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn credentials(options: &SessionOptions) -> SharedCredentialsProvider {
    match &options.credentials {
        Some(key) => SharedCredentialsProvider::new(Credentials::new(
            key,
            "not-a-secret",
            None,
            None,
            "fixed",
        )),
        None => SharedCredentialsProvider::new(Chain::new(options)),
    }
}

/// 32 random hex digits.
fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
