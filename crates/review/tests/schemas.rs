//! Every JSON of the samples fits its schema, and no schema leaves a field out.

mod build;

use build::environments::{accepted, deletion, new_environment, risky};
use build::schema::complaints;
use build::{documented, edges, plan};
use pgward_model::Diagnostic;
use pgward_review::{
    CheckDocument, CheckState, Document, Events, FailureDocument, FoundPart, ImportDocument,
    PreflightDocument, RunResult, json, schemas,
};
use serde_json::Value;

fn schema(name: &str) -> Value {
    serde_json::from_str(schemas::schema(name).expect("there is such a schema")).expect("JSON")
}

#[track_caller]
fn fits(name: &str, text: &str) {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let found = complaints(&schema(name), &value);
    assert!(found.is_empty(), "{name}: {}", found.join("\n"));
}

#[test]
fn plans_fit() {
    let whole = Document {
        nodes: edges(),
        ..documented(&new_environment())
    };
    fits("plan", &json(&whole));
    for plan in [
        risky(),
        accepted(),
        deletion(),
        plan("2025-11-12T11:02:00Z", "4f1c2aa"),
    ] {
        fits("plan", &json(&documented(&plan)));
    }
}

#[test]
fn samples_fit() {
    fits("plan", include_str!("samples/plan-risky.json"));
    fits("drift", include_str!("samples/drift.json"));
    fits("check", include_str!("samples/check.json"));
    for line in include_str!("samples/events.jsonl").lines() {
        fits("events", line);
    }
}

#[test]
fn drift_with_versions_fits() {
    let mut document = build::drifted();
    document.waiting = documented(&accepted()).waiting;
    document.versions = vec![pgward_review::VersionPart {
        address: "instance".to_owned(),
        version: "16.9".to_owned(),
        behind: None,
    }];
    document.not_working = vec![pgward_review::StatePart {
        address: "instance".to_owned(),
        state: "the DB instance happytrip-b2b-prod is stopped".to_owned(),
        advice: "the instance is stopped; start it, then repeat".to_owned(),
    }];
    fits("drift", &json(&document));
}

#[test]
fn findings_and_failures_fit() {
    let place = build::origin("prod.toml", 24);
    let found = [
        Diagnostic::error("P101", "unknown key `mutli_az` in [instance]")
            .at(&place, "not a key of [instance]")
            .also(&place, "again")
            .help("did you mean `multi_az`?")
            .note("keys are those of the language")
            .fact("next", "pgward explain instance")
            .fixed_by(&place, "multi_az")
            .about("instance"),
    ];
    fits(
        "check",
        &json(&CheckDocument::new(&["prod".to_owned()], &found, "0.4.0")),
    );
    let failure = FailureDocument::new("plan", (None, Some("prod".to_owned())), 3, &found, "0.4.0");
    fits("failure", &json(&failure));
    let mut events = Events::new(&documented(&risky()));
    let now = build::at("2025-11-12T11:02:00Z");
    fits("events", &events.diagnostic(now, &found[0]));
    fits("events", &events.summary(now, RunResult::Refused, 3, None));
}

#[test]
fn imports_and_adoptions_fit() {
    let text = |text: &str| text.to_owned();
    let document = ImportDocument {
        format: text(ImportDocument::FORMAT),
        format_version: text("1.0"),
        tool_version: text("0.4.0"),
        project: text("happytrip-b2b"),
        environment: text("prod"),
        account: text("111122223333"),
        region: text("ap-south-1"),
        sandbox: false,
        spec: text("prod"),
        file: None,
        text: text("language = 1\n"),
        found: vec![FoundPart {
            noun: text("DB instance"),
            name: text("happytrip-b2b-prod"),
            sections: text("[instance]"),
        }],
        used: vec![text("VPC vpc-1")],
        findings: Vec::new(),
        notes: vec![text("a note")],
        differences: vec![text("a difference")],
        terraform: vec![text("aws_db_instance.this")],
    };
    let found = [Diagnostic::error("P401", "open to the internet")];
    fits("import", &json(&document.with_findings(&found)));
    let mut adoption = documented(&new_environment());
    adoption.adoption = Some(pgward_engine::Adoption {
        compared: 143,
        differing: 2,
    });
    fits("plan", &json(&adoption));
    let mut events = Events::new(&adoption);
    let now = build::at("2025-11-12T11:02:00Z");
    let start = events.start(now, &adoption);
    fits("events", &start);
    assert!(start.contains("\"command\":\"import\""), "{start}");
}

#[test]
fn preflights_fit() {
    let asked = documented(&risky()).environment;
    let mut document = PreflightDocument::new(asked, "0.4.0");
    for (state, text) in [
        (CheckState::Passed, "as it must be"),
        (CheckState::Failed, "not\nso"),
        (CheckState::NotChecked, "access denied"),
        (CheckState::Told, "nothing to judge"),
    ] {
        document.add("permissions", state, text);
    }
    fits("preflight", &json(&document));
}

#[test]
fn a_schema_refuses_what_does_not_fit() {
    let sample: Value = serde_json::from_str(include_str!("samples/drift.json")).expect("JSON");
    let mut wrong = sample.clone();
    wrong["verdict"] = Value::from("fine");
    wrong["drift"][0]["surprise"] = Value::from(1);
    wrong.as_object_mut().expect("an object").remove("read_at");
    let found = complaints(&schema("drift"), &wrong);
    assert_eq!(found.len(), 3, "{}", found.join("\n"));
}
