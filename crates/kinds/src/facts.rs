//! Bundled facts about AWS, typed: classes, metrics, versions, prices.

use pgward_model::{ClassFacts, Facts, MetricFacts, Object, ParameterFacts, ParameterProblem, Value};

/// The facts in `data/`.
pub static BUNDLED: Bundled = Bundled;

/// Access to the facts in `data/`.
#[derive(Debug)]
pub struct Bundled;

/// `db.m6g.xlarge (4 vCPU, 16 GiB)`, or the class alone if it is unknown.
#[must_use]
pub fn class_words(class: &str) -> String {
    class.to_owned()
}

/// A metric.
#[must_use]
pub fn metric(_name: &str) -> Option<MetricFacts> {
    None
}

impl Facts for Bundled {
    fn class(&self, _class: &str) -> Option<ClassFacts> { None }
    fn classes(&self) -> Vec<String> { Vec::new() }
    fn parameter(&self, _family: &str, _name: &str) -> Option<ParameterFacts> { None }
    fn parameters(&self, _family: &str) -> Vec<String> { Vec::new() }
    fn convert_parameter(&self, _family: &str, _name: &str, _written: &Value) -> Result<String, Box<ParameterProblem>> { Ok(String::new()) }
    fn metric(&self, name: &str) -> Option<MetricFacts> { metric(name) }
    fn metrics(&self) -> Vec<String> { Vec::new() }
    fn metric_meant_by(&self, _name: &str) -> Option<String> { None }
    fn majors(&self) -> Vec<String> { Vec::new() }
    fn monthly_price(&self, _region: &str, _kind: &str, _object: &Object) -> Option<(i64, String)> { None }
    fn prices_as_of(&self) -> &str { "" }
    fn version(&self) -> &str { "1" }
}
