//! `init`: the files of a new project, or of one more environment.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_review::{text, wording};
use pgward_spec::{Options, ShownSection};
use serde_json::json;

use crate::args::{InitArgs, Service};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{Ahead, Disk};

use super::{Answer, Context, read};

const BASE: &str = include_str!("../../templates/base.toml");
const DEVELOPMENT: &str = include_str!("../../templates/development.toml");
const PRODUCTION: &str = include_str!("../../templates/production.toml");

/// What marks a place to fill in. In this repository the word itself needs an owner.
const MARK: &str = concat!("TO", "DO");

/// Names of environments that are written with care: two zones, protection, a month of backups.
const PRODUCTIVE: [&str; 4] = ["prod", "production", "prd", "live"];

/// What a new project needs to be told.
struct Wish {
    project: String,
    region: String,
    account: String,
    environments: Vec<String>,
}

/// A file that is about to be written.
struct Page {
    path: PathBuf,
    text: String,
}

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &InitArgs) -> Answer {
    if arguments.service == Service::Aurora {
        return Err(
            Failure::refused("Aurora clusters come with a later version".to_owned())
                .next("leave out --service, or pass --service rds"),
        );
    }
    let project = arguments.directory.clone().unwrap_or_default();
    let folder = match (&arguments.directory, &context.global.dir) {
        (None, Some(folder)) => folder.clone(),
        _ => project.join("specs"),
    };
    let base = folder.join("base.toml");
    let known = base.exists().then(|| known(&base)).transpose()?;
    let wish = wish(context, arguments, known)?;
    let mut pages = Vec::new();
    if !base.exists() {
        pages.push(Page {
            path: base.clone(),
            text: filled(BASE, &wish, ""),
        });
    }
    for environment in &wish.environments {
        let path = folder.join(format!("{environment}.toml"));
        if path.exists() {
            return Err(Failure::refused(format!(
                "{} is there already, and is not overwritten",
                path.display()
            ))
            .next("name another environment, or move the file away"));
        }
        let page = if PRODUCTIVE.contains(&environment.as_str()) {
            PRODUCTION
        } else {
            DEVELOPMENT
        };
        pages.push(Page {
            path,
            text: filled(page, &wish, environment),
        });
    }
    let schema = folder.join("schema.json");
    if !schema.exists() {
        pages.push(Page {
            path: schema,
            text: format!(
                "{}\n",
                pgward_review::json(&pgward_spec::schema(&CATALOG)).trim_end()
            ),
        });
    }
    sound(&pages)?;
    write(&folder, &pages)?;
    tell(context, arguments, &wish, &pages)
}

/// What the flags say, and what is asked for at a terminal.
fn wish(
    context: &Context,
    arguments: &InitArgs,
    known: Option<(String, String)>,
) -> Result<Wish, Failure> {
    let (known_project, known_region) = known.unzip();
    agree(
        "project",
        arguments.project.as_ref(),
        known_project.as_ref(),
    )?;
    agree("region", arguments.region.as_ref(), known_region.as_ref())?;
    let environments = arguments.environment.clone();
    let mut questions = Questions {
        context,
        missing: Vec::new(),
    };
    let project = arguments.project.clone().or(known_project);
    let project = questions.one("--project", "name of the project", project, is_name)?;
    let region = arguments.region.clone().or(known_region);
    let region = questions.one(
        "--region",
        "AWS region, such as ap-south-1",
        region,
        is_region,
    )?;
    let account = arguments.account.clone();
    let account = questions.one("--account", "AWS account, 12 digits", account, is_account)?;
    let given = (!environments.is_empty()).then(|| environments.join(","));
    let names = |text: &str| text.split(',').all(|one| is_name(one.trim()));
    let environments = questions.one(
        "--environment",
        "environments, such as dev,prod",
        given,
        names,
    )?;
    if !questions.missing.is_empty() {
        let missing = questions.missing.join(", ");
        let typed = arguments.environment.join(",");
        let words = [
            ("--project", arguments.project.as_deref(), "shop"),
            ("--region", arguments.region.as_deref(), "eu-central-1"),
            ("--account", arguments.account.as_deref(), "111122223333"),
            (
                "--environment",
                Some(typed.as_str()).filter(|one| !one.is_empty()),
                "dev",
            ),
        ];
        let line: Vec<String> = words
            .iter()
            .filter_map(|(flag, given, example)| {
                let example = questions.missing.contains(flag).then_some(*example);
                Some(format!("{flag} {}", given.or(example)?))
            })
            .collect();
        let directory = arguments.directory.iter();
        let line: Vec<String> = directory
            .map(|directory| directory.display().to_string())
            .chain(line)
            .collect();
        return Err(Failure::refused(format!("init needs {missing}"))
            .next(format!("pgward init {}", line.join(" "))));
    }
    let mut environments: Vec<String> = environments
        .split(',')
        .map(|one| one.trim().to_owned())
        .collect();
    environments.sort();
    environments.dedup();
    if let Some(reserved) = environments.iter().find(|one| *one == "base") {
        return Err(
            Failure::refused(format!("an environment can't be named `{reserved}`"))
                .next("base.toml is the file that environments share"),
        );
    }
    Ok(Wish {
        project,
        region,
        account,
        environments,
    })
}

