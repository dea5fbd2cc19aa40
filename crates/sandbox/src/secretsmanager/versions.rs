//! Values of secrets: get and put.

use serde_json::{Value, json};

use super::secrets::{add_version, token, version};
use super::state::{CURRENT, refused};
use crate::call::{Answer, Call};
use crate::world::World;

/// `GetSecretValue`, by version, stage, or the current one.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.kept(call)?;
    let stage = call.text("VersionStage");
    let found = match call.text("VersionId") {
        Some(id) => secret.versions.get_key_value(id).filter(|(_, version)| {
            stage.is_none_or(|stage| version.stages.iter().any(|held| held == stage))
        }),
        None => secret.staged(stage.unwrap_or(CURRENT)),
    };
    let (id, version) = found.ok_or_else(|| {
        let stage = stage.unwrap_or(CURRENT);
        let text = format!(
            "Secrets Manager can't find the specified secret value for staging label: {stage}"
        );
        refused("ResourceNotFoundException", text)
    })?;
    let mut shown = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": id,
        "VersionStages": version.stages,
        "CreatedDate": version.created.as_second(),
    });
    if let Some(value) = &version.value {
        shown["SecretString"] = json!(value);
    }
    if let Some(binary) = &version.binary {
        shown["SecretBinary"] = json!(binary);
    }
    secret.accessed = Some(call.now);
    Ok(shown)
}

/// `PutSecretValue`.
pub(super) fn put(world: &mut World, call: &Call) -> Answer {
    let version = version(call)?.ok_or_else(|| {
        refused(
            "InvalidRequestException",
            "You must provide either SecretString or SecretBinary.",
        )
    })?;
    let id = token(world, call)?;
    let stages = call.texts("VersionStages");
    let secret = world.place(call).secretsmanager.own(call)?;
    add_version(secret, &id, version, &stages)?;
    let stages = secret
        .versions
        .get(&id)
        .map(|held| held.stages.clone())
        .unwrap_or_default();
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": id, "VersionStages": stages }))
}

/// `ListSecretVersionIds`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let secret = world.place(call).secretsmanager.named(call)?;
    let versions: Vec<Value> = secret
        .versions
        .iter()
        .map(|(id, version)| {
            json!({
                "VersionId": id,
                "VersionStages": version.stages,
                "CreatedDate": version.created.as_second(),
            })
        })
        .collect();
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "Versions": versions }))
}
