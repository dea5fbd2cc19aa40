//! Instance classes that are on offer, and which combinations can be ordered.

use serde_json::{Value, json};

use super::{page, versions};
use crate::call::{Answer, Call, Refusal};

/// A family of classes: name, gibibytes of memory of `large`, and its sizes.
struct Family {
    name: &'static str,
    large_gib: u32,
    sizes: &'static [&'static str],
}

const BURSTABLE: &[&str] = &["micro", "small", "medium", "large", "xlarge", "2xlarge"];
const GRAVITON: &[&str] = &[
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge",
];
const FIFTH: &[&str] = &[
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge",
];
const SIXTH: &[&str] = &[
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge",
    "32xlarge",
];

const FAMILIES: &[Family] = &[
    Family {
        name: "m5",
        large_gib: 8,
        sizes: FIFTH,
    },
    Family {
        name: "m6g",
        large_gib: 8,
        sizes: GRAVITON,
    },
    Family {
        name: "m6i",
        large_gib: 8,
        sizes: SIXTH,
    },
    Family {
        name: "m7g",
        large_gib: 8,
        sizes: GRAVITON,
    },
    Family {
        name: "m7i",
        large_gib: 8,
        sizes: FIFTH,
    },
    Family {
        name: "m8g",
        large_gib: 8,
        sizes: GRAVITON,
    },
    Family {
        name: "r5",
        large_gib: 16,
        sizes: FIFTH,
    },
    Family {
        name: "r6g",
        large_gib: 16,
        sizes: GRAVITON,
    },
    Family {
        name: "r6i",
        large_gib: 16,
        sizes: SIXTH,
    },
    Family {
        name: "r7g",
        large_gib: 16,
        sizes: GRAVITON,
    },
    Family {
        name: "r7i",
        large_gib: 16,
        sizes: FIFTH,
    },
    Family {
        name: "r8g",
        large_gib: 16,
        sizes: GRAVITON,
    },
    Family {
        name: "t3",
        large_gib: 8,
        sizes: BURSTABLE,
    },
    Family {
        name: "t4g",
        large_gib: 8,
        sizes: BURSTABLE,
    },
];

/// Processors and memory of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Power {
    pub vcpu: u32,
    pub memory_gib: u32,
}

/// What a class such as `db.m6g.xlarge` has; `None` if it is not on offer.
pub(crate) fn find(class: &str) -> Option<Power> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let family = FAMILIES.iter().find(|known| known.name == family)?;
    family.sizes.contains(&size).then(|| power(family, size))
}

fn power(family: &Family, size: &str) -> Power {
    let times = match size {
        "micro" => {
            return Power {
                vcpu: 2,
                memory_gib: 1,
            };
        }
        "small" => {
            return Power {
                vcpu: 2,
                memory_gib: 2,
            };
        }
        "medium" => {
            return Power {
                vcpu: 2,
                memory_gib: 4,
            };
        }
        "large" => 1,
        "xlarge" => 2,
        other => other
            .trim_end_matches("xlarge")
            .parse::<u32>()
            .map_or(1, |count| count * 2),
    };
    Power {
        vcpu: 2 * times,
        memory_gib: family.large_gib * times,
    }
}

/// Bytes of `DBInstanceClassMemory`, which leaves out what the system needs.
pub(crate) fn class_memory(power: Power) -> i64 {
    const MIB: i64 = 1024 * 1024;
    let whole = i64::from(power.memory_gib) * 1024 * MIB;
    let taken = 280 * MIB + i64::from(power.memory_gib) * 24 * MIB;
    whole - taken
}

/// Checks a class.
///
/// # Errors
/// It is not on offer.
pub(crate) fn check(class: &str) -> Result<Power, Refusal> {
    find(class).ok_or_else(|| Refusal::value(format!("Invalid DB Instance class: {class}")))
}

