//! The forms a run is written in: on stdout, in files, and on GitHub as it asks for them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Diagnostic};
use pgward_review::{
    Document, Events, FailureDocument, Form, NodePart, Places, RunResult, Setting, Style, Subject,
    markdown, render,
};
use pgward_spec::Options;

use crate::args::{Command, Format, Global};
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Disk};
use crate::places::places;
use crate::ui::complain;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a run is asked to write.
#[derive(Debug)]
pub(crate) struct Forms {
    command: &'static str,
    spec: Option<String>,
    directory: Option<PathBuf>,
    stdout: Form,
    files: Vec<(Form, PathBuf)>,
    budget: usize,
    ascii: bool,
    link_base: Option<String>,
    /// Whether the run is a step of GitHub Actions that wants more than its result.
    pub(crate) github: bool,
    told: AtomicBool,
    /// Whether the JSON of the command is a stream of events.
    streams: bool,
}

impl Forms {
    /// What flags and variables ask for; refuses what the command has no form for.
    pub(crate) fn new(global: &Global, command: &Command) -> Result<Self, Failure> {
        let (name, spec) = name(command);
        let stdout = match (global.json, global.format) {
            (true, _) | (_, Some(Format::Json)) => Form::Json,
            (_, None | Some(Format::Human)) => Form::Human,
            (_, Some(Format::Markdown)) => Form::Markdown,
            (_, Some(Format::Sarif)) => Form::Sarif,
            (_, Some(Format::Github)) => Form::Github,
        };
        let mut files = Vec::new();
        // For a file that is imported, --write takes its path.
        let imports = matches!(command, Command::Import(arguments) if !arguments.adopt);
        let wishes = global.write.iter();
        for wish in wishes.filter(|wish| !(imports && is_path(wish))) {
            files.push(wanted(wish)?);
        }
        // The forms of a command in the sandbox are looked at with that command.
        let streams = matches!(name, "apply" | "destroy") || (name == "import" && !imports);
        if name != "sandbox" {
            fits(name, known(name, streams), stdout, &files)?;
        }
        let budget = global.markdown_budget.unwrap_or(markdown::BUDGET);
        if budget < markdown::MINIMUM {
            let message = format!(
                "--markdown-budget {budget}: what is never cut needs {} bytes",
                markdown::MINIMUM
            );
            return Err(Failure::usage(message));
        }
        if let Some(base) = &global.link_base
            && !Places::is_address(base)
        {
            let message = format!("--link-base {base}: an address is expected");
            return Err(
                Failure::usage(message).next("--link-base https://github.com/ORG/REPO/blob/COMMIT")
            );
        }
        let off = std::env::var("PGWARD_CI").is_ok_and(|value| value == "off");
        let actions = std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
        Ok(Self {
            command: name,
            spec,
            directory: global.dir.clone(),
            stdout,
            files,
            budget,
            ascii: global.ascii,
            link_base: global.link_base.clone(),
            github: actions && !off,
            told: AtomicBool::new(false),
            streams,
        })
    }

    /// Whether stdout carries text for people.
    pub(crate) fn is_human(&self) -> bool {
        self.stdout == Form::Human
    }

    /// Whether the JSON of the command is a stream of events.
    fn is_streamed(&self) -> bool {
        self.streams
    }

    /// The file of the event stream of a run, if one is asked for.
    pub(crate) fn events(&self) -> Option<&Path> {
        let mut files = self.files.iter().filter(|_| self.is_streamed());
        let found = files.find(|(form, _)| *form == Form::Json);
        found.map(|(_, path)| path.as_path())
    }

    fn setting(&self, style: Style, budget: usize) -> Setting {
        Setting {
            style: Style {
                ascii: style.ascii || self.ascii,
                ..style
            },
            places: places(
                self.link_base.as_ref(),
                self.spec.as_deref(),
                self.directory.as_deref(),
            ),
            budget,
        }
    }

    /// Project and environment as far as the file tells; it may be broken.
    fn names(&self) -> (Option<String>, Option<String>) {
        let Ok(file) = files::spec_file(self.spec.as_deref(), self.directory.as_deref()) else {
            return (None, None);
        };
        let loaded = pgward_spec::load(&file, &Disk, &Options::on(""));
        let sections = pgward_spec::show(&loaded.spec, None, &CATALOG);
        let project = sections
            .iter()
            .filter(|section| section.name == "project")
            .flat_map(|section| &section.entries)
            .find(|entry| entry.key == "name")
            .map(|entry| entry.value.trim_matches('"').to_owned());
        (project, loaded.spec.environment().map(str::to_owned))
    }

