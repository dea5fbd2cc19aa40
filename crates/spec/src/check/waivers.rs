//! `[accept.*]` and `[policy] deny`: findings that are accepted for a while, or raised.

use pgward_model::{Accept, Desired, Diagnostic, Severity};

use crate::dates;
use crate::resolve::Work;
use crate::sections::Group;
use crate::values;

/// Days for which an error can be accepted.
const LONGEST: i64 = 90;

pub(crate) fn check(work: &mut Work<'_>, desired: &Desired) {
    for found in &mut work.found {
        if found.severity == Severity::Warning && desired.policy.deny.contains(&found.code) {
            found.severity = Severity::Error;
            if let Some(origin) = work
                .sections
                .one("policy")
                .and_then(|group| group.origin("deny"))
            {
                found.notes.push(format!(
                    "{} is an error by `deny` at {}",
                    found.code,
                    values::place(origin)
                ));
            }
        }
    }
    let groups: Vec<&Group> = work.sections.many("accept").collect();
    for group in groups {
        form(work, group);
    }
    let today = dates::day_number(&work.options.today);
    let mut too_long = Vec::new();
    for found in &mut work.found {
        let Some(accept) = desired.accepts.iter().find(|accept| covers(accept, found)) else {
            continue;
        };
        let until = dates::day_number(&accept.until);
        let (Some(today), Some(until)) = (today, until) else {
            continue;
        };
        if until < today {
            found.notes.push(format!(
                "its waiver [accept.{}-{}] at {} ended on {}",
                accept.code,
                accept.subject,
                values::place(&accept.origin),
                accept.until
            ));
        } else if found.is_error() && until - today > LONGEST {
            too_long.push(accept.clone());
        } else {
            found.accepted = Some(accept.reason.clone());
            found.severity = Severity::Note;
        }
    }
    for accept in too_long {
        let name = format!("{}-{}", accept.code, accept.subject);
        let place = work
            .sections
            .named("accept", &name)
            .and_then(|group| group.origin("until"))
            .unwrap_or(&accept.origin)
            .clone();
        work.say(
            Diagnostic::error("P118", "an error can be accepted for 90 days at most")
                .at(&place, "further ahead")
                .help("take a nearer day, and renew it when it comes")
                .about(format!("accept.{name}")),
        );
    }
}

/// Whether a waiver is about a finding: by its code, and the last word of its subject or the
/// resource's.
fn covers(accept: &Accept, found: &Diagnostic) -> bool {
    if accept.code != found.code || !accept.code.starts_with("P4") {
        return false;
    }
    let plain = |text: &str| text.replace(['_', '.'], "-").to_ascii_lowercase();
    let wanted = plain(&accept.subject);
    let subject = found.subject.as_deref().unwrap_or_default();
    let mut words: Vec<&str> = subject.split('.').collect();
    words.push(subject);
    words.iter().any(|word| plain(word) == wanted)
}

/// P118: a waiver that can't be one.
fn form(work: &mut Work<'_>, group: &Group) {
    let (code, subject) = group.name().split_once('-').unwrap_or((group.name(), ""));
    let found = if !is_code(code) || subject.is_empty() {
        Diagnostic::error(
            "P118",
            format!("{} does not say what is accepted", group.title()),
        )
        .at(
            &group.header,
            "a code, a hyphen, and the name of what it is about",
        )
        .help("[accept.P401-admin-host]")
    } else if matches!(code.as_bytes()[1], b'1'..=b'3') {
        Diagnostic::error(
            "P118",
            format!("{code} can't be accepted: it says that the file is wrong"),
        )
        .at(&group.header, "")
        .help("mend the line that it names; only P4xx can be accepted for a while")
    } else if !code.starts_with("P4") {
        Diagnostic::error("P118", format!("{code} can't be accepted in the file"))
            .at(&group.header, "")
            .help("only P4xx can be accepted for a while; a plan is allowed with --allow")
    } else {
        return;
    };
    work.say(found.about(group.address()));
}

fn is_code(text: &str) -> bool {
    text.strip_prefix('P')
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
