//! Edges: from what a resource names to what must exist before it.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Address, Resource};

use crate::{Cycle, cycle, order};

/// The resources of an environment with what each of them needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    needs: BTreeMap<Address, BTreeSet<Address>>,
}

impl Graph {
    /// The graph of declared resources: what each names in `after` and in its values.
    ///
    /// What is named and not declared has no edge, as it exists already.
    ///
    /// # Errors
    ///
    /// When resources need each other in a circle.
    pub fn build<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Result<Self, Cycle> {
        let resources: Vec<&Resource> = resources.into_iter().collect();
        let known: BTreeSet<&Address> =
            resources.iter().map(|resource| &resource.address).collect();
        let mut needs = BTreeMap::new();
        for resource in &resources {
            let mut named = Vec::new();
            for (_, value) in resource.attributes.iter() {
                value.references(&mut named);
            }
            let all: BTreeSet<Address> = resource
                .after
                .iter()
                .cloned()
                .chain(named.into_iter().map(|reference| reference.address))
                .filter(|address| known.contains(address) && *address != resource.address)
                .collect();
            needs.insert(resource.address.clone(), all);
        }
        let graph = Self { needs };
        cycle::refuse(&graph)?;
        Ok(graph)
    }

    /// All addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.needs.keys()
    }

    /// What an address needs, not counting what those need in turn.
    #[must_use]
    pub fn needs(&self, address: &Address) -> BTreeSet<Address> {
        self.needs.get(address).cloned().unwrap_or_default()
    }

    /// What needs an address, not counting what needs those in turn.
    #[must_use]
    pub fn needed_by(&self, address: &Address) -> BTreeSet<Address> {
        self.needs
            .iter()
            .filter(|(_, needs)| needs.contains(address))
            .map(|(other, _)| other.clone())
            .collect()
    }

    /// Whether `address` needs `other`, by whatever way.
    #[must_use]
    pub fn reaches(&self, address: &Address, other: &Address) -> bool {
        self.needs(address)
            .iter()
            .any(|next| next == other || self.reaches(next, other))
    }

    /// The addresses in steps: each needs only what earlier steps hold.
    ///
    /// # Panics
    ///
    /// Never: a circle is refused when the graph is built.
    #[must_use]
    pub fn steps(&self) -> Vec<Vec<Address>> {
        let addresses: Vec<&Address> = self.needs.keys().collect();
        let number: BTreeMap<&Address, usize> = addresses
            .iter()
            .enumerate()
            .map(|(number, address)| (*address, number))
            .collect();
        let needs: Vec<BTreeSet<usize>> = self
            .needs
            .values()
            .map(|needs| needs.iter().map(|address| number[address]).collect())
            .collect();
        order::layers(&needs)
            .expect("build refused circles")
            .into_iter()
            .map(|layer| {
                layer
                    .into_iter()
                    .map(|number| addresses[number].clone())
                    .collect()
            })
            .collect()
    }
}
