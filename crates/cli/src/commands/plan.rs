//! `plan`: what would be done, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pgward_aws::Aws;
use pgward_engine::{
    Changes, Circumstances, Commit, Fault, FaultKind, Live, Observation, Plan, Remote, Timing,
    Verdict, adoption, diff, teardown,
};
use pgward_kinds::CATALOG;
use pgward_model::{Address, Desired, Diagnostic, Disruptive, Effect};
use pgward_review::{Document, Subject};

use crate::args::{CostSource, PlanArgs};
use crate::assemble::Ground;
use crate::credentials::unknown_caller;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;

use super::read::{self, Environment};
use super::{Answer, Context, lease, selections};

/// What a plan is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// Effects to allow beyond the policy.
    pub(crate) allow: BTreeSet<Effect>,
    /// Paths it is restricted to.
    pub(crate) only: Vec<String>,
    /// `--now`.
    pub(crate) now: bool,
    /// `--in-window`.
    pub(crate) in_window: bool,
    /// Whether the environment goes as a whole.
    pub(crate) destroy: bool,
    /// Whether what exists gets our tags, and nothing else.
    pub(crate) adopt: bool,
    /// What a deletion keeps.
    pub(crate) keep: Vec<String>,
    /// Name of the final snapshot.
    pub(crate) final_snapshot: Option<String>,
    /// No final snapshot.
    pub(crate) no_final_snapshot: bool,
    /// Whether the record of the last apply is left alone.
    pub(crate) stateless: bool,
    /// No `[ignore.*]`, as drift sorts them itself.
    pub(crate) without_ignores: bool,
    /// An account that can't be reached makes its own environments unreadable and no others.
    pub(crate) apart: bool,
}

/// A plan with what it was made from.
pub(crate) struct Made {
    /// The plan.
    pub(crate) plan: Plan,
    /// What exists.
    pub(crate) live: Live,
    /// What AWS would choose where the spec leaves it open, by path.
    pub(crate) chosen: BTreeMap<String, String>,
    /// AWS.
    pub(crate) aws: Arc<Aws>,
    /// Where calls go.
    pub(crate) ground: Ground,
}

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &PlanArgs) -> Answer {
    let wish = Wish {
        allow: arguments.allow.iter().copied().collect(),
        only: arguments.only.clone(),
        now: arguments.now,
        stateless: arguments.stateless,
        ..Wish::default()
    };
    let environments = if arguments.all {
        read::environments(context)?
    } else {
        vec![read::environment(context, &arguments.spec)?]
    };
    let before = lease::look(context, &environments)?;
    let mut made = context.block_on(make(context, &environments, &wish))??;
    selections::check(&made, &environments)?;
    let after = lease::look(context, &environments)?;
    for (one, looks) in made.iter_mut().zip(before.iter().zip(&after)) {
        lease::tell(&mut one.plan, looks);
    }
    if arguments.cost == CostSource::Off {
        for one in &mut made {
            forget_prices(&mut one.plan);
        }
    }
    let pairs = made.iter().zip(&environments);
    let mut documents: Vec<Document> = pairs
        .map(|(one, environment)| forms::document(&one.plan, &environment.desired))
        .collect();
    if let (Some(path), Some(first)) = (&arguments.out, documents.first_mut()) {
        super::saved::lead_on(first, &path.display().to_string());
    }
    context.tell(&Subject::Plans(&documents))?;
    if let Some(path) = &arguments.out
        && !lease::is_half(&made[0].plan)
    {
        super::saved::save(context, path, &documents[0], &environments[0], &made[0])?;
    }
    verbose(context, &made);
    let mut exit = Exit::Done;
    for (one, environment) in made.iter().zip(&environments) {
        exit = worst(
            exit,
            conclude(context, one, environment, arguments.exit_code),
        );
    }
    Ok(exit)
}

/// The document of a plan.
pub(crate) fn document(plan: &Plan) -> Document {
    pgward_review::document(plan, &pgward_review::Bindings::default())
}

/// The exit of one plan, with its last line on stderr.
fn conclude(context: &Context, made: &Made, environment: &Environment, exit_code: bool) -> Exit {
    let plan = &made.plan;
    let refused: Vec<Diagnostic> = plan
        .findings
        .iter()
        .filter(|one| one.is_error() && one.accepted.is_none() && !one.code.starts_with("P4"))
        .cloned()
        .collect();
    if !refused.is_empty() && !context.json() {
        let mut diagnostics = pgward_model::Diagnostics::new();
        diagnostics.extend(refused);
        let failure = Failure::findings(diagnostics, environment.sources.clone());
        context.ui.failure(&failure);
        return Exit::Refused;
    }
    let (exit, words) = match plan.verdict {
        Verdict::Blocked => {
            let blocked = plan.blocked().count();
            (
                Exit::Refused,
                match blocked {
                    0 => "the plan is refused".to_owned(),
                    1 => "one change is blocked".to_owned(),
                    several => format!(
                        "{} changes are blocked",
                        pgward_review::wording::number(several)
                    ),
                },
            )
        }
        Verdict::Incomplete if lease::is_half(plan) => {
            (Exit::Busy, "repeat when the apply has ended".to_owned())
        }
        Verdict::Incomplete => (Exit::Failed, "part of AWS could not be read".to_owned()),
        Verdict::Ready | Verdict::NeedsAllow if exit_code => {
            (Exit::Different, "there are changes".to_owned())
        }
        Verdict::Ready | Verdict::NeedsAllow | Verdict::NoChanges => return Exit::Done,
    };
    if !context.json() {
        crate::ui::complain(&format!("exit {}: {words}", exit.code()));
    }
    exit
}

