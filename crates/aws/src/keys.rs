//! KMS keys: from what is written (`aws/rds`, an alias, an id) to the ARN that RDS answers with.

use std::collections::{BTreeMap, BTreeSet};

use pgward_engine::{Fault, FaultKind};
use pgward_kinds::instance::{ENCRYPTION, NOT_ENCRYPTED};
use pgward_model::Resource;

use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::Fleet;

/// What is written for a database that is not encrypted.
pub(crate) const NONE: &str = NOT_ENCRYPTED;

/// The key that RDS uses if none is named.
pub(crate) const AWS_OWN: &str = "aws/rds";

/// A written key as AWS takes it: `aws/rds` is an alias.
pub(crate) fn as_aws_takes_it(written: &str) -> String {
    if written.starts_with("aws/") {
        format!("alias/{written}")
    } else {
        written.to_owned()
    }
}

/// Whether a text is the ARN of a key, which needs no look.
fn is_arn(written: &str) -> bool {
    written.starts_with("arn:") && written.contains(":key/")
}

/// The ARNs of all keys that the run's environments name, and of AWS's own where a database has it
/// against what is written.
pub(crate) async fn resolve(fleet: &Fleet<'_>) -> BTreeMap<String, Result<String, Fault>> {
    let instances = fleet.declared("instance");
    let written: BTreeSet<&str> = instances
        .iter()
        .filter_map(|resource| resource.attributes.text(ENCRYPTION.path))
        .filter(|written| *written != NONE)
        .collect();
    let mut keys = look_all(fleet, written).await;
    if !keys.contains_key(AWS_OWN) && has_another_key(fleet, &instances, &keys).await {
        keys.extend(look_all(fleet, BTreeSet::from([AWS_OWN])).await);
    }
    fleet.aws.remember_keys(&keys);
    keys
}

async fn look_all(
    fleet: &Fleet<'_>,
    written: BTreeSet<&str>,
) -> BTreeMap<String, Result<String, Fault>> {
    let looks = written
        .iter()
        .map(|written| -> Boxed<'_, Result<String, Fault>> { Box::pin(look(fleet.aws, written)) })
        .collect();
    let found = join_all(looks).await;
    for fault in found.iter().filter_map(|result| result.as_ref().err()) {
        if fault.kind != FaultKind::NotFound {
            fleet.gap("KMS keys", fault);
        }
    }
    written.into_iter().map(str::to_owned).zip(found).collect()
}

/// Whether one of the databases is encrypted with a key that none of the looks found.
async fn has_another_key(
    fleet: &Fleet<'_>,
    declared: &[&Resource],
    keys: &BTreeMap<String, Result<String, Fault>>,
) -> bool {
    let live = fleet.instances().await.unwrap_or_default();
    let known = |key: &str| keys.values().any(|found| found.as_deref() == Ok(key));
    live.iter()
        .filter(|live| {
            let name = live.db_instance_identifier();
            declared.iter().any(|one| name == Some(&one.name))
        })
        .filter_map(|live| live.kms_key_id())
        .any(|key| !known(key))
}

/// The ARN of a key.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn look(aws: &Aws, written: &str) -> Result<String, Fault> {
    if is_arn(written) {
        return Ok(written.to_owned());
    }
    let call = aws
        .session()
        .kms()
        .describe_key()
        .key_id(as_aws_takes_it(written))
        .send();
    let output = aws.session().call("kms:DescribeKey", call).await?;
    output
        .key_metadata
        .and_then(|metadata| metadata.arn)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Other,
                "kms:DescribeKey",
                "the answer holds no key",
            )
        })
}

/// Looks a key up, unless this run knows it already.
pub(crate) async fn look_once(aws: &Aws, written: &str) {
    if !aws.remembered_keys().contains_key(written) {
        let found = look(aws, written).await;
        aws.remember_keys(&BTreeMap::from([(written.to_owned(), found)]));
    }
}

/// The live key in the words of the spec, if both are the same key.
///
/// A key that can't be looked up counts as the same: a change of key would be a new database, and a
/// missing right must not ask for one.
pub(crate) fn in_words(
    live: &str,
    written: Option<&str>,
    keys: &BTreeMap<String, Result<String, Fault>>,
) -> String {
    let Some(written) = written else {
        return live.to_owned();
    };
    let same = live == written
        || live == as_aws_takes_it(written)
        || match keys.get(written) {
            Some(Ok(arn)) => arn == live,
            Some(Err(fault)) => fault.kind != FaultKind::NotFound,
            None => false,
        };
    if same {
        return written.to_owned();
    }
    let known = keys
        .iter()
        .find(|(_, key)| key.as_ref().is_ok_and(|arn| arn == live));
    known.map_or(live, |(name, _)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_and_its_key_are_the_same() {
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/1";
        let denied = Fault::new(FaultKind::Denied, "kms:DescribeKey", "");
        let missing = Fault::new(FaultKind::NotFound, "kms:DescribeKey", "");
        let keys = BTreeMap::from([
            ("aws/rds".to_owned(), Ok(arn.to_owned())),
            ("alias/other".to_owned(), Ok("arn:other".to_owned())),
            ("alias/denied".to_owned(), Err(denied)),
            ("alias/missing".to_owned(), Err(missing)),
        ]);
        for (live, written, expected) in [
            (arn, "aws/rds", "aws/rds"),
            (arn, "alias/other", "aws/rds"),
            (arn, "alias/denied", "alias/denied"),
            (arn, "alias/missing", "aws/rds"),
            (arn, arn, arn),
            ("alias/aws/rds", "aws/rds", "aws/rds"),
        ] {
            assert_eq!(in_words(live, Some(written), &keys), expected, "{written}");
        }
    }
}