/// A flag that contradicts the base file is a mistake.
fn agree(flag: &str, given: Option<&String>, known: Option<&String>) -> Result<(), Failure> {
    match (given, known) {
        (Some(given), Some(known)) if given != known => Err(Failure::refused(format!(
            "--{flag} {given}: base.toml says {known}"
        ))
        .next(format!("leave out --{flag}: a directory holds one project"))),
        _ => Ok(()),
    }
}

/// Asks for what the flags leave out.
struct Questions<'a> {
    context: &'a Context,
    missing: Vec<&'static str>,
}

impl Questions<'_> {
    fn one(
        &mut self,
        flag: &'static str,
        question: &str,
        given: Option<String>,
        is_right: impl Fn(&str) -> bool,
    ) -> Result<String, Failure> {
        if let Some(given) = given {
            if is_right(given.trim()) {
                return Ok(given.trim().to_owned());
            }
            return Err(Failure::refused(format!(
                "{flag} {given}: {}",
                form_of(flag)
            )));
        }
        if !self.context.ui.asks {
            self.missing.push(flag);
            return Ok(String::new());
        }
        for _ in 0..3 {
            let answer = self.context.ui.ask(&format!("{question}:"))?;
            if is_right(answer.trim()) {
                return Ok(answer.trim().to_owned());
            }
            crate::ui::complain(&format!("  {}", form_of(flag)));
        }
        Err(Failure::refused("no answer that could be used".to_owned())
            .next(format!("pass {flag}")))
    }
}

