//! What an import needs beside AWS: where to look, how the environment is called, and a judgement
//! of the file that was written.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pgward_engine::{Discovery, Verb};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Diagnostics, Environment};
use pgward_review::text::Sources;
use pgward_spec::import::terraform::Managed;
use pgward_spec::{Options, Reader};

use crate::args::ImportArgs;
use crate::failure::Failure;
use crate::files::{self, Disk};

use super::plan::{self, Wish};
use super::{Context, read};

/// Where to look.
pub(crate) struct Place {
    /// The account, if something tells it.
    pub(crate) account: Option<String>,
    /// The region.
    pub(crate) region: String,
    /// The folder of the simulated world.
    pub(crate) store: PathBuf,
}

/// Account and region: of the flag, of the ARNs in a Terraform state, of the environment that is
/// named, of the shell, or of the only place that the spec directory knows.
pub(crate) fn place(
    context: &Context,
    arguments: &ImportArgs,
    managed: &[Managed],
) -> Result<Place, Failure> {
    let directory = context.global.dir.as_deref();
    let store = match files::spec_directory(directory) {
        Ok(specs) => files::store_folder(&specs.join("any.toml").display().to_string(), "state"),
        Err(_) => PathBuf::from("state"),
    };
    let from_state = managed.iter().find_map(|one| {
        let mut parts = one.arn.as_deref()?.split(':').skip(3);
        let (region, account) = (parts.next()?, parts.next()?);
        let is_complete = !region.is_empty() && !account.is_empty();
        is_complete.then(|| (account.to_owned(), region.to_owned()))
    });
    let named = arguments.spec.given().and_then(|given| {
        let file = files::spec_file(Some(given), directory).ok()?;
        of_file(&file)
    });
    let known: BTreeSet<(String, String)> = files::all_files(directory)
        .unwrap_or_default()
        .iter()
        .filter_map(|file| of_file(file))
        .collect();
    let shell = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|region| !region.is_empty());
    let only = match known.iter().collect::<Vec<_>>().as_slice() {
        [only] => Some((*only).clone()),
        _ => None,
    };
    let told = named.or(from_state);
    let account = told.as_ref().map(|(account, _)| account.clone());
    let region = arguments.region.clone().or(told.map(|(_, region)| region));
    let regions: BTreeSet<&String> = known.iter().map(|(_, region)| region).collect();
    let region = region.or(shell.filter(|_| !context.sandbox)).or_else(|| {
        regions
            .first()
            .filter(|_| regions.len() == 1)
            .map(|one| (*one).clone())
    });
    let account = account.or(only.map(|(account, _)| account).filter(|_| context.sandbox));
    match (region, &account) {
        (Some(region), _) if !context.sandbox || account.is_some() => Ok(Place {
            account,
            region,
            store,
        }),
        (Some(_), _) => Err(Failure::refused(
            "which account of the sandbox is meant is not known".to_owned(),
        )
        .next("name an environment of it: pgward import dev --instance ID")),
        (None, _) => Err(
            Failure::refused("which region is meant is not known".to_owned())
                .next("--region REGION, or AWS_REGION"),
        ),
    }
}

/// Account and region of a file, as far as they are written.
fn of_file(file: &str) -> Option<(String, String)> {
    let loaded = pgward_spec::load(file, &Disk, &Options::on(""));
    let (desired, _) = pgward_spec::resolve(&loaded.spec, &CATALOG, &Options::on(""));
    let of = desired?.environment;
    Some((of.account, of.region))
}

/// How project and environment are called: as our tags say, else as the file or the flags say,
/// else after the name of the instance, `PROJECT-ENVIRONMENT`.
pub(crate) fn environment(
    arguments: &ImportArgs,
    file: Option<&str>,
    discovery: &Discovery,
    (account, region): (&str, &str),
) -> Environment {
    let instance = discovery
        .resources
        .iter()
        .find(|(kind, _)| kind == "instance");
    let owner = instance.and_then(|(_, present)| present.owner.as_ref());
    let stem = |path: &str| {
        let stem = Path::new(path).file_stem()?;
        Some(stem.to_string_lossy().into_owned())
    };
    let id = instance.map_or("db", |(_, present)| present.name.as_str());
    let asked = file.or(arguments.spec.given()).and_then(stem);
    let (project, name) = match (owner, asked) {
        (Some(owner), _) if !owner.project.is_empty() && !owner.environment.is_empty() => {
            (owner.project.clone(), owner.environment.clone())
        }
        (_, Some(name)) => {
            let project = id.strip_suffix(&format!("-{name}")).unwrap_or(id);
            (project.to_owned(), name)
        }
        (_, None) => match id.rsplit_once('-') {
            Some((project, name)) => (project.to_owned(), name.to_owned()),
            None => (id.to_owned(), "prod".to_owned()),
        },
    };
    Environment {
        project: arguments.project.clone().unwrap_or(project),
        name,
        account: account.to_owned(),
        region: region.to_owned(),
    }
}

