//! The bucket of a team's store: objects read with their age, and written under a condition.
//!
//! Encryption is the bucket's own business: no header about it is sent. Nothing is ever deleted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use pgward_engine::{Fault, FaultKind};

use crate::retry::{CountAttempts, InVain, Whole};
use crate::session::Session;

const READ: &str = "s3:GetObject";
const WRITE: &str = "s3:PutObject";
/// The largest object that is read, in bytes.
const LARGEST: i64 = 16 * 1024 * 1024;
/// How often a request is sent before its call fails.
const ATTEMPTS_MAX: u32 = 5;
/// How long one attempt may take, and all of them: a run waits for each line of its journal.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A bucket that must belong to one account.
#[derive(Debug, Clone)]
pub struct S3Store {
    session: Arc<Session>,
    client: Client,
    bucket: String,
    owner: String,
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    /// What it holds.
    pub text: String,
    /// Its `ETag`, quotes included.
    pub tag: String,
    /// How long ago it was written, by the clock of S3.
    pub age: Option<Duration>,
}

/// What became of a write under a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Written {
    /// It was written, and has this `ETag`.
    Done(String),
    /// The condition does not hold (HTTP 412, or 404 for an object that is gone).
    Moved,
    /// Others wrote at the same moment (HTTP 409); the same write may be sent again.
    Again,
}

impl S3Store {
    /// A bucket in the session's region that belongs to `owner`, an account of 12 digits.
    ///
    /// With another endpoint than AWS's own, the bucket's name goes into the path, and only those
    /// checksums are sent that S3 asks for: emulators know no more.
    #[must_use]
    pub fn new(session: Arc<Session>, bucket: &str, owner: &str) -> Self {
        let shared = session.sdk_config();
        let emulated = shared.endpoint_url().is_some();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let mut config = aws_sdk_s3::config::Builder::from(shared)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .timeout_config(timeouts)
            .retry_classifier(InVain)
            .interceptor(CountAttempts)
            .interceptor(Whole)
            .force_path_style(emulated);
        if emulated {
            config = config
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        }
        Self {
            client: Client::from_conf(config.build()),
            session,
            bucket: bucket.to_owned(),
            owner: owner.to_owned(),
        }
    }

    /// Reads an object; nothing if there is none.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted. Without `s3:ListBucket`, S3 denies access to what does not exist.
    pub async fn get(&self, key: &str) -> Result<Option<S3Object>, Fault> {
        let date = Date::default();
        let call = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .expected_bucket_owner(&self.owner)
            .customize()
            .interceptor(date.clone());
        let output = match self.session.call(READ, call.send()).await {
            Ok(output) => output,
            Err(fault) if fault.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let broken = |why: String| Fault::new(FaultKind::Other, READ, format!("`{key}` {why}"));
        let length = output.content_length().unwrap_or_default();
        if length > LARGEST {
            return Err(broken(format!(
                "has {length} bytes, which is no file of pgward"
            )));
        }
        let tag = output
            .e_tag()
            .ok_or_else(|| broken("came without an ETag".to_owned()))?
            .to_owned();
        let age = output
            .last_modified()
            .zip(date.get())
            .and_then(|(written, now)| age(written, &now));
        let body = output.body.collect().await;
        let body = body.map_err(|error| broken(format!("broke off: {error}")))?;
        let text = String::from_utf8(body.to_vec())
            .map_err(|_| broken("is not text, so no file of pgward".to_owned()))?;
        Ok(Some(S3Object { text, tag, age }))
    }

    /// Writes an object if the one there has this `ETag`, or if there is none.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted; [`FaultKind::Ambiguous`] if it may have been written.
    pub async fn put(
        &self,
        key: &str,
        text: String,
        tag: Option<&str>,
    ) -> Result<S3Written, Fault> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .expected_bucket_owner(&self.owner)
            .content_type("application/json")
            .body(ByteStream::from(text.into_bytes()));
        let call = match tag {
            Some(tag) => call.if_match(tag),
            None => call.if_none_match("*"),
        };
        match self.session.call(WRITE, call.send()).await {
            Ok(output) => output
                .e_tag
                .map(S3Written::Done)
                .ok_or_else(|| Fault::new(FaultKind::Other, WRITE, "the answer has no ETag")),
            Err(fault) => refusal(&fault).ok_or(fault),
        }
    }
}

/// What a refusal of a condition means; nothing for other faults.
fn refusal(fault: &Fault) -> Option<S3Written> {
    match (fault.status, fault.code.as_deref()) {
        (Some(412), _) | (Some(404), Some("NoSuchKey")) => Some(S3Written::Moved),
        (Some(409), _) => Some(S3Written::Again),
        _ => None,
    }
}

