//! The lines of a run and its report, compared byte for byte with the samples.

mod build;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use build::environments::{INSTANCE, PARAMETERS, began, deletion, new_environment, risky};
use build::{at, blank, documented, operation, plain};
use jiff::{SignedDuration, Timestamp};
use pgward_engine::{
    Ending, Event, Fault, FaultKind, Operation, OperationReport, Outcome, Plan, Report, When,
};
use pgward_model::{Address, Path, Value};
use pgward_review::text::{endpoints, report};
use pgward_review::{Aftermath, Endpoint, Events, Frame, Lines, LockState, RunResult, Style, json};
use snapbox::{assert_data_eq, file};

fn quota() -> Fault {
    Fault {
        kind: FaultKind::Quota,
        action: "rds:CreateDBInstanceReadReplica".to_owned(),
        code: Some("InstanceQuotaExceeded".to_owned()),
        message: "the account has 40 of 40 DB instances in ap-south-1".to_owned(),
        status: Some(400),
        request_id: Some("4f0c8a7e-52c1-4f6b-9d3e-0c1a2b3c4d5e".to_owned()),
    }
}

/// The operations of a plan, with the usual minutes of the samples.
fn operations(plan: &Plan) -> Vec<Operation> {
    let minutes = |address: &str| match address {
        "instance" => (12, 20, 60),
        "replica.reporting" => (10, 15, 60),
        "proxy" => (5, 10, 30),
        _ => (0, 0, 10),
    };
    let all = plan.changes.iter().enumerate();
    all.map(|(number, change)| operation(number, change, minutes(change.address.as_str())))
        .collect()
}

fn outcome_of(operation: &Operation, outcome: Outcome, elapsed_ms: u64) -> OperationReport {
    OperationReport {
        number: operation.number,
        address: operation.address.clone(),
        kind: operation.kind.clone(),
        verb: operation.verb,
        name: operation.name.clone(),
        step: operation.step,
        headline: operation.headline.clone(),
        outcome,
        elapsed_ms,
        paths: operation.paths.clone(),
    }
}

/// A report in which `judge` says what became of each operation.
fn reported(
    operations: &[Operation],
    ending: Ending,
    elapsed_ms: u64,
    judge: impl Fn(&Operation) -> Outcome,
) -> Report {
    let each = operations
        .iter()
        .map(|one| outcome_of(one, judge(one), 1_000));
    Report {
        operations: each.collect(),
        ending,
        elapsed_ms,
        ended_at: at("2025-11-12T10:25:48Z"),
    }
}

fn aftermath() -> Aftermath {
    Aftermath::default()
}

/// What the replica's failure means for each operation.
fn with_failed_replica(operation: &Operation) -> Outcome {
    match operation.address.as_str() {
        "replica.reporting" => Outcome::Failed {
            fault: quota(),
            code: "P703".to_owned(),
        },
        "alarm.replica-lag" => Outcome::Skipped {
            because: Address::new("replica.reporting"),
        },
        _ => Outcome::Done,
    }
}

/// The events of the run in which the replica fails: seconds after the start, and the event.
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn story(operations: &[Operation]) -> Vec<(i64, Event)> {
    let find = |address: &str| {
        let found = operations
            .iter()
            .find(|one| one.address.as_str() == address);
        found.expect("the plan has the address").number
    };
    let mut story = Vec::new();
    let start = |story: &mut Vec<(i64, Event)>, second: i64, address: &str| {
        story.push((
            second,
            Event::Started {
                number: find(address),
            },
        ));
    };
    let end = |story: &mut Vec<(i64, Event)>, second: i64, address: &str, elapsed_ms: u64| {
        let number = find(address);
        let outcome = with_failed_replica(&operations[number]);
        story.push((
            second,
            Event::Ended {
                number,
                outcome,
                elapsed_ms,
            },
        ));
    };
    let wait = |story: &mut Vec<(i64, Event)>, second, address: &str, status: &str, elapsed_ms| {
        let number = find(address);
        story.push((
            second,
            Event::Waiting {
                number,
                status: status.to_owned(),
                elapsed_ms,
            },
        ));
    };
    let secrets = ["secret.master", "secret.app", "secret.reporting"];
    let addresses = operations
        .iter()
        .filter(|one| one.step == 1)
        .map(|one| one.address.clone());
    story.push((
        0,
        Event::Step {
            step: 1,
            of: 4,
            addresses: addresses.collect(),
        },
    ));
    for address in ["network", "access", "parameters"].iter().chain(&secrets) {
        start(&mut story, 0, address);
    }
    secrets
        .iter()
        .for_each(|address| end(&mut story, 1, address, 1_200));
    end(&mut story, 2, "network", 1_570);
    end(&mut story, 3, "access", 3_000);
    end(&mut story, 21, "parameters", 21_000);
    start(&mut story, 22, "instance");
    wait(&mut story, 23, "instance", "creating", 1_491);
    for minute in 1..=9_u32 {
        let status = if minute == 9 {
            "backing-up"
        } else {
            "creating"
        };
        let second = 23 + i64::from(minute) * 60;
        wait(
            &mut story,
            second,
            "instance",
            status,
            1_491 + u64::from(minute) * 60_000,
        );
    }
    end(&mut story, 894, "instance", 872_624);
    start(&mut story, 894, "replica.reporting");
    let alarms = [
        "cpu-high",
        "disk-low",
        "memory-low",
        "connections-high",
        "read-latency",
        "write-latency",
    ];
    let alarms: Vec<String> = alarms.iter().map(|name| format!("alarm.{name}")).collect();
    alarms
        .iter()
        .for_each(|address| start(&mut story, 894, address));
    story.push((
        895,
        Event::Retrying {
            number: find("alarm.cpu-high"),
            fault: Fault::new(
                FaultKind::Throttled,
                "cloudwatch:PutMetricAlarm",
                "slow down",
            ),
        },
    ));
    end(&mut story, 896, "replica.reporting", 1_320);
    end(&mut story, 896, "alarm.replica-lag", 0);
    alarms
        .iter()
        .for_each(|address| end(&mut story, 898, address, 3_900));
    start(&mut story, 906, "proxy");
    wait(&mut story, 1206, "proxy", "creating", 300_000);
    end(&mut story, 1416, "proxy", 510_000);
    story
}

