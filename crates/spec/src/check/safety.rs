//! P401 to P406: what is allowed by AWS and should not be so; a waiver accepts it for a while.

use pgward_model::{Desired, Diagnostic, Effect, Value};

use crate::dates;
use crate::resolve::Work;
use crate::sections::Group;

pub(crate) fn check(work: &mut Work<'_>, desired: &Desired) {
    open_to_the_internet(work);
    public_instance(work);
    deletion_protection(work, desired);
    logged_statements(work);
    master_through_the_proxy(work);
    nobody_is_told(work);
}

/// P401.
fn open_to_the_internet(work: &mut Work<'_>) {
    let groups: Vec<&Group> = work.sections.many("access").collect();
    let until = dates::first_of_month_after(&work.options.today);
    for group in groups {
        let Some((from, origin)) = group.text("from").zip(group.origin("from")) else {
            continue;
        };
        let Some(net) = from
            .parse::<ipnet::IpNet>()
            .ok()
            .filter(|net| net.prefix_len() <= 1)
        else {
            continue;
        };
        let (which, example) = match net {
            ipnet::IpNet::V4(_) => ("IPv4", "203.0.113.10/32"),
            ipnet::IpNet::V6(_) => ("IPv6", "2001:db8::10/128"),
        };
        let every = if net.prefix_len() == 0 {
            "every"
        } else {
            "half of all"
        };
        let plural = if net.prefix_len() == 0 {
            "address"
        } else {
            "addresses"
        };
        work.found.push(
            Diagnostic::error("P401", format!("{} opens PostgreSQL to the whole internet", group.title()))
                .at(origin, format!("{every} {which} {plural}"))
                .help(format!(
                    "name a security group (\"sg-...\") or the smallest range that works (\"{example}\")"
                ))
                .note(format!(
                    "if it must be so for a while, say so in this file (pgward explain P401):\n\
                     [accept.P401-{}]\nreason = \"...\"\nuntil  = {until}",
                    group.name()
                ))
                .about(group.address()),
        );
    }
}

/// P402.
fn public_instance(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("instance") else {
        return;
    };
    if group.bool("public") != Some(true) {
        return;
    }
    let until = dates::first_of_month_after(&work.options.today);
    work.found.push(
        Diagnostic::error("P402", "the instance would get a public address")
            .at_some(group.origin("public"), "reachable from the internet wherever a rule allows it")
            .help("public = false; reach it through the VPC, a VPN or an SSM tunnel: pgward explain connect")
            .note(format!(
                "if it must be so for a while, say so in this file (pgward explain P402):\n\
                 [accept.P402-instance]\nreason = \"...\"\nuntil  = {until}"
            ))
            .about("instance.public"),
    );
}

/// P403.
fn deletion_protection(work: &mut Work<'_>, desired: &Desired) {
    let Some(group) = work.sections.one("instance") else {
        return;
    };
    let careful = desired
        .policy
        .allow
        .iter()
        .all(|effect| *effect <= Effect::Degraded);
    if group.bool("deletion_protection") != Some(false) || !careful {
        return;
    }
    work.found.push(
        Diagnostic::warning(
            "P403",
            "deletion protection is off on an environment whose policy is careful",
        )
        .at_some(
            group.origin("deletion_protection"),
            "one API call could delete the instance",
        )
        .also_some(
            desired.policy.allow_origin.as_ref(),
            "policy of this environment",
        )
        .help("deletion_protection = true")
        .about("instance.deletion_protection"),
    );
}

/// P404.
fn logged_statements(work: &mut Work<'_>) {
    let Some(field) = work
        .sections
        .one("parameters")
        .and_then(|group| group.field("log_statement"))
    else {
        return;
    };
    if field.value.as_ref().and_then(Value::as_text) != Some("all") {
        return;
    }
    let logs = work
        .sections
        .one("monitoring")
        .and_then(|group| group.field("logs"));
    let exported = logs.and_then(|logs| {
        logs.items()
            .into_iter()
            .find(|(name, _)| name == "postgresql")
            .map(|(_, node)| node.origin)
    });
    work.found.push(
        Diagnostic::warning(
            "P404",
            "log_statement = \"all\" writes every SQL statement, with its values, to the log",
        )
        .at(&field.node.origin, "")
        .also_some(exported.as_ref(), "and this log is exported to CloudWatch")
        .note("values can be personal data; ingestion is billed per GB")
        .help("\"ddl\", plus log_min_duration_statement for slow queries")
        .about("parameters.log_statement"),
    );
}

/// P405.
fn master_through_the_proxy(work: &mut Work<'_>) {
    let Some(field) = work
        .sections
        .one("proxy")
        .and_then(|group| group.field("secrets"))
    else {
        return;
    };
    let Some((_, node)) = field.items().into_iter().find(|(name, _)| name == "master") else {
        return;
    };
    let user = work
        .sections
        .named("secret", "master")
        .and_then(|group| group.text("username"));
    let others: Vec<&Group> = work
        .sections
        .many("secret")
        .filter(|group| group.name() != "master")
        .collect();
    let names: Vec<String> = others
        .iter()
        .map(|group| format!("\"{}\"", group.name()))
        .collect();
    let help = if names.is_empty() {
        "write a [secret.app] for a user that owns nothing, and name that".to_owned()
    } else {
        let users = users_of(work, &others);
        let list = names.join(", ");
        format!(
            "secrets = [{list}], the user{} {}",
            if names.len() == 1 { "" } else { "s" },
            users
        )
    };
    work.found.push(
        Diagnostic::warning(
            "P405",
            "applications would reach the database as the master user",
        )
        .at(
            &node.origin,
            format!("{} may do anything", user.unwrap_or("the master user")),
        )
        .help(help)
        .about("proxy.secrets"),
    );
}

/// The users of some secrets: `[role.*]` sections that name them, else their user names.
fn users_of(work: &Work<'_>, secrets: &[&Group]) -> String {
    let roles: Vec<String> = work
        .spec
        .parts
        .iter()
        .filter(|(header, _)| header.0 == "role")
        .filter(|(_, part)| {
            let login = part.keys.get("login").and_then(|entry| entry.node.text());
            secrets
                .iter()
                .any(|group| login == Some(group.address().as_str()))
        })
        .map(|(header, _)| format!("[role.{}]", header.1.as_deref().unwrap_or_default()))
        .collect();
    let names: Vec<String> = if roles.is_empty() {
        secrets
            .iter()
            .filter_map(|group| group.text("username"))
            .map(ToOwned::to_owned)
            .collect()
    } else {
        return format!("of {}", and(&roles));
    };
    and(&names)
}

/// `a, b and c`.
fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// P406.
fn nobody_is_told(work: &mut Work<'_>) {
    let silent = |group: &&Group| {
        group
            .field("notify")
            .is_none_or(|field| !field.items().is_empty())
            && work.sections.many("topic").next().is_none()
    };
    let Some(first) = work
        .sections
        .many("alarm")
        .filter(silent)
        .min_by_key(|group| group.header.clone())
    else {
        return;
    };
    let count = work.sections.many("alarm").count();
    let others = if count > 1 {
        format!(", like {} more", count - 1)
    } else {
        String::new()
    };
    let found = Diagnostic::warning("P406", "no alarm of this environment notifies anybody")
        .at(
            &first.header,
            format!("this one{others} changes its color and nothing else"),
        )
        .help("write a topic: [topic.oncall] with arn = \"arn:aws:sns:...\"")
        .note("`notify = []` in an alarm says that this is meant")
        .about("alarm");
    work.say(found);
}
