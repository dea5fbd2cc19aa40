//! The values of a DB parameter group that somebody set.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{Filter, Parameter};
use pgward_engine::Fault;
use pgward_kinds::parameter_group::{FAMILY, VALUES};
use pgward_kinds::parameters;
use pgward_model::{Resource, Value};

use crate::aws::Aws;
use crate::check::parameters as defaults;
use crate::listing::{PAGE, absent, pages};

/// How many names one filter takes.
pub(super) const NAMES: usize = 100;

/// What is set in a group.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The values, by name.
    pub(super) set: BTreeMap<String, Value>,
    /// Whether a restart is needed, by name, as far as AWS said so.
    pub(super) is_static: BTreeMap<String, Value>,
}

impl Values {
    /// Keeps what a row says about when a parameter takes effect.
    pub(super) fn note(&mut self, row: &Parameter) {
        if let (Some(name), Some(apply)) = (row.parameter_name(), row.apply_type()) {
            let is_static = Value::Bool(apply.eq_ignore_ascii_case("static"));
            self.is_static.insert(name.to_owned(), is_static);
        }
    }

    /// The declared parameters that nobody seems to have set.
    fn missing(&self, declared: &Resource) -> BTreeSet<String> {
        declared
            .attributes
            .map(VALUES.path)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .filter(|name| !self.set.contains_key(name))
            .collect()
    }

    /// Counts a declared value as set if the row shows it in effect.
    fn add(&mut self, row: &Parameter, declared: &Resource) {
        self.note(row);
        let (Some(name), Some(live)) = (row.parameter_name(), row.parameter_value()) else {
            return;
        };
        let values = declared.attributes.map(VALUES.path);
        let wanted = values
            .and_then(|values| values.get(name))
            .and_then(Value::as_text);
        if let Some(wanted) = wanted
            && (live.trim().eq_ignore_ascii_case(wanted.trim())
                || parameters::same(name, live, wanted))
        {
            self.set.insert(name.to_owned(), Value::text(wanted));
        }
    }
}

/// The values that RDS reports as set; nothing if there is no such group.
///
/// # Errors
///
/// What AWS answered.
pub(super) async fn set_by_users(aws: &Aws, group: &str) -> Result<Option<Values>, Fault> {
    let Some(rows) = absent(rows(aws, group, Some("user"), &[]).await)? else {
        return Ok(None);
    };
    let mut values = Values::default();
    for row in &rows {
        values.note(row);
        if let (Some(name), Some(value)) = (row.parameter_name(), row.parameter_value()) {
            values.set.insert(name.to_owned(), Value::text(value));
        }
    }
    Ok(Some(values))
}

/// The values of one group. A value that equals the default may not be reported as set, so that a
/// declared one that is missing is looked up by name.
///
/// # Errors
///
/// What AWS answered.
pub(super) async fn of_group(
    aws: &Aws,
    group: &str,
    declared: Option<&Resource>,
) -> Result<Option<Values>, Fault> {
    let Some(mut values) = set_by_users(aws, group).await? else {
        return Ok(None);
    };
    if let Some(declared) = declared {
        look_up(aws, group, declared, &mut values).await?;
    }
    Ok(Some(values))
}

async fn look_up(
    aws: &Aws,
    group: &str,
    declared: &Resource,
    values: &mut Values,
) -> Result<(), Fault> {
    let missing: Vec<String> = values.missing(declared).into_iter().collect();
    for names in missing.chunks(NAMES) {
        for row in rows_named(aws, group, names).await? {
            values.add(&row, declared);
        }
    }
    Ok(())
}

/// The same for many groups: what is missing was not set or equals the default of its family, so
/// that one read per family answers for all groups.
pub(super) async fn add_defaults(
    aws: &Aws,
    declared: &[&Resource],
    values: &mut [Result<Option<Values>, Fault>],
) {
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (resource, values) in declared.iter().zip(values.iter()) {
        if let Ok(Some(values)) = values {
            let family = resource.attributes.text(FAMILY.path).unwrap_or_default();
            wanted
                .entry(family)
                .or_default()
                .extend(values.missing(resource));
        }
    }
    let mut known: BTreeMap<&str, BTreeMap<String, Parameter>> = BTreeMap::new();
    for (family, names) in wanted {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for chunk in names.chunks(NAMES) {
            if let Ok(rows) = defaults::rows(aws, family, chunk).await {
                known.entry(family).or_default().extend(rows);
            }
        }
    }
    for (resource, result) in declared.iter().zip(values.iter_mut()) {
        let Ok(Some(values)) = result else { continue };
        let family = resource.attributes.text(FAMILY.path).unwrap_or_default();
        match known.get(family).filter(|rows| !rows.is_empty()) {
            Some(rows) => {
                for row in values
                    .missing(resource)
                    .iter()
                    .filter_map(|name| rows.get(name))
                {
                    values.add(row, resource);
                }
            }
            // An endpoint without such data can only be asked about the group.
            None => {
                if let Err(fault) = look_up(aws, &resource.name, resource, values).await {
                    *result = Err(fault);
                }
            }
        }
    }
}

/// The rows of these parameters.
///
/// # Errors
///
/// What AWS answered.
pub(super) async fn rows_named(
    aws: &Aws,
    group: &str,
    names: &[String],
) -> Result<Vec<Parameter>, Fault> {
    let rows = rows(aws, group, None, names).await?;
    Ok(rows
        .into_iter()
        .filter(|row| {
            row.parameter_name()
                .is_some_and(|name| names.iter().any(|one| one == name))
        })
        .collect())
}

async fn rows(
    aws: &Aws,
    group: &str,
    source: Option<&str>,
    names: &[String],
) -> Result<Vec<Parameter>, Fault> {
    let filters = (!names.is_empty()).then(|| {
        vec![
            Filter::builder()
                .name("parameter-name")
                .set_values(Some(names.to_vec()))
                .build(),
        ]
    });
    pages(
        aws,
        "rds:DescribeDBParameters",
        |marker| {
            let call = aws.session().rds().describe_db_parameters();
            call.db_parameter_group_name(group)
                .set_source(source.map(str::to_owned))
                .set_filters(filters.clone())
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| (output.parameters.unwrap_or_default(), output.marker),
    )
    .await
}