fn after(seconds: i64) -> Timestamp {
    began() + SignedDuration::from_secs(seconds)
}

#[test]
fn a_pipeline_gets_a_line_per_change_of_state() {
    let plan = new_environment();
    let document = documented(&plan);
    let operations = operations(&plan);
    let mut lines = Lines::new(plain());
    let mut text = vec![
        lines.start(began(), &document),
        lines.still_holds(began()),
        lines.lock(began(), "ci/apply run 8842", at("2025-11-12T10:17:11Z")),
    ];
    for (second, event) in story(&operations) {
        text.extend(lines.event(after(second), &event, &operations));
    }
    assert_data_eq!(text.join("\n") + "\n", file!["samples/lines.txt"].raw());
}

#[test]
fn a_terminal_redraws_what_goes_on() {
    let plan = new_environment();
    let operations = operations(&plan);
    let mut frame = Frame::new(plain());
    frame.lock(at("2025-11-12T10:26:00Z"));
    let mut shown = String::new();
    let mut draw = |frame: &mut Frame, second: i64| {
        let (finished, redrawn) = frame.render(after(second), 100);
        let all: Vec<String> = finished.into_iter().chain(redrawn).collect();
        writeln!(shown, "-- {second} s\n{}", all.join("\n")).expect("text takes everything");
    };
    let mut looks = [2, 21, 575, 900].into_iter().peekable();
    for (second, event) in story(&operations) {
        while looks.peek().is_some_and(|look| *look < second) {
            draw(&mut frame, looks.next().unwrap());
        }
        frame.event(after(second), &event, &operations);
    }
    shown.push_str("-- end\n");
    shown.push_str(&frame.close(after(1417), 100).join("\n"));
    shown.push('\n');
    assert_data_eq!(shown, file!["samples/frame.txt"].raw());
}

#[test]
fn a_long_wait_says_when_it_gives_up() {
    let plan = new_environment();
    let operations = operations(&plan);
    let number = operations
        .iter()
        .find(|one| one.name == INSTANCE[2])
        .unwrap()
        .number;
    let mut frame = Frame::new(Style {
        ascii: true,
        ..Style::default()
    });
    frame.event(began(), &Event::Started { number }, &operations);
    let event = Event::Waiting {
        number,
        status: "creating".to_owned(),
        elapsed_ms: 1_000,
    };
    frame.event(began(), &event, &operations);
    let (_, redrawn) = frame.render(after(1300), 100);
    assert_eq!(
        redrawn[1],
        "  -  instance           AWS: creating       \
         21:40, longer than usual (12-20 min); gives up at 60 min"
    );
}

#[test]
fn an_incomplete_run_says_what_failed_and_what_stands() {
    let plan = new_environment();
    let document = documented(&plan);
    let operations = operations(&plan);
    let result = reported(
        &operations,
        Ending::Complete,
        1_416_998,
        with_failed_replica,
    );
    let text = report(&result, &document, &aftermath(), plain());
    assert_data_eq!(text, file!["samples/report-incomplete.txt"].raw());
}

