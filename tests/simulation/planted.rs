//! Proof that each invariant notices what it is there for: a defect is planted, and caught.

use super::ports::Defect;
use super::story;

/// So many histories are played at most until a defect shows.
const SEEDS: u64 = 40;

fn check(defect: Defect, letter: char) {
    let mut others = String::new();
    for seed in 0..SEEDS {
        if let (_, Err(broken)) = story::play(seed, Some(defect), false) {
            if broken.letter == letter {
                return;
            }
            // One mistake may have several consequences, of which another may show first.
            others.push(broken.letter);
        }
    }
    panic!(
        "{defect:?} went unnoticed by ({letter}) through {SEEDS} histories; by others: {others}"
    );
}

#[test]
fn changes_that_are_never_sent_break_convergence() {
    check(Defect::SendsNothing, 'a');
}

#[test]
fn a_run_that_leaves_something_out_breaks_the_empty_plan() {
    check(Defect::LeavesOut, 'b');
}

#[test]
fn a_restart_that_no_plan_names_is_noticed() {
    check(Defect::Restarts, 'c');
}

#[test]
fn an_opening_that_no_plan_names_is_noticed() {
    check(Defect::Opens, 'c');
}

#[test]
fn a_deletion_that_no_plan_names_is_noticed() {
    check(Defect::Deletes, 'c');
}

#[test]
fn a_resource_without_our_tags_is_noticed() {
    check(Defect::Unmarked, 'd');
}

#[test]
fn a_resource_that_is_made_twice_is_noticed() {
    check(Defect::Twice, 'd');
}

#[test]
fn a_secret_that_does_not_open_its_database_is_noticed() {
    check(Defect::OtherPassword, 'e');
}

#[test]
fn a_secret_in_the_journal_is_noticed() {
    check(Defect::TellsSecret, 'f');
}

#[test]
fn a_plan_that_changes_something_is_noticed() {
    check(Defect::WritesOnPlan, 'g');
}

#[test]
fn looks_without_end_are_noticed() {
    check(Defect::LooksTooOften, 'h');
}
