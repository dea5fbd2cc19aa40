//! DB parameter groups and their values.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::parameters::{self, Parameter};
use super::state::{ParameterGroup, Rds, SetValue};
use super::timer::Deed;
use super::{Filters, names, page, tags};
use crate::call::{Answer, Call, Refusal, need_of, text_of};
use crate::world::World;

/// How many parameters one call may carry.
const BATCH: usize = 20;

fn not_found(name: &str) -> Refusal {
    Refusal::new(
        404,
        "DBParameterGroupNotFound",
        format!("DBParameterGroup not found: {name}"),
    )
}

/// The group with a name, AWS's default groups included.
pub(crate) fn find(rds: &Rds, name: &str) -> Result<ParameterGroup, Refusal> {
    let name = name.to_lowercase();
    if let Some(group) = rds.parameter_groups.get(&name) {
        return Ok(group.clone());
    }
    let family = name
        .strip_prefix("default.")
        .filter(|family| is_family(family));
    family.map(default_group).ok_or_else(|| not_found(&name))
}

fn is_family(family: &str) -> bool {
    parameters::family_major(family).is_some()
}

fn default_group(family: &str) -> ParameterGroup {
    ParameterGroup {
        name: format!("default.{family}"),
        family: family.to_owned(),
        description: format!("Default parameter group for {family}"),
        values: std::collections::BTreeMap::new(),
        tags: std::collections::BTreeMap::new(),
    }
}

/// `CreateDBParameterGroup`.
pub(crate) fn create(world: &mut World, call: &Call) -> Answer {
    let name = names::identifier(call, "DBParameterGroupName", 255)?;
    let family = call.need("DBParameterGroupFamily")?.to_owned();
    let description = call.need("Description")?.to_owned();
    if !is_family(&family) {
        return Err(Refusal::value(format!(
            "ParameterGroupFamily {family} is not a valid parameter group family"
        )));
    }
    let tags = tags::of(call)?;
    let rds = &mut world.place(call).rds;
    if rds.parameter_groups.contains_key(&name) {
        return Err(Refusal::new(
            400,
            "DBParameterGroupAlreadyExists",
            format!("Parameter group {name} already exists"),
        ));
    }
    let values = std::collections::BTreeMap::new();
    let group = ParameterGroup {
        name: name.clone(),
        family,
        description,
        values,
        tags,
    };
    let shown = show(&group, call);
    rds.parameter_groups.insert(name, group);
    Ok(json!({ "DBParameterGroup": shown }))
}

/// `DescribeDBParameterGroups`.
pub(crate) fn describe(world: &mut World, call: &Call) -> Answer {
    Filters::of(call, &[])?;
    let rds = &world.place(call).rds;
    if let Some(name) = call.text("DBParameterGroupName") {
        let group = find(rds, name)?;
        return page::page(
            call,
            "DBParameterGroups",
            vec![(group.name.clone(), show(&group, call))],
        );
    }
    let used: BTreeSet<&str> = rds
        .instances
        .values()
        .filter_map(|instance| instance.parameter_group.strip_prefix("default."))
        .collect();
    let groups = used
        .into_iter()
        .map(default_group)
        .chain(rds.parameter_groups.values().cloned());
    let entries = groups
        .map(|group| (group.name.clone(), show(&group, call)))
        .collect();
    page::page(call, "DBParameterGroups", entries)
}

fn show(group: &ParameterGroup, call: &Call) -> Value {
    json!({
        "DBParameterGroupName": group.name,
        "DBParameterGroupFamily": group.family,
        "Description": group.description,
        "DBParameterGroupArn": call.arn("rds", &format!("pg:{}", group.name)),
    })
}

/// `DeleteDBParameterGroup`.
pub(crate) fn delete(world: &mut World, call: &Call) -> Answer {
    let name = call.need("DBParameterGroupName")?.to_lowercase();
    let rds = &mut world.place(call).rds;
    if name.starts_with("default.") {
        return Err(Refusal::new(
            400,
            "InvalidDBParameterGroupState",
            "Default DB parameter groups cannot be deleted",
        ));
    }
    if !rds.parameter_groups.contains_key(&name) {
        return Err(not_found(&name));
    }
    let used = rds.releasing.contains(&name)
        || rds.instances.values().any(|instance| {
            instance.parameter_group == name
                || instance.pending.upgrade_group.as_ref() == Some(&name)
        });
    if used {
        return Err(Refusal::new(
            400,
            "InvalidDBParameterGroupState",
            "One or more database instances are still members of this parameter group, so the group cannot be deleted",
        ));
    }
    rds.parameter_groups.remove(&name);
    Ok(json!({}))
}

