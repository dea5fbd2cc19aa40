//! P509: nobody knows who we are. Where credentials were looked for, and what to do.

use std::path::PathBuf;

use pgward_aws::{Surroundings, tried};
use pgward_engine::{Fault, FaultKind};
use pgward_model::Diagnostic;

use crate::args::Global;
use crate::exit::Exit;
use crate::failure::Failure;

/// Nobody knows who we are, so nothing is read.
pub(crate) fn unknown_caller(fault: &Fault, global: &Global) -> Failure {
    let message = match (fault.kind, &fault.code) {
        (FaultKind::Credentials, None) => "there are no credentials for AWS that work",
        (FaultKind::Credentials, Some(_)) => "AWS does not accept these credentials",
        _ => "AWS does not say who these credentials belong to",
    };
    let mut said = fault.to_string();
    if let Some(id) = &fault.request_id {
        said = format!("{said}\nrequest id {id}");
    }
    let diagnostic = Diagnostic::error("P509", message);
    let diagnostic = if fault.kind == FaultKind::Credentials {
        with_places(diagnostic, fault, said, global)
    } else {
        diagnostic
            .fact("AWS", said)
            .fact("next", next_without_a_name(fault, global))
    };
    Failure::of(Exit::Failed, diagnostic)
}

/// A row per place that was tried, then how to mend the one that was used.
fn with_places(diagnostic: Diagnostic, fault: &Fault, said: String, global: &Global) -> Diagnostic {
    let variable = |name: &str| std::env::var(name).ok();
    let around = Surroundings {
        variable: &variable,
        is_file: &|path| std::fs::File::open(path).is_ok(),
        config: file("AWS_CONFIG_FILE", "config"),
        credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        profile: global.profile.clone(),
        role_arn: global.role_arn.clone(),
    };
    let places = tried(&around);
    let is_used = places.iter().any(|place| place.is_used);
    let row = |place: &pgward_aws::Place| {
        let mark = if place.is_used { "used" } else { "" };
        format!("{:<13} {mark:<5} {}", place.name, place.found)
    };
    let rows: Vec<String> = places.iter().map(row).collect();
    let mut next: Vec<String> = Vec::new();
    if fault.message.contains("io error") {
        next.push(next_to_the_network(global));
    }
    let fixes = places.into_iter().map(|place| place.fix);
    next.extend(fixes.filter(|fix| !fix.is_empty()));
    if !is_used {
        let loopback = |url: &String| url.contains("//127.") || url.contains("//localhost");
        next.push(
            match global.endpoint_url.as_ref().filter(|url| loopback(url)) {
                Some(_) => "AWS_ACCESS_KEY_ID=ACCOUNT AWS_SECRET_ACCESS_KEY=any    is enough for \
                        pgward sandbox serve"
                    .to_owned(),
                None => "aws configure sso, then pass --profile NAME or set AWS_PROFILE".to_owned(),
            },
        );
        next.push("without an account: pgward sandbox plan ENV".to_owned());
    }
    // Without a place that is used, the rows say all that the SDK says.
    let diagnostic = if is_used {
        diagnostic.fact("AWS", said)
    } else {
        diagnostic
    };
    diagnostic
        .fact("tried", rows.join("\n"))
        .fact("next", next.join("\n"))
}

/// AWS answered, or did not: only then the network is to blame.
fn next_without_a_name(fault: &Fault, global: &Global) -> String {
    match (&fault.code, fault.kind) {
        (None, _) => next_to_the_network(global),
        (Some(_), FaultKind::Denied) => "a policy denies sts:GetCallerIdentity, which needs no \
            permission of its own: look at the organization's policies and at that of the VPC \
            endpoint, or take other credentials with --profile NAME"
            .to_owned(),
        (Some(_), _) => "run the same command again".to_owned(),
    }
}

/// AWS can't be reached: the endpoint that was named, a proxy, if there is one, or the network.
fn next_to_the_network(global: &Global) -> String {
    if let Some(endpoint) = &global.endpoint_url {
        return format!(
            "is something listening at {endpoint}? pgward sandbox serve opens the simulated AWS"
        );
    }
    let proxy = ["HTTPS_PROXY", "https_proxy"]
        .into_iter()
        .find(|name| std::env::var(name).is_ok_and(|value| !value.is_empty()));
    match proxy {
        Some(name) => format!("look at {name} and NO_PROXY, then run the same command again"),
        None => "look at the network, then run the same command again".to_owned(),
    }
}

/// The text of a file of the AWS CLI.
fn file(variable: &str, name: &str) -> Option<String> {
    let path = match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => std::env::home_dir()?.join(".aws").join(name),
    };
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_not_to_blame_for_what_aws_answered() {
        let line = ["pgward", "version"].map(std::ffi::OsString::from);
        let global = crate::args::parse(line.to_vec()).unwrap().global;
        let action = "sts:GetCallerIdentity";
        let with = |kind, code: Option<&str>| {
            let mut fault = Fault::new(kind, action, "no");
            fault.code = code.map(str::to_owned);
            next_without_a_name(&fault, &global)
        };
        assert!(with(FaultKind::Denied, Some("AccessDenied")).starts_with("a policy denies"));
        assert_eq!(
            with(FaultKind::Throttled, Some("Throttling")),
            "run the same command again"
        );
        assert!(with(FaultKind::Other, None).starts_with("look at "));
    }
}
