//! From what people write to what RDS takes.

use pgward_model::{Value, units};

use super::{
    formula,
    problem::{self, Problem},
    table::{self, Family, Row},
    unit::{self, Measure},
};

/// Converts a written value to what RDS takes: bare numbers in the parameter's unit, `0` and `1`,
/// words, lists with commas, formulas.
///
/// A family that is not in the data is taken for the newest one, and what that doesn't have is
/// passed on for AWS to judge, as are parameters of libraries that the data doesn't know.
///
/// # Errors
///
/// Says what is wrong with the name or the value and what to write.
pub fn convert(family: &str, name: &str, written: &Value) -> Result<String, Problem> {
    let parsed = Family::of(family);
    let row = table::row(parsed, name);
    match row {
        Some(row) if parsed.has(&row) => {
            if row.fixed {
                Err(problem::fixed(name, &row))
            } else {
                value(name, &row, written)
            }
        }
        Some(row) if row.fixed => Err(problem::fixed(name, &row)),
        row if parsed.known && (row.is_some() || table::knows_library(name)) => {
            Err(problem::unknown(family, parsed, name, row.as_ref()))
        }
        _ => Ok(plain(written)),
    }
}

/// A value of a parameter that nothing is known of.
fn plain(written: &Value) -> String {
    match written {
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.trim().to_owned(),
        Value::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Map(_) | Value::Output(_) => String::new(),
    }
}

fn value(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    if matches!(written, Value::Map(_) | Value::Output(_)) {
        return Err(problem::wrong_type(name, row, written));
    }
    match row.data_type.as_str() {
        "bool" => boolean(name, row, written),
        "enum" => word(name, row, written),
        "list" => list(name, row, written),
        "string" => text(name, row, written),
        _ => number(name, row, written),
    }
}

fn boolean(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    let value = match written {
        Value::Bool(value) => Some(*value),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Text(text) if formula::is_formula(text) => return checked(name, text),
        Value::Text(text) => truth(text.trim()),
        _ => None,
    };
    match value {
        Some(value) => Ok(u8::from(value).to_string()),
        None => Err(problem::not_allowed(name, row, written)),
    }
}

/// PostgreSQL's words for true and false.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn word(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    let text = match written {
        Value::Bool(value) => (if *value { "on" } else { "off" }).to_owned(),
        other => plain(other),
    };
    let find = |text: &str| {
        row.words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text))
    };
    if let Some(word) = find(&text) {
        return Ok(word.clone());
    }
    let as_truth = truth(&text).and_then(|value| find(if value { "on" } else { "off" }));
    match as_truth {
        Some(word) => Ok(word.clone()),
        None if row.open || row.words.is_empty() => Ok(text),
        None => Err(problem::not_allowed(name, row, written)),
    }
}

fn list(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    let texts: Vec<&str> = match written {
        Value::Text(text) => text.split(',').collect(),
        Value::List(list) if list.iter().all(|item| item.as_text().is_some()) => written.as_texts(),
        _ => return Err(problem::wrong_type(name, row, written)),
    };
    let mut items = Vec::new();
    for item in texts
        .into_iter()
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        // RDS puts its own library in front of the list itself.
        if item == "rdsutils" {
            continue;
        }
        let known = row
            .words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(item));
        match known {
            Some(word) => items.push(word.as_str()),
            None if row.open || row.words.is_empty() => items.push(item),
            None => return Err(problem::not_in_list(name, row, item)),
        }
    }
    Ok(items.join(","))
}

fn text(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    match written {
        Value::Bool(_) => Err(problem::wrong_type(name, row, written)),
        other => Ok(plain(other)),
    }
}

fn number(name: &str, row: &Row, written: &Value) -> Result<String, Problem> {
    match written {
        Value::Text(text) => number_text(name, row, written, text.trim()),
        Value::Int(_) | Value::Float(_) => {
            bare(name, row, written, written.as_number().unwrap_or_default())
        }
        _ => Err(problem::wrong_type(name, row, written)),
    }
}

