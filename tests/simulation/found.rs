//! Histories that showed a defect once, each as short as it gets.

use std::time::Duration;

use fastrand::Rng;
use pgward_model::{Diagnostic, Effect};
use pgward_tests::stage::Wish;
use serde_json::json;

use super::census::Census;
use super::environment::Environment;
use super::outside::{self, Deed};
use super::start;
use super::story::Story;
use super::wire::Cut;

const EIGHT_DAYS: Duration = Duration::from_secs(8 * 24 * 3600 + 3600);

/// A history on a world in which the environment was applied.
fn begin(environment: Environment) -> Story {
    let sandbox = start::world_of(&environment);
    Story::with(sandbox, environment, Rng::with_seed(1), None, false)
}

/// Everything is allowed, and what can wait for the window does.
fn in_window() -> Wish {
    Wish {
        allow: Effect::ALL.into_iter().collect(),
        ..Wish::default()
    }
}

/// An environment that can still get a minor version.
fn older(sections: &[&str]) -> Environment {
    Environment::plain(sections).with("postgres", "version", "\"16.9\"")
}

fn only(address: &str) -> Wish {
    Wish {
        only: vec![address.to_owned()],
        ..Wish::everything_now()
    }
}

impl Story {
    fn edit_to(&mut self, environment: Environment) {
        assert!(self.take(environment), "the edit can be read");
    }

    /// Applies; what is refused, if it is.
    fn run_with(&mut self, wish: &Wish) -> Vec<Diagnostic> {
        let played = self.apply(wish, None).expect("the invariants hold");
        match played.expect("nothing kills it") {
            Ok(report) => {
                let fails = report.is_some_and(|report| !report.is_complete());
                assert!(!fails, "{:#?}", self.tale.log);
                Vec::new()
            }
            Err(refusals) => refusals,
        }
    }

    fn ends_well(&mut self) {
        self.finish().expect("the invariants hold");
    }
}

fn codes(refusals: &[Diagnostic]) -> Vec<&str> {
    refusals.iter().map(|one| one.code.as_str()).collect()
}

fn delete_secret(story: &Story, address: &str) -> Deed {
    let census = story.census();
    let secret = census
        .of_kind("secret")
        .find(|thing| thing.address() == Some(address))
        .expect("there is such a secret");
    Deed::new(
        "secretsmanager:DeleteSecret",
        json!({ "SecretId": secret.arn, "RecoveryWindowInDays": 7 }),
    )
}

#[test]
fn what_others_have_begun_is_not_taken_for_done() {
    let mut story = begin(Environment::plain(&[]));
    let deed = outside::enlarge(story.census(), "shop-dev");
    story.others_do(&deed);
    story.ends_well();
}

#[test]
fn a_deleted_secret_comes_back_with_the_value_that_opens_the_database() {
    let mut story = begin(Environment::plain(&[]));
    let deed = delete_secret(&story, "secret.master");
    story.others_do(&deed);
    story.ends_well();
}