/// The exit that matters more: failed, refused, different, done.
pub(crate) fn worst(one: Exit, other: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Done => 0,
        Exit::Different => 1,
        Exit::Busy => 2,
        Exit::Refused => 3,
        Exit::Failed => 4,
        Exit::Usage => 5,
        Exit::Interrupted => 6,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Plans of several environments, with shared reads per account and region.
pub(crate) async fn make(
    context: &Context,
    environments: &[Environment],
    wish: &Wish,
) -> Result<Vec<Made>, Failure> {
    let mut made: BTreeMap<usize, Made> = BTreeMap::new();
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (index, one) in environments.iter().enumerate() {
        let of = &one.desired.environment;
        groups
            .entry((of.account.clone(), of.region.clone()))
            .or_default()
            .push(index);
    }
    let mut ground: Option<Ground> = None;
    for ((account, region), indexes) in groups {
        let ground = match &ground {
            Some(ground) => ground.clone(),
            None => ground
                .insert(context.ground(&environments[indexes[0]].store)?)
                .clone(),
        };
        if let Ground::Sandbox(world) = &ground {
            let before = world.sandbox.save();
            indexes
                .iter()
                .for_each(|index| world.provide(&environments[*index].desired));
            if world.sandbox.save() != before {
                world.save()?;
            }
        }
        let aws = ground.aws(&context.global, &account, &region);
        let group: Vec<&Environment> = indexes.iter().map(|index| &environments[*index]).collect();
        for (index, one) in indexes
            .iter()
            .zip(plans(context, &ground, &aws, &group, wish).await?)
        {
            made.insert(*index, one);
        }
    }
    Ok(made.into_values().collect())
}

async fn plans(
    context: &Context,
    ground: &Ground,
    aws: &Arc<Aws>,
    group: &[&Environment],
    wish: &Wish,
) -> Result<Vec<Made>, Failure> {
    let all: Vec<&Desired> = group.iter().map(|one| &one.desired).collect();
    let (caller, lives) = tokio::join!(aws.caller(), aws.observe(&all));
    let caller = match caller {
        Err(fault) if !wish.apart => return Err(unknown_caller(&fault, &context.global)),
        caller => caller,
    };
    let mut made = Vec::new();
    for (one, mut live) in group.iter().zip(lives) {
        let stranger = match &caller {
            Ok(caller) => wrong_account(context, caller, &one.desired),
            Err(_) => None,
        };
        let fault = match (&caller, stranger) {
            (Err(fault), _) => Some(fault.clone()),
            (Ok(_), Some(refusal)) if wish.apart => Some(Fault::new(
                FaultKind::Credentials,
                "sts:GetCallerIdentity",
                refusal.message,
            )),
            (Ok(_), Some(refusal)) => {
                return Err(Failure::of(Exit::Refused, refusal).from(&one.sources));
            }
            (Ok(_), None) => None,
        };
        if let Some(fault) = &fault {
            let title = one.desired.environment.title();
            crate::ui::complain(&format!("{title}: nothing could be read: {fault}"));
            live = unreadable(&one.desired, fault);
        }
        let now = ground.now();
        let mut desired = one.desired.clone();
        if wish.without_ignores {
            desired.ignores.clear();
        }
        let today = read::today(now);
        let changes = if wish.destroy {
            teardown(&desired, &live, &wish.keep)
        } else if wish.adopt {
            adoption(&desired, &live, &CATALOG, &today)
        } else {
            diff(&desired, &live, &CATALOG, &today)
        };
        let checked = if wish.destroy || wish.adopt || fault.is_some() {
            pgward_engine::Checked::default()
        } else {
            aws.check(&desired, &live, &changes).await
        };
        let caller = caller.as_ref().ok().cloned();
        let circumstances = circumstances(context, ground, &desired, wish, caller);
        let findings = if wish.destroy || wish.adopt {
            &[][..]
        } else {
            &one.findings[..]
        };
        let mut plan = plan_of(&desired, &live, &changes, &checked, findings, circumstances);
        if !wish.stateless
            && (!plan.waiting.is_empty() || pgward_engine::makes_data(&plan, &CATALOG))
            && let Ok(Some(record)) = lease::store(context, one)?.record()
        {
            pgward_engine::tell_since(&mut plan, &record);
            pgward_engine::tell_lost(&mut plan, &record, &CATALOG);
        }
        made.push(Made {
            plan,
            live,
            chosen: checked.chosen,
            aws: Arc::clone(aws),
            ground: ground.clone(),
        });
    }
    Ok(made)
}

/// An environment of which nothing is known, and why.
fn unreadable(desired: &Desired, fault: &Fault) -> Live {
    let unknown = |address: &Address| {
        let fault = Observation::Unreadable(Box::new(fault.clone()));
        (address.clone(), fault)
    };
    Live {
        resources: desired.resources.keys().map(unknown).collect(),
        ..Live::default()
    }
}

fn plan_of(
    desired: &Desired,
    live: &Live,
    changes: &Changes,
    checked: &pgward_engine::Checked,
    findings: &[Diagnostic],
    circumstances: Circumstances,
) -> Plan {
    pgward_engine::plan(
        desired,
        live,
        changes,
        checked,
        findings,
        circumstances,
        &CATALOG,
    )
}

fn circumstances(
    context: &Context,
    ground: &Ground,
    desired: &Desired,
    wish: &Wish,
    caller: Option<pgward_engine::Caller>,
) -> Circumstances {
    let starts_now = !wish.in_window && (wish.now || desired.policy.disruptive == Disruptive::Now);
    Circumstances {
        now: ground.now(),
        sandbox: ground.is_sandbox(),
        endpoint: context
            .global
            .endpoint_url
            .clone()
            .filter(|_| !ground.is_sandbox()),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: desired.files.first().and_then(|file| commit_of(&file.path)),
        caller,
        timing: if starts_now {
            Timing::Now
        } else {
            Timing::Window
        },
        allow: wish.allow.clone(),
        flags: [(wish.now, "--now"), (wish.in_window, "--in-window")]
            .into_iter()
            .filter(|(given, _)| *given)
            .map(|(_, flag)| flag.to_owned())
            .collect(),
        only: wish.only.clone(),
        destroy: wish.destroy,
        adopt: wish.adopt,
        keep: wish.keep.clone(),
        final_snapshot: wish.final_snapshot.clone(),
        no_final_snapshot: wish.no_final_snapshot,
    }
}

/// The commit of the files, if git is there and knows them.
fn commit_of(file: &str) -> Option<Commit> {
    let folder = Path::new(file)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(folder.unwrap_or(Path::new(".")))
        .args(["status", "--porcelain=v2", "--branch", "--", "."])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let hash = text
        .lines()
        .find_map(|line| line.strip_prefix("# branch.oid "))?;
    let dirty = text.lines().any(|line| !line.starts_with('#'));
    Some(Commit {
        hash: hash.get(..7).filter(|_| hash != "(initial)")?.to_owned(),
        dirty,
    })
}

/// P502: the credentials belong to another account.
pub(crate) fn wrong_account(
    context: &Context,
    caller: &pgward_engine::Caller,
    desired: &Desired,
) -> Option<Diagnostic> {
    let account = &desired.environment.account;
    if caller.account == *account {
        return None;
    }
    let from = context
        .global
        .profile
        .as_ref()
        .map(|profile| format!(", from --profile {profile}"))
        .or_else(|| {
            std::env::var("AWS_PROFILE")
                .ok()
                .map(|p| format!(", from AWS_PROFILE={p}"))
        })
        .unwrap_or_default();
    Some(
        Diagnostic::error(
            "P502",
            format!(
                "these credentials belong to account {}, the environment lives in {account}",
                caller.account
            ),
        )
        .at_some(desired.origins.get("account"), "")
        .fact("you", format!("{}{from}", caller.arn))
        .fact(
            "next",
            format!(
                "pgward plan {} --profile <a profile of {account}>",
                desired.environment.name
            ),
        ),
    )
}

fn forget_prices(plan: &mut Plan) {
    for change in &mut plan.changes {
        change.cost = None;
    }
    plan.cost = pgward_engine::TotalCost::default();
    plan.notes
        .retain(|note| !note.starts_with(pgward_engine::NO_PRICES));
}

/// With `-v`, every call to AWS on stderr.
pub(crate) fn verbose(context: &Context, made: &[Made]) {
    if !context.global.verbose {
        return;
    }
    let mut seen: Vec<*const Aws> = Vec::new();
    for one in made {
        if seen.contains(&Arc::as_ptr(&one.aws)) {
            continue;
        }
        seen.push(Arc::as_ptr(&one.aws));
        calls(&one.aws);
    }
}

/// Every call of one session on stderr.
pub(crate) fn calls(aws: &Aws) {
    for call in aws.calls() {
        let id = call.request_id.as_deref().unwrap_or("-");
        let fault = call
            .fault
            .map(|fault| format!("  {fault:?}"))
            .unwrap_or_default();
        crate::ui::complain(&format!(
            "{:>8.3}s {:>6} ms  {}  {id}{fault}",
            call.started.as_secs_f64(),
            call.elapsed.as_millis(),
            call.action
        ));
    }
}
