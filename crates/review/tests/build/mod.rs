//! Plans and their parts, built by hand for the samples.

#![expect(dead_code, reason = "every test file uses some of the helpers")]

pub(crate) mod environments;
pub(crate) mod markup;
pub(crate) mod schema;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pgward_engine::{
    Circumstances, Commit, Cost, Ending, Fault, FaultKind, Gate, Operation, OperationReport,
    Outcome, Plan, PlannedChange, Report, Step, Timing, TotalCost, Verb, Verdict, Waiting, When,
};
use pgward_model::{
    Address, Described, Effect, Environment, Flag, Origin, Path, SourceFile, Value,
};
use pgward_review::{Bindings, Document, DriftDocument, NodePart, Style, document};

/// A moment of the samples.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("the samples hold valid moments")
}

/// The window of the samples.
pub(crate) fn window() -> Timestamp {
    at("2025-11-16T03:00:00Z")
}

/// A place in a file.
pub(crate) fn origin(file: &str, line: u32) -> Origin {
    Origin {
        file: format!("specs/{file}"),
        line,
        column: 1,
        end_column: 2,
    }
}

/// Dollars as hundredths of a cent, with their basis.
pub(crate) fn dollars(cents: i64, basis: &str) -> Option<Cost> {
    Some(Cost {
        monthly_delta: cents * 100,
        basis: basis.to_owned(),
    })
}

/// A change of the value at `path` of a resource.
pub(crate) fn blank(path: &str, address: &str, kind: &[&str; 3]) -> PlannedChange {
    let [type_name, noun, name] = kind;
    PlannedChange {
        path: Path::new(path),
        attribute: (path != address).then(|| (path.to_owned(), None)),
        address: Address::new(address),
        kind: type_name.replace("rds.", ""),
        verb: Verb::Update,
        resource_type: (*type_name).to_owned(),
        name: (*name).to_owned(),
        noun: (*noun).to_owned(),
        before: None,
        after: None,
        before_text: None,
        after_text: None,
        effect: Effect::Online,
        flags: BTreeSet::new(),
        interruption: None,
        when: When::Now,
        also_releases: None,
        reason: String::new(),
        replaced_because: Vec::new(),
        origin: None,
        follows: Vec::new(),
        remarks: Vec::new(),
        cost: dollars(0, ""),
        gate: Gate::Ready,
        step: Some(1),
        after_steps: Vec::new(),
        headline: format!("{noun} {name}"),
        details: Vec::new(),
    }
}

/// Both values of a change, which are texts.
pub(crate) fn values(
    change: PlannedChange,
    before: Option<&str>,
    after: Option<&str>,
) -> PlannedChange {
    PlannedChange {
        before: before.map(Value::text),
        after: after.map(Value::text),
        before_text: before.map(str::to_owned),
        after_text: after.map(str::to_owned),
        ..change
    }
}

/// A resource to be created.
pub(crate) fn create(
    address: &str,
    kind: &[&str; 3],
    headline: &str,
    origin: Origin,
    step: u32,
    cost: Option<Cost>,
) -> PlannedChange {
    PlannedChange {
        verb: Verb::Create,
        headline: headline.to_owned(),
        origin: Some(origin),
        step: Some(step),
        cost,
        ..blank(address, address, kind)
    }
}

/// Lines about a resource to be created, as (label, text).
pub(crate) fn described(lines: &[(&str, &str)]) -> Vec<Described> {
    let line = |(label, text): &(&str, &str)| Described {
        label: (*label).to_owned(),
        text: (*text).to_owned(),
        source: None,
    };
    lines.iter().map(line).collect()
}

/// A step with the resources of `changes`.
pub(crate) fn step(number: u32, minutes: (u32, u32), changes: &[PlannedChange]) -> Step {
    let addresses = changes
        .iter()
        .filter(|one| one.step == Some(number))
        .map(|one| one.address.clone());
    Step {
        number,
        addresses: addresses.collect(),
        minutes,
    }
}

/// Something that waits.
pub(crate) fn waiting(address: &str, path: &str, values: [&str; 2], until: When) -> Waiting {
    Waiting {
        address: Address::new(address),
        path: Path::new(path),
        before_text: Some(values[0].to_owned()),
        after_text: Some(values[1].to_owned()),
        until,
        effect: Effect::Downtime,
        interruption: Some((60, 120)),
        declared: true,
        overdue: false,
        note: String::new(),
    }
}

/// Flags as a set.
pub(crate) fn flags(flags: &[Flag]) -> BTreeSet<Flag> {
    flags.iter().copied().collect()
}

/// A plan of the production environment without changes.
pub(crate) fn plan(now: &str, commit: &str) -> Plan {
    let file = |path: &str| SourceFile {
        path: path.to_owned(),
        sha256: "c0a1".to_owned(),
    };
    Plan {
        id: "2d90b6aa41f7".to_owned(),
        circumstances: Circumstances {
            now: at(now),
            sandbox: false,
            endpoint: None,
            tool_version: "0.4.0".to_owned(),
            commit: Some(Commit {
                hash: commit.to_owned(),
                dirty: false,
            }),
            caller: None,
            timing: Timing::Window,
            allow: BTreeSet::new(),
            flags: Vec::new(),
            only: Vec::new(),
            destroy: false,
            adopt: false,
            keep: Vec::new(),
            final_snapshot: None,
            no_final_snapshot: false,
        },
        environment: Environment {
            project: "happytrip-b2b".to_owned(),
            name: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "ap-south-1".to_owned(),
        },
        files: vec![file("specs/prod.toml"), file("specs/base.toml")],
        inputs: Vec::new(),
        verdict: Verdict::NoChanges,
        compared: 16,
        unchanged: 16,
        is_new: false,
        changes: Vec::new(),
        steps: Vec::new(),
        waiting: Vec::new(),
        unmanaged: Vec::new(),
        unread: Vec::new(),
        not_checked: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
        adoption: None,
        next_window: Some((window(), at("2025-11-16T04:00:00Z"))),
        cost: TotalCost {
            monthly_delta: 0,
            unpriced: Vec::new(),
            as_of: "2025-01-15".to_owned(),
        },
        policy_origins: (
            Some(origin("base.toml", 118)),
            Some(origin("base.toml", 119)),
        ),
        allowed: [Effect::Online, Effect::Degraded].into(),
        subnet_words: BTreeMap::new(),
        operations: Vec::new(),
        names: BTreeMap::new(),
        outputs: BTreeMap::new(),
    }
}

