//! Proxies.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::instance::{place, settings};
use super::state::{Pool, Proxy, ProxyAuth, Rds, Tags};
use super::timer::Deed;
use super::{Filters, names, page, tags};
use crate::call::{Answer, Call, Refusal, need_of, text_of};
use crate::world::World;
use crate::{ec2, secretsmanager};

/// Seconds until a new proxy can be used.
const CREATING: i64 = 300;
/// Seconds a change shows.
const MODIFYING: i64 = 30;
/// Seconds until a deleted proxy is gone.
const DELETING: i64 = 180;

fn not_found(name: &str) -> Refusal {
    Refusal::new(
        404,
        "DBProxyNotFoundFault",
        format!("DB proxy {name} not found"),
    )
}

/// The proxy with a name in any case.
///
/// # Errors
/// 404 `DBProxyNotFoundFault`.
pub(super) fn find<'a>(rds: &'a mut Rds, name: &str) -> Result<&'a mut Proxy, Refusal> {
    let name = name.to_lowercase();
    rds.proxies.get_mut(&name).ok_or_else(|| not_found(&name))
}

/// The proxy that a call changes, which must not be busy.
pub(super) fn ready<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Proxy, Refusal> {
    let proxy = find(&mut world.place(call).rds, call.need("DBProxyName")?)?;
    if proxy.status == "available" {
        return Ok(proxy);
    }
    Err(Refusal::new(
        400,
        "InvalidDBProxyStateFault",
        format!(
            "DB Proxy {} is in an unexpected state: {}",
            proxy.name, proxy.status
        ),
    ))
}

/// Network of a new proxy: subnets, their VPC, security groups.
fn network(world: &mut World, call: &Call) -> Result<(Vec<String>, String, Vec<String>), Refusal> {
    let ids = call.texts("VpcSubnetIds");
    let place = world.place(call);
    let (mut zones, mut vpcs) = (BTreeSet::new(), BTreeSet::new());
    for id in &ids {
        let facts = ec2::find_subnet(place, id).ok_or_else(|| {
            Refusal::new(
                400,
                "InvalidSubnet",
                format!("The subnet ID '{id}' does not exist"),
            )
        })?;
        zones.insert(facts.zone);
        vpcs.insert(facts.vpc);
    }
    if zones.len() < 2 {
        return Err(Refusal::new(
            400,
            "InvalidSubnet",
            "A DB proxy needs at least two subnets in two Availability Zones",
        ));
    }
    if vpcs.len() > 1 {
        return Err(Refusal::new(
            400,
            "InvalidSubnet",
            "The subnets must be in the same VPC",
        ));
    }
    let vpc = vpcs.pop_first().expect("there are two subnets at least");
    let wanted = call.texts("VpcSecurityGroupIds");
    let groups = place::security_groups(place, &wanted, &vpc, "active")?;
    Ok((ids, vpc, groups.into_keys().collect()))
}

/// `CreateDBProxy`.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let name = names::identifier(call, "DBProxyName", 63)?;
    let family = call.need("EngineFamily")?.to_owned();
    if family != "POSTGRESQL" {
        return Err(Refusal::value(format!("Invalid engine family: {family}")));
    }
    if world.place(call).rds.proxies.contains_key(&name) {
        return Err(Refusal::new(
            400,
            "DBProxyAlreadyExistsFault",
            format!("DB proxy {name} already exists"),
        ));
    }
    let scheme = scheme(call)?;
    let auth = auth(world, call, &scheme)?;
    let role = call.need("RoleArn")?.to_owned();
    settings::check_role(world, call, &role)?;
    let (subnets, vpc, security_groups) = network(world, call)?;
    let tags = tags::of(call)?;
    place::host(world, call);
    let proxy = Proxy {
        id: world.id("prx-"),
        target_group_id: world.id("prx-tg-"),
        name: name.clone(),
        status: "creating".to_owned(),
        created_at: call.now,
        updated_at: call.now,
        engine_family: family,
        default_auth_scheme: scheme,
        auth,
        role,
        vpc,
        subnets,
        security_groups,
        require_tls: call.boolean("RequireTLS").unwrap_or(false),
        idle_client_timeout: idle_timeout(call)?.unwrap_or(1_800),
        debug_logging: call.boolean("DebugLogging").unwrap_or(false),
        endpoint_network_type: call
            .text("EndpointNetworkType")
            .unwrap_or("IPV4")
            .to_owned(),
        target_network_type: call
            .text("TargetConnectionNetworkType")
            .unwrap_or("IPV4")
            .to_owned(),
        pool: Pool {
            max_connections: 100,
            max_idle_connections: 50,
            borrow_timeout: 120,
            init_query: None,
        },
        target: None,
        tags,
        target_group_tags: Tags::new(),
    };
    let rds = &mut world.place(call).rds;
    rds.later(call.now, CREATING, Deed::ProxyReady(proxy.id.clone()));
    let shown = show(rds, &proxy, call);
    rds.proxies.insert(name, proxy);
    Ok(json!({ "DBProxy": shown }))
}

