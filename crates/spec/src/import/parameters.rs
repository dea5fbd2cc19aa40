//! `[parameters]`: from what RDS holds to what people write, each proven by converting it back.

use pgward_model::{Catalog, Value};

use super::{Writer, page, text};

impl Writer<'_> {
    pub(super) fn parameters(&mut self) {
        let Some(group) = self.of_kind("parameter_group").into_iter().next() else {
            return;
        };
        if is_default(&group.name) {
            return;
        }
        let values = group
            .values
            .map("parameters.*")
            .cloned()
            .unwrap_or_default();
        let count = values.len();
        let noun = if count == 1 { "value" } else { "values" };
        if values.is_empty() {
            self.name(group, "[postgres]");
            return;
        }
        self.name(group, format!("[parameters], {count} {noun}"));
        let family = text(group, "postgres.parameter_family").to_owned();
        self.page.section("parameters");
        for (name, value) in &values {
            let raw = value.as_text().unwrap_or_default();
            match written(self.catalog, &family, name, raw) {
                Some(toml) => self.page.value(name, &toml),
                None => {
                    self.page
                        .comment(&format!("{name} = {} can't be written", page::quoted(raw)));
                    self.note(format!(
                        "parameter {name} = {raw} can't be written; the next apply would reset it"
                    ));
                }
            }
        }
    }
}

/// Whether RDS itself made the group: it can neither be changed nor named in a file.
pub(super) fn is_default(name: &str) -> bool {
    name.starts_with("default.")
}

/// The value as TOML, if one of the ways to write it means the same.
fn written(catalog: &Catalog, family: &str, name: &str, raw: &str) -> Option<String> {
    let kind = catalog.kind("parameter_group");
    let attribute = kind.attribute("parameters.*")?;
    let shown = attribute.print(Some(name), &Value::text(raw));
    let facts = catalog.facts.parameter(family, name);
    let unit = facts.as_ref().map_or("", |facts| facts.unit.as_str());
    let is_bool = facts
        .as_ref()
        .is_some_and(|facts| facts.data_type == "bool");
    let mut ways = Vec::new();
    if is_bool {
        ways.extend(truth(raw).map(Value::Bool));
    }
    ways.extend(shown.parse().ok().map(Value::Int));
    ways.extend(number(&shown).map(Value::Float));
    ways.push(Value::Text(shown));
    if !unit.is_empty() && unit != "8kB" {
        ways.push(Value::Text(format!("{raw}{unit}")));
    }
    ways.push(Value::text(raw));
    let same = |way: &Value| {
        let converted = catalog.facts.convert_parameter(family, name, way);
        converted.is_ok_and(|converted| catalog.facts.same_parameter(name, &converted, raw))
    };
    let found = ways.into_iter().find(same)?;
    Some(match found {
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        other => page::quoted(other.as_text().unwrap_or_default()),
    })
}

fn truth(raw: &str) -> Option<bool> {
    match raw {
        "1" | "on" | "true" => Some(true),
        "0" | "off" | "false" => Some(false),
        _ => None,
    }
}

/// A number with a fraction, as TOML writes it.
fn number(text: &str) -> Option<f64> {
    let plain = text.contains('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b".-".contains(&b));
    text.parse().ok().filter(|_| plain)
}
