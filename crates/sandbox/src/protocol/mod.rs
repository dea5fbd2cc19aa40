//! Bytes to calls and results to bytes, in the protocol that the caller speaks.

mod cbor;
mod ec2;
mod json;
mod query;
mod xml;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Call, Refusal, Service};
use crate::wire::{WireReply, WireRequest};

/// How a call came, and so how its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Form in, XML out.
    Query,
    /// Form in, XML out, in EC2's own shape.
    Ec2,
    /// JSON both ways.
    Json,
    /// CBOR both ways.
    Cbor,
}

/// A request that was understood.
pub(crate) struct Request {
    /// How to answer.
    pub protocol: Protocol,
    /// What is asked.
    pub call: Call,
}

/// Understands a request.
///
/// # Errors
/// A refusal with the protocol it is to be told in.
pub(crate) fn read(
    request: &WireRequest,
    first_account: &str,
    now: Timestamp,
    request_id: &str,
) -> Result<Request, (Protocol, Refusal)> {
    let mut protocol = detect(request);
    let scope = scope(request).map_err(|refusal| (protocol, refusal))?;
    let Some(service) = Service::from_scope(scope.service) else {
        let text = format!("the sandbox has no service {}", scope.service);
        return Err((protocol, Refusal::new(400, "InvalidAction", text)));
    };
    if protocol == Protocol::Query && service == Service::Ec2 {
        protocol = Protocol::Ec2;
    }
    let (action, input) = match protocol {
        Protocol::Query => query::read(&body_or_query(request), true),
        Protocol::Ec2 => query::read(&body_or_query(request), false),
        Protocol::Json => json::read(request),
        Protocol::Cbor => cbor::read(request),
    }
    .map_err(|refusal| (protocol, refusal))?;
    let call = Call {
        service,
        action,
        input,
        account: scope.account.unwrap_or_else(|| first_account.to_owned()),
        region: scope.region.to_owned(),
        now,
        request_id: request_id.to_owned(),
    };
    Ok(Request { protocol, call })
}

/// Writes a result.
pub(crate) fn answer(protocol: Protocol, call: &Call, result: &Value) -> WireReply {
    let (kind, body) = match protocol {
        Protocol::Query => ("text/xml", query::answer(call, result).into_bytes()),
        Protocol::Ec2 => (
            "text/xml;charset=UTF-8",
            ec2::answer(call, result).into_bytes(),
        ),
        Protocol::Json => ("application/x-amz-json-1.1", json::answer(result)),
        Protocol::Cbor => ("application/cbor", cbor::answer(result)),
    };
    reply(protocol, 200, kind, body, &call.request_id)
}

/// Writes a refusal.
pub(crate) fn refuse(protocol: Protocol, refusal: &Refusal, request_id: &str) -> WireReply {
    let error = json!({ "__type": refusal.code, "message": refusal.message });
    let (kind, body) = match protocol {
        Protocol::Query => ("text/xml", query::refuse(refusal, request_id).into_bytes()),
        Protocol::Ec2 => (
            "text/xml;charset=UTF-8",
            ec2::refuse(refusal, request_id).into_bytes(),
        ),
        Protocol::Json => ("application/x-amz-json-1.1", json::answer(&error)),
        Protocol::Cbor => ("application/cbor", cbor::answer(&error)),
    };
    let mut reply = reply(protocol, refusal.status, kind, body, request_id);
    let side = if refusal.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    match protocol {
        Protocol::Cbor => reply.headers.push((
            "x-amzn-query-error".to_owned(),
            format!("{};{side}", refusal.code),
        )),
        Protocol::Json => {
            reply
                .headers
                .push(("x-amzn-errortype".to_owned(), refusal.code.clone()));
        }
        Protocol::Query | Protocol::Ec2 => {}
    }
    reply
}

fn reply(
    protocol: Protocol,
    status: u16,
    kind: &str,
    body: Vec<u8>,
    request_id: &str,
) -> WireReply {
    let mut headers = vec![
        ("content-type".to_owned(), kind.to_owned()),
        ("content-length".to_owned(), body.len().to_string()),
        ("x-amzn-requestid".to_owned(), request_id.to_owned()),
    ];
    if protocol == Protocol::Cbor {
        headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
    }
    WireReply {
        status,
        headers,
        body,
    }
}

/// The protocol by what only it has; EC2 is told from plain query by the service later.
fn detect(request: &WireRequest) -> Protocol {
    if request.path.starts_with("/service/") {
        Protocol::Cbor
    } else if request.header("x-amz-target").is_some() {
        Protocol::Json
    } else {
        Protocol::Query
    }
}

/// The form, which is the body of a POST or the query of a GET.
fn body_or_query(request: &WireRequest) -> String {
    if request.body.is_empty() {
        request
            .path
            .split_once('?')
            .map(|(_, query)| query.to_owned())
            .unwrap_or_default()
    } else {
        String::from_utf8_lossy(&request.body).into_owned()
    }
}

struct Scope<'a> {
    account: Option<String>,
    region: &'a str,
    service: &'a str,
}

/// Reads the credential scope: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn scope(request: &WireRequest) -> Result<Scope<'_>, Refusal> {
    let missing = || {
        Refusal::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )
    };
    let header = request.header("authorization").ok_or_else(missing)?;
    let credential = header
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split([',', ' ']).next())
        .ok_or_else(missing)?;
    let mut parts = credential.rsplitn(5, '/');
    let (_, service, region) = (parts.next(), parts.next(), parts.next());
    let (_, key) = (parts.next(), parts.next());
    match (service, region, key) {
        (Some(service), Some(region), Some(key)) => Ok(Scope {
            account: account_in(key),
            region,
            service,
        }),
        _ => Err(Refusal::new(
            403,
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements",
        )),
    }
}

/// The first run of exactly twelve digits in an access key.
fn account_in(key: &str) -> Option<String> {
    key.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 12)
        .map(ToOwned::to_owned)
}
