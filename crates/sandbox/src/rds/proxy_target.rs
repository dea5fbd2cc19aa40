//! The target group of a proxy and the database in it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::state::{Proxy, Rds, Target};
use super::{Filters, instance, page, proxy};
use crate::call::{Answer, Call, Refusal, int_of, list_of, text_of};
use crate::world::World;

/// Seconds until a proxy reaches its target.
const REGISTERING: i64 = 60;

/// Checks the name of the target group, of which each proxy has one.
fn check_group(call: &Call) -> Result<(), Refusal> {
    match call.text("TargetGroupName") {
        None | Some("default") => Ok(()),
        Some(other) => Err(Refusal::new(
            404,
            "DBProxyTargetGroupNotFoundFault",
            format!("DB proxy target group {other} not found"),
        )),
    }
}

/// `DescribeDBProxyTargetGroups`.
pub(crate) fn describe_groups(world: &mut World, call: &Call) -> Answer {
    Filters::of(call, &[])?;
    check_group(call)?;
    let proxy = proxy::find(&mut world.place(call).rds, call.need("DBProxyName")?)?;
    page::page(
        call,
        "TargetGroups",
        vec![("default".to_owned(), show_group(proxy, call))],
    )
}

fn show_group(proxy: &Proxy, call: &Call) -> Value {
    json!({
        "DBProxyName": proxy.name,
        "TargetGroupName": "default",
        "TargetGroupArn": call.arn("rds", &format!("target-group:{}", proxy.target_group_id)),
        "IsDefault": true,
        "Status": proxy.status,
        "ConnectionPoolConfig": {
            "MaxConnectionsPercent": proxy.pool.max_connections,
            "MaxIdleConnectionsPercent": proxy.pool.max_idle_connections,
            "ConnectionBorrowTimeout": proxy.pool.borrow_timeout,
            "SessionPinningFilters": [],
            "InitQuery": proxy.pool.init_query,
        },
        "CreatedDate": proxy.created_at.to_string(),
        "UpdatedDate": proxy.updated_at.to_string(),
    })
}

/// `ModifyDBProxyTargetGroup`.
pub(crate) fn modify_group(world: &mut World, call: &Call) -> Answer {
    check_group(call)?;
    if call.text("NewName").is_some_and(|name| name != "default") {
        return Err(Refusal::value("The default target group cannot be renamed"));
    }
    let proxy = proxy::ready(world, call)?;
    if let Some(config) = call.input.get("ConnectionPoolConfig") {
        proxy.pool = pool(config, proxy)?;
    }
    proxy.updated_at = call.now;
    let shown = show_group(proxy, call);
    Ok(json!({ "DBProxyTargetGroup": shown }))
}

fn pool(config: &Value, proxy: &Proxy) -> Result<super::state::Pool, Refusal> {
    let mut pool = proxy.pool.clone();
    let between = |member: &str, low: i64, high: i64| match int_of(config, member) {
        Some(value) if !(low..=high).contains(&value) => Err(Refusal::value(format!(
            "{member} must be between {low} and {high}, got {value}"
        ))),
        other => Ok(other),
    };
    let most = between("MaxConnectionsPercent", 1, 100)?;
    if let Some(most) = most {
        pool.max_connections = most;
        // Without a value of its own the idle share follows.
        pool.max_idle_connections = most / 2;
    }
    match between("MaxIdleConnectionsPercent", 0, 100)? {
        Some(_) if most.is_none() => {
            return Err(Refusal::combination(
                "MaxConnectionsPercent must be specified when MaxIdleConnectionsPercent is",
            ));
        }
        Some(idle) if idle > pool.max_connections => {
            return Err(Refusal::combination(
                "MaxIdleConnectionsPercent must not be above MaxConnectionsPercent",
            ));
        }
        Some(idle) => pool.max_idle_connections = idle,
        None => {}
    }
    if let Some(seconds) = between("ConnectionBorrowTimeout", 0, 300)? {
        pool.borrow_timeout = seconds;
    }
    if let Some(query) = text_of(config, "InitQuery") {
        pool.init_query = (!query.is_empty()).then(|| query.to_owned());
    }
    if !list_of(config, "SessionPinningFilters").is_empty() {
        return Err(Refusal::combination(
            "SessionPinningFilters are not supported for engine family POSTGRESQL",
        ));
    }
    Ok(pool)
}

