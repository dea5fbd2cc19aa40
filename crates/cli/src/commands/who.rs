//! `drift --who`: who made the changes, as CloudTrail knows.

use pgward_aws::{Touched, actors};
use pgward_engine::{Drift, DriftClass, DriftItem, FaultKind};
use pgward_kinds::CATALOG;
use pgward_review::{DriftDocument, wording};

use super::Made;

/// Adds to every change that was made outside who made it, where that is known.
///
/// Not to know it is no reason to fail: the report says what was changed either way.
pub(crate) async fn tell(made: &Made, drift: &Drift, document: &mut DriftDocument) {
    let asked: Vec<(usize, Touched)> = drift
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.class == DriftClass::Outside)
        .filter_map(|(index, item)| Some((index, touched(made, item)?)))
        .collect();
    if asked.is_empty() {
        return;
    }
    let all: Vec<Touched> = asked.iter().map(|(_, one)| one.clone()).collect();
    let since = drift.record.as_ref().map(|(at, _)| *at);
    let found = match actors(&made.aws, &all, since).await {
        Ok(found) => found,
        Err(fault) => {
            let next = if fault.kind == FaultKind::Denied {
                "; --who needs cloudtrail:LookupEvents"
            } else {
                ""
            };
            crate::ui::complain(&format!("warning: nobody is named: {fault}{next}"));
            return;
        }
    };
    let nameless = found.iter().filter(|actor| actor.is_none()).count();
    for ((index, _), actor) in asked.iter().zip(found) {
        if let (Some(entry), Some(actor)) = (document.drift.get_mut(*index), actor) {
            entry.who = Some(actor.who);
            entry.at = actor.at;
        }
    }
    if nameless > 0 {
        crate::ui::complain(&format!(
            "note: CloudTrail names nobody for {}; it shows a call minutes after it was made, and for 90 days",
            wording::count(nameless, "change")
        ));
    }
}

/// What CloudTrail is asked about; nothing for what nobody has changed, such as a window that passed.
fn touched(made: &Made, item: &DriftItem) -> Option<Touched> {
    let present = made.live.present(&item.address);
    let left = made.live.leftovers.iter();
    let left = left.filter(|one| one.address == item.address);
    let gone = [&item.last_applied, &item.live].into_iter().flatten();
    let mut names: Vec<String> = Vec::new();
    for one in present.into_iter().chain(left.map(|one| &one.present)) {
        let id = one.outputs.get("id").and_then(|id| id.as_text());
        names.extend([one.name.clone(), one.arn.clone()]);
        names.extend(id.map(str::to_owned));
    }
    let member = match &item.attribute {
        Some((path, _)) => {
            let attribute = CATALOG.kind(&item.kind).attribute(path)?;
            Some(attribute.aws.to_owned())
        }
        None if item.whole => {
            names.extend(gone.cloned());
            None
        }
        None => return None,
    };
    Some(Touched {
        kind: item.kind.clone(),
        names,
        member,
        key: item.attribute.clone().and_then(|(_, key)| key),
    })
}