/// `DescribeDBParameters`.
pub(crate) fn describe_parameters(world: &mut World, call: &Call) -> Answer {
    let filters = Filters::of(call, &["parameter-name"])?;
    let group = find(&world.place(call).rds, call.need("DBParameterGroupName")?)?;
    let source = call.text("Source");
    let entries = parameters::of_family(&group.family)
        .filter(|parameter| filters.pass("parameter-name", parameter.name))
        .map(|parameter| (parameter, row(parameter, group.values.get(parameter.name))))
        .filter(|(_, row)| source.is_none_or(|source| text_of(row, "Source") == Some(source)))
        .map(|(parameter, row)| (parameter.name.to_owned(), row))
        .collect();
    page::page(call, "Parameters", entries)
}

/// `DescribeEngineDefaultParameters`.
pub(crate) fn describe_defaults(call: &Call) -> Answer {
    let filters = Filters::of(call, &["parameter-name"])?;
    let family = call.need("DBParameterGroupFamily")?;
    if !is_family(family) {
        return Err(Refusal::value(format!(
            "ParameterGroupFamily {family} is not a valid parameter group family"
        )));
    }
    let entries = parameters::of_family(family)
        .filter(|parameter| filters.pass("parameter-name", parameter.name))
        .map(|parameter| (parameter.name.to_owned(), row(parameter, None)))
        .collect();
    let (rows, marker) = page::cut(call, entries, 100)?;
    Ok(json!({ "EngineDefaults": {
        "DBParameterGroupFamily": family,
        "Marker": marker,
        "Parameters": rows,
    }}))
}

fn row(parameter: &Parameter, set: Option<&SetValue>) -> Value {
    let default = (!parameter.default.is_empty()).then_some(parameter.default);
    let default_source = if default.is_some() {
        "system"
    } else {
        "engine-default"
    };
    let (value, source, method) = match set {
        // AWS forgets that a user set what is the default anyway.
        Some(set) if Some(set.value.as_str()) == default => (default, "system", "pending-reboot"),
        Some(set) => (Some(set.value.as_str()), "user", set.method.as_str()),
        None => (default, default_source, "pending-reboot"),
    };
    json!({
        "ParameterName": parameter.name,
        "ParameterValue": value,
        "Description": parameter.description,
        "Source": source,
        "ApplyType": if parameter.is_static { "static" } else { "dynamic" },
        "DataType": parameter.data_type,
        "AllowedValues": (!parameter.allowed.is_empty()).then_some(parameter.allowed),
        "IsModifiable": parameter.modifiable,
        "ApplyMethod": method,
    })
}

/// One entry of a batch, checked.
struct Wish {
    parameter: &'static Parameter,
    value: Option<String>,
    method: String,
}

/// Checks a batch as a whole, before anything is done.
fn wishes(call: &Call, group: &ParameterGroup, with_value: bool) -> Result<Vec<Wish>, Refusal> {
    let list = call.list("Parameters");
    if list.len() > BATCH {
        return Err(Refusal::value(format!(
            "A maximum of {BATCH} parameters can be modified in a single request"
        )));
    }
    let mut wishes = Vec::new();
    for entry in &list {
        let name = need_of(entry, "ParameterName")?;
        let parameter = parameters::find(&group.family, name)
            .ok_or_else(|| Refusal::value(format!("Could not find parameter with name: {name}")))?;
        if !parameter.modifiable {
            return Err(Refusal::value(format!(
                "The parameter {name} cannot be modified."
            )));
        }
        let method = text_of(entry, "ApplyMethod")
            .unwrap_or("pending-reboot")
            .to_owned();
        if !["immediate", "pending-reboot"].contains(&method.as_str()) {
            return Err(Refusal::value(format!("Invalid apply method: {method}")));
        }
        if method == "immediate" && parameter.is_static {
            return Err(Refusal::combination(
                "cannot use immediate apply method for static parameter",
            ));
        }
        let value = if with_value {
            let value = text_of(entry, "ParameterValue").ok_or_else(|| {
                Refusal::new(
                    400,
                    "MissingParameter",
                    format!("No value for parameter {name}"),
                )
            })?;
            parameters::check_value(parameter, value)?;
            Some(value.to_owned())
        } else {
            None
        };
        wishes.push(Wish {
            parameter,
            value,
            method,
        });
    }
    check_pairs(group, &wishes)?;
    Ok(wishes)
}

