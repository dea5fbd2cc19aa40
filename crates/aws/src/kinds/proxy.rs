//! `proxy`: an RDS proxy with its default target group and its target.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::types::{
    AuthScheme, ConnectionPoolConfiguration, DbProxy, DbProxyTarget, DbProxyTargetGroup,
    EngineFamily, IamAuthMode, TargetType, UserAuthConfig,
};
use pgward_engine::{Change, Create, Delete, Fault, FaultKind, Present, Readiness};
use pgward_kinds::proxy::{
    ENDPOINT, IAM, IDLE_CLIENT_TIMEOUT, MAX_CONNECTIONS, NAME, REQUIRE_TLS, ROLE, SECRETS,
    SECURITY_GROUPS, SUBNETS, TARGET,
};
use pgward_model::{Object, Resource, Value};

use super::instance::existing_secret;
use super::{Adapter, Found, int, int_value, secret, text, text_value, texts};
use crate::aws::Aws;
use crate::join::{Boxed, join_all};
use crate::listing::{Fleet, PAGE, absent, pages};
use crate::tags::{self, Tags, gone};

/// The target group that comes and goes with its proxy.
const GROUP: &str = "default";
/// Port of PostgreSQL at a proxy.
const PORT: i64 = 5432;

/// The adapter.
pub(crate) struct Proxy;

#[async_trait]
impl Adapter for Proxy {
    fn kind(&self) -> &'static str {
        "proxy"
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let declared = fleet.declared(self.kind());
        let reads = declared
            .iter()
            .map(|resource| -> Boxed<'_, Result<Behind, Fault>> {
                Box::pin(behind(fleet.aws, &resource.name, Some(*resource)))
            })
            .collect();
        let (proxies, _, behind) =
            tokio::join!(list(fleet, &declared), fleet.tagged(), join_all(reads));
        let proxies = match proxies {
            Ok(proxies) => proxies,
            Err(fault) => return Found::failed(fault),
        };
        let mut behind: BTreeMap<String, (&Resource, Result<Behind, Fault>)> = declared
            .iter()
            .map(|resource| self.key(resource))
            .zip(declared.iter().copied().zip(behind))
            .collect();
        let mut ours = Vec::new();
        for proxy in &proxies {
            let key = name_of(proxy).to_ascii_lowercase();
            if behind.contains_key(&key) || fleet.is_ours(arn_of(proxy)).await {
                ours.push((key, proxy));
            }
        }
        let arns: Vec<&str> = ours.iter().map(|(_, proxy)| arn_of(proxy)).collect();
        let tags = fleet.tags_of_all(&arns).await;
        let mut found = Found::default();
        for ((key, proxy), tags) in ours.into_iter().zip(tags) {
            // What stands behind a leftover doesn't matter for its deletion.
            let (resource, behind) = match behind.remove(&key) {
                Some((resource, behind)) => (Some(resource), behind),
                None => (None, Ok(Behind::default())),
            };
            let present = tags.and_then(|tags| Ok(read(proxy, &tags, &behind?, resource)));
            found.add(key, present);
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let call = aws
            .session()
            .rds()
            .describe_db_proxies()
            .db_proxy_name(name)
            .send();
        let (proxies, behind) = tokio::join!(
            aws.session().call("rds:DescribeDBProxies", call),
            behind(aws, name, declared)
        );
        let Some(output) = absent(proxies)? else {
            return Ok(None);
        };
        let Some(proxy) = output.db_proxies().first() else {
            return Ok(None);
        };
        // It may go between the reads.
        let Some(tags) = absent(tags::of_resource(aws, arn_of(proxy)).await)? else {
            return Ok(None);
        };
        Ok(Some(read(proxy, &tags, &behind?, declared)))
    }

    /// Makes the proxy; pool and target follow in a change, which AWS takes once it is available.
    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let call = aws
            .session()
            .rds_once()
            .create_db_proxy()
            .db_proxy_name(&request.resource.name)
            .engine_family(EngineFamily::Postgresql)
            .set_auth(Some(auth(aws, of).await?))
            .set_role_arn(text(of, &ROLE))
            .set_vpc_subnet_ids(texts(of, &SUBNETS))
            .set_vpc_security_group_ids(texts(of, &SECURITY_GROUPS))
            .set_require_tls(of.bool(REQUIRE_TLS.path))
            .set_idle_client_timeout(int(of, &IDLE_CLIENT_TIMEOUT))
            .set_tags(tags::to_rds(&request.tags));
        aws.session()
            .once("rds:CreateDBProxy", || call.clone().send())
            .await?;
        Ok(())
    }

    /// Pool and target first: a change of the proxy itself keeps it from taking others for a
    /// while, and a repeated call must not begin with it again.
    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        tags::change_rds(aws, &request.attributes, &request.live).await?;
        if let Some(percent) = int(&request.attributes, &MAX_CONNECTIONS) {
            let pool = ConnectionPoolConfiguration::builder().max_connections_percent(percent);
            let call = aws.session().rds().modify_db_proxy_target_group();
            let call = call
                .target_group_name(GROUP)
                .db_proxy_name(&request.live.name)
                .connection_pool_config(pool.build());
            aws.session()
                .call("rds:ModifyDBProxyTargetGroup", call.send())
                .await?;
        }
        if let Some(target) = text(&request.attributes, &TARGET) {
            change_target(aws, &request.live.name, &target).await?;
        }
        change_proxy(aws, request).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let call = aws
            .session()
            .rds()
            .delete_db_proxy()
            .db_proxy_name(&request.live.name)
            .send();
        gone(aws.session().call("rds:DeleteDBProxy", call).await)
    }
}

