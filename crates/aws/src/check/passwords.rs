//! P505: the secret that a database was made with is gone, and with it the password.

use pgward_engine::Verb;
use pgward_kinds::instance::{MANAGED_PASSWORD, MASTER_SECRET};
use pgward_model::{Address, Diagnostic};

use super::{Case, Part};

/// A secret made anew would hold a password that the database does not have.
pub(super) fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    for address in &case.changes.compared {
        let (Some(database), Some(live)) = (
            case.desired.resources.get(address),
            case.live.present(address),
        ) else {
            continue;
        };
        let secret = database.attributes.text(MASTER_SECRET.path);
        let created = secret.and_then(|secret| {
            case.changes
                .resources
                .iter()
                .find(|one| one.verb == Verb::Create && one.address == Address::new(secret))
        });
        let Some(created) = created else { continue };
        if live.now.bool(MANAGED_PASSWORD.path) == Some(true) {
            continue;
        }
        // Scheduled for deletion, it comes back with the value it had.
        if created.live.is_some() {
            continue;
        }
        let origin = created.desired.as_ref().and_then(|one| one.origin.as_ref());
        let lost = Diagnostic::error(
            "P505",
            format!(
                "the secret {} is gone, and {} has the password that was in it",
                created.name, live.name
            ),
        )
        .at_some(origin, "a new one would not open the database")
        .about(created.address.as_str())
        .help("source = \"rds-managed\": RDS sets another password and keeps it")
        .note("or make the secret by hand, with the password, and `source = \"existing\"`");
        part.find(case, lost);
    }
    part
}
