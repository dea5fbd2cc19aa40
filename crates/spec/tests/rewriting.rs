//! What rewrites files: the canonical form keeps what is meant, keeps comments, and is its own
//! canonical form; a fix mends its finding.
//!
//! Every spec of the cases and every shipped one is disfigured at random; a failure prints its
//! seed.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use pgward_kinds::CATALOG;
use pgward_model::Diagnostic;
use pgward_spec::{Options, Reader, check, format, mend};
use serde_json::Value;

/// One file under test; what it extends is read from the file system.
struct Corpus {
    folder: PathBuf,
    text: String,
}

const NAME: &str = "spec.toml";

impl Reader for Corpus {
    fn read(&self, path: &str) -> io::Result<String> {
        if path == NAME {
            return Ok(self.text.clone());
        }
        let shared = self.folder.join("../shared").join(path);
        read(&self.folder.join(path)).or_else(|_| read(&shared))
    }

    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn files(&self, _directory: &str) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn toml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            toml_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
}

/// All specs of the repository that are TOML.
fn corpus() -> Vec<Corpus> {
    let mut paths = Vec::new();
    toml_files(&root().join("tests/cases"), &mut paths);
    toml_files(&root().join("specs"), &mut paths);
    let corpus = |path: PathBuf| Corpus {
        text: read(&path).expect("it is text"),
        folder: path.parent().expect("a file is in a folder").to_owned(),
    };
    let all: Vec<Corpus> = paths.into_iter().map(corpus).collect();
    assert!(all.len() > 100, "{} files are read", all.len());
    all
}

/// What a text means: what should exist, and what is wrong, without the places.
fn meaning(folder: &Path, text: &str) -> (Value, Vec<String>) {
    let reader = Corpus {
        folder: folder.to_owned(),
        text: text.to_owned(),
    };
    let (_, desired, found) = check(NAME, &reader, &CATALOG, &Options::on("2025-11-12"));
    let mut desired = serde_json::to_value(desired).expect("it is plain data");
    without_places(&mut desired);
    let mut found: Vec<String> = found
        .iter()
        .map(|one| format!("{} {:?} {:?}", one.code, one.severity, one.subject))
        .collect();
    found.sort();
    (desired, found)
}

fn without_places(value: &mut Value) {
    match value {
        Value::Object(object) if object.contains_key("end_column") => *value = Value::Null,
        Value::Object(object) => {
            object.remove("sha256");
            object.values_mut().for_each(without_places);
        }
        Value::Array(items) => items.iter_mut().for_each(without_places),
        _ => {}
    }
}

/// What a disfigurement may do beside changing spaces.
#[derive(Clone, Copy)]
struct License {
    moves_sections: bool,
    drops_keys: bool,
    comments: bool,
    units: bool,
}

/// The same file in another dress.
fn disfigured(text: &str, random: &mut Rng, license: License) -> String {
    let mut blocks: Vec<String> = vec![String::new()];
    let mut is_within_list = false;
    for line in text.lines() {
        let is_header = line.starts_with('[') && !is_within_list;
        if is_header {
            blocks.push(String::new());
        }
        let block = blocks.last_mut().expect("there is one");
        let is_whole = line.contains(" = ")
            && !line.starts_with('#')
            && !line.ends_with('[')
            && !is_within_list;
        if is_whole && license.drops_keys && random.u8(..) < 6 {
            continue;
        }
        if license.comments && !is_within_list && random.u8(..) < 40 {
            let blank = "\n".repeat(random.usize(..3));
            let own = random.u16(..);
            let after = "\n".repeat(random.usize(..3));
            write!(block, "{blank}  # own {own}\n{after}").expect("a text takes it");
        }
        if is_whole {
            block.push_str(&other_line(line, random, license.units));
            if license.comments && !line.contains('#') && random.bool() {
                write!(block, " # behind {}", random.u16(..)).expect("a text takes it");
            }
        } else {
            block.push_str(line);
        }
        block.push('\n');
        is_within_list = if is_within_list {
            !line.starts_with(']')
        } else {
            line.ends_with('[') && line.contains('=')
        };
    }
    if license.moves_sections {
        random.shuffle(&mut blocks[1..]);
    }
    let whole = blocks.concat();
    if random.bool() {
        whole.replace('\n', "\r\n")
    } else {
        whole
    }
}

/// One key with other spaces, and a quantity in another form.
fn other_line(line: &str, random: &mut Rng, units: bool) -> String {
    let (key, value) = line.split_once(" = ").expect("it is a whole line");
    let spaces = |random: &mut Rng| " ".repeat(random.usize(..4));
    let mut value = value.to_owned();
    if units && random.bool() {
        for unit in ["GiB", "MiB/s", "min", "s", "ms", "days", "day"] {
            value = value.replacen(&format!(" {unit}\""), &format!("{unit}\""), 1);
        }
        value = value.replacen("Sun 03:00-04:00 UTC", "sun:03:00-sun:04:00", 1);
    }
    format!(
        "{}{}{}={}{}{}",
        spaces(random),
        key.trim(),
        spaces(random),
        spaces(random),
        value.trim(),
        spaces(random)
    )
}

fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.find("# own")
                .or(line.find("# behind"))
                .map(|at| line[at..].trim())
        })
        .collect();
    found.sort_unstable();
    found
}

fn for_seeds(property: impl Fn(&Corpus, &mut Rng)) {
    let mut corpus = corpus();
    corpus.retain(|one| format(NAME, &one.text, &CATALOG).is_ok());
    for seed in 0..600 {
        let mut random = Rng::with_seed(seed);
        let one = &corpus[random.usize(..corpus.len())];
        let held = catch_unwind(AssertUnwindSafe(|| property(one, &mut random)));
        let folder = one.folder.display();
        assert!(
            held.is_ok(),
            "seed {seed} on {folder}, for what is said above"
        );
    }
}

fn formatted(text: &str) -> String {
    format(NAME, text, &CATALOG).unwrap_or_else(|found| panic!("{text}\n{found:?}"))
}

#[test]
fn what_is_meant_and_every_comment_is_kept() {
    for_seeds(|one, random| {
        let license = License {
            moves_sections: true,
            drops_keys: random.bool(),
            comments: true,
            units: true,
        };
        let ugly = disfigured(&one.text, random, license);
        let canonical = formatted(&ugly);
        assert_eq!(
            meaning(&one.folder, &ugly),
            meaning(&one.folder, &canonical),
            "{ugly}\n---\n{canonical}"
        );
        assert_eq!(comments(&ugly), comments(&canonical), "{canonical}");
        assert_eq!(formatted(&canonical), canonical, "it is not its own form");
    });
}

#[test]
fn spaces_alone_make_no_other_file() {
    for_seeds(|one, random| {
        let license = License {
            moves_sections: false,
            drops_keys: false,
            comments: false,
            // A key that is not known keeps its value as it is.
            units: false,
        };
        let ugly = disfigured(&formatted(&one.text), random, license);
        let canonical = formatted(&ugly).replace("\r\n", "\n");
        assert_eq!(
            canonical,
            formatted(&one.text).replace("\r\n", "\n"),
            "{ugly}"
        );
    });
}

#[test]
fn the_shipped_specs_are_canonical() {
    let mut paths = Vec::new();
    toml_files(&root().join("specs"), &mut paths);
    for path in paths {
        let text = read(&path).expect("it is text");
        snapbox::assert_data_eq!(formatted(&text), snapbox::Data::from(text).raw());
    }
}

#[test]
fn sections_move_with_their_comments() {
    let text = "\
#:schema schema.json

# The file.

[backup] # kept long
retention=\"30days\"
# window = \"02:00-03:00 UTC\"

# Who may connect.

[access.app]
from=[ \"a\",'b' ]#why
x={a=1,  b.c=2}
[[strange]]
n = 1
[network]
subnets=[ # two
 \"a\",# first

 \"b\"
]
# the end
";
    let expected = "\
#:schema schema.json

# The file.

[network]
subnets = [
    # two
    \"a\",  # first
    \"b\",
]
# the end

# Who may connect.

[access.app]
from = [\"a\", 'b']                   #why
x    = { a = 1, b.c = 2 }

[backup]                            # kept long
retention = \"30 days\"
# window = \"02:00-03:00 UTC\"

[[strange]]
n = 1
";
    snapbox::assert_data_eq!(formatted(text), snapbox::Data::from(expected).raw());
}

/// The findings in the file itself.
fn findings(folder: &Path, text: &str) -> Vec<Diagnostic> {
    let reader = Corpus {
        folder: folder.to_owned(),
        text: text.to_owned(),
    };
    let (_, _, found) = check(NAME, &reader, &CATALOG, &Options::on("2025-11-12"));
    found.into_iter().collect()
}

#[test]
fn every_fix_mends_its_finding() {
    let mut mended_lines = 0;
    for one in corpus() {
        let found = findings(&one.folder, &one.text);
        let (after, mended) = mend(NAME, &one.text, &found);
        mended_lines += mended.len();
        let left = findings(&one.folder, &after);
        for (line, mended) in &mended {
            let here = |found: &[Diagnostic]| {
                let fixes = found
                    .iter()
                    .filter_map(|one| Some((one, one.fix.as_ref()?)));
                fixes
                    .filter(|(one, fix)| {
                        fix.origin.line == *line && mended.codes.contains(&one.code)
                    })
                    .count()
            };
            assert!(
                here(&left) < here(&found),
                "{}:{line}\n- {}\n+ {}\n{left:#?}",
                one.folder.display(),
                mended.before,
                mended.after
            );
        }
        assert_eq!(mend(NAME, &one.text, &found).0, after, "twice is the same");
    }
    assert!(mended_lines > 20, "{mended_lines} lines are mended");
}
