//! `explain`: a code, a key or a section.

use pgward_kinds::CATALOG;
use pgward_review::explain;

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;

use super::{Answer, Context};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ExplainArgs) -> Answer {
    let what = arguments.what.first().map_or("sections", String::as_str);
    let page = explain::code(&what.to_ascii_uppercase())
        .map(str::to_owned)
        .or_else(|| explain::key(&CATALOG, what));
    match page {
        Some(page) => {
            context.result(&page)?;
            Ok(Exit::Done)
        }
        None => Err(Failure::refused(format!("there is nothing to explain by the name of `{what}`"))
            .next("pgward explain sections    lists the sections of the language\npgward explain P302        explains a code")),
    }
}
