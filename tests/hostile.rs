//! Hostile input: files that were cut, mixed up or made to hurt are refused, and nothing panics.
//!
//! `SEEDS=n` tries so many mutations of each file; a failure prints its seed.

use std::path::Path;
use std::process::{Command, Stdio};

use fastrand::Rng;
use pgward_kinds::CATALOG;
use pgward_review::text;
use pgward_sandbox::Sandbox;
use pgward_spec::{MemoryReader, Options};

/// Pieces that parsers, counters and terminals stumble over.
const PIECES: [&str; 16] = [
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{ a = { a = { a = { a = { a = {",
    "999999999999999999999999999999",
    "1e400",
    "-0.0000000000000000000000001",
    "\"\u{1b}[2J\u{1b}]0;gone\u{7}\"",
    "\u{202e}\u{2066}\u{200b}",
    "\u{0}",
    "\"\"\"",
    "include = [\"../../../etc/passwd\"]\n",
    "extends = \"/etc/passwd\"\n",
    "[access.x]\nfrom = \"300.1.2.3/99\"\n",
    "= = =",
    "\r\r\n",
    "ä\u{301}日本",
    "null, null",
];

fn seeds() -> u64 {
    std::env::var("SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(120)
}

/// A text with a few cuts, copies and insertions.
fn mutated(text: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..=chars.len());
        match rng.u8(0..5) {
            0 => chars.truncate(at),
            1 => {
                let end = (at + rng.usize(0..200)).min(chars.len());
                chars.drain(at..end);
            }
            2 => {
                let end = (at + rng.usize(0..200)).min(chars.len());
                let copy: Vec<char> = chars[at..end].to_vec();
                let to = rng.usize(0..=chars.len());
                chars.splice(to..to, copy);
            }
            3 => {
                let piece = PIECES[rng.usize(0..PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
            _ => {
                if let Some(one) = chars.get_mut(at) {
                    *one = char::from(rng.u8(32..127));
                }
            }
        }
    }
    chars.into_iter().collect()
}

fn specs(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    std::fs::read_to_string(folder.join(name)).expect("the specs are shipped")
}

/// Checks an environment, and the text of its findings: no control character reaches a terminal.
fn check(environment: &str, base: &str) {
    let mut reader = MemoryReader::default();
    reader
        .files
        .insert("specs/dev.toml".to_owned(), environment.to_owned());
    reader
        .files
        .insert("specs/base.toml".to_owned(), base.to_owned());
    let options = Options::on("2026-01-05");
    let (loaded, _, found) = pgward_spec::check("specs/dev.toml", &reader, &CATALOG, &options);
    let sources = text::Sources::new(loaded.sources.0);
    let shown = text::diagnostics(found.as_slice(), &sources, text::Style::default());
    assert!(
        !shown
            .chars()
            .any(|c| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))),
        "a control character got through:\n{shown:?}"
    );
}

#[test]
fn mixed_up_files_are_refused_in_words() {
    let (environment, base) = (specs("dev.toml"), specs("base.toml"));
    for seed in 0..seeds() {
        let mut rng = Rng::with_seed(seed);
        if rng.bool() {
            check(&mutated(&environment, &mut rng), &base);
        } else {
            check(&environment, &mutated(&base, &mut rng));
        }
    }
}

#[test]
fn files_that_are_much_too_deep_or_too_large_end_in_words() {
    let environment = specs("dev.toml");
    let deep = format!(
        "{environment}\n[tags]\na = {}1{}\n",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    check(&deep, &specs("base.toml"));
    let mut wide = environment;
    wide.push_str("\n[parameters]\n");
    for number in 0..5_000 {
        wide.push_str("parameter_");
        wide.push_str(&number.to_string());
        wide.push_str(" = 1\n");
    }
    check(&wide, &specs("base.toml"));
}

#[test]
fn a_circle_of_files_ends() {
    check(
        "extends = \"base.toml\"\nenvironment = \"dev\"\n",
        "extends = \"dev.toml\"\n",
    );
    check("extends = \"dev.toml\"\nenvironment = \"dev\"\n", "");
    check("include = [\"dev.toml\"]\nenvironment = \"dev\"\n", "");
}

/// A saved plan of the shipped development environment.
fn saved(folder: &Path) -> String {
    let own = std::env::current_exe().expect("a test has an executable");
    let profile = own
        .ancestors()
        .nth(2)
        .expect("tests are built into target/PROFILE/deps");
    std::fs::create_dir(folder.join("specs")).expect("the folder is ours");
    for name in ["dev.toml", "base.toml"] {
        std::fs::write(folder.join("specs").join(name), specs(name)).expect("there is room");
    }
    let status = Command::new(profile.join(format!("pgward{}", std::env::consts::EXE_SUFFIX)))
        .args(["sandbox", "plan", "dev", "--out", "dev.plan"])
        .current_dir(folder)
        .env("PGWARD_CI", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program is built");
    assert!(status.success(), "the plan can be made");
    std::fs::read_to_string(folder.join("dev.plan")).expect("it was saved")
}

#[test]
fn a_saved_plan_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    let plan = saved(folder.path());
    let version = env!("CARGO_PKG_VERSION");
    let path = folder.path().join("changed.plan");
    for seed in 0..seeds() {
        let mut rng = Rng::with_seed(seed);
        let changed = mutated(&plan, &mut rng);
        std::fs::write(&path, &changed).expect("there is room");
        let read = pgward_store::read_plan(&path, version);
        let same = serde_json::from_str::<serde_json::Value>(&changed).ok()
            == serde_json::from_str::<serde_json::Value>(&plan).ok();
        assert!(
            read.is_err() || same,
            "seed {seed}: a changed plan was taken"
        );
    }
}

#[test]
fn a_world_that_was_changed_loads_or_is_refused() {
    let folder = tempfile::tempdir().expect("there is room");
    saved(folder.path());
    let world = std::fs::read_to_string(folder.path().join("state/sandbox.json"))
        .expect("the sandbox keeps its world");
    for seed in 0..seeds() {
        let mut rng = Rng::with_seed(seed);
        if let Ok(sandbox) = Sandbox::load(&mutated(&world, &mut rng)) {
            drop(sandbox.save());
        }
    }
}
