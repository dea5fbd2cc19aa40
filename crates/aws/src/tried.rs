//! Where credentials are looked for, what was found in each place, and how to mend it.
//!
//! The SDK says what failed in its own words and, after the first provider that failed, nothing
//! about the others. Here the same places are looked at in the same order, by the names of
//! variables and keys alone; no value that is secret is read.

use std::collections::BTreeMap;

/// What is around the program, as far as credentials are concerned.
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a file can be read.
    pub is_file: &'a dyn Fn(&str) -> bool,
    /// Text of `~/.aws/config`, if there is one.
    pub config: Option<String>,
    /// Text of `~/.aws/credentials`, if there is one.
    pub credentials: Option<String>,
    /// The profile of `--profile`, which leaves no other place.
    pub profile: Option<String>,
    /// The role of `--role-arn`, assumed with what is found.
    pub role_arn: Option<String>,
}

/// One place where credentials are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `environment`, `profile`, `SSO`, `web identity`, `container`, `instance`.
    pub name: &'static str,
    /// What is there, in a few words.
    pub found: String,
    /// How to mend it; nothing if there is nothing to mend.
    pub fix: String,
    /// Whether something is there, so that this place was used.
    pub is_used: bool,
}

impl Place {
    fn new(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            found: found.into(),
            fix: String::new(),
            is_used: false,
        }
    }

    fn used(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self.is_used = true;
        self
    }
}

/// All places in the order in which they are tried; those after the first that is used are not
/// tried any more.
#[must_use]
pub fn tried(around: &Surroundings<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    if around.profile.is_none() {
        places.push(environment(around));
    }
    places.extend(profile(around));
    if around.profile.is_none() {
        places.push(web_identity(around));
        places.push(container(around));
        places.push(instance(around));
    }
    if let Some(used) = places.iter().position(|place| place.is_used) {
        for place in &mut places[used + 1..] {
            "not tried: something before it is set".clone_into(&mut place.found);
            place.fix.clear();
            place.is_used = false;
        }
    }
    if let Some(role) = &around.role_arn {
        let found = format!("--role-arn {role} is assumed with these");
        let check = format!("aws sts assume-role --role-session-name look --role-arn {role}");
        places.push(Place::new("role", found).used(check));
    }
    places
}

fn set(around: &Surroundings<'_>, name: &str) -> Option<String> {
    (around.variable)(name).filter(|value| !value.trim().is_empty())
}

fn environment(around: &Surroundings<'_>) -> Place {
    const KEY: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    let place = |found: String| Place::new("environment", found);
    match (set(around, KEY), set(around, SECRET)) {
        (None, None) => place(format!("{KEY} is not set")),
        // The chain passes over half of a pair, so this place is not used.
        (Some(_), None) => Place {
            fix: format!("export {SECRET} as well, or unset {KEY}"),
            ..place(format!("{KEY} is set, {SECRET} is not"))
        },
        (None, Some(_)) => Place {
            fix: format!("export {KEY} as well, or unset {SECRET}"),
            ..place(format!("{SECRET} is set, {KEY} is not"))
        },
        (Some(_), Some(_)) => place(format!("{KEY} and {SECRET} are set"))
            .used(format!("export new keys, or unset {KEY} to use a profile")),
    }
}

/// The keys of the sections of an AWS file, by the name of the section.
fn sections(text: Option<&str>) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.unwrap_or_default().lines() {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            let words: Vec<&str> = name.split_whitespace().collect();
            current = words.join(" ");
            found.entry(current.clone()).or_default();
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let key = key.trim().to_ascii_lowercase();
            let secret = key.contains("secret") || key.contains("token") || key.contains("key");
            let value = if secret { "" } else { value.trim() };
            let keys = found.entry(current.clone()).or_default();
            keys.insert(key, value.to_owned());
        }
    }
    found
}

