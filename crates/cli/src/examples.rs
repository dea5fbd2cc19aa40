//! What `--help` adds to `-h`: examples of each command, and exit codes.

use clap::Command;

use crate::exit::Exit;

/// Examples of each command: what is typed, and what it is for.
const EXAMPLES: [(&str, &[(&str, &str)]); 18] = [
    (
        "init",
        &[
            ("pgward init", "asks for what it needs"),
            (
                "pgward init --project shop --region eu-central-1 --account 111122223333 -e dev,prod",
                "a base and two environments",
            ),
        ],
    ),
    (
        "check",
        &[
            ("pgward check", "every environment of the spec directory"),
            (
                "pgward check prod --warnings-as-errors",
                "as a pipeline would",
            ),
            ("pgward check --fix", "makes the fixes that are certain"),
            ("pgward check --watch dev", "again after every change"),
        ],
    ),
    (
        "fmt",
        &[
            ("pgward fmt", "every file of the spec directory"),
            (
                "pgward fmt --check",
                "shows what would change, exits with 2",
            ),
            ("pgward fmt -", "from stdin to stdout, for an editor"),
        ],
    ),
    (
        "preflight",
        &[
            (
                "pgward preflight prod",
                "credentials, permissions, quotas and names, before any work",
            ),
            (
                "pgward preflight prod --profile deploy",
                "as another role would see it",
            ),
        ],
    ),
    (
        "plan",
        &[
            ("pgward plan prod", "what would change, and what that does"),
            ("pgward plan prod --out prod.plan", "saved for review"),
            (
                "pgward plan --all --exit-code",
                "every environment; 2 if anything changes",
            ),
            (
                "pgward plan prod --write markdown=plan.md",
                "a comment for a pull request as well",
            ),
        ],
    ),
    (
        "apply",
        &[
            ("pgward apply prod", "plans, shows, asks"),
            (
                "pgward apply prod.plan",
                "what was reviewed, without a question",
            ),
            (
                "pgward apply prod --yes --allow downtime --in-window",
                "in a pipeline",
            ),
            (
                "pgward apply prod --only instance",
                "one resource and what it needs",
            ),
        ],
    ),
    (
        "drift",
        &[
            ("pgward drift prod", "what others changed; exits with 2"),
            ("pgward drift prod --who", "and who did, by CloudTrail"),
            (
                "pgward drift --all --write metrics=drift.prom",
                "every environment, for Prometheus",
            ),
            (
                "pgward drift prod --accept tags.LastScanned --reason scanner --until 2026-03-31",
                "known and wanted",
            ),
        ],
    ),
    (
        "destroy",
        &[
            (
                "pgward destroy dev",
                "shows what goes and asks for the name",
            ),
            (
                "pgward destroy dev --confirm shop/dev",
                "without the question",
            ),
            ("pgward destroy dev --keep secret.app", "all but one"),
        ],
    ),
    (
        "import",
        &[
            (
                "pgward import --instance shop-prod --write specs/prod.toml",
                "a file from what exists",
            ),
            (
                "pgward import prod --adopt",
                "tags what the file names, after a question",
            ),
        ],
    ),
    (
        "show",
        &[
            ("pgward show prod", "every value with its file and line"),
            ("pgward show prod.plan", "a saved plan"),
        ],
    ),
    (
        "output",
        &[
            ("pgward output prod", "all values"),
            (
                "pgward output prod proxy.endpoint",
                "one value, for a script",
            ),
        ],
    ),
    (
        "graph",
        &[
            ("pgward graph prod", "as text"),
            ("pgward graph prod --mermaid", "for a page of documentation"),
        ],
    ),
    (
        "explain",
        &[
            ("pgward explain P302", "a code"),
            (
                "pgward explain storage.grow_to",
                "a key, or a path of a plan",
            ),
            ("pgward explain downtime", "a word of the plan"),
        ],
    ),
    (
        "unlock",
        &[
            ("pgward unlock prod", "shows who holds the lock, and asks"),
            (
                "pgward unlock prod --id 4f1c2aa97e03 --yes",
                "releases that one, without a question",
            ),
        ],
    ),
    (
        "sandbox",
        &[
            (
                "pgward sandbox apply dev --yes",
                "creates the environment in the simulated AWS",
            ),
            ("pgward sandbox plan dev", "compares with it"),
        ],
    ),
    (
        "schema",
        &[
            ("pgward schema", "of the TOML language, for an editor"),
            ("pgward schema plan", "of the JSON of plan"),
        ],
    ),
    (
        "completions",
        &[
            (
                "pgward completions bash",
                "for /etc/bash_completion.d/pgward",
            ),
            (
                "pgward completions zsh",
                "for a file _pgward in a folder of $fpath",
            ),
        ],
    ),
    (
        "version",
        &[
            ("pgward version", "for people"),
            ("pgward version --json", "for programs"),
        ],
    ),
];

