//! P504: storage grows by at least a tenth, and not beyond the limit of its autoscaling (reference:
//! storage and classes, 3 and 4).

use pgward_kinds::instance::{GROW_TO, STORAGE};
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
        if work.creates() || declared <= live {
            continue;
        }
        let name = &work.resource.name;
        // A limit that the file does not name stays as it is.
        let written = work.resource.attributes.int(GROW_TO.path);
        let limit = work.live().and_then(|live| live.int(GROW_TO.path));
        if let (None, Some(limit)) = (written, limit)
            && limit < tenth_more(declared)
        {
            let message = format!(
                "the storage of {name} grows by itself up to {limit} GiB, a limit that AWS wants at least \
                 10% above the size"
            );
            let finding = Diagnostic::error("P504", message)
                .at_some(
                    work.resource.origin_of(STORAGE.path, None),
                    format!("{declared} GiB"),
                )
                .help(format!(
                    "add grow_to = \"{} GiB\" or more: without the line the limit in AWS stays",
                    tenth_more(declared)
                ))
                .about("storage.size");
            part.find(case, finding);
        }
        let least = tenth_more(live);
        if declared >= least {
            continue;
        }
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

/// A tenth more, in whole GiB.
fn tenth_more(size: i64) -> i64 {
    (size * 11 + 9) / 10
}
