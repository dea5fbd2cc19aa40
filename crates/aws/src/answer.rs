//! Sorts unsuccessful answers: one table over wire codes, open to codes nobody has seen.

use std::error::Error;

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use pgward_engine::{Fault, FaultKind};

use crate::retry::{is_cut, is_page};

/// Codes whose name does not say what they mean (reference: resource semantics, 1.2).
const CODES: &[(&str, FaultKind)] = &[
    ("AccessDenied", FaultKind::Denied),
    ("AccessDeniedException", FaultKind::Denied),
    ("AuthorizationError", FaultKind::Denied),
    ("UnauthorizedOperation", FaultKind::Denied),
    ("AuthFailure", FaultKind::Credentials),
    ("ExpiredToken", FaultKind::Credentials),
    ("ExpiredTokenException", FaultKind::Credentials),
    ("IncompleteSignature", FaultKind::Credentials),
    ("InvalidClientTokenId", FaultKind::Credentials),
    ("InvalidAccessKeyId", FaultKind::Credentials),
    ("MissingAuthenticationToken", FaultKind::Credentials),
    ("NotAuthorized", FaultKind::Denied),
    ("OptInRequired", FaultKind::Denied),
    ("RequestExpired", FaultKind::Credentials),
    ("SignatureDoesNotMatch", FaultKind::Credentials),
    ("UnrecognizedClientException", FaultKind::Credentials),
    ("BandwidthLimitExceeded", FaultKind::Throttled),
    ("PriorRequestNotComplete", FaultKind::Throttled),
    (
        "ProvisionedThroughputExceededException",
        FaultKind::Throttled,
    ),
    ("RequestLimitExceeded", FaultKind::Throttled),
    ("RequestThrottled", FaultKind::Throttled),
    ("RequestThrottledException", FaultKind::Throttled),
    ("SlowDown", FaultKind::Throttled),
    ("Throttled", FaultKind::Throttled),
    ("ThrottledException", FaultKind::Throttled),
    ("Throttling", FaultKind::Throttled),
    ("ThrottlingException", FaultKind::Throttled),
    ("TooManyRequestsException", FaultKind::Throttled),
    ("InternalError", FaultKind::Ambiguous),
    ("InternalFailure", FaultKind::Ambiguous),
    ("InternalServerError", FaultKind::Ambiguous),
    ("InternalServiceError", FaultKind::Ambiguous),
    ("InternalServiceFault", FaultKind::Ambiguous),
    ("RequestTimeout", FaultKind::Ambiguous),
    ("RequestTimeoutException", FaultKind::Ambiguous),
    ("ServiceFailure", FaultKind::Ambiguous),
    ("ServiceUnavailable", FaultKind::Ambiguous),
    ("ServiceUnavailableException", FaultKind::Ambiguous),
    ("Unavailable", FaultKind::Ambiguous),
    ("ConcurrentModification", FaultKind::Busy),
    ("ConcurrentModificationException", FaultKind::Busy),
    ("InvalidDBClusterStateFault", FaultKind::Busy),
    ("InvalidDBInstanceState", FaultKind::Busy),
    ("InvalidDBParameterGroupState", FaultKind::Busy),
    ("InvalidDBProxyStateFault", FaultKind::Busy),
    ("InvalidDBSecurityGroupState", FaultKind::Busy),
    ("InvalidDBSnapshotState", FaultKind::Busy),
    ("InvalidDBSubnetGroupStateFault", FaultKind::Busy),
    ("InvalidDBSubnetStateFault", FaultKind::Busy),
    ("OperationAborted", FaultKind::Busy),
    ("ResourceInUseException", FaultKind::InUse),
    ("DeleteConflict", FaultKind::InUse),
    ("DependencyViolation", FaultKind::InUse),
    (
        "DBProxyTargetAlreadyRegisteredFault",
        FaultKind::AlreadyExists,
    ),
    ("InvalidGroup.Duplicate", FaultKind::AlreadyExists),
    ("InvalidPermission.Duplicate", FaultKind::AlreadyExists),
    ("ResourceExistsException", FaultKind::AlreadyExists),
    ("EntityAlreadyExists", FaultKind::AlreadyExists),
    ("InvalidGroup.NotFound", FaultKind::NotFound),
    ("NoSuchEntity", FaultKind::NotFound),
    ("InsufficientDBInstanceCapacity", FaultKind::Capacity),
    ("InsufficientAvailableIPsInSubnetFault", FaultKind::Capacity),
    ("InsufficientStorageClusterCapacity", FaultKind::Capacity),
    ("InsufficientInstanceCapacity", FaultKind::Capacity),
    ("LimitExceeded", FaultKind::Quota),
    ("LimitExceededException", FaultKind::Quota),
    ("LimitExceededFault", FaultKind::Quota),
    ("InvalidAction", FaultKind::Unsupported),
    ("NotImplemented", FaultKind::Unsupported),
    ("UnknownOperation", FaultKind::Unsupported),
    ("UnknownOperationException", FaultKind::Unsupported),
    ("CannotDelete", FaultKind::Invalid),
    ("CertificateNotFound", FaultKind::Invalid),
    ("DBSubnetGroupDoesNotCoverEnoughAZs", FaultKind::Invalid),
    ("DBSubnetGroupNotAllowedFault", FaultKind::Invalid),
    ("DBUpgradeDependencyFailure", FaultKind::Invalid),
    ("KMSKeyNotAccessibleFault", FaultKind::Invalid),
    ("MalformedQueryString", FaultKind::Invalid),
    ("MissingParameter", FaultKind::Invalid),
    ("NetworkTypeNotSupported", FaultKind::Invalid),
    ("ProvisionedIopsNotAvailableInAZFault", FaultKind::Invalid),
    ("StorageTypeNotAvailableFault", FaultKind::Invalid),
    ("StorageTypeNotSupported", FaultKind::Invalid),
    ("SubnetAlreadyInUse", FaultKind::Invalid),
    ("ValidationError", FaultKind::Invalid),
    ("ValidationException", FaultKind::Invalid),
];