/// The operation of a change, for the lines of a run.
pub(crate) fn operation(
    number: usize,
    change: &PlannedChange,
    minutes: (u32, u32, u32),
) -> Operation {
    Operation {
        number,
        address: change.address.clone(),
        kind: change.kind.clone(),
        verb: change.verb,
        name: change.name.clone(),
        step: change.step.unwrap_or(1),
        after: BTreeSet::new(),
        resource: None,
        live: None,
        attributes: BTreeSet::new(),
        immediate: false,
        deferred: false,
        tags: BTreeMap::new(),
        final_snapshot: None,
        effect: change.effect,
        headline: change.headline.clone(),
        minutes,
        paths: vec![change.path.clone()],
    }
}

/// The document of a plan, with the hashes of the samples.
pub(crate) fn documented(plan: &Plan) -> Document {
    let bindings = Bindings {
        spec_hash: "sha256:5b1d0c7e".to_owned(),
        fingerprint: "sha256:91d4a2b0".to_owned(),
        ..Bindings::default()
    };
    document(plan, &bindings)
}

/// Without color, 100 columns wide.
pub(crate) fn plain() -> Style {
    Style::default()
}

/// The comparison of the samples, from its JSON.
pub(crate) fn drifted() -> DriftDocument {
    serde_json::from_str(include_str!("../samples/drift.json")).expect("a sample is valid")
}

/// What each resource of the production environment needs.
pub(crate) fn edges() -> Vec<NodePart> {
    let alarms = [
        "cpu-high",
        "disk-low",
        "memory-low",
        "connections-high",
        "read-latency",
        "write-latency",
    ];
    let mut all: Vec<(String, &str, &[&str])> = vec![
        ("network".to_owned(), "subnet group", &[]),
        ("access".to_owned(), "security group", &[]),
        ("parameters".to_owned(), "parameter group", &[]),
        ("secret.master".to_owned(), "secret", &[]),
        ("secret.app".to_owned(), "secret", &[]),
        ("secret.reporting".to_owned(), "secret", &[]),
        (
            "instance".to_owned(),
            "DB instance",
            &["network", "access", "parameters", "secret.master"],
        ),
        (
            "replica.reporting".to_owned(),
            "DB instance",
            &["instance", "parameters"],
        ),
        (
            "proxy".to_owned(),
            "proxy",
            &["instance", "secret.app", "secret.reporting", "access"],
        ),
        (
            "alarm.replica-lag".to_owned(),
            "alarm",
            &["replica.reporting"],
        ),
    ];
    all.extend(
        alarms
            .iter()
            .map(|name| (format!("alarm.{name}"), "alarm", &["instance"] as &[&str])),
    );
    all.into_iter()
        .map(|(address, noun, needs)| NodePart {
            name: format!("happytrip-b2b-prod-{}", address.replace('.', "-")),
            address,
            noun: noun.to_owned(),
            needs: needs.iter().map(|one| (*one).to_owned()).collect(),
        })
        .collect()
}

/// A report of a plan in which `judge` says what became of each resource.
pub(crate) fn reported(
    plan: &Plan,
    ending: Ending,
    judge: impl Fn(&PlannedChange) -> Outcome,
) -> Report {
    let operations = plan.changes.iter().enumerate().map(|(number, change)| {
        let operation = operation(number, change, (0, 0, 10));
        OperationReport {
            number,
            address: operation.address,
            kind: operation.kind,
            verb: operation.verb,
            name: operation.name,
            step: operation.step,
            headline: operation.headline,
            outcome: judge(change),
            elapsed_ms: 1_000,
            paths: operation.paths,
        }
    });
    Report {
        operations: operations.collect(),
        ending,
        elapsed_ms: 1_416_998,
        ended_at: at("2025-11-12T10:25:48Z"),
    }
}

/// The run in which the replica fails.
pub(crate) fn result_of(change: &PlannedChange) -> Outcome {
    match change.address.as_str() {
        "replica.reporting" => Outcome::Failed {
            fault: Fault {
                kind: FaultKind::Quota,
                action: "rds:CreateDBInstanceReadReplica".to_owned(),
                code: Some("InstanceQuotaExceeded".to_owned()),
                message: "the account has 40 of 40 DB instances in ap-south-1".to_owned(),
                status: Some(400),
                request_id: Some("4f0c8a7e-52c1-4f6b-9d3e-0c1a2b3c4d5e".to_owned()),
            },
            code: "P703".to_owned(),
        },
        "alarm.replica-lag" => Outcome::Skipped {
            because: Address::new("replica.reporting"),
        },
        _ => Outcome::Done,
    }
}
