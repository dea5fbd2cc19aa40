//! Diff, effects, gates and operations on toy kinds: what holds for every kind.

mod library;

use library::{circumstances, differences, existing, lines, operations, planned, wanted};
use pgward_engine::{Leftover, Live, Observation, Owner, Plan, Timing, Verdict, approve, renew};
use pgward_model::{Address, Effect, Value};

fn text(value: &str) -> Value {
    Value::text(value)
}

#[test]
fn the_same_values_are_no_change() {
    let desired = wanted(&[(
        "book.x",
        "book",
        &[("*.title", text("Emma")), ("*.edition", text("2"))],
    )]);
    let live = existing(&[(
        "book.x",
        &[("*.title", text("Emma")), ("*.edition", text("2.7"))],
        &[],
    )]);
    assert!(differences(&desired, &live).is_empty());
}

#[test]
fn an_attribute_that_is_not_declared_is_not_compared() {
    let desired = wanted(&[("book.x", "book", &[("*.title", text("Emma"))])]);
    let live = existing(&[(
        "book.x",
        &[("*.title", text("Emma")), ("*.pages", Value::Int(9))],
        &[],
    )]);
    assert!(differences(&desired, &live).is_empty());
}

#[test]
fn a_declared_value_that_waits_is_neither_planned_nor_forgotten() {
    let desired = wanted(&[("book.x", "book", &[("*.binding", text("linen"))])]);
    let live = existing(&[(
        "book.x",
        &[("*.binding", text("paper"))],
        &[("*.binding", text("linen"))],
    )]);
    let plan = planned(&desired, &live, circumstances(Timing::Window, &[]));
    assert_eq!(plan.verdict, Verdict::NoChanges);
    assert!(plan.waiting[0].declared);
}

#[test]
fn what_starts_at_apply_is_sent_before_what_waits_for_the_window() {
    let desired = wanted(&[(
        "book.x",
        "book",
        &[
            ("*.pages", Value::Int(200)),
            ("*.binding", text("linen")),
            ("*.title", text("Emma")),
        ],
    )]);
    let live = existing(&[(
        "book.x",
        &[
            ("*.pages", Value::Int(100)),
            ("*.binding", text("paper")),
            ("*.title", text("Ema")),
            ("*.window", text("sun:03:00-sun:04:00")),
        ],
        &[],
    )]);
    let plan = planned(
        &desired,
        &live,
        circumstances(Timing::Window, &[Effect::Downtime]),
    );
    assert_eq!(
        operations(&plan),
        [
            "1 change book.x [*.pages *.title] at once",
            "2 change book.x [*.binding] later",
        ]
    );
    let plan = planned(
        &desired,
        &live,
        circumstances(Timing::Now, &[Effect::Downtime]),
    );
    assert_eq!(
        operations(&plan),
        ["1 change book.x [*.binding *.pages *.title] at once"]
    );
}

#[test]
fn an_online_change_never_releases_a_disruptive_one_that_is_queued() {
    let desired = wanted(&[(
        "book.x",
        "book",
        &[("*.pages", Value::Int(200)), ("*.binding", text("linen"))],
    )]);
    let live = existing(&[(
        "book.x",
        &[("*.pages", Value::Int(100)), ("*.binding", text("paper"))],
        &[("*.binding", text("linen"))],
    )]);
    let plan = planned(&desired, &live, circumstances(Timing::Window, &[]));
    assert_eq!(
        lines(&plan),
        ["change book.x.pages: degraded, window, ready"]
    );
    assert_eq!(operations(&plan), ["1 change book.x [*.pages] later"]);
    assert!(plan.changes[0].reason.contains("what is queued"));
}

#[test]
fn a_value_that_can_only_grow_does_not_shrink() {
    let desired = wanted(&[("book.x", "book", &[("*.pages", Value::Int(50))])]);
    let live = existing(&[("book.x", &[("*.pages", Value::Int(100))], &[])]);
    let plan = planned(&desired, &live, circumstances(Timing::Now, &Effect::ALL));
    assert_eq!(lines(&plan), ["change book.x.pages: degraded, never, P603"]);
    assert!(plan.operations.is_empty());
}

