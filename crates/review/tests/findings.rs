//! Drift and diagnostics, compared byte for byte with the samples.

mod build;

use std::collections::BTreeMap;

use build::{at, flags, origin, plain};
use pgward_engine::{Drift, DriftClass, DriftItem};
use pgward_model::{Address, Diagnostic, Effect, Environment, Flag, Origin, Path};
use pgward_review::{
    CheckDocument, DriftDocument, DriftVerdict, EnvironmentPart, Sources, json, text,
};
use snapbox::{assert_data_eq, file};

fn item(
    path: &str,
    address: &str,
    class: DriftClass,
    values: [&str; 2],
    remark: &str,
) -> DriftItem {
    DriftItem {
        address: Address::new(address),
        kind: address.split('.').next().unwrap_or(address).to_owned(),
        path: Path::new(path),
        attribute: None,
        whole: path == address,
        last_applied: Some(values[0].to_owned()),
        live: Some(values[1].to_owned()),
        class,
        effect: Effect::Online,
        flags: flags(&[]),
        disowned: false,
        remarks: if remark.is_empty() {
            Vec::new()
        } else {
            vec![remark.to_owned()]
        },
        origin: None,
    }
}

fn drifted() -> Drift {
    let outside = DriftClass::Outside;
    let protection = DriftItem {
        flags: flags(&[Flag::Exposure]),
        origin: Some(origin("prod.toml", 26)),
        ..item(
            "instance.deletion_protection",
            "instance",
            outside,
            ["true", "false"],
            "one API call could delete the instance",
        )
    };
    let rule = DriftItem {
        last_applied: None,
        flags: flags(&[Flag::Exposure]),
        origin: Some(origin("prod.toml", 11)),
        ..item(
            "access.0-0-0-0-0",
            "access",
            outside,
            ["", "tcp 5432 from 0.0.0.0/0"],
            "",
        )
    };
    let alarm = DriftItem {
        origin: Some(origin("base.toml", 85)),
        ..item(
            "alarm.cpu-high.actions",
            "alarm.cpu-high",
            outside,
            ["on", "off"],
            "",
        )
    };
    let scanner = |address: &str| {
        item(
            "tags.LastScanned",
            address,
            DriftClass::Ignored,
            ["", "2025-11-12"],
            "",
        )
    };
    Drift {
        record: Some((at("2025-11-09T14:21:00Z"), Some("4f1c2aa".to_owned()))),
        items: vec![
            protection,
            rule,
            alarm,
            item(
                "storage.size",
                "instance",
                DriftClass::Expected,
                ["100 GiB", "110 GiB"],
                "by storage autoscaling; grow_to allows it up to 1000 GiB",
            ),
            scanner("instance"),
            scanner("network"),
            item(
                "instance.class",
                "instance",
                DriftClass::NotApplied,
                ["db.m6g.xlarge", "db.m6g.xlarge"],
                "db.m6g.2xlarge in the spec since 9b07e15",
            ),
        ],
        compared: 16,
        unread: 0,
    }
}

fn drift_document(drift: &Drift) -> DriftDocument {
    let environment = Environment {
        project: "happytrip-b2b".to_owned(),
        name: "prod".to_owned(),
        account: "111122223333".to_owned(),
        region: "ap-south-1".to_owned(),
    };
    let environment = EnvironmentPart::new(&environment, false, None);
    DriftDocument::new(drift, &environment, at("2025-11-12T06:00:00Z"), "0.4.0")
}

#[test]
fn drift_says_what_changed_and_how_to_put_it_back() {
    let document = drift_document(&drifted());
    assert_data_eq!(
        text::drift(&document, plain()),
        file!["samples/drift.txt"].raw()
    );
    assert_data_eq!(json(&document), file!["samples/drift.json"].raw());
}

#[test]
fn no_drift_is_one_line() {
    let mut drift = drifted();
    drift.items.clear();
    let text = text::drift(&drift_document(&drift), plain());
    assert_data_eq!(text, file!["samples/drift-none.txt"].raw());
}

