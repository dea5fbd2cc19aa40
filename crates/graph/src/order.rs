//! Steps: everything in one step can be done at once; ties are broken by number.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};

/// Sorts items into layers, each of which needs only items of earlier layers.
///
/// `needs[item]` holds the numbers of the items that must come before it.
///
/// # Errors
///
/// The numbers of items that need each other in a circle.
pub fn layers(needs: &[BTreeSet<usize>]) -> Result<Vec<Vec<usize>>, Vec<usize>> {
    let graph = digraph(needs);
    let sorted = petgraph::algo::toposort(&graph, None).map_err(|_| {
        petgraph::algo::tarjan_scc(&graph)
            .into_iter()
            .find(|part| part.len() > 1 || needs[part[0].index()].contains(&part[0].index()))
            .map(|part| {
                part.into_iter()
                    .map(NodeIndex::index)
                    .collect::<Vec<usize>>()
            })
            .unwrap_or_default()
    })?;
    let mut depth = vec![0_usize; needs.len()];
    for node in sorted {
        let item = node.index();
        depth[item] = needs[item]
            .iter()
            .map(|before| depth[*before] + 1)
            .max()
            .unwrap_or(0);
    }
    let mut layers = vec![Vec::new(); depth.iter().max().map_or(0, |deepest| deepest + 1)];
    for (item, depth) in depth.into_iter().enumerate() {
        layers[depth].push(item);
    }
    Ok(layers)
}

/// The graph with an edge from each item to those that need it.
fn digraph(needs: &[BTreeSet<usize>]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::new();
    let nodes: Vec<NodeIndex> = needs.iter().map(|_| graph.add_node(())).collect();
    for (item, before) in needs.iter().enumerate() {
        for other in before {
            graph.add_edge(nodes[*other], nodes[item], ());
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_one_layer_behind_what_they_need() {
        let needs = [
            BTreeSet::new(),
            BTreeSet::from([0]),
            BTreeSet::from([0, 1]),
            BTreeSet::new(),
        ];
        assert_eq!(layers(&needs), Ok(vec![vec![0, 3], vec![1], vec![2]]));
    }

    #[test]
    fn a_circle_is_named() {
        let needs = [BTreeSet::from([1]), BTreeSet::from([0]), BTreeSet::new()];
        let mut circle = layers(&needs).expect_err("a circle");
        circle.sort_unstable();
        assert_eq!(circle, vec![0, 1]);
    }
}
