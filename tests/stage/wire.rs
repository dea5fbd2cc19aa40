//! What is sent to AWS: every request, with the parameters of those that change something.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use pgward_sandbox::Connector;

/// Parameters whose values are secret, or drawn anew for every request.
const HIDDEN: [&str; 4] = [
    "MasterUserPassword",
    "SecretString",
    "ClientRequestToken",
    "Password",
];

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Service and action, such as `rds:CreateDBInstance`.
    pub action: String,
    /// Name and value of every parameter, sorted.
    pub parameters: Vec<(String, String)>,
}

impl Sent {
    /// Whether it may change something.
    #[must_use]
    pub fn writes(&self) -> bool {
        let action = self.action.rsplit(':').next().unwrap_or_default();
        !["Describe", "Get", "List", "BatchGet", "Simulate"]
            .iter()
            .any(|word| action.starts_with(word))
    }
}

/// An HTTP client that keeps what goes through it; clones share what they keep.
#[derive(Debug, Clone)]
pub struct Recorder {
    connector: Connector,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Recorder {
    /// Keeps what goes to a world.
    #[must_use]
    pub fn new(connector: Connector) -> Self {
        Self {
            connector,
            sent: Arc::default(),
        }
    }

    /// Takes away what was kept.
    #[must_use]
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts something in the place of what was kept.
    pub fn replace(&self, sent: Vec<Sent>) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }
}

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent = read(&request);
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sent);
        HttpConnector::call(&self.connector, request)
    }
}

fn read(request: &HttpRequest) -> Sent {
    let uri = request.uri();
    let (host, path) = uri
        .split_once("://")
        .map_or(uri, |(_, rest)| rest)
        .split_once('/')
        .unwrap_or((uri, ""));
    let service = match host.split('.').next().unwrap_or_default() {
        "monitoring" => "cloudwatch",
        name => name,
    };
    let body = request.body().bytes().unwrap_or_default();
    let (action, mut parameters) = if let Some(target) = request.headers().get("x-amz-target") {
        (last(target, '.'), json(body))
    } else if path.contains("/operation/") {
        (last(path, '/'), cbor(body))
    } else {
        let mut pairs = query(body);
        let at = pairs.iter().position(|(name, _)| name == "Action");
        let action = at.map(|at| pairs.remove(at).1).unwrap_or_default();
        pairs.retain(|(name, _)| name != "Version");
        (action, pairs)
    };
    for (name, value) in &mut parameters {
        if HIDDEN.contains(&name.as_str()) {
            "(hidden)".clone_into(value);
        }
    }
    parameters.sort();
    Sent {
        action: format!("{service}:{action}"),
        parameters,
    }
}

fn last(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or_default().to_owned()
}

fn query(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(if bytes[at] == b'+' { b' ' } else { bytes[at] }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn json(body: &[u8]) -> Vec<(String, String)> {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    members(value)
}

fn members(value: serde_json::Value) -> Vec<(String, String)> {
    let serde_json::Value::Object(map) = value else {
        return Vec::new();
    };
    map.into_iter()
        .map(|(name, value)| {
            let text = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            (name, text)
        })
        .collect()
}

fn cbor(body: &[u8]) -> Vec<(String, String)> {
    let mut rest = body;
    members(item(&mut rest).unwrap_or_default())
}

/// One CBOR item as JSON; nothing at the end of the bytes or for a break.
fn item(rest: &mut &[u8]) -> Option<serde_json::Value> {
    let head = take(rest, 1)?[0];
    let (major, info) = (head >> 5, head & 31);
    let count = match info {
        24 => Some(number(take(rest, 1)?)),
        25 => Some(number(take(rest, 2)?)),
        26 => Some(number(take(rest, 4)?)),
        27 => Some(number(take(rest, 8)?)),
        31 => None,
        small => Some(u64::from(small)),
    };
    let length = count.and_then(|count| usize::try_from(count).ok());
    Some(match major {
        0 => count?.into(),
        1 => (-1 - i64::try_from(count?).ok()?).into(),
        2 | 3 => String::from_utf8_lossy(take(rest, length?)?)
            .into_owned()
            .into(),
        4 => {
            let mut list = Vec::new();
            while length.is_none_or(|length| list.len() < length) {
                let Some(next) = item(rest) else { break };
                list.push(next);
            }
            list.into()
        }
        5 => {
            let mut map = serde_json::Map::new();
            let mut pairs = 0;
            while length.is_none_or(|length| pairs < length) {
                let Some(name) = item(rest) else { break };
                let name = name.as_str().unwrap_or_default().to_owned();
                map.insert(name, item(rest)?);
                pairs += 1;
            }
            map.into()
        }
        6 => item(rest)?,
        _ => match info {
            20 => false.into(),
            21 => true.into(),
            26 => f64::from(f32::from_bits(u32::try_from(count?).ok()?)).into(),
            27 => f64::from_bits(count?).into(),
            31 => return None,
            _ => serde_json::Value::Null,
        },
    })
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The requests in order: those that change something with `!` and their parameters, or the word
/// `again` if one like it is there already; of runs of others the names of their actions, once each.
#[must_use]
pub fn print_calls(sent: &[Sent]) -> String {
    let mut text = String::new();
    let mut run: Vec<&str> = Vec::new();
    let mut written: Vec<&Sent> = Vec::new();
    for one in sent {
        if !one.writes() {
            if !run.contains(&one.action.as_str()) {
                run.push(&one.action);
                writeln!(text, "  {}", one.action).expect("a text takes it");
            }
            continue;
        }
        let again = format!("! {} again\n", one.action);
        if written.contains(&one) {
            if !text.ends_with(&again) {
                text.push_str(&again);
            }
            continue;
        }
        run.clear();
        written.push(one);
        writeln!(text, "! {}", one.action).expect("a text takes it");
        for (name, value) in &one.parameters {
            writeln!(text, "      {name} = {value}").expect("a text takes it");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{cbor, decoded};

    #[test]
    fn requests_are_decoded() {
        assert_eq!(decoded("a%3Db+c"), "a=b c");
        let body = [
            0xbf, 0x61, b'n', 0x18, 0x2a, 0x61, b'l', 0x82, 0xf5, 0x61, b'x', 0x61, b'f', 0xfb,
            0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xff,
        ];
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let expected: Vec<_> = [("f", "1.5"), ("l", "[true,\"x\"]"), ("n", "42")]
            .iter()
            .map(text)
            .collect();
        let mut found = cbor(&body);
        found.sort();
        assert_eq!(found, expected);
    }
}
