//! The pages of keys, sections, parameters and metrics, from the catalog.

use std::fmt::Write;

use pgward_model::{
    Applies, Attribute, Catalog, Effect, Form, MetricFacts, ParameterFacts, Section, SectionKey,
    Value, Way,
};

/// Columns of the whole page.
const WIDTH: usize = 100;

/// The page of what a text names: a key (`storage.grow_to`, `grow_to`), a section (`storage`,
/// `[alarm.cpu]`), a parameter (`work_mem`), a metric (`ReplicaLag`), AWS's or Terraform's name of
/// a key, or `sections` for the list of all. Nothing if it names none of these.
#[must_use]
pub fn key(catalog: &Catalog, text: &str) -> Option<String> {
    let cleaned = text.replace(['[', ']', '"'], " ");
    let dotted = cleaned.split_whitespace().collect::<Vec<_>>().join(".");
    if dotted.is_empty() || dotted == "sections" {
        return Some(all_sections(catalog));
    }
    if let Some(section) = catalog.section(&dotted) {
        return Some(section_page(catalog, section));
    }
    dotted
        .split_once('.')
        .and_then(|(head, rest)| in_section(catalog, catalog.section(head)?, rest))
        .or_else(|| anywhere(catalog, &dotted))
        .or_else(|| parameter(catalog, &dotted))
        .or_else(|| {
            catalog
                .facts
                .metric(&dotted)
                .map(|facts| metric_page(&facts))
        })
        .or_else(|| by_other_name(catalog, &dotted))
}

/// A key of a section; in sections of which there can be many, its name may stand before the key.
fn in_section(catalog: &Catalog, section: &Section, rest: &str) -> Option<String> {
    if let Some(page) = key_page(catalog, section, rest) {
        return Some(page);
    }
    if section.many {
        return match rest.split_once('.') {
            Some((_, key)) => key_page(catalog, section, key),
            None => Some(section_page(catalog, section)),
        };
    }
    if section.free_keys {
        parameter(catalog, rest)
    } else {
        None
    }
}

/// A key by its name alone: every section that has it.
fn anywhere(catalog: &Catalog, name: &str) -> Option<String> {
    let pages: Vec<String> = catalog
        .sections
        .iter()
        .filter_map(|section| key_page(catalog, section, name))
        .collect();
    (!pages.is_empty()).then(|| pages.join("\n\n"))
}

/// A key by the name that AWS or Terraform has for it.
fn by_other_name(catalog: &Catalog, name: &str) -> Option<String> {
    let mut pages = Vec::new();
    for section in catalog.sections {
        for (key, attribute) in catalog.attributes_in(section) {
            if names(attribute.aws, name) || names(attribute.terraform, name) {
                pages.push(attribute_page(section, key, attribute));
            }
        }
        for key in section.keys {
            if key.aliases.iter().any(|alias| names(alias, name)) {
                pages.push(section_key_page(section, key));
            }
        }
    }
    (!pages.is_empty()).then(|| pages.join("\n\n"))
}

fn names(list: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    list.split(", ").any(|known| plain(known) == plain(name))
}

fn key_page(catalog: &Catalog, section: &Section, name: &str) -> Option<String> {
    let attributes = catalog.attributes_in(section);
    if let Some((key, attribute)) = attributes.into_iter().find(|(key, _)| *key == name) {
        return Some(attribute_page(section, key, attribute));
    }
    let key = section.keys.iter().find(|key| key.name == name)?;
    Some(section_key_page(section, key))
}

/// `[alarm.NAME]`, `[storage]`, or nothing for the keys above the first section.
fn header(section: &Section) -> String {
    match (section.name, section.many) {
        ("", _) => String::new(),
        (name, true) => format!("[{name}.NAME]"),
        (name, false) => format!("[{name}]"),
    }
}

/// The first line: the key, its form, and whether it must be written.
fn title(section: &Section, key: &str, form: &str, required: bool) -> String {
    let name = format!("{} {key}", header(section));
    let needed = if required { "required" } else { "optional" };
    format!("{:<23}  {form}, {needed}\n", name.trim_start())
}

