//! Bundled facts about AWS, typed: classes, metrics, versions, prices.

use std::{collections::BTreeMap, sync::OnceLock};

use pgward_model::{
    ClassFacts, Facts, MetricFacts, Object, ParameterFacts, ParameterProblem, Value,
};
use serde::Deserialize;

use crate::parameters;

/// The facts in `data/`.
pub static BUNDLED: Bundled = Bundled;

/// Access to the facts in `data/`.
#[derive(Debug)]
pub struct Bundled;

/// Year and month of the data; it changes whenever a row does.
const VERSION: &str = "2026-11";

#[derive(Debug, Deserialize)]
struct Classes {
    families: Vec<ClassFamily>,
}

#[derive(Debug, Deserialize)]
struct ClassFamily {
    names: Vec<String>,
    #[serde(flatten)]
    sizes: BTreeMap<String, (u32, u32)>,
}

fn classes() -> &'static BTreeMap<String, ClassFacts> {
    static CLASSES: OnceLock<BTreeMap<String, ClassFacts>> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let data: Classes = toml::from_str(include_str!("../data/classes.toml"))
            .expect("a test reads the bundled data");
        let mut classes = BTreeMap::new();
        for family in &data.families {
            for name in &family.names {
                for (size, (vcpu, memory_gib)) in &family.sizes {
                    let facts = ClassFacts {
                        vcpu: *vcpu,
                        memory_gib: *memory_gib,
                    };
                    classes.insert(format!("db.{name}.{size}"), facts);
                }
            }
        }
        classes
    })
}

/// A class, or nothing if the data doesn't know it.
#[must_use]
pub fn class(class: &str) -> Option<ClassFacts> {
    classes().get(&class.to_ascii_lowercase()).cloned()
}

/// `db.m6g.xlarge (4 vCPU, 16 GiB)`, or the class alone if it is unknown.
#[must_use]
pub fn class_words(name: &str) -> String {
    match class(name) {
        Some(facts) => format!("{name} ({} vCPU, {} GiB)", facts.vcpu, facts.memory_gib),
        None => name.to_owned(),
    }
}

#[derive(Debug, Deserialize)]
struct Metrics {
    metrics: BTreeMap<String, Metric>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    unit: String,
    statistic: String,
    on: String,
    missing: String,
    #[serde(default)]
    meant_by: Vec<String>,
}

impl Metric {
    /// Whether DB instances of RDS for PostgreSQL publish it, if only some of them.
    fn on_instance(&self) -> bool {
        !matches!(self.on.as_str(), "aurora" | "proxy")
    }
}

fn known_metrics() -> &'static BTreeMap<String, Metric> {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    let text = include_str!("../data/metrics.toml");
    &METRICS
        .get_or_init(|| toml::from_str(text).expect("a test reads the bundled data"))
        .metrics
}

/// A metric.
#[must_use]
pub fn metric(name: &str) -> Option<MetricFacts> {
    let metric = known_metrics().get(name)?;
    Some(MetricFacts {
        name: name.to_owned(),
        unit: metric.unit.clone(),
        statistic: metric.statistic.clone(),
        on_instance: metric.on_instance(),
        on_replica_only: metric.on == "replica",
        missing: metric.missing.clone(),
    })
}

/// The metric that somebody means by a name that doesn't exist, or that DB instances don't
/// publish.
fn meant_by(name: &str) -> Option<String> {
    let of_instances = || {
        known_metrics()
            .iter()
            .filter(|(_, metric)| metric.on_instance())
    };
    let same_but_for_case = of_instances().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let other_name = || {
        of_instances().find(|(_, metric)| {
            metric
                .meant_by
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name))
        })
    };
    let found = same_but_for_case
        .or_else(other_name)
        .map(|(known, _)| known.clone());
    found.filter(|known| known != name)
}

#[derive(Debug, Deserialize)]
struct Versions {
    versions: Vec<Major>,
}

#[derive(Debug, Deserialize)]
struct Major {
    major: String,
    minors: Vec<String>,
}

fn versions() -> &'static [Major] {
    static VERSIONS: OnceLock<Versions> = OnceLock::new();
    let text = include_str!("../data/versions.toml");
    &VERSIONS
        .get_or_init(|| toml::from_str(text).expect("a test reads the bundled data"))
        .versions
}

