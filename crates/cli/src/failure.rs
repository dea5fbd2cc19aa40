//! Why a command ends without its result: what is wrong, and what to do.

use pgward_model::{Diagnostic, Diagnostics, Severity};
use pgward_review::text::Sources;

use crate::exit::Exit;

/// A command that ends without its result.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// How it ends.
    pub(crate) exit: Exit,
    /// What is wrong.
    pub(crate) diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub(crate) sources: Sources,
    /// The last line on stderr; empty for the usual one of the exit code.
    pub(crate) last: String,
}

impl Failure {
    fn with(exit: Exit, severity: Severity, code: &str, message: String) -> Self {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(Diagnostic::new(severity, code, message));
        Self {
            exit,
            diagnostics,
            sources: Sources::default(),
            last: String::new(),
        }
    }

    /// Refused before anything happened.
    pub(crate) fn refused(message: String) -> Self {
        Self::with(Exit::Refused, Severity::Error, "", message)
    }

    /// Failed: AWS, network or the file system.
    pub(crate) fn failed(message: String) -> Self {
        Self::with(Exit::Failed, Severity::Error, "", message)
    }

    /// Wrong usage.
    pub(crate) fn usage(message: String) -> Self {
        Self::with(Exit::Usage, Severity::Error, "", message)
    }

    /// Refused with findings.
    pub(crate) fn findings(diagnostics: Diagnostics, sources: Sources) -> Self {
        Self {
            exit: Exit::Refused,
            diagnostics,
            sources,
            last: String::new(),
        }
    }

    /// One finding and its exit.
    pub(crate) fn of(exit: Exit, diagnostic: Diagnostic) -> Self {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(diagnostic);
        Self {
            exit,
            diagnostics,
            sources: Sources::default(),
            last: String::new(),
        }
    }

    /// Adds what to do.
    pub(crate) fn next(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if let Some(last) = self.diagnostics.iter_mut().last() {
            last.facts.push(("next".to_owned(), text));
        }
        self
    }

    /// Sets the texts that the diagnostics point into.
    pub(crate) fn from(mut self, sources: &Sources) -> Self {
        self.sources = sources.clone();
        self
    }

    /// The last line on stderr.
    pub(crate) fn last_line(&self) -> String {
        if !self.last.is_empty() {
            return format!("exit {}: {}", self.exit.code(), self.last);
        }
        let words = match self.exit {
            Exit::Done => return String::new(),
            Exit::Failed => "failed",
            Exit::Different => "differences",
            Exit::Refused | Exit::Busy => "nothing was changed",
            Exit::Usage => "wrong usage",
            Exit::Interrupted => "interrupted",
        };
        format!("exit {}: {words}", self.exit.code())
    }
}
