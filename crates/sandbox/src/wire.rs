//! Requests and replies as bytes, apart from any HTTP library.

/// An HTTP request to AWS.
#[derive(Debug, Clone, Default)]
pub struct WireRequest {
    /// Such as `POST`.
    pub method: String,
    /// Host name, such as `rds.eu-central-1.amazonaws.com`.
    pub host: String,
    /// Path with the query, if there is one.
    pub path: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, empty if there is none.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// The first header with a name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// An HTTP reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireReply {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why no reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Break {
    /// The connection was reset before the call did anything.
    #[error("connection reset by the sandbox")]
    Reset,
    /// Nothing came back in time, and the call did nothing.
    #[error("no answer from the sandbox in time")]
    Timeout,
    /// The call was done and its reply lost.
    #[error("the reply of the sandbox was lost")]
    ReplyLost,
}