/// A form without its article, as a title has it.
fn bare_form(form: Form) -> &'static str {
    let noun = form.noun();
    noun.strip_prefix("a ").unwrap_or(noun)
}

fn attribute_page(section: &Section, key: &str, attribute: &Attribute) -> String {
    let mut page = title(section, key, bare_form(attribute.form), attribute.required);
    push_text(&mut page, "", attribute.doc);
    if !attribute.one_of.is_empty() {
        push_text(&mut page, "one of", &attribute.one_of.join(", "));
    }
    // An optional limit of another key is measured against that key, which `related` names.
    if let Some((from, to)) = attribute.range
        && (attribute.required || attribute.related.is_empty())
    {
        let print = |number: i64| attribute.form.print(&Value::Int(number));
        push_text(
            &mut page,
            "range",
            &format!("{} to {}", print(from), print(to)),
        );
    }
    if !attribute.default.is_empty() {
        push_text(&mut page, "default", attribute.default);
    }
    push_text(&mut page, "changing", &changing(attribute));
    let reason = attribute.reason.trim();
    if attribute.effect != Effect::Online && !reason.is_empty() {
        push_text(&mut page, "because", reason);
    }
    push_names(&mut page, attribute.aws, attribute.terraform);
    if !attribute.related.is_empty() {
        let own = format!("{}.", section.name);
        push_text(&mut page, "related", &attribute.related.replace(&own, ""));
    }
    page.trim_end().to_owned()
}

fn section_key_page(section: &Section, key: &SectionKey) -> String {
    let mut page = title(section, key.name, bare_form(key.form), key.required);
    push_text(&mut page, "", key.doc);
    if !key.one_of.is_empty() {
        push_text(&mut page, "one of", &key.one_of.join(", "));
    }
    if key.outside {
        push_text(
            &mut page,
            "also",
            "{ env = \"NAME\" } or { ssm = \"/path\" }",
        );
    }
    if !key.aliases.is_empty() {
        push_text(&mut page, "elsewhere", &key.aliases.join(", "));
    }
    page.trim_end().to_owned()
}

/// What changing the value does and when, as words.
fn changing(attribute: &Attribute) -> String {
    let effect = match attribute.interruption {
        Some((from, to)) => format!("{} {}", attribute.effect, between(from, to)),
        None => attribute.effect.to_string(),
    };
    let mut words = match (attribute.applies, attribute.effect) {
        (Applies::OnCreate, _) => "no effect: it counts when the resource is created".to_owned(),
        (Applies::OnReplace, Effect::DataLoss) => {
            "data-loss: it needs a new resource, so a plan blocks it (P601)".to_owned()
        }
        (Applies::OnReplace, _) => "replace: a new resource takes the place of the old".to_owned(),
        (Applies::AfterReboot, _) => "reboot: in effect after the next restart".to_owned(),
        (Applies::PerKey(_), _) if attribute.is_keyed() => {
            "online or reboot, by the parameter".to_owned()
        }
        (Applies::PerKey(_), _) => {
            format!("{effect}, at once, for some values more: the plan says so")
        }
        (Applies::Now, Effect::Online) => "online, at once".to_owned(),
        (Applies::Now, _) => format!("{effect}, at once, whatever the window"),
        (Applies::Window, Effect::Online | Effect::Degraded) => format!("{effect}, at apply"),
        (Applies::Window, _) => format!("{effect}, in the window or at apply: [policy] disruptive"),
    };
    if attribute.effect_by.is_some() && !matches!(attribute.applies, Applies::PerKey(_)) {
        words.push_str(", for some values more: the plan says so");
    }
    match attribute.one_way {
        Some(Way::Grow) => words.push_str("; it can only grow"),
        Some(Way::Upgrade) => words.push_str("; it can only be upgraded"),
        None => {}
    }
    if attribute.cooldown_hours > 0 {
        let hours = attribute.cooldown_hours;
        write!(words, "; AWS refuses the next change for {hours} h").expect("text takes all");
    }
    words
}

