//! Plays every folder of `tests/cases/plan` and compares plan, calls and report.
//!
//! A folder holds `spec.toml`; `before.toml` is applied first (both may extend `base.toml`); `outside.json` is done by somebody
//! else after that, `meanwhile.json` between the plan and the run; `options.toml` says what the
//! command line would say. `SNAPSHOTS=overwrite` accepts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pgward_engine::{PlannedChange, Verb, Verdict};
use pgward_model::Effect;
use pgward_review::text::{Style, diagnostics};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};
use pgward_tests::documents::fits;
use pgward_tests::stage::{Applied, Given, Planned, Stage, Wish, print_calls};
use snapbox::Data;

/// Seed of the world of every case.
const SEED: u64 = 7;

/// Everything that waits for a window has met one after that.
const A_WEEK_AND_A_DAY: u64 = 8 * 24;

struct Options {
    wish: Wish,
    /// Reads that AWS denies from the plan on.
    denied: Vec<String>,
    /// Hours that pass before the plan.
    tick_hours: u64,
    /// Hours that pass after the run, before the last plan.
    then_hours: u64,
    /// Whether something else than windows is waited for, so that it is still there then.
    stays: bool,
    /// Whether the plan after that clears away what was in use until then.
    clears: bool,
    /// Whether the run is meant to fail in part.
    incomplete: bool,
}

