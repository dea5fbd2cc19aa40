//! Calls of services that have no client here: JSON both ways, signed by the SDK, repeated and
//! bounded as every other call (docs/decisions/0015-calls-without-a-client.md).

use aws_config::BehaviorVersion;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::TransientErrorClassifier;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_types::SdkConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::request_id::{RequestId, apply_request_id};
use pgward_engine::{Fault, FaultKind};
use serde_json::Value;

use crate::retry::{CountAttempts, InVain};
use crate::session::{Session, repeating};

/// A service that speaks JSON 1.1 and of which a call or two are needed.
#[derive(Debug)]
pub(crate) struct Plain {
    /// Its name in host names and signatures: `cloudtrail`.
    pub(crate) name: &'static str,
    /// What stands before the action in the header `x-amz-target`.
    pub(crate) target: &'static str,
}

/// Makes a call; `action` is as IAM names it: `cloudtrail:LookupEvents`.
///
/// # Errors
///
/// What AWS answered, sorted; [`FaultKind::Other`] for an answer that is not JSON.
pub(crate) async fn ask(
    session: &Session,
    service: &'static Plain,
    action: &str,
    input: &Value,
) -> Result<Value, Fault> {
    let verb = action.rsplit(':').next().unwrap_or(action);
    let operation = operation(session, service, verb);
    let body = input.to_string();
    let call = async move { operation.invoke(body).await };
    let answer = session.call(action, call).await?;
    serde_json::from_slice(&answer.body).map_err(|_| {
        let text = "the endpoint sent something that is no answer of AWS";
        Fault::new(FaultKind::Other, action, text)
    })
}

/// A successful answer, not yet read.
#[derive(Debug)]
struct Body {
    body: Vec<u8>,
    request_id: Option<String>,
}

impl RequestId for Body {
    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

fn operation(
    session: &Session,
    service: &'static Plain,
    verb: &str,
) -> Operation<String, Body, ErrorMetadata> {
    let shared = session.sdk_config();
    let target = format!("{}.{verb}", service.target);
    let mut builder = Operation::builder()
        .service_name(service.name)
        .operation_name(verb.to_owned())
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(&endpoint(shared, session.region(), service))
        .standard_retry(&repeating())
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .retry_classifier(InVain)
        .interceptor(CountAttempts)
        .runtime_plugin(signed(session, service));
    if let Some(client) = shared.http_client() {
        builder = builder.http_client(client);
    }
    if let Some(timeouts) = shared.timeout_config() {
        builder = builder.timeout_config(timeouts.clone());
    }
    if let Some(sleep) = shared.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = shared.time_source() {
        builder = builder.time_source(time);
    }
    builder
        .serializer(move |body: String| {
            let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
            request.set_method("POST")?;
            request.set_uri("/")?;
            let headers = request.headers_mut();
            headers.insert("content-type", "application/x-amz-json-1.1");
            headers.insert("content-length", body.len().to_string());
            headers.insert("x-amz-target", target.clone());
            Ok(request)
        })
        .deserializer(read)
        .build()
}

/// Where calls go: the endpoint of the session, else AWS's own.
fn endpoint(shared: &SdkConfig, region: &str, service: &Plain) -> String {
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    shared.endpoint_url().map_or_else(
        || format!("https://{}.{region}.{domain}", service.name),
        str::to_owned,
    )
}

/// What the SDK signs with, and the retries of this service in this run, apart from all others.
fn signed(session: &Session, service: &Plain) -> StaticRuntimePlugin {
    let shared = session.sdk_config();
    let mut config = Layer::new("plain");
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: shared.region().cloned().map(SigningRegion::from),
        region_set: None,
        name: Some(SigningName::from(service.name)),
        signing_options: SigningOptions::default(),
    });
    config.store_put(RetryPartition::new(format!(
        "{}-{}",
        session.run(),
        service.name
    )));
    let mut components = RuntimeComponentsBuilder::new("plain")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
            SCHEME_ID,
        ])))
        .with_identity_cache(shared.identity_cache());
    if let Some(credentials) = shared.credentials_provider() {
        components = components.with_identity_resolver(SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new()
        .with_config(config.freeze())
        .with_runtime_components(components)
}

fn read(response: &HttpResponse) -> Result<Body, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(Body {
            body: body.to_vec(),
            request_id: response.headers().request_id().map(str::to_owned),
        });
    }
    Err(OrchestratorError::operation(refusal(
        body,
        response.headers(),
    )))
}

/// The code stands in a header or in the body, with a namespace before or a link behind it.
fn refusal(body: &[u8], headers: &Headers) -> ErrorMetadata {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = headers
        .get("x-amzn-errortype")
        .or_else(|| text("__type"))
        .or_else(|| text("code"));
    let mut builder = ErrorMetadata::builder();
    if let Some(code) = code {
        let code = code.split(':').next().unwrap_or(code);
        builder = builder.code(code.rsplit('#').next().unwrap_or(code));
    }
    if let Some(message) = text("message").or_else(|| text("Message")) {
        builder = builder.message(message);
    }
    apply_request_id(builder, headers).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_refusal_is_found_wherever_it_stands() {
        let none = Headers::new();
        let body = br#"{"__type":"com.amazonaws#AccessDeniedException","Message":"no"}"#;
        let found = refusal(body, &none);
        assert_eq!(found.code(), Some("AccessDeniedException"));
        assert_eq!(found.message(), Some("no"));
        let mut named = Headers::new();
        named.insert("x-amzn-errortype", "ThrottlingException:http://x/");
        assert_eq!(refusal(b"", &named).code(), Some("ThrottlingException"));
        assert_eq!(refusal(b"<html>", &none).code(), None);
    }
}
