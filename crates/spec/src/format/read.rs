//! A file as sections with the comments that belong to them.

use pgward_model::Catalog;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, RawString, Table, Value};

/// A file in the order in which it is printed.
pub(super) struct Written {
    /// Comments that belong to the file as a whole.
    pub(super) head: Vec<String>,
    /// The sections; keys above the first header are a section without one.
    pub(super) sections: Vec<Part>,
    /// Comments after everything.
    pub(super) foot: Vec<String>,
}

/// One section.
pub(super) struct Part {
    /// Comments above the header; an empty text is a blank line.
    pub(super) above: Vec<String>,
    /// `[alarm.cpu-high]`; empty for the keys above the first header.
    pub(super) header: String,
    /// The comment behind the header, or nothing.
    pub(super) comment: String,
    pub(super) lines: Vec<Line>,
    /// Comments below the last key.
    pub(super) below: Vec<String>,
    /// The place in the order of sections, then that of named ones after the plain one.
    order: (usize, bool),
}

/// One key with its value.
pub(super) struct Line {
    /// Comments above; an empty text is a blank line.
    pub(super) above: Vec<String>,
    pub(super) key: String,
    pub(super) value: String,
    /// The comment behind the value, or nothing.
    pub(super) comment: String,
}

/// Takes a file apart and puts its sections in order.
pub(super) fn read(document: &DocumentMut, catalog: &Catalog) -> Written {
    let mut found = Vec::new();
    below(document.as_table(), &[], &mut found);
    found.sort_by_key(|table| table.table.position());
    let root = lines(document.as_table());
    let mut written = Written {
        head: Vec::new(),
        sections: vec![Part {
            above: Vec::new(),
            header: String::new(),
            comment: String::new(),
            lines: root,
            below: Vec::new(),
            order: (0, false),
        }],
        foot: Vec::new(),
    };
    for table in &found {
        let above = comments(raw(table.table.decor().prefix()));
        let above = written.part_from_before(above);
        written.sections.push(Part {
            above,
            header: table.header(),
            comment: raw(table.table.decor().suffix()).trim().to_owned(),
            lines: lines(table.table),
            below: Vec::new(),
            order: table.order(catalog, &found),
        });
    }
    let mut rest = comments(document.trailing().as_str().unwrap_or_default());
    let touching = rest.iter().take_while(|line| !line.is_empty()).count();
    let last = written.sections.last_mut().expect("the top is one");
    if !last.is_empty() {
        last.below = rest.drain(..touching).collect();
    }
    written.foot = trimmed(rest);
    written.sections.sort_by_key(|part| part.order);
    written.sections.retain(|part| !part.is_empty());
    if let Some(first) = written.sections.first_mut()
        && let Some(line) = first.lines.first_mut()
        && first.header.is_empty()
    {
        line.above = trimmed_start(std::mem::take(&mut line.above));
    }
    written
}

impl Part {
    fn is_empty(&self) -> bool {
        self.header.is_empty() && self.lines.is_empty()
    }
}

impl Written {
    /// Gives comments above a header to what they belong to, and returns the header's own.
    ///
    /// A comment right below a key and followed by a blank line belongs to the section of that
    /// key. Above the first section of a file without keys, what a blank line sets apart belongs
    /// to the file.
    fn part_from_before(&mut self, mut above: Vec<String>) -> Vec<String> {
        let last = self.sections.last_mut().expect("the top is one");
        if last.is_empty() {
            let own = above
                .iter()
                .rposition(String::is_empty)
                .map_or(0, |at| at + 1);
            let own = own.max(
                above
                    .iter()
                    .rposition(|line| line.starts_with("#:"))
                    .map_or(0, |at| at + 1),
            );
            let rest = above.split_off(own);
            self.head = trimmed(above);
            return rest;
        }
        let touching = above.iter().take_while(|line| !line.is_empty()).count();
        if touching > 0 && touching < above.len() {
            last.below = above.drain(..touching).collect();
        }
        trimmed_start(above)
    }
}

/// A table with a header of its own.
struct Headed<'a> {
    path: Vec<&'a Key>,
    table: &'a Table,
    is_list: bool,
}

impl Headed<'_> {
    fn header(&self) -> String {
        let keys: Vec<_> = self.path.iter().map(|key| key.display_repr()).collect();
        let keys = keys.join(".");
        if self.is_list {
            format!("[[{keys}]]")
        } else {
            format!("[{keys}]")
        }
    }

    /// Unknown sections come last. Where tables are listed, their order is their meaning.
    fn order(&self, catalog: &Catalog, all: &[Headed<'_>]) -> (usize, bool) {
        let first = self.path.first().map_or("", |key| key.get());
        let place = catalog.sections.iter().position(|one| one.name == first);
        let is_listed = all
            .iter()
            .any(|other| other.is_list && other.path.first().is_some_and(|key| key.get() == first));
        (
            place.unwrap_or(catalog.sections.len()),
            self.path.len() > 1 && !is_listed && place.is_some(),
        )
    }
}

