//! `check`: the files alone; no AWS, no credentials.

use std::collections::BTreeMap;
use std::io::Read as _;

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostics, Severity};
use pgward_review::text::{self, Sources};
use pgward_review::{CheckDocument, Subject};
use pgward_spec::{MemoryReader, Options, Reader};

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Disk};

use super::{Answer, Context, read};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &CheckArgs) -> Answer {
    let options = Options {
        offline: arguments.offline,
        ..Options::on(read::today(Timestamp::now()))
    };
    let directory = context.global.dir.as_deref();
    let mut found = Diagnostics::new();
    let mut texts = BTreeMap::new();
    let mut names = Vec::new();
    if arguments.specs.iter().any(|spec| spec == "-") {
        let reader = stdin()?;
        names.push("stdin".to_owned());
        check_one("-", &reader, &options, &mut found, &mut texts);
    } else {
        let files = if arguments.specs.is_empty() {
            files::all_files(directory)?
        } else {
            let given = arguments.specs.iter();
            given
                .map(|spec| files::spec_file(Some(spec), directory))
                .collect::<Result<_, _>>()?
        };
        for file in files {
            let stem = std::path::Path::new(&file).file_stem();
            names.push(
                stem.map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default(),
            );
            check_one(&file, &Disk, &options, &mut found, &mut texts);
        }
    }
    conclude(context, arguments, found, &Sources::new(texts), &names)
}

fn check_one(
    file: &str,
    reader: &dyn Reader,
    options: &Options,
    found: &mut Diagnostics,
    texts: &mut BTreeMap<String, String>,
) {
    let loaded = pgward_spec::load(file, reader, options);
    let (_, more) = pgward_spec::resolve(&loaded.spec, &CATALOG, options);
    texts.extend(loaded.sources.0.clone());
    for one in loaded.diagnostics.into_iter().chain(more) {
        // A fault of a base file is the same fault in every environment that extends it.
        if !found.iter().any(|known| *known == one) {
            found.push(one);
        }
    }
}

fn conclude(
    context: &Context,
    arguments: &CheckArgs,
    found: Diagnostics,
    sources: &Sources,
    names: &[String],
) -> Answer {
    let found = found.sorted();
    let counts = |severity: Severity| {
        found
            .iter()
            .filter(|one| one.severity == severity && one.accepted.is_none())
            .count()
    };
    let (errors, warnings) = (counts(Severity::Error), counts(Severity::Warning));
    let refused = errors > 0 || (arguments.warnings_as_errors && warnings > 0);
    let document = CheckDocument::new(names, found.as_slice(), env!("CARGO_PKG_VERSION"));
    context.tell(&Subject::Check(&document))?;
    if context.json() {
        return Ok(if refused { Exit::Refused } else { Exit::Done });
    }
    if errors + warnings > 0 {
        let text = text::diagnostics(found.as_slice(), sources, context.ui.err);
        crate::ui::complain(text.trim_end());
        text::totals(found.as_slice())
            .iter()
            .for_each(|line| crate::ui::complain(line));
    } else if context.human() {
        context.result(&document.sentence())?;
    }
    if refused {
        crate::ui::complain("exit 3: the files are refused, nothing was changed");
    }
    Ok(if refused { Exit::Refused } else { Exit::Done })
}

/// The file that comes through stdin; what it extends is read from the working directory.
fn stdin() -> Result<StdinReader, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::failed(format!("cannot read stdin: {error}")))?;
    let mut memory = MemoryReader::default();
    memory.files.insert("-".to_owned(), text);
    Ok(StdinReader(memory))
}

struct StdinReader(MemoryReader);

impl Reader for StdinReader {
    fn read(&self, path: &str) -> std::io::Result<String> {
        self.0.read(path).or_else(|_| Disk.read(path))
    }

    fn variable(&self, name: &str) -> Option<String> {
        Disk.variable(name)
    }

    fn files(&self, directory: &str) -> std::io::Result<Vec<String>> {
        Disk.files(directory)
    }
}