#[test]
fn an_alarm_is_not_green_because_it_is_blind() {
    let mut drift = drifted();
    drift.items.clear();
    drift.compared = 15;
    drift.unread = 1;
    let document = drift_document(&drift);
    assert_eq!(document.verdict, DriftVerdict::Incomplete);
    let text = text::drift(&document, plain());
    assert!(text.contains("NO DRIFT in 15 of 16 resources\n  ? 1 resource could not be read\n"));
}

#[test]
fn without_a_record_nobody_is_blamed() {
    let mut drift = drifted();
    drift.record = None;
    drift.items.truncate(1);
    let text = text::drift(&drift_document(&drift), plain());
    assert_data_eq!(text, file!["samples/drift-unknown.txt"].raw());
}

/// A file whose lines are empty but for those given by number.
fn lines(given: &[(u32, &str)]) -> String {
    let last = given.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let line = |number| {
        given
            .iter()
            .find(|(one, _)| *one == number)
            .map_or("", |(_, text)| text)
    };
    (1..=last)
        .map(|number| format!("{}\n", line(number)))
        .collect()
}

fn sources(files: &[(&str, &[(u32, &str)])]) -> Sources {
    let texts: BTreeMap<String, String> = files
        .iter()
        .map(|(file, given)| (format!("specs/{file}.toml"), lines(given)))
        .collect();
    Sources::new(texts)
}

