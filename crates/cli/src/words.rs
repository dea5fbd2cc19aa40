//! What is looked at before clap: words of other tools, and those that have no command here.

use std::ffi::OsString;

/// The arguments to parse, and what to say about how they were written.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// Lines for stderr.
    pub notes: Vec<String>,
}

/// Words of other tools for what is spelled otherwise here.
const ALIASES: [(&str, &str); 13] = [
    ("validate", "check"),
    ("lint", "check"),
    ("diff", "plan"),
    ("preview", "plan"),
    ("up", "apply"),
    ("deploy", "apply"),
    ("down", "destroy"),
    ("adopt", "import"),
    ("outputs", "output"),
    ("demo", "sandbox"),
    ("new", "init"),
    ("format", "fmt"),
    ("force-unlock", "unlock"),
];

/// Words of other tools for what does not exist here, with one sentence each.
const ABSENT: [(&str, &str); 4] = [
    (
        "refresh",
        "there is nothing to refresh: plan always reads live AWS",
    ),
    (
        "state",
        "there is no state file that a plan depends on: see plan, and output",
    ),
    (
        "taint",
        "not offered: replacing a database is not a routine act",
    ),
    (
        "workspace",
        "name the environment instead: pgward plan prod",
    ),
];

/// Commands of a later version.
const LATER: [&str; 1] = ["preflight"];

/// Looks at the first word before clap does: other tools' words, and what kubectl and the AWS CLI
/// taught (`-o json`).
///
/// # Errors
///
/// The sentence for a word that has no command here.
pub(crate) fn prepare(mut arguments: Vec<OsString>) -> Result<Prepared, String> {
    let mut notes = Vec::new();
    let first = arguments
        .iter()
        .enumerate()
        .skip(1)
        .find(|(_, word)| !word.to_string_lossy().starts_with('-'))
        .map(|(index, word)| (index, word.to_string_lossy().into_owned()));
    if let Some((_, word)) = &first {
        if let Some((_, sentence)) = ABSENT.iter().find(|(absent, _)| absent == word) {
            return Err(format!("pgward has no `{word}`: {sentence}"));
        }
        if LATER.contains(&word.as_str()) {
            return Err(format!("`pgward {word}` comes with a later version"));
        }
        if let Some((_, here)) = ALIASES.iter().find(|(alias, _)| alias == word) {
            notes.push(format!("note: this is spelled {here} here"));
        }
    }
    for index in 1..arguments.len() {
        let word = arguments[index].to_string_lossy().into_owned();
        let next = arguments
            .get(index + 1)
            .map(|next| next.to_string_lossy().into_owned());
        if (word == "-o" || word == "--output") && next.as_deref() == Some("json") {
            arguments[index] = "--format".into();
            notes.push("note: this is spelled --format json, or --json, here".to_owned());
        }
    }
    Ok(Prepared { arguments, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_get_an_answer() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(prepare(words("pgward refresh")).is_err());
        assert_eq!(
            prepare(words("pgward up dev")).expect("known").notes.len(),
            1
        );
        assert!(
            prepare(words("pgward plan dev"))
                .expect("known")
                .notes
                .is_empty()
        );
    }
}
