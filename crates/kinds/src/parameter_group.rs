//! `parameter_group`: PostgreSQL's own settings (resource semantics, 4; parameters).
//!
//! The group belongs to the environment, so what somebody sets in it and the spec doesn't name
//! goes back to its default.

use std::collections::BTreeMap;

use pgward_model::{
    Address,
    Applies::{self, AfterReboot, Now, OnCreate, OnReplace},
    Case, Described, Effect, Form, Kind, Resource, Usual, Value, attributes,
};

use crate::{parameters, tags};

attributes! {
    /// Parameter group family, such as `postgres16`; follows from `version`.
    FAMILY: "postgres.parameter_family", Form::Text => aws("DBParameterGroupFamily")
        .terraform("family").applies(OnReplace).default("from `version`");

    /// Name of the parameter group. Default: `PROJECT-ENVIRONMENT-pgMAJOR`.
    NAME: "postgres.parameter_group", Form::Text => aws("DBParameterGroupName")
        .terraform("parameter_group_name").applies(OnReplace)
        .default("PROJECT-ENVIRONMENT-pgMAJOR");

    /// PostgreSQL parameters, in PostgreSQL's own names and units: `work_mem = "32MB"`,
    /// `shared_buffers = "25% of memory"`. `"default"` drops an inherited one.
    VALUES: "parameters.*", Form::Parameter => derived().aws("Parameters")
        .terraform("parameter").applies(Applies::PerKey(by_parameter)).effect_by(effect_of)
        .reason_by(reason_of).show(parameters::show).remarks(remarks)
        .followers_first(followers_first);

    /// Description that AWS asks for; fixed text, never compared.
    DESCRIPTION: "parameters.description", Form::Text => derived().aws("Description")
        .applies(OnCreate);

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "parameter_group",
    section: "parameters",
    many: false,
    summary: "PostgreSQL's own settings",
    noun: "parameter group",
    type_name: "rds.parameter_group",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &[
        "rds:DescribeDBParameterGroups",
        "rds:DescribeDBParameters",
        "rds:DescribeEngineDefaultParameters",
        "rds:ListTagsForResource",
    ],
    writes: &[
        "rds:CreateDBParameterGroup",
        "rds:ModifyDBParameterGroup",
        "rds:ResetDBParameterGroup",
        "rds:DeleteDBParameterGroup",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
    ],
    needs: &[],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: Effect::Online,
    delete_reason: "",
    instead_of_replacing: "give the parameter group another name: [postgres] parameter_group",
    made_anew: "",
    create_time: Usual::MOMENT,
    change_time: Usual::MOMENT,
    delete_time: Usual::minutes(0, 3, 15),
    describe,
    headline: |resource| {
        let family = resource.attributes.text(FAMILY.path).unwrap_or("");
        format!("parameter group {}, {family}", resource.name)
    },
};

/// Whether the parameter is static: the bundled data, corrected by what AWS answered, which the
/// reader leaves in the live object under `parameters.static`.
fn is_static(case: &Case<'_>) -> bool {
    let Some(key) = case.key else { return false };
    if let Some(known) = case
        .live
        .map("parameters.static")
        .and_then(|map| map.get(key))
    {
        return known.as_bool().unwrap_or(false);
    }
    let family = case
        .desired
        .text(FAMILY.path)
        .or_else(|| case.live.text(FAMILY.path));
    parameters::find(family.unwrap_or(""), key).is_none_or(|facts| facts.is_static)
}

fn by_parameter(case: &Case<'_>) -> Applies {
    if is_static(case) { AfterReboot } else { Now }
}

fn effect_of(case: &Case<'_>) -> Effect {
    if is_static(case) {
        Effect::Reboot
    } else {
        Effect::Online
    }
}

fn reason_of(case: &Case<'_>) -> String {
    if is_static(case) {
        "Stored at apply, in effect after the next restart.".to_owned()
    } else {
        "RDS reloads it without a restart; some settings reach new sessions only.".to_owned()
    }
}