/// Endings of codes that say what they mean, tried in this order.
const ENDINGS: &[(&str, FaultKind)] = &[
    ("NotFound", FaultKind::NotFound),
    ("AlreadyExists", FaultKind::AlreadyExists),
    ("QuotaExceeded", FaultKind::Quota),
    ("LimitExceeded", FaultKind::Quota),
];

/// What is known of an unsuccessful answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// The call: `rds:CreateDBInstance`.
    pub(crate) action: &'a str,
    /// AWS's code.
    pub(crate) code: Option<&'a str>,
    /// AWS's message.
    pub(crate) message: &'a str,
    /// HTTP status.
    pub(crate) status: Option<u16>,
    /// Whether the body is a web page.
    pub(crate) page: bool,
}

/// What an answer means for the next move.
pub(crate) fn classify(answer: &Answer<'_>) -> FaultKind {
    match answer.code {
        Some(code) => by_code(answer, code),
        None => by_status(answer),
    }
}

fn by_code(answer: &Answer<'_>, code: &str) -> FaultKind {
    let says = |words: &str| answer.message.to_ascii_lowercase().contains(words);
    if says("rate exceeded") {
        return FaultKind::Throttled;
    }
    if code == "InvalidParameterValue" && says("iam role arn value is invalid") {
        // A role that was created moments ago.
        return FaultKind::Busy;
    }
    if says("backups are not enabled") {
        // No wait helps against what somebody has to switch on.
        return FaultKind::Invalid;
    }
    if says("scheduled for deletion") {
        return FaultKind::AlreadyExists;
    }
    let kind = CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, kind)| *kind)
        .or_else(|| by_ending(code))
        .unwrap_or_else(|| by_class(answer, code));
    match kind {
        FaultKind::Busy if deletes(answer.action) && code.contains("Group") => FaultKind::InUse,
        FaultKind::Ambiguous if !writes(answer.action) => FaultKind::Other,
        other => other,
    }
}

fn by_ending(code: &str) -> Option<FaultKind> {
    let bare = code
        .strip_suffix("Fault")
        .or_else(|| code.strip_suffix("Exception"));
    let bare = bare.unwrap_or(code);
    ENDINGS
        .iter()
        .find(|(ending, _)| bare.ends_with(ending))
        .map(|(_, kind)| *kind)
}

fn by_class(answer: &Answer<'_>, code: &str) -> FaultKind {
    match answer.status {
        Some(429) => FaultKind::Throttled,
        Some(501) => FaultKind::Unsupported,
        Some(500..=599) => FaultKind::Ambiguous,
        _ if code.starts_with("Invalid") => FaultKind::Invalid,
        Some(403) => FaultKind::Denied,
        _ => FaultKind::Other,
    }
}

