//! The same world on 127.0.0.1, so that the AWS CLI, boto3 and others can look at it and change it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::sandbox::Sandbox;
use crate::wire::{Break, WireReply, WireRequest};

/// The largest body that is read, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// Where the sandbox's own questions are asked.
const OWN: &str = "/_pgward/";

/// From where the world may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From this machine only.
    Loopback,
    /// From wherever the address can be reached. Nothing checks who calls.
    Anywhere,
}

/// How a world is opened to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// From where it may be reached.
    pub reach: Reach,
    /// How long every call takes, in real time.
    pub latency: Duration,
}

/// Opens a world at an address until `shutdown` ends. Port 0 takes a free one.
///
/// `ready` is told the address as soon as calls are answered. Beside AWS's services there are
/// `GET /_pgward/health`, `GET /_pgward/calls`, `POST /_pgward/tick?3d` (seconds, or a number with `s`,
/// `min`, `h`, `d` or `w`) and `POST /_pgward/reset`.
///
/// # Errors
/// The address cannot be taken, or it is no loopback address and `options` do not allow others.
pub async fn listen(
    sandbox: Sandbox,
    address: SocketAddr,
    options: Listen,
    ready: impl FnOnce(SocketAddr),
    shutdown: impl Future,
) -> io::Result<()> {
    if options.reach == Reach::Loopback && !address.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{address} can be reached from other machines, and nothing checks who calls"),
        ));
    }
    let listener = TcpListener::bind(address).await?;
    ready(listener.local_addr()?);
    let mut shutdown = pin!(shutdown);
    // Dropped at the end, which ends the connections too.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // One caller that went away early is no reason to stop.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(sandbox.clone(), options.latency, stream));
                }
            }
            _ = &mut shutdown => return Ok(()),
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers one connection until it closes.
async fn converse(sandbox: Sandbox, latency: Duration, stream: TcpStream) {
    let answer = service_fn(move |request| {
        let sandbox = sandbox.clone();
        async move { respond(&sandbox, latency, request).await }
    });
    let io = TokioIo::new(stream);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(io, answer)
        .await;
    // A broken connection is either what a fault asked for or the caller's doing.
    drop(served);
}

/// The answer to one request; a break makes the connection close without one.
async fn respond(
    sandbox: &Sandbox,
    latency: Duration,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Break> {
    let (head, body) = request.into_parts();
    let path = head
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    if let Some(question) = path.strip_prefix(OWN) {
        // A page in a browser must not be able to reset a world.
        let foreign = head.headers.contains_key("origin");
        let (status, value) = if foreign {
            (
                StatusCode::FORBIDDEN,
                json!({ "error": "requests from web pages are refused" }),
            )
        } else {
            own(sandbox, &head.method, question)
        };
        return Ok(response(
            status.as_u16(),
            &[("content-type", "application/json")],
            format!("{value}\n"),
        ));
    }
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        return Ok(response(413, &[], "the body is too large or broke off\n"));
    };
    let sent_at = sandbox.clock().now();
    tokio::time::sleep(latency).await;
    let text = |name: &str| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let wire = WireRequest {
        method: head.method.to_string(),
        host: text("host").to_owned(),
        path,
        headers: headers.collect(),
        body: body.to_bytes().to_vec(),
    };
    let WireReply {
        status,
        headers,
        body,
    } = sandbox.serve_sent(&wire, sent_at)?;
    let headers: Vec<(&str, &str)> = headers
        .iter()
        // The server counts for itself.
        .filter(|(name, _)| name != "content-length")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Ok(response(status, &headers, body))
}

/// Answers a question to the sandbox itself.
fn own(sandbox: &Sandbox, method: &Method, question: &str) -> (StatusCode, Value) {
    let (name, argument) = question.split_once('?').unwrap_or((question, ""));
    let refused = |status, text: &str| (status, json!({ "error": text }));
    let now = || json!({ "now": sandbox.clock().now().to_string() });
    match (method, name) {
        (&Method::GET, "health") => (StatusCode::OK, now()),
        (&Method::GET, "calls") => (StatusCode::OK, calls(sandbox)),
        (&Method::POST, "tick") => match duration(argument) {
            Some(duration) => {
                sandbox.tick(duration);
                (StatusCode::OK, now())
            }
            None => refused(
                StatusCode::BAD_REQUEST,
                "give a time such as ?90 (seconds), ?10min, ?5h or ?3d",
            ),
        },
        (&Method::POST, "reset") => {
            sandbox.reset();
            (StatusCode::OK, now())
        }
        (_, "health" | "calls" | "tick" | "reset") => refused(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET health and calls, POST tick and reset",
        ),
        _ => refused(
            StatusCode::NOT_FOUND,
            "there are health, calls, tick and reset",
        ),
    }
}

fn calls(sandbox: &Sandbox) -> Value {
    sandbox
        .calls()
        .into_iter()
        .map(|call| {
            json!({
                "number": call.number,
                "service": call.service,
                "action": call.action,
                "writes": call.writes,
                "at": call.at.to_string(),
                "depth": call.depth,
            })
        })
        .collect()
}

/// Reads seconds, or a number with a unit.
fn duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(Duration::from_secs(
        number.parse::<u64>().ok()?.checked_mul(seconds)?,
    ))
}

fn response(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response
        .body(Full::new(body.into()))
        .expect("statuses and headers are made by the sandbox")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSE: Listen = Listen {
        reach: Reach::Loopback,
        latency: Duration::ZERO,
    };

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (text, seconds) in [
            ("90", Some(90)),
            ("30s", Some(30)),
            ("10min", Some(600)),
            ("5h", Some(18_000)),
            ("3d", Some(259_200)),
            ("", None),
            ("d", None),
            ("3 d", None),
            ("3y", None),
        ] {
            assert_eq!(
                duration(text).map(|found| found.as_secs()),
                seconds,
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn other_machines_are_refused_unless_allowed() {
        let address = "0.0.0.0:0".parse().unwrap();
        let refused = listen(
            Sandbox::new(1),
            address,
            CLOSE,
            |_| {},
            std::future::ready(()),
        )
        .await;
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn a_break_closes_the_connection_without_an_answer() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        use crate::fault::{Fault, FaultKind, Faults};

        let sandbox = Sandbox::new(1);
        let rules = vec![Fault::once("*", FaultKind::Reset)];
        sandbox.faults(Faults { seed: 1, rules });
        let (told, address) = tokio::sync::oneshot::channel();
        let ready = move |at| told.send(at).unwrap();
        let end = std::future::pending::<()>();
        let anywhere_free = "127.0.0.1:0".parse().unwrap();
        let _served = tokio::spawn(listen(sandbox, anywhere_free, CLOSE, ready, end));
        let address: SocketAddr = address.await.unwrap();
        let request = "POST / HTTP/1.1\r\nhost: sts\r\ncontent-length: 24\r\nconnection: close\r\n\
                       authorization: AWS4-HMAC-SHA256 Credential=A/1/eu-west-1/sts/aws4_request\r\n\r\n\
                       Action=GetCallerIdentity";
        let mut answers = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answers.push(answer);
        }
        assert_eq!(answers[0], "");
        assert!(answers[1].starts_with("HTTP/1.1 200 OK"), "{}", answers[1]);
    }
}
