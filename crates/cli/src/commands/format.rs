//! `fmt`: files in canonical form.

use std::io::Read as _;
use std::path::Path;

use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Diagnostics};
use pgward_review::{FailureDocument, text, wording};
use serde_json::json;
use similar::TextDiff;

use crate::args::FormatArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;

use super::{Answer, Context};

/// What became of one file.
struct Formatted {
    path: String,
    before: String,
    /// Its canonical text; nothing if it could not be made.
    after: Option<String>,
}

impl Formatted {
    fn is_other(&self) -> bool {
        self.after
            .as_ref()
            .is_some_and(|after| *after != self.before)
    }

    fn state(&self, check: bool) -> &'static str {
        match (&self.after, self.is_other()) {
            (None, _) => "refused",
            (Some(_), false) => "canonical",
            (Some(_), true) if check => "differs",
            (Some(_), true) => "formatted",
        }
    }
}

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &FormatArgs) -> Answer {
    let stdin = arguments.files.iter().any(|file| file == "-");
    if stdin && arguments.files.len() > 1 {
        let message = "`-` is stdin, which goes to stdout alone".to_owned();
        return Err(Failure::usage(message).next("pgward fmt - < FILE"));
    }
    let paths = if stdin {
        vec!["-".to_owned()]
    } else {
        paths(context, &arguments.files)?
    };
    let mut found = Diagnostics::new();
    let mut texts = std::collections::BTreeMap::new();
    let mut all = Vec::new();
    for path in paths {
        let before = match read(&path) {
            Ok(before) => before,
            Err(why) => {
                let message = format!("cannot read {path}: {why}");
                found.push(Diagnostic::error("P116", message));
                continue;
            }
        };
        let after = match pgward_spec::format(&path, &before, &CATALOG) {
            Ok(after) => Some(after),
            Err(faults) => {
                found.extend(faults);
                None
            }
        };
        texts.insert(path.clone(), before.clone());
        all.push(Formatted {
            path,
            before,
            after,
        });
    }
    if !arguments.check && !stdin {
        write(&all)?;
    }
    let exit = if found.has_errors() {
        Exit::Refused
    } else if arguments.check && all.iter().any(Formatted::is_other) {
        Exit::Different
    } else {
        Exit::Done
    };
    tell(context, arguments.check, stdin, &all, &found, exit)?;
    if !context.json() {
        let sources = text::Sources::new(texts);
        let complaint = text::diagnostics(found.as_slice(), &sources, context.ui.err);
        crate::ui::complain(complaint.trim_end());
        let others = all.iter().filter(|one| one.is_other()).count();
        match exit {
            Exit::Refused => {
                crate::ui::complain("exit 3: what is named above is left as it was");
            }
            Exit::Different => crate::ui::complain(&format!(
                "exit 2: {} not in canonical form; pgward fmt rewrites",
                wording::count(others, "file")
            )),
            Exit::Done | Exit::Failed | Exit::Busy | Exit::Usage | Exit::Interrupted => {}
        }
    }
    Ok(exit)
}

/// The files to format: those named, those of a folder, else all of the spec directory.
fn paths(context: &Context, given: &[String]) -> Result<Vec<String>, Failure> {
    let directory = context.global.dir.as_deref();
    if given.is_empty() {
        let directory = files::spec_directory(directory)?;
        return files::toml_files(&directory);
    }
    let mut paths = Vec::new();
    for one in given {
        if Path::new(one).is_dir() {
            paths.extend(files::toml_files(Path::new(one))?);
        } else {
            paths.push(files::spec_file(Some(one), directory)?);
        }
    }
    paths.dedup();
    Ok(paths)
}

fn read(path: &str) -> std::io::Result<String> {
    if path != "-" {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn write(all: &[Formatted]) -> Result<(), Failure> {
    for one in all.iter().filter(|one| one.is_other()) {
        let after = one.after.as_deref().unwrap_or_default();
        pgward_store::write_over(Path::new(&one.path), after)
            .map_err(|error| Failure::failed(crate::assemble::chain(&error)))?;
    }
    Ok(())
}

/// The result: the text of stdin, what differs, or what was written.
fn tell(
    context: &Context,
    check: bool,
    stdin: bool,
    all: &[Formatted],
    found: &Diagnostics,
    exit: Exit,
) -> Result<(), Failure> {
    if context.json() {
        let version = env!("CARGO_PKG_VERSION");
        let names = (None, None);
        let failure = FailureDocument::new("fmt", names, exit.code(), found.as_slice(), version);
        let list: Vec<_> = all
            .iter()
            .map(|one| json!({"path": one.path, "state": one.state(check)}))
            .collect();
        return context.result(&pgward_review::json(&json!({
            "format": "pgward.fmt",
            "format_version": "1.0",
            "tool_version": version,
            "exit_code": exit.code(),
            "files": list,
            "findings": failure.findings,
        })));
    }
    let mut texts = Vec::new();
    for one in all.iter().filter(|one| one.is_other() || stdin) {
        let Some(after) = &one.after else { continue };
        if check {
            let diff = TextDiff::from_lines(&one.before, after);
            let canonical = format!("{} in canonical form", one.path);
            texts.push(
                diff.unified_diff()
                    .header(&one.path, &canonical)
                    .to_string(),
            );
        } else if stdin {
            texts.push(after.clone());
        } else {
            texts.push(format!("formatted {}\n", one.path));
        }
    }
    let mut text = texts.concat();
    if text.is_empty() && !stdin && !found.has_errors() {
        text = format!("{}: canonical already", wording::count(all.len(), "file"));
    }
    if text.is_empty() {
        return Ok(());
    }
    context.result(&text)
}