#[test]
fn a_complete_run_says_where_to_connect() {
    let plan = new_environment();
    let document = documented(&plan);
    let result = reported(&operations(&plan), Ending::Complete, 2_284_000, |_| {
        Outcome::Done
    });
    let host = |host: &str| Value::text(format!("{host}.ap-south-1.rds.amazonaws.com"));
    let output = |address: &str, name: &str| {
        let outputs = BTreeMap::from([("endpoint".to_owned(), host(name))]);
        (Address::new(address), outputs)
    };
    let mut outputs = BTreeMap::from([
        output("proxy", "happytrip-b2b-proxy.proxy-c9xexample"),
        output("instance", "happytrip-b2b-prod.c9xexample"),
        output(
            "replica.reporting",
            "happytrip-b2b-prod-reporting.c9xexample",
        ),
    ]);
    let instance = outputs.get_mut(&Address::new("instance")).unwrap();
    instance.insert("port".to_owned(), Value::Int(5432));
    let secrets = ["postgres", "app", "reporting"];
    let aftermath = Aftermath {
        endpoints: endpoints(&outputs),
        secrets: secrets
            .map(|name| format!("happytrip/b2b/prod/{name}"))
            .to_vec(),
        due: 0,
    };
    assert_eq!(
        aftermath.endpoints[0],
        Endpoint {
            address: "happytrip-b2b-proxy.proxy-c9xexample.ap-south-1.rds.amazonaws.com:5432"
                .to_owned(),
            used_for: "applications".to_owned(),
        }
    );
    let text = report(&result, &document, &aftermath, plain());
    assert_data_eq!(text, file!["samples/report-done.txt"].raw());
    let due = Aftermath {
        due: 2,
        ..aftermath
    };
    let text = report(&result, &document, &due, plain());
    assert_data_eq!(text, file!["samples/report-due.txt"].raw());
}

#[test]
fn what_waits_is_said_in_the_first_line() {
    let mut plan = risky();
    plan.changes.push(pgward_engine::PlannedChange {
        when: When::Now,
        ..blank("instance.multi_az", "instance", &INSTANCE)
    });
    let document = documented(&plan);
    let of = |number: usize, path: &str, outcome: Outcome| {
        let change = blank(
            path,
            "instance",
            if number == 2 { &PARAMETERS } else { &INSTANCE },
        );
        let mut one = outcome_of(&operation(number, &change, (0, 2, 10)), outcome, 1_000);
        one.paths = vec![Path::new(path)];
        one
    };
    let result = Report {
        operations: vec![
            of(0, "storage.size", Outcome::Done),
            of(1, "instance.class", Outcome::Accepted),
            of(2, "parameters.max_connections", Outcome::Accepted),
            of(3, "instance.multi_az", Outcome::Done),
        ],
        ending: Ending::Complete,
        elapsed_ms: 61_000,
        ended_at: at("2025-11-12T10:25:48Z"),
    };
    let text = report(&result, &document, &aftermath(), plain());
    assert_data_eq!(text, file!["samples/report-accepted.txt"].raw());
}

#[test]
fn a_stopped_run_says_what_goes_on_at_aws() {
    let plan = new_environment();
    let document = documented(&plan);
    let result = reported(
        &operations(&plan),
        Ending::Interrupted,
        372_000,
        |one| match one.step {
            1 => Outcome::Done,
            2 => Outcome::InProgress {
                status: "creating".to_owned(),
            },
            _ => Outcome::NotStarted,
        },
    );
    let text = report(&result, &document, &aftermath(), plain());
    assert_data_eq!(text, file!["samples/report-stopped.txt"].raw());
}

#[test]
fn a_lost_lock_is_named() {
    let plan = deletion();
    let document = documented(&plan);
    let why = "ci/apply run 9000 has it since 10:20".to_owned();
    let result = reported(&operations(&plan), Ending::LeaseLost(why), 372_000, |one| {
        if one.step == 1 {
            Outcome::Done
        } else {
            Outcome::NotStarted
        }
    });
    let text = report(&result, &document, &Aftermath::default(), plain());
    assert_data_eq!(text, file!["samples/report-lock-lost.txt"].raw());
}

#[test]
fn the_event_stream_has_no_gaps_and_one_summary() {
    let plan = new_environment();
    let document = documented(&plan);
    let operations = operations(&plan);
    let mut events = Events::new(&document);
    let holder = "ci/apply run 8842";
    let expires = at("2025-11-12T10:17:11Z");
    let mut lines = vec![
        events.start(began(), &document),
        events.lock(began(), LockState::Taken, holder, Some(expires)),
    ];
    for (second, event) in story(&operations) {
        lines.extend(events.event(after(second), &event, &operations));
    }
    let result = reported(
        &operations,
        Ending::Complete,
        1_416_998,
        with_failed_replica,
    );
    lines.push(events.summary(after(1417), RunResult::Partial, 1, Some(&result)));
    for (index, line) in lines.iter().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["seq"], index + 1);
    }
    assert_data_eq!(lines.join("\n") + "\n", file!["samples/events.jsonl"].raw());
}

#[test]
fn the_json_document_has_the_documented_shape() {
    assert_data_eq!(
        json(&documented(&risky())),
        file!["samples/plan-risky.json"].raw()
    );
}

#[test]
fn a_document_survives_its_file() {
    let document = documented(&new_environment());
    let read: pgward_review::Document = serde_json::from_str(&json(&document)).unwrap();
    assert_eq!(read, document);
}