    /// Writes the files, and what GitHub asks for.
    fn beside(&self, subject: &Subject<'_>) -> Result<(), Failure> {
        let plain = self.setting(Style::default(), self.budget);
        for (form, path) in &self.files {
            if *form == Form::Json && self.is_streamed() {
                continue;
            }
            if let Some(text) = render(subject, *form, &plain) {
                std::fs::write(path, text).map_err(|error| {
                    Failure::failed(format!("cannot write {}: {error}", path.display()))
                })?;
            }
        }
        if self.github {
            self.annotate(subject, &plain.places);
        }
        Ok(())
    }

    /// Annotations, and the step summary as far as GitHub takes more of it.
    fn annotate(&self, subject: &Subject<'_>, places: &Places) {
        if self.stdout != Form::Github {
            complain(pgward_review::github(subject, places).trim_end());
        }
        let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())
        else {
            return;
        };
        let used = std::fs::metadata(&path).map_or(0, |file| file.len());
        let room = markdown::SUMMARY_BUDGET.saturating_sub(usize::try_from(used).unwrap_or(0));
        if room < markdown::MINIMUM {
            complain("note: the job summary is full, so this run is not in it");
            return;
        }
        let setting = self.setting(Style::default(), room);
        let text = render(subject, Form::Markdown, &setting).unwrap_or_default();
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written {
            complain(&format!(
                "warning: the job summary was not written: {error}"
            ));
        }
    }
}

/// Refuses forms that a command does not have.
fn fits(
    name: &str,
    known: &[Form],
    stdout: Form,
    files: &[(Form, PathBuf)],
) -> Result<(), Failure> {
    let words: Vec<&str> = known.iter().map(|form| form.word()).collect();
    if !known.contains(&stdout) {
        let message = format!("{name} has no form {}", stdout.word());
        return Err(Failure::usage(message).next(format!("one of {}", words.join(", "))));
    }
    for (form, _) in files {
        if known.len() <= ELSEWHERE.len() {
            let message = format!("--write {}: {name} is written to stdout only", form.word());
            return Err(Failure::usage(message).next("pgward ... > FILE"));
        }
        if !known.contains(form) {
            let message = format!("--write {}: {name} has no such form", form.word());
            return Err(Failure::usage(message).next(format!("one of {}", words.join(", "))));
        }
    }
    Ok(())
}

/// Whether the text names no form and so is the path of a file.
fn is_path(wish: &str) -> bool {
    let form = wish.split_once('=').map(|(word, _)| word);
    form.and_then(Form::from_word).is_none()
}

/// The path among the texts of `--write`, for a file that is imported.
pub(crate) fn file_of(wishes: &[String]) -> Option<&str> {
    let mut paths = wishes.iter().filter(|wish| is_path(wish));
    paths.next().map(String::as_str)
}

/// `FORMAT=PATH`.
fn wanted(wish: &str) -> Result<(Form, PathBuf), Failure> {
    let Some((word, path)) = wish.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        let message = format!("--write {wish}: FORMAT=PATH is expected");
        return Err(Failure::usage(message).next("--write json=plan.json"));
    };
    let Some(form) = Form::from_word(word) else {
        let words: Vec<&str> = Form::ALL.iter().map(|form| form.word()).collect();
        let message = format!("--write {wish}: there is no form {word}");
        return Err(Failure::usage(message).next(format!("one of {}", words.join(", "))));
    };
    Ok((form, PathBuf::from(path)))
}

/// The word of a command, and the environment it names.
fn name(command: &Command) -> (&'static str, Option<String>) {
    let given = |spec: &crate::args::SpecArg| spec.given().map(str::to_owned);
    match command {
        Command::Check(arguments) => match arguments.specs.as_slice() {
            [only] => ("check", Some(only.clone())),
            _ => ("check", None),
        },
        Command::Plan(arguments) => ("plan", given(&arguments.spec)),
        Command::Apply(arguments) => ("apply", given(&arguments.spec)),
        Command::Drift(arguments) => ("drift", given(&arguments.spec)),
        Command::Destroy(arguments) => ("destroy", given(&arguments.spec)),
        Command::Import(arguments) => ("import", given(&arguments.spec)),
        Command::Show(_) => ("show", None),
        Command::Output(_) => ("output", None),
        Command::Preflight(_) => ("preflight", None),
        Command::Graph(_) => ("graph", None),
        // A policy is JSON by itself.
        Command::Explain(arguments)
            if arguments
                .what
                .first()
                .is_none_or(|word| word != "permissions") =>
        {
            ("explain", None)
        }
        Command::Sandbox(_) => ("sandbox", None),
        _ => ("this command", None),
    }
}

