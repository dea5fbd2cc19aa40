//! `[topic.*]` and `[alarm.*]`: the alarms that a file can say, with thresholds in human units.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{MetricFacts, Value, units};

use super::{Existing, Writer, names, page, text};

impl Writer<'_> {
    pub(super) fn alarms(&mut self) {
        let mut fitting = Vec::new();
        for alarm in self.of_kind("alarm") {
            match self.metric(alarm) {
                Ok(metric) => fitting.push((alarm, metric)),
                Err(why) => self.note(format!("alarm {} {why}; left out", alarm.name)),
            }
        }
        let topics = self.topics(&fitting);
        let prefixes = [
            format!("{}-", self.default_name("")),
            format!("{}-", self.instance.name),
            format!("{}-", self.inventory.environment.project),
        ];
        for (alarm, metric) in fitting {
            let prefixes = prefixes.each_ref().map(String::as_str);
            let address = alarm.address.as_deref();
            let label = self.labels.of("alarm", &alarm.name, address, &prefixes);
            self.name(alarm, format!("[alarm.{label}]"));
            self.alarm(alarm, &metric, &label, &topics);
        }
    }

    /// The topics of the alarms by ARN, with the names of their sections.
    fn topics(&mut self, alarms: &[(&Existing, MetricFacts)]) -> BTreeMap<String, String> {
        let arns: BTreeSet<&str> = alarms
            .iter()
            .flat_map(|(alarm, _)| alarm.values.texts("*.notify"))
            .collect();
        let project = format!("{}-", self.inventory.environment.project);
        let mut topics = BTreeMap::new();
        for arn in arns {
            let last = arn.rsplit(':').next().unwrap_or(arn);
            let last = last.strip_prefix(project.as_str()).unwrap_or(last);
            let wanted = format!("topic.{}", names::slug(last));
            let label = self.labels.of("topic", arn, Some(&wanted), &[]);
            self.page.section(&format!("topic.{label}"));
            self.page.text("arn", arn);
            self.used.insert(format!("topic {label}"));
            topics.insert(arn.to_owned(), label);
        }
        topics
    }

    fn alarm(
        &mut self,
        alarm: &Existing,
        metric: &MetricFacts,
        label: &str,
        topics: &BTreeMap<String, String>,
    ) {
        let of = &alarm.values;
        self.page.section(&format!("alarm.{label}"));
        let on = text(alarm, "*.on");
        if let Some(replica) = self.labels.known("replica", on) {
            let replica = format!("replica.{replica}");
            self.page.text("on", &replica);
        }
        self.page.text("metric", &metric.name);
        let side = if of.get("*.above").is_some() {
            "above"
        } else {
            "below"
        };
        let threshold = of.number(&format!("*.{side}")).unwrap_or_default();
        self.page.value(side, &quantity(&metric.unit, threshold));
        let whole = of.int("*.for").unwrap_or_default();
        self.page.text("for", &units::print_seconds(whole));
        let period = of.int("*.period").unwrap_or_default();
        if period != usual_period(whole) {
            self.page.text("period", &units::print_seconds(period));
        }
        let told = of.texts("*.notify");
        if told.len() != topics.len() {
            let names = told.into_iter().filter_map(|arn| topics.get(arn));
            self.page.list("notify", names.map(String::as_str));
        }
        self.own_name("name", &alarm.name, &format!("-{label}"));
    }

    /// The metric of an alarm that a file can say.
    fn metric(&self, alarm: &Existing) -> Result<MetricFacts, String> {
        let of = &alarm.values;
        let name = text(alarm, "*.metric");
        let Some(metric) = self.catalog.facts.metric(name) else {
            return Err(format!("watches {name}, which does not exist"));
        };
        let on = text(alarm, "*.on");
        let on_instance = on == self.instance.name;
        let only_elsewhere = metric.on_replica_only && on_instance;
        if !metric.on_instance || only_elsewhere {
            return Err(format!("watches {name}, which {on} does not publish"));
        }
        let (whole, period) = (of.int("*.for"), of.int("*.period"));
        let (Some(whole), Some(period)) = (whole, period) else {
            return Err("has no period".to_owned());
        };
        let points = of.int("*.datapoints").unwrap_or_default();
        if period % 60 != 0 {
            return Err(format!(
                "measures every {period} s, and a file says minutes"
            ));
        }
        if points * period != whole {
            return Err(format!(
                "goes off after {points} of {} periods, and a file says all of them",
                whole / period
            ));
        }
        let sign = text(alarm, "*.comparison");
        if !matches!(sign, ">" | "<") {
            return Err(format!("compares with {sign}, and a file with > and <"));
        }
        for (path, wanted, what) in [
            ("*.statistic", &metric.statistic, "statistic"),
            (
                "*.missing_data",
                &metric.missing,
                "treatment of missing data",
            ),
        ] {
            let found = text(alarm, path);
            if found != wanted {
                return Err(format!("has the {what} {found}, and a file takes {wanted}"));
            }
        }
        if of.bool("*.actions") == Some(false) {
            return Err("is silenced".to_owned());
        }
        let unit = text(alarm, "*.unit");
        if unit != "any" {
            return Err(format!(
                "looks at measurements in {unit} alone, and a file at all of them"
            ));
        }
        let foreign = of.texts("*.notify").into_iter().find(|arn| {
            let parsed = crate::values::Arn::parse(arn);
            parsed.is_none_or(|arn| arn.service != "sns" || arn.resource.contains(':'))
        });
        if let Some(arn) = foreign {
            return Err(format!("acts through {arn}, which is no topic"));
        }
        Ok(metric)
    }
}