fn describe(resource: &Resource, all: &BTreeMap<Address, Resource>) -> Vec<Described> {
    let Some(values) = resource.attributes.map(VALUES.path) else {
        return Vec::new();
    };
    let family = resource.attributes.text(FAMILY.path).unwrap_or("");
    let class = instance_class(all);
    let shown: Vec<String> = values
        .iter()
        .filter(|(name, value)| {
            parameters::find(family, name)
                .is_none_or(|facts| Some(facts.default.as_str()) != value.as_text())
        })
        .map(|(name, value)| format!("{name} {}", with_estimate(name, value, class)))
        .collect();
    let count = values.len();
    let head = format!(
        "{count} {}, {} of them different from the RDS default{}",
        if count == 1 {
            "parameter"
        } else {
            "parameters"
        },
        shown.len(),
        if shown.is_empty() { "" } else { ":" }
    );
    let mut lines = vec![Described {
        label: String::new(),
        text: head,
        source: None,
    }];
    if !shown.is_empty() {
        lines.push(Described {
            label: String::new(),
            text: shown.join(", "),
            source: None,
        });
    }
    lines
}

/// `75% of memory (12 GB)` where the class of the instance is known.
fn with_estimate(name: &str, value: &Value, class: Option<&str>) -> String {
    let shown = parameters::show(name, value);
    match class.and_then(|class| parameters::effective(name, value, class)) {
        Some(estimate) => format!("{shown} ({estimate})"),
        None => shown,
    }
}

fn instance_class(all: &BTreeMap<Address, Resource>) -> Option<&str> {
    all.values()
        .find_map(|resource| resource.attributes.text(crate::instance::CLASS.path))
}

/// Parameters that a standby must have at least as high as its primary (resource semantics, 7).
const HOT_STANDBY: [&str; 5] = [
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
];

/// When one of these rises, replicas restart first; when it falls, their source does.
fn followers_first(case: &Case<'_>) -> Option<bool> {
    let name = case.key.filter(|key| HOT_STANDBY.contains(key))?;
    let number = |value: Option<&Value>| value?.as_text()?.parse::<f64>().ok();
    match (number(case.before), number(case.after)) {
        (Some(before), Some(after)) => Some(after > before),
        // A formula or the default: usually raised from or lowered to something unknown.
        _ => Some(name != "max_connections" || case.after.is_some()),
    }
}

/// Who else is touched: replicas that restart first, alarms that count connections.
fn remarks(case: &Case<'_>, all: &BTreeMap<Address, Resource>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if is_static(case)
        && let Some(first) = followers_first(case)
    {
        let replicas: Vec<&str> = all
            .values()
            .filter(|resource| resource.kind == "replica")
            .map(|resource| resource.address.as_str())
            .collect();
        if !replicas.is_empty() {
            let text = if first {
                format!(
                    "{} restart{} first: a standby needs at least its primary's value",
                    replicas.join(", "),
                    if replicas.len() == 1 { "s" } else { "" }
                )
            } else {
                "the instance restarts first: a standby needs at least its primary's value"
                    .to_owned()
            };
            lines.push(("order".to_owned(), text));
        }
    }
    if case.key == Some("max_connections")
        && let Some(most) = case
            .after
            .and_then(Value::as_text)
            .and_then(|text| text.parse::<f64>().ok())
    {
        lines.extend(connection_alarms(most, all));
    }
    lines
}

fn connection_alarms(most: f64, all: &BTreeMap<Address, Resource>) -> Vec<(String, String)> {
    all.values()
        .filter(|resource| {
            resource.attributes.text(crate::alarm::METRIC.path) == Some("DatabaseConnections")
        })
        .filter_map(|resource| {
            let above = resource.attributes.number(crate::alarm::ABOVE.path)?;
            let share = (above / most * 100.0).round();
            let text = format!(
                "{} stays at {above}, then {share}% of the maximum",
                resource.address
            );
            Some(("also".to_owned(), text))
        })
        .collect()
}
