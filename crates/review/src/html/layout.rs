//! Where the resources of an environment stand in its picture: columns by what they need.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::strongest;
use crate::document::{Document, GateState};

/// One box: a resource, or several of one kind that need the same and change alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// The address, or `7 alarms`.
    pub(crate) title: String,
    /// What it is, or what changes.
    pub(crate) subtitle: String,
    /// The class of its color; nothing if it does not change.
    pub(crate) tone: Option<&'static str>,
    /// The numbers of the boxes it needs.
    pub(crate) needs: BTreeSet<usize>,
    /// Its column, from 0.
    pub(crate) column: usize,
    /// Its row in the column, from 0.
    pub(crate) row: usize,
    members: Vec<String>,
}

/// What resources of one box have in common: the section, what they need, and the color.
type Likeness<'a> = (String, &'a BTreeSet<String>, Option<&'a str>);

/// How many resources of a kind become one box.
const MANY: usize = 4;

/// The boxes of an environment, in columns so that each needs only boxes to its left.
pub(crate) fn layout(document: &Document) -> Vec<Node> {
    let needs = needs(document);
    let mut groups: BTreeMap<Likeness<'_>, Vec<&String>> = BTreeMap::new();
    for (address, all) in &needs {
        let section = address.split('.').next().unwrap_or(address).to_owned();
        let tone = strongest(document, address);
        groups
            .entry((section, all, tone))
            .or_default()
            .push(address);
    }
    let mut nodes: Vec<Node> = Vec::new();
    for ((section, _, tone), members) in &groups {
        let tone = tone.and_then(|_| strongest(document, members[0]));
        if members.len() >= MANY {
            nodes.push(Node {
                title: format!("{} {section}s", members.len()),
                subtitle: subtitle(document, members),
                tone,
                needs: BTreeSet::new(),
                column: 0,
                row: 0,
                members: members.iter().map(|one| (*one).clone()).collect(),
            });
            continue;
        }
        for member in members {
            nodes.push(Node {
                title: (*member).clone(),
                subtitle: subtitle(document, &[member]),
                tone,
                needs: BTreeSet::new(),
                column: 0,
                row: 0,
                members: vec![(*member).clone()],
            });
        }
    }
    connect(&mut nodes, &needs);
    columns(document, &mut nodes);
    rows(&mut nodes);
    nodes
}

/// What each address needs; where only changes are known, what nobody knows the needs of.
fn needs(document: &Document) -> BTreeMap<String, BTreeSet<String>> {
    let mut needs: BTreeMap<String, BTreeSet<String>> = document
        .nodes
        .iter()
        .map(|node| (node.address.clone(), node.needs.iter().cloned().collect()))
        .collect();
    for change in &document.changes {
        needs.entry(change.address.clone()).or_default();
    }
    needs
}

/// What changes, or what it is.
fn subtitle(document: &Document, members: &[&String]) -> String {
    let of = |address: &str| {
        let all = document.changes.iter();
        all.filter(|change| change.address == *address)
            .collect::<Vec<_>>()
    };
    if members.len() > 1 {
        let whole = of(members[0]).first().map(|change| change.action);
        return match whole {
            Some(verb) => crate::alert::participle(verb).to_owned(),
            None => "unchanged".to_owned(),
        };
    }
    let changes = of(members[0]);
    match changes.as_slice() {
        [] => document
            .nodes
            .iter()
            .find(|node| node.address == *members[0])
            .map(|node| node.noun.clone())
            .unwrap_or_default(),
        [only] if only.is_whole() && only.gate.state != GateState::Blocked => {
            format!(
                "{} {}",
                only.resource.noun,
                crate::alert::participle(only.action)
            )
        }
        several => {
            let prefix = format!("{}.", members[0]);
            let paths: Vec<&str> = several
                .iter()
                .map(|change| {
                    let path = change.path.as_str();
                    path.strip_prefix(&prefix).unwrap_or(path)
                })
                .collect();
            crate::wording::list(&paths, 3)
        }
    }
}

/// Edges between boxes, without those that follow from others.
fn connect(nodes: &mut [Node], needs: &BTreeMap<String, BTreeSet<String>>) {
    let home: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .flat_map(|(number, node)| node.members.iter().map(move |one| (one.clone(), number)))
        .collect();
    for (number, node) in nodes.iter_mut().enumerate() {
        let all = node
            .members
            .iter()
            .filter_map(|member| needs.get(member))
            .flatten();
        node.needs = all
            .filter_map(|need| home.get(need).copied())
            .filter(|need| *need != number)
            .collect();
    }
    let all: Vec<BTreeSet<usize>> = nodes.iter().map(|node| node.needs.clone()).collect();
    for (number, node) in nodes.iter_mut().enumerate() {
        node.needs.retain(|need| {
            !all[number]
                .iter()
                .any(|other| other != need && reaches(&all, *other, *need, all.len()))
        });
    }
}

/// Whether a box needs another by whatever way; a circle ends after as many steps as boxes.
fn reaches(needs: &[BTreeSet<usize>], from: usize, to: usize, steps: usize) -> bool {
    steps > 0
        && needs[from]
            .iter()
            .any(|next| *next == to || reaches(needs, *next, to, steps - 1))
}

/// The column of each box: one more than that of the last it needs; without edges, its step.
fn columns(document: &Document, nodes: &mut [Node]) {
    if document.nodes.is_empty() {
        for node in nodes.iter_mut() {
            let steps = document
                .changes
                .iter()
                .filter(|change| node.members.contains(&change.address))
                .filter_map(|change| change.step);
            let step = steps.min().unwrap_or(1);
            node.column = usize::try_from(step.saturating_sub(1)).unwrap_or(0).min(7);
        }
        return;
    }
    for _ in 0..nodes.len() {
        let before: Vec<usize> = nodes.iter().map(|node| node.column).collect();
        for node in nodes.iter_mut() {
            let deepest = node.needs.iter().map(|need| before[*need] + 1).max();
            node.column = deepest.unwrap_or(0).min(before.len());
        }
        if nodes
            .iter()
            .zip(&before)
            .all(|(node, column)| node.column == *column)
        {
            break;
        }
    }
}

/// Rows by where what a box needs stands, so that edges cross little.
fn rows(nodes: &mut [Node]) {
    let last = nodes.iter().map(|node| node.column).max().unwrap_or(0);
    for column in 0..=last {
        let mut here: Vec<usize> = (0..nodes.len())
            .filter(|number| nodes[*number].column == column)
            .collect();
        let used: BTreeSet<usize> = nodes.iter().flat_map(|node| node.needs.clone()).collect();
        here.sort_by_key(|number| {
            let node = &nodes[*number];
            let rows: Vec<usize> = node.needs.iter().map(|need| nodes[*need].row).collect();
            let middle = rows.iter().sum::<usize>() * 100 / rows.len().max(1);
            (middle, !used.contains(number), *number)
        });
        for (row, number) in here.into_iter().enumerate() {
            nodes[number].row = row;
        }
    }
}
