//! What the SDK may repeat by itself, and how often it was asked to.

use std::cell::Cell;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, InterceptorContext,
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

/// Keeps the SDK from repeating what does not get better within a minute: a web page, since the
/// endpoint does not know the action, and a refused connection, since nobody listens there.
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

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn only_html_is_a_page() {
        assert!(is_page(b"\n<!DOCTYPE HTML PUBLIC"));
        assert!(is_page(b"<html><body>"));
        assert!(!is_page(b"<?xml version=\"1.0\"?><ErrorResponse>"));
        assert!(!is_page(b""));
    }
}
