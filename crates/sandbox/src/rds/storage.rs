//! Rules of storage: types, sizes, speed, growth.

use super::state::Storage;
use crate::call::Refusal;

/// From this size on PostgreSQL storage is striped over four volumes.
const STRIPED_FROM_GIB: i64 = 400;

/// Whether storage of a size is striped.
pub(crate) fn is_striped(size_gib: i64) -> bool {
    size_gib >= STRIPED_FROM_GIB
}

/// Whether a change of size copies the data to other volumes.
pub(crate) fn crosses_striping(from_gib: i64, to_gib: i64) -> bool {
    is_striped(from_gib) != is_striped(to_gib)
}

/// The storage with the speed that comes with it where none was asked for.
pub(crate) fn with_baseline(mut storage: Storage) -> Storage {
    match storage.kind.as_str() {
        "gp3" if is_striped(storage.size_gib) => {
            storage.iops.get_or_insert(12_000);
            storage.throughput.get_or_insert(500);
        }
        "gp3" => {
            storage.iops = Some(3_000);
            storage.throughput = Some(125);
        }
        "io1" | "io2" => storage.throughput = None,
        _ => {
            storage.iops = None;
            storage.throughput = None;
        }
    }
    storage
}

/// Checks type, size and speed as they are asked for; what is not asked for is absent.
///
/// # Errors
/// What AWS answers if they do not fit.
pub(crate) fn check(storage: &Storage) -> Result<(), Refusal> {
    let Storage {
        kind,
        size_gib,
        iops,
        throughput,
    } = storage;
    let (smallest, largest) = match kind.as_str() {
        "gp2" | "gp3" => (20, 65_536),
        "io1" | "io2" => (100, 65_536),
        "standard" => (5, 3_072),
        _ => {
            return Err(Refusal::value(format!("Invalid storage type: {kind}")));
        }
    };
    if !(smallest..=largest).contains(size_gib) {
        return Err(Refusal::value(format!(
            "Invalid storage size for engine name postgres and storage type {kind}: {size_gib}"
        )));
    }
    match kind.as_str() {
        "gp3" => check_gp3(*size_gib, *iops, *throughput),
        "io1" | "io2" => check_provisioned(kind, *size_gib, *iops, *throughput),
        _ if iops.is_some() || throughput.is_some() => Err(Refusal::combination(format!(
            "You can't specify IOPS or storage throughput for storage type {kind}."
        ))),
        _ => Ok(()),
    }
}

fn check_gp3(size: i64, iops: Option<i64>, throughput: Option<i64>) -> Result<(), Refusal> {
    if !is_striped(size) {
        if iops.is_some() || throughput.is_some() {
            return Err(Refusal::combination(
                "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.",
            ));
        }
        return Ok(());
    }
    let iops = iops.unwrap_or(12_000);
    let throughput = throughput.unwrap_or(500);
    if !(12_000..=64_000).contains(&iops) {
        return Err(Refusal::combination(format!(
            "Invalid iops value for engine name postgres and storage type gp3: {iops}. Allowed: 12000-64000"
        )));
    }
    if !(500..=4_000).contains(&throughput) {
        return Err(Refusal::combination(format!(
            "Invalid storage throughput value for engine name postgres and storage type gp3: {throughput}. Allowed: 500-4000"
        )));
    }
    if throughput * 4 > iops {
        return Err(Refusal::combination(
            "The storage throughput to IOPS ratio must be at most 0.25.",
        ));
    }
    if iops > size * 500 {
        return Err(Refusal::combination(
            "The IOPS to GiB ratio must be at most 500.",
        ));
    }
    Ok(())
}

fn check_provisioned(
    kind: &str,
    size: i64,
    iops: Option<i64>,
    throughput: Option<i64>,
) -> Result<(), Refusal> {
    if throughput.is_some() {
        return Err(Refusal::combination(format!(
            "You can't specify storage throughput for storage type {kind}."
        )));
    }
    let Some(iops) = iops else {
        return Err(Refusal::combination(format!(
            "You must specify iops for storage type {kind}."
        )));
    };
    let highest = if is_striped(size) { 256_000 } else { 19_950 };
    let per_gib = if kind == "io2" { 1_000 } else { 50 };
    if !(1_000..=highest).contains(&iops) || iops > size * per_gib || iops * 2 < size {
        return Err(Refusal::combination(format!(
            "Invalid iops value for engine name postgres and storage type {kind}: {iops}"
        )));
    }
    Ok(())
}

/// Checks that storage grows by enough or stays.
///
/// # Errors
/// It shrinks, or grows by less than a tenth.
pub(crate) fn check_growth(from_gib: i64, to_gib: i64) -> Result<(), Refusal> {
    if to_gib < from_gib {
        return Err(Refusal::combination(format!(
            "Invalid storage size: the allocated storage cannot be reduced from {from_gib} to {to_gib}"
        )));
    }
    if to_gib > from_gib && to_gib * 10 < from_gib * 11 {
        return Err(Refusal::combination(format!(
            "Requested storage {to_gib} must be at least 10 percent greater than the current {from_gib}"
        )));
    }
    Ok(())
}

/// The limit of autoscaling as it is kept: equal to the size switches it off.
///
/// # Errors
/// It is less than 110 % of the size.
pub(crate) fn autoscaling(
    limit_gib: i64,
    size_gib: i64,
    kind: &str,
) -> Result<Option<i64>, Refusal> {
    if limit_gib == size_gib {
        return Ok(None);
    }
    if limit_gib * 10 < size_gib * 11 || limit_gib > 65_536 {
        return Err(Refusal::combination(format!(
            "Invalid max storage size for engine name postgres and storage type {kind}"
        )));
    }
    Ok(Some(limit_gib))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: &str, size_gib: i64, iops: Option<i64>, throughput: Option<i64>) -> String {
        let storage = Storage {
            kind: kind.to_owned(),
            size_gib,
            iops,
            throughput,
        };
        check(&storage).map_or_else(|refusal| refusal.code, |()| "ok".to_owned())
    }

    #[test]
    fn speed_depends_on_type_and_size() {
        for (kind, size, iops, throughput, expected) in [
            ("gp3", 100, None, None, "ok"),
            ("gp3", 100, Some(3_000), None, "InvalidParameterCombination"),
            ("gp3", 400, None, None, "ok"),
            ("gp3", 400, Some(3_000), None, "InvalidParameterCombination"),
            (
                "gp3",
                400,
                Some(12_000),
                Some(3_001),
                "InvalidParameterCombination",
            ),
            ("gp3", 10, None, None, "InvalidParameterValue"),
            ("io1", 100, None, None, "InvalidParameterCombination"),
            ("io1", 100, Some(5_000), None, "ok"),
            ("io1", 100, Some(5_001), None, "InvalidParameterCombination"),
            ("gp2", 100, Some(3_000), None, "InvalidParameterCombination"),
            ("tape", 100, None, None, "InvalidParameterValue"),
        ] {
            assert_eq!(
                code(kind, size, iops, throughput),
                expected,
                "{kind} {size} {iops:?}"
            );
        }
    }

    #[test]
    fn storage_grows_by_a_tenth_or_more() {
        assert!(check_growth(100, 100).is_ok());
        assert!(check_growth(100, 110).is_ok());
        assert!(check_growth(100, 109).is_err());
        assert!(check_growth(100, 99).is_err());
    }
}
