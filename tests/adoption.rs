//! Databases that somebody made come under pgward: adopted as a spec names them.
//!
//! They are those of the shipped specs, of the cases and random ones, stripped of our tags.

#[path = "properties/random.rs"]
#[expect(
    dead_code,
    reason = "only environments are drawn here, no changes of them"
)]
mod random;

#[path = "adoption/strip.rs"]
mod strip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pgward_engine::Verb;
use pgward_tests::stage::{Given, Planned, Stage, Wish};
use random::Draft;

/// An environment that exists.
fn made(stage: &Stage, given: &Given) -> Planned {
    let planned = stage.plan(given, &Wish::everything_now());
    let applied = stage
        .apply(&planned)
        .unwrap_or_else(|refusals| panic!("{}\n{refusals:#?}", planned.text()));
    assert!(applied.report.is_complete(), "{}", applied.text);
    applied.after
}

fn adopting() -> Wish {
    Wish {
        adopt: true,
        ..Wish::default()
    }
}

/// Everything of an environment is adopted, whatever its kind, and then nothing is left to do.
fn assert_adopted(stage: &Stage, given: &Given) {
    let planned = stage.plan(given, &adopting());
    let adopts = |verb: Verb| verb == Verb::Adopt;
    assert!(
        planned
            .plan
            .changes
            .iter()
            .all(|change| adopts(change.verb)),
        "{}",
        planned.text()
    );
    assert_eq!(
        planned.plan.changes.len(),
        given.desired.resources.len(),
        "{}",
        planned.text()
    );
    let applied = stage
        .apply(&planned)
        .unwrap_or_else(|refusals| panic!("{}\n{refusals:#?}", planned.text()));
    let after = &applied.after.plan;
    assert!(
        applied.report.is_complete() && after.changes.is_empty() && after.unmanaged.is_empty(),
        "{}\n{}",
        applied.text,
        applied.after.text()
    );
}

/// The shipped specs, by name.
fn shipped() -> BTreeMap<String, Given> {
    ["dev", "staging", "prod"]
        .into_iter()
        .map(|name| {
            let file = format!("{name}.toml");
            let texts = [file.as_str(), "base.toml"].map(|file| (file.to_owned(), spec(file)));
            let given = Given::read_among(&file, texts.into_iter().collect());
            (
                name.to_owned(),
                given.unwrap_or_else(|found| panic!("{found}")),
            )
        })
        .collect()
}

/// The text of a shipped file.
fn spec(file: &str) -> String {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let mut text = String::new();
    File::open(specs.join(file))
        .and_then(|mut file| file.read_to_string(&mut text))
        .expect("the shipped specs are there");
    text
}

#[test]
fn the_shipped_environments_are_adopted_and_nothing_else_changes() {
    for (name, given) in shipped() {
        let stage = Stage::new(3);
        let planned = made(&stage, &given);
        strip::tags(&stage, &planned);
        let stripped = stage.plan(&given, &Wish::default());
        assert_eq!(
            stripped.plan.unmanaged.len(),
            given.desired.resources.len(),
            "{name}: {}",
            stripped.text()
        );
        let _before = stage.recorder.take();
        assert_adopted(&stage, &given);
        for sent in stage.recorder.take() {
            let tags = sent.action.contains("Tag");
            assert!(
                tags || !sent.writes(),
                "{name}: {} does more than tag",
                sent.action
            );
        }
    }
}

#[test]
fn random_environments_are_adopted() {
    for seed in 0..3 {
        let mut random = fastrand::Rng::with_seed(seed);
        let text = Draft::random(&mut random).text();
        let given = Given::read("spec.toml", &text).unwrap_or_else(|found| panic!("{text}{found}"));
        let stage = Stage::new(seed);
        let planned = made(&stage, &given);
        strip::tags(&stage, &planned);
        assert_adopted(&stage, &given);
    }
}