/// The period that holds if none is written.
fn usual_period(whole: i64) -> i64 {
    if whole > 180 && whole % 300 == 0 {
        300
    } else {
        60
    }
}

/// A threshold as a person writes it, in TOML: `"80%"`, `"10 GiB"`, `"100 ms"`, `150`.
fn quantity(unit: &str, number: f64) -> String {
    let plain = |number: f64| {
        units::whole(number).map_or_else(
            || page::toml(pgward_model::Form::Number, &Value::Float(number)),
            |whole| whole.to_string(),
        )
    };
    let bytes = |number: f64| {
        units::whole(number).map_or_else(|| format!("{number} B"), units::print_bytes)
    };
    let time = |number: f64, unit: &str| format!("{} {unit}", plain(number));
    let text = match unit {
        "Percent" => format!("{}%", plain(number)),
        "Bytes" => bytes(number),
        "Bytes/Second" => format!("{}/s", bytes(number)),
        "Seconds" if number != 0.0 && number.abs() < 1.0 => time(milliseconds(number), "ms"),
        "Seconds" => time(number, "s"),
        "Milliseconds" => time(number, "ms"),
        "Microseconds" => time(number, "us"),
        _ => return plain(number),
    };
    page::quoted(&text)
}

/// Seconds as milliseconds, without what binary fractions add.
fn milliseconds(seconds: f64) -> f64 {
    let text = format!("{:.6}", seconds * 1000.0);
    text.parse().unwrap_or(seconds * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_written_in_the_units_of_people() {
        for (unit, number, written) in [
            ("Percent", 80.0, "\"80%\""),
            ("Bytes", 10_737_418_240.0, "\"10 GiB\""),
            ("Bytes", 1000.0, "\"1000 B\""),
            ("Bytes/Second", 104_857_600.0, "\"100 MiB/s\""),
            ("Seconds", 0.1, "\"100 ms\""),
            ("Seconds", 0.0005, "\"0.5 ms\""),
            ("Seconds", 5.0, "\"5 s\""),
            ("Count", 150.0, "150"),
            ("Count", 0.5, "0.5"),
        ] {
            assert_eq!(quantity(unit, number), written);
        }
    }
}