async fn change_proxy(aws: &Aws, request: &Change) -> Result<(), Fault> {
    let of = &request.attributes;
    let changed = [
        &ROLE,
        &SECRETS,
        &IAM,
        &REQUIRE_TLS,
        &IDLE_CLIENT_TIMEOUT,
        &SECURITY_GROUPS,
    ];
    if !changed
        .iter()
        .any(|attribute| of.get(attribute.path).is_some())
    {
        return Ok(());
    }
    let auth = if of.get(SECRETS.path).is_some() || of.get(IAM.path).is_some() {
        Some(auth(aws, &request.resource.attributes).await?)
    } else {
        None
    };
    let call = aws
        .session()
        .rds()
        .modify_db_proxy()
        .db_proxy_name(&request.live.name)
        .set_auth(auth)
        .set_role_arn(text(of, &ROLE))
        .set_require_tls(of.bool(REQUIRE_TLS.path))
        .set_idle_client_timeout(int(of, &IDLE_CLIENT_TIMEOUT))
        .set_security_groups(texts(of, &SECURITY_GROUPS));
    aws.session().call("rds:ModifyDBProxy", call.send()).await?;
    Ok(())
}

/// Lets the proxy pass connections to this DB instance and to no other.
async fn change_target(aws: &Aws, proxy: &str, target: &str) -> Result<(), Fault> {
    let rds = aws.session().rds();
    let live = targets(aws, proxy).await?;
    let names: Vec<String> = instances(&live).into_iter().map(str::to_owned).collect();
    let surplus: Vec<String> = names
        .iter()
        .filter(|name| !name.eq_ignore_ascii_case(target))
        .cloned()
        .collect();
    if !surplus.is_empty() {
        let call = rds.deregister_db_proxy_targets().db_proxy_name(proxy);
        let call = call
            .target_group_name(GROUP)
            .set_db_instance_identifiers(Some(surplus));
        gone(
            aws.session()
                .call("rds:DeregisterDBProxyTargets", call.send())
                .await,
        )?;
    }
    if !names.iter().any(|name| name.eq_ignore_ascii_case(target)) {
        let call = rds.register_db_proxy_targets().db_proxy_name(proxy);
        let call = call
            .target_group_name(GROUP)
            .db_instance_identifiers(target)
            .send();
        match aws.session().call("rds:RegisterDBProxyTargets", call).await {
            Err(fault) if fault.kind != FaultKind::AlreadyExists => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}

/// The secrets as a proxy takes them, each with the demand for an IAM token.
async fn auth(aws: &Aws, of: &Object) -> Result<Vec<UserAuthConfig>, Fault> {
    let iam = match of.text(IAM.path) {
        Some("required") => IamAuthMode::Required,
        _ => IamAuthMode::Disabled,
    };
    let mut all = Vec::new();
    for written in of.texts(SECRETS.path) {
        let arn = match existing_secret(written) {
            Some(name) => secret::arn_of(aws, name).await?,
            None => written.to_owned(),
        };
        all.push(
            UserAuthConfig::builder()
                .auth_scheme(AuthScheme::Secrets)
                .secret_arn(arn)
                .iam_auth(iam.clone())
                .build(),
        );
    }
    Ok(all)
}

async fn list(fleet: &Fleet<'_>, declared: &[&Resource]) -> Result<Vec<DbProxy>, Fault> {
    let aws = fleet.aws;
    let listed = pages(
        aws,
        "rds:DescribeDBProxies",
        |marker| {
            let call = aws.session().rds().describe_db_proxies();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| (output.db_proxies.unwrap_or_default(), output.marker),
    )
    .await;
    match listed {
        Err(fault) if declared.is_empty() => {
            fleet.gap("proxies that the spec does not name", &fault);
            Ok(Vec::new())
        }
        result => result,
    }
}

/// What stands behind a proxy; nothing if there is no such proxy.
#[derive(Debug, Default)]
struct Behind {
    group: Option<DbProxyTargetGroup>,
    targets: Vec<DbProxyTarget>,
}

async fn behind(aws: &Aws, proxy: &str, declared: Option<&Resource>) -> Result<Behind, Fault> {
    // The pool costs a call of its own, so it is read only where it is managed.
    let pooled =
        declared.is_some_and(|resource| resource.attributes.get(MAX_CONNECTIONS.path).is_some());
    if !pooled {
        let targets = absent(targets(aws, proxy).await)?.unwrap_or_default();
        return Ok(Behind {
            group: None,
            targets,
        });
    }
    let call = aws.session().rds().describe_db_proxy_target_groups();
    let call = call.db_proxy_name(proxy).target_group_name(GROUP).send();
    let (groups, targets) = tokio::join!(
        aws.session().call("rds:DescribeDBProxyTargetGroups", call),
        targets(aws, proxy)
    );
    let groups = absent(groups)?
        .and_then(|output| output.target_groups)
        .unwrap_or_default();
    Ok(Behind {
        group: groups.into_iter().next(),
        targets: absent(targets)?.unwrap_or_default(),
    })
}

async fn targets(aws: &Aws, proxy: &str) -> Result<Vec<DbProxyTarget>, Fault> {
    pages(
        aws,
        "rds:DescribeDBProxyTargets",
        |marker| {
            let call = aws
                .session()
                .rds()
                .describe_db_proxy_targets()
                .db_proxy_name(proxy);
            call.target_group_name(GROUP)
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| (output.targets.unwrap_or_default(), output.marker),
    )
    .await
}

/// The DB instances among the targets.
fn instances(targets: &[DbProxyTarget]) -> BTreeSet<&str> {
    targets
        .iter()
        .filter(|target| {
            target
                .r#type()
                .is_none_or(|of| *of == TargetType::RdsInstance)
        })
        .filter_map(|target| target.rds_resource_id())
        .collect()
}

fn name_of(proxy: &DbProxy) -> &str {
    proxy.db_proxy_name().unwrap_or_default()
}

fn arn_of(proxy: &DbProxy) -> &str {
    proxy.db_proxy_arn().unwrap_or_default()
}

fn read(proxy: &DbProxy, tags: &Tags, behind: &Behind, declared: Option<&Resource>) -> Present {
    let (name, arn) = (name_of(proxy), arn_of(proxy));
    let mut present = tags::present(name, arn, tags);
    let now = &mut present.now;
    now.set(NAME.path, Value::text(name));
    now.set_some(ROLE.path, text_value(proxy.role_arn()));
    now.set(SECRETS.path, Value::texts(secrets(proxy, declared)));
    now.set_some(IAM.path, iam(proxy).map(Value::text));
    now.set(
        REQUIRE_TLS.path,
        Value::Bool(proxy.require_tls().unwrap_or(false)),
    );
    now.set_some(
        IDLE_CLIENT_TIMEOUT.path,
        int_value(proxy.idle_client_timeout()),
    );
    let sorted = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
    now.set(SUBNETS.path, Value::texts(sorted(proxy.vpc_subnet_ids())));
    now.set(
        SECURITY_GROUPS.path,
        Value::texts(sorted(proxy.vpc_security_group_ids())),
    );
    now.set_some(ENDPOINT.path, text_value(proxy.endpoint()));
    let pool = behind
        .group
        .as_ref()
        .and_then(DbProxyTargetGroup::connection_pool_config);
    now.set_some(
        MAX_CONNECTIONS.path,
        int_value(pool.and_then(|pool| pool.max_connections_percent())),
    );
    let targets: Vec<&str> = instances(&behind.targets).into_iter().collect();
    if !targets.is_empty() {
        now.set(TARGET.path, Value::Text(targets.join(", ")));
    }
    (present.readiness, present.advice) = readiness(proxy, &behind.targets);
    present.unfinished = status_is(proxy, "creating");
    if let Some(status) = proxy.status() {
        let registers = status.as_str() == "available" && present.readiness == Readiness::Busy;
        present.status = if registers {
            "registering its target"
        } else {
            status.as_str()
        }
        .to_owned();
    }
    for (output, value) in [("id", name), ("arn", arn), ("name", name)] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    if let Some(endpoint) = proxy.endpoint() {
        present
            .outputs
            .insert("endpoint".to_owned(), Value::text(endpoint));
        present.outputs.insert("port".to_owned(), Value::Int(PORT));
    }
    present
}

/// The ARNs of the secrets; one that exists already is named as the spec names it.
fn secrets(proxy: &DbProxy, declared: Option<&Resource>) -> BTreeSet<String> {
    let declared = declared
        .map(|resource| resource.attributes.texts(SECRETS.path))
        .unwrap_or_default();
    proxy
        .auth()
        .iter()
        .filter_map(|auth| auth.secret_arn())
        .map(|arn| {
            let name = secret::name_in(arn);
            declared
                .iter()
                .find(|written| name.is_some() && existing_secret(written) == name)
                .map_or_else(|| arn.to_owned(), |written| (*written).to_owned())
        })
        .collect()
}

/// Whether clients need an IAM token; `mixed` if that depends on the secret.
fn iam(proxy: &DbProxy) -> Option<&'static str> {
    let modes: BTreeSet<&str> = proxy
        .auth()
        .iter()
        .map(|auth| auth.iam_auth().map_or("DISABLED", IamAuthMode::as_str))
        .collect();
    match modes.into_iter().collect::<Vec<_>>().as_slice() {
        [] => None,
        ["REQUIRED"] => Some("required"),
        ["DISABLED"] => Some("disabled"),
        _ => Some("mixed"),
    }
}

fn status_is(proxy: &DbProxy, wanted: &str) -> bool {
    let status = proxy.status().map(|status| status.as_str());
    status.is_some_and(|status| status.eq_ignore_ascii_case(wanted))
}

fn readiness(proxy: &DbProxy, targets: &[DbProxyTarget]) -> (Readiness, String) {
    let word = proxy
        .status()
        .map(|status| status.as_str().to_ascii_lowercase());
    match word.as_deref().unwrap_or("creating") {
        "available" => health(targets),
        "deleting" => (Readiness::Leaving, String::new()),
        "incompatible-network" => (
            Readiness::Mendable,
            "RDS can't attach the proxy to the network; look at its subnets and their addresses"
                .to_owned(),
        ),
        "insufficient-resource-limits" => (
            Readiness::Mendable,
            "a quota keeps the proxy from its network interfaces; raise it".to_owned(),
        ),
        "suspended" => (
            Readiness::Mendable,
            "RDS suspended the proxy; look at its secrets and its role".to_owned(),
        ),
        _ => (Readiness::Busy, String::new()),
    }
}

/// A proxy whose target can't be reached is at work: AWS keeps trying, and the reason says what to
/// look at.
fn health(targets: &[DbProxyTarget]) -> (Readiness, String) {
    for target in targets {
        let Some(health) = target.target_health() else {
            continue;
        };
        let state = health
            .state()
            .map(|state| state.as_str().to_ascii_uppercase());
        match state.as_deref().unwrap_or("AVAILABLE") {
            "AVAILABLE" | "UNUSED" => {}
            "REGISTERING" => return (Readiness::Busy, String::new()),
            _ => {
                let reason = health
                    .reason()
                    .map(|reason| reason.as_str().to_ascii_uppercase());
                let advice = match reason.as_deref().unwrap_or_default() {
                    "UNREACHABLE" => {
                        "the proxy can't reach the instance: look at the security groups and subnets"
                    }
                    "AUTH_FAILURE" => {
                        "the proxy can't log in: look at the content of its secrets, its role and \
                         the KMS key of the secrets"
                    }
                    "CONNECTION_FAILED" => "the instance takes no connections of the proxy",
                    "INVALID_REPLICATION_STATE" => "the target is a replica",
                    _ => "",
                };
                let said = health.description().map(|said| format!(" ({said})"));
                let advice = match (advice, said) {
                    ("", _) => String::new(),
                    (advice, said) => format!("{advice}{}", said.unwrap_or_default()),
                };
                return (Readiness::Busy, advice);
            }
        }
    }
    (Readiness::Ready, String::new())
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::{DbProxyStatus, TargetHealth, TargetHealthReason, TargetState};

    use super::*;

    fn with(state: TargetState, reason: Option<TargetHealthReason>) -> (Readiness, String) {
        let proxy = DbProxy::builder().status(DbProxyStatus::Available).build();
        let health = TargetHealth::builder()
            .state(state)
            .set_reason(reason)
            .build();
        readiness(
            &proxy,
            &[DbProxyTarget::builder().target_health(health).build()],
        )
    }

    #[test]
    fn a_proxy_is_ready_when_its_target_is() {
        assert_eq!(with(TargetState::Available, None).0, Readiness::Ready);
        assert_eq!(with(TargetState::Registering, None).0, Readiness::Busy);
        let (readiness, advice) = with(
            TargetState::Unavailable,
            Some(TargetHealthReason::AuthFailure),
        );
        assert_eq!(readiness, Readiness::Busy);
        assert!(advice.starts_with("the proxy can't log in"), "{advice}");
    }
}
