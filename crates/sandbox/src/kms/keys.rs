//! Calls on keys and aliases.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::state::{Key, Kms, as_id};
use crate::call::{Answer, Call, Refusal, text_of};
use crate::tagging::Tags;
use crate::tagging::pages::{Page, page};
use crate::world::World;

/// `DescribeKey`.
pub(super) fn describe(world: &mut World, call: &Call) -> Answer {
    let kms = &world.place(call).kms;
    let id = find(kms, call)?;
    Ok(json!({ "KeyMetadata": show(&id, &kms.keys[&id], call) }))
}

/// `ListAliases`, all or those of one key.
pub(super) fn list_aliases(world: &mut World, call: &Call) -> Answer {
    let kms = &world.place(call).kms;
    let of = if call.has("KeyId") {
        Some(find(kms, call)?)
    } else {
        None
    };
    let entries = kms
        .aliases
        .iter()
        .filter(|(_, id)| of.as_ref().is_none_or(|of| of == *id))
        .map(|(alias, id)| {
            let created = seconds(kms.keys.get(id));
            let shown = json!({
                "AliasName": alias,
                "AliasArn": call.arn("kms", alias),
                "TargetKeyId": id,
                "CreationDate": created,
                "LastUpdatedDate": created,
            });
            (alias.clone(), shown)
        })
        .collect();
    paged(call, "Aliases", entries, 50)
}

/// `ListKeys`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let keys = &world.place(call).kms.keys;
    let entries = keys
        .iter()
        .map(|(id, key)| (id.clone(), json!({ "KeyId": id, "KeyArn": key.arn })))
        .collect();
    paged(call, "Keys", entries, 100)
}

/// `CreateKey`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let id = as_id(&world.characters("key", "0123456789abcdef", 32));
    let tags = call.list("Tags");
    let tags: Tags = tags
        .iter()
        .filter_map(|tag| {
            Some((
                text_of(tag, "TagKey")?.to_owned(),
                text_of(tag, "TagValue")?.to_owned(),
            ))
        })
        .collect();
    let key = Key {
        arn: call.arn("kms", &format!("key/{id}")),
        description: call.text("Description").unwrap_or_default().to_owned(),
        of_aws: false,
        created: call.now,
        deletion: None,
        tags,
    };
    let shown = show(&id, &key, call);
    world.place(call).kms.keys.insert(id, key);
    Ok(json!({ "KeyMetadata": shown }))
}

/// Makes the key that an alias, id or ARN names, if it is absent.
pub(crate) fn provide_key(world: &mut World, call: &Call, text: &str) {
    let place = world.place(call);
    if place.kms.find(text).is_some() {
        return;
    }
    let made = as_id(&world.characters("key", "0123456789abcdef", 32));
    let home = format!("arn:aws:kms:{}:{}:", call.region, call.account);
    let short = text.strip_prefix(&home).unwrap_or(text);
    if short.starts_with("arn:") {
        return;
    }
    let (id, alias) = match short.strip_prefix("key/").unwrap_or(short) {
        alias if alias.starts_with("alias/") => (made, Some(alias.to_owned())),
        id => (id.to_owned(), None),
    };
    let key = Key {
        arn: format!("{home}key/{id}"),
        description: String::new(),
        of_aws: false,
        created: call.now,
        deletion: None,
        tags: Tags::new(),
    };
    let kms = &mut world.place(call).kms;
    kms.keys.insert(id.clone(), key);
    if let Some(alias) = alias {
        kms.aliases.insert(alias, id);
    }
}

/// `CreateAlias`.
pub(super) fn create_alias(world: &mut World, call: &Call) -> Answer {
    let alias = need(call, "AliasName")?.to_owned();
    let target = need(call, "TargetKeyId")?;
    if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
        let text =
            format!("{alias} is not a valid alias name: it starts with alias/ and not alias/aws/");
        return Err(Refusal::new(400, "InvalidAliasNameException", text));
    }
    let kms = &mut world.place(call).kms;
    if kms.aliases.contains_key(&alias) {
        let text = format!(
            "An alias with the name {} already exists",
            call.arn("kms", &alias)
        );
        return Err(Refusal::new(400, "AlreadyExistsException", text));
    }
    let id = kms
        .find(target)
        .cloned()
        .ok_or_else(|| absent(call, target))?;
    kms.aliases.insert(alias, id);
    Ok(json!({}))
}