/// Minor versions of a major one that the data knows of, oldest first; for messages only.
#[must_use]
pub fn minors(major: &str) -> Vec<String> {
    let found = versions().iter().find(|version| version.major == major);
    found
        .map(|version| version.minors.clone())
        .unwrap_or_default()
}

#[derive(Debug, Deserialize)]
struct Reserved {
    master_users: Vec<String>,
}

/// Words that can't be the name of a master user, in lower case.
#[must_use]
pub fn reserved_users() -> &'static [String] {
    static RESERVED: OnceLock<Reserved> = OnceLock::new();
    let text = include_str!("../data/reserved.toml");
    &RESERVED
        .get_or_init(|| toml::from_str(text).expect("a test reads the bundled data"))
        .master_users
}

#[derive(Debug, Deserialize)]
struct Prices {
    date: String,
    month_hours: i64,
    regions: BTreeMap<String, RegionPrices>,
}

#[derive(Debug, Deserialize)]
struct RegionPrices {
    classes: BTreeMap<String, String>,
    months: BTreeMap<String, String>,
}

fn prices() -> &'static Prices {
    static PRICES: OnceLock<Prices> = OnceLock::new();
    PRICES.get_or_init(|| {
        toml::from_str(include_str!("../data/prices.toml")).expect("a test reads the bundled data")
    })
}

/// Dollars as hundredths of a cent: `0.254` is 2540.
fn hundredths_of_a_cent(dollars: &str) -> Option<i64> {
    let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
    let fraction = format!("{fraction:0<4}");
    (fraction.len() == 4).then_some(())?;
    Some(whole.parse::<i64>().ok()? * 10_000 + fraction.parse::<i64>().ok()?)
}

/// The price of an instance without its storage.
fn instance_price(region: &RegionPrices, class: &str, multi_az: bool) -> Option<(i64, String)> {
    let dollars = region.classes.get(class)?;
    let hours = prices().month_hours;
    let hourly = hundredths_of_a_cent(dollars)?;
    Some(if multi_az {
        (2 * hourly * hours, format!("2 x {dollars} $/h x {hours} h"))
    } else {
        (hourly * hours, format!("{dollars} $/h x {hours} h"))
    })
}

fn monthly_price(region: &str, kind: &str, object: &Object) -> Option<(i64, String)> {
    if matches!(kind, "subnet_group" | "security_group" | "parameter_group") {
        return Some((0, "free of charge".to_owned()));
    }
    let region = prices().regions.get(region)?;
    let (class, multi_az) = match kind {
        "instance" => ("instance.class", "instance.multi_az"),
        "replica" => ("*.class", "*.multi_az"),
        kind => {
            let dollars = region.months.get(kind)?;
            return Some((hundredths_of_a_cent(dollars)?, format!("{dollars} $/month")));
        }
    };
    instance_price(
        region,
        object.text(class)?,
        object.bool(multi_az) == Some(true),
    )
}

impl Facts for Bundled {
    fn class(&self, name: &str) -> Option<ClassFacts> {
        class(name)
    }

    fn classes(&self) -> Vec<String> {
        classes().keys().cloned().collect()
    }

    fn parameter(&self, family: &str, name: &str) -> Option<ParameterFacts> {
        parameters::find(family, name)
    }

    fn parameters(&self, family: &str) -> Vec<String> {
        parameters::names(family)
    }

    fn convert_parameter(
        &self,
        family: &str,
        name: &str,
        written: &Value,
    ) -> Result<String, Box<ParameterProblem>> {
        parameters::convert(family, name, written)
    }

    fn same_parameter(&self, name: &str, a: &str, b: &str) -> bool {
        parameters::same(name, a, b)
    }

    fn metric(&self, name: &str) -> Option<MetricFacts> {
        metric(name)
    }

    fn metrics(&self) -> Vec<String> {
        known_metrics().keys().cloned().collect()
    }

    fn metric_meant_by(&self, name: &str) -> Option<String> {
        meant_by(name)
    }

    fn is_reserved_user(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.starts_with("pg_") || reserved_users().contains(&name)
    }

    fn majors(&self) -> Vec<String> {
        versions()
            .iter()
            .map(|version| version.major.clone())
            .collect()
    }

