//! Comments of random plans stay within any budget, whole, and never without what must be read.

mod build;

use build::environments::{new_environment, risky};
use build::markup::assert_whole;
use build::{documented, drifted};
use pgward_engine::{DriftClass, When};
use pgward_model::{Diagnostic, Effect, Flag, Path};
use pgward_review::{
    Change, CheckDocument, Document, DriftDocument, EnvironmentPart, Form, GateState, NodePart,
    Places, Setting, Subject, UnreadPart, markdown, render,
};
use proptest::prelude::*;

/// A small generator: the same number gives the same plan.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).expect("31 bits fit");
        high % limit.max(1)
    }

    /// Text that would break out of anything it is pasted into.
    fn text(&mut self, longest: usize) -> String {
        const PIECES: [&str; 28] = [
            "a",
            "b-2",
            "production",
            "_x_",
            "max_connections",
            "`",
            "```",
            "````diff",
            "|",
            "\n",
            "\r\n",
            "<details>",
            "</details>",
            "<!--",
            "-->",
            "@everyone",
            "#12",
            "*bold*",
            "[a](b)",
            "https://evil.example/",
            "\u{202e}",
            "\u{1b}[2J",
            "日本語",
            "&lt;",
            "\\",
            "~~~",
            "$x$",
            "www.example.com ",
        ];
        let mut text = String::new();
        for _ in 0..self.below(longest) + 1 {
            text.push_str(PIECES[self.below(PIECES.len())]);
        }
        text
    }
}

/// A plan of so many changes whose every text is foreign.
fn random_plan(seed: u64, size: usize) -> Document {
    let mut chance = Chance(seed);
    let templates: Vec<Change> = documented(&risky())
        .changes
        .into_iter()
        .chain(documented(&new_environment()).changes)
        .collect();
    let mut document = documented(&risky());
    document.environment = EnvironmentPart {
        project: chance.text(12),
        name: chance.text(6),
        endpoint: Some(chance.text(9)),
        ..document.environment
    };
    document.changes = (0..size)
        .map(|number| change(&mut chance, &templates, number))
        .collect();
    document.live.unread = (0..chance.below(4))
        .map(|_| UnreadPart {
            address: chance.text(3),
            reason: chance.text(30),
        })
        .collect();
    for waiting in &mut document.waiting {
        waiting.before = Some(chance.text(10));
        waiting.note = chance.text(20);
    }
    document.notes = (0..chance.below(5)).map(|_| chance.text(40)).collect();
    let findings: Vec<Diagnostic> = (0..chance.below(size + 1) / 4)
        .map(|_| {
            Diagnostic::warning("P404", chance.text(20))
                .at(&build::origin(&chance.text(2), 3), "")
                .help(chance.text(20))
        })
        .collect();
    let check = CheckDocument::new(&[], &findings, "0.4.0");
    document.findings = check.findings;
    document.nodes = vec![NodePart {
        address: chance.text(3),
        noun: chance.text(3),
        name: chance.text(3),
        needs: vec![chance.text(3)],
    }];
    document
}

fn change(chance: &mut Chance, templates: &[Change], number: usize) -> Change {
    let mut change = templates[chance.below(templates.len())].clone();
    change.path = Path::new(format!("{}.{number}", chance.text(4)));
    change.address = chance.text(3);
    change.before_text = Some(chance.text(60)).filter(|_| !number.is_multiple_of(5));
    change.after_text = Some(chance.text(60)).filter(|_| !number.is_multiple_of(7));
    change.headline = chance.text(8);
    change.reason = chance.text(12);
    change.resource.noun = chance.text(2);
    change.effect = Effect::ALL[chance.below(6)];
    if chance.below(3) == 0 {
        change.flags.insert(Flag::Exposure);
    }
    for detail in &mut change.details {
        detail.text = chance.text(20);
    }
    match chance.below(6) {
        0 => {
            change.gate.state = GateState::Blocked;
            change.gate.code = Some(["P601", "P401", "P603"][chance.below(3)].to_owned());
            change.gate.why = Some(chance.text(10));
            change.gate.instead = vec![chance.text(30)];
            change.when = When::Never;
        }
        1 => {
            change.gate.state = GateState::NeedsAllow;
            change.gate.allow = Some(Effect::Downtime);
        }
        _ => change.gate.state = GateState::Ready,
    }
    if let Some(source) = &mut change.source {
        source.file = format!("specs/{}.toml", chance.text(3));
    }
    change
}

fn setting(budget: usize, linked: bool) -> Setting {
    let address = "https://git.example.com/organization/repository";
    Setting {
        budget,
        places: Places {
            base: linked.then(|| format!("{address}/blob/9b07e15")),
            run: linked.then(|| format!("{address}/actions/runs/8842")),
            ..Places::default()
        },
        ..Setting::default()
    }
}

