//! The HTTP client of the AWS SDK whose requests end in the sandbox and never leave the process.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::sandbox::Sandbox;
use crate::wire::{Break, WireReply, WireRequest};

/// An HTTP client for SDK clients; see [`Sandbox::http_client`].
#[derive(Debug, Clone)]
pub struct Connector {
    sandbox: Sandbox,
    latency: Duration,
}

impl Connector {
    pub(crate) fn new(sandbox: Sandbox, latency: Duration) -> Self {
        Self { sandbox, latency }
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = to_wire(&request);
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            let sent_at = connector.sandbox.clock().now();
            tokio::time::sleep(connector.latency).await;
            match connector.sandbox.serve_sent(&request, sent_at) {
                Ok(reply) => to_sdk(reply),
                Err(Break::Timeout) => Err(ConnectorError::timeout(Break::Timeout.into())),
                Err(lost) => Err(ConnectorError::io(lost.into())),
            }
        })
    }
}

fn to_wire(request: &HttpRequest) -> WireRequest {
    let uri = request.uri();
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let (host, path) = after_scheme.split_once('/').unwrap_or((after_scheme, ""));
    WireRequest {
        method: request.method().to_owned(),
        host: host.to_owned(),
        path: format!("/{path}"),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn to_sdk(reply: WireReply) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(reply.status)
        .map_err(|problem| ConnectorError::other(problem.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
