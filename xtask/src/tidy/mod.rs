//! `tidy`: what the compiler does not see. Each part answers with its complaints.

mod crates;
mod documents;
mod explained;
mod sources;

use std::path::Path;

use crate::Problem;

/// Every complaint, as `file:line: sentence` or `file: sentence`, sorted.
#[must_use]
pub fn tidy(root: &Path) -> Vec<String> {
    let mut complaints = sources::check(root);
    complaints.extend(crates::directions(root));
    complaints.extend(crates::kinds(root));
    complaints.extend(crates::actions(root));
    complaints.extend(crates::lints(root));
    complaints.extend(documents::cases(root));
    complaints.extend(documents::codes(root));
    complaints.extend(documents::links(root));
    complaints.extend(explained::check(root));
    complaints.sort();
    complaints
}

/// The complaints as what the command ends with.
///
/// # Errors
///
/// There are complaints.
pub fn report(complaints: &[String]) -> Result<String, Problem> {
    match complaints.len() {
        0 => Ok("tidy".to_owned()),
        number => Err(Problem::new(format!(
            "{}\n{number} to put in order",
            complaints.join("\n")
        ))),
    }
}