fn form_of(flag: &str) -> &'static str {
    match flag {
        "--region" => "a region is written as ap-south-1 or eu-central-1",
        "--account" => "an account has 12 digits",
        _ => "lowercase letters, digits and hyphens, beginning with a letter, at most 30",
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 30
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let (Some(last), true) = (parts.last(), parts.len() >= 3) else {
        return false;
    };
    let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    parts[..parts.len() - 1].iter().all(letters) && last.parse::<u8>().is_ok()
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

/// Project and region of a base file that is there already.
fn known(base: &Path) -> Result<(String, String), Failure> {
    let path = base.display().to_string();
    let loaded = pgward_spec::load(&path, &Disk, &Options::on(""));
    if loaded.diagnostics.has_errors() {
        let sources = text::Sources::new(loaded.sources.0);
        return Err(Failure::findings(loaded.diagnostics, sources));
    }
    let sections = pgward_spec::show(&loaded.spec, None, &CATALOG);
    let value = |key: &str| {
        sections
            .iter()
            .filter(|section: &&ShownSection| section.name == "project")
            .flat_map(|section| &section.entries)
            .find(|entry| entry.key == key)
            .map(|entry| entry.value.trim_matches('"').to_owned())
    };
    match (value("name"), value("region")) {
        (Some(name), Some(region)) => Ok((name, region)),
        _ => Err(Failure::refused(format!(
            "{path} is there already, without [project] name and region"
        ))
        .next("complete that file, or move it away")),
    }
}

fn filled(page: &str, wish: &Wish, environment: &str) -> String {
    let text = page
        .replace("@PROJECT@", &wish.project)
        .replace("@REGION@", &wish.region)
        .replace("@ACCOUNT@", &wish.account)
        .replace("@ENVIRONMENT@", environment)
        .replace("@FILL@", MARK);
    pgward_spec::format("", &text, &CATALOG).expect("the pages are TOML")
}

/// Refuses to write what `check` would refuse, as over a base file of another making.
fn sound(pages: &[Page]) -> Result<(), Failure> {
    let mut reader = Ahead::default();
    for page in pages {
        let path = page.path.display().to_string();
        reader.0.files.insert(path, page.text.clone());
    }
    let options = Options::on(read::today(Timestamp::now()));
    for page in pages {
        let path = page.path.display().to_string();
        if path.ends_with("base.toml") || !path.ends_with(".toml") {
            continue;
        }
        let (loaded, _, found) = pgward_spec::check(&path, &reader, &CATALOG, &options);
        if found.has_errors() {
            let sources = text::Sources::new(loaded.sources.0);
            let mut failure = Failure::findings(found, sources);
            "these files would not pass check, so nothing was written"
                .clone_into(&mut failure.last);
            return Err(failure);
        }
    }
    Ok(())
}

fn write(folder: &Path, pages: &[Page]) -> Result<(), Failure> {
    let failed = |path: &Path, error: &io::Error| {
        Failure::failed(format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for page in pages {
        // Somebody else may have made it since it was looked for.
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).open(&page.path);
        let mut file = file.map_err(|error| failed(&page.path, &error))?;
        if let Err(error) = io::Write::write_all(&mut file, page.text.as_bytes()) {
            // Half a file could pass for a base.
            drop(std::fs::remove_file(&page.path));
            return Err(failed(&page.path, &error));
        }
    }
    Ok(())
}

fn tell(context: &Context, arguments: &InitArgs, wish: &Wish, pages: &[Page]) -> Answer {
    let paths: Vec<String> = pages
        .iter()
        .map(|page| page.path.display().to_string())
        .collect();
    if context.json() {
        context.result(&pgward_review::json(&json!({
            "format": "pgward.init",
            "format_version": "1.0",
            "tool_version": env!("CARGO_PKG_VERSION"),
            "files": paths,
        })))?;
        return Ok(Exit::Done);
    }
    let first = &wish.environments[0];
    let to_fill: Vec<&Page> = pages
        .iter()
        .filter(|page| page.text.contains(MARK))
        .collect();
    let open = to_fill.iter().map(|page| page.text.matches(MARK).count());
    let names: Vec<String> = to_fill
        .iter()
        .map(|page| page.path.display().to_string())
        .collect();
    let go = match (&arguments.directory, &context.global.dir) {
        (Some(directory), _) => format!("-C {} ", directory.display()),
        (None, Some(directory)) => format!("--dir {} ", directory.display()),
        (None, None) => String::new(),
    };
    let mut lines = vec![format!("wrote {}", paths.join(", "))];
    let steps: [String; 4] = [
        format!("pgward {go}sandbox apply {first} --yes    tries it, without an account"),
        format!(
            "fill in VPC, subnets and application security group in {} ({})",
            names.join(", "),
            wording::count(open.sum(), &format!("{MARK} line"))
        ),
        format!("pgward {go}check {first}"),
        format!("pgward {go}plan {first}"),
    ];
    for (index, step) in steps.iter().enumerate() {
        let word = if index == 0 { "next" } else { "" };
        lines.push(format!("{word:<4}  {}. {step}", index + 1));
    }
    context.result(&lines.join("\n"))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_canonical() {
        for page in [BASE, DEVELOPMENT, PRODUCTION] {
            let text = page.replace("@ACCOUNT@", "111122223333");
            assert_eq!(pgward_spec::format("", &text, &CATALOG), Ok(text));
        }
    }

    #[test]
    fn answers_are_looked_at() {
        assert!(is_name("happytrip-b2b") && !is_name("B2B") && !is_name("a--b"));
        assert!(is_region("ap-south-1") && is_region("us-gov-west-1") && !is_region("mumbai"));
        assert!(is_account("000011112222") && !is_account("1"));
    }
}
