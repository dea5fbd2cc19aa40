//! `show`: the resolved spec with the origin of each value.

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_review::text;
use pgward_spec::Options;

use crate::args::ShowArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Disk};

use super::{Answer, Context, read, saved};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ShowArgs) -> Answer {
    if let Some(path) = arguments
        .spec
        .given()
        .filter(|given| saved::is_plan(Some(given)))
    {
        return saved::show(context, path);
    }
    let file = files::spec_file(arguments.spec.given(), context.global.dir.as_deref())?;
    let options = Options {
        offline: true,
        ..Options::on(read::today(Timestamp::now()))
    };
    let loaded = pgward_spec::load(&file, &Disk, &options);
    let sources = text::Sources::new(loaded.sources.0.clone());
    let (desired, found) = pgward_spec::resolve(&loaded.spec, &CATALOG, &options);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(found);
    let Some(desired) = desired else {
        return Err(Failure::findings(diagnostics.sorted(), sources));
    };
    let sections: Vec<text::ShownSection> =
        pgward_spec::show(&loaded.spec, Some(&desired), &CATALOG)
            .into_iter()
            .map(|section| text::ShownSection {
                header: section.name,
                entries: section
                    .entries
                    .into_iter()
                    .map(|entry| text::ShownEntry {
                        key: entry.key,
                        value: entry.value,
                        origin: entry.origin,
                    })
                    .collect(),
            })
            .collect();
    if context.json() {
        context.result(&pgward_review::json(&desired))?;
    } else {
        context.result(&text::show(&sections, context.ui.out))?;
    }
    Ok(Exit::Done)
}
