//! P504: storage grows by at least a tenth (reference: storage and classes, 3).

use pgward_kinds::instance::STORAGE;
use pgward_model::Diagnostic;

use super::{Case, Part};

pub(super) fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    for work in case.work("instance") {
        let declared = work.resource.attributes.int(STORAGE.path);
        let live = work.live().and_then(|live| live.int(STORAGE.path));
        let (Some(declared), Some(live)) = (declared, live) else {
            continue;
        };
        let least = (live * 11 + 9) / 10;
        if work.creates() || declared <= live || declared >= least {
            continue;
        }
        let name = &work.resource.name;
        let message = format!("storage grows by at least 10%; {name} has {live} GiB");
        let finding = Diagnostic::error("P504", message)
            .at_some(
                work.resource.origin_of(STORAGE.path, None),
                format!("{declared} GiB"),
            )
            .help(format!("size = \"{least} GiB\" or more"))
            .about("storage.size");
        part.find(case, finding);
    }
    part
}