/// `DescribeOrderableDBInstanceOptions`.
pub(crate) fn orderable(call: &Call) -> Answer {
    let engine = call.need("Engine")?;
    let wanted = |member: &str, value: &str| call.text(member).is_none_or(|wish| wish == value);
    let mut entries = Vec::new();
    for version in versions::VERSIONS.iter().filter(|_| engine == "postgres") {
        if !wanted("EngineVersion", version.name) {
            continue;
        }
        for family in FAMILIES {
            for size in family.sizes {
                let class = format!("db.{}.{size}", family.name);
                if !wanted("DBInstanceClass", &class)
                    || !wanted("LicenseModel", "postgresql-license")
                {
                    continue;
                }
                for storage in ["gp2", "gp3", "io1", "io2"] {
                    let key = format!("{class}/{:>8}/{storage}", version.name);
                    entries.push((key, show(&class, version.name, storage, &call.region)));
                }
            }
        }
    }
    page::page_up_to(call, "OrderableDBInstanceOptions", entries, 1000)
}

fn show(class: &str, version: &str, storage: &str, region: &str) -> Value {
    let zones: Vec<Value> = ["a", "b", "c"]
        .iter()
        .map(|letter| json!({ "Name": format!("{region}{letter}") }))
        .collect();
    let provisioned = storage.starts_with("io");
    let (smallest, largest) = if provisioned {
        (100, 65_536)
    } else {
        (20, 65_536)
    };
    let speed = match storage {
        "gp3" => json!({ "MinIopsPerDbInstance": 12_000, "MaxIopsPerDbInstance": 64_000,
            "MinStorageThroughputPerDbInstance": 500, "MaxStorageThroughputPerDbInstance": 4_000,
            "MaxIopsPerGib": 500.0, "MinIopsPerGib": 0.0,
            "MinStorageThroughputPerIops": 0.0, "MaxStorageThroughputPerIops": 0.25 }),
        "io1" => json!({ "MinIopsPerDbInstance": 1_000, "MaxIopsPerDbInstance": 256_000,
            "MinIopsPerGib": 0.5, "MaxIopsPerGib": 50.0 }),
        "io2" => json!({ "MinIopsPerDbInstance": 1_000, "MaxIopsPerDbInstance": 256_000,
            "MinIopsPerGib": 0.5, "MaxIopsPerGib": 1_000.0 }),
        _ => json!({}),
    };
    let mut option = json!({
        "Engine": "postgres",
        "EngineVersion": version,
        "DBInstanceClass": class,
        "LicenseModel": "postgresql-license",
        "AvailabilityZones": zones,
        "StorageType": storage,
        "MinStorageSize": smallest,
        "MaxStorageSize": largest,
        "MultiAZCapable": true,
        "ReadReplicaCapable": true,
        "Vpc": true,
        "SupportsStorageEncryption": true,
        "SupportsIops": storage != "gp2",
        "SupportsStorageThroughput": storage == "gp3",
        "SupportsEnhancedMonitoring": true,
        "SupportsIAMDatabaseAuthentication": true,
        "SupportsPerformanceInsights": true,
        "SupportsStorageAutoscaling": true,
        "SupportsKerberosAuthentication": true,
        "SupportsGlobalDatabases": false,
        "SupportsClusters": false,
        "SupportsDedicatedLogVolume": provisioned,
        "OutpostCapable": false,
        "SupportedEngineModes": ["provisioned"],
        "SupportedNetworkTypes": ["IPV4", "DUAL"],
    });
    if let (Value::Object(option), Value::Object(speed)) = (&mut option, speed) {
        option.extend(speed);
    }
    option
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_the_documented_power() {
        for (class, vcpu, memory_gib) in [
            ("db.t4g.micro", 2, 1),
            ("db.t3.medium", 2, 4),
            ("db.m6g.xlarge", 4, 16),
            ("db.m7g.16xlarge", 64, 256),
            ("db.r6i.32xlarge", 128, 1024),
        ] {
            assert_eq!(find(class), Some(Power { vcpu, memory_gib }), "{class}");
        }
        assert_eq!(find("db.m6g.24xlarge"), None);
        assert_eq!(find("m6g.large"), None);
    }
}