/// All profiles with their keys, of both files.
fn profiles(around: &Surroundings<'_>) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = sections(around.credentials.as_deref());
    for (name, keys) in sections(around.config.as_deref()) {
        let profile = match name.strip_prefix("profile ") {
            Some(profile) => profile,
            None if name == "default" => "default",
            None => continue,
        };
        all.entry(profile.to_owned()).or_default().extend(keys);
    }
    all.remove("");
    all
}

/// The profile, and what it leads to.
fn profile(around: &Surroundings<'_>) -> Vec<Place> {
    let named = around
        .profile
        .clone()
        .or_else(|| set(around, "AWS_PROFILE"))
        .or_else(|| set(around, "AWS_DEFAULT_PROFILE"));
    let is_named = named.is_some();
    let name = named.unwrap_or_else(|| "default".to_owned());
    let all = profiles(around);
    let Some(keys) = all.get(&name) else {
        let mut place = Place::new("profile", format!("there is no profile `{name}`"));
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        if !names.is_empty() {
            place.fix = format!("pass --profile NAME, one of {}", names.join(", "));
        } else if is_named {
            place.fix = format!("aws configure sso --profile {name}");
        }
        // A name that somebody gave and nobody knows ends the search.
        place.is_used = is_named;
        return vec![place];
    };
    let has = |key: &str| keys.contains_key(key);
    let place = Place::new("profile", format!("`{name}`"));
    let login = format!("aws sso login --profile {name}");
    if has("sso_session") || has("sso_start_url") {
        let found = format!("`{name}` signs in through SSO");
        let place = Place { found, ..place };
        let token = Place::new("SSO", "no token that is still good").used(login);
        return vec![place, token];
    }
    vec![if has("role_arn") {
        role(name, keys, &all, place)
    } else if has("credential_process") || has("login_session") {
        let way = if has("login_session") {
            "aws login"
        } else {
            "credential_process"
        };
        Place {
            found: format!("`{name}` uses {way}, which pgward does not run"),
            ..place
        }
        .used(format!(
            "eval \"$(aws configure export-credentials --profile {name} --format env)\""
        ))
    } else if has("aws_access_key_id") && has("aws_secret_access_key") {
        Place {
            found: format!("`{name}` has access keys"),
            ..place
        }
        .used(format!("aws configure --profile {name}    writes new ones"))
    } else {
        let found = format!("`{name}` has no keys, no SSO and no role");
        let fix = format!("aws configure sso --profile {name}");
        Place {
            found,
            fix,
            ..place
        }
    }]
}

/// A profile that assumes a role with credentials from elsewhere.
fn role(
    name: String,
    keys: &BTreeMap<String, String>,
    all: &BTreeMap<String, BTreeMap<String, String>>,
    place: Place,
) -> Place {
    let said = |found: String, fix: String| {
        Place {
            found,
            ..place.clone()
        }
        .used(fix)
    };
    let Some(source) = keys.get("source_profile") else {
        let found = format!("`{name}` assumes a role");
        return said(found, format!("look at [profile {name}] in ~/.aws/config"));
    };
    match all.get(source) {
        None => said(
            format!("`{name}` assumes a role with profile `{source}`, which does not exist"),
            format!("write [profile {source}] in ~/.aws/config, or mend source_profile"),
        ),
        Some(keys) if keys.contains_key("sso_session") || keys.contains_key("sso_start_url") => {
            said(
                format!(
                    "`{name}` assumes a role with profile `{source}`, which signs in through SSO"
                ),
                format!("aws sso login --profile {source}"),
            )
        }
        Some(_) => said(
            format!("`{name}` assumes a role with profile `{source}`"),
            format!(
                "aws sts get-caller-identity --profile {source}    says whether that one works"
            ),
        ),
    }
}

