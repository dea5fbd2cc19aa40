//! Money per change, or nothing where it is not priced.

use pgward_model::{Kind, Object};

use crate::{AttributeChange, Cost, Present};

use super::Planner;

impl Planner<'_> {
    /// What a whole resource costs; `sign` is -1 for a deletion.
    pub(super) fn whole_cost(&self, kind: &Kind, object: &Object, sign: i64) -> Option<Cost> {
        let region = &self.desired.environment.region;
        let (price, basis) = self
            .catalog
            .facts
            .monthly_price(region, kind.name, object)?;
        Some(Cost {
            monthly_delta: sign * price,
            basis,
        })
    }

    /// What the change of one value costs.
    pub(super) fn value_cost(
        &self,
        kind: &Kind,
        change: &AttributeChange,
        live: &Present,
        desired: &Object,
    ) -> Option<Cost> {
        if kind.not_priced.contains(&change.attribute.as_str()) {
            return None;
        }
        if !kind.priced_by.contains(&change.attribute.as_str()) {
            return Some(Cost {
                monthly_delta: 0,
                basis: String::new(),
            });
        }
        let region = &self.desired.environment.region;
        let price = |object: &Object| self.catalog.facts.monthly_price(region, kind.name, object);
        let before = self.pricing(kind, live, desired, None);
        let after = self.pricing(kind, live, desired, Some(change));
        let ((old, old_basis), (new, new_basis)) = (price(&before)?, price(&after)?);
        Some(Cost {
            monthly_delta: new - old,
            basis: format!("{new_basis} - {old_basis}"),
        })
    }

    /// The live attributes that move the price, with one of them changed.
    fn pricing(
        &self,
        kind: &Kind,
        live: &Present,
        desired: &Object,
        change: Option<&AttributeChange>,
    ) -> Object {
        let mut object = Object::new();
        for path in kind.priced_by {
            let changed = change.filter(|change| change.attribute == *path);
            let value = changed
                .and_then(|change| change.after.clone())
                .or_else(|| live.now.get(path).cloned())
                .or_else(|| desired.get(path).cloned());
            object.set_some(*path, value);
        }
        object
    }
}
