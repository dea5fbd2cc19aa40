//! What holds for every environment: random ones are created, changed and read again.
//!
//! A failure prints its seed; `SEEDS=7` runs that one, `SEEDS=0..500` a range.

#[path = "properties/random.rs"]
mod random;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use pgward_engine::{PlannedChange, Verb, When};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};
use pgward_tests::stage::{Applied, Given, Stage, Wish};
use random::Draft;
use serde_json::{Value, json};

/// Everything that waits for a window has met one after that.
const A_WEEK_AND_A_DAY: Duration = Duration::from_secs(8 * 24 * 3600);

/// The seeds of a run: those of the variable `SEEDS`, or the first few.
fn seeds(usual: u64) -> Range<u64> {
    let Ok(wanted) = std::env::var("SEEDS") else {
        return 0..usual;
    };
    let number = |text: &str| text.parse::<u64>().expect("SEEDS holds numbers");
    match wanted.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&wanted)..number(&wanted) + 1,
    }
}

/// Runs a property for every seed, and names the one that breaks it.
fn for_seeds(usual: u64, property: impl Fn(u64)) {
    for seed in seeds(usual) {
        let held = catch_unwind(AssertUnwindSafe(|| property(seed)));
        assert!(
            held.is_ok(),
            "it fails with SEEDS={seed}, for what is said above"
        );
    }
}

fn given(draft: &Draft) -> Given {
    let text = draft.text();
    Given::read("spec.toml", &text).unwrap_or_else(|found| panic!("{text}\n{found}"))
}

fn apply(stage: &Stage, draft: &Draft, wish: &Wish) -> Applied {
    let planned = stage.plan(&given(draft), wish);
    let applied = stage
        .apply(&planned)
        .unwrap_or_else(|refusals| panic!("{}\n{}\n{refusals:#?}", draft.text(), planned.text()));
    assert!(
        applied.report.is_complete(),
        "{}\n{}\n{}",
        draft.text(),
        planned.text(),
        applied.text
    );
    applied
}

fn random_wish(random: &mut fastrand::Rng) -> Wish {
    Wish {
        now: random.bool(),
        ..Wish::everything_now()
    }
}

/// Nothing is left to do: everything is in effect or waits.
fn assert_converged(draft: &Draft, applied: &Applied) {
    let plan = &applied.after.plan;
    assert!(
        plan.changes.is_empty() && plan.unread.is_empty() && plan.unmanaged.is_empty(),
        "{}\n{}\n{}",
        draft.text(),
        applied.text,
        applied.after.text()
    );
}

#[test]
fn what_is_applied_is_not_planned_again() {
    for_seeds(5, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let stage = Stage::new(seed);
        let first = Draft::random(&mut random);
        let applied = apply(&stage, &first, &random_wish(&mut random));
        assert_converged(&first, &applied);
        assert!(
            applied.after.plan.waiting.is_empty(),
            "what is new waits for nothing: {}",
            applied.after.text()
        );
        let second = first.changed(&mut random);
        let mut wish = random_wish(&mut random);
        // A source is upgraded after its replicas, so in windows that takes two of them.
        wish.now |= first.upgrades(&second);
        let applied = apply(&stage, &second, &wish);
        assert_converged(&second, &applied);
        assert_windows_bring_the_rest(&stage, &second);
    });
}

/// After every window nothing waits but for restarts, and at most leftovers are cleared away.
fn assert_windows_bring_the_rest(stage: &Stage, draft: &Draft) {
    stage.sandbox.tick(A_WEEK_AND_A_DAY);
    let later = stage.plan(&given(draft), &Wish::everything_now());
    let harmless = |change: &PlannedChange| matches!(change.verb, Verb::Delete | Verb::Restart);
    let restarts = later
        .plan
        .waiting
        .iter()
        .all(|one| matches!(one.until, When::Restart { .. }));
    assert!(
        later.plan.changes.iter().all(harmless) && restarts,
        "{}\n{}",
        draft.text(),
        later.text()
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for_seeds(2, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let stage = Stage::new(seed);
        let first = Draft::random(&mut random);
        let _applied = apply(&stage, &first, &Wish::everything_now());
        let world = stage.sandbox.save();
        let second = first.changed(&mut random);
        let forms = || {
            let stage = Stage::with(Sandbox::load(&world).expect("it was saved a moment ago"));
            let planned = stage.plan(&given(&second), &Wish::everything_now());
            (planned.text(), planned.json())
        };
        assert_eq!(forms(), forms());
    });
}

#[test]
fn no_secret_is_written() {
    for_seeds(2, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let stage = Stage::new(seed);
        let first = Draft::random(&mut random);
        let applied = apply(&stage, &first, &Wish::everything_now());
        let second = first.changed(&mut random);
        let _applied = apply(&stage, &second, &Wish::everything_now());
        let secrets = secrets(&stage, &applied.after.given);
        assert!(!secrets.is_empty(), "the world holds secrets");
        let texts = stage.written.texts();
        assert!(texts.len() > 20, "everything that is written is kept");
        for secret in secrets {
            assert!(secret.len() >= 16, "a generated password is long");
            for text in &texts {
                assert!(!text.contains(&secret), "a secret is written: {text}");
            }
        }
    });
}

/// The passwords of all secrets of an environment's place.
fn secrets(stage: &Stage, given: &Given) -> Vec<String> {
    let place = &given.desired.environment;
    let act = |action: &str, input: &Value| {
        stage
            .sandbox
            .act(&place.account, &place.region, "somebody", action, input)
            .unwrap_or_else(|refusal| panic!("{action}: {refusal}"))
    };
    let listed = act("secretsmanager:ListSecrets", &json!({}));
    let names = listed["SecretList"].as_array().expect("a list of secrets");
    names
        .iter()
        .map(|secret| {
            let input = json!({ "SecretId": secret["ARN"] });
            let value = act("secretsmanager:GetSecretValue", &input);
            let text = value["SecretString"].as_str().expect("a text");
            let fields: Value = serde_json::from_str(text).expect("its value is JSON");
            fields["password"].as_str().expect("a password").to_owned()
        })
        .collect()
}

/// Whatever AWS answers in between, a few runs lead to what is declared, and nothing is made twice.
#[test]
fn trouble_only_delays() {
    for_seeds(3, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let stage = Stage::new(seed);
        let first = Draft::random(&mut random);
        for draft in [first.clone(), first.changed(&mut random)] {
            stage.sandbox.faults(trouble(seed));
            for _ in 0..4 {
                let planned = stage.plan(&given(&draft), &Wish::everything_now());
                if let Ok(applied) = stage.apply(&planned)
                    && applied.report.is_complete()
                {
                    break;
                }
            }
            stage.sandbox.faults(Faults::default());
            let planned = stage.plan(&given(&draft), &Wish::everything_now());
            if !planned.plan.changes.is_empty() {
                let applied = apply(&stage, &draft, &Wish::everything_now());
                assert_converged(&draft, &applied);
            }
        }
    });
}

/// A little of everything that goes wrong between here and AWS.
fn trouble(seed: u64) -> Faults {
    let kinds = [
        FaultKind::Throttle,
        FaultKind::Internal500,
        FaultKind::Unavailable503,
        FaultKind::Reset,
        FaultKind::LostReply,
        FaultKind::Timeout,
        FaultKind::NotXml,
    ];
    let rules = kinds.into_iter().map(|kind| Fault {
        chance: 0.02,
        ..Fault::always("*", kind)
    });
    Faults {
        seed,
        rules: rules.collect(),
    }
}