/// `1-10 min`, `30-120 s`.
fn between(from: u32, to: u32) -> String {
    if from.is_multiple_of(60) && to.is_multiple_of(60) {
        format!("{}-{} min", from / 60, to / 60)
    } else {
        format!("{from}-{to} s")
    }
}

/// A parameter as the newest family that has it knows it.
fn parameter(catalog: &Catalog, name: &str) -> Option<String> {
    let majors = catalog.facts.majors();
    let (family, facts) = majors.iter().rev().find_map(|major| {
        let family = format!("postgres{major}");
        let facts = catalog.facts.parameter(&family, name)?;
        Some((family, facts))
    })?;
    let parameters = |section: &&Section| section.free_keys && !section.kinds.is_empty();
    let section = catalog.sections.iter().find(parameters)?;
    Some(parameter_page(catalog, section, &family, &facts))
}

fn parameter_page(
    catalog: &Catalog,
    section: &Section,
    family: &str,
    facts: &ParameterFacts,
) -> String {
    let attribute = section
        .kinds
        .iter()
        .filter_map(|kind| catalog.find_kind(kind))
        .flat_map(|kind| kind.attributes.iter().copied())
        .find(|attribute| attribute.form == Form::Parameter);
    let print = |value: &str| match attribute {
        Some(attribute) => attribute.print(Some(&facts.name), &Value::text(value)),
        None => value.to_owned(),
    };
    let memory = ["8kB", "kB", "MB", "B"].contains(&facts.unit.as_str());
    let form = match (facts.data_type.as_str(), facts.unit.is_empty()) {
        ("bool", _) => "true or false",
        ("int" | "float", false) if memory => "size with a unit",
        ("int" | "float", false) => "time with a unit",
        ("int", true) => "whole number",
        ("float", true) => "number",
        ("list", _) => "list of texts",
        _ => "text",
    };
    let mut page = title(section, &facts.name, form, false);
    let what = format!("A parameter of PostgreSQL, as the family {family} has it.");
    push_text(&mut page, "", &what);
    if !facts.modifiable {
        push_text(&mut page, "changing", "RDS does not let you set it (P306)");
        let refusal = catalog
            .facts
            .convert_parameter(family, &facts.name, &Value::text(""))
            .err();
        for line in refusal.iter().flat_map(|refusal| &refusal.help) {
            push_text(&mut page, "instead", line);
        }
        return page.trim_end().to_owned();
    }
    if !facts.words.is_empty() {
        push_text(&mut page, "words", &facts.words.join(", "));
    }
    if let Some((from, to)) = facts.range {
        let from = print(&from.to_string());
        let text = if to >= 2_000_000_000.0 {
            format!("{from} or more")
        } else {
            format!("{from} to {}", print(&to.to_string()))
        };
        push_text(&mut page, "range", &text);
    }
    if !facts.default.is_empty() {
        push_text(&mut page, "default", &print(&facts.default));
    }
    let changing = if facts.is_static {
        "reboot: in effect after the next restart"
    } else {
        "online; some reach new sessions only"
    };
    push_text(&mut page, "changing", changing);
    if !facts.unit.is_empty() {
        push_text(
            &mut page,
            "AWS",
            &format!("a bare number, counted in {}", facts.unit),
        );
    }
    page.trim_end().to_owned()
}

fn metric_page(facts: &MetricFacts) -> String {
    let mut page = format!("{:<23}  metric, in {}\n", facts.name, facts.unit);
    let of = match (facts.on_instance, facts.on_replica_only) {
        (true, true) => "read replicas",
        (true, false) => "DB instances, where it applies",
        (false, _) => "other resources than DB instances, so no [alarm.NAME] can watch it",
    };
    push_text(&mut page, "", &format!("A CloudWatch metric of {of}."));
    push_text(&mut page, "statistic", &facts.statistic);
    let missing = match facts.missing.as_str() {
        "notBreaching" => "counts as good",
        _ => "makes the alarm say that it has no data",
    };
    push_text(&mut page, "no data", missing);
    page.trim_end().to_owned()
}