fn age(written: &DateTime, now: &DateTime) -> Option<Duration> {
    let seconds = now.secs().saturating_sub(written.secs()).max(0);
    Some(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Keeps the `Date` of an answer: the moment by the clock of S3.
#[derive(Debug, Clone, Default)]
struct Date(Arc<Mutex<Option<DateTime>>>);

impl Date {
    fn get(&self) -> Option<DateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "Date"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let text = context.response().headers().get("date");
        let date = text.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;
    use crate::session::SessionOptions;

    /// S3 that gives prepared answers and keeps what it was asked.
    #[derive(Debug, Clone, Default)]
    struct Fake {
        answers: Arc<Mutex<Vec<Answer>>>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    type Answer = (u16, &'static [(&'static str, &'static str)], &'static str);

    impl HttpClient for Fake {
        fn http_connector(
            &self,
            _settings: &HttpConnectorSettings,
            _components: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Fake {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let mut asked = vec![format!("{} {}", request.method(), request.uri())];
            for (name, value) in request.headers() {
                if name.starts_with("if-") || name.starts_with("x-amz-") {
                    asked.push(format!("{name}: {value}"));
                }
            }
            asked.retain(|line| {
                !["x-amz-date", "x-amz-content", "x-amz-user-agent"]
                    .iter()
                    .any(|name| line.starts_with(name))
            });
            asked.sort();
            self.asked.lock().unwrap().push(asked.join("\n"));
            let (status, headers, body) = self.answers.lock().unwrap().remove(0);
            let status = StatusCode::try_from(status).unwrap();
            let mut response = HttpResponse::new(status, SdkBody::from(body));
            for (name, value) in headers {
                response.headers_mut().insert(*name, *value);
            }
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    fn bucket(fake: &Fake, endpoint: Option<&str>, answers: &[Answer]) -> S3Store {
        fake.answers.lock().unwrap().extend(answers);
        let mut options = SessionOptions::new("ap-south-1");
        options.http_client = Some(SharedHttpClient::new(fake.clone()));
        options.credentials = Some("AKIDEXAMPLE".to_owned());
        options.endpoint_url = endpoint.map(str::to_owned);
        S3Store::new(Arc::new(Session::new(options)), "team", "111122223333")
    }

    const PRECONDITION: &str = "<Error><Code>PreconditionFailed</Code><Message>At least one of the \
                                pre-conditions you specified did not hold</Message></Error>";
    const CONFLICT: &str = "<Error><Code>ConditionalRequestConflict</Code><Message>A conflicting \
                            conditional operation is in progress</Message></Error>";
    const NO_KEY: &str = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>";
    const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";

    async fn write(tag: Option<&str>, answer: Answer) -> Result<S3Written, Fault> {
        let fake = Fake::default();
        let bucket = bucket(&fake, None, &[answer]);
        bucket.put("lease.json", "{}".to_owned(), tag).await
    }

    #[tokio::test]
    async fn refusals_of_a_condition_are_answers() {
        let done = write(None, (200, &[("etag", "\"a1\"")], "")).await;
        assert_eq!(done, Ok(S3Written::Done("\"a1\"".to_owned())));
        assert_eq!(
            write(None, (412, &[], PRECONDITION)).await,
            Ok(S3Written::Moved)
        );
        assert_eq!(
            write(Some("\"a1\""), (409, &[], CONFLICT)).await,
            Ok(S3Written::Again)
        );
        assert_eq!(
            write(Some("\"a1\""), (404, &[], NO_KEY)).await,
            Ok(S3Written::Moved)
        );
        let denied = write(None, (403, &[], DENIED)).await.unwrap_err();
        assert_eq!(denied.kind, FaultKind::Denied);
    }

    #[tokio::test]
    async fn requests_name_condition_and_owner_and_no_encryption() {
        let fake = Fake::default();
        let done: Answer = (200, &[("etag", "\"a1\"")], "");
        let bucket = bucket(&fake, Some("http://127.0.0.1:4566"), &[done, done]);
        for tag in [None, Some("\"a1\"")] {
            let written = bucket.put("p/lease.json", "{}".to_owned(), tag).await;
            written.expect("written");
        }
        let asked = fake.asked.lock().unwrap().clone();
        let wanted = "PUT http://127.0.0.1:4566/team/p/lease.json?x-id=PutObject";
        assert_eq!(
            asked,
            [
                format!("{wanted}\nif-none-match: *\nx-amz-expected-bucket-owner: 111122223333"),
                format!("{wanted}\nif-match: \"a1\"\nx-amz-expected-bucket-owner: 111122223333"),
            ]
        );
    }

    #[tokio::test]
    async fn the_age_of_an_object_is_counted_on_the_clock_of_s3() {
        let fake = Fake::default();
        let headers: &[(&str, &str)] = &[
            ("etag", "\"a1\""),
            ("date", "Wed, 12 Nov 2025 10:16:20 GMT"),
            ("last-modified", "Wed, 12 Nov 2025 10:16:00 GMT"),
        ];
        let bucket = bucket(&fake, None, &[(200, headers, "{}"), (404, &[], NO_KEY)]);
        let found = bucket.get("lease.json").await.expect("readable");
        let wanted = S3Object {
            text: "{}".to_owned(),
            tag: "\"a1\"".to_owned(),
            age: Some(Duration::from_secs(20)),
        };
        assert_eq!(found, Some(wanted));
        assert_eq!(bucket.get("lease.json").await, Ok(None));
    }
}
