//! Versions of PostgreSQL that are on offer, and the ways between them.

use serde_json::{Value, json};

use super::page;
use crate::call::{Answer, Call, Refusal};

/// A version on offer.
pub(crate) struct Version {
    /// Such as `16.11`.
    pub name: &'static str,
    /// Versions released together have the same round; upgrades never go back.
    round: u8,
    /// Whether a bare major means this one.
    default: bool,
}

/// The versions on offer, by major and minor.
pub(crate) const VERSIONS: &[Version] = &[
    Version {
        name: "13.22",
        round: 2,
        default: false,
    },
    Version {
        name: "13.23",
        round: 3,
        default: true,
    },
    Version {
        name: "14.19",
        round: 2,
        default: false,
    },
    Version {
        name: "14.20",
        round: 3,
        default: true,
    },
    Version {
        name: "15.14",
        round: 2,
        default: false,
    },
    Version {
        name: "15.15",
        round: 3,
        default: true,
    },
    Version {
        name: "16.9",
        round: 1,
        default: false,
    },
    Version {
        name: "16.10",
        round: 2,
        default: false,
    },
    Version {
        name: "16.11",
        round: 3,
        default: true,
    },
    Version {
        name: "17.5",
        round: 1,
        default: false,
    },
    Version {
        name: "17.6",
        round: 2,
        default: false,
    },
    Version {
        name: "17.7",
        round: 3,
        default: true,
    },
    Version {
        name: "18.1",
        round: 3,
        default: true,
    },
];

/// Version of an instance whose creator names none.
const USUAL: &str = "17.7";

/// The major of a version.
pub(crate) fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// The parameter group family of a version.
pub(crate) fn family(version: &str) -> String {
    format!("postgres{}", major(version))
}

/// The version that a full one or a bare major names.
///
/// # Errors
/// It is not on offer.
pub(crate) fn find(wish: Option<&str>) -> Result<&'static str, Refusal> {
    let wish = wish.unwrap_or(USUAL);
    VERSIONS
        .iter()
        .find(|version| version.name == wish || (version.default && major(version.name) == wish))
        .map(|version| version.name)
        .ok_or_else(|| Refusal::combination(format!("Cannot find version {wish} for postgres")))
}

/// The newest version of a major.
pub(crate) fn newest(major_of: &str) -> Option<&'static str> {
    let same = |version: &&Version| major(version.name) == major(major_of);
    VERSIONS.iter().rfind(same).map(|version| version.name)
}

/// The versions that one can be upgraded to.
pub(crate) fn targets(from: &str) -> Vec<&'static Version> {
    let Some(position) = VERSIONS.iter().position(|version| version.name == from) else {
        return Vec::new();
    };
    VERSIONS[position + 1..]
        .iter()
        .filter(|version| version.round >= VERSIONS[position].round)
        .collect()
}

/// `DescribeDBEngineVersions`.
pub(crate) fn describe(call: &Call) -> Answer {
    let engine = call.text("Engine");
    let filters = super::Filters::of(
        call,
        &[
            "db-parameter-group-family",
            "engine",
            "engine-mode",
            "engine-version",
            "status",
        ],
    )?;
    let wish = call.text("EngineVersion");
    let entries = VERSIONS
        .iter()
        .enumerate()
        .filter(|_| engine.is_none_or(|engine| engine == "postgres"))
        .filter(|(_, version)| {
            wish.is_none_or(|wish| version.name == wish || major(version.name) == wish)
        })
        .filter(|(_, version)| {
            call.text("DBParameterGroupFamily")
                .is_none_or(|wish| wish == family(version.name))
        })
        .filter(|(_, version)| {
            call.boolean("DefaultOnly") != Some(true)
                || (version.default && (wish.is_some() || version.name == USUAL))
        })
        .filter(|(_, version)| {
            filters.pass("engine", "postgres")
                && filters.pass("engine-mode", "provisioned")
                && filters.pass("engine-version", version.name)
                && filters.pass("status", "available")
                && filters.pass("db-parameter-group-family", &family(version.name))
        })
        .map(|(number, version)| (format!("{number:04}"), show(version)))
        .collect();
    page::page(call, "DBEngineVersions", entries)
}

fn show(version: &Version) -> Value {
    let number = major(version.name);
    let targets: Vec<Value> = targets(version.name)
        .into_iter()
        .map(|target| {
            let other = major(target.name) != number;
            json!({
                "Engine": "postgres",
                "EngineVersion": target.name,
                "Description": format!("PostgreSQL {}-R1", target.name),
                "AutoUpgrade": !other && target.default,
                "IsMajorVersionUpgrade": other,
            })
        })
        .collect();
    json!({
        "Engine": "postgres",
        "EngineVersion": version.name,
        "MajorEngineVersion": number,
        "DBParameterGroupFamily": family(version.name),
        "DBEngineDescription": "PostgreSQL",
        "DBEngineVersionDescription": format!("PostgreSQL {}-R1", version.name),
        "Status": "available",
        "ValidUpgradeTarget": targets,
        "ExportableLogTypes": ["iam-db-auth-error", "postgresql", "upgrade"],
        "SupportsLogExportsToCloudwatchLogs": true,
        "SupportsReadReplica": true,
        "SupportsParallelQuery": false,
        "SupportsGlobalDatabases": false,
        "SupportsBabelfish": false,
        "SupportsCertificateRotationWithoutRestart": true,
        "SupportedCACertificateIdentifiers":
            ["rds-ca-ecc384-g1", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1"],
        "SupportedFeatureNames": ["s3Export", "s3Import", "Lambda"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_major_means_its_default_minor() {
        assert_eq!(find(Some("16")).unwrap(), "16.11");
        assert_eq!(find(Some("16.10")).unwrap(), "16.10");
        assert_eq!(
            find(Some("16.4")).unwrap_err().code,
            "InvalidParameterCombination"
        );
    }

    #[test]
    fn upgrades_never_go_back_in_time() {
        let names = |from: &str| targets(from).iter().map(|to| to.name).collect::<Vec<_>>();
        assert_eq!(names("16.10"), ["16.11", "17.6", "17.7", "18.1"]);
        assert_eq!(names("18.1"), Vec::<&str>::new());
    }
}
