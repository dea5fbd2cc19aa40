//! JSON Schema of what the program writes; that of what it reads is made from the catalog.

/// Every schema of an output by its name: `plan`, `drift`, `check`, `events`, `import`,
/// `preflight`, `failure`.
///
/// Within a major version fields are only added, and lists of words only grow. `events` describes
/// one line of the stream.
pub const SCHEMAS: [(&str, &str); 7] = [
    ("plan", include_str!("plan.json")),
    ("drift", include_str!("drift.json")),
    ("check", include_str!("check.json")),
    ("events", include_str!("events.json")),
    ("import", include_str!("import.json")),
    ("preflight", include_str!("preflight.json")),
    ("failure", include_str!("failure.json")),
];

/// The schema of an output, if there is one of that name.
#[must_use]
pub fn schema(name: &str) -> Option<&'static str> {
    SCHEMAS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}
