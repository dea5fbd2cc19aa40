//! The lease of an environment: taken, refused with who has it, and told to those who only look.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::{Plan, Verdict};
use pgward_model::Diagnostic;
use pgward_review::wording;
use pgward_store::{Claim, Clocks, Held, LeaseError, Sighting, Standing, Store, StoreError};

use crate::assemble::{Ground, chain};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Watch;

use super::Context;
use super::read::Environment;

/// Variables of CI systems: the id of the run, and what it is called.
const PIPELINES: [(&str, &[&str]); 8] = [
    ("GITHUB_RUN_ID", &["GITHUB_WORKFLOW", "GITHUB_JOB"]),
    ("CI_PIPELINE_ID", &["CI_PROJECT_NAME", "CI_JOB_NAME"]),
    (
        "CIRCLE_BUILD_NUM",
        &["CIRCLE_PROJECT_REPONAME", "CIRCLE_JOB"],
    ),
    ("BUILDKITE_BUILD_NUMBER", &["BUILDKITE_PIPELINE_SLUG"]),
    ("BITBUCKET_BUILD_NUMBER", &["BITBUCKET_REPO_SLUG"]),
    ("BUILD_BUILDID", &["BUILD_DEFINITIONNAME"]),
    ("CODEBUILD_BUILD_NUMBER", &["CODEBUILD_INITIATOR"]),
    ("BUILD_NUMBER", &["JOB_NAME"]),
];

/// A lease that is ours, given back when dropped, and also when a signal ends the program before
/// the run has begun.
pub(crate) struct Taken {
    held: Option<Arc<Held>>,
    watch: Option<Watch>,
}

impl Taken {
    /// The run begins: from here on it deals with signals.
    pub(crate) fn begin(mut self) -> Arc<Held> {
        drop(self.watch.take());
        self.held.take().expect("it is taken out once")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Here and not wherever the last owner ends: the program may end before another thread.
        if let Some(held) = &self.held {
            held.release();
        }
    }
}

/// The store of an environment, opened once.
pub(crate) fn store(
    context: &Context,
    environment: &Environment,
) -> Result<Arc<dyn Store>, Failure> {
    if let Some(store) = environment.opened.get() {
        return Ok(Arc::clone(store));
    }
    let store = context.teams.store(
        &context.global,
        context.sandbox,
        &environment.store,
        &environment.desired,
    )?;
    Ok(Arc::clone(environment.opened.get_or_init(|| store)))
}

/// The clocks that a lease is counted on.
pub(crate) fn clocks(ground: &Ground) -> Clocks {
    let ground = ground.clone();
    Clocks::new(move || ground.now())
}

/// Who this run is: `ci/apply run 8842` where a CI system says so, else user and process.
pub(crate) fn who(variable: impl Fn(&str) -> Option<String>) -> String {
    for (id, names) in PIPELINES {
        if let Some(id) = variable(id) {
            let names: Vec<String> = names.iter().filter_map(|name| variable(name)).collect();
            let names = if names.is_empty() {
                "ci".to_owned()
            } else {
                names.join("/")
            };
            return format!("{names} run {id}");
        }
    }
    let user = variable("USER").or_else(|| variable("USERNAME"));
    let user = user.unwrap_or_else(|| "somebody".to_owned());
    format!("{user}, process {}", std::process::id())
}

/// A variable of the process's environment that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Takes the lease, or says who has it.
pub(crate) fn take(
    context: &Context,
    environment: &Environment,
    command: &str,
    ground: &Ground,
) -> Result<Taken, Failure> {
    let store = store(context, environment)?;
    let claim = Claim {
        holder: who(variable),
        command: command.to_owned(),
    };
    match store.take(&claim, &clocks(ground)) {
        Ok(held) => {
            let watch = if held.ends_with_process() {
                None
            } else {
                let held = Arc::downgrade(&held);
                Some(Watch::start(move || {
                    if let Some(held) = held.upgrade() {
                        held.release();
                    }
                }))
            };
            Ok(Taken {
                held: Some(held),
                watch,
            })
        }
        Err(LeaseError::Held(found)) => Err(busy(environment, found.as_deref(), ground.now())),
        Err(LeaseError::Store(error)) => Err(unusable(&error)),
    }
}

/// Why nothing is done without a store.
pub(crate) fn unusable(error: &StoreError) -> Failure {
    Failure::failed(chain(error))
        .next("the store must be writable before anything is changed in AWS")
}

/// P620: somebody else has the lease.
fn busy(environment: &Environment, found: Option<&Sighting>, now: Timestamp) -> Failure {
    let of = &environment.desired.environment;
    let Some(found) = found else {
        let diagnostic =
            Diagnostic::error("P620", format!("{} is locked by another run", of.title()))
                .fact("holder", "a run that begins, or that was told to stop")
                .fact("next", "wait and repeat");
        return Failure::of(Exit::Busy, diagnostic);
    };
    let holder = &found.holder;
    let diagnostic = Diagnostic::error(
        "P620",
        format!("{} is locked by another {}", of.title(), holder.verb()),
    )
    .fact("holder", whose(found))
    .fact("since", since(found, now))
    .fact(
        "next",
        format!(
            "wait and repeat. If {} is gone: pgward unlock {}  (safe after {})",
            holder.run(),
            of.name,
            wording::time(holder.expires_at)
        ),
    );
    Failure::of(Exit::Busy, diagnostic)
}

