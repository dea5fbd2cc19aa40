//! One written value to one value in the canonical unit of its form.

use pgward_model::units::{UnitProblem, WindowProblem};
use pgward_model::{Diagnostic, Form, Value, units};

use crate::language::Key;
use crate::parse::{Node, Tree};
use crate::suggest;

/// Reads a value in the form of its key.
///
/// # Errors
///
/// What is wrong with it: its type, its unit, its range, or that it is none of the words.
pub(crate) fn read(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    let value = match key.form {
        Form::Text => text(key, node)?,
        Form::Bool => bool_of(key, node)?,
        Form::Int => int(key, node)?,
        Form::Number => number(key, node)?,
        Form::Gib | Form::Mibps | Form::Days | Form::Seconds | Form::Percent => {
            measured(key, node)?
        }
        Form::DaysOrOff | Form::SecondsOrOff => {
            if node.text() == Some("off") {
                Value::Int(0)
            } else {
                measured(key, node)?
            }
        }
        Form::DailyWindow | Form::WeeklyWindow => window(key, node)?,
        Form::Set | Form::List => texts(key, node)?,
        Form::Quantity => quantity(key, node)?,
        Form::Date => date(key, node)?,
        Form::Map | Form::Parameter => return Err(wrong_type(key, node, None)),
    };
    in_range(key, node, value)
}

/// A value of this form, as an example.
pub(crate) fn example(form: Form) -> &'static str {
    match form {
        Form::Text => "\"...\"",
        Form::Bool => "true",
        Form::Int | Form::Number => "1",
        Form::Gib => "\"100 GiB\"",
        Form::Mibps => "\"500 MiB/s\"",
        Form::Days => "\"30 days\"",
        Form::DaysOrOff => "\"7 days\"",
        Form::Seconds => "\"5 min\"",
        Form::SecondsOrOff => "\"30 s\"",
        Form::Percent | Form::Quantity => "\"80%\"",
        Form::DailyWindow => "\"02:00-03:00 UTC\"",
        Form::WeeklyWindow => "\"Sun 03:00-04:00 UTC\"",
        Form::Set | Form::List => "[\"...\"]",
        Form::Map => "{ }",
        Form::Date => "2026-03-31",
        Form::Parameter => "\"32MB\"",
    }
}

/// P103: another type than the key takes; `fix` is the value as it should be written.
fn wrong_type(key: &Key, node: &Node, fix: Option<(&str, String)>) -> Box<Diagnostic> {
    let found = Diagnostic::error(
        "P103",
        format!("`{}` is {}, not {}", key.name, key.form.noun(), node.noun()),
    )
    .at(&node.origin, node.noun());
    Box::new(match fix {
        Some(("", value)) => found
            .help(format!("{} = {value}", key.name))
            .fixed_by(&node.origin, value),
        Some((what, value)) => found
            .help(format!("{what}: {} = {value}", key.name))
            .fixed_by(&node.origin, value),
        None => match texts_of(node).as_slice() {
            [first, _, ..] if key.form == Form::Text => found.help(format!(
                "one value: {} = {first}, and a section each for the others",
                key.name
            )),
            _ => found.help(format!("for example {} = {}", key.name, example_of(key))),
        },
    })
}

/// The texts of a list as written; none if it is no list of texts.
fn texts_of(node: &Node) -> Vec<&str> {
    let Tree::List(items) = &node.tree else {
        return Vec::new();
    };
    let is_text = |item: &&Node| matches!(item.tree, Tree::Text(_));
    items
        .iter()
        .filter(is_text)
        .map(|item| item.raw.as_str())
        .collect()
}

fn example_of(key: &Key) -> String {
    match (key.form, key.one_of.first()) {
        (Form::Text, Some(word)) => format!("\"{word}\""),
        (Form::Set | Form::List, Some(word)) => format!("[\"{word}\"]"),
        (Form::Text, None) => match key.doc.split('`').nth(1) {
            Some(word) if !word.contains([' ', '"', '[']) => format!("\"{word}\""),
            _ => example(key.form).to_owned(),
        },
        (form, _) => example(form).to_owned(),
    }
}

fn text(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    match &node.tree {
        Tree::Text(text) => Ok(Value::Text(word(key, node, text)?)),
        Tree::Int(_) | Tree::Float(_) | Tree::Date(_) => Err(wrong_type(
            key,
            node,
            Some(("add quotes", format!("\"{}\"", node.raw))),
        )),
        _ => Err(wrong_type(key, node, None)),
    }
}