#[test]
fn what_holds_data_is_never_replaced_and_the_rest_goes_on() {
    let desired = wanted(&[(
        "book.x",
        "book",
        &[("*.language", text("de")), ("*.title", text("Emma"))],
    )]);
    let live = existing(&[(
        "book.x",
        &[("*.language", text("en")), ("*.title", text("Ema"))],
        &[],
    )]);
    let plan = planned(&desired, &live, circumstances(Timing::Now, &Effect::ALL));
    assert_eq!(
        lines(&plan),
        [
            "replace book.x.language: data-loss, never, P601",
            "change book.x.title: online, now, ready",
        ]
    );
    assert_eq!(operations(&plan), ["1 change book.x [*.title]"]);
    let refusals = approve(plan).expect_err("something is blocked");
    assert_eq!(refusals[0].code, "P601");
}

#[test]
fn downtime_needs_to_be_allowed_and_allowing_it_is_enough() {
    let desired = wanted(&[("book.x", "book", &[("*.binding", text("linen"))])]);
    let live = existing(&[("book.x", &[("*.binding", text("paper"))], &[])]);
    let refused = planned(&desired, &live, circumstances(Timing::Now, &[]));
    assert_eq!(refused.verdict, Verdict::NeedsAllow);
    assert_eq!(
        approve(refused).expect_err("beyond the policy")[0].code,
        "P602"
    );
    let allowed = planned(
        &desired,
        &live,
        circumstances(Timing::Now, &[Effect::Downtime]),
    );
    assert!(approve(allowed).is_ok());
}

#[test]
fn a_stored_value_waits_for_a_restart_or_gets_one_that_is_allowed() {
    let desired = wanted(&[
        ("shelf", "shelf", &[("shelf.boards", Value::Int(6))]),
        ("book.x", "book", &[("*.title", text("Emma"))]),
    ]);
    let live = existing(&[
        ("shelf", &[("shelf.boards", Value::Int(5))], &[]),
        ("book.x", &[("*.title", text("Emma"))], &[]),
    ]);
    let plan = planned(
        &desired,
        &live,
        circumstances(Timing::Window, &[Effect::Reboot]),
    );
    assert_eq!(
        lines(&plan),
        ["change shelf.boards: reboot, a restart, ready"]
    );
    assert_eq!(operations(&plan), ["1 change shelf [shelf.boards] later"]);
    let plan = planned(
        &desired,
        &live,
        circumstances(Timing::Now, &[Effect::Reboot]),
    );
    assert_eq!(
        operations(&plan),
        [
            "1 change shelf [shelf.boards]",
            "2 restart book.x []",
            "3 restart shelf []"
        ]
    );
}

#[test]
fn what_others_made_under_the_same_name_is_never_touched() {
    let desired = wanted(&[("book.x", "book", &[("*.title", text("Emma"))])]);
    let mut live = existing(&[("book.x", &[("*.title", text("Persuasion"))], &[])]);
    if let Some(Observation::Present(present)) = live.resources.get_mut(&Address::new("book.x")) {
        present.owner = None;
    }
    let plan = planned(&desired, &live, circumstances(Timing::Now, &Effect::ALL));
    assert_eq!(plan.verdict, Verdict::Blocked);
    assert!(plan.operations.is_empty());
    assert_eq!(plan.findings[0].code, "P506");
}

#[test]
fn a_saved_plan_notices_what_it_relies_on_and_nothing_else() {
    let desired = wanted(&[("book.x", "book", &[("*.title", text("Emma"))])]);
    let before = existing(&[(
        "book.x",
        &[("*.title", text("Ema")), ("*.pages", Value::Int(1))],
        &[],
    )]);
    let plan = planned(&desired, &before, circumstances(Timing::Now, &[]));
    let elsewhere = existing(&[(
        "book.x",
        &[("*.title", text("Ema")), ("*.pages", Value::Int(2))],
        &[],
    )]);
    assert!(renew(&plan, &elsewhere, &library::CATALOG).1.is_empty());
    let here = existing(&[("book.x", &[("*.title", text("Amme"))], &[])]);
    let moved = renew(&plan, &here, &library::CATALOG).1;
    assert_eq!(
        (moved[0].was.as_str(), moved[0].is.as_str()),
        ("Ema", "Amme")
    );
}