/// `ci/apply run 8842, arn:aws:sts::…`.
pub(crate) fn whose(found: &Sighting) -> String {
    let holder = &found.holder;
    if holder.arn.is_empty() {
        holder.holder.clone()
    } else {
        format!("{}, {}", holder.holder, holder.arn)
    }
}

/// `2025-11-12 10:02 UTC, 14 min ago; seen 20 s ago; expires 10:31 UTC unless renewed`.
pub(crate) fn since(found: &Sighting, now: Timestamp) -> String {
    let holder = &found.holder;
    let seen = found.seen_ago.map_or(String::new(), |ago| {
        let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
        format!("; seen {} ago", rough(ago))
    });
    format!(
        "{}, {} ago{seen}; expires {} UTC unless renewed",
        holder.since.strftime("%Y-%m-%d %H:%M UTC"),
        rough(now.duration_since(holder.since)),
        wording::time(holder.expires_at)
    )
}

/// A time that has passed, in its largest unit: `20 s`, `14 min`, `3 h`, `2 days`.
fn rough(passed: SignedDuration) -> String {
    let seconds = passed.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What one who only looks sees of a lease.
pub(crate) type LookedAt = Result<Standing, StoreError>;

/// Looks at the leases of all environments at once; waits for the slowest store.
pub(crate) fn look(
    context: &Context,
    environments: &[Environment],
) -> Result<Vec<LookedAt>, Failure> {
    // A store without a clock of its own is asked for what runs in real time only.
    let clocks = &Clocks::new(Timestamp::now);
    let stores: Vec<Arc<dyn Store>> = environments
        .iter()
        .map(|environment| store(context, environment))
        .collect::<Result<_, _>>()?;
    let mut looks = Vec::new();
    for some in stores.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = some
                .iter()
                .map(|store| scope.spawn(|| store.standing(clocks)))
                .collect();
            let found = threads.into_iter();
            looks.extend(found.map(|thread| thread.join().expect("looking does not panic")));
        });
    }
    Ok(looks)
}

/// How many leases are looked at in the same moment.
const AT_ONCE: usize = 16;

/// Says in a plan that somebody is at work, seen before or after AWS was read.
pub(crate) fn tell(plan: &mut Plan, looks: (&LookedAt, &LookedAt)) {
    if let Some(note) = in_progress(looks) {
        plan.notes.insert(0, note);
        if plan.verdict != Verdict::Blocked {
            plan.verdict = Verdict::Incomplete;
        }
    } else if let (Err(error), _) | (_, Err(error)) = looks {
        let line = format!("whether an apply is in progress: {}", chain(error));
        plan.not_checked.push(line);
    }
}

/// Whether a plan says that somebody is at work.
pub(crate) fn is_half(plan: &Plan) -> bool {
    plan.notes.iter().any(|note| note.ends_with(HALF))
}

const HALF: &str = "is in progress, this may be half of it";

/// `an apply by ci/apply run 8842 is in progress, this may be half of it`, if somebody was at work
/// before or after AWS was read.
pub(crate) fn in_progress(looks: (&LookedAt, &LookedAt)) -> Option<String> {
    let found = match looks {
        (_, Ok(Standing::Held(found))) | (Ok(Standing::Held(found)), _) => found,
        (Ok(Standing::Free) | Err(_), Ok(Standing::Free) | Err(_)) => return None,
    };
    let (what, by) = match found.as_ref().map(|found| &found.holder) {
        Some(holder) => (
            match holder.verb() {
                "destroy" => "a destroy",
                "import" => "an import",
                _ => "an apply",
            },
            format!(" by {}", holder.holder),
        ),
        None => ("an apply", String::new()),
    };
    Some(format!("{what}{by} {HALF}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_run_in_ci_is_named_after_it() {
        let named = |variables: &[(&str, &str)]| {
            let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
            who(|name| variables.get(name).map(|value| (*value).to_owned()))
        };
        let github = [
            ("GITHUB_RUN_ID", "8842"),
            ("GITHUB_WORKFLOW", "ci"),
            ("GITHUB_JOB", "apply"),
            ("USER", "runner"),
        ];
        assert_eq!(named(&github), "ci/apply run 8842");
        assert_eq!(named(&[("CI_PIPELINE_ID", "7")]), "ci run 7");
        let person = named(&[("USER", "r.mehta")]);
        assert!(person.starts_with("r.mehta, process "), "{person}");
    }

    #[test]
    fn times_that_have_passed_are_rough() {
        for (seconds, text) in [
            (-5, "0 s"),
            (20, "20 s"),
            (14 * 60 + 59, "14 min"),
            (7_300, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(rough(SignedDuration::from_secs(seconds)), text);
        }
    }
}
