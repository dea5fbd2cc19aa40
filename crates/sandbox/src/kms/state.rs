//! What is kept of keys and aliases, and the keys that AWS keeps in every account.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::tagging::Tags;

/// Aliases of the keys that AWS keeps for its services.
const OF_AWS: [(&str, &str); 2] = [
    (
        "alias/aws/rds",
        "Default key that protects my RDS database volumes when no other key is defined",
    ),
    (
        "alias/aws/secretsmanager",
        "Default key that protects my Secrets Manager data when no other key is defined",
    ),
];

/// Keys of one account and region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kms {
    /// Key id -> key.
    pub keys: BTreeMap<String, Key>,
    /// Alias, with `alias/`, -> key id.
    pub aliases: BTreeMap<String, String>,
}

/// One key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Key {
    pub arn: String,
    pub description: String,
    /// Whether AWS keeps it.
    pub of_aws: bool,
    #[serde(with = "crate::moment")]
    pub created: Timestamp,
    #[serde(
        default,
        with = "crate::moment::maybe",
        skip_serializing_if = "Option::is_none"
    )]
    pub deletion: Option<Timestamp>,
    #[serde(default)]
    pub tags: Tags,
}

impl Kms {
    /// The id of the key that an id, ARN, alias or alias ARN names.
    pub(super) fn find(&self, text: &str) -> Option<&String> {
        let short = match text.strip_prefix("arn:aws:kms:") {
            Some(rest) => rest.splitn(3, ':').nth(2)?,
            None => text,
        };
        let id = if short.starts_with("alias/") {
            self.aliases.get(short)?
        } else {
            short.strip_prefix("key/").unwrap_or(short)
        };
        let (id, key) = self.keys.get_key_value(id)?;
        // An ARN of another account or region ends like one of ours only by accident.
        let home = |arn: &str| {
            arn.split(':')
                .skip(3)
                .take(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        (!text.starts_with("arn:") || home(text) == home(&key.arn)).then_some(id)
    }
}

/// Makes the keys that AWS keeps, in a place that has none yet.
pub(crate) fn furnish(kms: &mut Kms, account: &str, region: &str) {
    for (alias, description) in OF_AWS {
        if kms.aliases.contains_key(alias) {
            continue;
        }
        let id = fixed_id(&format!("{account}/{region}/{alias}"));
        let key = Key {
            arn: format!("arn:aws:kms:{region}:{account}:key/{id}"),
            description: description.to_owned(),
            of_aws: true,
            created: Timestamp::constant(1_704_103_200, 0),
            deletion: None,
            tags: Tags::new(),
        };
        kms.aliases.insert(alias.to_owned(), id.clone());
        kms.keys.insert(id, key);
    }
}

/// A key id that depends on a text only, so that asking for a key of AWS changes no other id.
fn fixed_id(text: &str) -> String {
    let seed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |mixed: u64, byte| {
            (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut source = fastrand::Rng::with_seed(seed);
    let digits: String = (0..32).map(|_| source.digit(16)).collect();
    as_id(&digits)
}

/// 32 hexadecimal digits in the form of a key id.
pub(super) fn as_id(digits: &str) -> String {
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..32]
    )
}
