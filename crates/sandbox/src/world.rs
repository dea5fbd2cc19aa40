//! Everything that exists in a sandbox: accounts, regions and their resources at one moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Call, Refusal, Service};
use crate::{
    cloudtrail, cloudwatch, ec2, iam, kms, rds, secretsmanager, servicequotas, sns, sts, tagging,
};

/// Name and number of the form of a saved world.
pub(crate) const FORMAT: &str = "pgward.sandbox/1";

/// Account of a world that has none and is called without one.
const FIRST_ACCOUNT: &str = "123456789012";

/// Why a saved world cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The text is no JSON, or not that of a world.
    #[error("cannot read the sandbox world")]
    Unreadable(#[source] serde_json::Error),
    /// The file was written by another version.
    #[error("the sandbox world has format `{found}`, expected `{FORMAT}`")]
    Format {
        /// The format named in the file.
        found: String,
    },
}

/// The resources of one account in one region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    pub rds: rds::Rds,
    pub ec2: ec2::Ec2,
    pub cloudwatch: cloudwatch::CloudWatch,
    pub secretsmanager: secretsmanager::SecretsManager,
    pub kms: kms::Kms,
    pub sns: sns::Sns,
    #[serde(skip_serializing_if = "cloudtrail::CloudTrail::is_empty")]
    pub cloudtrail: cloudtrail::CloudTrail,
}

/// All accounts, the seed of their ids, and the moment up to which time has run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub format: String,
    pub seed: u64,
    /// Moment up to which everything due has happened.
    #[serde(with = "crate::moment")]
    pub now: Timestamp,
    /// How many ids of each prefix were given out.
    #[serde(default)]
    pub given: BTreeMap<String, u64>,
    /// Account -> region -> resources.
    #[serde(default)]
    pub places: BTreeMap<String, BTreeMap<String, Place>>,
    /// Account -> roles, which belong to no region.
    #[serde(default)]
    pub iam: BTreeMap<String, iam::Iam>,
}

impl World {
    /// An empty world at a moment.
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            seed,
            now,
            given: BTreeMap::new(),
            places: BTreeMap::new(),
            iam: BTreeMap::new(),
        }
    }

    /// Reads a saved world.
    ///
    /// # Errors
    /// The text is no world, or one of another format.
    pub(crate) fn load(text: &str) -> Result<Self, WorldError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let head: Head = serde_json::from_str(text).map_err(WorldError::Unreadable)?;
        if head.format != FORMAT {
            return Err(WorldError::Format { found: head.format });
        }
        serde_json::from_str(text).map_err(WorldError::Unreadable)
    }

    /// The world as text for a file.
    pub(crate) fn save(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a world has text keys only");
        text.push('\n');
        text
    }

    /// The resources of the account and region of a call.
    pub(crate) fn place(&mut self, call: &Call) -> &mut Place {
        self.place_at(&call.account, &call.region)
    }

    /// The resources of an account and region, made if nobody asked for them before.
    pub(crate) fn place_at(&mut self, account: &str, region: &str) -> &mut Place {
        let place = self
            .places
            .entry(account.to_owned())
            .or_default()
            .entry(region.to_owned())
            .or_default();
        kms::furnish(&mut place.kms, account, region);
        place
    }

    /// The roles of an account.
    pub(crate) fn roles(&mut self, account: &str) -> &mut iam::Iam {
        self.iam.entry(account.to_owned()).or_default()
    }

    /// Account of a caller whose credentials name none.
    pub(crate) fn first_account(&self) -> String {
        self.places
            .keys()
            .next()
            .cloned()
            .unwrap_or_else(|| FIRST_ACCOUNT.to_owned())
    }

    /// The next id with a prefix: 17 hexadecimal digits that depend on the seed alone.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!(
            "{prefix}{}",
            self.characters(prefix, "0123456789abcdef", 17)
        )
    }

    /// The next made-up text of `length` characters out of `alphabet`, in the series `series`.
    pub(crate) fn characters(&mut self, series: &str, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut source = self.random(series);
        (0..length)
            .map(|_| alphabet[source.usize(0..alphabet.len())])
            .collect()
    }

    /// The next source of made-up values in a series.
    pub(crate) fn random(&mut self, series: &str) -> fastrand::Rng {
        let count = self.given.entry(series.to_owned()).or_default();
        *count += 1;
        let mut mixed = self.seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in series.bytes().chain(count.to_le_bytes()) {
            mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            mixed ^= mixed >> 29;
        }
        fastrand::Rng::with_seed(mixed)
    }

    /// A request id, which looks like a UUID.
    pub(crate) fn request_id(&mut self) -> String {
        let digits = self.characters("request", "0123456789abcdef", 32);
        format!(
            "{}-{}-{}-{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..]
        )
    }

    /// Lets everything happen that is due until `now`, in order of time.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if now > self.now {
            rds::settle(self, now);
            self.now = now;
        }
    }

    /// Hands a call to its service.
    pub(crate) fn handle(&mut self, call: &Call) -> Answer {
        match call.service {
            Service::Rds => rds::handle(self, call),
            Service::Ec2 => ec2::handle(self, call),
            Service::CloudWatch => cloudwatch::handle(self, call),
            Service::SecretsManager => secretsmanager::handle(self, call),
            Service::Kms => kms::handle(self, call),
            Service::Sns => sns::handle(self, call),
            Service::Iam => iam::handle(self, call),
            Service::Sts => sts::handle(self, call),
            Service::Tagging => tagging::handle(self, call),
            Service::CloudTrail => cloudtrail::handle(self, call),
            Service::Quotas => servicequotas::handle(call),
        }
    }
}

/// The answer of an action that nobody plays.
pub(crate) fn unknown(call: &Call) -> Answer {
    Err(Refusal::unknown_action(call))
}