/// Checks parameters that must fit together.
fn check_pairs(group: &ParameterGroup, wishes: &[Wish]) -> Result<(), Refusal> {
    let value = |name: &str| {
        let wish = wishes.iter().find(|wish| wish.parameter.name == name);
        match wish {
            Some(wish) => wish.value.clone(),
            None => group.values.get(name).map(|set| set.value.clone()),
        }
        .or_else(|| parameters::find(&group.family, name).map(|known| known.default.to_owned()))
        .unwrap_or_default()
    };
    if value("rds.accepted_password_auth_method") == "scram"
        && value("password_encryption") == "md5"
    {
        return Err(Refusal::combination(
            "rds.accepted_password_auth_method=scram needs password_encryption=scram-sha-256",
        ));
    }
    let (lowest, highest) = (
        value("ssl_min_protocol_version"),
        value("ssl_max_protocol_version"),
    );
    if !lowest.is_empty() && !highest.is_empty() && lowest > highest {
        return Err(Refusal::combination(
            "ssl_min_protocol_version must not be above ssl_max_protocol_version",
        ));
    }
    Ok(())
}

/// The group that a call wants to change.
fn changeable(world: &mut World, call: &Call) -> Result<ParameterGroup, Refusal> {
    let name = call.need("DBParameterGroupName")?.to_lowercase();
    if name.starts_with("default.") {
        return Err(Refusal::new(
            400,
            "InvalidParameterValue",
            "The parameter DBParameterGroupName is not a valid identifier: default groups cannot be modified",
        ));
    }
    find(&world.place(call).rds, &name)
}

/// `ModifyDBParameterGroup`.
pub(crate) fn modify(world: &mut World, call: &Call) -> Answer {
    let mut group = changeable(world, call)?;
    let wishes = wishes(call, &group, true)?;
    if wishes.is_empty() {
        return Err(Refusal::new(
            400,
            "MissingParameter",
            "The request must contain the parameter Parameters",
        ));
    }
    let mut changed = Vec::new();
    for wish in wishes {
        let value = wish.value.clone().expect("a modification has values");
        let set = SetValue {
            value,
            method: wish.method.clone(),
        };
        let before = group
            .values
            .insert(wish.parameter.name.to_owned(), set.clone());
        if before.is_none_or(|before| before.value != set.value) {
            changed.push(wish);
        }
    }
    Ok(finish(world, call, group, &changed))
}

/// `ResetDBParameterGroup`.
pub(crate) fn reset(world: &mut World, call: &Call) -> Answer {
    let mut group = changeable(world, call)?;
    let all = call.boolean("ResetAllParameters").unwrap_or(true);
    let list = if all && call.list("Parameters").is_empty() {
        let names: Vec<String> = group.values.keys().cloned().collect();
        names
            .iter()
            .filter_map(|name| parameters::find(&group.family, name))
            .map(|parameter| Wish {
                parameter,
                value: None,
                method: if parameter.is_static {
                    "pending-reboot"
                } else {
                    "immediate"
                }
                .to_owned(),
            })
            .collect()
    } else {
        wishes(call, &group, false)?
    };
    let mut changed = Vec::new();
    for wish in list {
        if group.values.remove(wish.parameter.name).is_some() {
            changed.push(wish);
        }
    }
    Ok(finish(world, call, group, &changed))
}

/// Stores a changed group and tells its instances.
fn finish(world: &mut World, call: &Call, group: ParameterGroup, changed: &[Wish]) -> Value {
    let rds = &mut world.place(call).rds;
    let name = group.name.clone();
    rds.parameter_groups.insert(name.clone(), group);
    if !changed.is_empty() {
        let deferred = |wish: &Wish| wish.parameter.is_static || wish.method == "pending-reboot";
        tell_instances(rds, &name, changed.iter().any(deferred), call.now);
    }
    json!({ "DBParameterGroupName": name })
}

/// Sets the apply status of the instances of a group after a change.
fn tell_instances(rds: &mut Rds, group: &str, needs_reboot: bool, now: Timestamp) {
    let mut applying = Vec::new();
    for instance in rds
        .instances
        .values_mut()
        .filter(|one| one.parameter_group == group)
    {
        if needs_reboot {
            "pending-reboot".clone_into(&mut instance.parameter_status);
        } else if instance.parameter_status != "pending-reboot" {
            "applying".clone_into(&mut instance.parameter_status);
            applying.push(instance.resource_id.clone());
        }
    }
    for resource_id in applying {
        rds.later(now, 30, Deed::ParametersApplied(resource_id));
    }
}
