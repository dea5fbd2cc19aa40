//! Amazon RDS: groups, instances, snapshots and proxies.

mod backup;
mod classes;
mod events;
mod filters;
mod formula;
mod instance;
mod maintenance;
mod names;
mod page;
mod parameter_group;
mod parameters;
mod pending;
mod possible;
mod proxy;
mod proxy_target;
mod stage;
mod state;
mod storage;
mod subnet_group;
mod tags;
#[cfg(test)]
mod tests;
mod timer;
mod versions;
mod window;

use filters::Filters;
pub(crate) use state::Rds;
pub(crate) use timer::settle;

use serde_json::json;

use crate::call::{Answer, Call};
use crate::secretsmanager;
use crate::world::{Place, World};
use state::Tags;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "CreateDBSubnetGroup" => subnet_group::create(world, call),
        "DescribeDBSubnetGroups" => subnet_group::describe(world, call),
        "ModifyDBSubnetGroup" => subnet_group::modify(world, call),
        "DeleteDBSubnetGroup" => subnet_group::delete(world, call),
        "CreateDBParameterGroup" => parameter_group::create(world, call),
        "DescribeDBParameterGroups" => parameter_group::describe(world, call),
        "ModifyDBParameterGroup" => parameter_group::modify(world, call),
        "ResetDBParameterGroup" => parameter_group::reset(world, call),
        "DeleteDBParameterGroup" => parameter_group::delete(world, call),
        "DescribeDBParameters" => parameter_group::describe_parameters(world, call),
        "DescribeEngineDefaultParameters" => parameter_group::describe_defaults(call),
        "CreateDBInstance" => instance::create::create(world, call),
        "CreateDBInstanceReadReplica" => instance::replica::create(world, call),
        "DescribeDBInstances" => instance::show::describe(world, call),
        "ModifyDBInstance" => instance::modify::modify(world, call),
        "DeleteDBInstance" => instance::delete::delete(world, call),
        "RebootDBInstance" => instance::power::reboot(world, call),
        "StopDBInstance" => instance::power::stop(world, call),
        "StartDBInstance" => instance::power::start(world, call),
        "PromoteReadReplica" => instance::replica::promote(world, call),
        "CreateDBSnapshot" => backup::create(world, call),
        "DescribeDBSnapshots" => backup::describe(world, call),
        "DeleteDBSnapshot" => backup::delete(world, call),
        "DescribeDBInstanceAutomatedBackups" => backup::describe_automated(world, call),
        "CreateDBProxy" => proxy::create(world, call),
        "DescribeDBProxies" => proxy::describe(world, call),
        "ModifyDBProxy" => proxy::modify(world, call),
        "DeleteDBProxy" => proxy::delete(world, call),
        "DescribeDBProxyTargetGroups" => proxy_target::describe_groups(world, call),
        "ModifyDBProxyTargetGroup" => proxy_target::modify_group(world, call),
        "RegisterDBProxyTargets" => proxy_target::register(world, call),
        "DeregisterDBProxyTargets" => proxy_target::deregister(world, call),
        "DescribeDBProxyTargets" => proxy_target::describe(world, call),
        "AddTagsToResource" => tags::add(world, call),
        "RemoveTagsFromResource" => tags::remove(world, call),
        "ListTagsForResource" => tags::list(world, call),
        "DescribeDBEngineVersions" => versions::describe(call),
        "DescribeOrderableDBInstanceOptions" => classes::orderable(call),
        "DescribePendingMaintenanceActions" => maintenance::describe(world, call),
        "ApplyPendingMaintenanceAction" => maintenance::apply(world, call),
        "DescribeValidDBInstanceModifications" => possible::describe(world, call),
        "DescribeAccountAttributes" => possible::quotas(world, call),
        // The sandbox plays no clusters; a listing of them is empty.
        "DescribeDBClusters" => Ok(json!({ "DBClusters": [] })),
        "DescribeEvents" => events::describe(world, call),
        "DescribeCertificates" => maintenance::certificates(call),
        _ => crate::world::unknown(call),
    }
}

/// The option group of an engine version, which holds nothing.
fn option_group(version: &str) -> String {
    format!("default:postgres-{}", versions::major(version))
}

/// Whether an instance or proxy uses a security group.
pub(crate) fn uses_security_group(place: &Place, id: &str) -> bool {
    let rds = &place.rds;
    rds.instances
        .values()
        .any(|instance| instance.security_groups.contains_key(id))
        || rds
            .proxies
            .values()
            .any(|proxy| proxy.security_groups.iter().any(|used| used == id))
}

/// ARN and tags of each resource.
pub(crate) fn tagged(place: &Place, account: &str, region: &str) -> Vec<(String, Tags)> {
    let rds = &place.rds;
    let arn = |resource: String| format!("arn:aws:rds:{region}:{account}:{resource}");
    let mut all = Vec::new();
    for (name, group) in &rds.subnet_groups {
        all.push((arn(format!("subgrp:{name}")), group.tags.clone()));
    }
    for (name, group) in &rds.parameter_groups {
        all.push((arn(format!("pg:{name}")), group.tags.clone()));
    }
    for (name, instance) in &rds.instances {
        all.push((arn(format!("db:{name}")), instance.tags.clone()));
    }
    for (name, snapshot) in &rds.snapshots {
        all.push((arn(format!("snapshot:{name}")), snapshot.tags.clone()));
    }
    for proxy in rds.proxies.values() {
        all.push((arn(format!("db-proxy:{}", proxy.id)), proxy.tags.clone()));
    }
    all
}

/// Ends what an instance does and leaves it in a status. Whether there is such an instance.
pub(crate) fn strike(rds: &mut Rds, identifier: &str, status: &str) -> bool {
    let identifier = identifier.to_lowercase();
    stage::interrupt(rds, &identifier);
    let instance = rds.instances.get_mut(&identifier);
    instance
        .map(|instance| status.clone_into(&mut instance.status))
        .is_some()
}

/// Whether the current value of a secret holds the master password of an instance.
pub(crate) fn opens(place: &Place, instance: &str, secret: &str) -> bool {
    let Some(instance) = place.rds.instances.get(&instance.to_lowercase()) else {
        return false;
    };
    if let Some(managed) = &instance.managed_secret {
        return managed.arn == secret || managed.arn.contains(&format!(":secret:{secret}-"));
    }
    let password = secretsmanager::password(place, secret);
    password.is_some_and(|password| {
        instance.password_digest.as_ref() == Some(&names::digest(&password))
    })
}