/// What holds for every comment of a plan.
fn assert_readable(document: &Document, text: &str, budget: usize) {
    assert!(text.len() <= budget, "{} bytes of {budget}", text.len());
    assert_whole(text);
    let mut lines = text.lines();
    let marker = lines.next().expect("a first line");
    assert!(marker.starts_with("<!-- pgward:plan "), "{marker}");
    let data = lines.next().expect("a second line");
    assert!(
        data.len() <= 500 && data.starts_with("<!-- pgward:data {"),
        "{data}"
    );
    let data = data
        .trim_start_matches("<!-- pgward:data ")
        .trim_end_matches(" -->");
    let data: serde_json::Value = serde_json::from_str(data).expect("the data is JSON");
    assert_eq!(data["changes"], document.changes.len());
    assert_eq!(data["blocked"], document.blocked().count());
    let heading = lines.next().expect("a heading");
    assert!(heading.starts_with("### Plan for "), "{heading}");
    let blocked: Vec<&Change> = document.blocked().collect();
    if !blocked.is_empty() {
        assert!(
            heading.contains(&format!("{} blocked", blocked.len())),
            "{heading}"
        );
        let (_, list) = text
            .split_once("\n**Blocked**\n")
            .expect("a list of what is blocked");
        let codes = ["P601", "P401", "P603"];
        let listed = list
            .lines()
            .take_while(|line| line.starts_with("- "))
            .count();
        let counted = codes
            .iter()
            .filter(|code| list.contains(&format!("- {code}: ")))
            .count();
        assert!(
            listed == blocked.len() || (counted > 0 && listed == counted),
            "{listed}"
        );
    }
    assert!(
        text.contains("\n<sub>") && text.ends_with("</sub>\n"),
        "no footer"
    );
    assert!(text.contains(" unchanged."), "no sums");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_comment_of_a_plan_fits_any_budget_and_is_whole(
        seed in any::<u64>(),
        size in prop_oneof![0_usize..12, 20_usize..160],
        budget in prop_oneof![Just(markdown::MINIMUM), 4_096_usize..20_000, 20_000_usize..1_000_000],
        linked in any::<bool>(),
    ) {
        let document = random_plan(seed, size);
        let documents = [document];
        let text = render(&Subject::Plans(&documents), Form::Markdown, &setting(budget, linked))
            .expect("plans have Markdown");
        assert_readable(&documents[0], &text, budget);
    }

    #[test]
    fn other_comments_fit_any_budget_and_are_whole(
        seed in any::<u64>(),
        size in 0_usize..60,
        budget in 4_096_usize..60_000,
    ) {
        let plan = random_plan(seed, size);
        let drift = random_drift(seed, size);
        let check = CheckDocument {
            findings: plan.findings.clone(),
            ..CheckDocument::new(&[Chance(seed).text(40)], &[], "0.4.0")
        };
        let plans = [plan.clone(), plan];
        let drifts = [drift.clone(), drift.clone(), drift.clone()];
        let subjects = [
            Subject::Plans(&plans),
            Subject::Drifts(&drifts[..1]),
            Subject::Drifts(&drifts),
            Subject::Check(&check),
        ];
        for subject in subjects {
            let text = render(&subject, Form::Markdown, &setting(budget, true))
                .expect("they have Markdown");
            assert!(text.len() <= budget, "{} bytes of {budget}:\n{text}", text.len());
            assert_whole(&text);
        }
    }

    #[test]
    fn pages_and_annotations_hold_no_foreign_markup(seed in any::<u64>(), size in 0_usize..20) {
        let documents = [random_plan(seed, size)];
        let subject = Subject::Plans(&documents);
        let page = render(&subject, Form::Html, &setting(60_000, true)).expect("plans have a page");
        build::markup::assert_balanced(&page, "random");
        let lines = render(&subject, Form::Github, &setting(60_000, true)).expect("annotations");
        for line in lines.lines() {
            assert!(line.starts_with("::") && line.len() < 4_096, "{line}");
        }
        assert!(lines.lines().count() <= 30);
    }
}

/// A comparison with so many differences whose every text is foreign.
fn random_drift(seed: u64, size: usize) -> DriftDocument {
    let mut chance = Chance(seed);
    let mut document = drifted();
    let templates = document.drift.clone();
    document.environment.name = chance.text(5);
    document.drift = (0..size)
        .map(|_| {
            let mut entry = templates[chance.below(templates.len())].clone();
            entry.path = Path::new(chance.text(5));
            entry.live = Some(chance.text(40));
            entry.last_applied = Some(chance.text(40));
            entry.remarks = vec![chance.text(20)];
            entry.who = Some(chance.text(4));
            entry.class = [
                DriftClass::Outside,
                DriftClass::Expected,
                DriftClass::Ignored,
                DriftClass::NotApplied,
            ][chance.below(4)];
            entry
        })
        .collect();
    for notice in &mut document.next {
        notice.command = chance.text(200);
    }
    document
}
