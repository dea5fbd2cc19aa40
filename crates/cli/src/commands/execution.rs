//! Applying an approved plan: lease, journal, signals, progress, and the read at the end.

use std::sync::Arc;

use jiff::Timestamp;
use pgward_engine::{
    ApplyOptions, ApprovedPlan, Ending, Lease as _, Outcome, Plan, Ports, Remote, Report, Stop,
    Verb, Verdict, applied, apply, approve, unforeseen,
};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Diagnostics};
use pgward_review::{Document, Subject, text};
use pgward_store::Store;

use crate::assemble::chain;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::forms;
use crate::progress::Watcher;
use crate::signals;

use super::lease::{self, Taken};
use super::plan::{self, Made, Wish};
use super::read::Environment;
use super::{Answer, Context, moved, selections};

/// What a run is to do, and how the plan is shown before anybody agrees.
pub(crate) struct Run {
    pub(crate) shown: fn(&Document, text::Style) -> String,
    pub(crate) wish: Wish,
    pub(crate) options: ApplyOptions,
    /// Whether the answer was given already.
    pub(crate) yes: bool,
}

/// Plans, shows, asks, and does exactly that.
pub(crate) async fn agree(
    context: &Context,
    environment: &Environment,
    run: Run,
    lease: Taken,
) -> Answer {
    let mut made = plan::make(context, std::slice::from_ref(environment), &run.wish).await?;
    let mut made = made.pop().expect("one environment gives one plan");
    selections::check(
        std::slice::from_ref(&made),
        std::slice::from_ref(environment),
    )?;
    let document = forms::document(&made.plan, &environment.desired);
    if is_idle(&made.plan) {
        idle(context, &document, made.ground.now())?;
        plan::verbose(context, std::slice::from_ref(&made));
        return Ok(Exit::Done);
    }
    if context.human() {
        context.result(&(run.shown)(&document, context.ui.out))?;
    }
    let mut approved = approve(made.plan.clone()).map_err(|refusals| {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(refusals);
        Failure::findings(diagnostics, environment.sources.clone())
    })?;
    // Waiting for what AWS is still creating changes nothing.
    let asks = !run.yes && !made.plan.changes.is_empty();
    let name = &environment.desired.environment.name;
    if asks {
        // The whole name, as the headline prints it, says no less.
        let title = environment.desired.environment.title();
        let question = text::question(&document);
        if !context.ui.confirm(&question, &[name, &title])? {
            return Err(Failure::refused(format!("the answer was not {name}")));
        }
        let again = if run.wish.adopt {
            format!("pgward import {name} --adopt")
        } else {
            format!("pgward apply {name}")
        };
        approved = moved::look_again(environment, &mut made, &again).await?;
    }
    let answer = perform(context, environment, &made, &approved, lease, run.options).await;
    plan::verbose(context, std::slice::from_ref(&made));
    answer
}

/// Applies, reports, reads again and keeps the record.
pub(crate) async fn perform(
    context: &Context,
    environment: &Environment,
    made: &Made,
    approved: &ApprovedPlan,
    lease: Taken,
    options: ApplyOptions,
) -> Answer {
    let began = made.ground.now();
    // Milliseconds, since a run that fails at once may be repeated within the second.
    let run = format!(
        "{}-{}",
        began.strftime("%Y%m%dT%H%M%S%3fZ"),
        approved.plan().id
    );
    let store = lease::store(context, environment)?;
    let journal = store.journal(&run).map_err(|error| {
        Failure::failed(chain(&error)).next("make the store writable; nothing was changed")
    })?;
    let stop = Arc::new(Stop::default());
    signals::listen(Arc::clone(&stop), context.ui.clone());
    let lease = lease.begin();
    if let Some(caller) = &approved.plan().circumstances.caller {
        lease.identify(&caller.arn);
    }
    let document = forms::document(approved.plan(), &environment.desired);
    let watcher = Arc::new(Watcher::new(context, made, approved.plan(), &document));
    watcher.follow(&lease);
    watcher.begin(&document, &lease.holder());
    let ports = Ports {
        remote: Arc::clone(&made.aws) as Arc<dyn Remote>,
        clock: made.ground.clock(),
        journal,
        lease: Arc::clone(&lease) as Arc<dyn pgward_engine::Lease>,
        progress: Arc::clone(&watcher) as Arc<dyn pgward_engine::Progress>,
        stop,
    };
    let report = apply(approved, &CATALOG, &ports, options).await;
    watcher.finish();
    let answer = conclude(
        context,
        environment,
        approved.plan(),
        &document,
        &report,
        lease.check().is_ok().then_some(store.as_ref()),
    )
    .await?;
    lease.release();
    watcher.end(&report, answer);
    if answer == Exit::Failed || answer == Exit::Interrupted {
        let words = if answer == Exit::Failed {
            format!("{} is incomplete", document.verb())
        } else {
            "interrupted".to_owned()
        };
        crate::ui::complain(&format!("exit {}: {words}", answer.code()));
    }
    Ok(answer)
}