/// The command line with examples and exit codes in the long help of every command.
pub(crate) fn added(command: Command) -> Command {
    let commands: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    let top = format!(
        "{}\n\nTry it without an account:  pgward sandbox apply dev --yes",
        exit_codes(&Exit::ALL)
    );
    let mut command = command.after_long_help(top);
    for name in commands {
        let Some((_, examples)) = EXAMPLES.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        command = command.mut_subcommand(&name, |one| {
            let own = one.get_after_help().map(|text| format!("{text}\n\n"));
            let text = format!(
                "{}{}\n\n{}",
                own.unwrap_or_default(),
                shown(examples),
                exit_codes(exits(&name))
            );
            one.after_long_help(text)
        });
    }
    command
}

/// How a command can end.
fn exits(command: &str) -> &'static [Exit] {
    use Exit::{Busy, Different, Done, Failed, Interrupted, Refused, Usage};
    match command {
        "apply" | "destroy" | "unlock" => &[Done, Failed, Refused, Busy, Usage, Interrupted],
        "plan" | "drift" => &[Done, Failed, Different, Refused, Busy, Usage, Interrupted],
        "fmt" => &[Done, Failed, Different, Refused, Usage],
        "sandbox" => &Exit::ALL,
        "check" | "output" => &[Done, Failed, Refused, Usage, Interrupted],
        "schema" | "completions" | "version" => &[Done, Usage],
        _ => &[Done, Failed, Refused, Usage],
    }
}

/// Each line with what it is for behind it, or below it where it is long.
fn shown(examples: &[(&str, &str)]) -> String {
    const COLUMN: usize = 48;
    let mut lines = vec!["Examples:".to_owned()];
    for (typed, what) in examples {
        if typed.len() < COLUMN {
            lines.push(format!("  {typed:<COLUMN$} {what}"));
        } else {
            lines.push(format!("  {typed}\n  {:<COLUMN$} {what}", ""));
        }
    }
    lines.join("\n")
}

fn exit_codes(exits: &[Exit]) -> String {
    let lines: Vec<String> = exits
        .iter()
        .map(|exit| format!("  {:<4} {}", exit.code(), exit.meaning()))
        .collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn every_command_has_two_examples_that_are_understood() {
        let command = args::command();
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let examples = EXAMPLES.iter().find(|(name, _)| *name == one.get_name());
            let (name, examples) = examples.unwrap_or_else(|| panic!("{}", one.get_name()));
            assert!(examples.len() >= 2, "{name}");
            for (typed, _) in *examples {
                assert!(typed.starts_with(&format!("pgward {name}")), "{typed}");
                let words = typed.split(' ').map(std::ffi::OsString::from).collect();
                if let Err(error) = args::parse(words) {
                    panic!("{typed}: {error}");
                }
            }
        }
    }

    #[test]
    fn short_help_fits_a_screen_and_long_help_has_more() {
        let mut command = args::command();
        for one in command.get_subcommands_mut() {
            let (short, long) = (one.render_help(), one.render_long_help());
            let (short, long) = (short.to_string(), long.to_string());
            assert!(!short.contains("Exit codes:"), "{}", one.get_name());
            assert!(
                one.is_hide_set() || long.contains("Examples:"),
                "{}",
                one.get_name()
            );
        }
    }
}
