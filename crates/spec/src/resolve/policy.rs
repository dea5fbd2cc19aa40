//! `[policy]`, `[accept.*]`, `[ignore.*]` and `[state]`.

use std::collections::BTreeSet;

use pgward_model::{Accept, Desired, Diagnostic, Disruptive, Effect, Ignore, Path};

use super::Work;
use crate::sections::Group;

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    policy(work, desired);
    let accepts: Vec<&Group> = work.sections.many("accept").collect();
    for group in accepts {
        if let Some(accept) = accept(group) {
            desired.accepts.push(accept);
        }
    }
    for group in work.sections.many("ignore") {
        let text = |key: &str| group.text(key).map(ToOwned::to_owned);
        let (Some(path), Some(reason), Some(until)) = (text("path"), text("reason"), text("until"))
        else {
            continue;
        };
        desired.ignores.push(Ignore {
            name: group.name().to_owned(),
            path: Path::new(path),
            reason,
            until,
            origin: group.header.clone(),
        });
    }
    if let Some(group) = work.sections.one("state") {
        store(work, group, desired);
    }
}

fn policy(work: &mut Work<'_>, desired: &mut Desired) {
    let policy = &mut desired.policy;
    policy.allow = BTreeSet::from([Effect::Online, Effect::Degraded]);
    let Some(group) = work.sections.one("policy") else {
        return;
    };
    if group.text("disruptive") == Some("now") {
        policy.disruptive = Disruptive::Now;
    }
    policy.disruptive_origin = group.origin("disruptive").cloned();
    if let Some(allow) = group.value("allow") {
        policy.allow = allow
            .as_texts()
            .into_iter()
            .filter_map(Effect::from_word)
            .collect();
        policy.allow_origin = group.origin("allow").cloned();
    }
    let Some(field) = group.field("deny") else {
        return;
    };
    for (code, node) in field.items() {
        if is_code(&code) {
            policy.deny.insert(code);
        } else {
            work.found.push(
                Diagnostic::error(
                    "P103",
                    format!("`deny` holds codes such as \"P404\", not \"{code}\""),
                )
                .at(&node.origin, "")
                .help("deny = [\"P404\"]")
                .about("policy.deny"),
            );
        }
    }
}

/// Whether a text has the form of a code.
fn is_code(text: &str) -> bool {
    text.strip_prefix('P')
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn accept(group: &Group) -> Option<Accept> {
    let (code, subject) = group.name().split_once('-')?;
    Some(Accept {
        code: code.to_owned(),
        subject: subject.to_owned(),
        reason: group.text("reason")?.to_owned(),
        until: group.text("until")?.to_owned(),
        origin: group.header.clone(),
    })
}

fn store(work: &mut Work<'_>, group: &Group, desired: &mut Desired) {
    let Some((text, field)) = group.text("store").zip(group.field("store")) else {
        return;
    };
    let Some(store) = work.fill(text, &field.node) else {
        return;
    };
    let bucket = store.strip_prefix("s3://");
    let wrong = match bucket {
        Some(rest) => rest.split('/').next().is_none_or(str::is_empty),
        None => store.is_empty() || store.contains("://"),
    };
    if wrong {
        work.say(
            Diagnostic::error(
                "P103",
                format!("`store` is a folder or s3://bucket/prefix, not \"{store}\""),
            )
            .at(&field.node.origin, "")
            .help("store = \"state\", or \"s3://my-bucket/pgward\"")
            .about("state.store"),
        );
        return;
    }
    desired.store = store;
}