fn all_sections(catalog: &Catalog) -> String {
    let shown: Vec<(String, String)> = catalog
        .sections
        .iter()
        .map(|section| {
            let name = if section.name.is_empty() {
                "top level".to_owned()
            } else {
                header(section)
            };
            let later = if section.later.is_empty() {
                ""
            } else {
                " (a later version)"
            };
            (name, format!("{}{later}", section.doc))
        })
        .collect();
    let width = shown
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let lines: Vec<String> = shown
        .iter()
        .map(|(name, doc)| format!("{name:<width$}  {doc}"))
        .collect();
    lines.join("\n")
}

fn section_page(catalog: &Catalog, section: &Section) -> String {
    let name = if section.name.is_empty() {
        "top level".to_owned()
    } else {
        header(section)
    };
    let mut page = format!("{name}  {}\n", section.doc);
    if !section.later.is_empty() {
        push_text(&mut page, "", section.later);
    }
    if section.free_keys {
        push_text(&mut page, "", "Its keys are free names.");
    }
    let attributes = catalog.attributes_in(section);
    let required = attributes.iter().any(|(_, attribute)| attribute.required)
        || section.keys.iter().any(|key| key.required);
    push_table(&mut page, &attribute_rows(&attributes));
    push_table(&mut page, &section_key_rows(section.keys));
    if required {
        page.push_str("  * must be written\n");
    }
    page.trim_end().to_owned()
}

/// A key, with a mark if it must be written.
fn marked(key: &str, required: bool) -> String {
    format!("{key}{}", if required { " *" } else { "" })
}

/// Keys with their names elsewhere.
fn attribute_rows(attributes: &[(&'static str, &'static Attribute)]) -> Vec<[String; 3]> {
    let row = |(key, attribute): &(&str, &Attribute)| {
        [
            marked(key, attribute.required),
            attribute.aws.to_owned(),
            attribute.terraform.to_owned(),
        ]
    };
    let mut rows: Vec<[String; 3]> = attributes.iter().map(row).collect();
    if !rows.is_empty() {
        rows.insert(
            0,
            ["key".to_owned(), "AWS".to_owned(), "Terraform".to_owned()],
        );
    }
    rows
}

/// Keys that AWS has no counterpart of, with what they are.
fn section_key_rows(keys: &[SectionKey]) -> Vec<[String; 3]> {
    keys.iter()
        .map(|key| {
            [
                marked(key.name, key.required),
                key.doc.to_owned(),
                String::new(),
            ]
        })
        .collect()
}

/// Rows in columns as wide as their widest cell.
fn push_table(page: &mut String, rows: &[[String; 3]]) {
    let widest = |column: usize| {
        rows.iter()
            .map(|row| row[column].len())
            .max()
            .unwrap_or_default()
    };
    let (first, second) = (widest(0), widest(1));
    for [key, middle, last] in rows {
        let line = format!("  {key:<first$}  {middle:<second$}  {last}");
        page.push_str(line.trim_end());
        page.push('\n');
    }
}

/// AWS's and Terraform's names on one line.
fn push_names(page: &mut String, aws: &str, terraform: &str) {
    let line = match (aws, terraform) {
        ("", "") => return,
        (aws, "") => format!("  AWS        {aws}"),
        ("", terraform) => format!("  Terraform  {terraform}"),
        (aws, terraform) => format!("  AWS        {aws:<25}  Terraform  {terraform}"),
    };
    page.push_str(&line);
    page.push('\n');
}

/// A label and its text, wrapped and indented; without a label the text starts further left.
fn push_text(page: &mut String, label: &str, text: &str) {
    let indent = if label.is_empty() { 2 } else { 13 };
    let mut line = if label.is_empty() {
        "  ".to_owned()
    } else {
        format!("  {label:<10} ")
    };
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            page.push_str(&line);
            page.push('\n');
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    page.push_str(&line);
    page.push('\n');
}
