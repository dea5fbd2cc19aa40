//! P302 and P312: what a storage type takes at its size (storage and classes, 1 to 4).

use pgward_model::Diagnostic;

use crate::resolve::Work;
use crate::sections::Group;

/// Size in GiB from which gp3 takes I/O and throughput.
const GP3_STEP: i64 = 400;

pub(crate) fn check(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("storage") else {
        return;
    };
    match group.text("type").unwrap_or("gp3") {
        "gp3" => gp3(work, group),
        "gp2" => without_settings(work, group),
        kind => provisioned(work, group, kind),
    }
    grow_to(work, group);
}

fn gp3(work: &mut Work<'_>, group: &Group) {
    let Some(size) = group.int("size") else {
        return;
    };
    let Some(key) = ["iops", "throughput"]
        .into_iter()
        .find(|key| group.has(key))
    else {
        return;
    };
    if size < GP3_STEP {
        let other = if key == "iops" { "throughput" } else { "iops" };
        work.say(
            Diagnostic::error("P302", format!("gp3 takes `{key}` from 400 GiB upward; this storage has {size} GiB"))
                .at_some(group.field(key).map(|field| &field.node.origin), "cannot be set")
                .also_some(group.origin("size"), "below 400 GiB gp3 is fixed at 3,000 IOPS and 125 MiB/s")
                .help(format!(
                    "remove `{key}`, or set size = \"400 GiB\", which starts at 12,000 IOPS and 500 MiB/s. \
                     Growing storage cannot be undone"
                ))
                .note(format!("the same holds for `{other}`"))
                .about(group.path(key)),
        );
        return;
    }
    let iops = group.int("iops").unwrap_or(12_000);
    let throughput = group.int("throughput").unwrap_or(500);
    let wrong = if iops < 12_000 {
        Some((
            "iops",
            "gp3 from 400 GiB upward starts at 12,000 IOPS".to_owned(),
            "remove `iops`, or write 12000 or more".to_owned(),
        ))
    } else if throughput < 500 {
        Some((
            "throughput",
            "gp3 from 400 GiB upward starts at 500 MiB/s".to_owned(),
            "remove `throughput`, or write \"500 MiB/s\" or more".to_owned(),
        ))
    } else if throughput * 4 > iops {
        Some((
            "throughput",
            format!(
                "gp3 gives 1 MiB/s for every 4 IOPS: {throughput} MiB/s need {} IOPS",
                throughput * 4
            ),
            format!("iops = {}", throughput * 4),
        ))
    } else if iops > size * 500 {
        Some((
            "iops",
            format!("gp3 gives 500 IOPS per GiB at most: {} here", size * 500),
            format!("iops = {}", size * 500),
        ))
    } else {
        None
    };
    if let Some((key, message, help)) = wrong {
        let place = group
            .origin(key)
            .or_else(|| group.origin("iops"))
            .or_else(|| group.origin("throughput"));
        work.say(
            Diagnostic::error("P302", message)
                .at_some(place, "cannot be set so")
                .help(help)
                .about(group.path(key)),
        );
    }
}

fn without_settings(work: &mut Work<'_>, group: &Group) {
    for key in ["iops", "throughput"]
        .into_iter()
        .filter(|key| group.has(key))
    {
        work.found.push(
            Diagnostic::error(
                "P302",
                format!("gp2 takes no `{key}`: it follows from the size"),
            )
            .at_some(group.origin(key), "cannot be set")
            .also_some(group.origin("type"), "gp2")
            .help("remove the line, or take gp3, which is cheaper")
            .about(group.path(key)),
        );
    }
}

/// io1 and io2: they have a number of operations and no throughput.
fn provisioned(work: &mut Work<'_>, group: &Group, kind: &str) {
    let size = group.int("size");
    if let Some(size) = size.filter(|size| *size < 100) {
        work.found.push(
            Diagnostic::error(
                "P302",
                format!("{kind} starts at 100 GiB; this storage has {size} GiB"),
            )
            .at_some(group.origin("size"), "too small")
            .also_some(group.origin("type"), kind)
            .help("size = \"100 GiB\", or type = \"gp3\"")
            .about(group.path("size")),
        );
    }
    if group.has("throughput") {
        work.found.push(
            Diagnostic::error(
                "P302",
                format!("{kind} takes no `throughput`: it follows from the IOPS"),
            )
            .at_some(group.origin("throughput"), "cannot be set")
            .also_some(group.origin("type"), kind)
            .help("remove the line")
            .about(group.path("throughput")),
        );
    }
    let Some(iops) = group.int("iops") else {
        if !group.has("iops") {
            work.found.push(
                Diagnostic::error("P302", format!("{kind} needs `iops`"))
                    .at_some(
                        group.origin("type"),
                        "the number of operations is yours to decide",
                    )
                    .help("iops = 3000, or type = \"gp3\", which includes 3,000")
                    .about(group.path("iops")),
            );
        }
        return;
    };
    let Some(size) = size else { return };
    let most = if kind == "io1" {
        size * 50
    } else {
        size * 1000
    };
    if iops > most || iops * 2 < size {
        work.found.push(
            Diagnostic::error(
                "P302",
                format!(
                    "{kind} takes {} to {most} IOPS at {size} GiB",
                    (size / 2).max(1000)
                ),
            )
            .at_some(group.origin("iops"), "cannot be set so")
            .also_some(group.origin("size"), "")
            .help(format!(
                "iops = {}",
                if iops > most {
                    most
                } else {
                    (size / 2).max(1000)
                }
            ))
            .about(group.path("iops")),
        );
    }
}

/// P312.
fn grow_to(work: &mut Work<'_>, group: &Group) {
    let (Some(size), Some(limit)) = (group.int("size"), group.int("grow_to")) else {
        return;
    };
    let least = (size * 11 + 9) / 10;
    if limit < least {
        work.found.push(
            Diagnostic::error("P312", "`grow_to` must be at least 10% above `size`")
                .at_some(group.origin("grow_to"), "")
                .also_some(group.origin("size"), format!("so at least \"{least} GiB\""))
                .help(format!(
                    "grow_to = \"{least} GiB\" or more; without the line a new instance grows by hand only"
                ))
                .about(group.path("grow_to")),
        );
    }
}