/// All tables with a header below one.
fn below<'a>(table: &'a Table, path: &[&'a Key], found: &mut Vec<Headed<'a>>) {
    for (name, item) in table {
        let mut path = path.to_vec();
        path.extend(table.key(name));
        match item {
            Item::Table(inner) => {
                if !inner.is_implicit() && !inner.is_dotted() {
                    found.push(Headed {
                        path: path.clone(),
                        table: inner,
                        is_list: false,
                    });
                }
                below(inner, &path, found);
            }
            Item::ArrayOfTables(list) => {
                for inner in list {
                    found.push(Headed {
                        path: path.clone(),
                        table: inner,
                        is_list: true,
                    });
                    below(inner, &path, found);
                }
            }
            Item::None | Item::Value(_) => {}
        }
    }
}

/// The keys that stand below a header.
fn lines(table: &Table) -> Vec<Line> {
    let values = table.get_values();
    let line = |(index, (path, value)): (usize, &(Vec<&Key>, &Value))| {
        let leaf = path.last().expect("a value has a key");
        let above = comments(raw(leaf.leaf_decor().prefix()));
        Line {
            above: if index == 0 {
                trimmed_start(above)
            } else {
                above
            },
            key: dotted(path),
            value: text(value),
            comment: raw(value.decor().suffix()).trim().to_owned(),
        }
    };
    values.iter().enumerate().map(line).collect()
}

fn dotted(path: &[&Key]) -> String {
    let keys: Vec<_> = path.iter().map(|key| key.display_repr()).collect();
    keys.join(".")
}

fn raw(decor: Option<&RawString>) -> &str {
    decor.and_then(RawString::as_str).unwrap_or_default()
}

/// The comments of a gap, line by line; several blank lines are one, an empty text.
fn comments(gap: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // What follows the last line end is the space before a key.
    let Some((gap, _)) = gap.rsplit_once('\n') else {
        return found;
    };
    for line in gap.split('\n') {
        let line = line.trim();
        if !(line.is_empty() && found.last().is_some_and(String::is_empty)) {
            found.push(line.to_owned());
        }
    }
    found
}

fn trimmed_start(mut lines: Vec<String>) -> Vec<String> {
    let blank = lines.iter().take_while(|line| line.is_empty()).count();
    lines.drain(..blank);
    lines
}

fn trimmed(lines: Vec<String>) -> Vec<String> {
    let mut lines = trimmed_start(lines);
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// A value with one space where spaces mean nothing; several lines stay several.
fn text(value: &Value) -> String {
    match value {
        Value::Array(array) if is_plain(value) => {
            let items: Vec<String> = array.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::InlineTable(table) if is_plain(value) => inline(table),
        Value::Array(array) => several_lines(array),
        _ => bare(value),
    }
}

fn inline(table: &InlineTable) -> String {
    let pairs: Vec<String> = table
        .get_values()
        .iter()
        .map(|(path, value)| format!("{} = {}", dotted(path), text(value)))
        .collect();
    if pairs.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", pairs.join(", "))
    }
}

/// A value as written, without what is around it.
fn bare(value: &Value) -> String {
    let mut value = value.clone();
    value.decor_mut().clear();
    value.to_string().trim().to_owned()
}

/// Whether a list or table stands on one line.
fn is_plain(value: &Value) -> bool {
    !bare(value).contains('\n')
}

/// A list with an item per line, and its comments where they were.
fn several_lines(array: &Array) -> String {
    let mut lines = vec!["[".to_owned()];
    for item in array {
        gap(raw(item.decor().prefix()), &mut lines);
        lines.push(format!("    {},", text(item)));
        gap(raw(item.decor().suffix()), &mut lines);
    }
    gap(array.trailing().as_str().unwrap_or_default(), &mut lines);
    lines.push("]".to_owned());
    lines.join("\n")
}

/// The comments between two items: the first may stand behind the item before.
fn gap(gap: &str, lines: &mut Vec<String>) {
    for (index, comment) in gap.split('\n').map(str::trim).enumerate() {
        if comment.is_empty() {
            continue;
        }
        match lines.last_mut() {
            Some(last) if index == 0 && last.ends_with(',') => {
                last.push_str("  ");
                last.push_str(comment);
            }
            _ => lines.push(format!("    {comment}")),
        }
    }
}
