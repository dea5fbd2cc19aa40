//! P313 and P314: how many replicas RDS makes, and of what (resource semantics, 7).

use std::collections::BTreeMap;

use pgward_model::{Diagnostic, Origin};

use crate::resolve::Work;

/// Replicas of one source.
const OF_ONE: usize = 15;

/// Replicas in a chain.
const IN_A_CHAIN: usize = 3;

/// What each replica copies, and where that is written.
type Sources = BTreeMap<String, (String, Origin)>;

pub(super) fn check(work: &mut Work<'_>) {
    need_backups(work);
    let sources: Sources = work
        .sections
        .many("replica")
        .map(|group| {
            let source = group.text("source").unwrap_or("instance").to_owned();
            let at = group.origin("source").unwrap_or(&group.header).clone();
            (group.address(), (source, at))
        })
        .collect();
    let found = too_many(&sources).into_iter().chain(too_deep(&sources));
    work.found.extend(found);
}

/// P314.
fn need_backups(work: &mut Work<'_>) {
    let Some(backup) = work
        .sections
        .one("backup")
        .filter(|group| group.int("retention") == Some(0))
    else {
        return;
    };
    let Some(replica) = work
        .sections
        .many("replica")
        .min_by_key(|group| group.header.clone())
    else {
        return;
    };
    work.found.push(
        Diagnostic::error(
            "P314",
            "RDS copies only an instance that keeps automated backups",
        )
        .at_some(backup.origin("retention"), "no backups")
        .also(
            &replica.header,
            "and this is a read replica of that instance",
        )
        .help("retention = \"1 day\" or more, or remove the replica")
        .about("backup.retention"),
    );
}

/// P313 for more replicas of one source than RDS makes.
fn too_many(sources: &Sources) -> Vec<Diagnostic> {
    let mut copies: BTreeMap<&str, Vec<&Origin>> = BTreeMap::new();
    for (source, at) in sources.values() {
        copies.entry(source).or_default().push(at);
    }
    copies
        .into_iter()
        .filter_map(|(source, mut copies)| {
            copies.sort();
            let first = *copies.get(OF_ONE)?;
            let message = format!(
                "RDS makes at most {OF_ONE} replicas of one source, and {} copy {source}",
                copies.len()
            );
            Some(
                Diagnostic::error("P313", message)
                    .at(first, "one too many")
                    .help("let some of them copy another replica: source = \"replica.NAME\"")
                    .about(source),
            )
        })
        .collect()
}

/// P313 for a replica that is further from the instance than RDS allows. Those below it say nothing
/// new, and circles are P202.
fn too_deep(sources: &Sources) -> Vec<Diagnostic> {
    let depth = |address: &str| {
        let mut depth = 1;
        let mut next = sources.get(address);
        while let Some((source, _)) = next.filter(|_| depth <= sources.len()) {
            next = sources.get(source);
            depth += usize::from(next.is_some());
        }
        depth
    };
    sources
        .iter()
        .filter(|(address, _)| depth(address) == IN_A_CHAIN + 1)
        .map(|(address, (_, at))| {
            let message = format!(
                "RDS makes chains of at most {IN_A_CHAIN} replicas, and {address} is one more"
            );
            Diagnostic::error("P313", message)
                .at(at, "")
                .help("let it copy the instance, or a replica that is nearer to it")
                .about(address.as_str())
        })
        .collect()
}
