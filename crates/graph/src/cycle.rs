//! Circles, shown as a path a person can follow.

use std::collections::BTreeSet;

use pgward_model::Address;

use crate::Graph;

/// Resources that need each other in a circle; the first is repeated at the end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> "))]
pub struct Cycle {
    /// Each needs the next.
    pub path: Vec<Address>,
}

/// Refuses a graph with a circle.
pub(crate) fn refuse(graph: &Graph) -> Result<(), Cycle> {
    let mut finished = BTreeSet::new();
    for address in graph.addresses() {
        let mut path = Vec::new();
        walk(graph, address, &mut path, &mut finished)?;
    }
    Ok(())
}

fn walk(
    graph: &Graph,
    address: &Address,
    path: &mut Vec<Address>,
    finished: &mut BTreeSet<Address>,
) -> Result<(), Cycle> {
    if finished.contains(address) {
        return Ok(());
    }
    if let Some(start) = path.iter().position(|earlier| earlier == address) {
        let mut circle = path[start..].to_vec();
        circle.push(address.clone());
        return Err(Cycle { path: circle });
    }
    path.push(address.clone());
    for next in graph.needs(address) {
        walk(graph, &next, path, finished)?;
    }
    path.pop();
    finished.insert(address.clone());
    Ok(())
}

#[cfg(test)]
mod tests {
    use pgward_model::Resource;

    use super::*;

    #[test]
    fn a_circle_is_a_path_back_to_its_start() {
        let resource = |name: &str, after: &str| {
            let mut resource = Resource::new(Address::named("book", name), "book", name);
            resource.after.insert(Address::named("book", after));
            resource
        };
        let circle = Graph::build([
            &resource("a", "b"),
            &resource("b", "c"),
            &resource("c", "a"),
        ])
        .expect_err("a circle");
        assert_eq!(circle.to_string(), "book.a -> book.b -> book.c -> book.a");
    }
}