/// The forms of commands without a document.
const ELSEWHERE: [Form; 2] = [Form::Human, Form::Json];

/// The forms of a command.
fn known(command: &str, streams: bool) -> &'static [Form] {
    const FINDINGS: [Form; 5] = [
        Form::Human,
        Form::Json,
        Form::Markdown,
        Form::Sarif,
        Form::Github,
    ];
    const PLANS: [Form; 6] = [
        Form::Human,
        Form::Json,
        Form::Markdown,
        Form::Sarif,
        Form::Github,
        Form::Html,
    ];
    match command {
        "graph" | "explain" => &[Form::Human],
        "check" => &FINDINGS,
        "import" if !streams => &ELSEWHERE,
        "plan" | "apply" | "destroy" | "import" => &PLANS,
        "drift" => &Form::ALL,
        _ => &ELSEWHERE,
    }
}

/// Every declared resource with what it needs, for the picture of the environment.
pub(crate) fn nodes(desired: &Desired) -> Vec<NodePart> {
    let Ok(graph) = pgward_graph::Graph::build(desired.resources.values()) else {
        return Vec::new();
    };
    let node = |resource: &pgward_model::Resource| NodePart {
        address: resource.address.to_string(),
        noun: CATALOG.kind(&resource.kind).noun.to_owned(),
        name: resource.name.clone(),
        needs: graph
            .needs(&resource.address)
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    desired.resources.values().map(node).collect()
}

/// The document of a plan with every resource of its environment.
pub(crate) fn document(plan: &pgward_engine::Plan, desired: &Desired) -> Document {
    let bindings = pgward_review::Bindings {
        nodes: nodes(desired),
        ..pgward_review::Bindings::default()
    };
    pgward_review::document(plan, &bindings)
}

impl Context {
    /// Whether stdout carries text for people.
    pub(crate) fn human(&self) -> bool {
        self.forms.is_human()
    }

    /// Prints the result in the form of stdout and writes the others.
    ///
    /// The text of findings for people is on stderr, with the lines of the files, so stdout has
    /// none of it; the JSON of a run is its events.
    pub(crate) fn tell(&self, subject: &Subject<'_>) -> Result<(), Failure> {
        let form = self.forms.stdout;
        let text = match subject {
            Subject::Check(_) | Subject::Failure(_) if form == Form::Human => None,
            _ => render(
                subject,
                form,
                &self.forms.setting(self.ui.out, self.forms.budget),
            ),
        };
        self.forms.told.store(true, Ordering::Relaxed);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.result(&text)?;
        }
        self.forms.beside(subject)
    }

    /// Says why there is no result: in the form of stdout, in the files, and for people on stderr
    /// unless stdout carries JSON.
    pub(crate) fn fail(&self, failure: &Failure) {
        let told = self.forms.told.load(Ordering::Relaxed);
        if failure.exit == Exit::Usage || told {
            self.ui.failure(failure);
            return;
        }
        let diagnostics = self.ui.in_its_place(failure.diagnostics.as_slice());
        if self.forms.is_streamed() {
            self.fail_as_events(failure, &diagnostics);
        }
        let document = FailureDocument::new(
            self.forms.command,
            self.forms.names(),
            failure.exit.code(),
            &diagnostics,
            VERSION,
        );
        let subject = Subject::Failure(&document);
        let json = self.forms.stdout == Form::Json;
        let written = if json && self.forms.is_streamed() {
            self.forms.beside(&subject)
        } else {
            self.tell(&subject)
        };
        if !json {
            self.ui.failure(failure);
        }
        if let Err(second) = written {
            complain(&second.last_line());
        }
    }

    /// A stream of events that ends before it began.
    fn fail_as_events(&self, failure: &Failure, diagnostics: &[Diagnostic]) {
        let result = match failure.exit {
            Exit::Refused | Exit::Busy => RunResult::Refused,
            Exit::Interrupted => RunResult::Interrupted,
            Exit::Done | Exit::Failed | Exit::Different | Exit::Usage => RunResult::Failed,
        };
        let lines = Events::failure(
            Timestamp::now(),
            self.forms.command,
            diagnostics,
            (result, failure.exit.code()),
            VERSION,
        );
        let text = format!("{}\n", lines.join("\n"));
        if self.forms.stdout == Form::Json {
            drop(self.ui.result(&text));
        }
        if let Some(path) = self.forms.events() {
            drop(std::fs::write(path, text));
        }
    }
}