    fn monthly_price(&self, region: &str, kind: &str, object: &Object) -> Option<(i64, String)> {
        monthly_price(region, kind, object)
    }

    fn priced_regions(&self) -> Vec<&str> {
        prices().regions.keys().map(String::as_str).collect()
    }

    fn prices_as_of(&self) -> &str {
        &prices().date
    }

    fn version(&self) -> &str {
        VERSION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_words() {
        let rows = [
            ("db.m6g.xlarge", "db.m6g.xlarge (4 vCPU, 16 GiB)"),
            ("db.t3.medium", "db.t3.medium (2 vCPU, 4 GiB)"),
            ("db.r6i.32xlarge", "db.r6i.32xlarge (128 vCPU, 1024 GiB)"),
            ("db.m5.24xlarge", "db.m5.24xlarge (96 vCPU, 384 GiB)"),
            ("db.m6g.24xlarge", "db.m6g.24xlarge"),
            ("db.m6g.xlagre", "db.m6g.xlagre"),
        ];
        for (class, words) in rows {
            assert_eq!(class_words(class), words);
        }
    }

    #[test]
    fn metrics_are_found_by_what_people_call_them() {
        let rows = [
            ("ReplicationLag", Some("ReplicaLag")),
            ("AuroraReplicaLag", Some("ReplicaLag")),
            ("DiskSpace", Some("FreeStorageSpace")),
            ("StorageUtilization", Some("FreeStorageSpace")),
            ("Connections", Some("DatabaseConnections")),
            ("MemoryUtilization", Some("FreeableMemory")),
            ("cpuutilization", Some("CPUUtilization")),
            ("ReplicaLag", None),
            ("Weather", None),
        ];
        for (name, meant) in rows {
            assert_eq!(meant_by(name).as_deref(), meant, "{name}");
        }
    }

    #[test]
    fn every_metric_is_complete_and_no_name_means_two() {
        let mut others = Vec::new();
        for (name, row) in known_metrics() {
            let facts = metric(name).expect("it is in the table");
            assert!(
                ["missing", "notBreaching"].contains(&facts.missing.as_str()),
                "{name}"
            );
            assert!(["Average", "Minimum", "Maximum", "Sum"].contains(&facts.statistic.as_str()));
            others.extend(row.meant_by.iter().map(|other| other.to_ascii_lowercase()));
        }
        let count = others.len();
        others.sort();
        others.dedup();
        assert_eq!(others.len(), count);
        assert!(metric("ReplicaLag").expect("known").on_replica_only);
        assert!(!metric("AuroraReplicaLag").expect("known").on_instance);
    }

    #[test]
    fn prices_are_exact_and_what_is_unknown_has_none() {
        let instance = |class: &str, multi_az: bool| {
            let mut object = Object::new();
            object.set("instance.class", Value::text(class));
            object.set("instance.multi_az", Value::Bool(multi_az));
            BUNDLED.monthly_price("ap-south-1", "instance", &object)
        };
        assert_eq!(
            instance("db.m6g.xlarge", true),
            Some((3_708_400, "2 x 0.254 $/h x 730 h".to_owned()))
        );
        assert_eq!(
            instance("db.t3.micro", false),
            Some((124_100, "0.017 $/h x 730 h".to_owned()))
        );
        assert_eq!(instance("db.m6g.large", false), None);
        let of = |region, kind| BUNDLED.monthly_price(region, kind, &Object::new());
        assert_eq!(
            of("ap-south-1", "alarm"),
            Some((1000, "0.10 $/month".to_owned()))
        );
        assert_eq!(
            of("ap-south-1", "secret"),
            Some((4000, "0.40 $/month".to_owned()))
        );
        assert_eq!(of("us-east-1", "alarm"), None);
        assert_eq!(of("ap-south-1", "proxy"), None);
        assert_eq!(
            of("us-east-1", "parameter_group"),
            Some((0, "free of charge".to_owned()))
        );
    }

    #[test]
    fn majors_are_sorted_and_have_minors() {
        assert_eq!(BUNDLED.majors(), ["13", "14", "15", "16", "17", "18"]);
        assert!(
            BUNDLED
                .majors()
                .iter()
                .all(|major| !minors(major).is_empty())
        );
        assert_eq!(BUNDLED.prices_as_of(), "2025-01-15");
    }
}
