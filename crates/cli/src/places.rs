//! Where files and the run are on the web, as far as git and the pipeline tell.

use std::path::Path;
use std::process::{Command, Stdio};

use pgward_review::Places;

use crate::files;

/// What forms need to point at files: `--link-base`, else GitHub's variables, else GitLab's.
pub(crate) fn places(
    link_base: Option<&String>,
    spec: Option<&str>,
    directory: Option<&Path>,
) -> Places {
    let git = git();
    let commit = git.as_ref().map(|(_, commit)| commit.clone());
    let github = variable("GITHUB_SERVER_URL")
        .zip(variable("GITHUB_REPOSITORY"))
        .map(|(server, repository)| format!("{server}/{repository}"));
    let on_github = github.as_ref().and_then(|address| {
        let commit = commit.clone().or_else(|| variable("GITHUB_SHA"))?;
        Some(format!("{address}/blob/{commit}"))
    });
    let on_gitlab = variable("CI_PROJECT_URL").and_then(|address| {
        let commit = commit.clone().or_else(|| variable("CI_COMMIT_SHA"))?;
        Some(format!("{address}/-/blob/{commit}"))
    });
    let run = github
        .zip(variable("GITHUB_RUN_ID"))
        .map(|(address, run)| format!("{address}/actions/runs/{run}"));
    Places {
        prefix: git.map(|(prefix, _)| prefix).unwrap_or_default(),
        base: link_base.cloned().or(on_github).or(on_gitlab),
        run: run.or_else(|| variable("CI_JOB_URL")),
        fallback: files::spec_file(spec, directory).ok(),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The working directory relative to the root of its repository, and the commit that is checked
/// out; nothing without git.
fn git() -> Option<(String, String)> {
    let output = Command::new("git")
        .args(["rev-parse", "--show-prefix", "HEAD"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (prefix, rest) = text.split_once('\n')?;
    Some((prefix.to_owned(), rest.trim().to_owned()))
}
