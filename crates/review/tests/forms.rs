//! The other forms of one document: Markdown, SARIF, annotations, pages and numbers.

mod build;

use std::collections::BTreeSet;

use build::environments::{accepted, deletion, new_environment, risky};
use build::{documented, drifted, edges, plan, reported, result_of};
use pgward_engine::Ending;
use pgward_model::Diagnostic;
use pgward_review::{
    Aftermath, CheckDocument, Document, FailureDocument, Form, Places, Setting, Style, Subject,
    render,
};
use snapbox::{assert_data_eq, file};

/// The setting of a job on GitHub.
fn on_github() -> Setting {
    Setting {
        places: Places {
            prefix: String::new(),
            base: Some("https://github.com/ORG/REPO/blob/9b07e15".to_owned()),
            run: Some("https://github.com/ORG/REPO/actions/runs/8842".to_owned()),
            fallback: None,
        },
        ..Setting::default()
    }
}

fn written(subject: &Subject<'_>, form: Form) -> String {
    render(subject, form, &on_github()).expect("the subject has the form")
}

fn with_edges(document: Document) -> Document {
    Document {
        nodes: edges(),
        ..document
    }
}

#[test]
fn a_risky_plan_is_a_comment_a_reviewer_can_stop_reading_after_three_rows() {
    let documents = [documented(&risky())];
    let subject = Subject::Plans(&documents);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/plan-risky.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Github),
        file!["samples/plan-risky.github.txt"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Sarif),
        file!["samples/plan-risky.sarif"].raw()
    );
}

#[test]
fn a_new_environment_is_a_short_comment_and_makes_no_noise() {
    let documents = [documented(&new_environment())];
    let subject = Subject::Plans(&documents);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/plan-new.md"].raw()
    );
    assert_eq!(written(&subject, Form::Github), "");
}

#[test]
fn no_changes_are_told_from_no_run() {
    let documents = [documented(&plan("2025-11-12T11:02:00Z", "4f1c2aa"))];
    assert_data_eq!(
        written(&Subject::Plans(&documents), Form::Markdown),
        file!["samples/plan-none.md"].raw()
    );
    let documents = [documented(&accepted())];
    assert_data_eq!(
        written(&Subject::Plans(&documents), Form::Markdown),
        file!["samples/plan-waiting.md"].raw()
    );
}

#[test]
fn a_deletion_is_a_comment_too() {
    let documents = [documented(&deletion())];
    assert_data_eq!(
        written(&Subject::Plans(&documents), Form::Markdown),
        file!["samples/destroy.md"].raw()
    );
}

#[test]
fn ascii_has_words_for_the_glyphs() {
    let documents = [documented(&risky())];
    let setting = Setting {
        style: Style {
            ascii: true,
            ..Style::default()
        },
        ..on_github()
    };
    let text = render(&Subject::Plans(&documents), Form::Markdown, &setting).unwrap();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains(": BLOCKED 2 blocked, 2 need approval, 1 ready\n"));
}

#[test]
fn without_a_repository_places_are_text() {
    let documents = [documented(&risky())];
    let text = render(
        &Subject::Plans(&documents),
        Form::Markdown,
        &Setting::default(),
    )
    .unwrap();
    assert!(text.contains("| specs/prod.toml:32 |"), "{text}");
    assert!(!text.contains("]("), "{text}");
}

#[test]
fn drift_is_written_in_every_form() {
    let documents = [drifted()];
    let subject = Subject::Drifts(&documents);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/drift.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Github),
        file!["samples/drift.github.txt"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Sarif),
        file!["samples/drift.sarif"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Metrics),
        file!["samples/drift.prom"].raw()
    );
}

#[test]
fn a_fleet_is_a_table_before_its_comments() {
    let mut quiet = drifted();
    quiet.environment.name = "staging".to_owned();
    quiet.drift.clear();
    quiet.summary.outside = 0;
    quiet.verdict = pgward_review::DriftVerdict::NoDrift;
    let documents = [quiet, drifted()];
    let subject = Subject::Drifts(&documents);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/drift-all.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Metrics),
        file!["samples/drift-all.prom"].raw()
    );
}

fn check_document() -> CheckDocument {
    let waived = Diagnostic {
        accepted: Some("the office network, until the VPN is there".to_owned()),
        ..Diagnostic::error(
            "P401",
            "[access.office] opens PostgreSQL to the whole internet",
        )
        .at(&build::origin("prod.toml", 58), "")
        .about("access.office")
    };
    let found = [
        Diagnostic::error("P101", "unknown key `mutli_az` in [instance]")
            .at(&build::origin("prod.toml", 24), "not a key of [instance]")
            .help("did you mean `multi_az`?"),
        Diagnostic::warning(
            "P404",
            "log_statement = \"all\" writes row values, passwords among them, to the log",
        )
        .at(&build::origin("base.toml", 30), "")
        .about("parameters.log_statement"),
        waived,
    ];
    CheckDocument::new(&["prod".to_owned(), "staging".to_owned()], &found, "0.4.0")
}

