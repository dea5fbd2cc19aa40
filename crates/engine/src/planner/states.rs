//! Resources that do not work: what is wrong is said, and what AWS would refuse is refused early.

use pgward_model::{Diagnostic, Usual};

use crate::{Operation, Present, Readiness, Verb};

use super::Planner;

impl Planner<'_> {
    /// P510 for every declared resource that a person has to look at.
    pub(super) fn states(&self, operations: &[Operation]) -> Vec<Diagnostic> {
        let resources = self.desired.resources.values();
        let unwell = resources.filter_map(|resource| {
            let live = self.live.present(&resource.address)?;
            (!live.advice.is_empty() && live.readiness != Readiness::Busy)
                .then_some((resource, live))
        });
        unwell
            .map(|(resource, live)| {
                let noun = self.catalog.kind(&resource.kind).noun;
                let stopped: Vec<&str> = operations
                    .iter()
                    .filter(|operation| self.is_stopped_by(operation, &resource.address, live))
                    .map(|operation| operation.address.as_str())
                    .collect();
                let mut message = format!("the {noun} {} is {}", live.name, live.status);
                let finding = if stopped.is_empty() {
                    Diagnostic::warning("P510", message)
                } else {
                    let kept = stopped.join(", ");
                    message = format!("{message}; AWS would refuse what is planned for {kept}");
                    Diagnostic::error("P510", message)
                };
                let finding = finding
                    .at_some(resource.origin.as_ref(), "")
                    .about(resource.address.as_str())
                    .fact("next", live.advice.clone());
                if self.circumstances.destroy && !stopped.is_empty() {
                    let way = "--no-final-snapshot: AWS takes none of it; earlier ones stay";
                    finding.fact("or", way)
                } else {
                    finding
                }
            })
            .collect()
    }

    /// Whether AWS refuses an operation for as long as a resource is in its state.
    fn is_stopped_by(
        &self,
        operation: &Operation,
        address: &pgward_model::Address,
        live: &Present,
    ) -> bool {
        if operation.verb == Verb::Delete && operation.address == *address {
            return operation.final_snapshot.is_some() && live.without_snapshot;
        }
        let brings = matches!(operation.verb, Verb::Create | Verb::Update | Verb::Restart);
        if !brings || live.readiness == Readiness::Ready {
            return false;
        }
        if operation.address == *address {
            return live.readiness != Readiness::Mendable && operation.verb != Verb::Create;
        }
        // What is made in a moment only names it; what takes AWS minutes works with it.
        let kind = self.catalog.kind(&operation.kind);
        operation.verb == Verb::Create
            && kind.create_time != Usual::MOMENT
            && self.graph.reaches(&operation.address, address)
    }
}
