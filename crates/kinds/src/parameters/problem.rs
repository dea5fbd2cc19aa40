//! What is wrong with a written parameter, in the words of the person who wrote it.

use pgward_model::{ParameterProblem, Value};

use super::{
    table::{Family, Row},
    unit::{self, Measure},
};

/// A problem, boxed because it is large beside the values it is returned with.
pub(crate) type Problem = Box<ParameterProblem>;

fn problem(code: &'static str, message: String) -> Problem {
    Box::new(ParameterProblem {
        code,
        message,
        help: Vec::new(),
        notes: Vec::new(),
        at_key: false,
    })
}

/// The key as it is written in TOML.
pub(crate) fn key(name: &str) -> String {
    if name.contains('.') {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

/// `32` or `"everything"`, as it is written in TOML.
fn shown(written: &Value) -> String {
    match written {
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => format!("\"{text}\""),
        Value::List(list) => {
            format!(
                "[{}]",
                list.iter().map(shown).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Map(_) | Value::Output(_) => "a table".to_owned(),
    }
}

/// The family doesn't have it.
pub(crate) fn unknown(family: &str, parsed: Family, name: &str, row: Option<&Row>) -> Problem {
    let mut found = problem("P306", format!("`{name}` is not a parameter of {family}"));
    found.at_key = true;
    if let Some(row) = row {
        if row.from > parsed.major {
            found
                .notes
                .push(format!("it exists from PostgreSQL {} on", row.from));
        } else if row.until.is_some_and(|until| until < parsed.major) {
            found.help.extend(row.instead.iter().cloned());
            found
                .notes
                .extend((!row.note.is_empty()).then(|| row.note.clone()));
        } else {
            found
                .notes
                .push("Aurora's storage does that job".to_owned());
        }
    }
    found
}

/// RDS lets nobody set it.
pub(crate) fn fixed(name: &str, row: &Row) -> Problem {
    let mut found = problem("P306", format!("RDS does not let you set `{name}`"));
    found.at_key = true;
    found.help.extend(row.instead.iter().cloned());
    if !row.note.is_empty() {
        found.notes.push(row.note.clone());
    } else if row.instead.is_empty() {
        found.help.push("remove the line".to_owned());
    }
    found
}

/// What a parameter takes, for the sentence about another type.
fn takes(row: &Row) -> &'static str {
    match (row.data_type.as_str(), unit::of(&row.unit)) {
        ("int" | "float", Some((measure, _))) => measure.noun(),
        ("int", None) => "a whole number",
        ("float", None) => "a number",
        ("bool", _) => "true or false",
        ("list", _) => "a list of texts",
        _ => "text",
    }
}

/// The value has another type.
pub(crate) fn wrong_type(name: &str, row: &Row, written: &Value) -> Problem {
    let is = match written {
        Value::Bool(_) => "true or false",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) | Value::Output(_) => "a table",
    };
    let mut found = problem("P103", format!("`{name}` is {}, not {is}", takes(row)));
    if !row.words.is_empty() {
        found.help.push(choice(&row.words));
    } else if let Some(example) = example(row) {
        found
            .help
            .push(format!("for example: {} = {example}", key(name)));
    }
    found
}

/// A value that works, from the default.
fn example(row: &Row) -> Option<String> {
    let value: f64 = row.default.parse().ok()?;
    match unit::of(&row.unit) {
        _ if row.data_type == "bool" => Some((value != 0.0).to_string()),
        Some(_) => (value > 0.0).then(|| format!("\"{}\"", unit::human(value, &row.unit))),
        None => Some(value.to_string()),
    }
}

/// A bare number of something that has a unit.
pub(crate) fn needs_unit(name: &str, row: &Row, measure: Measure, number: f64) -> Problem {
    let digits = number.to_string();
    let read = match row.unit.as_str() {
        "8kB" => format!("{digits} pages of 8 kB"),
        "B" => format!("{digits} bytes"),
        unit => format!("{digits} {unit}"),
    };
    let mut found = problem(
        "P106",
        format!("`{name}` needs a unit: PostgreSQL would read {digits} as {read}"),
    );
    let (usual, words) = unit::usual(&row.unit);
    let itself = unit::human(number, &row.unit);
    let scale = match (unit::of(usual), unit::of(&row.unit)) {
        (Some((_, above)), Some((_, own))) => above / own,
        _ => 1.0,
    };
    found.help.push(if number.abs() >= scale || number < 0.0 {
        format!("{} = \"{itself}\", if you do mean {read}", key(name))
    } else {
        let words = if number == 1.0 {
            words.trim_end_matches('s')
        } else {
            words
        };
        let exact = if row.unit == "8kB" {
            itself
        } else {
            format!("{digits}{}", row.unit)
        };
        format!(
            "{} = \"{digits}{usual}\" for {digits} {words}, \"{exact}\" if you do mean that",
            key(name)
        )
    });
    found.notes.push(measure.note().to_owned());
    found
}

/// A unit that is not one, or one of something else.
pub(crate) fn wrong_unit(
    name: &str,
    row: &Row,
    measure: Measure,
    digits: &str,
    written: &str,
) -> Problem {
    let (message, suggestion) = match (unit::written(written), unit::meant(measure, written)) {
        (Some((other, _)), _) if other != measure => (
            format!(
                "`{name}` is {}; {written} measures {}",
                measure.noun(),
                other.noun()
            ),
            None,
        ),
        (_, Some(meant)) => (
            format!("`{written}` is not a unit of PostgreSQL"),
            Some(format!("{digits}{meant}")),
        ),
        (_, None) => (format!("`{written}` is not a unit of `{name}`"), None),
    };
    let mut found = problem("P106", message);
    let usual = if row.unit == "8kB" { "kB" } else { &row.unit };
    let suggestion = suggestion.or_else(|| example(row).map(|text| text.replace('"', "")));
    found.help.push(match suggestion {
        Some(text) => format!("{} = \"{text}\"", key(name)),
        None => format!("write it in {usual} or larger units"),
    });
    found.notes.push(measure.note().to_owned());
    found
}

/// A unit on a plain number.
pub(crate) fn no_unit(name: &str, digits: &str, written: &str) -> Problem {
    let mut found = problem(
        "P106",
        format!("`{name}` is a plain number; `{written}` is not a unit of it"),
    );
    found.help.push(format!("{} = {digits}", key(name)));
    found
}

/// A percentage of something that is no share of memory.
pub(crate) fn no_share(name: &str, row: &Row, parts: f64) -> Problem {
    let mut found = problem("P106", format!("`{name}` is no share of memory"));
    let fraction = row.data_type == "float" && row.unit.is_empty();
    found.help.push(match example(row) {
        _ if fraction => format!("{} = {}", key(name), parts / 100.0),
        Some(example) => format!("for example: {} = {example}", key(name)),
        None => "write the value itself".to_owned(),
    });
    if !fraction {
        found
            .notes
            .push("\"25% of memory\" is for memory, such as shared_buffers".to_owned());
    }
    found
}

/// A size or time that is not a whole number of the parameter's unit.
pub(crate) fn between(name: &str, row: &Row, written: &str, below: f64, above: f64) -> Problem {
    let counted = match row.unit.as_str() {
        "8kB" => "whole pages of 8 kB".to_owned(),
        "B" => "whole bytes".to_owned(),
        unit => format!("whole {unit}"),
    };
    let mut found = problem(
        "P106",
        format!("`{name}` is counted in {counted}, and {written} is none"),
    );
    found.help.push(format!(
        "{} = \"{}\" or \"{}\"",
        key(name),
        unit::human(below, &row.unit),
        unit::human(above, &row.unit)
    ));
    found
}

/// A value that is not one of the words, or no value of this type at all.
pub(crate) fn not_allowed(name: &str, row: &Row, written: &Value) -> Problem {
    let mut found = problem("P307", format!("`{name}` cannot be {}", shown(written)));
    found.help.push(if row.words.is_empty() {
        match example(row) {
            Some(_) if row.data_type == "bool" => "true or false".to_owned(),
            Some(example) => format!("{}, for example {} = {example}", takes(row), key(name)),
            None => takes(row).to_owned(),
        }
    } else {
        choice(&row.words)
    });
    found
}

/// One item of a list is not one of the words.
pub(crate) fn not_in_list(name: &str, row: &Row, item: &str) -> Problem {
    let mut found = problem("P307", format!("`{name}` cannot hold \"{item}\""));
    found.help.push(format!("any of {}", quoted(&row.words)));
    found
}

fn choice(words: &[String]) -> String {
    format!("one of {}", quoted(words))
}

fn quoted(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A value below the smallest or above the largest.
pub(crate) fn out_of_range(name: &str, row: &Row, written: &Value, range: (f64, f64)) -> Problem {
    let mut found = problem("P307", format!("`{name}` cannot be {}", shown(written)));
    let (from, to) = (
        unit::human(range.0, &row.unit),
        unit::human(range.1, &row.unit),
    );
    found.help.push(if range.1 >= 2_000_000_000.0 {
        format!("{from} or more")
    } else {
        format!("{from} to {to}")
    });
    found
}

/// A percentage that is not above 0 and up to 100.
pub(crate) fn not_a_share(name: &str, written: &str) -> Problem {
    let mut found = problem("P307", format!("`{name}` cannot be {written}"));
    found.help.push(format!(
        "a share of memory above 0% and up to 100%, for example {} = \"25% of memory\"",
        key(name)
    ));
    found
}

/// A formula with a mistake in it.
pub(crate) fn formula(name: &str, text: &str, why: &str) -> Problem {
    let mut found = problem(
        "P307",
        format!("`{text}` is not a formula that RDS understands"),
    );
    found.help.push(format!("{}: {why}", key(name)));
    found.notes.push(
        "a formula is {DBInstanceClassMemory*1/32768}, or GREATEST, LEAST or SUM of such and of \
         whole numbers"
            .to_owned(),
    );
    found
}

/// A formula that gives more memory than there is.
pub(crate) fn beyond_memory(name: &str, row: &Row, text: &str) -> Problem {
    let mut found = problem(
        "P307",
        format!("`{text}` is more than all memory for `{name}`"),
    );
    found
        .help
        .push(format!("{} = \"25% of memory\"", key(name)));
    let counted = if row.unit == "8kB" {
        "pages of 8 kB"
    } else {
        &row.unit
    };
    found.notes.push(format!(
        "DBInstanceClassMemory is in bytes, `{name}` in {counted}"
    ));
    found
}