/// The place of `word` in a line of a file.
fn place(file: &str, number: u32, line: &str, word: &str) -> Origin {
    let start = line.find(word).expect("the word is in the line");
    let column = u32::try_from(line[..start].chars().count()).expect("lines are short") + 1;
    let width = u32::try_from(word.chars().count()).expect("words are short");
    Origin {
        file: format!("specs/{file}.toml"),
        line: number,
        column,
        end_column: column + width,
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one file with all its findings")]
fn the_place_the_cause_and_the_way_out_are_shown() {
    let unknown = "mutli_az            = true";
    let circle = [
        (39, "source = \"replica.archive\""),
        (43, "source = \"replica.reporting\""),
    ];
    let size = "size       = \"100 GiB\"";
    let grow = "grow_to    = \"105 GiB\"";
    let subnets = "subnets        = [\"subnet-0abc1230000000001\", \"subnet-0abc1230000000009\"]";
    let protection = "deletion_protection = false";
    let allow = "allow      = [\"online\", \"degraded\"]";
    let sources = sources(&[
        (
            "prod",
            &[
                (7, subnets),
                (24, unknown),
                (26, protection),
                (30, size),
                (31, grow),
                circle[0],
                circle[1],
            ],
        ),
        ("base", &[(119, allow)]),
    ]);
    let all = vec![
        Diagnostic::error(
            "P501",
            "both subnets are in ap-south-1a; a DB subnet group needs two zones",
        )
        .at(
            &place("prod", 7, subnets, "\"subnet-0abc1230000000009\""),
            "ap-south-1a, both",
        )
        .also(
            &place("prod", 7, subnets, "\"subnet-0abc1230000000001\""),
            "",
        )
        .help(
            "take one of the other zones, same VPC, private: subnet-0def4560000000002 \
                 (ap-south-1b),\nsubnet-0aa77c10000000003 (ap-south-1c)",
        )
        .note("found by reading AWS at 2025-11-12 09:14 UTC"),
        Diagnostic::error("P101", "unknown key `mutli_az` in [instance]")
            .at(
                &place("prod", 24, unknown, "mutli_az"),
                "not a key of [instance]",
            )
            .help("did you mean `multi_az`?"),
        Diagnostic::warning(
            "P403",
            "deletion protection is off on an environment whose policy is careful",
        )
        .at(
            &place("prod", 26, protection, "false"),
            "one API call could delete the instance",
        )
        .also(
            &place("base", 119, allow, "[\"online\", \"degraded\"]"),
            "policy of this environment",
        )
        .help("deletion_protection = true"),
        Diagnostic::error("P312", "`grow_to` must be at least 10% above `size`")
            .at(&place("prod", 31, grow, "\"105 GiB\""), "")
            .also(
                &place("prod", 30, size, "\"100 GiB\""),
                "so at least \"110 GiB\"",
            )
            .help(
                "grow_to = \"110 GiB\" or more; without the line a new instance grows by hand only",
            ),
        Diagnostic::error(
            "P202",
            "replicas copy each other in a circle: reporting -> archive -> reporting",
        )
        .at(
            &place("prod", 39, circle[0].1, "\"replica.archive\""),
            "reporting copies archive",
        )
        .also(
            &place("prod", 43, circle[1].1, "\"replica.reporting\""),
            "archive copies reporting",
        )
        .help("one of them must copy the instance: remove its `source` line"),
    ];
    let text = text::diagnostics(&all, &sources, plain());
    assert_data_eq!(text, file!["samples/diagnostics.txt"].raw());
    assert_eq!(
        text::totals(&all),
        [
            "4 errors, 1 warning in specs/prod.toml",
            "explain: pgward explain P501"
        ]
    );
    let check = CheckDocument::new(&["prod".to_owned()], &all, "0.4.0");
    assert_eq!(
        check.sentence(),
        "1 environment (prod): 4 errors, 1 warning"
    );
    assert_data_eq!(json(&check), file!["samples/check.json"].raw());
}

#[test]
fn a_secret_is_hidden_in_every_line_that_shows_it() {
    let line = "password            = \"hunter2, in clear\"   # old";
    let place_of = |word: &str| place("prod", 26, line, word);
    let all = vec![
        Diagnostic::error("P110", "a password is written in this file")
            .at(
                &place_of("\"hunter2, in clear\""),
                "value hidden; treat it as leaked if this file was ever pushed",
            )
            .help(
                "delete the line. [secret.master] already gives the instance a generated \
                 password, kept in Secrets Manager as happytrip/b2b/prod/postgres",
            )
            .note("no key of this language takes a password, so there is nothing to rename it to"),
        Diagnostic::error("P101", "unknown key `password` in [instance]")
            .at(&place_of("password"), "not a key of [instance]")
            .also(&place_of("# old"), "a comment behind it"),
    ];
    let text = text::diagnostics(&all, &sources(&[("prod", &[(26, line)])]), plain());
    assert!(!text.contains("hunter2"));
    assert_data_eq!(text, file!["samples/diagnostics-secret.txt"].raw());
}

#[test]
fn carets_align_by_display_width_and_tabs_are_one_column() {
    let line = "名前\t= \"日本\u{1b}[0m\"";
    let all = Diagnostic::error("P103", "`名前` is a number, not text")
        .at(&place("prod", 3, line, "\"日本\u{1b}[0m\""), "text");
    let text = text::diagnostic(&all, &sources(&[("prod", &[(3, line)])]), plain());
    assert_data_eq!(text, file!["samples/diagnostics-wide.txt"].raw());
}

#[test]
fn without_a_place_the_facts_are_aligned() {
    let refused = Diagnostic::error(
        "P602",
        "this plan goes further than the policy of prod allows",
    )
    .fact(
        "needs",
        "downtime (instance.class), reboot (parameters.max_connections)",
    )
    .fact("has", "online, degraded\tspecs/base.toml:119")
    .fact(
        "next",
        "pgward apply prod --yes --allow downtime,reboot\n\
             --yes answers the question; it does not widen the policy",
    );
    let busy = Diagnostic::error("P620", "happytrip-b2b/prod is locked by another apply")
        .fact(
            "holder",
            "ci/apply run 8842, arn:aws:sts::111122223333:assumed-role/ci-apply/8842",
        )
        .fact("since", "2025-11-12 10:02 UTC, 14 min ago; seen 20 s ago")
        .fact(
            "next",
            "wait and repeat. If run 8842 is gone: pgward unlock prod",
        );
    let text = text::diagnostics(&[refused, busy], &Sources::default(), plain());
    assert_data_eq!(text, file!["samples/diagnostics-facts.txt"].raw());
}

#[test]
fn several_labels_of_a_line_keep_their_words() {
    let line = "a = [\"first\", \"second\", \"third\"]";
    let at = |word: &str| place("prod", 1, line, word);
    let found = Diagnostic::error("P103", "three things are wrong")
        .at(&at("\"third\""), "the third")
        .also(&at("\"first\""), "the first")
        .also(&at("\"second\""), "the second");
    let text = text::diagnostic(&found, &sources(&[("prod", &[(1, line)])]), plain());
    assert_data_eq!(text, file!["samples/diagnostics-labels.txt"].raw());
}
