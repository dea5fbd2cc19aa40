//! `explain`: a code, a key or a section.

use pgward_kinds::CATALOG;
use pgward_review::explain;

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;

use super::{Answer, Context};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ExplainArgs) -> Answer {
    let what = match arguments.what.as_slice() {
        [] => "sections".to_owned(),
        words => words.join(" "),
    };
    let page = explain::page(&CATALOG, &what).or_else(|| {
        let (head, rest) = what.split_once('.').unwrap_or((what.as_str(), ""));
        let section = pgward_spec::section_elsewhere(&CATALOG, head)?;
        let name = format!("{section}.{rest}");
        explain::page(&CATALOG, name.trim_end_matches('.'))
    });
    if let Some(page) = page {
        context.result(&page)?;
        return Ok(Exit::Done);
    }
    let names = explain::names(&CATALOG);
    let near = pgward_spec::near(&what, names.iter().map(String::as_str));
    let next = match near {
        Some(near) => format!("did you mean: pgward explain {near}"),
        None => "pgward explain sections    lists the sections of the language\n\
                 pgward explain P3          lists the codes that begin so"
            .to_owned(),
    };
    let message = format!("there is nothing to explain by the name of `{what}`");
    Err(Failure::refused(message).next(next))
}
