//! What becomes of a run when a call goes wrong: every fault at every writing call.
//!
//! The first run meets the fault, later ones do not. The tables in `tests/faults` say how the first run
//! ended and how many more it took; in the end the environment is always as if nothing had happened.
//! `SNAPSHOTS=overwrite` accepts new tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pgward_engine::{Outcome, Report};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};
use pgward_tests::stage::{Given, Planned, Stage, Wish};
use snapbox::Data;

const SEED: u64 = 7;

/// So many runs after the fault at most until nothing is left to do.
const RUNS: usize = 3;

/// What strikes, in the words of the tables.
const FAULTS: [(&str, FaultKind); 15] = [
    ("throttled", FaultKind::Throttle),
    ("internal error", FaultKind::Internal500),
    ("unavailable", FaultKind::Unavailable503),
    ("reset", FaultKind::Reset),
    ("lost answer", FaultKind::LostReply),
    ("half an answer", FaultKind::CutShort),
    ("no answer in time", FaultKind::Timeout),
    ("HTML for an answer", FaultKind::NotXml),
    (
        "nonsense for an answer",
        FaultKind::Refused(418, "Teapot", "I'm a teapot"),
    ),
    ("denied", FaultKind::Denied),
    ("expired credentials", FaultKind::ExpiredToken),
    (
        "busy",
        FaultKind::Refused(
            400,
            "InvalidDBInstanceState",
            "Instance shop-dev is not in available state.",
        ),
    ),
    (
        "in use",
        FaultKind::Refused(
            400,
            "DependencyViolation",
            "resource sg-1 has a dependent object",
        ),
    ),
    (
        "role not known yet",
        FaultKind::Refused(
            400,
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions",
        ),
    ),
    (
        "quota",
        FaultKind::Refused(400, "InstanceQuotaExceeded", "DB instance quota exceeded"),
    ),
];

/// What strikes every time as well; the others of its family end alike.
const LASTING: [&str; 2] = ["throttled", "lost answer"];

/// What strikes changes and deletions; the rest of each family ends as at a creation.
const FEWER: [&str; 6] = [
    "throttled",
    "unavailable",
    "lost answer",
    "denied",
    "expired credentials",
    "busy",
];

/// What strikes looks.
const LOOKS: [&str; 4] = ["reset", "half an answer", "denied", "expired credentials"];

/// Looks whose failure leaves out no more than a sentence.
const EXTRAS: [&str; 4] = [
    "kms:DescribeKey",
    "rds:DescribePendingMaintenanceActions",
    "sts:GetCallerIdentity",
    "tag:GetResources",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faults")
}

fn given(name: &str) -> Given {
    let text = std::fs::read_to_string(folder().join(name)).expect("it is here");
    Given::read(name, &text).unwrap_or_else(|found| panic!("{found}"))
}

/// A journey from a world to what is declared.
struct Journey {
    from: String,
    to: Given,
    wish: Wish,
}

impl Journey {
    fn stage(&self) -> Stage {
        Stage::with(Sandbox::load(&self.from).expect("it was saved"))
    }

    fn plan(&self, stage: &Stage) -> Planned {
        stage.plan(&self.to, &self.wish)
    }

    /// The calls that it takes when nothing goes wrong: those that write, or those that read.
    fn calls(&self, writes: bool) -> BTreeSet<String> {
        let stage = self.stage();
        let planned = self.plan(&stage);
        stage.sandbox.forget_calls();
        let applied = stage
            .apply(&planned)
            .unwrap_or_else(|refusals| panic!("{refusals:#?}"));
        assert!(applied.report.is_complete(), "{}", applied.text);
        assert!(applied.after.plan.changes.is_empty(), "{}", applied.text);
        let calls = stage.sandbox.calls();
        calls
            .into_iter()
            .filter(|call| call.writes == writes)
            .map(|call| format!("{}:{}", call.service, call.action))
            .collect()
    }

