//! Maintenance: the weekly window that brings what waits, and upgrades that AWS proposes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pending::Pending;
use super::state::{Instance, Rds};
use super::timer::{Deed, Spot};
use super::{Filters, names, page, stage, versions, window};
use crate::call::{Answer, Call, Refusal};
use crate::world::World;

/// Sets the timer of the next window if something waits for it.
pub(crate) fn plan_window(rds: &mut Rds, resource_id: &str, now: Timestamp) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let waits = !instance.pending.is_empty() || instance.maintenance.is_some();
    let Ok(window) = window::weekly(&instance.maintenance_window) else {
        return;
    };
    let opens = waits.then(|| window.next(now));
    if instance.window_at == opens {
        return;
    }
    instance.window_at = opens;
    if let Some(opens) = opens {
        rds.at(opens, Deed::Window(resource_id.to_owned()));
    }
}

/// Does what waits when the window of an instance opens; a timer of a former window does nothing.
pub(crate) fn window_opens(rds: &mut Rds, spot: &Spot, resource_id: &str) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    if instance.window_at != Some(spot.now) {
        return;
    }
    instance.window_at = None;
    bring(rds, resource_id, spot.now);
    plan_window(rds, resource_id, spot.now);
}

/// Starts everything that waits, unless the instance is busy.
pub(crate) fn bring(rds: &mut Rds, resource_id: &str, now: Timestamp) {
    let Some(instance) = rds.by_resource(resource_id) else {
        return;
    };
    let ready = ["available", "storage-optimization"].contains(&instance.status.as_str());
    if !ready || !instance.stages.is_empty() {
        return;
    }
    if let Some(version) = instance.maintenance.clone() {
        instance.pending.merge(&Pending {
            engine_version: Some(version),
            ..Pending::default()
        });
    }
    let stages = instance.pending.stages(instance);
    let name = instance.identifier.clone();
    stage::enqueue(rds, &name, now, stages, false);
}

/// The upgrade that AWS proposes for an instance: the newest minor of its major.
fn proposal(instance: &Instance) -> Option<&'static str> {
    let newest = versions::newest(&instance.engine_version)?;
    let newer = versions::targets(&instance.engine_version);
    newer
        .iter()
        .any(|target| target.name == newest)
        .then_some(newest)
}

fn show(instance: &Instance, call: &Call) -> Option<Value> {
    let version = proposal(instance)?;
    let opted_in = instance.maintenance.is_some();
    Some(json!({
        "ResourceIdentifier": call.arn("rds", &format!("db:{}", instance.identifier)),
        "PendingMaintenanceActionDetails": [{
            "Action": "db-upgrade",
            "Description": format!("Automatic minor version upgrade to postgres {version}"),
            "OptInStatus": opted_in.then_some("next-maintenance"),
            "CurrentApplyDate": instance
                .window_at
                .filter(|_| opted_in)
                .map(|at| at.to_string()),
        }],
    }))
}

/// `DescribePendingMaintenanceActions`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call, &["db-instance-id", "db-cluster-id"])?;
    let wish = call
        .text("ResourceIdentifier")
        .map(|arn| names::after_arn(arn).to_lowercase());
    let rds = &world.place(call).rds;
    let entries = rds
        .instances
        .values()
        .filter(|instance| {
            wish.as_ref()
                .is_none_or(|wish| *wish == instance.identifier)
        })
        .filter(|instance| {
            filters.pass("db-instance-id", &instance.identifier)
                || filters.pass(
                    "db-instance-id",
                    &call.arn("rds", &format!("db:{}", instance.identifier)),
                )
        })
        .filter_map(|instance| Some((instance.identifier.clone(), show(instance, call)?)))
        .collect();
    page::page(call, "PendingMaintenanceActions", entries)
}

/// `ApplyPendingMaintenanceAction`.
pub(crate) fn apply(world: &mut World, call: &Call) -> Answer {
    let name = names::after_arn(call.need("ResourceIdentifier")?).to_lowercase();
    let action = call.need("ApplyAction")?;
    let choice = call.need("OptInType")?;
    let rds = &mut world.place(call).rds;
    let missing = || {
        Refusal::new(
            404,
            "ResourceNotFoundFault",
            format!("No pending maintenance action {action} for {name}"),
        )
    };
    let instance = rds.instances.get_mut(&name).ok_or_else(missing)?;
    let version = proposal(instance)
        .filter(|_| action == "db-upgrade")
        .ok_or_else(missing)?;
    match choice {
        "immediate" | "next-maintenance" => instance.maintenance = Some(version.to_owned()),
        "undo-opt-in" => instance.maintenance = None,
        other => {
            return Err(Refusal::value(format!("Invalid OptInType: {other}")));
        }
    }
    let resource_id = instance.resource_id.clone();
    if choice == "immediate" {
        bring(rds, &resource_id, call.now);
    }
    plan_window(rds, &resource_id, call.now);
    let shown = rds
        .instances
        .get(&name)
        .and_then(|instance| show(instance, call));
    Ok(json!({ "ResourcePendingMaintenanceActions": shown }))
}

/// `DescribeCertificates`.
pub(crate) fn certificates(call: &Call) -> Answer {
    let wish = call.text("CertificateIdentifier");
    let entries: Vec<(String, Value)> = CERTIFICATES
        .iter()
        .filter(|name| wish.is_none_or(|wish| wish == **name))
        .map(|name| {
            let shown = json!({
                "CertificateIdentifier": name,
                "CertificateType": "CA",
                "Thumbprint": "0000000000000000000000000000000000000000",
                "ValidFrom": "2021-05-21T22:00:00Z",
                "ValidTill": "2061-05-21T23:00:00Z",
                "CertificateArn": format!("arn:aws:rds:{}::cert:{name}", call.region),
                "CustomerOverride": false,
            });
            ((*name).to_owned(), shown)
        })
        .collect();
    if let Some(wish) = wish
        && entries.is_empty()
    {
        return Err(Refusal::new(
            404,
            "CertificateNotFound",
            format!("Certificate not found: {wish}"),
        ));
    }
    let mut answer = page::page(call, "Certificates", entries)?;
    answer["DefaultCertificateForNewLaunches"] = json!(CERTIFICATES[0]);
    Ok(answer)
}

/// Certificate authorities, first the usual one.
pub(crate) const CERTIFICATES: &[&str] =
    &["rds-ca-rsa2048-g1", "rds-ca-ecc384-g1", "rds-ca-rsa4096-g1"];
