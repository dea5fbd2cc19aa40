//! `secret`: secrets of Secrets Manager whose value is generated here.

use async_trait::async_trait;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry, Tag};
use pgward_engine::{Adopt, Change, Create, Delete, Fault, FaultKind, Owner, Present, Readiness};
use pgward_kinds::secret::{DESCRIPTION, KEY, NAME, RESTORED, SOURCE, USERNAME};
use pgward_model::{Resource, Value};

use super::{Adapter, Found, text};
use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::{Fleet, absent, pages};
use crate::tags::{self, Tags, gone};

/// Up to so many secrets are read one by one, which needs no right to list.
pub(crate) const FEW: usize = pgward_kinds::secret::FEW;
/// For how long a deleted secret can be brought back, in days.
const RECOVERY_DAYS: i64 = 7;

/// The adapter.
pub(crate) struct Secret;

/// What is read of a secret, whichever call told.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    arn: String,
    key: Option<String>,
    tags: Tags,
    /// Whether it is scheduled for deletion.
    leaving: bool,
}

impl From<SecretListEntry> for Entry {
    fn from(secret: SecretListEntry) -> Self {
        Self {
            tags: from_secret(secret.tags()),
            leaving: secret.deleted_date().is_some(),
            key: secret.kms_key_id,
            name: secret.name.unwrap_or_default(),
            arn: secret.arn.unwrap_or_default(),
        }
    }
}

#[async_trait]
impl Adapter for Secret {
    fn kind(&self) -> &'static str {
        "secret"
    }

    /// Names of secrets are case-sensitive.
    fn key(&self, resource: &Resource) -> String {
        resource.name.clone()
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let declared = fleet.declared(self.kind());
        let mut names: Vec<String> = declared.iter().map(|resource| self.key(resource)).collect();
        let mut found = Found::default();
        if declared.len() > FEW {
            match list(fleet).await {
                Ok(entries) => {
                    for entry in entries.iter().filter(|entry| fleet.owns_tags(&entry.tags)) {
                        names.retain(|name| *name != entry.name);
                        found.add(entry.name.clone(), Ok(read(entry)));
                    }
                }
                Err(fault) => fleet.gap("secrets that the spec does not name", &fault),
            }
        } else if let Ok(tagged) = fleet.tagged().await {
            names.extend(
                tagged
                    .keys()
                    .filter_map(|arn| name_in(arn))
                    .map(str::to_owned),
            );
        }
        names.sort();
        names.dedup();
        let looks = names
            .iter()
            .map(|name| -> Boxed<'_, Result<Option<Entry>, Fault>> {
                Box::pin(describe(fleet.aws, name))
            })
            .collect();
        for (name, result) in names.iter().zip(join_all(looks).await) {
            match result {
                // Of what is on its way out, only a declared name says something.
                Ok(Some(entry)) if !entry.leaving || is_declared(&declared, name) => {
                    found.add(entry.name.clone(), Ok(read(&entry)));
                }
                Ok(_) => {}
                Err(fault) => found.add(name.clone(), Err(fault)),
            }
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        _declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let entry = describe(aws, name).await?;
        Ok(entry
            .filter(|entry| !entry.leaving)
            .map(|entry| read(&entry)))
    }

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let name = &request.resource.name;
        let username = text(of, &USERNAME).unwrap_or_default();
        let value = aws.password_for(name).as_secret(&username);
        let call = aws
            .session()
            .secrets()
            .create_secret()
            .name(name)
            .description(text(of, &DESCRIPTION).unwrap_or_else(|| tags::description(&request.tags)))
            .secret_string(value.as_str())
            .client_request_token(token(aws, name))
            .set_tags(Some(to_secret(&request.tags)));
        match aws
            .session()
            .call("secretsmanager:CreateSecret", call.send())
            .await
        {
            Err(fault) if fault.kind == FaultKind::AlreadyExists => {
                bring_back(aws, request, fault).await
            }
            result => result.map(|_| ()),
        }
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        let (set, removed) = tags::difference(&request.attributes, &request.live);
        let id = &request.live.name;
        if !set.is_empty() {
            tag(aws, id, &set).await?;
        }
        if !removed.is_empty() {
            let call = aws.session().secrets().untag_resource().secret_id(id);
            let call = call.set_tag_keys(Some(removed)).send();
            aws.session()
                .call("secretsmanager:UntagResource", call)
                .await?;
        }
        Ok(())
    }

    async fn adopt(&self, aws: &Aws, request: &Adopt) -> Result<(), Fault> {
        tag(aws, &request.live.arn, &request.tags).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let call = aws
            .session()
            .secrets()
            .delete_secret()
            .secret_id(&request.live.name);
        let call = call.recovery_window_in_days(RECOVERY_DAYS).send();
        match gone(
            aws.session()
                .call("secretsmanager:DeleteSecret", call)
                .await,
        ) {
            // It is on its way already.
            Err(fault) if is_leaving(&fault) => Ok(()),
            result => result,
        }
    }
}

fn is_declared(declared: &[&Resource], name: &str) -> bool {
    declared.iter().any(|resource| resource.name == name)
}

/// Whether AWS refused a call because the secret is scheduled for deletion.
fn is_leaving(fault: &Fault) -> bool {
    [
        "scheduled for deletion",
        "marked deleted",
        "marked for deletion",
    ]
    .iter()
    .any(|words| fault.message.contains(words))
}