#[test]
fn findings_of_files_are_written_in_every_form() {
    let document = check_document();
    let subject = Subject::Check(&document);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/check.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Github),
        file!["samples/check.github.txt"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Sarif),
        file!["samples/check.sarif"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Human),
        file!["samples/check-form.txt"].raw()
    );
}

#[test]
fn a_plan_that_could_not_be_made_takes_the_place_of_the_last_one() {
    let found = [
        Diagnostic::error("P509", "AWS does not say who these credentials belong to")
            .fact(
                "AWS",
                "sts:GetCallerIdentity -> ExpiredToken (HTTP 403)\nrequest id 4f0c",
            )
            .fact("next", "renew the credentials"),
    ];
    let names = (Some("happytrip-b2b".to_owned()), Some("prod".to_owned()));
    let document = FailureDocument::new("plan", names, 1, &found, "0.4.0");
    let subject = Subject::Failure(&document);
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/failure.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Json),
        file!["samples/failure.json"].raw()
    );
}

#[test]
fn a_run_says_what_failed_first() {
    let plan = new_environment();
    let document = documented(&plan);
    let report = reported(&plan, Ending::Complete, result_of);
    let aftermath = Aftermath::default();
    let subject = Subject::Run {
        report: &report,
        document: &document,
        aftermath: &aftermath,
    };
    assert_data_eq!(
        written(&subject, Form::Markdown),
        file!["samples/report-incomplete.md"].raw()
    );
    assert_data_eq!(
        written(&subject, Form::Github),
        file!["samples/report-incomplete.github.txt"].raw()
    );
}

#[test]
fn github_shows_ten_and_is_told_of_the_rest() {
    let found: Vec<Diagnostic> = (1..=32)
        .map(|line| {
            Diagnostic::error("P101", format!("unknown key `k{line}`, 100%\nsecond line"))
                .at(&build::origin("a,b:c.toml", line), "")
        })
        .collect();
    let document = CheckDocument::new(&["prod".to_owned()], &found, "0.4.0");
    let text = written(&Subject::Check(&document), Form::Github);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(
        lines[0],
        "::error file=specs/a%2Cb%3Ac.toml,line=1,col=1,endColumn=2,title=P101 unknown key\
         ::unknown key `k1`, 100%25\\nsecond line"
    );
    assert_eq!(lines[9], "::error::and 23 more, all in the job summary");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "with PAGES=FOLDER the pages are kept, to be looked at in a browser"
)]
fn pages_hold_everything_and_fetch_nothing() {
    let setting = on_github();
    let mut evil = risky();
    evil.changes[0].after_text = Some("</style><script>alert(1)</script>\" onload=\"x".to_owned());
    let mut waited = risky();
    waited.waiting.extend(accepted().waiting);
    let report = reported(&new_environment(), Ending::Complete, result_of);
    let aftermath = Aftermath::default();
    let created = [with_edges(documented(&new_environment()))];
    let run = Subject::Run {
        report: &report,
        document: &created[0],
        aftermath: &aftermath,
    };
    let (evil, risky) = (
        [with_edges(documented(&evil))],
        [with_edges(documented(&waited))],
    );
    let none = [documented(&plan("2025-11-12T11:02:00Z", "4f1c2aa"))];
    let drifts = [drifted()];
    let pages = [
        ("risky", Subject::Plans(&risky)),
        ("evil", Subject::Plans(&evil)),
        ("new", Subject::Plans(&created)),
        ("none", Subject::Plans(&none)),
        ("run", run),
        ("drift", Subject::Drifts(&drifts)),
    ];
    for (name, subject) in pages {
        let page = render(&subject, Form::Html, &setting).expect("it has a page");
        for forbidden in ["<script", "javascript:", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(forbidden), "{name} has {forbidden}");
        }
        build::markup::assert_balanced(&page, name);
        if let Some(folder) = std::env::var_os("PAGES") {
            let path = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(path, page).unwrap();
        }
    }
}

#[test]
fn a_summary_of_waiting_values_and_versions_is_in_the_numbers() {
    let mut document = drifted();
    document.waiting = documented(&accepted()).waiting;
    document.versions = vec![pgward_review::VersionPart {
        address: "instance".to_owned(),
        version: "16.9".to_owned(),
        behind: Some(2),
    }];
    let text = written(&Subject::Drifts(&[document]), Form::Metrics);
    assert!(text.contains("pgward_engine_minor_versions_behind{project=\"happytrip-b2b\""));
    assert!(text.contains("address=\"instance\"} 2\n"));
    assert!(text.contains("pgward_waiting_values{"));
}

#[test]
fn the_forms_that_a_subject_lacks_are_none() {
    let check = check_document();
    let setting = Setting::default();
    assert_eq!(render(&Subject::Check(&check), Form::Html, &setting), None);
    assert_eq!(
        render(&Subject::Check(&check), Form::Metrics, &setting),
        None
    );
    let words: BTreeSet<&str> = Form::ALL.iter().map(|form| form.word()).collect();
    assert_eq!(words.len(), Form::ALL.len());
    assert!(
        Form::ALL
            .iter()
            .all(|form| Form::from_word(form.word()) == Some(*form))
    );
}
