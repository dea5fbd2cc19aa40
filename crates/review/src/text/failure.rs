//! A failed operation as a diagnostic, P701 to P707 and P610: what AWS said, what stands, what to do.

use pgward_engine::{Fault, FaultKind, OperationReport, Outcome, Report, Verb};
use pgward_model::{Diagnostic, Origin};

use crate::document::{Document, EnvironmentPart, command};
use crate::wording;

/// The diagnostic of an operation, if it failed.
#[must_use]
pub fn failure(
    operation: &OperationReport,
    report: &Report,
    document: &Document,
) -> Option<Diagnostic> {
    let Outcome::Failed { fault, code } = &operation.outcome else {
        return None;
    };
    let address = operation.address.as_str();
    let change = document
        .changes
        .iter()
        .find(|change| change.address == address);
    let noun = change.map_or("resource", |change| change.resource.noun.as_str());
    let verb = word(operation.verb);
    let short = short(code, fault, noun);
    let message = if fault.kind == FaultKind::Moved {
        format!("pgward did not {verb} {address}: {short}")
    } else if is_look(&fault.action) {
        format!("pgward could not see what became of {address}: {short}")
    } else {
        format!("AWS did not {verb} {address}: {short}")
    };
    let origin = change
        .and_then(|change| change.source.as_ref())
        .map(|source| Origin {
            file: source.file.clone(),
            line: source.line,
            column: source.column,
            end_column: source.end_column,
        });
    let mut diagnostic = Diagnostic::error(code, message)
        .at_some(origin.as_ref(), "")
        .fact(
            if fault.kind == FaultKind::Moved {
                "moved"
            } else {
                "AWS"
            },
            answer(fault),
        )
        .about(address);
    if operation.verb == Verb::Create && is_refusal(fault.kind) && begins(&fault.action) {
        diagnostic = diagnostic.fact("now", format!("nothing of {address} exists"));
    } else if is_look(&fault.action) {
        diagnostic = diagnostic.fact("now", "AWS may have done it, or go on with it");
    }
    let done = report.count(|outcome| matches!(outcome, Outcome::Done | Outcome::Accepted));
    if done > 0 {
        let safe = "what was done is complete; nothing was or needs to be rolled back";
        diagnostic = diagnostic.fact("safe", safe);
    }
    Some(diagnostic.fact("next", next(operation, report, document, fault, noun)))
}

/// The verb as it stands after "did not".
fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Update => "change",
        Verb::Replace => "replace",
        Verb::Delete => "delete",
        Verb::Restart => "restart",
        Verb::Await => "finish",
        Verb::Adopt => "adopt",
    }
}

fn short(code: &str, fault: &Fault, noun: &str) -> String {
    match code {
        "P701" if fault.code.is_none() => "it gave no answer of use".to_owned(),
        "P702" => "access is denied".to_owned(),
        "P703" => format!("the account is out of {noun}s"),
        "P704" => "AWS has no capacity for it".to_owned(),
        "P705" => "it takes too long; AWS may go on with it".to_owned(),
        "P706" => "AWS throttled the calls for too long".to_owned(),
        "P707" => "it reached a failed state".to_owned(),
        "P610" => "what the plan relies on has changed since".to_owned(),
        _ => "it refused the call".to_owned(),
    }
}

/// The call, the error code, the message and the request id.
fn answer(fault: &Fault) -> String {
    let mut text = fault.action.clone();
    if let Some(code) = &fault.code {
        text = format!("{text} -> {code}");
    }
    if let Some(status) = fault.status {
        text = format!("{text} (HTTP {status})");
    }
    if !fault.message.is_empty() {
        text = format!("{text}\n{}", fault.message);
    }
    if let Some(request) = &fault.request_id {
        text = format!("{text}\nrequest id {request}");
    }
    text
}

/// Whether a call only looks, so that what was sent before it stands.
fn is_look(action: &str) -> bool {
    let call = action.split_once(':').map_or("", |(_, call)| call);
    ["Describe", "List", "Get"]
        .iter()
        .any(|verb| call.starts_with(verb))
}

/// Whether a call is the first of a creation.
fn begins(action: &str) -> bool {
    let call = action.split_once(':').map_or("", |(_, call)| call);
    call.starts_with("Create") || call == "PutMetricAlarm"
}

/// Whether AWS said no before it began, so that nothing was created.
fn is_refusal(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::Quota
            | FaultKind::Capacity
            | FaultKind::Denied
            | FaultKind::Credentials
            | FaultKind::Invalid
            | FaultKind::Unsupported
            | FaultKind::NotFound
    )
}

fn next(
    operation: &OperationReport,
    report: &Report,
    document: &Document,
    fault: &Fault,
    noun: &str,
) -> String {
    let environment = &document.environment;
    if fault.kind == FaultKind::Moved {
        let plan = command(environment, &format!("plan {}", environment.name));
        return format!("{plan}    shows what is queued");
    }
    let hint = hint(environment, operation.verb, fault, noun);
    let skipped: Vec<&str> = report
        .operations
        .iter()
        .filter(|other| {
            matches!(&other.outcome, Outcome::Skipped { because } if *because == operation.address)
        })
        .map(|other| other.address.as_str())
        .collect();
    let mut rest = vec![operation.address.as_str()];
    rest.extend(skipped);
    let verb = match operation.verb {
        Verb::Create => "creates",
        Verb::Update => "changes",
        Verb::Replace => "replaces",
        Verb::Delete => "deletes",
        Verb::Restart => "restarts",
        Verb::Await => "waits for",
        Verb::Adopt => "adopts",
    };
    let again = command(environment, &document.again());
    let again = if fault.kind == FaultKind::Failed {
        // It exists, however it does; what remains depends on what becomes of it.
        format!("{again}    goes on from there")
    } else {
        format!(
            "{again}    {verb} {}, nothing else",
            wording::list(&rest, 4)
        )
    };
    match hint {
        Some(hint) => format!("1. {hint}\n2. {again}"),
        None => again,
    }
}

/// What to do before the run is repeated.
pub(crate) fn hint(
    environment: &EnvironmentPart,
    verb: Verb,
    fault: &Fault,
    noun: &str,
) -> Option<String> {
    match fault.kind {
        FaultKind::Quota => Some(format!(
            "raise the Service Quota \"{noun}s\" in {}",
            environment.region
        )),
        FaultKind::Denied => Some(format!("allow {} for these credentials", fault.action)),
        FaultKind::Credentials => Some("renew the credentials".to_owned()),
        FaultKind::Capacity => Some("wait, or choose another class or other subnets".to_owned()),
        FaultKind::Invalid | FaultKind::NotFound | FaultKind::Unsupported => {
            Some("correct the spec as AWS's message says".to_owned())
        }
        FaultKind::AlreadyExists if verb == Verb::Delete => {
            let destroy = format!("destroy {} --final-snapshot NAME", environment.name);
            Some(format!(
                "take another name: {}",
                command(environment, &destroy)
            ))
        }
        FaultKind::AlreadyExists => {
            let import = format!("import {} --adopt", environment.name);
            Some(format!(
                "adopt what exists: {}",
                command(environment, &import)
            ))
        }
        FaultKind::Failed => Some("mend it as AWS's line above says".to_owned()),
        FaultKind::Busy
        | FaultKind::Moved
        | FaultKind::InUse
        | FaultKind::Throttled
        | FaultKind::Ambiguous
        | FaultKind::Other => None,
    }
}