/// `DeleteAlias`.
pub(super) fn delete_alias(world: &mut World, call: &Call) -> Answer {
    let alias = need(call, "AliasName")?;
    if alias.starts_with("alias/aws/") || world.place(call).kms.aliases.remove(alias).is_none() {
        return Err(absent(call, alias));
    }
    Ok(json!({}))
}

/// `ScheduleKeyDeletion`, after 7 to 30 days.
pub(super) fn schedule_deletion(world: &mut World, call: &Call) -> Answer {
    let days = call.int("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        let text = format!("PendingWindowInDays {days} is not between 7 and 30");
        return Err(Refusal::new(400, "ValidationException", text));
    }
    let kms = &mut world.place(call).kms;
    let id = find(kms, call)?;
    let key = kms.keys.get_mut(&id).expect("find gives ids of keys");
    if key.of_aws {
        let text = format!("{} is managed by AWS and cannot be deleted", key.arn);
        return Err(Refusal::new(400, "AccessDeniedException", text));
    }
    let deletion = call.now + SignedDuration::from_hours(24 * days);
    key.deletion = Some(deletion);
    Ok(json!({
        "KeyId": key.arn,
        "DeletionDate": deletion.as_second(),
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }))
}

/// `CancelKeyDeletion`.
pub(super) fn cancel_deletion(world: &mut World, call: &Call) -> Answer {
    let kms = &mut world.place(call).kms;
    let id = find(kms, call)?;
    let key = kms.keys.get_mut(&id).expect("find gives ids of keys");
    key.deletion = None;
    Ok(json!({ "KeyId": key.arn }))
}

fn find(kms: &Kms, call: &Call) -> Result<String, Refusal> {
    let text = need(call, "KeyId")?;
    let id = kms.find(text).cloned().ok_or_else(|| absent(call, text))?;
    // A key whose time has come stays in the world until somebody asks for it.
    match kms.keys[&id].deletion {
        Some(deletion) if deletion <= call.now => Err(absent(call, text)),
        _ => Ok(id),
    }
}

fn absent(call: &Call, text: &str) -> Refusal {
    let what = match text {
        alias if alias.starts_with("alias/") => {
            format!("Alias {} is not found.", call.arn("kms", alias))
        }
        arn if arn.starts_with("arn:") => format!("Key '{arn}' does not exist"),
        id => format!(
            "Key '{}' does not exist",
            call.arn("kms", &format!("key/{id}"))
        ),
    };
    Refusal::new(400, "NotFoundException", what)
}

fn need<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.text(name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            let text = format!("1 validation error detected: Value at '{name}' must not be null");
            Refusal::new(400, "ValidationException", text)
        })
}

fn seconds(key: Option<&Key>) -> i64 {
    key.map_or(0, |key| key.created.as_second())
}

fn paged(call: &Call, name: &str, entries: Vec<(String, Value)>, usual: i64) -> Answer {
    let limit = call.int("Limit").unwrap_or(usual);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=1000).contains(limit));
    let refused = |text: &str| Refusal::new(400, "ValidationException", text);
    let limit = limit.ok_or_else(|| refused("Limit is not between 1 and 1000"))?;
    let Page { items, next } = page(entries, call.text("Marker"), limit)
        .ok_or_else(|| Refusal::new(400, "InvalidMarkerException", "Invalid marker"))?;
    let mut answer = json!({ name: items, "Truncated": next.is_some() });
    if let Some(marker) = next {
        answer["NextMarker"] = json!(marker);
    }
    Ok(answer)
}

fn show(id: &str, key: &Key, call: &Call) -> Value {
    let state = if key.deletion.is_some() {
        "PendingDeletion"
    } else {
        "Enabled"
    };
    let mut shown = json!({
        "AWSAccountId": call.account,
        "KeyId": id,
        "Arn": key.arn,
        "CreationDate": key.created.as_second(),
        "Enabled": key.deletion.is_none(),
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": state,
        "Origin": "AWS_KMS",
        "KeyManager": if key.of_aws { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": id.starts_with("mrk-"),
    });
    if let Some(deletion) = key.deletion {
        shown["DeletionDate"] = json!(deletion.as_second());
    }
    shown
}
