//! `import`: puts what somebody else made under pgward.

use crate::args::ImportArgs;

use super::{Answer, Context, adopt};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ImportArgs) -> Answer {
    adopt::run(context, &arguments.spec, arguments.yes)
}