/// The text itself, or the word of the key's list in the list's spelling.
fn word(key: &Key, node: &Node, text: &str) -> Result<String, Box<Diagnostic>> {
    if key.one_of.is_empty() {
        return Ok(text.to_owned());
    }
    if let Some(known) = key
        .one_of
        .iter()
        .find(|known| known.eq_ignore_ascii_case(text))
    {
        return Ok((*known).to_owned());
    }
    let verb = if matches!(key.form, Form::Set | Form::List) {
        "hold"
    } else {
        "be"
    };
    let found = Diagnostic::error("P103", format!("`{}` cannot {verb} \"{text}\"", key.name))
        .at(&node.origin, "")
        .help(format!(
            "one of {}",
            suggest::quoted(key.one_of.iter().copied())
        ));
    Err(Box::new(match suggest::only_near(text, key.one_of) {
        Some(near) => found.fixed_by(&node.origin, format!("\"{near}\"")),
        None => found,
    }))
}

fn bool_of(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    let word = match &node.tree {
        Tree::Bool(value) => return Ok(Value::Bool(*value)),
        Tree::Text(text) => text.to_ascii_lowercase(),
        Tree::Int(number) => number.to_string(),
        _ => return Err(wrong_type(key, node, None)),
    };
    let meant = match word.as_str() {
        "true" | "yes" | "on" | "1" => Some("true"),
        "false" | "no" | "off" | "0" => Some("false"),
        _ => None,
    };
    let what = if node.text().is_some() {
        "remove the quotes"
    } else {
        ""
    };
    Err(wrong_type(
        key,
        node,
        meant.map(|meant| (what, meant.to_owned())),
    ))
}

fn int(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    match &node.tree {
        Tree::Int(number) => Ok(Value::Int(*number)),
        Tree::Float(number) => match units::whole(*number) {
            Some(whole) => Err(wrong_type(key, node, Some(("", whole.to_string())))),
            None => Err(wrong_type(key, node, None)),
        },
        Tree::Text(text) if text.trim().parse::<i64>().is_ok() => Err(wrong_type(
            key,
            node,
            Some(("remove the quotes", text.trim().to_owned())),
        )),
        _ => Err(wrong_type(key, node, None)),
    }
}

fn number(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    match &node.tree {
        Tree::Int(number) => Ok(Value::Int(*number)),
        Tree::Float(number) => Ok(Value::Float(*number)),
        _ => Err(wrong_type(key, node, None)),
    }
}

fn texts(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    let items = match &node.tree {
        Tree::List(items) => items,
        Tree::Text(_) => {
            return Err(wrong_type(key, node, Some(("", format!("[{}]", node.raw)))));
        }
        _ => return Err(wrong_type(key, node, None)),
    };
    let mut list: Vec<String> = Vec::new();
    for item in items {
        let Some(text) = item.text() else {
            return Err(Box::new(
                Diagnostic::error(
                    "P103",
                    format!("`{}` is a list of texts; this is {}", key.name, item.noun()),
                )
                .at(&item.origin, item.noun())
                .help(format!("add quotes: \"{}\"", item.raw)),
            ));
        };
        let word = word(key, item, text)?;
        if !list.contains(&word) {
            list.push(word);
        }
    }
    Ok(Value::texts(list))
}

fn quantity(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    match &node.tree {
        Tree::Int(number) => Ok(Value::Int(*number)),
        Tree::Float(number) => Ok(Value::Float(*number)),
        Tree::Text(text) => Ok(Value::Text(text.clone())),
        _ => Err(wrong_type(key, node, None)),
    }
}

fn date(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    match &node.tree {
        Tree::Date(date) if crate::dates::day_number(date).is_some() => Ok(Value::text(date)),
        Tree::Text(text) if crate::dates::day_number(text).is_some() => Err(wrong_type(
            key,
            node,
            Some(("remove the quotes", text.clone())),
        )),
        Tree::Date(_) => Err(Box::new(
            Diagnostic::error("P103", format!("`{}` is a day, without a time", key.name))
                .at(&node.origin, "")
                .help(format!("{} = 2026-03-31", key.name)),
        )),
        _ => Err(wrong_type(key, node, None)),
    }
}