async fn conclude(
    context: &Context,
    environment: &Environment,
    plan: &Plan,
    document: &Document,
    report: &Report,
    store: Option<&dyn Store>,
) -> Answer {
    let destroyed = plan.circumstances.destroy;
    let unfinished = report.count(|outcome| !matches!(outcome, Outcome::Done | Outcome::Accepted));
    let mut exit = exit_of(report, unfinished);
    // What could not be read may still differ.
    if exit == Exit::Done && !plan.unread.is_empty() {
        exit = Exit::Failed;
    }
    let mut unproved = None;
    let after = if destroyed {
        None
    } else {
        let wish = wish_again(plan);
        let again = plan::make(context, std::slice::from_ref(environment), &wish).await;
        match again {
            Ok(mut made) => made.pop(),
            Err(failure) => {
                unproved = Some(failure);
                None
            }
        }
    };
    if let Some(store) = store {
        keep_record(store, environment, plan, report, after.as_ref());
    } else {
        // Whoever has the lock keeps the record.
        crate::ui::complain("warning: the lock was lost, so the record of this apply was not kept");
    }
    let aftermath = aftermath(environment, plan, report, after.as_ref());
    context.tell(&Subject::Run {
        report,
        document,
        aftermath: &aftermath,
    })?;
    if !context.json() {
        endings(report);
    }
    if let Some(diagnostic) = proof(plan, report, after.as_ref()) {
        context.ui.failure(&Failure::of(Exit::Failed, diagnostic));
        return Ok(Exit::Failed);
    }
    if let Some(after) = &after
        && leaves_unread(report, &after.plan)
    {
        unproved = Some(Failure::findings(
            Diagnostics::new(),
            environment.sources.clone(),
        ));
    }
    if let Some(failure) = unproved {
        let failure = unread(failure, &plan.environment.name);
        context.ui.failure(&failure);
        exit = plan::worst(exit, Exit::Failed);
    }
    if matches!(
        report.ending,
        Ending::LeaseLost(_) | Ending::JournalFailed(_)
    ) {
        exit = Exit::Failed;
    }
    Ok(exit)
}

fn exit_of(report: &Report, unfinished: usize) -> Exit {
    match &report.ending {
        Ending::Interrupted if unfinished > 0 => Exit::Interrupted,
        Ending::Complete | Ending::Interrupted if unfinished == 0 => Exit::Done,
        Ending::Complete
        | Ending::Interrupted
        | Ending::LeaseLost(_)
        | Ending::JournalFailed(_) => Exit::Failed,
    }
}

/// Whether something that the run was about could not be read after it.
fn leaves_unread(report: &Report, after: &Plan) -> bool {
    let mut unread = after.unread.iter();
    unread.any(|one| {
        let mut operations = report.operations.iter();
        operations.any(|operation| operation.address == one.address)
    })
}

