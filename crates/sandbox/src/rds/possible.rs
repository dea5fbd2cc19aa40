//! What is possible: storage an instance can have, and quotas of the account.

use serde_json::{Value, json};

use super::instance;
use crate::call::{Answer, Call};
use crate::world::World;

/// `DescribeValidDBInstanceModifications`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    let identifier = call.need("DBInstanceIdentifier")?.to_lowercase();
    let rds = &world.place(call).rds;
    let instance = instance::find(rds, &identifier)?;
    let size = instance.storage.size_gib;
    let smallest = (size * 11 + 9) / 10;
    let options: Vec<Value> = ["gp2", "gp3", "io1", "io2"]
        .iter()
        .map(|kind| option(kind, smallest))
        .collect();
    Ok(json!({ "ValidDBInstanceModificationsMessage": {
        "Storage": options,
        "SupportsDedicatedLogVolume": instance.storage.kind.starts_with("io"),
    }}))
}

fn option(kind: &str, smallest: i64) -> Value {
    let range = |from: i64, to: i64| json!([{ "From": from, "To": to, "Step": 1 }]);
    let mut option = json!({
        "StorageType": kind,
        "StorageSize": range(smallest.max(if kind.starts_with("io") { 100 } else { 20 }), 65_536),
        "SupportsStorageAutoscaling": true,
    });
    match kind {
        "gp3" => {
            option["ProvisionedIops"] = range(12_000, 64_000);
            option["ProvisionedStorageThroughput"] = range(500, 4_000);
            option["StorageThroughputToIopsRatio"] = json!([{ "From": 0.0, "To": 0.25 }]);
            option["IopsToStorageRatio"] = json!([{ "From": 0.0, "To": 500.0 }]);
        }
        "io1" | "io2" => {
            let most = if kind == "io2" { 1_000.0 } else { 50.0 };
            option["ProvisionedIops"] = range(1_000, 256_000);
            option["IopsToStorageRatio"] = json!([{ "From": 0.5, "To": most }]);
        }
        _ => {}
    }
    option
}

/// `DescribeAccountAttributes`.
pub(crate) fn quotas(world: &mut World, call: &Call) -> Answer {
    let rds = &world.place(call).rds;
    let manual = rds
        .snapshots
        .values()
        .filter(|snapshot| snapshot.kind == "manual")
        .count();
    let storage: i64 = rds
        .instances
        .values()
        .map(|instance| instance.storage.size_gib)
        .sum();
    let most_replicas = rds
        .instances
        .values()
        .map(|instance| instance.replicas.len())
        .max()
        .unwrap_or_default();
    let quota = |name: &str, used: usize, most: i64| json!({ "AccountQuotaName": name, "Used": used, "Max": most });
    Ok(json!({ "AccountQuotas": [
        quota("DBInstances", rds.instances.len(), 40),
        json!({ "AccountQuotaName": "AllocatedStorage", "Used": storage, "Max": 100_000 }),
        quota("DBParameterGroups", rds.parameter_groups.len(), 50),
        quota("ManualSnapshots", manual, 100),
        quota("DBSubnetGroups", rds.subnet_groups.len(), 50),
        quota("ReadReplicasPerMaster", most_replicas, 15),
        quota("DBClusters", 0, 40),
    ]}))
}
