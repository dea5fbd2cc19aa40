//! The order of work as text, DOT and Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pgward_model::Address;

use crate::Graph;

/// A tree: what needs nothing on the first line, below each what comes after it.
///
/// A resource that needs several others hangs below the one that is ready last; the others follow
/// in brackets.
#[must_use]
pub fn text(graph: &Graph) -> String {
    let steps = graph.steps();
    let Some(first) = steps.first() else {
        return String::new();
    };
    let depth: BTreeMap<&Address, usize> = steps
        .iter()
        .enumerate()
        .flat_map(|(depth, step)| step.iter().map(move |address| (address, depth)))
        .collect();
    let mut children: BTreeMap<Option<&Address>, Vec<&Address>> = BTreeMap::new();
    for address in steps.iter().skip(1).flatten() {
        let needs = graph.needs(address);
        let parent = needs
            .iter()
            .max_by_key(|need| (depth[need], std::cmp::Reverse(*need)));
        let parent = parent.and_then(|need| depth.get_key_value(need).map(|(known, _)| *known));
        // What hangs below the first step hangs below all of it.
        let parent = parent.filter(|need| depth[need] > 0);
        children.entry(parent).or_default().push(address);
    }
    let mut out = first
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    out.push('\n');
    branch(graph, &depth, &children, None, "", &mut out);
    out
}

fn branch(
    graph: &Graph,
    depth: &BTreeMap<&Address, usize>,
    children: &BTreeMap<Option<&Address>, Vec<&Address>>,
    parent: Option<&Address>,
    indent: &str,
    out: &mut String,
) {
    let Some(all) = children.get(&parent) else {
        return;
    };
    for (index, address) in all.iter().enumerate() {
        let last = index + 1 == all.len();
        let also: Vec<String> = graph
            .needs(address)
            .iter()
            .filter(|need| {
                Some(*need) != parent
                    && !parent.is_some_and(|parent| graph.reaches(parent, need))
                    && !(parent.is_none() && depth.get(need) == Some(&0))
            })
            .map(ToString::to_string)
            .collect();
        let also = if also.is_empty() {
            String::new()
        } else {
            format!(" (also {})", also.join(", "))
        };
        let mark = if last { "└─ " } else { "├─ " };
        writeln!(out, "{indent}{mark}{address}{also}").expect("a string takes everything");
        let deeper = format!("{indent}{}", if last { "   " } else { "│  " });
        branch(graph, depth, children, Some(address), &deeper, out);
    }
}

/// A picture for Graphviz.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph pgward {\n  rankdir = LR;\n  node [shape = box];\n");
    for address in graph.addresses() {
        writeln!(out, "  \"{address}\";").expect("a string takes everything");
    }
    for (from, to) in edges(graph) {
        writeln!(out, "  \"{from}\" -> \"{to}\";").expect("a string takes everything");
    }
    out.push_str("}\n");
    out
}

/// A picture for Mermaid, which GitHub draws in Markdown.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("graph LR\n");
    let number: BTreeMap<&Address, usize> = graph
        .addresses()
        .enumerate()
        .map(|(number, address)| (address, number))
        .collect();
    for (address, number) in &number {
        writeln!(out, "  n{number}[\"{address}\"]").expect("a string takes everything");
    }
    for (from, to) in edges(graph) {
        writeln!(out, "  n{} --> n{}", number[&from], number[&to])
            .expect("a string takes everything");
    }
    out
}

/// Edges without those that follow from others.
fn edges(graph: &Graph) -> BTreeSet<(Address, Address)> {
    let mut edges = BTreeSet::new();
    for address in graph.addresses() {
        let needs = graph.needs(address);
        for need in &needs {
            let follows = needs
                .iter()
                .any(|other| other != need && graph.reaches(other, need));
            if !follows {
                edges.insert((need.clone(), address.clone()));
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use pgward_model::Resource;

    use super::*;

    fn library() -> Graph {
        let resource = |address: &str, after: &[&str]| {
            let mut resource = Resource::new(Address::new(address), "book", address);
            resource.after = after.iter().map(|other| Address::new(*other)).collect();
            resource
        };
        Graph::build([
            &resource("shelf.a", &[]),
            &resource("shelf.b", &[]),
            &resource("book.x", &["shelf.a", "shelf.b"]),
            &resource("mark.x", &["book.x"]),
            &resource("mark.y", &["book.x", "shelf.b"]),
        ])
        .expect("no circle")
    }

    #[test]
    fn the_tree_hangs_each_resource_below_what_is_ready_last() {
        assert_eq!(
            text(&library()),
            "shelf.a, shelf.b\n└─ book.x\n   ├─ mark.x\n   └─ mark.y\n"
        );
    }

    #[test]
    fn pictures_leave_out_edges_that_follow_from_others() {
        assert!(!dot(&library()).contains("\"shelf.b\" -> \"mark.y\""));
        assert_eq!(mermaid(&library()).matches("-->").count(), 4);
    }
}
