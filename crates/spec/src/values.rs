//! What texts stand for: placeholders, ids, ARNs, and the environment they are filled from.

use pgward_model::{Environment, Origin};

use crate::merge::Spec;

/// Whether a value comes from outside and could not be read yet: `ssm:/path`, `env:NAME`.
pub(crate) fn is_unknown(text: &str) -> bool {
    text.starts_with("ssm:/") || text.starts_with("env:")
}

/// The environment as written, for texts that are filled before everything is checked.
pub(crate) fn written_environment(spec: &Spec) -> Environment {
    let top = |key: &str| spec.top.keys.get(key).and_then(|entry| entry.node.text());
    let project = spec.parts.get(&("project".to_owned(), None));
    let project = |key: &str| {
        let entry = project.and_then(|part| part.keys.get(key));
        entry
            .and_then(|entry| entry.node.text())
            .unwrap_or_default()
            .to_owned()
    };
    Environment {
        project: project("name"),
        name: top("environment").unwrap_or_default().to_owned(),
        account: top("account").unwrap_or_default().to_owned(),
        region: project("region"),
    }
}

/// The name of the master's secret, if its value is generated.
pub(crate) fn generated_master_name(spec: &Spec) -> Option<String> {
    let part = spec
        .parts
        .get(&("secret".to_owned(), Some("master".to_owned())))?;
    let text = |key: &str| part.keys.get(key).and_then(|entry| entry.node.text());
    let name = text("name").filter(|_| text("source") == Some("generate"))?;
    fill(name, &written_environment(spec)).ok()
}

/// A placeholder that there is not: its byte offset and its text with the braces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownPlaceholder {
    pub(crate) at: usize,
    pub(crate) text: String,
}

/// Fills `{project}`, `{environment}`, `{region}` and `{account}`.
pub(crate) fn fill(text: &str, environment: &Environment) -> Result<String, UnknownPlaceholder> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let at = text.len() - rest.len() + open;
        let end = rest[open..].find('}').map(|end| open + end + 1);
        let Some(end) = end else {
            return Err(UnknownPlaceholder {
                at,
                text: rest[open..].to_owned(),
            });
        };
        filled.push_str(&rest[..open]);
        filled.push_str(match &rest[open + 1..end - 1] {
            "project" => &environment.project,
            "environment" => &environment.name,
            "region" => &environment.region,
            "account" => &environment.account,
            _ => {
                return Err(UnknownPlaceholder {
                    at,
                    text: rest[open..end].to_owned(),
                });
            }
        });
        rest = &rest[end..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Whether a text is an id such as `sg-0aa11bb22cc33dd44`: prefix, hyphen, 8 or 17 hex digits.
pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|digits| {
            matches!(digits.len(), 8 | 17)
                && digits
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        })
}

/// The parts of an ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Byte offset of the region in the text.
    pub(crate) region_at: usize,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts.as_slice() else {
            return None;
        };
        let fits = *arn == "arn" && partition.starts_with("aws") && !resource.is_empty();
        let account_fits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (fits && account_fits).then(|| Self {
            service,
            region,
            region_at: arn.len() + partition.len() + service.len() + 3,
            resource,
        })
    }
}

/// The partition of a region: `aws`, `aws-cn` or `aws-us-gov`.
pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The ARN of a role from its name in the account, or as written.
pub(crate) fn role_arn(role: &str, environment: &Environment) -> String {
    if role.starts_with("arn:") || is_unknown(role) {
        return role.to_owned();
    }
    format!(
        "arn:{}:iam::{}:role/{role}",
        partition(&environment.region),
        environment.account
    )
}

/// Whether a text is the name of a region, such as `ap-south-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) => {
            (2..=3).contains(&words.len())
                && words.iter().all(word)
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => false,
    }
}

/// `specs/base.toml:61`.
pub(crate) fn place(origin: &Origin) -> String {
    origin.short()
}