/// Without a code there is no answer of AWS: a web page of an emulator, a proxy or a balancer.
fn by_status(answer: &Answer<'_>) -> FaultKind {
    match answer.status {
        Some(501) => FaultKind::Unsupported,
        Some(500 | 404 | 405) if answer.page => FaultKind::Unsupported,
        Some(429) => FaultKind::Throttled,
        Some(403) => FaultKind::Denied,
        Some(404 | 405) => FaultKind::Unsupported,
        Some(400..=499) => FaultKind::Invalid,
        _ if writes(answer.action) => FaultKind::Ambiguous,
        _ => FaultKind::Other,
    }
}

fn verb(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, verb)| verb)
}

fn deletes(action: &str) -> bool {
    verb(action).starts_with("Delete")
}

/// Whether a call changes something.
pub(crate) fn writes(action: &str) -> bool {
    !["Describe", "List", "Get", "Assume"]
        .iter()
        .any(|word| verb(action).starts_with(word))
}

/// The fault of an SDK error. The body of an answer is never printed: it may hold a secret.
pub(crate) fn fault<E>(action: &str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let Some(problem) = credentials_problem(error) {
        return Fault::new(FaultKind::Credentials, action, problem);
    }
    let raw = error.raw_response();
    let status = raw.map(|response| response.status().as_u16());
    let page = raw
        .and_then(|response| response.body().bytes())
        .is_some_and(is_page);
    let cut = raw
        .and_then(|response| response.body().bytes())
        .is_some_and(is_cut);
    let code = error.code().filter(|code| !code.is_empty());
    let answer = Answer {
        action,
        code,
        message: error.message().unwrap_or_default(),
        status,
        page,
    };
    let (kind, message) = match error {
        SdkError::DispatchFailure(failure) => (transport(action, failure), in_words(error)),
        SdkError::TimeoutError(_) => (lost(action), "no answer in time".to_owned()),
        SdkError::ConstructionFailure(_) => (FaultKind::Other, in_words(error)),
        _ if code.is_none() && cut => (lost(action), "the answer broke off".to_owned()),
        _ if code.is_none() => (classify(&answer), no_answer(status, page)),
        _ => (classify(&answer), answer.message.to_owned()),
    };
    Fault {
        kind,
        action: action.to_owned(),
        code: code.map(str::to_owned),
        message,
        status,
        request_id: error.request_id().map(str::to_owned),
    }
}

fn no_answer(status: Option<u16>, page: bool) -> String {
    let what = if page {
        "a web page"
    } else {
        "something that is no answer of AWS"
    };
    match status {
        Some(status) => format!("the endpoint sent {what} (HTTP {status})"),
        None => format!("the endpoint sent {what}"),
    }
}

/// What it means that a request got no answer.
fn lost(action: &str) -> FaultKind {
    if writes(action) {
        FaultKind::Ambiguous
    } else {
        FaultKind::Other
    }
}

fn transport(action: &str, failure: &DispatchFailure) -> FaultKind {
    let refused = failure
        .as_connector_error()
        .is_some_and(|error| chain(error).any(is_refused));
    if refused || failure.is_user() {
        FaultKind::Other
    } else {
        lost(action)
    }
}

/// Whether no connection came about, so that the request can't have arrived.
pub(crate) fn is_refused(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::AddrNotAvailable
        )
    })
}

/// An error and its causes.
pub(crate) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let cause: &'a (dyn Error + 'static) = *cause;
        cause.source()
    })
}

/// The causes of an error as one sentence.
fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        let text = cause.to_string();
        if !words.last().is_some_and(|last| last.contains(&text)) {
            words.push(text);
        }
    }
    let text = if words.is_empty() {
        error.to_string()
    } else {
        words.join(": ")
    };
    text.replace("the credential provider was not enabled", "not configured")
}

