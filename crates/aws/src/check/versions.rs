//! P503: the version of PostgreSQL is on offer, and there is a way to it from the present one.

use aws_sdk_rds::types::DbEngineVersion;
use pgward_engine::{Fault, FaultKind};
use pgward_kinds::instance::VERSION;
use pgward_model::Diagnostic;

use super::{Case, Part, Work};
use crate::aws::Aws;
use crate::listing::{PAGE, pages};

const ENGINE: &str = "postgres";

/// The major of a version: `16` of `16.10`.
pub(crate) fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// Numbers of a version, for ordering.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect()
}

/// Whether a version is the written one, or one of the written major.
fn fits(version: &str, written: &str) -> bool {
    version == written || (!written.contains('.') && major(version) == written)
}

/// The newest version that fits.
fn newest<'a>(versions: impl IntoIterator<Item = &'a str>, written: &str) -> Option<&'a str> {
    versions
        .into_iter()
        .filter(|version| fits(version, written))
        .max_by_key(|version| numbers(version))
}

/// All versions of PostgreSQL on offer.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<DbEngineVersion>, Fault> {
    pages(
        aws,
        "rds:DescribeDBEngineVersions",
        |marker| {
            let call = aws
                .session()
                .rds()
                .describe_db_engine_versions()
                .engine(ENGINE);
            call.max_records(PAGE).set_marker(marker).send()
        },
        |output| (output.db_engine_versions.unwrap_or_default(), output.marker),
    )
    .await
}

async fn names(aws: &Aws) -> Result<Vec<&str>, Fault> {
    Ok(aws
        .versions()
        .await?
        .iter()
        .filter_map(|version| version.engine_version())
        .collect())
}

/// The versions that one can be upgraded to.
async fn targets(aws: &Aws, live: &str) -> Result<Vec<String>, Fault> {
    let all = aws.versions().await?;
    let of = |version: &DbEngineVersion| -> Vec<String> {
        let targets = version.valid_upgrade_target().iter();
        targets
            .filter_map(|target| target.engine_version().map(str::to_owned))
            .collect()
    };
    if let Some(known) = all
        .iter()
        .find(|version| version.engine_version() == Some(live))
    {
        return Ok(of(known));
    }
    // A version that AWS no longer creates is listed only when it is asked for by name.
    let call = aws
        .session()
        .rds()
        .describe_db_engine_versions()
        .engine(ENGINE);
    let call = call.engine_version(live).include_all(true).send();
    let output = aws
        .session()
        .call("rds:DescribeDBEngineVersions", call)
        .await?;
    Ok(output.db_engine_versions().iter().flat_map(of).collect())
}

/// The full version to create for a written one: the newest of a bare major, the written one where
/// the endpoint lists none.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn to_create(aws: &Aws, written: &str) -> Result<String, Fault> {
    if written.contains('.') {
        return Ok(written.to_owned());
    }
    let names = names(aws).await?;
    Ok(newest(names, written).unwrap_or(written).to_owned())
}

/// The full version to upgrade to for a written one.
///
/// # Errors
///
/// What AWS answered.
pub(crate) async fn upgrade_target(aws: &Aws, live: &str, written: &str) -> Result<String, Fault> {
    if written.contains('.') {
        return Ok(written.to_owned());
    }
    let targets = targets(aws, live).await?;
    Ok(newest(targets.iter().map(String::as_str), written)
        .unwrap_or(written)
        .to_owned())
}

/// The version to send: the written one where AWS does not tell versions to this caller at all,
/// which the plan could not see either. A list that fails once is a fault, and not another version.
///
/// # Errors
///
/// What AWS answered.
pub(crate) fn to_send(found: Result<String, Fault>, written: &str) -> Result<String, Fault> {
    match found {
        Err(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::Unsupported) => {
            Ok(written.to_owned())
        }
        found => found,
    }
}

pub(super) async fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    for work in case
        .work("instance")
        .into_iter()
        .filter(|work| work.sends(&VERSION))
    {
        let Some(written) = work.resource.attributes.text(VERSION.path) else {
            continue;
        };
        let live = work.live().and_then(|live| live.text(VERSION.path));
        match live.filter(|_| !work.creates()) {
            None => for_creation(case, &work, written, &mut part).await,
            // Only an upgrade that is queued is taken back.
            Some(live) if fits(live, written) => {}
            // What AWS has moved beyond is no upgrade; that nothing goes back is told by the plan.
            Some(live) if numbers(live) > numbers(written) && written.contains('.') => {}
            Some(live) => for_upgrade(case, &work, live, written, &mut part).await,
        }
    }
    part
}

async fn for_creation(case: &Case<'_>, work: &Work<'_>, written: &str, part: &mut Part) {
    let names = match names(case.aws).await {
        Ok(names) => names,
        Err(fault) => {
            part.gap("whether RDS offers the PostgreSQL version", &fault);
            return;
        }
    };
    if let Some(chosen) = newest(names.iter().copied(), written) {
        part.chosen
            .insert(VERSION.path.to_owned(), chosen.to_owned());
        return;
    }
    let mut offered: Vec<&str> = names
        .iter()
        .copied()
        .filter(|version| major(version) == major(written))
        .collect();
    offered.sort_by_key(|version| numbers(version));
    let diagnostic = if offered.is_empty() {
        let mut majors: Vec<&str> = names.iter().map(|version| major(version)).collect();
        majors.sort_by_key(|version| numbers(version));
        majors.dedup();
        Diagnostic::error("P503", format!("RDS does not offer PostgreSQL {written}")).help(format!(
            "AWS offers these majors today: {}",
            majors.join(", ")
        ))
    } else {
        let major = major(written);
        Diagnostic::error(
            "P503",
            format!("RDS no longer creates PostgreSQL {written}"),
        )
        .help(format!(
            "version = \"{major}\" for the newest {major}.x, or pin one that AWS offers today: {}",
            offered.join(", ")
        ))
    };
    let place = work.resource.origin_of(VERSION.path, None);
    part.find(case, diagnostic.at_some(place, "").about(VERSION.path));
}

async fn for_upgrade(case: &Case<'_>, work: &Work<'_>, live: &str, written: &str, part: &mut Part) {
    let mut targets = match targets(case.aws, live).await {
        Ok(targets) => targets,
        Err(fault) => {
            part.gap(
                "whether there is an upgrade to the PostgreSQL version",
                &fault,
            );
            return;
        }
    };
    if let Some(chosen) = newest(targets.iter().map(String::as_str), written) {
        part.chosen
            .insert(VERSION.path.to_owned(), chosen.to_owned());
        return;
    }
    targets.sort_by_key(|version| numbers(version));
    let message = format!("AWS offers no upgrade from PostgreSQL {live} to {written}");
    let help = if targets.is_empty() {
        format!("AWS offers no upgrade from {live} at all; move the data to a new instance")
    } else {
        format!("from {live} AWS offers: {}", targets.join(", "))
    };
    let place = work.resource.origin_of(VERSION.path, None);
    let diagnostic = Diagnostic::error("P503", message).help(help);
    part.find(case, diagnostic.at_some(place, "").about(VERSION.path));
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn a_bare_major_means_its_newest_version() {
        let versions = ["16.8", "16.10", "16.9", "17.1"];
        assert_eq!(newest(versions, "16"), Some("16.10"));
        assert_eq!(newest(versions, "16.9"), Some("16.9"));
        assert_eq!(newest(versions, "16.1"), None);
        assert_eq!(newest(versions, "1"), None);
    }
}
