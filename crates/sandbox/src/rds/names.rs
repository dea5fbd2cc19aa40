//! Names: what RDS accepts and how it folds them.

use crate::call::{Call, Refusal};

/// The identifier in lower case.
///
/// # Errors
/// It is absent, too long, or has other characters than letters, digits and single hyphens after a letter.
pub(crate) fn identifier(call: &Call, member: &str, longest: usize) -> Result<String, Refusal> {
    let text = call.need(member)?;
    check_identifier(text, member, longest)?;
    Ok(text.to_lowercase())
}

/// Checks an identifier.
///
/// # Errors
/// As [`identifier`].
pub(crate) fn check_identifier(text: &str, member: &str, longest: usize) -> Result<(), Refusal> {
    let good = text.len() <= longest
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.ends_with('-')
        && !text.contains("--");
    if good {
        return Ok(());
    }
    Err(Refusal::value(format!(
        "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// Words that cannot be a master user name.
const RESERVED: &[&str] = &[
    "admin",
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "as",
    "authorization",
    "case",
    "check",
    "column",
    "constraint",
    "create",
    "current_user",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "into",
    "limit",
    "not",
    "null",
    "on",
    "or",
    "order",
    "primary",
    "public",
    "rds_superuser",
    "rdsadmin",
    "rdsrepladmin",
    "references",
    "root",
    "select",
    "session_user",
    "some",
    "table",
    "then",
    "to",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "when",
    "where",
    "with",
];

/// Checks a master user name.
///
/// # Errors
/// It is reserved or malformed.
pub(crate) fn check_master(name: &str) -> Result<(), Refusal> {
    if RESERVED.contains(&name.to_lowercase().as_str()) || name.to_lowercase().starts_with("pg_") {
        return Err(Refusal::value(format!(
            "MasterUsername {name} cannot be used as it is a reserved word used by the engine"
        )));
    }
    let good = name.len() <= 63
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good {
        return Ok(());
    }
    Err(Refusal::value(
        "The parameter MasterUsername must begin with a letter and contain only letters, digits and underscores",
    ))
}

/// Checks a database name.
///
/// # Errors
/// It is malformed.
pub(crate) fn check_database(name: &str) -> Result<(), Refusal> {
    let good = (1..=63).contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good {
        return Ok(());
    }
    Err(Refusal::value(
        "DBName must begin with a letter and contain only alphanumeric characters.",
    ))
}

/// Checks a master password.
///
/// # Errors
/// It is too short, too long, or has a character that RDS does not take.
pub(crate) fn check_password(password: &str) -> Result<(), Refusal> {
    if !(8..=128).contains(&password.chars().count()) {
        return Err(Refusal::value(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters or longer than 128 characters.",
        ));
    }
    if password
        .chars()
        .any(|letter| !letter.is_ascii_graphic() || "/@\"".contains(letter))
    {
        return Err(Refusal::value(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}

/// A digest of a password that tells equal ones.
pub(crate) fn digest(password: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("pgward sandbox\n{password}").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The part after the last colon of an ARN, or the text itself.
pub(crate) fn after_arn(text: &str) -> &str {
    if text.starts_with("arn:") {
        text.rsplit(':').next().unwrap_or(text)
    } else {
        text
    }
}
