//! AWS Secrets Manager: secrets, their versions, and their long goodbye.

mod deletion;
mod listing;
mod password;
mod policy;
mod secrets;
mod state;
mod versions;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::tagging::Tags;
use crate::world::{Place, World};
use state::{Secret, Version};

pub(crate) use secrets::provide;
pub(crate) use state::SecretsManager;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    state::forget_expired(&mut world.place(call).secretsmanager, call.now);
    match call.action.as_str() {
        "CreateSecret" => secrets::create(world, call),
        "DescribeSecret" => secrets::describe(world, call),
        "UpdateSecret" => secrets::update(world, call),
        "TagResource" => secrets::tag(world, call),
        "UntagResource" => secrets::untag(world, call),
        "GetSecretValue" => versions::get(world, call),
        "PutSecretValue" => versions::put(world, call),
        "ListSecretVersionIds" => versions::list(world, call),
        "ListSecrets" => listing::list(world, call),
        "DeleteSecret" => deletion::delete(world, call),
        "RestoreSecret" => deletion::restore(world, call),
        "GetRandomPassword" => password::random(world, call),
        "RotateSecret" => secrets::rotate(world, call),
        "CancelRotateSecret" => secrets::cancel_rotation(world, call),
        "GetResourcePolicy" => policy::get(world, call),
        "PutResourcePolicy" => policy::put(world, call),
        "DeleteResourcePolicy" => policy::delete(world, call),
        _ => crate::world::unknown(call),
    }
}

/// Whether a secret exists that is not about to be deleted.
pub(crate) fn exists(place: &Place, arn: &str) -> bool {
    let mut found = place.secretsmanager.found();
    found.any(|secret| secret.arn == arn && secret.deletion.is_none())
}

/// Makes the secret of a master password that RDS keeps, in the account and region of the call, and gives
/// its ARN.
pub(crate) fn create_managed(
    world: &mut World,
    call: &Call,
    name: &str,
    username: &str,
    kms_key: Option<&str>,
) -> String {
    let password = world.characters("managed-password", password::PLAIN, 28);
    let value = json!({ "username": username, "password": password }).to_string();
    let secret = Secret {
        owner: Some("rds".to_owned()),
        description: Some(format!(
            "The secret associated with the primary RDS DB: {name}"
        )),
        kms_key: kms_key.map(str::to_owned),
        ..Secret::empty(world, call, name)
    };
    let arn = secret.arn.clone();
    let version = world.characters("version", "0123456789abcdef", 32);
    let secrets = &mut world.place(call).secretsmanager;
    secrets.secrets.insert(name.to_owned(), secret);
    if let Some(secret) = secrets.secrets.get_mut(name) {
        secret.put(version, Version::text(value, call.now), &[]);
    }
    arn
}

/// Takes away the secret of a master password that RDS kept.
pub(crate) fn delete_managed(place: &mut Place, arn: &str) {
    place
        .secretsmanager
        .secrets
        .retain(|_, secret| secret.arn != arn || secret.owner.is_none());
}

/// The password in the current value of the secret with a name or an ARN: its member `password`, or
/// the whole text.
pub(crate) fn password(place: &Place, id: &str) -> Option<String> {
    let text = place.secretsmanager.find(id)?.current()?.value.clone()?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(members)) => members.get("password")?.as_str().map(str::to_owned),
        _ => Some(text),
    }
}

/// ARN and tags of every secret.
pub(crate) fn tagged(place: &Place) -> Vec<(String, Tags)> {
    let secrets: &BTreeMap<_, _> = &place.secretsmanager.secrets;
    let kept = secrets.values().filter(|secret| secret.deletion.is_none());
    kept.map(|secret| (secret.arn.clone(), secret.tags.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::call::Service::SecretsManager;
    use crate::tagging::trial::Trial;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn create(trial: &mut Trial, value: &str) -> Value {
        let input = json!({ "Name": "app", "SecretString": value, "ClientRequestToken": TOKEN });
        trial.outcome(SecretsManager, "CreateSecret", input)
    }

    #[test]
    fn a_repeated_create_is_told_by_its_token() {
        let mut trial = Trial::new();
        let first = create(&mut trial, "one");
        assert_eq!(create(&mut trial, "one"), first);
        assert_eq!(create(&mut trial, "two"), "ResourceExistsException");
    }

    #[test]
    fn a_name_stays_taken_until_the_secret_is_gone() {
        for (deletion, seconds) in [
            (
                json!({ "SecretId": "app", "RecoveryWindowInDays": 7 }),
                7 * 86_400,
            ),
            (
                json!({ "SecretId": "app", "ForceDeleteWithoutRecovery": true }),
                5,
            ),
        ] {
            let mut trial = Trial::new();
            create(&mut trial, "one");
            trial.ask(SecretsManager, "DeleteSecret", deletion).unwrap();
            trial.wait(seconds - 1);
            assert_eq!(create(&mut trial, "one"), "InvalidRequestException");
            trial.wait(1);
            assert_eq!(create(&mut trial, "one")["Name"], "app");
        }
    }

    #[test]
    fn a_new_value_makes_the_old_one_previous() {
        let mut trial = Trial::new();
        create(&mut trial, "one");
        for value in ["two", "three"] {
            let input = json!({ "SecretId": "app", "SecretString": value });
            trial.ask(SecretsManager, "PutSecretValue", input).unwrap();
        }
        let mut held = |stage: &str| {
            let input = json!({ "SecretId": "app", "VersionStage": stage });
            trial.ask(SecretsManager, "GetSecretValue", input).unwrap()["SecretString"].clone()
        };
        assert_eq!(held("AWSCURRENT"), "three");
        assert_eq!(held("AWSPREVIOUS"), "two");
    }

    #[test]
    fn a_managed_secret_holds_its_password_and_is_nobody_elses() {
        let mut trial = Trial::new();
        let call = trial.call(SecretsManager, "", json!({}));
        let arn = super::create_managed(&mut trial.world, &call, "rds!db-1", "postgres", None);
        assert!(super::exists(trial.world.place(&call), &arn));
        let password = super::password(trial.world.place(&call), &arn).unwrap();
        assert_eq!(password.len(), 28);
        let input = json!({ "SecretId": arn });
        let refused = trial.outcome(SecretsManager, "DeleteSecret", input);
        assert_eq!(refused, "InvalidRequestException");
        super::delete_managed(trial.world.place(&call), &arn);
        assert!(!super::exists(trial.world.place(&call), &arn));
    }
}