/// Brings back a secret that an earlier deletion of the same resource left: the name stays taken
/// for days. It keeps its value, since a database that outlived it still has that password.
async fn bring_back(aws: &Aws, request: &Create, refused: Fault) -> Result<(), Fault> {
    let name = &request.resource.name;
    let ours = tags::owner(&request.tags);
    let Some(entry) = describe(aws, name).await? else {
        return Err(refused);
    };
    // The address may be an earlier one, from before its section was renamed.
    let of_environment = |owner: Owner| (owner.project, owner.environment);
    let theirs = tags::owner(&entry.tags).map(of_environment);
    if !entry.leaving || ours.is_none() || theirs != ours.map(of_environment) {
        return Err(refused);
    }
    let secrets = aws.session().secrets();
    let call = secrets.restore_secret().secret_id(name).send();
    aws.session()
        .call("secretsmanager:RestoreSecret", call)
        .await?;
    tag(aws, name, &request.tags).await
}

async fn tag(aws: &Aws, id: &str, set: &Tags) -> Result<(), Fault> {
    let call = aws.session().secrets().tag_resource().secret_id(id);
    let call = call.set_tags(Some(to_secret(set))).send();
    aws.session()
        .call("secretsmanager:TagResource", call)
        .await?;
    Ok(())
}

/// The token of this run for a secret: with it, a repeated creation is the same creation.
fn token(aws: &Aws, name: &str) -> String {
    // FNV-1a: only has to tell the names of one run apart.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{}-{hash:016x}", aws.session().run())
}

/// The name in the ARN of a secret, without the six characters that AWS adds.
pub(crate) fn name_in(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":secret:")?;
    let (name, suffix) = name.rsplit_once('-')?;
    (suffix.len() == 6).then_some(name)
}

async fn list(fleet: &Fleet<'_>) -> Result<Vec<Entry>, Fault> {
    let aws = fleet.aws;
    let filter = Filter::builder()
        .key(FilterNameStringType::TagKey)
        .values("pgward:project")
        .build();
    let listed = pages(
        aws,
        "secretsmanager:ListSecrets",
        |token| {
            let call = aws.session().secrets().list_secrets().max_results(100);
            call.filters(filter.clone()).set_next_token(token).send()
        },
        |output| (output.secret_list.unwrap_or_default(), output.next_token),
    )
    .await?;
    Ok(listed
        .into_iter()
        .map(Entry::from)
        .filter(|entry| !entry.leaving)
        .collect())
}

/// Every secret of the region; names and tags, never values.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn all(aws: &Aws) -> Result<Vec<Present>, Fault> {
    let listed = pages(
        aws,
        "secretsmanager:ListSecrets",
        |token| {
            let call = aws.session().secrets().list_secrets().max_results(100);
            call.set_next_token(token).send()
        },
        |output| (output.secret_list.unwrap_or_default(), output.next_token),
    )
    .await?;
    let entries = listed.into_iter().map(Entry::from);
    Ok(entries
        .filter(|entry| !entry.leaving)
        .map(|entry| read(&entry))
        .collect())
}

async fn describe(aws: &Aws, name: &str) -> Result<Option<Entry>, Fault> {
    let call = aws
        .session()
        .secrets()
        .describe_secret()
        .secret_id(name)
        .send();
    let Some(secret) = absent(
        aws.session()
            .call("secretsmanager:DescribeSecret", call)
            .await,
    )?
    else {
        return Ok(None);
    };
    Ok(Some(Entry {
        tags: from_secret(secret.tags()),
        leaving: secret.deleted_date().is_some(),
        key: secret.kms_key_id,
        name: secret.name.unwrap_or_else(|| name.to_owned()),
        arn: secret.arn.unwrap_or_default(),
    }))
}

/// The ARN of a secret that exists under this name.
///
/// # Errors
///
/// What AWS answered; `NotFound` also for one that is scheduled for deletion.
pub(crate) async fn arn_of(aws: &Aws, name: &str) -> Result<String, Fault> {
    match describe(aws, name).await? {
        Some(entry) if !entry.leaving => Ok(entry.arn),
        _ => Err(Fault::new(
            FaultKind::NotFound,
            "secretsmanager:DescribeSecret",
            format!("there is no secret `{name}`"),
        )),
    }
}

fn from_secret(tags: &[Tag]) -> Tags {
    tags.iter()
        .filter_map(|tag| {
            Some((
                tag.key()?.to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

fn to_secret(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

fn read(entry: &Entry) -> Present {
    let mut present = tags::present(&entry.name, &entry.arn, &entry.tags);
    present.now.set(NAME.path, Value::text(&entry.name));
    present
        .now
        .set_some(KEY.path, entry.key.as_deref().map(Value::text));
    if entry.leaving {
        present.readiness = Readiness::Leaving;
        present.restorable = true;
        "scheduled for deletion".clone_into(&mut present.status);
        // Its name is taken for days: a creation brings it back.
        present.now.set(SOURCE.path, Value::text(RESTORED));
    }
    for (output, value) in [
        ("id", &entry.arn),
        ("arn", &entry.arn),
        ("name", &entry.name),
    ] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    present
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn a_name_is_read_off_its_arn() {
        let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/prod/app-Ab12Cd";
        assert_eq!(name_in(arn), Some("shop/prod/app"));
        assert_eq!(name_in("arn:aws:rds:eu-west-1:111122223333:db:x"), None);
    }
}
