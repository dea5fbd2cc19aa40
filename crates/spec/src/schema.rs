//! The language as a JSON Schema (draft 7), so that editors complete and explain keys.

use pgward_model::{Catalog, Form, Section};
use serde_json::{Map, Value as Json, json};

use crate::language::{self, Key};

/// The schema of a file of the language; an environment and a base have the same one, so nothing
/// is required in it.
#[must_use]
pub fn schema(catalog: &Catalog) -> Json {
    let mut properties = Map::new();
    for section in catalog
        .sections
        .iter()
        .filter(|section| section.later.is_empty())
    {
        if section.name.is_empty() {
            for key in language::keys(catalog, section) {
                properties.insert(key.name.to_owned(), of_key(&key));
            }
        } else {
            properties.insert(section.name.to_owned(), of_section(catalog, section));
        }
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://pgward.dev/schema/language-1.json",
        "title": "pgward",
        "description": "The desired state of PostgreSQL on AWS: one environment, or the base of several.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn of_section(catalog: &Catalog, section: &Section) -> Json {
    if section.name == "parameters" {
        return parameters(catalog, section);
    }
    if section.free_keys {
        return json!({
            "description": sentence(section.doc),
            "type": "object",
            "additionalProperties": { "type": "string" },
        });
    }
    let mut properties = Map::new();
    for key in language::keys(catalog, section) {
        properties.insert(key.name.to_owned(), of_key(&key));
    }
    let one = json!({
        "description": sentence(section.doc),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !section.many {
        return one;
    }
    let names = if section.name == "accept" {
        "^P4[0-9][0-9]-[A-Za-z0-9_-]+$"
    } else {
        "^[a-z0-9-]+$"
    };
    let mut many = json!({
        "description": sentence(section.doc),
        "type": "object",
        "propertyNames": { "pattern": names },
        "additionalProperties": one,
    });
    if section.can_be_dropped {
        many["properties"] = json!({
            "enabled": {
                "description": "`false` drops every inherited section of this kind.",
                "type": "boolean",
            },
        });
    }
    many
}

/// The parameters of the newest family by name, and any other name.
fn parameters(catalog: &Catalog, section: &Section) -> Json {
    let major = catalog
        .facts
        .majors()
        .pop()
        .unwrap_or_else(|| "16".to_owned());
    let family = format!("postgres{major}");
    let mut properties = Map::new();
    for name in catalog.facts.parameters(&family) {
        let Some(facts) = catalog
            .facts
            .parameter(&family, &name)
            .filter(|facts| facts.modifiable)
        else {
            continue;
        };
        let mut words = vec![if facts.is_static {
            "Takes effect after a restart.".to_owned()
        } else {
            "Takes effect without a restart.".to_owned()
        }];
        if !facts.unit.is_empty() {
            words.push(format!(
                "PostgreSQL counts it in {}; write a unit.",
                facts.unit
            ));
        }
        if !facts.default.is_empty() {
            words.push(format!("RDS default: {}.", facts.default));
        }
        let mut property = json!({ "description": words.join(" ") });
        property["anyOf"] = match facts.data_type.as_str() {
            "bool" => json!([{ "type": "boolean" }, { "const": "default" }]),
            "enum" if !facts.words.is_empty() => {
                let mut words = facts.words.clone();
                words.push("default".to_owned());
                json!([{ "enum": words }, { "type": "boolean" }])
            }
            "int" | "float" => json!([{ "type": "number" }, { "type": "string" }]),
            "list" => {
                json!([{ "type": "array", "items": { "type": "string" } }, { "type": "string" }])
            }
            _ => json!([{ "type": "string" }, { "type": "number" }, { "type": "boolean" }]),
        };
        properties.insert(name, property);
    }
    json!({
        "description": format!("{} Known here: those of {family}.", sentence(section.doc)),
        "type": "object",
        "properties": properties,
        "additionalProperties": {
            "type": ["string", "number", "boolean", "array"],
        },
    })
}

fn of_key(key: &Key) -> Json {
    let mut value = of_form(key);
    if key.outside {
        let outside = |name: &str| {
            json!({
                "type": "object",
                "additionalProperties": false,
                "required": [name],
                "properties": { name: { "type": "string" } },
            })
        };
        let mut any = vec![value, outside("env"), outside("ssm")];
        if key.form == Form::Set {
            any.push(json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["tags"],
                "properties": {
                    "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                },
            }));
        }
        value = json!({ "anyOf": any });
    }
    value["description"] = Json::String(description(key));
    value
}

/// What the key is, its default, and its names elsewhere.
fn description(key: &Key) -> String {
    let doc: Vec<&str> = key
        .doc
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut words = doc.join(" ");
    if key.required {
        words.push_str(" Must be written.");
    } else if !key.default.is_empty() && !words.contains("Default:") {
        words = format!("{words} Default: {}.", key.default);
    }
    if let Some(attribute) = key.attribute {
        let names: Vec<String> = [("AWS", attribute.aws), ("Terraform", attribute.terraform)]
            .into_iter()
            .filter(|(_, name)| !name.is_empty())
            .map(|(whose, name)| format!("{whose}: {name}"))
            .collect();
        if !names.is_empty() {
            words = format!("{words} ({})", names.join("; "));
        }
    }
    words
}

fn of_form(key: &Key) -> Json {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match key.form {
        Form::Text if !key.one_of.is_empty() => json!({ "type": "string", "enum": key.one_of }),
        Form::Text => json!({ "type": "string" }),
        Form::Bool => json!({ "type": "boolean" }),
        Form::Int => match key.range {
            Some((from, to)) => json!({ "type": "integer", "minimum": from, "maximum": to }),
            None => json!({ "type": "integer" }),
        },
        Form::Number => json!({ "type": "number" }),
        Form::Gib => text("^[0-9.]+ ?(GiB|TiB)$"),
        Form::Mibps => text("^[0-9.]+ ?(MiB/s|GiB/s)$"),
        Form::Days => text("^[0-9]+ ?(d|day|days|week|weeks)$"),
        Form::DaysOrOff => text("^(off|[0-9]+ ?(d|day|days|week|weeks))$"),
        Form::Seconds => text(&format!("^{TIME}$")),
        Form::SecondsOrOff => text(&format!("^(off|{TIME})$")),
        Form::Percent => text("^[0-9]+ ?%$"),
        Form::DailyWindow => text("^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2} UTC$"),
        Form::WeeklyWindow => text(
            "^[A-Za-z]{3,9}[ :][0-9]{1,2}:[0-9]{2}-([A-Za-z]{3,9}[ :])?[0-9]{1,2}:[0-9]{2}( UTC)?$",
        ),
        Form::Set | Form::List if !key.one_of.is_empty() => {
            json!({ "type": "array", "uniqueItems": true, "items": { "type": "string", "enum": key.one_of } })
        }
        Form::Set | Form::List => json!({ "type": "array", "items": { "type": "string" } }),
        Form::Map => json!({ "type": "object" }),
        Form::Quantity => json!({ "type": ["string", "number"] }),
        // A TOML date has no type of its own in JSON Schema; editors hand it over as text.
        Form::Date => json!({ "type": "string" }),
        Form::Parameter => json!({ "type": ["string", "number", "boolean"] }),
    }
}

const TIME: &str = "[0-9.]+ ?(s|sec|seconds?|min|minutes?|h|hours?|d|days?|week)";

fn sentence(doc: &str) -> String {
    format!("{}.", doc.trim().trim_end_matches('.'))
}