    /// How the first run ends, and how many more it takes.
    fn meet(&self, rule: Fault) -> String {
        let stage = self.stage();
        let planned = self.plan(&stage);
        stage.sandbox.faults(Faults {
            seed: SEED,
            rules: vec![rule],
        });
        let applied = stage
            .apply(&planned)
            .unwrap_or_else(|refusals| panic!("{refusals:#?}"));
        stage.sandbox.faults(Faults::default());
        let mut line = ending(&applied.report);
        let mut planned = self.plan(&stage);
        let mut more = 0;
        while !planned.plan.changes.is_empty() {
            more += 1;
            assert!(more <= RUNS, "it never ends: {}", planned.text());
            let applied = stage
                .apply(&planned)
                .unwrap_or_else(|refusals| panic!("{line}\n{refusals:#?}"));
            if !applied.report.is_complete() {
                write!(line, "; then {}", ending(&applied.report)).expect("a text takes it");
            }
            planned = applied.after;
        }
        assert!(planned.live.leftovers.is_empty(), "{:?}", planned.live);
        match more {
            0 => {}
            1 => line.push_str("; one more run"),
            more => write!(line, "; {more} more runs").expect("a text takes it"),
        }
        line
    }

    /// Meets faults at every writing call, and the lasting ones for the whole of the first run.
    fn table(&self, name: &str, strikes: impl Fn(&str) -> bool) {
        let mut table = String::new();
        for call in self.calls(true) {
            writeln!(table, "{call}").expect("a text takes it");
            for (words, kind) in FAULTS.into_iter().filter(|(words, _)| strikes(words)) {
                let once = self.meet(Fault::once(call.as_str(), kind));
                writeln!(table, "  {words:<22} {once}").expect("a text takes it");
                if LASTING.contains(&words) {
                    let always = self.meet(Fault::always(call.as_str(), kind));
                    writeln!(table, "  {:<22} {always}", "  every time").expect("a text takes it");
                }
            }
            table.push('\n');
        }
        compare(name, table);
    }

    /// Meets faults at the looks between the writing calls.
    fn table_of_looks(&self, name: &str) {
        let mut table = String::new();
        let looks = self.calls(false);
        for call in looks.iter().filter(|call| !EXTRAS.contains(&call.as_str())) {
            writeln!(table, "{call}").expect("a text takes it");
            for (words, kind) in FAULTS
                .into_iter()
                .filter(|(words, _)| LOOKS.contains(words))
            {
                // The second look is one of those while AWS is at work, where there are several.
                let rule = Fault {
                    after: 1,
                    ..Fault::once(call.as_str(), kind)
                };
                writeln!(table, "  {words:<22} {}", self.meet(rule)).expect("a text takes it");
                if words == "denied" {
                    let always = self.meet(Fault::always(call.as_str(), kind));
                    writeln!(table, "  {:<22} {always}", "  every time").expect("a text takes it");
                }
            }
            table.push('\n');
        }
        compare(name, table);
    }
}

fn compare(name: &str, table: String) {
    let expected = Data::read_from(&folder().join(name), None).raw();
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .eq(Data::text(table).raw(), expected);
}

/// How a run ended: what failed, how many others were kept from starting, and what is to come.
fn ending(report: &Report) -> String {
    let mut words: Vec<String> = Vec::new();
    for operation in &report.operations {
        match &operation.outcome {
            Outcome::Failed { fault, code } => {
                let told = fault.code.as_deref().unwrap_or("no code");
                words.push(format!("{} {code} {told}", operation.address));
            }
            Outcome::InProgress { status } => {
                words.push(format!("{} goes on: {status}", operation.address));
            }
            _ => {}
        }
    }
    let mut tell = |number: usize, word: &str| {
        if number > 0 {
            words.push(format!("{number} {word}"));
        }
    };
    tell(
        report.count(|outcome| matches!(outcome, Outcome::Skipped { .. })),
        "skipped",
    );
    tell(
        report.count(|outcome| *outcome == Outcome::NotStarted),
        "not started",
    );
    tell(
        report.count(|outcome| *outcome == Outcome::Accepted),
        "accepted",
    );
    if words.is_empty() {
        "done".to_owned()
    } else {
        words.join(", ")
    }
}

