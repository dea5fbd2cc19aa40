//! Runs every folder of `tests/cases/check` and compares all findings with `expected.txt`.
//!
//! A folder holds `spec.toml` and the files it names; what is not there comes from `shared/`.
//! `variables.txt` sets variables, a file `offline` makes the run offline. Folders whose name
//! begins with `valid` also show what should exist, in `desired.json`. `SNAPSHOTS=overwrite`
//! accepts.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Diagnostics, Origin, Severity};
use pgward_spec::{MemoryReader, Options, Reader, ShownEntry, check, environments, show};
use snapbox::data::DataFormat;
use snapbox::{Data, assert_data_eq};

/// The day on which every case is checked.
const TODAY: &str = "2025-11-12";

struct Folder {
    folder: PathBuf,
    shared: PathBuf,
    variables: Vec<(String, String)>,
}

impl Folder {
    fn new(folder: &Path, shared: &Path) -> Self {
        let text = read(&folder.join("variables.txt")).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let variables = lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            folder: folder.to_owned(),
            shared: shared.to_owned(),
            variables,
        }
    }
}

impl Reader for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        read(&self.folder.join(path)).or_else(|_| read(&self.shared.join(path)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    }

    fn files(&self, directory: &str) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(self.folder.join(directory))?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
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

fn place(origin: &Origin) -> String {
    format!(
        "{}:{}:{}-{}",
        origin.file, origin.line, origin.column, origin.end_column
    )
}

/// A finding in full, one line per part.
fn print(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let at = diagnostic
        .primary
        .as_ref()
        .map(|label| place(&label.origin))
        .unwrap_or_default();
    let mut lines = vec![format!(
        "{severity}[{}] {at}: {}",
        diagnostic.code, diagnostic.message
    )];
    let labels = diagnostic
        .primary
        .iter()
        .filter(|label| !label.text.is_empty());
    lines.extend(labels.map(|label| format!("  label {}", label.text)));
    lines.extend(
        diagnostic
            .secondary
            .iter()
            .map(|label| format!("  also {}: {}", place(&label.origin), label.text)),
    );
    lines.extend(
        diagnostic
            .help
            .iter()
            .map(|text| format!("  help {}", text.replace('\n', "\n       "))),
    );
    lines.extend(
        diagnostic
            .notes
            .iter()
            .map(|text| format!("  note {}", text.replace('\n', "\n       "))),
    );
    lines.extend(
        diagnostic
            .fix
            .iter()
            .map(|fix| format!("  fix {}: {}", place(&fix.origin), fix.text)),
    );
    lines.extend(
        diagnostic
            .subject
            .iter()
            .map(|subject| format!("  about {subject}")),
    );
    lines.extend(
        diagnostic
            .accepted
            .iter()
            .map(|reason| format!("  accepted {reason}")),
    );
    lines.join("\n")
}

fn print_all(diagnostics: &Diagnostics) -> String {
    let lines: Vec<String> = diagnostics.iter().map(print).collect();
    if lines.is_empty() {
        "no findings\n".to_owned()
    } else {
        format!("{}\n", lines.join("\n\n"))
    }
}

fn options(folder: &Path) -> Options {
    Options {
        offline: folder.join("offline").exists(),
        ..Options::on(TODAY)
    }
}

fn compare(text: String, path: &Path, format: Option<DataFormat>) {
    let expected = Data::read_from(path, format);
    assert_data_eq!(Data::text(text).raw(), expected.raw());
}

#[test]
fn every_case_gives_its_findings() {
    let cases = root().join("tests/cases/check");
    let shared = cases.join("shared");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&cases)
        .expect("tests/cases/check exists")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.is_dir() && *path != shared)
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "no case was found");
    for folder in folders {
        let name = folder
            .file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned();
        let reader = Folder::new(&folder, &shared);
        let (_, desired, found) = check("spec.toml", &reader, &CATALOG, &options(&folder));
        let mut text = print_all(&found);
        let outcome = match &desired {
            Some(desired) => format!("\nresolved: {} resources\n", desired.resources.len()),
            None => "\nnothing to plan\n".to_owned(),
        };
        text.push_str(&outcome);
        let code = name.split('-').next().unwrap_or_default();
        let about_code = name.starts_with('p') && code.len() == 4;
        assert!(
            !about_code || text.contains(&format!("[{}]", code.to_uppercase())),
            "{name} does not give its code:\n{text}"
        );
        compare(text, &folder.join("expected.txt"), None);
        if name.starts_with("valid") {
            let desired = desired.expect("a valid spec resolves");
            let json = serde_json::to_string_pretty(&desired).expect("it is plain data");
            compare(
                format!("{json}\n"),
                &folder.join("desired.json"),
                Some(DataFormat::Text),
            );
        }
    }
}