/// A run whose result could not be read at the end.
fn unread(mut why: Failure, environment: &str) -> Failure {
    let message = "AWS could not be read after the run, so nothing proves its result; the record \
                   keeps what AWS said it did";
    let plan = format!("pgward plan {environment}");
    let next = Diagnostic::error("P508", message).fact("next", plan);
    why.exit = Exit::Failed;
    why.diagnostics.push(next);
    why
}

/// The wish whose plan must be empty after a finished run.
fn wish_again(plan: &Plan) -> Wish {
    Wish {
        allow: plan.circumstances.allow.clone(),
        only: plan.circumstances.only.clone(),
        in_window: plan.circumstances.timing == pgward_engine::Timing::Window,
        now: plan.circumstances.timing == pgward_engine::Timing::Now,
        ..Wish::default()
    }
}

/// After a complete run nothing may be left to do: if something is, that is a defect of ours.
fn proof(before: &Plan, report: &Report, after: Option<&Made>) -> Option<Diagnostic> {
    let after = &after?.plan;
    if report.operations.iter().any(|one| one.verb == Verb::Adopt) {
        return None;
    }
    let accepted = report.count(|outcome| *outcome == Outcome::Accepted) > 0;
    let left = unforeseen(before, report, after);
    if accepted || left.is_empty() {
        return None;
    }
    let mut diagnostic = Diagnostic::error(
        "P901",
        "everything was applied, and AWS still differs from the spec; please report this",
    );
    for change in left {
        let before = change.before_text.as_deref().unwrap_or("nothing");
        let wanted = change.after_text.as_deref().unwrap_or("nothing");
        diagnostic = diagnostic.fact(
            "differs",
            format!(
                "{} {}: {before} in AWS, {wanted} in the spec",
                change.verb.word(),
                change.path
            ),
        );
    }
    Some(diagnostic.fact("next", format!("pgward plan {}", after.environment.name)))
}

/// Keeps what was applied, for `drift`; losing it costs attribution only.
fn keep_record(
    store: &dyn Store,
    environment: &Environment,
    plan: &Plan,
    report: &Report,
    after: Option<&Made>,
) {
    if plan.circumstances.destroy {
        if report.is_complete() {
            drop(store.forget_record());
        }
        return;
    }
    let previous = store.record().ok().flatten();
    let after = after.map(|after| &after.plan);
    let desired = &environment.desired;
    let record = applied(previous.as_ref(), desired, &CATALOG, plan, report, after);
    if let Err(error) = store.keep_record(&record) {
        crate::ui::complain(&format!(
            "warning: the record of this apply was not kept, so drift can't tell who changed \
             what: {}",
            chain(&error)
        ));
    }
}

/// What the reader needs after a run: where clients connect, and the names of secrets.
fn aftermath(
    environment: &Environment,
    plan: &Plan,
    report: &Report,
    after: Option<&Made>,
) -> text::Aftermath {
    let resources = environment.desired.resources.values();
    text::Aftermath {
        secrets: resources
            .filter(|resource| resource.kind == "secret")
            .map(|resource| resource.name.clone())
            .collect(),
        ..text::Aftermath::of(plan, report, after.map(|after| &after.plan))
    }
}

/// Why a run ended that nobody interrupted.
fn endings(report: &Report) {
    match &report.ending {
        Ending::LeaseLost(why) => crate::ui::complain(&format!(
            "the lock was lost: {why}; nothing more was sent to AWS"
        )),
        Ending::JournalFailed(why) => crate::ui::complain(&format!(
            "the journal could not be written: {why}; nothing more was sent to AWS"
        )),
        Ending::Complete | Ending::Interrupted => {}
    }
}

/// What is said when there is nothing to do: the plan, or a stream without changes.
pub(crate) fn idle(context: &Context, document: &Document, now: Timestamp) -> Result<(), Failure> {
    crate::progress::idle(context, document, now);
    if context.json() {
        return Ok(());
    }
    context.tell(&Subject::Plans(std::slice::from_ref(document)))
}

/// Whether anything is to be done at all.
pub(crate) fn is_idle(plan: &Plan) -> bool {
    plan.verdict == Verdict::NoChanges && plan.operations.is_empty()
}