/// The world in which the environment was applied.
fn applied() -> String {
    let given = given("environment.toml");
    let stage = Stage::new(SEED);
    let planned = stage.plan(&given, &Wish::everything_now());
    let applied = stage
        .apply(&planned)
        .unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    assert!(applied.report.is_complete(), "{}", applied.text);
    stage.sandbox.save()
}

#[test]
fn a_creation_meets_every_fault() {
    let journey = Journey {
        from: Sandbox::new(SEED).save(),
        to: given("environment.toml"),
        wish: Wish::everything_now(),
    };
    journey.table("creation.txt", |_| true);
}

#[test]
fn a_change_meets_every_fault() {
    let journey = Journey {
        from: applied(),
        to: given("changed.toml"),
        wish: Wish::everything_now(),
    };
    journey.table("change.txt", |words| FEWER.contains(&words));
}

#[test]
fn a_destruction_meets_every_fault() {
    destruction().table("destruction.txt", |words| FEWER.contains(&words));
}

#[test]
fn the_looks_of_a_creation_meet_faults() {
    let journey = Journey {
        from: Sandbox::new(SEED).save(),
        to: given("environment.toml"),
        wish: Wish::everything_now(),
    };
    journey.table_of_looks("looks.txt");
}

/// Statuses in which an instance stays until somebody does something.
const STATUSES: [&str; 9] = [
    "failed",
    "incompatible-create",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "inaccessible-encryption-credentials",
    "storage-full",
];

#[test]
fn an_instance_that_fails_is_told_with_what_a_person_has_to_do() {
    let mut table = String::new();
    for status in STATUSES {
        let stage = Stage::new(SEED);
        let planned = stage.plan(&given("environment.toml"), &Wish::everything_now());
        let applied = stage.apply_while(&planned, async |sandbox| {
            tokio::time::sleep(Duration::from_secs(300)).await;
            let struck =
                sandbox.strike_instance("111122223333", "eu-central-1", "shop-dev", status);
            assert!(struck, "it is being created after five minutes");
        });
        let applied = applied.unwrap_or_else(|refusals| panic!("{refusals:#?}"));
        write!(
            table,
            "=== {status}\n{}\n--- then\n{}\n",
            applied.text,
            applied.after.text()
        )
        .expect("a text takes it");
    }
    compare("statuses.txt", table);
}

#[test]
fn a_database_that_does_not_work_is_told_before_anything_is_sent() {
    let world = applied();
    let mut table = String::new();
    for status in STATUSES.into_iter().chain(["stopped"]) {
        let journeys = [
            ("unchanged", "environment.toml", false),
            ("changed", "changed.toml", false),
            ("destroyed", "environment.toml", true),
        ];
        writeln!(table, "{status}").expect("a text takes it");
        for (words, file, destroy) in journeys {
            let journey = Journey {
                from: world.clone(),
                to: given(file),
                wish: Wish {
                    destroy,
                    ..Wish::everything_now()
                },
            };
            let stage = journey.stage();
            let sandbox = &stage.sandbox;
            assert!(sandbox.strike_instance("111122223333", "eu-central-1", "shop-dev", status));
            let planned = journey.plan(&stage);
            let findings = planned.plan.findings.iter();
            let told: Vec<String> = findings
                .filter(|finding| finding.code == "P510")
                .map(|finding| format!("{:?}: {}", finding.severity, finding.message))
                .collect();
            assert_eq!(told.len(), 1, "{}", planned.text());
            let end = match stage.apply(&planned) {
                Ok(applied) => ending(&applied.report),
                Err(_) => "refused".to_owned(),
            };
            writeln!(table, "  {words:<10} {end}\n             {}", told[0])
                .expect("a text takes it");
        }
    }
    compare("not-working.txt", table);
}

