//! `graph`: the order of work.

use pgward_graph::{Graph, dot, mermaid, text};

use crate::args::GraphArgs;
use crate::exit::Exit;
use crate::failure::Failure;

use super::{Answer, Context, read};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &GraphArgs) -> Answer {
    let environment = read::environment(context, &arguments.spec)?;
    let graph = Graph::build(environment.desired.resources.values()).map_err(|cycle| {
        Failure::refused(format!("resources need each other in a circle: {cycle}"))
    })?;
    let drawn = if arguments.dot {
        dot(&graph)
    } else if arguments.mermaid {
        mermaid(&graph)
    } else {
        text(&graph)
    };
    context.result(&drawn)?;
    Ok(Exit::Done)
}
