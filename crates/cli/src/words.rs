//! What is looked at before clap: words of other tools, and those that have no command here.

use std::ffi::OsString;

use clap::CommandFactory as _;

/// The arguments to parse, and what to say about how they were written.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// Lines for stderr.
    pub notes: Vec<String>,
}

/// Words of other tools for what is spelled otherwise here.
const ALIASES: [(&str, &str); 14] = [
    ("doctor", "preflight"),
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

/// Flags of other tools that have no equal here, with one sentence each.
const ABSENT_FLAGS: [(&str, &str); 5] = [
    (
        "--auto-approve",
        "--yes goes on without the question, within the policy",
    ),
    ("--target", "--only PATH,... names what to change"),
    (
        "--var",
        "values stand in the files; { env = \"NAME\" } takes one from outside where a key allows it",
    ),
    (
        "--parallelism",
        "independent changes run at once, and AWS's throttling is waited for",
    ),
    (
        "--lock",
        "apply always holds the lock, and plan needs none; see unlock",
    ),
];

/// Looks at the first word before clap does: other tools' words, and what kubectl and the AWS CLI
/// taught (`-o json`).
///
/// # Errors
///
/// The sentence for a word that has no command here.
pub(crate) fn prepare(mut arguments: Vec<OsString>) -> Result<Prepared, String> {
    let mut notes = Vec::new();
    if let Some(word) = &first(&arguments) {
        if let Some((_, sentence)) = ABSENT.iter().find(|(absent, _)| absent == word) {
            return Err(format!("pgward has no `{word}`: {sentence}"));
        }
        if let Some((_, here)) = ALIASES.iter().find(|(alias, _)| alias == word) {
            notes.push(format!("note: this is spelled {here} here"));
        }
    }
    let told = arguments.iter().skip(1).take_while(|word| *word != "--");
    for word in told.map(|word| word.to_string_lossy()) {
        // Terraform's flags have one hyphen.
        let name = word.split('=').next().unwrap_or_default();
        let name = name.trim_start_matches('-');
        let absent = ABSENT_FLAGS
            .iter()
            .find(|(flag, _)| word.starts_with('-') && flag.trim_start_matches('-') == name);
        if let Some((flag, sentence)) = absent {
            return Err(format!("pgward has no `{flag}`: {sentence}"));
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

/// The first word that is neither a flag nor the value of one: the command.
fn first(arguments: &[OsString]) -> Option<String> {
    let command = crate::args::Cli::command();
    let takes = |name: &str, letter: Option<char>| {
        command.get_arguments().any(|argument| {
            let is_it = argument.get_long() == Some(name)
                || letter.is_some() && argument.get_short() == letter;
            is_it && argument.get_action().takes_values()
        })
    };
    let mut words = arguments.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else {
            return Some(word.into_owned());
        };
        let value_is_next = match flag.strip_prefix('-') {
            Some(long) => takes(long, None),
            // In `-vC DIR` the last letter takes the value; in `-CDIR` it is the rest of the word.
            None => {
                let mut letters = flag.chars();
                letters.any(|letter| takes("", Some(letter))) && letters.next().is_none()
            }
        };
        if value_is_next {
            words.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_get_an_answer() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(prepare(words("pgward refresh")).is_err());
        for line in [
            "-C state plan",
            "--chdir state plan",
            "-vC state plan",
            "--dir up plan",
        ] {
            let prepared = prepare(words(&format!("pgward {line} dev"))).expect("a folder");
            assert!(prepared.notes.is_empty(), "{line}");
        }
        assert!(prepare(words("pgward -Cup -q --dir=x state")).is_err());
        assert!(prepare(words("pgward apply dev -auto-approve")).is_err());
        assert!(prepare(words("pgward apply dev -lock=false")).is_err());
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
