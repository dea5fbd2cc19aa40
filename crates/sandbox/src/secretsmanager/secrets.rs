//! The life of a secret: create, describe, update, tag, rotate.

use serde_json::{Map, Value, json};

use super::password::PLAIN;
use super::state::{Rotation, Secret, Version, refused};
use crate::call::{Answer, Call, Refusal};
use crate::kms;
use crate::tagging::tags;
use crate::world::World;

/// `CreateSecret`, which a repeated token answers again instead of refusing.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let name = call.text("Name").unwrap_or_default().to_owned();
    check_name(&name)?;
    let added = tags::read(&call.list("Tags"));
    check_tags(&added)?;
    let version = version(call)?;
    let id = token(world, call)?;
    check_key(world, call)?;
    if let Some(held) = world.place(call).secretsmanager.secrets.get(&name) {
        return taken(held, &id, version.as_ref());
    }
    let mut secret = Secret {
        description: call
            .text("Description")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        kms_key: call
            .text("KmsKeyId")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        tags: added,
        ..Secret::empty(world, call, &name)
    };
    let mut shown = json!({ "ARN": secret.arn, "Name": name });
    if let Some(version) = version {
        secret.put(id.clone(), version, &[]);
        shown["VersionId"] = json!(id);
    }
    world
        .place(call)
        .secretsmanager
        .secrets
        .insert(name, secret);
    Ok(shown)
}

/// The answer of a create whose name is taken.
fn taken(held: &Secret, id: &str, version: Option<&Version>) -> Answer {
    if held.deletion.is_some() {
        let text = "You can't create this secret because a secret with this name is already \
                    scheduled for deletion.";
        return Err(refused("InvalidRequestException", text));
    }
    let same = held
        .versions
        .get(id)
        .zip(version)
        .is_some_and(|(held, sent)| held.holds_same(sent));
    if same {
        return Ok(json!({ "ARN": held.arn, "Name": held.name, "VersionId": id }));
    }
    let text = format!(
        "The operation failed because the secret {} already exists.",
        held.name
    );
    Err(refused("ResourceExistsException", text))
}

/// Makes a secret with a user name and a made-up password, if there is none with that name.
pub(crate) fn provide(world: &mut World, call: &Call, name: &str, username: &str) {
    if world.place(call).secretsmanager.secrets.contains_key(name) {
        return;
    }
    let password = world.characters("provided-password", PLAIN, 32);
    let value = json!({ "username": username, "password": password }).to_string();
    let version = world.characters("version", "0123456789abcdef", 32);
    let mut secret = Secret::empty(world, call, name);
    secret.put(version, Version::text(value, call.now), &[]);
    world
        .place(call)
        .secretsmanager
        .secrets
        .insert(name.to_owned(), secret);
}

/// `DescribeSecret`, also of one that waits for its deletion.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.named(call)?;
    let mut shown = show(secret);
    let stages: Map<String, Value> = secret
        .versions
        .iter()
        .map(|(id, version)| (id.clone(), json!(version.stages)))
        .collect();
    if !stages.is_empty() {
        shown["VersionIdsToStages"] = Value::Object(stages);
    }
    Ok(shown)
}

/// `UpdateSecret`: description, key, and a value as by `PutSecretValue`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    let version = version(call)?;
    let id = token(world, call)?;
    check_key(world, call)?;
    let secret = world.place(call).secretsmanager.own(call)?;
    if let Some(text) = call.text("Description") {
        secret.description = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(key) = call.text("KmsKeyId") {
        secret.kms_key = Some(key.to_owned()).filter(|key| !key.is_empty());
    }
    secret.changed = call.now;
    let mut shown = json!({ "ARN": secret.arn, "Name": secret.name });
    if let Some(version) = version {
        add_version(secret, &id, version, &[])?;
        shown["VersionId"] = json!(id);
    }
    Ok(shown)
}

/// Adds a version; one that is there with the same value is left as it is.
///
/// # Errors
/// The id is taken by another value.
pub(super) fn add_version(
    secret: &mut Secret,
    id: &str,
    version: Version,
    stages: &[String],
) -> Result<(), Refusal> {
    match secret.versions.get(id) {
        Some(held) if held.holds_same(&version) => Ok(()),
        Some(_) => {
            let text = "You can't use ClientRequestToken that was already used for a different secret \
                        value.";
            Err(refused("ResourceExistsException", text))
        }
        None => {
            secret.put(id.to_owned(), version, stages);
            Ok(())
        }
    }
}

/// `TagResource`.
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = tags::read(&call.list("Tags"));
    let secret = world.place(call).secretsmanager.kept(call)?;
    let mut all = secret.tags.clone();
    all.extend(added);
    check_tags(&all)?;
    secret.tags = all;
    Ok(json!({}))
}

