//! Values from outside the files, and the account, which no number may stand for.

use std::collections::BTreeMap;

use pgward_model::{Diagnostic, Form, Input, Origin, Path, Value};

use crate::form::Reading;
use crate::hints;
use crate::language::Key;
use crate::parse::{Entry, Node, Tree};
use crate::sections::Group;
use crate::values;

impl Reading<'_> {
    /// P112, or the account.
    pub(crate) fn account(&mut self, node: &Node) -> Option<Value> {
        let found = match &node.tree {
            Tree::Text(text) if values::is_unknown(text) => return Some(Value::text(text)),
            Tree::Text(text) if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) => {
                return Some(Value::text(text));
            }
            Tree::Text(text) if hints::is_placeholder(text) => {
                hints::placeholder(&node.origin, text)
            }
            Tree::Text(text) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                let found = Diagnostic::error(
                    "P112",
                    format!("`account` is text of 12 digits, not \"{text}\""),
                )
                .at(&node.origin, "");
                if digits.len() == 12 {
                    found
                        .help(format!("account = \"{digits}\""))
                        .fixed_by(&node.origin, format!("\"{digits}\""))
                } else {
                    found.help("the number of the account: aws sts get-caller-identity")
                }
            }
            Tree::Int(number) => {
                let text = format!("\"{number:012}\"");
                Diagnostic::error("P112", "`account` is text of 12 digits, not a number")
                    .at(&node.origin, "a number would drop leading zeros")
                    .help(format!("account = {text}"))
                    .fixed_by(&node.origin, text)
            }
            _ => Diagnostic::error(
                "P112",
                format!("`account` is text of 12 digits, not {}", node.noun()),
            )
            .at(&node.origin, node.noun())
            .help("account = \"111122223333\""),
        };
        self.found.push(found.about("account"));
        None
    }

    /// The value of `{ env = "NAME" }` or `{ ssm = "/path" }` as if it were written here.
    pub(crate) fn outside(
        &mut self,
        group: &Group,
        key: &Key,
        table: &BTreeMap<String, Entry>,
        node: &Node,
        path: &str,
    ) -> Option<Node> {
        let source = match (table.len(), table.first_key_value()) {
            (1, Some((name, entry))) if name == "env" || name == "ssm" => entry
                .node
                .text()
                .map(|text| (name.as_str(), text, &entry.node)),
            _ => None,
        };
        let Some((source, name, place)) = source else {
            let noun = key.form.noun();
            let mut found =
                Diagnostic::error("P103", format!("`{}` is {noun}, not a table", key.name))
                    .at(&node.origin, "a table");
            if key.outside {
                found = found.help(format!(
                    "{} = {{ env = \"NAME\" }} or {{ ssm = \"/path\" }}, or the value itself",
                    key.name
                ));
            }
            self.found.push(found.about(path));
            return None;
        };
        if !key.outside {
            self.found.push(
                Diagnostic::error(
                    "P117",
                    format!("`{}` takes no value from outside the files", key.name),
                )
                .at(&node.origin, "not here")
                .help("write the value in the file")
                .note("what a reviewer decides about must be in what is reviewed")
                .about(path),
            );
            return None;
        }
        let value = if source == "env" {
            self.spec.variables.get(name).cloned().flatten()
        } else {
            self.options.ssm.get(name).cloned()
        };
        if value.is_none() && source == "env" && !self.options.offline {
            self.found
                .push(unset(group, key, name, &place.origin).about(path));
            return None;
        }
        self.inputs.push(Input {
            path: Path::new(path),
            source: format!("{source} {name}"),
            value: value.clone(),
        });
        let value = value.unwrap_or_else(|| format!("{source}:{name}"));
        let tree = if key.form == Form::Set {
            let item = |text: &str| Node {
                tree: Tree::Text(text.trim().to_owned()),
                origin: place.origin.clone(),
                raw: String::new(),
            };
            Tree::List(value.split(',').map(item).collect())
        } else {
            Tree::Text(value)
        };
        Some(Node {
            tree,
            origin: place.origin.clone(),
            raw: node.raw.clone(),
        })
    }
}

/// P111.
fn unset(group: &Group, key: &Key, name: &str, place: &Origin) -> Diagnostic {
    let (sample, what) = match key.name {
        "vpc" => ("vpc-...", "the id"),
        "subnets" => ("subnet-...,subnet-...", "the ids"),
        "from" => ("sg-...", "the source"),
        "arn" => ("arn:aws:sns:...", "the ARN"),
        "account" => ("111122223333", "the number"),
        _ => ("...", "the value"),
    };
    let whose = format!("{} {}", group.title(), key.name);
    Diagnostic::error("P111", format!("environment variable {name} is not set"))
        .at(place, format!("{} takes its value from here", whose.trim()))
        .help(format!(
            "export {name}={sample}, or write {what} in the file"
        ))
        .note("`pgward check --offline` accepts unset variables")
}
