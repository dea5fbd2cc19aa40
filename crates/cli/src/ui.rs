//! Streams: the result on stdout, everything else on stderr; color, width and questions.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use pgward_model::Diagnostic;
use pgward_review::text::{self, Style};

use crate::args::{Color, Global};
use crate::exit::Exit;
use crate::failure::Failure;

/// How this run talks.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    /// Style of stdout.
    pub(crate) out: Style,
    /// Style of stderr.
    pub(crate) err: Style,
    /// Whether stderr is a terminal whose lines can be redrawn.
    pub(crate) live: bool,
    /// Whether questions may be asked.
    pub(crate) asks: bool,
    /// Results and errors only.
    pub(crate) quiet: bool,
    /// Whether the run is in the sandbox, so that commands to type begin with `pgward sandbox`.
    pub(crate) sandbox: bool,
}

impl Ui {
    /// What flags, variables and streams ask for.
    pub(crate) fn new(global: &Global, sandbox: bool) -> Self {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let out_terminal = io::stdout().is_terminal();
        let err_terminal = io::stderr().is_terminal();
        let ascii = global.ascii || !speaks_utf8();
        let style = |terminal: bool| {
            let width = if terminal {
                terminal_width()
            } else {
                Style::WIDTH
            };
            Style {
                color: colors(global.color, terminal && !dumb),
                ascii,
                width: Style::WIDTH,
            }
            .with_width(width)
        };
        Self {
            out: style(out_terminal),
            err: style(err_terminal),
            live: err_terminal && !dumb && !ascii,
            asks: !global.no_input && io::stdin().is_terminal() && err_terminal,
            quiet: global.quiet,
            sandbox,
        }
    }

    /// Prints the result.
    ///
    /// # Errors
    ///
    /// When stdout is closed, as by `| head`; the run then ends quietly.
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Prints a line about the run on stderr, unless it is to be quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            complain(line);
        }
    }

    /// Asks for one of some words on the terminal; whether the answer is one.
    pub(crate) fn confirm(&self, question: &str, words: &[&str]) -> Result<bool, Failure> {
        let answer = self.ask(question)?;
        Ok(words.contains(&answer.trim()))
    }

    /// Asks for a line on the terminal.
    #[expect(
        clippy::unused_self,
        reason = "a question belongs to how the run talks"
    )]
    pub(crate) fn ask(&self, question: &str) -> Result<String, Failure> {
        let mut err = io::stderr().lock();
        let asked = write!(err, "{question} ").and_then(|()| err.flush());
        // Others may have something to say while the answer is awaited.
        drop(err);
        let mut answer = String::new();
        let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
        match read {
            Ok(_) => Ok(answer),
            Err(error) => Err(Failure::refused(format!(
                "the question could not be asked: {error}"
            ))),
        }
    }

    /// In the sandbox, the commands to type begin with `pgward sandbox`.
    pub(crate) fn in_its_place(&self, diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
        const COMMANDS: [&str; 7] = [
            "apply", "destroy", "drift", "import", "output", "plan", "unlock",
        ];
        let mut placed = diagnostics.to_vec();
        for (_, text) in placed
            .iter_mut()
            .flat_map(|one| &mut one.facts)
            .filter(|_| self.sandbox)
        {
            for command in COMMANDS {
                *text = text.replace(
                    &format!("pgward {command}"),
                    &format!("pgward sandbox {command}"),
                );
            }
        }
        placed
    }

    /// Prints why a command ended without its result, and its last line.
    pub(crate) fn failure(&self, failure: &Failure) {
        let diagnostics = self.in_its_place(failure.diagnostics.as_slice());
        let text = text::diagnostics(&diagnostics, &failure.sources, self.err);
        complain(text.trim_end());
        complain(&failure.last_line());
    }
}

/// A line on stderr; a closed stderr is no reason to fail.
pub(crate) fn complain(line: &str) {
    if !line.is_empty() {
        drop(writeln!(io::stderr().lock(), "{line}"));
    }
}

/// A dim line about how something is spelled here.
pub(crate) fn note(line: &str) {
    if io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    {
        complain(&format!("\u{1b}[2m{line}\u{1b}[0m"));
    } else {
        complain(line);
    }
}

/// What clap has to say: help and version are results, everything else is wrong usage.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    drop(error.print());
    if error.use_stderr()
        && error.kind() != clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    {
        complain("exit 64: wrong usage, nothing was changed");
        Exit::Usage
    } else if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}

/// The answer to a word that has no command here.
pub(crate) fn answer(sentence: &str) -> Exit {
    complain(sentence);
    complain("exit 64: wrong usage, nothing was changed");
    Exit::Usage
}

/// Whether to color: the flag, then `NO_COLOR`, `CLICOLOR_FORCE`, then the stream.
fn colors(when: Color, terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if std::env::var("CLICOLOR_FORCE").is_ok_and(|value| value != "0") => true,
        Color::Auto => terminal,
    }
}

/// Whether the locale is UTF-8; an unset one counts as such, as in most containers.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Columns of the terminal, at most those of the texts.
fn terminal_width() -> usize {
    match console::Term::stderr().size_checked() {
        Some((_, columns)) => usize::from(columns).min(Style::WIDTH),
        None => Style::WIDTH,
    }
}