/// How commands name the file: as the environment, if they find it under that name.
pub(crate) fn spelled(context: &Context, file: &str, name: &str) -> String {
    let found = files::spec_directory(context.global.dir.as_deref());
    let usual = found.map(|specs| specs.join(format!("{name}.toml")));
    let is_usual = usual.is_ok_and(|usual| usual == Path::new(file));
    if is_usual {
        name.to_owned()
    } else {
        file.to_owned()
    }
}

/// What `check` and a plan say of the file.
pub(crate) struct Judged {
    /// What `check` finds.
    pub(crate) findings: Diagnostics,
    /// Whether it can't be planned.
    pub(crate) invalid: bool,
    /// What a plan would change.
    pub(crate) differences: Vec<String>,
}

/// Checks the file and plans it, before anybody relies on it.
pub(crate) async fn judge(context: &Context, file: &str, text: &str) -> Result<Judged, Failure> {
    let options = Options::on(read::today(Timestamp::now()));
    let reader = Overlay { file, text };
    let (loaded, desired, findings) = pgward_spec::check(file, &reader, &CATALOG, &options);
    let findings = findings.sorted();
    let Some(desired) = desired else {
        return Ok(Judged {
            findings,
            invalid: true,
            differences: Vec::new(),
        });
    };
    let environment = read::Environment {
        store: read::folder(file, &desired),
        desired,
        sources: Sources::new(loaded.sources.0),
        findings: findings.iter().cloned().collect(),
        opened: std::sync::OnceLock::new(),
    };
    let mut differences = Vec::new();
    for adopt in [true, false] {
        let wish = Wish {
            adopt,
            stateless: true,
            ..Wish::default()
        };
        let made = plan::make(context, std::slice::from_ref(&environment), &wish).await?;
        for one in made {
            differences.extend(told(&one.plan));
        }
    }
    Ok(Judged {
        findings,
        invalid: false,
        differences,
    })
}

/// What a plan would do although the file only says what is there.
fn told(plan: &pgward_engine::Plan) -> Vec<String> {
    let mut told = Vec::new();
    for change in &plan.changes {
        let (path, name) = (&change.path, &change.name);
        match change.verb {
            Verb::Adopt => {
                let remarks = change.remarks.iter().filter(|(word, _)| word == "differs");
                told.extend(remarks.map(|(_, text)| format!("{name}: {text}")));
            }
            Verb::Update | Verb::Replace => {
                let word = |text: &Option<String>| text.clone().unwrap_or("nothing".to_owned());
                let (before, after) = (word(&change.before_text), word(&change.after_text));
                told.push(format!(
                    "{name}: {path}: {before} in AWS, {after} in the spec"
                ));
            }
            verb => told.push(format!(
                "an apply would {} {path}, {}",
                verb.word(),
                change.headline
            )),
        }
    }
    let refusals = plan.findings.iter().filter(|one| {
        one.is_error() && one.accepted.is_none() && one.code.starts_with("P5") && one.code != "P506"
    });
    told.extend(
        refusals.map(|one: &Diagnostic| format!("a plan says: {} ({})", one.message, one.code)),
    );
    told
}

/// The disk, with one file more.
struct Overlay<'a> {
    file: &'a str,
    text: &'a str,
}

impl Reader for Overlay<'_> {
    fn read(&self, path: &str) -> io::Result<String> {
        if path == self.file {
            Ok(self.text.to_owned())
        } else {
            Disk.read(path)
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        Disk.variable(name)
    }

    fn files(&self, directory: &str) -> io::Result<Vec<String>> {
        Disk.files(directory)
    }
}
