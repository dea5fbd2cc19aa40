//! Seeded trouble: throttling, server errors, lost replies and whatever else AWS may answer.

use crate::call::{Call, Refusal};
use crate::wire::{Break, WireReply};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// 400 `Throttling` (`RequestLimitExceeded` on EC2); the call is not done.
    Throttle,
    /// 500 `InternalFailure`; the call is not done.
    Internal500,
    /// 503 `ServiceUnavailable`; the call is not done.
    Unavailable503,
    /// The connection breaks before the call is done.
    Reset,
    /// The call is done and its reply is lost.
    LostReply,
    /// The call is done and its reply ends in the middle, with a length that fits.
    CutShort,
    /// No answer in time; the call is not done.
    Timeout,
    /// 502 with a page of HTML instead of an answer; the call is not done.
    NotXml,
    /// 403 `AccessDenied` in the service's own spelling.
    Denied,
    /// 400 `ExpiredToken` in the service's own spelling.
    ExpiredToken,
    /// This refusal: HTTP status, code and message; the call is not done.
    Refused(u16, &'static str, &'static str),
}

/// One rule: which calls it strikes, how often, and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// `service:Action`, with `*` for any characters, such as `rds:Create*`.
    pub pattern: String,
    /// Chance of each matching call, from 0 to 1.
    pub chance: f64,
    /// What happens to the call.
    pub kind: FaultKind,
    /// It strikes this often at most.
    pub at_most: u32,
    /// So many matching calls pass first.
    pub after: u32,
}

impl Fault {
    /// A rule that strikes every matching call.
    #[must_use]
    pub fn always(pattern: impl Into<String>, kind: FaultKind) -> Self {
        Self {
            pattern: pattern.into(),
            chance: 1.0,
            kind,
            at_most: u32::MAX,
            after: 0,
        }
    }

    /// A rule that strikes the first matching call only.
    #[must_use]
    pub fn once(pattern: impl Into<String>, kind: FaultKind) -> Self {
        Self {
            at_most: 1,
            ..Self::always(pattern, kind)
        }
    }
}

/// Rules in the order they are asked, with the seed of their chances.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Seed of the chances: the same seed and calls give the same faults.
    pub seed: u64,
    /// The first rule that strikes decides.
    pub rules: Vec<Fault>,
}

/// Rules at work, with their counts.
#[derive(Debug)]
pub(crate) struct Trouble {
    rules: Vec<(Fault, u32, u32)>,
    chance: fastrand::Rng,
}

impl Trouble {
    pub(crate) fn new(faults: Faults) -> Self {
        Self {
            chance: fastrand::Rng::with_seed(faults.seed),
            rules: faults.rules.into_iter().map(|rule| (rule, 0, 0)).collect(),
        }
    }

    /// What strikes this call, if anything does.
    pub(crate) fn strike(&mut self, call: &Call) -> Option<FaultKind> {
        let name = format!("{}:{}", call.service.name(), call.action);
        for (rule, seen, struck) in &mut self.rules {
            if !matches(&rule.pattern, &name) {
                continue;
            }
            *seen += 1;
            // The chance is drawn in any case, so that a limit does not shift later draws.
            let hit = self.chance.f64() < rule.chance;
            if hit && *seen > rule.after && *struck < rule.at_most {
                *struck += 1;
                return Some(rule.kind);
            }
        }
        None
    }
}

/// How a struck call ends.
pub(crate) enum Blow {
    /// As a refusal in the protocol of the call.
    Refused(Refusal),
    /// As raw bytes.
    Raw(WireReply),
    /// Without a reply.
    Broken(Break),
}

/// How a fault that strikes before the call shows; what strikes its reply gives none.
pub(crate) fn blow(kind: FaultKind, call: &Call) -> Option<Blow> {
    use crate::call::Service;
    let json = matches!(
        call.service,
        Service::SecretsManager
            | Service::Kms
            | Service::Tagging
            | Service::CloudTrail
            | Service::Quotas
    );
    let ec2 = call.service == Service::Ec2;
    let refused = |status, code: &str, message: &str| {
        Some(Blow::Refused(Refusal::new(status, code, message)))
    };
    match kind {
        FaultKind::Throttle if ec2 => {
            refused(503, "RequestLimitExceeded", "Request limit exceeded.")
        }
        FaultKind::Throttle if json => refused(400, "ThrottlingException", "Rate exceeded"),
        FaultKind::Throttle => refused(400, "Throttling", "Rate exceeded"),
        FaultKind::Internal500 => refused(500, "InternalFailure", "An internal error occurred."),
        FaultKind::Unavailable503 => refused(
            503,
            "ServiceUnavailable",
            "Service is temporarily unavailable.",
        ),
        FaultKind::Denied => {
            let code = if ec2 {
                "UnauthorizedOperation"
            } else if json {
                "AccessDeniedException"
            } else {
                "AccessDenied"
            };
            let text = format!(
                "User: arn:aws:sts::{}:assumed-role/sandbox/pgward is not authorized to perform: {}:{}",
                call.account,
                call.service.name(),
                call.action
            );
            refused(403, code, &text)
        }
        FaultKind::ExpiredToken => {
            let code = if json {
                "ExpiredTokenException"
            } else {
                "ExpiredToken"
            };
            refused(
                400,
                code,
                "The security token included in the request is expired",
            )
        }
        FaultKind::NotXml => Some(Blow::Raw(WireReply {
            status: 502,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: b"<html><body>502 Bad Gateway</body></html>".to_vec(),
        })),
        FaultKind::Refused(status, code, message) => refused(status, code, message),
        FaultKind::Reset => Some(Blow::Broken(Break::Reset)),
        FaultKind::Timeout => Some(Blow::Broken(Break::Timeout)),
        FaultKind::LostReply | FaultKind::CutShort => None,
    }
}

/// The first half of a reply. XML ends with a tag: that is where decoders go on as if it were whole.
pub(crate) fn cut(mut reply: WireReply) -> WireReply {
    let half = &reply.body[..reply.body.len() / 2];
    let tag = half.iter().rposition(|byte| *byte == b'>');
    let end = match tag {
        Some(tag) if half.starts_with(b"<") => tag + 1,
        _ => half.len(),
    };
    reply.body.truncate(end);
    reply
}

/// Whether a text matches a pattern with `*`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len())
                .filter(|at| tail.is_char_boundary(*at))
                .any(|at| matches(rest, &tail[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_with_stars_anywhere() {
        for (pattern, text, expected) in [
            ("rds:Create*", "rds:CreateDBInstance", true),
            ("rds:Create*", "ec2:CreateTags", false),
            ("*:Describe*", "rds:DescribeDBInstances", true),
            ("*", "rds:DescribeDBInstances", true),
            ("rds:*Group", "rds:CreateDBSubnetGroup", true),
            ("rds:*Group", "rds:DescribeDBSubnetGroups", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
