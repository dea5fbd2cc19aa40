//! `check`: the files alone; no AWS, no credentials.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostics, Severity};
use pgward_review::text::{self, Sources};
use pgward_review::{CheckDocument, FixedLine, Subject, wording};
use pgward_spec::{MendedLine, Options, Reader};

use crate::args::CheckArgs;
use crate::assemble::chain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Ahead, Disk};

use super::{Answer, Context, read, watch};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &CheckArgs) -> Answer {
    let stdin = arguments.specs.iter().any(|spec| spec == "-");
    if arguments.watch {
        if stdin || !context.human() {
            let message = "--watch looks at files, for people".to_owned();
            return Err(Failure::usage(message).next("pgward check --watch dev"));
        }
        return watch::run(context, || round(context, arguments));
    }
    if !stdin {
        return round(context, arguments).0;
    }
    if arguments.fix {
        let message = "--fix changes files, and stdin is none".to_owned();
        return Err(Failure::usage(message).next("pgward check --fix FILE"));
    }
    let reader = stdin_reader()?;
    let mut checked = Checked::default();
    checked.one("-", &reader, &options(arguments));
    conclude(context, arguments, checked, &["stdin".to_owned()])
}

fn options(arguments: &CheckArgs) -> Options {
    Options {
        offline: arguments.offline,
        ..Options::on(read::today(Timestamp::now()))
    }
}

/// Checks the files once; says also which files were read.
fn round(context: &Context, arguments: &CheckArgs) -> (Answer, Vec<String>) {
    let directory = context.global.dir.as_deref();
    let files = if arguments.specs.is_empty() {
        files::all_files(directory)
    } else {
        let given = arguments.specs.iter();
        given
            .map(|spec| files::spec_file(Some(spec), directory))
            .collect()
    };
    let files = match files {
        Ok(files) => files,
        Err(failure) => return (Err(failure), Vec::new()),
    };
    let names: Vec<String> = files.iter().map(|file| stem(file)).collect();
    let checked = if arguments.fix {
        match fixed(&files, &options(arguments)) {
            Ok(checked) => checked,
            Err(failure) => return (Err(failure), Vec::new()),
        }
    } else {
        Checked::all(&files, &Disk, &options(arguments))
    };
    let read = checked.texts.keys().cloned().collect();
    (conclude(context, arguments, checked, &names), read)
}

fn stem(file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem();
    stem.map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// What was found in which texts, and what was changed in them.
#[derive(Default)]
struct Checked {
    found: Diagnostics,
    texts: BTreeMap<String, String>,
    fixed: Vec<FixedLine>,
}

impl Checked {
    fn all(files: &[String], reader: &dyn Reader, options: &Options) -> Self {
        let mut checked = Self::default();
        for file in files {
            checked.one(file, reader, options);
        }
        checked
    }

    fn one(&mut self, file: &str, reader: &dyn Reader, options: &Options) {
        let loaded = pgward_spec::load(file, reader, options);
        let (_, more) = pgward_spec::resolve(&loaded.spec, &CATALOG, options);
        self.texts.extend(loaded.sources.0.clone());
        for one in loaded.diagnostics.into_iter().chain(more) {
            // A fault of a base file is the same fault in every environment that extends it.
            if !self.found.iter().any(|known| *known == one) {
                self.found.push(one);
            }
        }
    }
}

/// How often a fix may make way for another one.
const ROUNDS: usize = 8;

/// Checks, makes every fix that is certain, and writes the files.
fn fixed(files: &[String], options: &Options) -> Result<Checked, Failure> {
    let mut ahead = Ahead::default();
    let mut lines: BTreeMap<(String, u32), MendedLine> = BTreeMap::new();
    let mut checked = Checked::all(files, &ahead, options);
    for _ in 0..ROUNDS {
        let found = checked.found.as_slice();
        let mut is_mended = false;
        for (file, text) in &checked.texts {
            let (after, mended) = pgward_spec::mend(file, text, found);
            is_mended |= !mended.is_empty();
            for (line, mended) in mended {
                match lines.entry((file.clone(), line)) {
                    Entry::Occupied(mut known) => {
                        known.get_mut().after = mended.after;
                        known.get_mut().codes.extend(mended.codes);
                    }
                    Entry::Vacant(free) => {
                        free.insert(mended);
                    }
                }
            }
            if after != *text {
                ahead.0.files.insert(file.clone(), after);
            }
        }
        if !is_mended {
            break;
        }
        checked = Checked::all(files, &ahead, options);
    }
    for (file, text) in &ahead.0.files {
        pgward_store::write_over(std::path::Path::new(file), text)
            .map_err(|error| Failure::failed(chain(&error)))?;
    }
    checked.fixed = lines
        .into_iter()
        .map(|((file, line), mended)| FixedLine {
            file,
            line,
            codes: mended.codes.into_iter().collect(),
            before: mended.before,
            after: mended.after,
        })
        .collect();
    Ok(checked)
}

/// The changed lines, each with its place and the findings it mends.
fn listed(fixed: &[FixedLine]) -> String {
    let files: BTreeSet<&str> = fixed.iter().map(|one| one.file.as_str()).collect();
    let mut lines: Vec<String> = Vec::new();
    for one in fixed {
        let place = format!("{}:{}", one.file, one.line);
        lines.push(format!("{place}  {}", one.codes.join(", ")));
        lines.push(format!("- {}", text::escape(&one.before)));
        lines.push(format!("+ {}", text::escape(&one.after)));
    }
    lines.push(format!(
        "fixed {} in {}",
        wording::count(fixed.len(), "line"),
        wording::count(files.len(), "file")
    ));
    lines.join("\n")
}

fn conclude(
    context: &Context,
    arguments: &CheckArgs,
    checked: Checked,
    names: &[String],
) -> Answer {
    let found = checked.found.sorted();
    let sources = Sources::new(checked.texts);
    let counts = |severity: Severity| {
        found
            .iter()
            .filter(|one| one.severity == severity && one.accepted.is_none())
            .count()
    };
    let (errors, warnings) = (counts(Severity::Error), counts(Severity::Warning));
    let refused = errors > 0 || (arguments.warnings_as_errors && warnings > 0);
    let document = CheckDocument::new(names, found.as_slice(), env!("CARGO_PKG_VERSION"))
        .with_fixed(checked.fixed);
    if context.human() && !document.fixed.is_empty() {
        context.result(&listed(&document.fixed))?;
    }
    context.tell(&Subject::Check(&document))?;
    if context.json() {
        return Ok(if refused { Exit::Refused } else { Exit::Done });
    }
    if errors + warnings > 0 {
        let text = text::diagnostics(found.as_slice(), &sources, context.ui.err);
        crate::ui::complain(text.trim_end());
        text::totals(found.as_slice())
            .iter()
            .for_each(|line| crate::ui::complain(line));
    } else if context.human() {
        context.result(&document.sentence())?;
    }
    if refused && !arguments.watch {
        crate::ui::complain(if document.fixed.is_empty() {
            "exit 3: the files are refused, nothing was changed"
        } else {
            "exit 3: the files are still refused"
        });
    }
    Ok(if refused { Exit::Refused } else { Exit::Done })
}

/// The file that comes through stdin; what it extends is read from the working directory.
fn stdin_reader() -> Result<Ahead, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::failed(format!("cannot read stdin: {error}")))?;
    let mut ahead = Ahead::default();
    ahead.0.files.insert("-".to_owned(), text);
    Ok(ahead)
}
