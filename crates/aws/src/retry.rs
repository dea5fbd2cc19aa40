//! What the SDK may repeat by itself, how often it was asked to, and whether an answer is whole.

use std::cell::Cell;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    InterceptorContext,
};
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::answer::{chain, is_refused};

tokio::task_local! {
    /// Requests sent for the call that this task is in.
    pub(crate) static ATTEMPTS: Cell<u32>;
}

/// Counts the requests of a call.
#[derive(Debug)]
pub(crate) struct CountAttempts;

impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "CountAttempts"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside of a call of the session nobody counts.
        let _ = ATTEMPTS.try_with(|attempts| attempts.set(attempts.get() + 1));
        Ok(())
    }
}

/// Refuses an answer in XML that ends before its root does: the decoder of the SDK takes what is
/// missing for absent, so that half a list would be a list.
#[derive(Debug)]
pub(crate) struct Whole;

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().body().bytes() {
            Some(body) if is_cut(body) => Err("the answer broke off".into()),
            // A body that is streamed is checked by who reads it.
            _ => Ok(()),
        }
    }
}

/// Keeps the SDK from repeating what does not get better within a minute: a web page, since the
/// endpoint does not know the action, and a refused connection, since nobody listens there. An
/// answer that broke off is asked for again.
#[derive(Debug)]
pub(crate) struct InVain;

impl ClassifyRetry for InVain {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if let Some(Err(error)) = context.output_or_error()
            && let Some(error) = error.as_connector_error()
            && chain(error).any(is_refused)
        {
            return RetryAction::RetryForbidden;
        }
        let Some(response) = context.response() else {
            return RetryAction::NoActionIndicated;
        };
        if response.body().bytes().is_some_and(is_cut) {
            return RetryAction::transient_error();
        }
        // A 502, 503 or 504 comes from a proxy or a balancer, and passes.
        let lasting = matches!(response.status().as_u16(), 404 | 405 | 500 | 501);
        if lasting && response.body().bytes().is_some_and(is_page) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "InVain"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_before(RetryClassifierPriority::http_status_code_classifier())
    }
}

/// Whether a body is HTML and not an answer of AWS.
pub(crate) fn is_page(body: &[u8]) -> bool {
    let start = &body[..body.len().min(64)];
    let text = String::from_utf8_lossy(start)
        .trim_start()
        .to_ascii_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html")
}

/// Whether a body is XML that does not end with the end of its root.
pub(crate) fn is_cut(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    if !body.starts_with(b"<") || is_page(body) {
        return false;
    }
    // The declaration, comments and the like stand before the root; none of them holds a `<`.
    let starts = body.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    let root = starts
        .map(|(at, _)| &body[at + 1..])
        .find(|rest| !rest.starts_with(b"?") && !rest.starts_with(b"!"));
    let Some(root) = root else { return true };
    let name = root
        .split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
        .next()
        .unwrap_or_default();
    let end = [b"</", name, b">"].concat();
    let lonely = !root[..root.len().saturating_sub(1)].contains(&b'>') && body.ends_with(b"/>");
    !lonely && !body.ends_with(&end)
}

#[cfg(test)]
mod tests {
    use super::{is_cut, is_page};

    #[test]
    fn an_answer_is_whole_when_its_root_ends() {
        let whole = "<?xml version=\"1.0\"?>\n<AResponse xmlns=\"x\"><B/><C>1</C></AResponse>\n";
        for at in 1..whole.len() - 1 {
            assert!(is_cut(&whole.as_bytes()[..at]), "{}", &whole[..at]);
        }
        for body in [
            whole,
            "<AResponse/>",
            "<AResponse xmlns=\"x\"/>",
            "{\"a\": ",
            "",
            "<html><body>",
        ] {
            assert!(!is_cut(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn only_html_is_a_page() {
        assert!(is_page(b"\n<!DOCTYPE HTML PUBLIC"));
        assert!(is_page(b"<html><body>"));
        assert!(!is_page(b"<?xml version=\"1.0\"?><ErrorResponse>"));
        assert!(!is_page(b""));
    }
}