/// A number with a unit, as a whole number of the form's own unit.
fn measured(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    let text = match &node.tree {
        Tree::Text(text) => text,
        Tree::Int(_) | Tree::Float(_) => return Err(missing_unit(key, node, &node.raw)),
        Tree::Bool(false) if matches!(key.form, Form::DaysOrOff | Form::SecondsOrOff) => {
            return Err(wrong_type(key, node, Some(("", "\"off\"".to_owned()))));
        }
        _ => return Err(wrong_type(key, node, None)),
    };
    let number = match key.form {
        Form::Gib => units::gib(text),
        Form::Mibps => units::mibps(text),
        Form::Days | Form::DaysOrOff => units::days(text),
        Form::Percent => percent(text),
        _ => units::seconds(text),
    };
    number.map(Value::Int).map_err(|problem| match problem {
        UnitProblem::Missing => missing_unit(key, node, text.trim()),
        UnitProblem::Wrong { at, unit } => wrong_unit(key, node, text, at, &unit),
        UnitProblem::NoNumber => Box::new(
            Diagnostic::error(
                "P103",
                format!("`{}` is {}, not \"{text}\"", key.name, key.form.noun()),
            )
            .at(&node.origin, "no number")
            .help(format!("for example {} = {}", key.name, example(key.form))),
        ),
        UnitProblem::Fraction => Box::new(
            Diagnostic::error(
                "P103",
                format!("`{}` must be a whole number of its unit", key.name),
            )
            .at(&node.origin, "has a fraction")
            .help(format!("for example {} = {}", key.name, example(key.form))),
        ),
    })
}

fn percent(text: &str) -> Result<i64, UnitProblem> {
    let measured = units::measure(text).ok_or(UnitProblem::NoNumber)?;
    match measured.unit {
        "%" => units::whole(measured.number).ok_or(UnitProblem::Fraction),
        "" => Err(UnitProblem::Missing),
        unit => Err(UnitProblem::Wrong {
            at: measured.unit_at,
            unit: unit.to_owned(),
        }),
    }
}

/// P104. Where AWS has one unit for the value, the fix is unambiguous.
fn missing_unit(key: &Key, node: &Node, number: &str) -> Box<Diagnostic> {
    let whole: i64 = number.parse().unwrap_or_default();
    let (value, sure) = match key.form {
        Form::Gib => (format!("{number} GiB"), true),
        Form::Mibps => (format!("{number} MiB/s"), true),
        Form::Days | Form::DaysOrOff if number == "1" => ("1 day".to_owned(), true),
        Form::DaysOrOff | Form::SecondsOrOff if whole == 0 => ("off".to_owned(), true),
        Form::Days | Form::DaysOrOff => (format!("{number} days"), true),
        Form::Percent => (format!("{number}%"), true),
        Form::SecondsOrOff => (format!("{number} s"), true),
        _ if whole >= 60 => (units::print_seconds(whole), false),
        _ => (format!("{number} min"), false),
    };
    let found = Diagnostic::error("P104", format!("`{}` needs a unit", key.name))
        .at(&node.origin, format!("{number} of what?"))
        .help(format!("{} = \"{value}\"", key.name));
    Box::new(if sure {
        found.fixed_by(&node.origin, format!("\"{value}\""))
    } else {
        found
    })
}

