//! Encryption keys and their aliases.

mod keys;
mod state;

use crate::call::{Answer, Call};
use crate::world::{Place, World};

pub(crate) use keys::provide_key;
pub(crate) use state::{Kms, furnish};

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "DescribeKey" => keys::describe(world, call),
        "ListAliases" => keys::list_aliases(world, call),
        "ListKeys" => keys::list(world, call),
        "CreateKey" => keys::create(world, call),
        "CreateAlias" => keys::create_alias(world, call),
        "DeleteAlias" => keys::delete_alias(world, call),
        "ScheduleKeyDeletion" => keys::schedule_deletion(world, call),
        "CancelKeyDeletion" => keys::cancel_deletion(world, call),
        _ => crate::world::unknown(call),
    }
}

/// The ARN of the key that an id, ARN, alias or alias ARN names.
pub(crate) fn resolve(place: &Place, text: &str) -> Option<String> {
    place
        .kms
        .find(text)
        .map(|id| place.kms.keys[id].arn.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::call::Service::Kms;
    use crate::tagging::trial::Trial;

    #[test]
    fn a_key_answers_to_all_its_names() {
        let mut trial = Trial::new();
        let call = trial.call(Kms, "", json!({}));
        let arn = super::resolve(trial.world.place(&call), "alias/aws/rds").unwrap();
        let id = arn.rsplit('/').next().unwrap().to_owned();
        let alias = "arn:aws:kms:eu-west-1:111122223333:alias/aws/rds";
        let place = trial.world.place(&call);
        for name in [&arn, &id, alias] {
            assert_eq!(super::resolve(place, name).as_ref(), Some(&arn), "{name}");
        }
        for name in [&alias.replace("eu-west-1", "us-east-1"), "alias/none", ""] {
            assert_eq!(super::resolve(place, name), None, "{name}");
        }
    }
}