#[test]
fn every_code_has_a_case() {
    let cases = root().join("tests/cases/check");
    let names: Vec<String> = std::fs::read_dir(cases)
        .expect("tests/cases/check exists")
        .map(|entry| {
            entry
                .expect("it can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let missing: Vec<&str> = pgward_spec::CODES
        .iter()
        .map(|code| code.code)
        .filter(|code| {
            !names
                .iter()
                .any(|name| name.starts_with(&code.to_lowercase()))
        })
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn the_schema_is_fresh() {
    let schema = serde_json::to_string_pretty(&pgward_spec::schema(&CATALOG)).expect("plain data");
    compare(
        format!("{schema}\n"),
        &root().join("specs/schema.json"),
        Some(DataFormat::Text),
    );
}

#[test]
fn the_shipped_specs_are_clean() {
    let reader = Folder::new(&root(), &root());
    let found = environments("specs", &reader).expect("specs/ can be read");
    let names: Vec<&str> = found
        .environments
        .iter()
        .map(|found| found.bare.as_str())
        .collect();
    assert_eq!(names, ["dev", "prod", "staging"]);
    assert_eq!(found.bases, ["specs/base.toml"]);
    for environment in found.environments {
        let (loaded, desired, found) =
            check(&environment.path, &reader, &CATALOG, &Options::on(TODAY));
        assert_eq!(print_all(&found), "no findings\n", "{}", environment.path);
        let desired = desired.expect("a clean spec resolves");
        let folder = root().join("tests/cases/check/shared");
        let mut shown = String::new();
        for section in show(&loaded.spec, Some(&desired), &CATALOG) {
            writeln!(shown, "[{}]", section.name).expect("a text takes it");
            for entry in section.entries {
                let ShownEntry { key, value, origin } = entry;
                writeln!(shown, "{key} = {value}  # {origin}").expect("a text takes it");
            }
        }
        compare(
            shown,
            &folder.join(format!("shown-{}.txt", environment.bare)),
            None,
        );
    }
}

/// Specs that are cut off, or lack a line, or hold an odd character are refused and never a crash.
#[test]
fn damaged_specs_are_read_without_a_crash() {
    let root = root();
    let text = |name: &str| read(&root.join("specs").join(name)).expect("it is shipped");
    let base = text("base.toml");
    let prod = text("prod.toml");
    let run = |base: String, prod: String| {
        let files = [("specs/base.toml", base), ("specs/prod.toml", prod)];
        let files = files.map(|(path, text)| (path.to_owned(), text)).into();
        let reader = MemoryReader {
            files,
            ..MemoryReader::default()
        };
        let (_, desired, found) = check("specs/prod.toml", &reader, &CATALOG, &Options::on(TODAY));
        assert!(
            desired.is_some() || found.has_errors(),
            "nothing to plan, and no reason given"
        );
    };
    for cut in (0..prod.len())
        .step_by(13)
        .filter(|cut| prod.is_char_boundary(*cut))
    {
        run(base.clone(), prod[..cut].to_owned());
        run(base.clone(), format!("{}é{}", &prod[..cut], &prod[cut..]));
    }
    for cut in (0..base.len())
        .step_by(29)
        .filter(|cut| base.is_char_boundary(*cut))
    {
        run(base[..cut].to_owned(), prod.clone());
        run(format!("{}\"{}", &base[..cut], &base[cut..]), prod.clone());
    }
    for gone in 0..prod.lines().count() {
        let kept = prod.lines().enumerate().filter(|(index, _)| *index != gone);
        run(
            base.clone(),
            kept.map(|(_, line)| format!("{line}\n")).collect(),
        );
    }
}
