//! `[accept.*]` and `[policy] deny`: findings that are accepted for a while, or raised.

use pgward_model::{Accept, Desired, Diagnostic, Severity};

use crate::dates;
use crate::resolve::Work;
use crate::sections::Group;
use crate::suggest;
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
    ignored(work, desired);
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

/// P201: an `[ignore.*]` of something that is not there hides nothing, and hides a slip.
fn ignored(work: &mut Work<'_>, desired: &Desired) {
    // With errors not all resources are known.
    if work.found.iter().any(Diagnostic::is_error) {
        return;
    }
    let paths = desired.paths(work.catalog);
    for ignore in &desired.ignores {
        let path = ignore.path.as_str();
        if desired.has(path, work.catalog) {
            continue;
        }
        let title = format!("[ignore.{}]", ignore.name);
        let mut found = Diagnostic::error(
            "P201",
            format!("{title} is about `{path}`, which this environment does not have"),
        )
        .about(format!("ignore.{}", ignore.name));
        let group = work.sections.named("ignore", &ignore.name);
        let place = group.and_then(|group| group.origin("path"));
        found = found.at(place.unwrap_or(&ignore.origin), "nothing of that name");
        if let Some(near) = suggest::near(path, paths.iter().map(pgward_model::Path::as_str)) {
            found = found.help(format!("did you mean `{near}`?"));
        } else {
            found = found.help("a path as plans and drift print it, such as backup.retention");
        }
        work.say(found);
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
