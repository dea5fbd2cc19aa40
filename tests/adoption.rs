//! Databases that somebody made come under pgward: adopted as a spec names them, or as a spec that
//! is written from what exists.
//!
//! They are those of the shipped specs, of some cases and random ones, stripped of our tags.

#[path = "properties/random.rs"]
#[expect(
    dead_code,
    reason = "only environments are drawn here, no changes of them"
)]
mod random;

#[path = "adoption/imports.rs"]
mod imports;
#[path = "adoption/strip.rs"]
mod strip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pgward_engine::Verb;
use pgward_sandbox::{Fault, FaultKind, Faults};
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
    read(&specs.join(file))
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
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

/// Environments of which much is declared: cases, and the two of the round trip.
fn rich() -> BTreeMap<String, Given> {
    [
        "adoption/odd.toml",
        "round_trip/first.toml",
        "round_trip/second.toml",
        "cases/plan/create-everything/spec.toml",
        "cases/plan/create-minimal/spec.toml",
        "cases/plan/proxy-create/spec.toml",
        "cases/plan/replica-create/spec.toml",
    ]
    .into_iter()
    .map(|path| {
        let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        let given = Given::read(path, &text).unwrap_or_else(|found| panic!("{found}"));
        (path.to_owned(), given)
    })
    .collect()
}

fn random(seed: u64) -> Given {
    let mut random = fastrand::Rng::with_seed(seed);
    let text = Draft::random(&mut random).text();
    Given::read("spec.toml", &text).unwrap_or_else(|found| panic!("{text}{found}"))
}

#[test]
fn random_environments_are_adopted() {
    for seed in 0..3 {
        let given = random(seed);
        let stage = Stage::new(seed);
        let planned = made(&stage, &given);
        strip::tags(&stage, &planned);
        assert_adopted(&stage, &given);
    }
}

/// Whatever AWS answers in between, nothing is tagged halfway for good and nothing else is sent.
#[test]
fn trouble_only_delays_an_adoption() {
    for seed in 0..3 {
        let given = random(seed);
        let stage = Stage::new(seed);
        let planned = made(&stage, &given);
        strip::tags(&stage, &planned);
        let rules = [
            FaultKind::Throttle,
            FaultKind::LostReply,
            FaultKind::Reset,
            FaultKind::Unavailable503,
        ];
        let rules = rules.into_iter().map(|kind| Fault {
            chance: 0.1,
            ..Fault::always("*", kind)
        });
        stage.sandbox.faults(Faults {
            seed,
            rules: rules.collect(),
        });
        for _ in 0..5 {
            let planned = stage.plan(&given, &adopting());
            if planned.plan.changes.is_empty() && planned.plan.unread.is_empty() {
                break;
            }
            let _report = stage.apply(&planned);
        }
        stage.sandbox.faults(Faults::default());
        let after = stage.plan(&given, &Wish::default());
        assert!(
            after.plan.changes.is_empty() && after.plan.unmanaged.is_empty(),
            "SEED {seed}\n{}",
            after.text()
        );
    }
}

/// What is imported plans nothing, as long as it carries our tags; without them it is adopted and
/// plans nothing then.
fn assert_imported(name: &str, given: &Given) {
    let stage = Stage::new(5);
    let planned = made(&stage, given);
    let written = imports::import(&stage, given);
    let imported = imports::given(&written);
    let again = stage.plan(&imported, &Wish::default());
    assert!(
        again.plan.changes.is_empty() && again.plan.unmanaged.is_empty(),
        "{name}, with our tags\n{}\n{}",
        written.text,
        again.text()
    );
    assert_eq!(
        imported.desired.resources.len(),
        given.desired.resources.len(),
        "{name}: every resource is found\n{}",
        written.text
    );
    strip::tags(&stage, &planned);
    let written = imports::import(&stage, given);
    let imported = imports::given(&written);
    let unmanaged = stage.plan(&imported, &Wish::default());
    assert!(
        unmanaged.plan.changes.is_empty(),
        "{name}, without our tags\n{}\n{}",
        written.text,
        unmanaged.text()
    );
    assert_adopted(&stage, &imported);
}

#[test]
fn what_is_imported_from_shipped_environments_plans_nothing() {
    for (name, given) in shipped() {
        assert_imported(&name, &given);
    }
}

#[test]
fn what_is_imported_from_rich_environments_plans_nothing() {
    for (name, given) in rich() {
        assert_imported(&name, &given);
    }
}

#[test]
fn what_is_imported_from_random_environments_plans_nothing() {
    for seed in 0..4 {
        assert_imported(&format!("SEED {seed}"), &random(seed));
    }
}