/// `UntagResource`.
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    for key in call.texts("TagKeys") {
        secret.tags.remove(&key);
    }
    Ok(json!({}))
}

/// `RotateSecret`: keeps function and rules; no function runs in a sandbox, so the value stays.
pub(super) fn rotate(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    let held = secret.rotation.take();
    let function = call
        .text("RotationLambdaARN")
        .map(str::to_owned)
        .or_else(|| held.as_ref().and_then(|held| held.function.clone()));
    if function.is_none() && secret.owner.is_none() {
        secret.rotation = held;
        let text = "No Lambda rotation function ARN is associated with this secret.";
        return Err(refused("InvalidRequestException", text));
    }
    let rules = call.input.get("RotationRules").cloned();
    let rules = rules
        .or_else(|| held.map(|held| held.rules))
        .unwrap_or_else(|| json!({}));
    secret.rotation = Some(Rotation {
        enabled: true,
        function,
        rules,
    });
    let version = secret
        .staged(super::state::CURRENT)
        .map(|(id, _)| id.clone());
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": version }))
}

/// `CancelRotateSecret`.
pub(super) fn cancel_rotation(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    if let Some(rotation) = &mut secret.rotation {
        rotation.enabled = false;
    }
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

/// What listing and describing show alike.
pub(super) fn show(secret: &Secret) -> Value {
    let mut shown = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "LastChangedDate": secret.changed.as_second(),
        "CreatedDate": secret.created.as_second(),
        "Tags": tags::list(&secret.tags),
    });
    let day = |second: i64| second - second.rem_euclid(86_400);
    for (member, value) in [
        (
            "Description",
            secret.description.as_ref().map(|text| json!(text)),
        ),
        ("KmsKeyId", secret.kms_key.as_ref().map(|key| json!(key))),
        (
            "OwningService",
            secret.owner.as_ref().map(|owner| json!(owner)),
        ),
        (
            "LastAccessedDate",
            secret.accessed.map(|at| json!(day(at.as_second()))),
        ),
        (
            "DeletedDate",
            secret.deletion.map(|at| json!(at.as_second())),
        ),
    ] {
        if let Some(value) = value {
            shown[member] = value;
        }
    }
    if let Some(rotation) = &secret.rotation {
        shown["RotationEnabled"] = json!(rotation.enabled);
        shown["RotationRules"] = rotation.rules.clone();
        if let Some(function) = &rotation.function {
            shown["RotationLambdaARN"] = json!(function);
        }
    }
    shown
}

/// The value a call sends, if it sends one.
///
/// # Errors
/// It sends text and binary at once.
pub(super) fn version(call: &Call) -> Result<Option<Version>, Refusal> {
    match (call.text("SecretString"), call.text("SecretBinary")) {
        (Some(_), Some(_)) => {
            let text = "You can't specify both SecretString and SecretBinary in the same call.";
            Err(refused("InvalidParameterException", text))
        }
        (Some(text), None) if text.len() > 65_536 => Err(refused(
            "InvalidParameterException",
            "The secret value is longer than 65536 bytes.",
        )),
        (Some(text), None) => Ok(Some(Version::text(text.to_owned(), call.now))),
        (None, Some(binary)) => Ok(Some(Version {
            value: None,
            binary: Some(binary.to_owned()),
            stages: Vec::new(),
            created: call.now,
        })),
        (None, None) => Ok(None),
    }
}

/// The token of a call, which becomes the id of the version.
///
/// # Errors
/// It has not 32 to 64 characters.
pub(super) fn token(world: &mut World, call: &Call) -> Result<String, Refusal> {
    match call.text("ClientRequestToken") {
        None => Ok(world.characters("version", "0123456789abcdef", 32)),
        Some(token) if (32..=64).contains(&token.len()) => Ok(token.to_owned()),
        Some(_) => {
            let text =
                "1 validation error detected: clientRequestToken must have 32 to 64 characters";
            Err(refused("ValidationException", text))
        }
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "/_+=.@-!".contains(letter);
    if (1..=512).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let text = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
                following: -/_+=.@!";
    Err(refused("ValidationException", text))
}

fn check_tags(tags: &tags::Tags) -> Result<(), Refusal> {
    tags::objection(tags).map_or(Ok(()), |text| {
        Err(refused("InvalidParameterException", text))
    })
}

fn check_key(world: &mut World, call: &Call) -> Result<(), Refusal> {
    match call.text("KmsKeyId") {
        None | Some("") => Ok(()),
        Some(key) if kms::resolve(world.place(call), key).is_some() => Ok(()),
        Some(key) => {
            let text = format!("The KMS key {key} is not found, disabled or pending deletion.");
            Err(refused("EncryptionFailure", text))
        }
    }
}