fn wrong_unit(key: &Key, node: &Node, text: &str, at: usize, unit: &str) -> Box<Diagnostic> {
    let digits = units::measure(text).map_or("", |measured| measured.digits);
    let (message, label, meant) = match key.form {
        Form::Gib => {
            let (label, meant) = match unit {
                "GB" | "gb" | "G" | "g" | "Gi" | "gib" | "GIB" => (
                    "GB is 10^9 bytes; RDS allocates GiB, 2^30 bytes",
                    Some(format!("{digits} GiB")),
                ),
                "TB" | "tb" | "T" | "Ti" | "tib" => (
                    "TB is 10^12 bytes; RDS allocates GiB, 2^30 bytes",
                    Some(format!("{digits} TiB")),
                ),
                _ => ("RDS allocates whole GiB, 2^30 bytes", None),
            };
            (
                format!("`{}` is counted in GiB by RDS, not {unit}", key.name),
                label,
                meant,
            )
        }
        Form::Mibps => (
            format!("`{}` is counted in MiB/s by RDS, not {unit}", key.name),
            "RDS provisions MiB/s, 2^20 bytes a second",
            // "Mbps" may be bits, which are eight times less.
            matches!(
                unit.to_ascii_lowercase().as_str(),
                "m" | "mb" | "mib" | "mb/s" | "mb/sec" | "mib/sec" | "mibps"
            )
            .then(|| format!("{digits} MiB/s")),
        ),
        Form::Days | Form::DaysOrOff => (
            format!("`{}` is counted in days, not {unit}", key.name),
            "not a number of days",
            None,
        ),
        Form::Percent => (
            format!("`{}` is a percentage, not {unit}", key.name),
            "not %",
            None,
        ),
        _ => {
            let meant = match unit.to_ascii_lowercase().as_str() {
                "m" | "mins" => Some(format!("{digits} min")),
                "secs" | "sec." => Some(format!("{digits} s")),
                "hr" | "hrs" => Some(format!("{digits} h")),
                _ => None,
            };
            (
                format!("`{}` takes s, min, h or d, not {unit}", key.name),
                "not a unit of time",
                meant,
            )
        }
    };
    let value = meant.as_ref().map_or_else(
        || example(key.form).to_owned(),
        |value| format!("\"{value}\""),
    );
    let found = Diagnostic::error("P105", message)
        .at(&node.within(at, unit.chars().count()), label)
        .help(format!("{} = {value}", key.name));
    Box::new(if meant.is_some() {
        found.fixed_by(&node.origin, value)
    } else {
        found
    })
}

fn window(key: &Key, node: &Node) -> Result<Value, Box<Diagnostic>> {
    let Tree::Text(text) = &node.tree else {
        return Err(wrong_type(key, node, None));
    };
    let read = match key.form {
        Form::DailyWindow => units::daily_window(text),
        _ => units::weekly_window(text),
    };
    read.map(Value::Text).map_err(|problem| {
        let found = match problem {
            WindowProblem::NoZone => {
                let value = format!("\"{} UTC\"", text.trim());
                Diagnostic::error("P104", format!("`{}` needs its zone, UTC", key.name))
                    .at(&node.origin, "in which zone?")
                    .help(format!("{} = {value}", key.name))
                    .note("RDS knows no other zone")
                    .fixed_by(&node.origin, value)
            }
            WindowProblem::Zone(zone) if zone.chars().all(char::is_alphabetic) => {
                let at = text.rfind(&zone).unwrap_or_default();
                Diagnostic::error(
                    "P105",
                    format!("`{}` is in UTC for RDS, not {zone}", key.name),
                )
                .at(
                    &node.within(at, zone.chars().count()),
                    "RDS knows no other zone",
                )
                .help(format!(
                    "convert it to UTC: {} = {}",
                    key.name,
                    example(key.form)
                ))
            }
            WindowProblem::Form | WindowProblem::Zone(_) => Diagnostic::error(
                "P103",
                format!("`{}` is {}, not \"{text}\"", key.name, key.form.noun()),
            )
            .at(&node.origin, "")
            .help(format!("for example {} = {}", key.name, example(key.form))),
        };
        Box::new(found)
    })
}

fn in_range(key: &Key, node: &Node, value: Value) -> Result<Value, Box<Diagnostic>> {
    let (Some((from, to)), Value::Int(number)) = (key.range, &value) else {
        return Ok(value);
    };
    if (from..=to).contains(number) {
        return Ok(value);
    }
    if key.form == Form::Days && *number > to && from == 0 {
        let beyond = units::print_days(number - to);
        return Err(Box::new(
            Diagnostic::error(
                "P310",
                format!("RDS keeps automated backups for {to} days at most"),
            )
            .at(&node.origin, format!("{beyond} too long"))
            .help(format!(
                "{} = \"{to} days\"; keep older copies as manual snapshots or in AWS Backup",
                key.name
            )),
        ));
    }
    let print = |bound: i64| key.form.print(&Value::Int(bound));
    let quote = if key.form == Form::Int { "" } else { "\"" };
    let nearest = print(if *number < from { from } else { to });
    let side = if *number < from { "more" } else { "less" };
    Err(Box::new(
        Diagnostic::error(
            "P313",
            format!(
                "`{}` must be from {} to {}",
                key.name,
                print(from),
                print(to)
            ),
        )
        .at(
            &node.origin,
            if *number < from {
                "too small"
            } else {
                "too large"
            },
        )
        .help(format!("{} = {quote}{nearest}{quote} or {side}", key.name)),
    ))
}
