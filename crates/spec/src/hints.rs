//! Passwords and placeholders that people write, and the answers to keys that don't exist here.

use pgward_model::{Diagnostic, Origin};

/// Whether a key's name says that its value is a password.
pub(crate) fn is_password_key(key: &str) -> bool {
    let key = key
        .trim_matches(['"', '\''])
        .to_ascii_lowercase()
        .replace(['-', '_', '.'], "");
    let about = ["manage", "encryption", "managed", "rotate"];
    (key.contains("password") || key.contains("passwd") || key == "pwd" || key == "secretstring")
        && !about.iter().any(|word| key.contains(word))
}

/// Whether a text holds a password: the guide's own, or one in a connection address.
pub(crate) fn holds_password(text: &str) -> bool {
    const OF_THE_GUIDE: [&str; 3] = ["YourSecurePassword", "AppPassword123", "ReportPass123"];
    OF_THE_GUIDE.iter().any(|known| text.contains(known))
        || text.split_once("://").is_some_and(|(_, rest)| {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            host.rsplit_once('@')
                .is_some_and(|(user, _)| user.contains(':'))
        })
}

/// P110. `master` is the name of the master's generated secret, if the spec has one.
pub(crate) fn password(place: &Origin, master: Option<&str>) -> Diagnostic {
    let help = match master {
        Some(name) => format!(
            "delete the line. [secret.master] already gives the instance a generated password, \
             kept in Secrets Manager as {name}"
        ),
        None => "delete the line, and write source = \"generate\" in [secret.master]: pgward \
                 makes the password and keeps it in Secrets Manager"
            .to_owned(),
    };
    Diagnostic::error("P110", "a password is written in this file")
        .at(
            place,
            "value hidden; treat it as leaked if this file was ever pushed",
        )
        .help(help)
        .note("no key of this language takes a password, so there is nothing to rename it to")
}

/// Whether a text is one of the guide's stand-ins for a real value.
pub(crate) fn is_placeholder(text: &str) -> bool {
    const KNOWN: [&str; 4] = ["subnet-abc123", "subnet-def456", "PASSWORD", "CHANGEME"];
    let lower = text.to_ascii_lowercase();
    KNOWN.contains(&text)
        || text.contains("ACCOUNT_ID")
        || lower.contains("xxxx")
        || ["sg-", "vpc-", "subnet-"].iter().any(|prefix| {
            lower.strip_prefix(prefix).is_some_and(|rest| {
                rest.len() >= 4
                    && rest
                        .chars()
                        .next()
                        .is_some_and(|first| rest.chars().all(|c| c == first))
                    && !rest.starts_with(|c: char| c.is_ascii_digit())
            })
        })
}

/// P115 for a stand-in of the guide.
pub(crate) fn placeholder(place: &Origin, text: &str) -> Diagnostic {
    let help = if text.starts_with("sg-") {
        "a security group has an id such as \"sg-0aa11bb22cc33dd44\": aws ec2 \
         describe-security-groups"
    } else if text.starts_with("vpc-") {
        "a VPC has an id such as \"vpc-0f3a9c2d7b81e4560\": aws ec2 describe-vpcs"
    } else if text.starts_with("subnet-") {
        "a subnet has an id such as \"subnet-0abc1230000000001\": aws ec2 describe-subnets"
    } else if text.contains("ACCOUNT_ID") {
        "write the account's 12 digits, or the name of the role alone: the ARN follows from \
         account and name"
    } else {
        "write the real value"
    };
    Diagnostic::error(
        "P115",
        format!("`{text}` is a placeholder copied from the guide"),
    )
    .at(place, "nothing has this name")
    .help(help)
}

/// The answer to a key that people bring from the guide, AWS or Terraform and that has no
/// counterpart, by section (empty: any) and key.
pub(crate) fn answer(section: &str, key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase().replace(['-', '_'], "");
    ANSWERS
        .iter()
        .find(|(place, name, _)| (place.is_empty() || *place == section) && *name == key)
        .map(|(_, _, answer)| *answer)
}

const ANSWERS: [(&str, &str, &str); 25] = [
    (
        "",
        "engine",
        "remove the line: the engine is always PostgreSQL",
    ),
    (
        "",
        "enginefamily",
        "remove the line: the engine is always PostgreSQL",
    ),
    (
        "",
        "applyimmediately",
        "write `disruptive` in [policy]: \"window\" or \"now\"",
    ),
    (
        "",
        "applymethod",
        "remove the line: static and dynamic follow from the parameter",
    ),
    (
        "",
        "skipfinalsnapshot",
        "remove the line: pgward destroy takes a snapshot first",
    ),
    (
        "",
        "finalsnapshotidentifier",
        "remove the line: pgward destroy --final-snapshot NAME",
    ),
    (
        "",
        "storageencrypted",
        "write `encryption` in [storage]: the storage is always encrypted",
    ),
    (
        "",
        "managemasteruserpassword",
        "write source = \"rds-managed\" in [secret.master]",
    ),
    (
        "",
        "managemasterpassword",
        "write source = \"rds-managed\" in [secret.master]",
    ),
    ("", "masterusername", "write `username` in [secret.master]"),
    ("", "engineversion", "write `version` in [postgres]"),
    (
        "",
        "dbname",
        "databases inside PostgreSQL come with a later version",
    ),
    (
        "",
        "availabilityzone",
        "remove the line: zones follow from the subnets",
    ),
    (
        "",
        "availabilityzones",
        "remove the line: zones follow from the subnets",
    ),
    (
        "",
        "enableperformanceinsights",
        "write `insights` in [monitoring]: \"7 days\" or \"off\"",
    ),
    (
        "",
        "performanceinsightsenabled",
        "write `insights` in [monitoring]: \"7 days\" or \"off\"",
    ),
    (
        "",
        "allowpublicingress",
        "write a waiver: pgward explain P401",
    ),
    (
        "alarm",
        "threshold",
        "write `above` or `below`: above = \"80%\"",
    ),
    (
        "alarm",
        "comparisonoperator",
        "remove the line: it follows from `above` or `below`",
    ),
    (
        "alarm",
        "statistic",
        "remove the line: it follows from the metric",
    ),
    (
        "alarm",
        "evaluationperiods",
        "write `for`, how long the condition must hold: \"5 min\"",
    ),
    (
        "alarm",
        "datapointstoalarm",
        "remove the line: every period of `for` must breach",
    ),
    (
        "alarm",
        "namespace",
        "remove the line: alarms watch AWS/RDS",
    ),
    (
        "alarm",
        "treatmissingdata",
        "remove the line: it follows from the metric",
    ),
    (
        "secret",
        "secretstring",
        "remove the line: `source` says where the value comes from",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_known_by_their_key() {
        assert!(is_password_key("master_password"));
        assert!(is_password_key("MasterUserPassword"));
        assert!(!is_password_key("password_encryption"));
        assert!(!is_password_key("manage_master_user_password"));
    }

    #[test]
    fn an_address_with_a_password_holds_one() {
        assert!(holds_password("postgresql://app:abc@host/db"));
        assert!(!holds_password("postgresql://app@host/db"));
        assert!(!holds_password("s3://bucket/prefix"));
    }

    #[test]
    fn the_stand_ins_of_the_guide_are_known() {
        assert!(is_placeholder("sg-xxxxx"));
        assert!(is_placeholder("sg-yyyyy"));
        assert!(is_placeholder(
            "arn:aws:iam::ACCOUNT_ID:role/rds-monitoring-role"
        ));
        assert!(!is_placeholder("sg-0aa11bb22cc33dd44"));
    }
}
