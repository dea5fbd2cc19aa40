//! What every step of resolving shares: the sections, the environment, and the findings.

use std::collections::BTreeMap;

use pgward_model::{
    Address, Catalog, Desired, Diagnostic, Environment, Origin, Resource, Severity, Value,
};

use crate::merge::Spec;
use crate::parse::Node;
use crate::reader::Options;
use crate::sections::{Group, Sections};
use crate::values::{self, NameRule};

/// The state of one resolving.
pub(crate) struct Work<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) catalog: &'a Catalog,
    pub(crate) options: &'a Options,
    pub(crate) sections: &'a Sections,
    pub(crate) environment: Environment,
    pub(crate) found: Vec<Diagnostic>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        spec: &'a Spec,
        catalog: &'a Catalog,
        options: &'a Options,
        sections: &'a Sections,
        found: Vec<Diagnostic>,
    ) -> Self {
        let text = |group: Option<&Group>, key: &str| {
            group
                .and_then(|group| group.text(key))
                .unwrap_or_default()
                .to_owned()
        };
        let environment = Environment {
            project: text(sections.one("project"), "name"),
            name: text(Some(&sections.top), "environment"),
            account: text(Some(&sections.top), "account"),
            region: text(sections.one("project"), "region"),
        };
        Self {
            spec,
            catalog,
            options,
            sections,
            environment,
            found,
        }
    }

    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Project, environment, region and language as such.
    pub(crate) fn check_environment(&mut self) {
        let top = &self.sections.top;
        let project = self.sections.one("project");
        let names = [(Some(top), "environment"), (project, "name")];
        for (group, key) in names {
            let Some((group, name)) = group.and_then(|g| g.text(key).map(|name| (g, name))) else {
                continue;
            };
            let lower = name.to_ascii_lowercase();
            if NameRule::Identifier.problem(&lower).is_some() || lower != name {
                let place = group.origin(key).cloned();
                self.say(
                    Diagnostic::error(
                        "P114",
                        format!("\"{name}\" can't be part of resource names"),
                    )
                    .at_some(
                        place.as_ref(),
                        "lowercase letters, digits and single hyphens, with a letter first",
                    )
                    .help(format!("{key} = \"{}\"", better_name(&lower)))
                    .about(group.path(key)),
                );
            }
        }
        if let Some((group, region)) = project.and_then(|g| g.text("region").map(|r| (g, r)))
            && !values::is_region(region)
            && !values::is_unknown(region)
        {
            let place = group.origin("region").cloned();
            self.say(
                Diagnostic::error(
                    "P103",
                    format!("`region` is an AWS region, not \"{region}\""),
                )
                .at_some(place.as_ref(), "")
                .help("for example region = \"ap-south-1\"; zones follow from the subnets")
                .about("project.region"),
            );
        }
        if let Some(language) = top.int("language").filter(|language| *language != 1) {
            let place = top.origin("language").cloned();
            self.say(
                Diagnostic::error(
                    "P103",
                    format!("this pgward reads language 1, not {language}"),
                )
                .at_some(place.as_ref(), "")
                .help("language = 1"),
            );
        }
    }

    /// The place of every written value and of every section, by path.
    pub(crate) fn origins(&self) -> BTreeMap<String, Origin> {
        let mut origins = BTreeMap::new();
        for group in self.sections.groups.iter().chain([&self.sections.top]) {
            if !group.section.name.is_empty() {
                origins.insert(group.address(), group.header.clone());
            }
            for (key, field) in &group.fields {
                origins.insert(group.path(key), field.node.origin.clone());
            }
        }
        origins
    }

    /// `PROJECT-ENVIRONMENT` and a suffix.
    pub(crate) fn default_name(&self, suffix: &str) -> String {
        format!(
            "{}-{}{suffix}",
            self.environment.project, self.environment.name
        )
    }

    /// The name of a resource: as written, or the default; lower case where AWS folds it.
    pub(crate) fn name(
        &mut self,
        group: Option<&Group>,
        key: &str,
        default: String,
        rule: NameRule,
    ) -> String {
        let field = group.and_then(|group| group.field(key));
        let written = field
            .and_then(|field| field.value.as_ref())
            .and_then(Value::as_text);
        let filled = match (written, field) {
            (Some(text), Some(field)) => self.fill(text, &field.node).unwrap_or_default(),
            _ => default,
        };
        if filled.is_empty() || values::is_unknown(&filled) {
            return filled;
        }
        let path = group.map(|group| group.path(key)).unwrap_or_default();
        let place = field.map(|field| field.node.origin.clone());
        let place = place.or_else(|| group.map(|group| group.header.clone()));
        if let Some(rule) = rule.problem(&filled) {
            self.say(
                Diagnostic::error("P114", format!("AWS does not allow the name \"{filled}\""))
                    .at_some(
                        place.as_ref(),
                        if field.is_some() {
                            ""
                        } else {
                            "named after this"
                        },
                    )
                    .help(format!(
                        "{key} = \"{}\"",
                        better_name(filled.trim_start_matches("sg-"))
                    ))
                    .note(format!("AWS takes {rule}"))
                    .about(path),
            );
            return filled;
        }
        let lower = filled.to_ascii_lowercase();
        if rule.folds() && lower != filled {
            self.say(
                Diagnostic::note_of(
                    "P114",
                    format!("AWS stores the name \"{filled}\" as \"{lower}\""),
                )
                .at_some(place.as_ref(), "")
                .help(format!("{key} = \"{lower}\""))
                .about(path),
            );
        }
        if rule.folds() { lower } else { filled }
    }

    /// A text with its placeholders filled; an unknown one is P115.
    pub(crate) fn fill(&mut self, text: &str, node: &Node) -> Option<String> {
        match values::fill(text, &self.environment) {
            Ok(filled) => Some(filled),
            Err(unknown) => {
                self.say(
                    Diagnostic::error(
                        "P115",
                        format!("there is no placeholder `{}`", unknown.text),
                    )
                    .at(&node.within(unknown.at, unknown.text.chars().count()), "")
                    .help("the placeholders are {project}, {environment}, {region} and {account}"),
                );
                None
            }
        }
    }

    /// Refuses placeholders in a text that takes none.
    pub(crate) fn without_placeholders(&mut self, group: &Group, key: &str) {
        let Some(field) = group.field(key) else {
            return;
        };
        for (text, node) in texts_of(&field.node) {
            let Some(at) = ["{project}", "{environment}", "{region}", "{account}"]
                .iter()
                .filter_map(|known| text.find(known).map(|at| (at, known.len())))
                .min()
            else {
                continue;
            };
            let filled = values::fill(&text, &self.environment).unwrap_or(text);
            self.say(
                Diagnostic::error(
                    "P115",
                    format!("`{key}` takes no placeholders: they are for names and tags"),
                )
                .at(&node.within(at.0, at.1), "")
                .help(format!("write it out: \"{filled}\""))
                .about(group.path(key)),
            );
        }
    }

    /// A new resource with its section's place and, if it is there, its earlier name.
    pub(crate) fn resource(
        &self,
        address: &str,
        kind: &str,
        name: String,
        group: Option<&Group>,
    ) -> Resource {
        let mut resource = Resource::new(Address::new(address), kind, name);
        resource.origin = group.map(|group| group.header.clone());
        resource.renamed_from = group
            .and_then(|group| group.text("renamed_from"))
            .map(ToOwned::to_owned);
        resource
    }

    /// Sets an attribute from a key, if that is written and right.
    pub(crate) fn copy(
        &self,
        resource: &mut Resource,
        path: &str,
        group: Option<&Group>,
        key: &str,
    ) {
        let Some(field) = group.and_then(|group| group.field(key)) else {
            return;
        };
        if let Some(value) = &field.value {
            resource.attributes.set(path, value.clone());
            resource
                .origins
                .insert(path.to_owned(), field.node.origin.clone());
        }
    }

    /// Puts `[tags]` on every resource.
    pub(crate) fn add_tags(&mut self, desired: &mut Desired) {
        let Some(group) = self.sections.one("tags") else {
            return;
        };
        let mut tags = BTreeMap::new();
        for (key, field) in &group.fields {
            self.check_tag(key, &field.key);
            let Some(text) = field.value.as_ref().and_then(Value::as_text) else {
                continue;
            };
            if let Some(filled) = self.fill(text, &field.node) {
                if filled.chars().count() > 256 {
                    self.say(
                        Diagnostic::error("P114", "AWS keeps 256 characters of a tag's value")
                            .at(&field.node.origin, "too long"),
                    );
                } else if let Some(wrong) = filled.chars().find(|c| !is_for_tags(*c)) {
                    self.say(
                        Diagnostic::error(
                            "P114",
                            format!("AWS does not allow {} in the value of a tag", named(wrong)),
                        )
                        .at(&field.node.origin, "")
                        .help("letters, digits, spaces and _ . : / = + - @")
                        .about(format!("tags.{key}")),
                    );
                }
                tags.insert(
                    key.clone(),
                    (Value::Text(filled), field.node.origin.clone()),
                );
            }
        }
        // AWS keeps 50 tags on a resource, and three of them say whose it is.
        if tags.len() > 47 {
            self.say(
                Diagnostic::error("P114", format!("{} tags are too many", tags.len()))
                    .at(&group.header, "")
                    .help("keep 47 at most: AWS keeps 50 on a resource, and pgward adds three"),
            );
        }
        if tags.is_empty() {
            return;
        }
        for resource in desired.resources.values_mut() {
            let map = tags
                .iter()
                .map(|(key, (value, _))| (key.clone(), value.clone()))
                .collect();
            resource.attributes.set("tags.*", Value::Map(map));
            for (key, (_, origin)) in &tags {
                resource
                    .origins
                    .insert(format!("tags.*/{key}"), origin.clone());
            }
        }
    }

    fn check_tag(&mut self, key: &str, origin: &Origin) {
        let lower = key.to_ascii_lowercase();
        let reserved = ["aws:", "rds:", "pgward:"]
            .iter()
            .find(|prefix| lower.starts_with(*prefix));
        let found = if let Some(prefix) = reserved {
            Diagnostic::new(
                Severity::Error,
                "P114",
                format!("tags that begin with `{prefix}` are reserved"),
            )
            .at(origin, "")
            .help("take another name")
        } else if key.is_empty() || key.chars().count() > 128 {
            Diagnostic::error("P114", "the name of a tag has 1 to 128 characters").at(origin, "")
        } else if let Some(wrong) = key.chars().find(|c| !is_for_tags(*c)) {
            Diagnostic::error(
                "P114",
                format!("AWS does not allow {} in the name of a tag", named(wrong)),
            )
            .at(origin, "")
            .help("letters, digits, spaces and _ . : / = + - @")
        } else {
            return;
        };
        self.say(found.about(format!("tags.{key}")));
    }
}

/// Whether RDS takes a character in a tag.
fn is_for_tags(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// A character as a message names it: one that shows nothing by itself by its number.
fn named(c: char) -> String {
    let invisible = c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{206f}'
            | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}');
    if invisible {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
}

/// The texts of a value, each with its node.
fn texts_of(node: &Node) -> Vec<(String, Node)> {
    match &node.tree {
        crate::parse::Tree::Text(text) => vec![(text.clone(), node.clone())],
        crate::parse::Tree::List(items) => items
            .iter()
            .filter_map(|item| item.text().map(|text| (text.to_owned(), item.clone())))
            .collect(),
        _ => Vec::new(),
    }
}

/// A name made of what AWS allows everywhere.
fn better_name(name: &str) -> String {
    let mut better = String::new();
    for c in name.to_ascii_lowercase().chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if !(c == '-' && (better.is_empty() || better.ends_with('-'))) {
            better.push(c);
        }
    }
    let start = better.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let mut better: String = start.chars().take(63).collect();
    better.truncate(better.trim_end_matches('-').len());
    if better.is_empty() {
        "db".to_owned()
    } else {
        better
    }
}