impl Options {
    fn read(folder: &Path) -> Self {
        let text = read(&folder.join("options.toml")).unwrap_or_default();
        let table: toml::Table = text.parse().expect("options.toml is TOML");
        let known = [
            "allow",
            "only",
            "now",
            "destroy",
            "adopt",
            "keep",
            "no_final_snapshot",
            "denied",
            "tick_hours",
            "then_hours",
            "stays",
            "clears",
            "incomplete",
        ];
        for key in table.keys() {
            assert!(known.contains(&key.as_str()), "no option {key}");
        }
        let words = |key: &str| -> Vec<String> {
            let list = table.get(key).and_then(toml::Value::as_array);
            list.into_iter()
                .flatten()
                .map(|word| word.as_str().expect("a list of words").to_owned())
                .collect()
        };
        let yes = |key: &str| table.get(key).and_then(toml::Value::as_bool) == Some(true);
        let hours = |key: &str, usual: u64| {
            let hours = table.get(key).and_then(toml::Value::as_integer);
            hours.map_or(usual, |hours| hours.try_into().expect("hours go forward"))
        };
        let effect = |word: &String| Effect::ALL.into_iter().find(|one| one.word() == word);
        Self {
            wish: Wish {
                allow: words("allow")
                    .iter()
                    .map(|word| effect(word).expect("a word for an effect"))
                    .collect(),
                only: words("only"),
                now: yes("now"),
                destroy: yes("destroy"),
                adopt: yes("adopt"),
                keep: words("keep"),
                no_final_snapshot: yes("no_final_snapshot"),
            },
            denied: words("denied"),
            tick_hours: hours("tick_hours", 0),
            then_hours: hours("then_hours", A_WEEK_AND_A_DAY),
            stays: yes("stays"),
            clears: yes("clears"),
            incomplete: yes("incomplete"),
        }
    }
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// The environment of a file, which may extend `base.toml`.
fn given_by(folder: &Path, file: &str) -> Given {
    let texts = [file, "base.toml"].into_iter().filter_map(|name| {
        let text = read(&folder.join(name))?;
        Some((name.to_owned(), text))
    });
    Given::read_among(file, texts.collect()).unwrap_or_else(|found| panic!("{file}: {found}"))
}

/// Worlds in which a `before.toml` was applied, by its text: many cases begin alike.
static WORLDS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// A world in which `before.toml` was applied in full; an empty one without it.
fn begin(folder: &Path) -> Stage {
    let Some(text) = read(&folder.join("before.toml")) else {
        return Stage::new(SEED);
    };
    let known = WORLDS.lock().expect("no holder panics").get(&text).cloned();
    let world = known.unwrap_or_else(|| {
        let stage = Stage::new(SEED);
        let before = given_by(folder, "before.toml");
        let planned = stage.plan(&before, &Wish::everything_now());
        let applied = stage
            .apply(&planned)
            .unwrap_or_else(|refusals| panic!("before.toml is refused: {refusals:?}"));
        assert!(
            applied.report.is_complete() && applied.after.plan.changes.is_empty(),
            "before.toml is not applied completely:\n{}\n{}",
            applied.text,
            applied.after.text()
        );
        let world = stage.sandbox.save();
        let mut worlds = WORLDS.lock().expect("no holder panics");
        worlds.insert(text, world.clone());
        world
    });
    Stage::with(Sandbox::load(&world).expect("it was saved by the same program"))
}

/// What somebody else does, as a file says.
fn others_do(stage: &Stage, folder: &Path, file: &str, given: &Given) {
    let deeds = read(&folder.join(file)).unwrap_or_else(|| "[]".to_owned());
    let deeds: Vec<serde_json::Value> = serde_json::from_str(&deeds).expect("deeds are a list");
    let place = &given.desired.environment;
    for one in deeds {
        let action = one["action"].as_str().expect("an action has a name");
        stage
            .sandbox
            .act(
                &place.account,
                &place.region,
                "somebody",
                action,
                &one["input"],
            )
            .unwrap_or_else(|refusal| panic!("{action}: {refusal}"));
        // What others do has settled before anybody looks.
        stage.sandbox.tick(Duration::from_secs(60));
    }
}

/// The last plans: nothing may be left but what waits, and not for ever.
fn aftermath(stage: &Stage, options: &Options, planned: &Planned, applied: &Applied) -> String {
    let after = &applied.after;
    let mut text = format!("{}\n--- the plan after it\n{}", applied.text, after.text());
    assert!(
        applied.report.is_complete() != options.incomplete,
        "complete, unless `incomplete` says otherwise:\n{text}"
    );
    if options.incomplete {
        return text;
    }
    // An adoption leaves every value that differs to the next apply.
    assert!(
        after.plan.changes.is_empty() || options.wish.adopt,
        "something is left to do:\n{text}"
    );
    assert!(
        !applied.is_in_effect()
            || after.plan.waiting.iter().all(|one| !one.declared)
            || options.stays,
        "everything is done, and yet something waits:\n{text}"
    );
    if !after.plan.waiting.is_empty() {
        stage.sandbox.tick(hours(options.then_hours));
        let later = stage.plan(&planned.given, &options.wish);
        let hours = options.then_hours;
        write!(text, "\n--- {hours} hours later\n{}", later.text()).expect("a text takes it");
        let clears = |change: &PlannedChange| options.clears && change.verb == Verb::Delete;
        assert!(
            later.plan.changes.iter().all(clears),
            "something is left to do later:\n{text}"
        );
        assert!(
            later.plan.waiting.is_empty() != options.stays,
            "what waits has to take effect, unless `stays` says otherwise:\n{text}"
        );
    }
    text
}

fn play(folder: &Path, mistakes: &mut Vec<String>) {
    let options = Options::read(folder);
    let given = given_by(folder, "spec.toml");
    let stage = begin(folder);
    given.provide(&stage.sandbox);
    others_do(&stage, folder, "outside.json", &given);
    stage.sandbox.tick(hours(options.tick_hours));
    let rules = options.denied.iter();
    stage.sandbox.faults(Faults {
        seed: SEED,
        rules: rules
            .map(|action| Fault::always(action.as_str(), FaultKind::Denied))
            .collect(),
    });
    let planned = stage.plan(&given, &options.wish);
    let mut compare = |name: &str, text: String| {
        let expected = Data::read_from(&folder.join(name), None).raw();
        let compared = snapbox::Assert::new()
            .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
            .try_eq(Some(&name), Data::text(text).raw(), expected);
        if let Err(difference) = compared {
            mistakes.push(format!("{}: {difference}", folder.display()));
        }
    };
    compare("plan.txt", planned.text());
    fits(&serde_json::from_str(&planned.json()).expect("a plan is JSON"));
    compare("plan.json", format!("{}\n", planned.json().trim_end()));
    others_do(&stage, folder, "meanwhile.json", &given);
    let _reads = stage.recorder.take();
    let result = if planned.plan.verdict == Verdict::NoChanges {
        Ok(None)
    } else {
        stage.apply(&planned).map(Some)
    };
    let calls = print_calls(&stage.recorder.take());
    let report = match result {
        Ok(None) => "nothing to do\n".to_owned(),
        Ok(Some(applied)) => aftermath(&stage, &options, &planned, &applied),
        Err(refusals) => {
            assert!(calls.is_empty(), "refused, and yet something was sent");
            diagnostics(&refusals, &given.sources, Style::default())
        }
    };
    compare("calls.txt", calls);
    compare("report.txt", report);
}

#[test]
fn every_case_is_played_as_accepted() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/plan");
    let wanted = std::env::var("CASE").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases)
        .expect("tests/cases/plan exists")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.is_dir() && path.to_string_lossy().contains(&wanted))
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no case was found");
    let next = AtomicUsize::new(0);
    let mistakes = Mutex::new(Vec::new());
    let work = || {
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut own = Vec::new();
            let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                play(folder, &mut own);
            }));
            if let Err(panic) = played {
                let words = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_default();
                own.push(format!("{}: {words}", folder.display()));
            }
            mistakes.lock().expect("no holder panics").extend(own);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| {
            let _handle = scope.spawn(work);
        });
    });
    let mut mistakes = mistakes.into_inner().expect("no holder panics");
    mistakes.sort();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}
