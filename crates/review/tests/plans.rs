//! The plans of the samples, compared byte for byte.

mod build;

use build::environments::{accepted, deletion, new_environment, risky};
use build::{at, documented, plain, plan};
use pgward_engine::{Fault, FaultKind, Plan, Unmanaged, Unread, Verdict};
use pgward_model::{Address, Diagnostic};
use pgward_review::{Style, text};
use snapbox::{assert_data_eq, file};

#[test]
fn a_new_environment_is_planned_by_steps() {
    let document = documented(&new_environment());
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-new.txt"].raw()
    );
    assert_eq!(
        text::question(&document),
        "Apply 16 changes to happytrip-b2b/prod in account 111122223333?\n\
         Type the environment's name to go on: "
    );
    assert_eq!(text::refusal(&document), None);
}

#[test]
fn a_risky_change_is_shown_in_full() {
    let document = documented(&risky());
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-risky.txt"].raw()
    );
    assert_eq!(
        text::refusal(&document).as_deref(),
        Some("two changes are blocked")
    );
}

#[test]
fn no_change_says_what_was_compared() {
    let document = documented(&plan("2025-11-12T11:02:00Z", "4f1c2aa"));
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-none.txt"].raw()
    );
}

#[test]
fn what_waits_is_not_a_change() {
    let document = documented(&accepted());
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-waiting.txt"].raw()
    );
}

#[test]
fn what_waits_is_named_beside_new_changes() {
    let mut both = risky();
    both.waiting.extend(accepted().waiting);
    both.waiting[1].overdue = true;
    let document = documented(&both);
    let text = text::plan(&document, plain());
    let start = text.find("On its way").unwrap();
    assert_data_eq!(
        text[start..].to_owned(),
        file!["samples/plan-waiting-too.txt"].raw()
    );
}

#[test]
fn a_narrow_terminal_breaks_lines_and_no_words() {
    let style = Style::default().with_width(60);
    let document = documented(&risky());
    assert_data_eq!(
        text::plan(&document, style),
        file!["samples/plan-narrow.txt"].raw()
    );
}

#[test]
fn the_narrowest_terminal_hangs_text_below_its_label() {
    let style = Style::default().with_width(40);
    let document = documented(&new_environment());
    assert_data_eq!(
        text::plan(&document, style),
        file!["samples/plan-new-narrow.txt"].raw()
    );
}

#[test]
fn ascii_has_no_glyphs() {
    let style = Style {
        ascii: true,
        ..Style::default()
    };
    let text = text::plan(&documented(&new_environment()), style);
    assert!(text.is_ascii());
    assert!(text.contains("PLAN  16 to create - the environment is new"));
}

#[test]
fn color_only_repeats_what_the_words_say() {
    let style = Style {
        color: true,
        ..Style::default()
    };
    let document = documented(&risky());
    let colored = text::plan(&document, style);
    assert!(colored.contains("\u{1b}[35mx\u{1b}[0m"));
    let mut stripped = colored;
    for code in ["0", "1", "2", "31", "32", "33", "35"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(stripped, text::plan(&document, plain()));
}

#[test]
fn what_is_not_managed_or_not_readable_is_marked() {
    let mut fault = Fault::new(FaultKind::Denied, "rds:DescribeDBProxies", "not authorized");
    fault.code = Some("AccessDenied".to_owned());
    let strange = Plan {
        verdict: Verdict::Incomplete,
        compared: 14,
        unmanaged: vec![
            Unmanaged {
                address: Address::new("instance"),
                name: "happytrip-b2b-prod".to_owned(),
                owner: None,
            },
            Unmanaged {
                address: Address::new("network"),
                name: "happytrip-b2b-db".to_owned(),
                owner: Some("happytrip-b2b/staging".to_owned()),
            },
        ],
        unread: vec![Unread {
            address: Address::new("proxy"),
            fault,
        }],
        not_checked: vec!["roles: access denied".to_owned()],
        findings: vec![
            Diagnostic::warning(
                "P404",
                "log_statement = \"all\" writes row values to the log",
            )
            .at(&build::origin("prod.toml", 47), ""),
        ],
        ..plan("2025-11-12T11:02:00Z", "4f1c2aa")
    };
    let mut strange = strange;
    strange.circumstances.sandbox = true;
    strange.circumstances.endpoint = Some("http://127.0.0.1:4566".to_owned());
    let document = documented(&strange);
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-strange.txt"].raw()
    );
    assert_eq!(
        text::refusal(&document).as_deref(),
        Some("one resource could not be read")
    );
}

#[test]
fn foreign_text_is_escaped() {
    let mut evil = risky();
    evil.changes[0].after_text = Some("alias/\u{1b}[2J\u{202e}key".to_owned());
    let text = text::plan(&documented(&evil), plain());
    assert!(text.contains("alias/\\u{1b}[2J\\u{202e}key"));
}

#[test]
fn a_deletion_says_what_goes_and_what_is_kept() {
    let document = documented(&deletion());
    assert_data_eq!(
        text::destroy(&document, plain()),
        file!["samples/destroy.txt"].raw()
    );
    assert_eq!(
        text::question(&document),
        "This deletes data. Type happytrip-b2b/dev to go on: "
    );
}

#[test]
fn what_needs_allow_alone_is_offered_at_once() {
    let mut careful = risky();
    careful
        .changes
        .retain(|change| change.path.as_str() == "instance.class");
    careful.waiting.clear();
    careful.circumstances.now = at("2025-11-16T02:48:00Z");
    let document = documented(&careful);
    assert_data_eq!(
        text::plan(&document, plain()),
        file!["samples/plan-allow.txt"].raw()
    );
}

#[test]
fn the_resolved_spec_is_shown_with_its_places() {
    let entry = |key: &str, value: &str, origin: &str| text::ShownEntry {
        key: key.to_owned(),
        value: value.to_owned(),
        origin: origin.to_owned(),
    };
    let section = text::ShownSection {
        header: "storage".to_owned(),
        entries: vec![
            entry("type", "\"gp3\"", "specs/prod.toml:29"),
            entry("size", "\"100 GiB\"", "specs/prod.toml:30"),
            entry("grow_to", "\"1000 GiB\"", "specs/prod.toml:31"),
            entry("iops", "3000", "fixed by gp3 below 400 GiB"),
            entry("encryption", "\"aws/rds\"", "specs/prod.toml:32"),
        ],
    };
    assert_data_eq!(
        text::show(&[section], plain()),
        file!["samples/show.txt"].raw()
    );
}