/// What has moved for a saved plan, as `path: was -> is`.
fn moved(plan: &Plan, live: &Live) -> Vec<String> {
    let moved = renew(plan, live, &library::CATALOG).1;
    moved
        .iter()
        .map(|one| format!("{}: {} -> {}", one.path, one.was, one.is))
        .collect()
}

/// Takes our tags away from a resource, or gives it those of another environment.
fn given_to(live: &mut Live, address: &str, owner: Option<Owner>) {
    let found = live.resources.get_mut(&Address::new(address));
    let Some(Observation::Present(present)) = found else {
        panic!("{address} exists");
    };
    present.owner = owner;
}

#[test]
fn a_saved_plan_relies_on_what_it_changes_being_ours() {
    let desired = wanted(&[("book.x", "book", &[("*.title", text("Emma"))])]);
    let mut live = existing(&[("book.x", &[("*.title", text("Ema"))], &[])]);
    let plan = planned(&desired, &live, circumstances(Timing::Now, &[]));
    assert_eq!(moved(&plan, &live), [""; 0]);
    given_to(&mut live, "book.x", None);
    assert_eq!(
        moved(&plan, &live),
        ["book.x: ours by its tags -> without our tags"]
    );
    let other = Owner {
        project: "library".to_owned(),
        environment: "dev".to_owned(),
        address: "book.x".to_owned(),
    };
    given_to(&mut live, "book.x", Some(other));
    assert_eq!(
        moved(&plan, &live),
        ["book.x: ours by its tags -> of library/dev by its tags"]
    );
}

#[test]
fn a_saved_deletion_is_looked_up_by_its_name_and_not_by_an_address_that_has_another_holder() {
    let desired = wanted(&[("shelf", "shelf", &[("shelf.room", text("blue"))])]);
    let old = existing(&[("old shelf", &[("shelf.room", text("red"))], &[])]);
    let mut before = Live::default();
    let Some(Observation::Present(present)) = old.resources.values().next().cloned() else {
        panic!("it exists");
    };
    before.leftovers.push(Leftover {
        kind: "shelf".to_owned(),
        address: Address::new("shelf"),
        present: *present,
    });
    let plan = planned(&desired, &before, circumstances(Timing::Now, &[]));
    assert_eq!(
        operations(&plan),
        ["1 create shelf []", "1 delete shelf []"]
    );
    assert_eq!(moved(&plan, &before), [""; 0]);
    // Found by its tags, so without them it can't be told from what is gone.
    assert_eq!(
        moved(&plan, &Live::default()),
        ["shelf: old shelf -> gone, or its tags are"]
    );
}

#[test]
fn planning_twice_gives_the_same_bytes() {
    let desired = wanted(&[
        ("shelf", "shelf", &[("shelf.room", text("blue"))]),
        ("book.x", "book", &[("*.title", text("Emma"))]),
        ("book.y", "book", &[("*.title", text("Ulysses"))]),
    ]);
    let live = existing(&[("shelf", &[("shelf.room", text("red"))], &[])]);
    let bytes = || {
        let plan = planned(&desired, &live, circumstances(Timing::Window, &[]));
        format!("{plan:?}")
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn storage_above_the_declared_size_is_fine_up_to_the_limit() {
    for (live, limit, fits) in [
        (100, None, true),
        (110, None, false),
        (90, None, false),
        (100, Some(200), true),
        (110, Some(200), true),
        (200, Some(200), true),
        (201, Some(200), false),
        (90, Some(200), false),
    ] {
        let mut values = vec![("shelf.size", Value::Int(100))];
        values.extend(limit.map(|limit| ("shelf.grow_to", Value::Int(limit))));
        let desired = wanted(&[("shelf", "shelf", &values)]);
        values[0].1 = Value::Int(live);
        let live = existing(&[("shelf", &values, &[])]);
        assert_eq!(differences(&desired, &live).is_empty(), fits, "{values:?}");
    }
}