/// `RegisterDBProxyTargets`.
pub(crate) fn register(world: &mut World, call: &Call) -> Answer {
    check_group(call)?;
    let names = call.texts("DBInstanceIdentifiers");
    let [name] = names.as_slice() else {
        return Err(Refusal::value(
            "Exactly one DB instance can be the target of a DB proxy",
        ));
    };
    let name = name.to_lowercase();
    let target = proxy::ready(world, call)?.target.clone();
    let rds = &mut world.place(call).rds;
    let database = instance::find(rds, &name)?;
    if let Some(target) = target {
        return Err(Refusal::new(
            400,
            "DBProxyTargetAlreadyRegisteredFault",
            format!("The DB proxy has the target {} already", target.instance),
        ));
    }
    if !instance::is_ready(database) {
        return Err(instance::busy(database));
    }
    if database.source.is_some() {
        return Err(Refusal::new(
            400,
            "InvalidDBInstanceState",
            format!("The read replica {name} cannot be the target of a DB proxy"),
        ));
    }
    let target = Target {
        resource_id: database.resource_id.clone(),
        instance: name,
        registered_at: call.now,
    };
    let shown = show(rds, &target, call);
    proxy::find(rds, call.need("DBProxyName")?)?.target = Some(target);
    Ok(json!({ "DBProxyTargets": [shown] }))
}

/// `DeregisterDBProxyTargets`.
pub(crate) fn deregister(world: &mut World, call: &Call) -> Answer {
    check_group(call)?;
    let names: Vec<String> = call
        .texts("DBInstanceIdentifiers")
        .iter()
        .map(|name| name.to_lowercase())
        .collect();
    let proxy = proxy::ready(world, call)?;
    let is_target = |name: &String| proxy.target.as_ref().is_some_and(|is| is.instance == *name);
    if names.is_empty() || !names.iter().all(is_target) {
        return Err(Refusal::new(
            404,
            "DBProxyTargetNotFoundFault",
            format!("{} is no target of the DB proxy", names.join(", ")),
        ));
    }
    proxy.target = None;
    Ok(json!({}))
}

/// `DescribeDBProxyTargets`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    Filters::of(call, &[])?;
    check_group(call)?;
    let rds = &mut world.place(call).rds;
    let target = proxy::find(rds, call.need("DBProxyName")?)?.target.clone();
    let entries = target
        .map(|target| (target.instance.clone(), show(rds, &target, call)))
        .into_iter()
        .collect();
    page::page(call, "Targets", entries)
}

fn show(rds: &Rds, target: &Target, call: &Call) -> Value {
    let database = rds
        .instances
        .get(&target.instance)
        .filter(|database| database.resource_id == target.resource_id);
    let waited = call.now - target.registered_at >= SignedDuration::from_secs(REGISTERING);
    let health = match database {
        None => json!({ "State": "UNAVAILABLE", "Reason": "UNREACHABLE",
            "Description": "DBProxy Target unavailable due to an internal error" }),
        Some(_) if !waited => json!({ "State": "REGISTERING" }),
        Some(database)
            if ["rebooting", "stopped", "stopping", "starting"]
                .contains(&database.status.as_str()) =>
        {
            json!({ "State": "UNAVAILABLE", "Reason": "CONNECTION_FAILED",
                "Description": "Database is not accepting connections" })
        }
        Some(_) => json!({ "State": "AVAILABLE" }),
    };
    let host = rds.host.as_deref().unwrap_or("c");
    json!({
        "Type": "RDS_INSTANCE",
        "RdsResourceId": target.instance,
        "Endpoint": format!("{}.{host}.{}.rds.amazonaws.com", target.instance, call.region),
        "Port": database.map_or(5432, |database| database.port),
        "Role": "READ_WRITE",
        "TargetHealth": health,
    })
}