#[test]
fn an_alarm_that_was_made_after_the_plan_is_left_alone() {
    let stage = Stage::new(SEED);
    let given = given("environment.toml");
    let planned = stage.plan(&given, &Wish::everything_now());
    let alarm = serde_json::json!({
        "AlarmName": "shop-dev-cpu-high",
        "Namespace": "AWS/RDS",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 12,
        "Period": 60,
        "EvaluationPeriods": 1,
    });
    let place = &given.desired.environment;
    let put = "cloudwatch:PutMetricAlarm";
    let applied = stage.apply_while(&planned, async |sandbox| {
        let answer = sandbox.act(&place.account, &place.region, "somebody", put, &alarm);
        answer.expect("anybody may have an alarm");
    });
    let applied = applied.unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    assert!(
        applied.text.contains("made after the plan"),
        "{}",
        applied.text
    );
    let names = serde_json::json!({ "AlarmNames": ["shop-dev-cpu-high"] });
    let list = "cloudwatch:DescribeAlarms";
    let found = stage
        .sandbox
        .act(&place.account, &place.region, "somebody", list, &names);
    let found = found.expect("it can be read");
    assert_eq!(found["MetricAlarms"][0]["Threshold"], 12.0, "{found}");
}

#[test]
fn a_group_of_the_same_name_elsewhere_is_not_waited_for() {
    let stage = Stage::with(Sandbox::load(&applied()).expect("it was saved"));
    let text = std::fs::read_to_string(folder().join("environment.toml")).expect("it is here");
    let renamed = text.replace(
        "[network]\n",
        "[network]\nsecurity_group = \"shop-database\"\n",
    );
    let given = Given::read("environment.toml", &renamed).expect("it is readable");
    let place = &given.desired.environment;
    let act = |action: &str, input: serde_json::Value| {
        let answer = stage
            .sandbox
            .act(&place.account, &place.region, "somebody", action, &input);
        answer.unwrap_or_else(|refusal| panic!("{action}: {refusal}"))
    };
    let vpc = act(
        "ec2:CreateVpc",
        serde_json::json!({ "CidrBlock": "10.9.0.0/16" }),
    );
    act(
        "ec2:CreateSecurityGroup",
        serde_json::json!({
            "GroupName": "shop-dev-db",
            "Description": "of somebody else",
            "VpcId": vpc["vpc"]["vpcId"],
        }),
    );
    let planned = stage.plan(&given, &Wish::everything_now());
    assert!(planned.text().contains("- access"), "{}", planned.text());
    let applied = stage.apply(&planned);
    let applied = applied.unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    assert!(applied.report.is_complete(), "{}", applied.text);
}

/// What takes everything of an environment down.
fn destruction() -> Journey {
    Journey {
        from: applied(),
        to: given("environment.toml"),
        wish: Wish {
            destroy: true,
            ..Wish::everything_now()
        },
    }
}

#[test]
fn what_goes_between_two_reads_is_gone() {
    let gone = FaultKind::Refused(404, "DBProxyNotFoundFault", "DBProxy not found");
    let met = destruction().meet(Fault::once("rds:ListTagsForResource", gone));
    assert_eq!(met, "done");
}

#[test]
fn a_taken_name_of_a_final_snapshot_is_told_with_the_way_out() {
    let journey = destruction();
    let stage = journey.stage();
    let planned = journey.plan(&stage);
    let operations = planned.plan.operations.iter();
    let name = operations
        .filter_map(|one| one.final_snapshot.as_ref())
        .next();
    let snapshot = serde_json::json!({
        "DBInstanceIdentifier": "shop-dev",
        "DBSnapshotIdentifier": name.expect("it leaves a snapshot"),
    });
    let place = &journey.to.desired.environment;
    let action = "rds:CreateDBSnapshot";
    let answer = stage
        .sandbox
        .act(&place.account, &place.region, "somebody", action, &snapshot);
    answer.expect("anybody may take one");
    let applied = stage.apply(&planned);
    let applied = applied.unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    let way = "--final-snapshot NAME";
    assert!(applied.text.contains(way), "{}", applied.text);
}