fn scheme(call: &Call) -> Result<String, Refusal> {
    let wish = call.text("DefaultAuthScheme").unwrap_or("NONE");
    if ["NONE", "IAM_AUTH"].contains(&wish) {
        return Ok(wish.to_owned());
    }
    Err(Refusal::value(format!("Invalid DefaultAuthScheme: {wish}")))
}

fn idle_timeout(call: &Call) -> Result<Option<i64>, Refusal> {
    match call.int("IdleClientTimeout") {
        Some(seconds) if !(1..=28_800).contains(&seconds) => Err(Refusal::value(format!(
            "IdleClientTimeout must be between 1 and 28800, got {seconds}"
        ))),
        other => Ok(other),
    }
}

/// The entries of `Auth`, with what AWS fills in.
fn auth(world: &mut World, call: &Call, scheme: &str) -> Result<Vec<ProxyAuth>, Refusal> {
    let list = call.list("Auth");
    if list.is_empty() && scheme == "NONE" {
        return Err(Refusal::combination(
            "At least one Auth entry is required unless DefaultAuthScheme is IAM_AUTH",
        ));
    }
    let place = world.place(call);
    let mut entries = Vec::new();
    for entry in &list {
        let secret = need_of(entry, "SecretArn")?;
        if !secret.starts_with("arn:") || !secretsmanager::exists(place, secret) {
            return Err(Refusal::value(format!(
                "The secret {secret} does not exist"
            )));
        }
        let text = |member: &str, usual: &str| text_of(entry, member).unwrap_or(usual).to_owned();
        let iam = text("IAMAuth", "DISABLED");
        if iam == "ENABLED" {
            return Err(Refusal::combination(
                "IAMAuth ENABLED is for SQL Server only",
            ));
        }
        entries.push(ProxyAuth {
            secret: secret.to_owned(),
            scheme: text("AuthScheme", "SECRETS"),
            iam,
            password_type: text("ClientPasswordAuthType", "POSTGRES_SCRAM_SHA_256"),
            user: text_of(entry, "UserName").map(ToOwned::to_owned),
            description: text_of(entry, "Description").map(ToOwned::to_owned),
        });
    }
    Ok(entries)
}

/// `DescribeDBProxies`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    Filters::of(call, &[])?;
    let wish = call.text("DBProxyName").map(str::to_lowercase);
    let rds = &world.place(call).rds;
    if let Some(wish) = &wish
        && !rds.proxies.contains_key(wish)
    {
        return Err(not_found(wish));
    }
    let entries = rds
        .proxies
        .iter()
        .filter(|(name, _)| wish.as_ref().is_none_or(|wish| wish == *name))
        .map(|(name, proxy)| (name.clone(), show(rds, proxy, call)))
        .collect();
    page::page(call, "DBProxies", entries)
}