fn web_identity(around: &Surroundings<'_>) -> Place {
    const FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
    let Some(file) = set(around, FILE) else {
        return Place::new("web identity", format!("{FILE} is not set"));
    };
    if !(around.is_file)(&file) {
        return Place::new(
            "web identity",
            format!("{FILE} names {file}, which can't be read"),
        )
        .used("let the pipeline write its token there, or unset the variable");
    }
    if set(around, "AWS_ROLE_ARN").is_none() {
        return Place::new(
            "web identity",
            format!("{FILE} is set, AWS_ROLE_ARN is not"),
        )
        .used("export AWS_ROLE_ARN=arn:aws:iam::ACCOUNT:role/NAME");
    }
    Place::new("web identity", "token and role are set")
        .used("compare the role's trust policy with the token's issuer, audience and subject")
}

fn container(around: &Surroundings<'_>) -> Place {
    const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    match [RELATIVE, FULL]
        .into_iter()
        .find(|name| set(around, name).is_some())
    {
        None => Place::new("container", format!("{RELATIVE} is not set")),
        Some(name) => Place::new("container", format!("{name} is set"))
            .used("give the task or the pod a role, and look whether its address answers"),
    }
}

fn instance(around: &Surroundings<'_>) -> Place {
    const OFF: &str = "AWS_EC2_METADATA_DISABLED";
    if set(around, OFF).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Place::new("instance", format!("{OFF} is true"));
    }
    Place::new(
        "instance",
        "no role answers at 169.254.169.254; outside of EC2 nobody does",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[default]
region = ap-south-1
[profile sso]
sso_session = corp
[sso-session corp]
sso_start_url = https://corp.example
[profile chained]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = gone
[profile process]
credential_process = /bin/x
";

    fn check(variables: &[(&str, &str)], profile: Option<&str>, expected: &[(&str, &str, &str)]) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let around = Surroundings {
            variable: &variable,
            is_file: &|path| path == "/token",
            config: Some(CONFIG.to_owned()),
            credentials: Some("[keys]\naws_access_key_id=A\naws_secret_access_key=B\n".to_owned()),
            profile: profile.map(str::to_owned),
            role_arn: None,
        };
        let places = tried(&around);
        let rows: Vec<(&str, &str, &str)> = places
            .iter()
            .filter(|place| place.is_used || !place.fix.is_empty())
            .map(|place| (place.name, place.found.as_str(), place.fix.as_str()))
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn each_place_says_how_it_is_mended() {
        let nothing = (
            "profile",
            "`default` has no keys, no SSO and no role",
            "aws configure sso --profile default",
        );
        check(&[], None, &[nothing]);
        check(
            &[("AWS_ACCESS_KEY_ID", "A")],
            None,
            &[
                (
                    "environment",
                    "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not",
                    "export AWS_SECRET_ACCESS_KEY as well, or unset AWS_ACCESS_KEY_ID",
                ),
                nothing,
            ],
        );
        check(
            &[("AWS_PROFILE", "sso")],
            None,
            &[(
                "SSO",
                "no token that is still good",
                "aws sso login --profile sso",
            )],
        );
        check(
            &[],
            Some("nope"),
            &[(
                "profile",
                "there is no profile `nope`",
                "pass --profile NAME, one of chained, default, keys, process, sso",
            )],
        );
        check(
            &[],
            Some("chained"),
            &[(
                "profile",
                "`chained` assumes a role with profile `gone`, which does not exist",
                "write [profile gone] in ~/.aws/config, or mend source_profile",
            )],
        );
        check(
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")],
            None,
            &[
                nothing,
                (
                    "web identity",
                    "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not",
                    "export AWS_ROLE_ARN=arn:aws:iam::ACCOUNT:role/NAME",
                ),
            ],
        );
    }

    #[test]
    fn what_comes_after_the_place_that_is_used_was_not_tried() {
        let around = Surroundings {
            variable: &|name| (name != "AWS_PROFILE").then(|| "x".to_owned()),
            is_file: &|_| false,
            config: None,
            credentials: None,
            profile: None,
            role_arn: None,
        };
        let places = tried(&around);
        assert!(places[0].is_used);
        assert!(
            places[1..]
                .iter()
                .all(|place| place.found.starts_with("not tried"))
        );
    }
}