/// What a resource may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// DB instance, proxy.
    Identifier,
    /// Parameter group: as an identifier, but longer; no dots.
    ParameterGroup,
    SubnetGroup,
    SecurityGroup,
    Secret,
    Alarm,
}

impl NameRule {
    /// Whether AWS stores the name in lower case.
    pub(crate) fn folds(self) -> bool {
        matches!(
            self,
            Self::Identifier | Self::ParameterGroup | Self::SubnetGroup
        )
    }

    /// Why a name is not allowed, in words.
    pub(crate) fn problem(self, name: &str) -> Option<&'static str> {
        let starts_with_letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let only = |extra: &str| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
        };
        match self {
            Self::Identifier | Self::ParameterGroup => {
                let longest = if self == Self::Identifier { 63 } else { 255 };
                let fits = name.len() <= longest
                    && starts_with_letter
                    && only("-")
                    && !name.ends_with('-')
                    && !name.contains("--");
                let words = if self == Self::Identifier {
                    "1 to 63 letters, digits and single hyphens, with a letter first"
                } else {
                    "1 to 255 letters, digits and single hyphens, with a letter first; no dots"
                };
                (!fits).then_some(words)
            }
            Self::SubnetGroup => {
                let fits = name.len() <= 255
                    && starts_with_letter
                    && only("._- ")
                    && !name.eq_ignore_ascii_case("default");
                (!fits).then_some(
                    "1 to 255 letters, digits, dots, hyphens, underscores and spaces, with a \
                     letter first; not \"default\"",
                )
            }
            Self::SecurityGroup => {
                let fits = (1..=255).contains(&name.len())
                    && only(" ._-:/()#,@[]+=&;{}!$*")
                    && !name.starts_with("sg-")
                    && !name.eq_ignore_ascii_case("default");
                (!fits).then_some("1 to 255 characters; not \"default\", and not starting with sg-")
            }
            Self::Secret => {
                let fits = (1..=512).contains(&name.len()) && only("/_+=.@-");
                (!fits).then_some("1 to 512 letters, digits and / _ + = . @ -")
            }
            Self::Alarm => {
                let fits = (1..=255).contains(&name.chars().count())
                    && !name.chars().any(char::is_control);
                (!fits).then_some("1 to 255 characters")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            project: "travel".to_owned(),
            name: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "ap-south-1".to_owned(),
        }
    }

    #[test]
    fn placeholders_are_filled_and_others_refused() {
        assert_eq!(
            fill("a/{project}/{environment}", &environment()).as_deref(),
            Ok("a/travel/prod")
        );
        assert_eq!(
            fill("a-{stage}", &environment()),
            Err(UnknownPlaceholder {
                at: 2,
                text: "{stage}".to_owned()
            })
        );
    }

    #[test]
    fn ids_have_8_or_17_hex_digits() {
        assert!(is_id("sg-0aa11bb22cc33dd44", "sg"));
        assert!(is_id("vpc-1a2b3c4d", "vpc"));
        assert!(!is_id("sg-xxxxx", "sg"));
        assert!(!is_id("subnet-abc123", "subnet"));
    }

    #[test]
    fn a_role_is_a_name_or_an_arn() {
        assert_eq!(
            role_arn("r", &environment()),
            "arn:aws:iam::111122223333:role/r"
        );
        let written = "arn:aws:iam::999999999999:role/path/r";
        assert_eq!(role_arn(written, &environment()), written);
    }

    #[test]
    fn regions_are_known_by_their_form() {
        assert!(is_region("ap-south-1"));
        assert!(is_region("us-gov-west-1"));
        assert!(!is_region("mumbai"));
        assert!(!is_region("ap-south-1a"));
    }

    #[test]
    fn names_follow_the_rules_of_their_kind() {
        assert_eq!(NameRule::Identifier.problem("happytrip-b2b-prod"), None);
        assert!(NameRule::Identifier.problem("a--b").is_some());
        assert!(
            NameRule::ParameterGroup
                .problem("default.postgres16")
                .is_some()
        );
        assert!(NameRule::SecurityGroup.problem("sg-mine").is_some());
    }
}
