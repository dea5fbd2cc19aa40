//! From one DB instance to everything that belongs to it: read and never changed.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::DbInstance;
use pgward_engine::{Discovery, Fault, FaultKind, Present};
use pgward_kinds::{instance, proxy};
use pgward_model::{Address, Resource, Value};

use crate::aws::Aws;
use crate::keys;
use crate::kinds::{self, Adapter, alarm, database, secret, security_group as groups};
use crate::listing::{PAGE, pages};

/// Everything that belongs to an instance.
///
/// # Errors
///
/// What AWS answered to any of the reads: half of an environment is none. What the endpoint does
/// not have at all is left out, with a remark.
pub(crate) async fn discover(aws: &Aws, name: &str) -> Result<Option<Discovery>, Fault> {
    let all = instances(aws).await?;
    let is_named = |one: &&DbInstance| {
        let own = one.db_instance_identifier().unwrap_or_default();
        own.eq_ignore_ascii_case(name)
    };
    let Some(live) = all.iter().find(is_named) else {
        return Ok(None);
    };
    let engine = live.engine().unwrap_or_default();
    let engine = match live.db_cluster_identifier() {
        Some(cluster) => format!("{engine} in the cluster {cluster}"),
        None => engine.to_owned(),
    };
    let mut found = Discovery {
        engine,
        copies: live
            .read_replica_source_db_instance_identifier()
            .map(str::to_owned),
        ..Discovery::default()
    };
    keys::look_once(aws, keys::AWS_OWN).await;
    let known = aws.remembered_keys();
    let mut instance = database::read::read(live, &kinds::instance::TABLE, None, &known);
    own_key(&mut instance, &known);
    let replicas = replicas(&all, live, &mut found.remarks);
    groups_of(aws, &instance, &mut found).await?;
    let names: BTreeSet<&str> = replicas
        .iter()
        .map(|replica| replica.name.as_str())
        .chain([instance.name.as_str()])
        .collect();
    match alarm::on(aws, &names).await {
        Ok((alarms, remarks)) => {
            found.add("alarm", alarms);
            found.remarks.extend(remarks);
        }
        Err(fault) => lacking(&mut found, "alarms", fault)?,
    }
    let proxies = match proxies(aws, &instance.name).await {
        Ok(proxies) => proxies,
        Err(fault) => {
            lacking(&mut found, "proxies", fault)?;
            Vec::new()
        }
    };
    match secret::all(aws).await {
        Ok(secrets) => found.add("secret", secrets),
        Err(fault) => lacking(&mut found, "secrets", fault)?,
    }
    found.add("proxy", proxies);
    found.add("replica", replicas);
    found.add("instance", vec![instance]);
    Ok(Some(found))
}

/// What the endpoint lacks is a remark; everything else ends the discovery.
fn lacking(found: &mut Discovery, what: &str, fault: Fault) -> Result<(), Fault> {
    if fault.kind != FaultKind::Unsupported {
        return Err(fault);
    }
    found
        .remarks
        .push(format!("{what} could not be read: {fault}"));
    Ok(())
}

async fn instances(aws: &Aws) -> Result<Vec<DbInstance>, Fault> {
    pages(
        aws,
        "rds:DescribeDBInstances",
        |marker| {
            let call = aws.session().rds().describe_db_instances();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| (output.db_instances.unwrap_or_default(), output.marker),
    )
    .await
}

/// AWS's own key is known by its short name.
fn own_key(instance: &mut Present, known: &BTreeMap<String, Result<String, Fault>>) {
    let path = instance::ENCRYPTION.path;
    let own = known.get(keys::AWS_OWN).and_then(|key| key.as_ref().ok());
    if own.is_some_and(|own| instance.now.text(path) == Some(own)) {
        instance.now.set(path, Value::text(keys::AWS_OWN));
    }
}

/// The replicas of an instance and theirs, in this region.
fn replicas(all: &[DbInstance], source: &DbInstance, remarks: &mut Vec<String>) -> Vec<Present> {
    let mut found: Vec<&DbInstance> = Vec::new();
    let mut sources = vec![source];
    while let Some(source) = sources.pop() {
        let name = source.db_instance_identifier();
        let copies = all.iter().filter(|one| {
            name.is_some() && one.read_replica_source_db_instance_identifier() == name
        });
        for copy in copies {
            found.push(copy);
            sources.push(copy);
        }
        for elsewhere in source.read_replica_db_instance_identifiers() {
            if elsewhere.starts_with("arn:") {
                remarks.push(format!(
                    "replica {elsewhere} is in another region, which has no place in a file yet; \
                     left out"
                ));
            }
        }
    }
    let keys = BTreeMap::new();
    let mut read: Vec<Present> = found
        .into_iter()
        .map(|one| database::read::read(one, &kinds::replica::TABLE, None, &keys))
        .collect();
    read.sort_by(|a, b| a.name.cmp(&b.name));
    read
}

/// Subnet group, security groups and parameter group of the instance.
async fn groups_of(aws: &Aws, instance: &Present, found: &mut Discovery) -> Result<(), Fault> {
    for (kind, path) in [
        ("subnet_group", instance::SUBNET_GROUP.path),
        ("parameter_group", instance::PARAMETERS.path),
    ] {
        let Some(name) = instance.now.text(path) else {
            continue;
        };
        if name.starts_with("default.") {
            // RDS made it, and nobody can change or tag it.
            found.add(kind, vec![Present::new(name, "")]);
        } else {
            let adapter = kinds::find(kind).expect("every kind has its adapter");
            let group = adapter.look(aws, name, None).await?;
            found.add(kind, group.into_iter().collect());
        }
    }
    let ids = instance.now.texts(instance::SECURITY_GROUPS.path);
    let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    if !ids.is_empty() {
        let listed = groups::list(aws, &[("group-id", ids)]).await?;
        let read = listed.iter().map(groups::read).collect();
        found.add("security_group", read);
    }
    Ok(())
}

/// The proxies in front of an instance.
async fn proxies(aws: &Aws, instance: &str) -> Result<Vec<Present>, Fault> {
    let names = pages(
        aws,
        "rds:DescribeDBProxies",
        |marker| {
            let call = aws.session().rds().describe_db_proxies();
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| (output.db_proxies.unwrap_or_default(), output.marker),
    )
    .await?;
    let mut found = Vec::new();
    for one in names {
        let Some(name) = one.db_proxy_name() else {
            continue;
        };
        // The pool is read only where it is declared.
        let mut declared = Resource::new(Address::new("proxy"), "proxy", name);
        declared
            .attributes
            .set(proxy::MAX_CONNECTIONS.path, Value::Int(100));
        let live = kinds::proxy::Proxy.look(aws, name, Some(&declared)).await?;
        found.extend(live.filter(|live| live.now.text(proxy::TARGET.path) == Some(instance)));
    }
    Ok(found)
}
