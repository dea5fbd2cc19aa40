//! `GetRandomPassword`, made up from the seed like everything else.

use serde_json::json;

use super::state::refused;
use crate::call::{Answer, Call};
use crate::world::World;

/// Letters and digits.
pub(super) const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// `GetRandomPassword`.
pub(super) fn random(world: &mut World, call: &Call) -> Answer {
    let length = call.int("PasswordLength").unwrap_or(32);
    let length = usize::try_from(length)
        .ok()
        .filter(|length| (1..=4096).contains(length));
    let length = length.ok_or_else(|| {
        refused(
            "InvalidParameterException",
            "PasswordLength must be between 1 and 4096.",
        )
    })?;
    let excluded = call.text("ExcludeCharacters").unwrap_or_default();
    let classes: Vec<String> = [
        (UPPER, "ExcludeUppercase"),
        (LOWER, "ExcludeLowercase"),
        (DIGITS, "ExcludeNumbers"),
        (PUNCTUATION, "ExcludePunctuation"),
        (" ", "IncludeSpace"),
    ]
    .into_iter()
    .filter(|(_, switch)| call.boolean(switch).unwrap_or(false) == switch.starts_with("Include"))
    .map(|(letters, _)| {
        letters
            .chars()
            .filter(|letter| !excluded.contains(*letter))
            .collect()
    })
    .filter(|letters: &String| !letters.is_empty())
    .collect();
    let each = call.boolean("RequireEachIncludedType").unwrap_or(true);
    if classes.is_empty() || (each && classes.len() > length) {
        let text = "The password length and the excluded characters leave nothing to choose from.";
        return Err(refused("InvalidParameterException", text));
    }
    let all = classes.concat();
    let mut letters: Vec<char> = Vec::new();
    if each {
        for class in &classes {
            letters.extend(world.characters("password", class, 1).chars());
        }
    }
    let rest = length - letters.len();
    letters.extend(world.characters("password", &all, rest).chars());
    world.random("password").shuffle(&mut letters);
    Ok(json!({ "RandomPassword": letters.into_iter().collect::<String>() }))
}
