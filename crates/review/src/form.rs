//! Forms: what one run can be written as, and the one function that writes it.

use pgward_engine::Report;

use crate::check::CheckDocument;
use crate::document::{Document, Finding};
use crate::drift::DriftDocument;
use crate::places::Places;
use crate::refusal::FailureDocument;
use crate::text::{self, Aftermath, Sources, Style};
use crate::{github::github, html::html, json, markdown, metrics::metrics, sarif::sarif};

/// What a result is written as: the word of `--format` and `--write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Text for people.
    Human,
    /// One JSON document, or JSON Lines for a run.
    Json,
    /// A comment on a pull request, within a number of bytes.
    Markdown,
    /// Findings for code scanning: SARIF 2.1.0.
    Sarif,
    /// Findings as annotations of GitHub Actions.
    Github,
    /// One self-contained page for a browser; a file only.
    Html,
    /// Numbers of drift as Prometheus reads them; a file only.
    Metrics,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 7] = [
        Self::Human,
        Self::Json,
        Self::Markdown,
        Self::Sarif,
        Self::Github,
        Self::Html,
        Self::Metrics,
    ];

    /// The word as `--format` and `--write` take it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Html => "html",
            Self::Metrics => "metrics",
        }
    }

    /// The form of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

/// How a form is written.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Color, glyphs and width of text; `ascii` also holds for Markdown.
    pub style: Style,
    /// Where files and the run are.
    pub places: Places,
    /// The most bytes of a Markdown text; raised to [`markdown::MINIMUM`].
    pub budget: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            style: Style::default(),
            places: Places::default(),
            budget: markdown::BUDGET,
        }
    }
}

/// What a command has to say, in whatever form.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Plans, one per environment.
    Plans(&'a [Document]),
    /// Comparisons with the last apply, one per environment.
    Drifts(&'a [DriftDocument]),
    /// The findings of files.
    Check(&'a CheckDocument),
    /// What a run of a plan did.
    Run {
        /// The report.
        report: &'a Report,
        /// The plan.
        document: &'a Document,
        /// What is known besides.
        aftermath: &'a Aftermath,
    },
    /// Why there is no result.
    Failure(&'a FailureDocument),
}

/// The subject in a form; nothing if it has no such form: numbers are those of drift only, pages
/// those of plans and their runs, and the JSON of a run is its [`Events`](crate::Events).
#[must_use]
pub fn render(subject: &Subject<'_>, form: Form, setting: &Setting) -> Option<String> {
    match form {
        Form::Human => Some(human(subject, setting.style)),
        Form::Json => json_of(subject),
        Form::Markdown => Some(markdown::markdown(subject, setting)),
        Form::Sarif => Some(sarif(subject, &setting.places)),
        Form::Github => Some(github(subject, &setting.places)),
        Form::Html => html(subject, &setting.places),
        Form::Metrics => match subject {
            Subject::Drifts(documents) => Some(metrics(documents)),
            Subject::Plans(_) | Subject::Check(_) | Subject::Run { .. } | Subject::Failure(_) => {
                None
            }
        },
    }
}

fn human(subject: &Subject<'_>, style: Style) -> String {
    match subject {
        Subject::Plans(documents) => {
            let mut texts = each(documents, |document| {
                if document.destroy {
                    text::destroy(document, style)
                } else if document.adoption.is_some() {
                    text::adoption(document, style)
                } else {
                    text::plan(document, style)
                }
            });
            if documents.len() > 1 {
                texts.push(text::plans(documents, style));
            }
            texts.join("\n")
        }
        Subject::Drifts(documents) => {
            let mut texts = each(documents, |document| text::drift(document, style));
            if documents.len() > 1 {
                texts.push(text::drifts(documents, style));
            }
            texts.join("\n")
        }
        Subject::Check(document) => {
            let findings = diagnostics(&document.findings, style);
            let sentence = document.sentence();
            if findings.is_empty() {
                format!("{sentence}\n")
            } else {
                format!("{findings}\n{sentence}\n")
            }
        }
        Subject::Run {
            report,
            document,
            aftermath,
        } => text::report(report, document, aftermath, style),
        Subject::Failure(document) => diagnostics(&document.findings, style),
    }
}

fn diagnostics(findings: &[Finding], style: Style) -> String {
    let all: Vec<pgward_model::Diagnostic> = findings
        .iter()
        .map(pgward_model::Diagnostic::from)
        .collect();
    text::diagnostics(&all, &Sources::default(), style)
}

fn json_of(subject: &Subject<'_>) -> Option<String> {
    match subject {
        Subject::Plans(documents) => Some(one_or_list(&each(documents, json))),
        Subject::Drifts(documents) => Some(one_or_list(&each(documents, json))),
        Subject::Check(document) => Some(json(document)),
        Subject::Failure(document) => Some(json(document)),
        Subject::Run { .. } => None,
    }
}

fn each<T>(documents: &[T], render: impl Fn(&T) -> String) -> Vec<String> {
    documents.iter().map(render).collect()
}

/// Several JSON documents as a list, a single one as it is.
fn one_or_list(texts: &[String]) -> String {
    match texts {
        [only] => only.clone(),
        several => {
            let trimmed: Vec<&str> = several.iter().map(|one| one.trim_end()).collect();
            format!("[\n{}\n]\n", trimmed.join(",\n"))
        }
    }
}
