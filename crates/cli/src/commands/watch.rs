//! `check --watch`: one block per change of the files, until Ctrl-C.
//!
//! The files are read again every half second. That is a few kilobytes, works on every file
//! system and in containers, and needs no queue of events.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pgward_review::text;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::signals::Signals;
use crate::ui::complain;

use super::{Answer, Context};

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs a round now and after every change; the round says which files it has read.
pub(crate) fn run(context: &Context, round: impl Fn() -> (Answer, Vec<String>)) -> Answer {
    // The simulated clock of the sandbox never waits for real files.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let mut signals = Signals::listen();
        let signal = signals.next();
        tokio::pin!(signal);
        let mut why = "watching".to_owned();
        let mut read = Vec::new();
        loop {
            let now = Timestamp::now().strftime("%H:%M:%S UTC");
            let before = texts(context, &read);
            context.ui.say(&format!("--- {now}  {why}"));
            let (answer, files) = round();
            if let Err(failure) = answer {
                // A closed stdout ends the run; anything else may be mended.
                if failure.exit == Exit::Done {
                    return Ok(Exit::Done);
                }
                let found = failure.diagnostics.as_slice();
                let text = text::diagnostics(found, &failure.sources, context.ui.err);
                complain(text.trim_end());
            }
            let mut seen = texts(context, &files);
            // What changed while it was read is read again.
            seen.extend(before);
            read = files;
            let changed = tokio::select! {
                () = &mut signal => None,
                changed = change(context, &read, &seen) => Some(changed),
            };
            let Some(changed) = changed else {
                complain("exit 130: interrupted");
                return Ok(Exit::Interrupted);
            };
            why = changed;
        }
    })
}

/// Waits until the files differ from what was seen and are at rest; says which.
async fn change(
    context: &Context,
    read: &[String],
    seen: &BTreeMap<String, Option<String>>,
) -> String {
    let mut last = None;
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = texts(context, read);
        if now != *seen && last.as_ref() == Some(&now) {
            return difference(seen, &now);
        }
        last = Some(now);
    }
}

/// The text of every file that was read and of every file in the spec directory.
fn texts(context: &Context, read: &[String]) -> BTreeMap<String, Option<String>> {
    let mut paths: Vec<String> = read.to_vec();
    if let Ok(directory) = files::spec_directory(context.global.dir.as_deref()) {
        paths.extend(files::toml_files(&directory).unwrap_or_default());
    }
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(Path::new(&path)).ok();
            (path, text)
        })
        .collect()
}

fn difference(
    before: &BTreeMap<String, Option<String>>,
    after: &BTreeMap<String, Option<String>>,
) -> String {
    let mut names: Vec<&str> = before
        .iter()
        .filter(|(path, text)| after.get(*path) != Some(*text))
        .chain(after.iter().filter(|(path, _)| !before.contains_key(*path)))
        .map(|(path, _)| path.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    format!("{} changed", names.join(", "))
}