#[test]
fn a_secret_whose_section_was_renamed_comes_back_too() {
    let plain = Environment::plain(&["secret.app"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.renamed("secret.app", "secret.application"));
    story.run_with(&in_window());
    let deed = delete_secret(&story, "secret.app");
    story.others_do(&deed);
    story.ends_well();
}

#[test]
fn a_password_that_is_gone_for_good_is_not_made_up_anew() {
    let mut story = begin(Environment::plain(&[]));
    let deed = delete_secret(&story, "secret.master");
    story.others_do(&deed);
    story.tick(EIGHT_DAYS).expect("the invariants hold");
    assert_eq!(codes(&story.run_with(&in_window())), ["P505"]);
    story.ends_well();
}

#[test]
fn nothing_counts_on_a_restart_that_may_not_come() {
    for (section, key, value) in [
        ("instance", "certificate", "\"rds-ca-ecc384-g1\""),
        ("backup", "retention", "\"0 days\""),
    ] {
        let plain = Environment::plain(&["parameters"]);
        let mut story = begin(plain.clone());
        story.edit_to(
            plain
                .with("parameters", "max_connections", "100")
                .with(section, key, value),
        );
        story.run_with(&Wish::everything_now());
        story.ends_well();
    }
}

#[test]
fn a_replica_that_restarts_anyway_does_not_restart_its_source() {
    let plain = Environment::plain(&["parameters", "replica.one"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.with("parameters", "max_connections", "100").with(
        "replica.one",
        "class",
        "\"db.t3.medium\"",
    ));
    story.run_with(&Wish::everything_now());
    story.ends_well();
}

#[test]
fn what_is_on_its_way_out_is_made_again() {
    let mut story = begin(Environment::plain(&["replica.one"]));
    story.others_do(&Deed::new(
        "rds:DeleteDBInstance",
        json!({ "DBInstanceIdentifier": "shop-dev-one", "SkipFinalSnapshot": "true" }),
    ));
    story.run_with(&in_window());
    story.ends_well();
}

#[test]
fn what_is_on_its_way_out_keeps_no_leftover() {
    let plain = Environment::plain(&["parameters", "replica.one"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.with("postgres", "parameter_group", "\"shop-dev-parameters\""));
    story.others_do(&Deed::new(
        "rds:DeleteDBInstance",
        json!({ "DBInstanceIdentifier": "shop-dev-one", "SkipFinalSnapshot": "true" }),
    ));
    story.run_with(&Wish::everything_now());
    story.ends_well();
}

#[test]
fn only_leaves_out_nothing_that_is_needed() {
    let plain = Environment::plain(&[]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.with("network", "security_group", "\"shop-dev-firewall\""));
    assert_eq!(codes(&story.run_with(&only("instance"))), ["P608"]);
    story.ends_well();
}

#[test]
fn only_makes_no_second_database_beside_the_first() {
    let plain = Environment::plain(&["replica.one"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.with("instance", "name", "\"shop-dev-2\""));
    let refusals = story.run_with(&only("instance"));
    assert!(codes(&refusals).contains(&"P601"), "{refusals:?}");
    story.ends_well();
}

#[test]
fn only_restarts_nothing_for_what_it_leaves_out() {
    let plain = Environment::plain(&["parameters"]);
    let mut story = begin(plain.clone());
    story.edit_to(
        plain
            .with("parameters", "max_connections", "100")
            .with("instance", "multi_az", "true"),
    );
    story.run_with(&only("instance"));
    story.ends_well();
}

#[test]
fn an_upgrade_that_is_queued_can_be_taken_back() {
    let plain = Environment::plain(&[]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.clone().with("postgres", "version", "\"17\""));
    story.run_with(&in_window());
    story.edit_to(plain);
    assert_eq!(codes(&story.run_with(&in_window())), [""; 0]);
    story.ends_well();
}

#[test]
fn an_upgrade_that_waits_for_the_window_takes_the_replica_along() {
    let plain = Environment::plain(&["replica.one"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.clone().with("postgres", "version", "\"17\""));
    story.run_with(&in_window());
    story.edit_to(plain.with("postgres", "version", "\"17\"").with(
        "storage",
        "size",
        "\"25 GiB\"",
    ));
    story.run_with(&Wish::everything_now());
    story.ends_well();
}

#[test]
fn a_promoted_replica_is_not_replaced() {
    let mut story = begin(Environment::plain(&["replica.one"]));
    story.others_do(&Deed::new(
        "rds:PromoteReadReplica",
        json!({ "DBInstanceIdentifier": "shop-dev-one" }),
    ));
    story
        .tick(Duration::from_secs(1800))
        .expect("the invariants hold");
    assert_eq!(codes(&story.run_with(&in_window())), ["P601"]);
    story.ends_well();
}

#[test]
fn only_upgrades_no_source_before_its_replica() {
    let plain = older(&["replica.one"]);
    let mut story = begin(plain.clone());
    story.edit_to(plain.with("postgres", "version", "\"16.10\""));
    assert_eq!(codes(&story.run_with(&only("instance"))), ["P608"]);
    story.ends_well();
}

#[test]
fn a_replica_that_is_moved_does_not_stand_in_the_way_of_an_upgrade() {
    let plain = older(&["replica.one", "replica.two"]);
    let below = plain
        .clone()
        .with("replica.two", "source", "\"replica.one\"");
    for (before, after) in [(&plain, &below), (&below, &plain)] {
        let mut story = begin(before.clone());
        story.edit_to(after.clone().with("postgres", "version", "\"16.10\""));
        story.ends_well();
    }
}

#[test]
fn a_replica_that_is_made_before_an_upgrade_in_the_window_starts_on_the_version_of_its_source() {
    let plain = Environment::plain(&["parameters", "replica.one"]);
    let with_two = Environment::plain(&["parameters", "replica.one", "replica.two"]);
    let upgraded = |environment: &Environment| {
        let environment = environment.clone();
        environment.with("postgres", "version", "\"17\"")
    };
    // With the upgrade, after it was queued, and in place of one that copied something else.
    let below = with_two
        .clone()
        .with("replica.two", "source", "\"replica.one\"");
    for (before, edits) in [
        (&plain, vec![upgraded(&with_two)]),
        (&plain, vec![upgraded(&plain), upgraded(&with_two)]),
        (&with_two, vec![upgraded(&below)]),
    ] {
        let mut story = begin(before.clone());
        for edit in edits {
            story.edit_to(edit);
            story.run_with(&in_window());
        }
        story.ends_well();
    }
}

#[test]
fn only_gives_a_replica_nothing_that_its_source_is_too_old_for() {
    let plain = Environment::plain(&["parameters", "replica.one"]);
    let with_two = Environment::plain(&["parameters", "replica.one", "replica.two"]);
    for (after, address) in [(&plain, "replica.one"), (&with_two, "replica.two")] {
        let mut story = begin(plain.clone());
        story.edit_to(after.clone().with("postgres", "version", "\"17\""));
        let mut wish = only(address);
        wish.only.push("parameters".to_owned());
        story.run_with(&wish);
        story.ends_well();
    }
}

#[test]
fn an_upgrade_that_was_begun_and_seems_to_wait_leaves_the_replica_for_later() {
    let plain = Environment::plain(&["parameters", "replica.one"]).with(
        "parameters",
        "max_connections",
        "100",
    );
    let upgraded = plain.clone().with("postgres", "version", "\"17\"");
    let mut story = begin(plain);
    story.edit_to(upgraded.clone());
    let (sent, wish) = (Cut::Stop(9), Wish::everything_now());
    let played = story.apply(&wish, Some(sent)).expect("the invariants hold");
    let report = played.expect("nothing kills it").expect("it may start");
    assert!(!report.expect("there is much to do").is_complete());
    story.others_do(&Deed::new(
        "rds:ResetDBParameterGroup",
        json!({ "DBParameterGroupName": "shop-dev-pg16", "ResetAllParameters": "true" }),
    ));
    story.edit_to(upgraded.with("backup", "copy_tags", "true"));
    story.run_with(&wish);
    story.ends_well();
}

#[test]
fn a_destruction_that_is_broken_off_goes_on() {
    let mut environment = Environment::plain(&[]);
    environment.unprotect();
    let wish = Wish {
        destroy: true,
        ..Wish::everything_now()
    };
    for at in 1..=24 {
        for cut in [Cut::Stop(at), Cut::After(at)] {
            let mut story = begin(environment.clone());
            let broken = story.apply(&wish, Some(cut)).expect("the invariants hold");
            assert!(!matches!(broken, Some(Err(_))), "{:#?}", story.tale.log);
            story
                .tick(Duration::from_secs(70))
                .expect("the invariants hold");
            let refusals = story.run_with(&wish);
            assert_eq!(codes(&refusals), [""; 0], "{cut:?}");
            assert!(Census::snapshots(&story.play.sandbox) > 0, "{cut:?}");
        }
    }
}
