//! Many seeds, side by side; what breaks is told with all it takes to see it again.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use super::invariants::{Broken, Holds};
use super::story::{self, Tale};

/// So many seeds are played unless `SEEDS` says otherwise.
const SEEDS: u64 = 200;

#[test]
fn random_histories_keep_every_invariant() {
    if let Some(seed) = number("SEED") {
        let (tale, holds) = told(seed);
        say(&format!("{}\n", tale.log.join("\n")));
        assert!(holds.is_ok(), "{}", failure(seed, &tale, &holds));
        return;
    }
    let first = number("FIRST").unwrap_or(0);
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let counts = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return;
            }
            let (tale, holds) = guarded(seed, false);
            counts.0.fetch_add(tale.runs, Ordering::Relaxed);
            counts.1.fetch_add(tale.calls, Ordering::Relaxed);
            if holds.is_err() {
                let (tale, holds) = told(seed);
                let text = failure(seed, &tale, &holds);
                say(&format!("{text}\n"));
                failures.lock().expect("no holder panics").push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads {
            let _handle = scope.spawn(work);
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    let failures = failures.into_inner().expect("no holder panics");
    say(&format!(
        "simulation: {seeds} seeds from {first}, {} runs, {} calls in {seconds:.1} s, {:.1} seeds/s, {} broken\n",
        counts.0.into_inner(),
        counts.1.into_inner(),
        f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / seconds,
        failures.len()
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn a_seed_replays_alike() {
    for seed in [3, 12] {
        let (first, again) = (guarded(seed, true).0, guarded(seed, true).0);
        assert_eq!(first.log, again.log, "seed {seed}");
    }
}

/// Plays a seed with everything that a folder needs.
fn told(seed: u64) -> (Tale, Holds) {
    guarded(seed, true)
}

/// A panic breaks an invariant of its own.
fn guarded(seed: u64, keep_worlds: bool) -> (Tale, Holds) {
    let played = catch_unwind(AssertUnwindSafe(|| story::play(seed, None, keep_worlds)));
    played.unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        let broken = Broken {
            letter: '!',
            why: format!("a panic: {words}"),
        };
        (Tale::default(), Err(broken))
    })
}

/// What is told of a broken history; its folder is written.
fn failure(seed: u64, tale: &Tale, holds: &Holds) -> String {
    let Err(broken) = holds else {
        return format!("seed {seed} holds when it is played again");
    };
    let folder = folder().join(format!("seed-{seed}"));
    let mut text = format!("seed {seed} breaks ({}): {}\n", broken.letter, broken.why);
    writeln!(
        text,
        "again: SEED={seed} cargo test -p pgward-tests --test simulation"
    )
    .expect("a text takes it");
    match keep(&folder, tale, &text) {
        Ok(()) => writeln!(text, "all of it: {}", folder.display()),
        Err(error) => writeln!(text, "no folder could be written: {error}"),
    }
    .expect("a text takes it");
    for line in &tale.log {
        writeln!(text, "  {line}").expect("a text takes it");
    }
    text
}

fn keep(folder: &Path, tale: &Tale, text: &str) -> Result<(), std::io::Error> {
    fs::create_dir_all(folder)?;
    for (number, spec) in tale.specs.iter().enumerate() {
        fs::write(folder.join(format!("spec-{number:02}.toml")), spec)?;
    }
    fs::write(folder.join("world-before.json"), &tale.world)?;
    fs::write(
        folder.join("log.txt"),
        format!("{text}\n{}\n", tale.log.join("\n")),
    )
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulation")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
    )
}

fn say(text: &str) {
    // Whoever reads may be gone, which is no failure of the test.
    drop(std::io::stderr().write_all(text.as_bytes()));
}
