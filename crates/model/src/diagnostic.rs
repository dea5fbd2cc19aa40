//! What is wrong with a file or a plan: a code, a sentence, a place and the way out.

use serde::{Deserialize, Serialize};

/// Where a value was written: file, line and columns, counted in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Path of the file, relative to the working directory.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// First column, from 1.
    pub column: u32,
    /// Column after the last one.
    pub end_column: u32,
}

impl Origin {
    /// `file:line`, as plan lines print it.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The command goes on; said once.
    Note,
    /// The command goes on.
    Warning,
    /// The command is refused.
    Error,
}

/// A place in a file with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    /// The place.
    pub origin: Origin,
    /// The words under the carets; may be empty.
    pub text: String,
}

/// A replacement of text that mends the cause, if it is unambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What to replace.
    pub origin: Origin,
    /// The new text.
    pub text: String,
}

/// One finding: what is wrong, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The code, such as `P101`; never reused for something else.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence in the reader's terms.
    pub message: String,
    /// The place it is about.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// Indented lines such as `AWS: …` or `next: …`, as (word, text).
    pub facts: Vec<(String, String)>,
    /// What to do; can be typed or pasted as it stands.
    pub help: Vec<String>,
    /// Why, or what else.
    pub notes: Vec<String>,
    /// The replacement that mends it, if there is exactly one.
    pub fix: Option<Fix>,
    /// The path or address it is about, for waivers and fingerprints.
    pub subject: Option<String>,
    /// The reason of the waiver that covers it.
    pub accepted: Option<String>,
}

impl Diagnostic {
    /// A finding without a place.
    #[must_use]
    pub fn new(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            facts: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            fix: None,
            subject: None,
            accepted: None,
        }
    }

    /// An error.
    #[must_use]
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A note.
    #[must_use]
    pub fn note_of(code: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    /// Sets the place and the words under its carets.
    #[must_use]
    pub fn at(mut self, origin: &Origin, text: impl Into<String>) -> Self {
        self.primary = Some(Label {
            origin: origin.clone(),
            text: text.into(),
        });
        self
    }

    /// Sets the place, if it is known.
    #[must_use]
    pub fn at_some(self, origin: Option<&Origin>, text: impl Into<String>) -> Self {
        match origin {
            Some(origin) => self.at(origin, text),
            None => self,
        }
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, origin: &Origin, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            origin: origin.clone(),
            text: text.into(),
        });
        self
    }

    /// Adds another place, if it is known.
    #[must_use]
    pub fn also_some(self, origin: Option<&Origin>, text: impl Into<String>) -> Self {
        match origin {
            Some(origin) => self.also(origin, text),
            None => self,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds why.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a line that starts with a word of its own, such as `next` or `AWS`.
    #[must_use]
    pub fn fact(mut self, word: &str, text: impl Into<String>) -> Self {
        self.facts.push((word.to_owned(), text.into()));
        self
    }

    /// Sets the path or address it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the replacement that mends it.
    #[must_use]
    pub fn fixed_by(mut self, origin: &Origin, text: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            origin: origin.clone(),
            text: text.into(),
        });
        self
    }

    /// Whether it refuses the command.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Findings of one run, sorted by place when they are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No findings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds findings.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(others);
    }

    /// Whether one of them refuses the command.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All findings in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// All findings as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// All findings, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.0.iter_mut()
    }

    /// The findings sorted by file, line, column and code.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.primary.as_ref().map(|label| label.origin.clone());
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(&b.code))
        });
        self
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
