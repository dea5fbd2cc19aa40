//! P507: the parameters exist in the family, can be set, and their values are in AWS's ranges.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{Filter, Parameter};
use pgward_engine::Fault;
use pgward_kinds::parameter_group::{FAMILY, VALUES};
use pgward_model::{Diagnostic, Value};

use super::{Case, Part, Work};
use crate::aws::Aws;
use crate::listing::{PAGE, pages};

/// How many names one filter takes.
const NAMES: usize = 100;

pub(super) async fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    for work in case.work("parameter_group") {
        let names = work.keys(&VALUES);
        let Some(family) = work.resource.attributes.text(FAMILY.path) else {
            continue;
        };
        for chunk in names.chunks(NAMES) {
            match rows(case.aws, family, chunk).await {
                // No row at all comes from an endpoint that has no such data.
                Ok(rows) if rows.is_empty() => part
                    .not_checked
                    .push(format!("parameters: the endpoint knows none of {family}")),
                Ok(rows) => chunk.iter().for_each(|name| {
                    parameter(case, &work, family, name, rows.get(*name), &mut part);
                }),
                Err(fault) => part.gap("parameters", &fault),
            }
        }
    }
    part
}

/// What AWS knows of parameters of a family, by name.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn rows(
    aws: &Aws,
    family: &str,
    names: &[&str],
) -> Result<BTreeMap<String, Parameter>, Fault> {
    let values = names.iter().map(|name| (*name).to_owned()).collect();
    let filter = Filter::builder()
        .name("parameter-name")
        .set_values(Some(values))
        .build();
    let listed = pages(
        aws,
        "rds:DescribeEngineDefaultParameters",
        |marker| {
            let call = aws.session().rds().describe_engine_default_parameters();
            call.db_parameter_group_family(family)
                .filters(filter.clone())
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| {
            let defaults = output.engine_defaults;
            let marker = defaults
                .as_ref()
                .and_then(|defaults| defaults.marker.clone());
            (
                defaults
                    .and_then(|defaults| defaults.parameters)
                    .unwrap_or_default(),
                marker,
            )
        },
    )
    .await?;
    Ok(listed
        .into_iter()
        .filter_map(|row| Some((row.parameter_name()?.to_owned(), row)))
        .collect())
}

fn parameter(
    case: &Case<'_>,
    work: &Work<'_>,
    family: &str,
    name: &str,
    row: Option<&Parameter>,
    part: &mut Part,
) {
    let values = work.resource.attributes.map(VALUES.path);
    let value = values
        .and_then(|values| values.get(name))
        .and_then(Value::as_text)
        .unwrap_or("");
    let diagnostic = match row {
        None => Diagnostic::error("P507", format!("RDS has no parameter `{name}` in {family}")),
        Some(row) if row.is_modifiable() == Some(false) => Diagnostic::error(
            "P507",
            format!("RDS does not let one set `{name}` in {family}"),
        ),
        Some(row) => {
            let Some(allowed) = row.allowed_values() else {
                return;
            };
            let data_type = row.data_type().unwrap_or("string");
            if admits(allowed, data_type, value) {
                return;
            }
            let message = format!("RDS does not take `{value}` for `{name}`");
            Diagnostic::error("P507", message).help(format!("it takes {allowed}"))
        }
    };
    let place = work.resource.origin_of(VALUES.path, Some(name));
    let path = work.resource.path_of(VALUES.path, Some(name));
    part.find(case, diagnostic.at_some(place, "").about(path.as_str()));
}

/// Whether AWS's ranges or words admit a value. What is not a number or a word, such as a formula
/// or a list, is for AWS to judge.
fn admits(allowed: &str, data_type: &str, value: &str) -> bool {
    let choices: Vec<&str> = allowed.split(',').map(str::trim).collect();
    match data_type {
        "integer" | "float" => {
            let Ok(number) = value.parse::<f64>() else {
                return true;
            };
            choices.iter().any(|choice| match range(choice) {
                Some((from, to)) => (from..=to).contains(&number),
                None => true,
            })
        }
        "boolean" => {
            let word = match value.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" => "1",
                "off" | "false" | "no" => "0",
                _ => value,
            }
            .to_owned();
            choices
                .iter()
                .any(|choice| choice.eq_ignore_ascii_case(value) || *choice == word)
        }
        "string" if !value.contains(',') && choices.len() > 1 => choices
            .iter()
            .any(|choice| choice.eq_ignore_ascii_case(value)),
        _ => true,
    }
}

/// A range such as `16-1073741823` or `-1-2147483647`, or a single number; a leading minus belongs
/// to the number.
fn range(text: &str) -> Option<(f64, f64)> {
    if let Ok(number) = text.parse::<f64>() {
        return Some((number, number));
    }
    let dash = text.get(1..)?.find('-')? + 1;
    let (from, to) = (text[..dash].trim(), text[dash + 1..].trim());
    Some((from.parse().ok()?, to.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_take_negative_numbers() {
        assert_eq!(range("16-1073741823"), Some((16.0, 1_073_741_823.0)));
        assert_eq!(range("-1-2147483647"), Some((-1.0, 2_147_483_647.0)));
        assert_eq!(range("0"), Some((0.0, 0.0)));
        assert_eq!(range("0.0-1.0"), Some((0.0, 1.0)));
        assert_eq!(range("-2--1"), Some((-2.0, -1.0)));
    }

    #[test]
    fn only_what_is_plainly_outside_is_refused() {
        for (allowed, data_type, value, expected) in [
            ("16-100", "integer", "17", true),
            ("16-100", "integer", "101", false),
            ("-1,60-120", "integer", "-1", true),
            ("16-100", "integer", "{DBInstanceClassMemory/9531392}", true),
            ("0,1", "boolean", "on", true),
            ("0,1", "boolean", "maybe", false),
            ("md5,scram-sha-256", "string", "scram-sha-256", true),
            ("md5,scram-sha-256", "string", "plain", false),
            ("none,ddl,mod,all", "list", "anything", true),
        ] {
            assert_eq!(
                admits(allowed, data_type, value),
                expected,
                "{allowed} {value}"
            );
        }
    }
}