/// What was tried to find credentials, if that is what went wrong.
fn credentials_problem(error: &(dyn Error + 'static)) -> Option<String> {
    let found = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    let tried =
        chain(found).find_map(|cause| cause.downcast_ref::<ProviderChainError<CredentialsError>>());
    let Some(tried) = tried else {
        return Some(format!("no usable credentials: {}", in_words(found)));
    };
    let lines: Vec<String> = tried
        .attempts()
        .iter()
        .map(|attempt| format!("{}: {}", place(attempt.name()), in_words(attempt.error())))
        .collect();
    Some(format!("no credentials found. Tried {}", lines.join("; ")))
}

/// The place of a provider in people's words.
fn place(provider: &str) -> &str {
    match provider {
        "Environment" => "environment variables",
        "Profile" => "profile",
        "WebIdentityToken" => "web identity token",
        "EcsContainer" => "container role",
        "Ec2InstanceMetadata" => "instance role",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(action: &str, code: &str, status: u16, message: &str, expected: FaultKind) {
        let code = (!code.is_empty()).then_some(code);
        let page = message.starts_with('<');
        let answer = Answer {
            action,
            code,
            message,
            status: Some(status),
            page,
        };
        assert_eq!(
            classify(&answer),
            expected,
            "{action} {code:?} {status} {message}"
        );
    }

    #[test]
    fn codes_are_sorted_by_what_they_mean() {
        use FaultKind::*;
        let create = "rds:CreateDBInstance";
        let read = "rds:DescribeDBInstances";
        for (action, code, status, message, expected) in [
            (read, "DBInstanceNotFound", 404, "", NotFound),
            (read, "DBProxyNotFoundFault", 404, "", NotFound),
            (read, "AccessDenied", 403, "", Denied),
            (read, "Throttling", 400, "Rate exceeded", Throttled),
            (read, "InternalFailure", 500, "", Other),
            (create, "InternalFailure", 500, "", Ambiguous),
            (create, "DBInstanceAlreadyExists", 400, "", AlreadyExists),
            (create, "InstanceQuotaExceeded", 400, "", Quota),
            (create, "DBSubnetQuotaExceededFault", 400, "", Quota),
            (create, "InsufficientDBInstanceCapacity", 400, "", Capacity),
            (create, "InvalidParameterCombination", 400, "", Invalid),
            (create, "SomethingNobodyHasSeen", 400, "", Other),
            (create, "SomethingNobodyHasSeen", 503, "", Ambiguous),
            (create, "InvalidAction", 400, "", Unsupported),
            (
                "rds:ModifyDBInstance",
                "InvalidDBInstanceState",
                400,
                "",
                Busy,
            ),
            (
                "rds:ModifyDBParameterGroup",
                "InvalidDBParameterGroupState",
                400,
                "",
                Busy,
            ),
            (
                "rds:DeleteDBParameterGroup",
                "InvalidDBParameterGroupState",
                400,
                "",
                InUse,
            ),
            (
                "rds:DeleteDBSubnetGroup",
                "InvalidDBSubnetGroupStateFault",
                400,
                "",
                InUse,
            ),
            (
                "ec2:DeleteSecurityGroup",
                "DependencyViolation",
                400,
                "",
                InUse,
            ),
            (
                "ec2:CreateSecurityGroup",
                "InvalidGroup.Duplicate",
                400,
                "",
                AlreadyExists,
            ),
            (
                "ec2:DescribeSecurityGroups",
                "InvalidGroup.NotFound",
                400,
                "",
                NotFound,
            ),
            ("sns:GetTopicAttributes", "NotFound", 404, "", NotFound),
            ("kms:DescribeKey", "NotFoundException", 400, "", NotFound),
            (
                "sts:GetCallerIdentity",
                "ExpiredToken",
                403,
                "",
                Credentials,
            ),
        ] {
            check(action, code, status, message, expected);
        }
    }

    #[test]
    fn a_message_can_say_more_than_its_code() {
        check(
            "rds:ModifyDBInstance",
            "InvalidParameterValue",
            400,
            "IAM role ARN value is invalid or does not include the required permissions for: …",
            FaultKind::Busy,
        );
        check(
            "secretsmanager:CreateSecret",
            "InvalidRequestException",
            400,
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
            FaultKind::AlreadyExists,
        );
    }

    #[test]
    fn a_page_is_no_answer() {
        check(
            "rds:ModifyDBProxy",
            "",
            500,
            "<html>",
            FaultKind::Unsupported,
        );
        check(
            "cloudwatch:PutMetricAlarm",
            "",
            404,
            "<html>",
            FaultKind::Unsupported,
        );
        check(
            "rds:CreateDBInstance",
            "",
            502,
            "<html>",
            FaultKind::Ambiguous,
        );
        check(
            "rds:DescribeDBInstances",
            "",
            503,
            "<html>",
            FaultKind::Other,
        );
        check(
            "rds:DescribeDBInstances",
            "",
            501,
            "",
            FaultKind::Unsupported,
        );
    }
}