fn show(rds: &Rds, proxy: &Proxy, call: &Call) -> Value {
    let auth: Vec<Value> = proxy
        .auth
        .iter()
        .map(|entry| {
            json!({
                "AuthScheme": entry.scheme,
                "SecretArn": entry.secret,
                "IAMAuth": entry.iam,
                "ClientPasswordAuthType": entry.password_type,
                "UserName": entry.user,
                "Description": entry.description,
            })
        })
        .collect();
    let host = rds.host.as_deref().unwrap_or("c");
    json!({
        "DBProxyName": proxy.name,
        "DBProxyArn": call.arn("rds", &format!("db-proxy:{}", proxy.id)),
        "Status": proxy.status,
        "EngineFamily": proxy.engine_family,
        "DefaultAuthScheme": proxy.default_auth_scheme,
        "VpcId": proxy.vpc,
        "VpcSecurityGroupIds": proxy.security_groups,
        "VpcSubnetIds": proxy.subnets,
        "Auth": auth,
        "RoleArn": proxy.role,
        "Endpoint": format!("{}.proxy-{host}.{}.rds.amazonaws.com", proxy.name, call.region),
        "RequireTLS": proxy.require_tls,
        "IdleClientTimeout": proxy.idle_client_timeout,
        "DebugLogging": proxy.debug_logging,
        "CreatedDate": proxy.created_at.to_string(),
        "UpdatedDate": proxy.updated_at.to_string(),
        "EndpointNetworkType": proxy.endpoint_network_type,
        "TargetConnectionNetworkType": proxy.target_network_type,
    })
}

/// `ModifyDBProxy`.
pub(crate) fn modify(world: &mut World, call: &Call) -> Answer {
    let mut proxy = ready(world, call)?.clone();
    let old_name = proxy.name.clone();
    if call.has("DefaultAuthScheme") {
        proxy.default_auth_scheme = scheme(call)?;
    }
    if call.has("Auth") {
        proxy.auth = auth(world, call, &proxy.default_auth_scheme)?;
    }
    if let Some(role) = call.text("RoleArn") {
        settings::check_role(world, call, role)?;
        role.clone_into(&mut proxy.role);
    }
    if let Some(seconds) = idle_timeout(call)? {
        proxy.idle_client_timeout = seconds;
    }
    proxy.require_tls = call.boolean("RequireTLS").unwrap_or(proxy.require_tls);
    proxy.debug_logging = call.boolean("DebugLogging").unwrap_or(proxy.debug_logging);
    let groups = call.texts("SecurityGroups");
    let place = world.place(call);
    if !groups.is_empty() {
        let groups = place::security_groups(place, &groups, &proxy.vpc, "active")?;
        proxy.security_groups = groups.into_keys().collect();
    }
    if call.has("NewDBProxyName") {
        proxy.name = names::identifier(call, "NewDBProxyName", 63)?;
        if proxy.name != old_name && place.rds.proxies.contains_key(&proxy.name) {
            return Err(Refusal::new(
                400,
                "DBProxyAlreadyExistsFault",
                format!("DB proxy {} already exists", proxy.name),
            ));
        }
    }
    "modifying".clone_into(&mut proxy.status);
    proxy.updated_at = call.now;
    let rds = &mut place.rds;
    rds.later(call.now, MODIFYING, Deed::ProxyReady(proxy.id.clone()));
    rds.proxies.remove(&old_name);
    let shown = show(rds, &proxy, call);
    rds.proxies.insert(proxy.name.clone(), proxy);
    Ok(json!({ "DBProxy": shown }))
}

/// `DeleteDBProxy`.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let place = world.place(call);
    let proxy = find(&mut place.rds, call.need("DBProxyName")?)?;
    if proxy.status == "deleting" {
        return Err(Refusal::new(
            400,
            "InvalidDBProxyStateFault",
            format!(
                "DB Proxy {} is in an unexpected state: deleting",
                proxy.name
            ),
        ));
    }
    "deleting".clone_into(&mut proxy.status);
    let proxy = proxy.clone();
    let gone_at = call.now + jiff::SignedDuration::from_secs(DELETING + 120);
    for group in &proxy.security_groups {
        ec2::hold_security_group(place, group, gone_at);
    }
    place
        .rds
        .later(call.now, DELETING, Deed::ProxyGone(proxy.id.clone()));
    Ok(json!({ "DBProxy": show(&place.rds, &proxy, call) }))
}