/// A number without a unit.
fn bare(name: &str, row: &Row, written: &Value, number: f64) -> Result<String, Problem> {
    match unit::of(&row.unit) {
        Some((measure, _)) if number != 0.0 && number != -1.0 => {
            Err(problem::needs_unit(name, row, measure, number))
        }
        _ => in_range(name, row, written, number),
    }
}

fn number_text(name: &str, row: &Row, written: &Value, text: &str) -> Result<String, Problem> {
    if formula::is_formula(text) {
        return number_formula(name, row, text);
    }
    let Some(measured) = units::measure(text) else {
        return Err(problem::not_allowed(name, row, written));
    };
    if measured.unit.is_empty() {
        return bare(name, row, written, measured.number);
    }
    if let Some(rest) = measured.unit.strip_prefix('%') {
        return match rest.trim() {
            "" | "of memory" => share(name, row, text, measured.digits),
            _ => Err(problem::not_a_share(name, &format!("\"{text}\""))),
        };
    }
    let Some((measure, size)) = unit::of(&row.unit) else {
        return Err(problem::no_unit(name, measured.digits, measured.unit));
    };
    match unit::written(measured.unit) {
        Some((found, factor)) if found == measure => {
            let number = measured.number * factor / size;
            if row.data_type == "int" && units::whole(number).is_none() {
                let (below, above) = (number.floor(), number.ceil());
                return Err(problem::between(name, row, text, below, above));
            }
            in_range(name, row, written, number)
        }
        _ => Err(problem::wrong_unit(
            name,
            row,
            measure,
            measured.digits,
            measured.unit,
        )),
    }
}

/// `25% of memory`, as the formula that RDS works out on each instance.
fn share(name: &str, row: &Row, text: &str, digits: &str) -> Result<String, Problem> {
    let number: f64 = digits.parse().unwrap_or_default();
    let unit = match unit::of(&row.unit) {
        Some((Measure::Memory, size)) if row.memory => size,
        _ => return Err(problem::no_share(name, row, number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let parts = format!("{whole}{fraction}").parse::<i128>().ok();
    let below = u32::try_from(fraction.len())
        .ok()
        .and_then(|digits| 10_i128.checked_pow(digits));
    let unit = units::whole(unit).map(i128::from);
    match (parts, below, unit) {
        (Some(parts), Some(below), Some(unit)) if number > 0.0 && number <= 100.0 => {
            Ok(formula::percentage(parts, below, unit))
        }
        _ => Err(problem::not_a_share(name, &format!("\"{text}\""))),
    }
}

fn checked(name: &str, text: &str) -> Result<String, Problem> {
    formula::check(text).map_err(|why| problem::formula(name, text, &why))
}

fn number_formula(name: &str, row: &Row, text: &str) -> Result<String, Problem> {
    let compact = checked(name, text)?;
    let unit = match unit::of(&row.unit) {
        Some((Measure::Memory, size)) if row.memory => units::whole(size).map(i128::from),
        _ => None,
    };
    // Published formulas often forget the unit: a quarter of the bytes, taken as pages, is 2048
    // times all memory, and an instance with that does not start.
    if let (Some(unit), Some((parts, whole))) = (unit, formula::share_of_memory(&compact))
        && parts.saturating_mul(unit) > whole
    {
        return Err(problem::beyond_memory(name, row, text));
    }
    Ok(compact)
}

fn in_range(name: &str, row: &Row, written: &Value, number: f64) -> Result<String, Problem> {
    if row.data_type == "int" && units::whole(number).is_none() {
        return Err(problem::not_allowed(name, row, written));
    }
    match row.range {
        Some((from, to)) if number < from || number > to => {
            Err(problem::out_of_range(name, row, written, (from, to)))
        }
        _ => Ok(number.to_string()),
    }
}
