//! A history from a seed: edits, runs, deeds of others, time, faults and crashes, then the end.

use std::time::Duration;

use fastrand::Rng;
use pgward_engine::{Plan, Report};
use pgward_model::Diagnostic;
use pgward_sandbox::{Faults, Sandbox};
use pgward_tests::stage::{Given, Wish, Written};

use super::census::Census;
use super::environment::Environment;
use super::invariants::{self, Broken, Holds};
use super::ledger::Ledger;
use super::outside::{self, Deed};
use super::ports::Defect;
use super::run::{End, Play, Prepared};
use super::start;
use super::wire::Cut;

/// AWS shows a new security group after so long.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// What came of a run: nothing if the program was killed; the refusals; or the report, which a
/// plan without changes has not.
type Played = Option<Result<Option<Report>, Vec<Diagnostic>>>;

/// What is left of a history.
#[derive(Debug, Default)]
pub(crate) struct Tale {
    /// One line for everything that was done.
    pub(crate) log: Vec<String>,
    /// Every file that was given.
    pub(crate) specs: Vec<String>,
    /// The world before the last run, if it is wanted.
    pub(crate) world: String,
    /// How many runs there were.
    pub(crate) runs: usize,
    /// How many calls reached AWS.
    pub(crate) calls: usize,
}

/// Plays the history of a seed; the tale is told however it ends.
pub(crate) fn play(seed: u64, defect: Option<Defect>, keep_worlds: bool) -> (Tale, Holds) {
    let mut story = Story::begin(seed, defect, keep_worlds);
    let holds = story.go_on();
    (story.tale, holds)
}

/// A history as it goes on.
pub(crate) struct Story {
    /// What was told so far.
    pub(crate) tale: Tale,
    /// The world.
    pub(crate) play: Play,
    /// What is declared.
    pub(crate) environment: Environment,
    pub(super) rng: Rng,
    pub(super) given: Given,
    pub(super) applied: Environment,
    ledger: Ledger,
    pub(super) baseline: Census,
    pub(super) faults: usize,
    keep_worlds: bool,
}

impl Story {
    fn begin(seed: u64, defect: Option<Defect>, keep_worlds: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        // The SDK draws its pauses from this thread's generator.
        let (sandbox, environment) = start::of(&mut rng);
        fastrand::seed(seed);
        Self::with(sandbox, environment, rng, defect, keep_worlds)
    }

    /// A history on a world in which an environment was applied, or nothing.
    pub(crate) fn with(
        sandbox: Sandbox,
        environment: Environment,
        rng: Rng,
        defect: Option<Defect>,
        keep_worlds: bool,
    ) -> Self {
        let text = environment.text();
        let given = Given::read("dev.toml", &text)
            .unwrap_or_else(|found| panic!("a start can be read:\n{text}\n{found}"));
        let mut story = Self {
            tale: Tale::default(),
            play: Play::new(sandbox, defect),
            rng,
            given,
            applied: environment.clone(),
            environment,
            ledger: Ledger::default(),
            baseline: Census::default(),
            faults: 0,
            keep_worlds,
        };
        story.tale.specs.push(text);
        story.given.provide(&story.play.sandbox);
        story.recount();
        story
    }

    /// What exists, as it was counted last.
    pub(crate) fn census(&self) -> &Census {
        &self.baseline
    }

    fn go_on(&mut self) -> Holds {
        if !self.baseline.things.is_empty() {
            self.edit();
        }
        self.run()?;
        // One history in four is long; the others are many.
        let length = if self.rng.u8(0..4) == 0 { 3..=8 } else { 1..=4 };
        for _ in 0..self.rng.usize(length) {
            match self.rng.u8(0..100) {
                0..=34 => self.edit(),
                35..=64 => self.run()?,
                65..=84 => self.meddle(),
                _ => self.wait()?,
            }
        }
        self.finish()?;
        if self.rng.u8(0..6) == 0 {
            self.destroy()?;
            self.finish()?;
        }
        Ok(())
    }

    pub(super) fn say(&mut self, line: impl Into<String>) {
        let now = self.play.now();
        self.tale.log.push(format!("{now} {}", line.into()));
    }

    /// Somebody edits the file; what `check` refuses is taken back.
    fn edit(&mut self) {
        for _ in 0..5 {
            let mut environment = self.environment.clone();
            let edits = environment.edit(&mut self.rng);
            if self.take(environment) {
                self.say(format!("edit: {}", edits.join(", ")));
                return;
            }
        }
        self.say("edit: nothing that can be read");
    }

    /// Takes another file, if it can be read.
    pub(crate) fn take(&mut self, environment: Environment) -> bool {
        let text = environment.text();
        let Ok(given) = Given::read("dev.toml", &text) else {
            return false;
        };
        self.tale.specs.push(text);
        // What a file refers to is there before it: no run makes it.
        given.provide(&self.play.sandbox);
        self.recount();
        self.given = given;
        self.environment = environment;
        true
    }

    /// Time passes, and AWS goes on.
    fn wait(&mut self) -> Holds {
        let hours = [0, 1, 7, 24, 8 * 24][self.rng.usize(0..5)];
        let passes = Duration::from_secs(hours * 3600 + self.rng.u64(60..1200));
        self.tick(passes)
    }

    /// So much time passes.
    pub(crate) fn tick(&mut self, passes: Duration) -> Holds {
        self.play.sandbox.tick(passes);
        if passes > SHOWN_AFTER {
            self.say(format!("{} min passed", passes.as_secs() / 60));
        }
        self.look_around()
    }

    /// Somebody else does something.
    fn meddle(&mut self) {
        let Some(deed) = outside::deed(&mut self.rng, &self.play.sandbox) else {
            return;
        };
        self.others_do(&deed);
        if self.rng.bool() {
            self.play.sandbox.tick(Duration::from_secs(150));
            self.recount();
        }
    }

    /// Somebody else does this.
    pub(crate) fn others_do(&mut self, deed: &Deed) {
        let answer = deed.perform(&self.play.sandbox);
        deed.note(&mut self.ledger, self.play.now());
        self.say(match answer {
            Ok(()) => format!("others: {}", deed.words()),
            Err(why) => format!("others: {} is refused: {why}", deed.words()),
        });
        self.recount();
    }

    /// What exists now is where the next comparison begins.
    pub(super) fn recount(&mut self) {
        let canaries = std::mem::take(&mut self.baseline.canaries);
        self.baseline = Census::take(&self.play.sandbox);
        self.baseline.canaries.extend(canaries);
    }

    /// Somebody applies, with whatever may happen then; after a crash the same command goes on.
    fn run(&mut self) -> Holds {
        let wish = self.wish();
        if self.rng.u8(0..6) == 0 {
            return self.run_saved(&wish);
        }
        self.draw_faults();
        let cut = self.cut();
        if self.apply(&wish, cut)?.is_some() {
            return Ok(());
        }
        let passes = Duration::from_secs(self.rng.u64(1..900));
        self.tick(passes)?;
        let again = if self.rng.u8(0..4) == 0 {
            self.cut()
        } else {
            None
        };
        if self.apply(&wish, again)?.is_none() {
            self.apply(&wish, None)?;
        }
        Ok(())
    }

    /// A plan is saved, something may happen, and then exactly that plan is applied or refused.
    fn run_saved(&mut self, wish: &Wish) -> Holds {
        let saved = self.plan(wish)?.plan;
        self.say(format!("saved the plan {}", saved.id));
        match self.rng.u8(0..4) {
            0 => {}
            1 => self.wait()?,
            _ => self.meddle(),
        }
        self.draw_faults();
        let cut = self.cut();
        self.perform(wish, cut, Some(&saved)).map(drop)
    }

    /// Plans and applies; `None` if the program was killed.
    pub(crate) fn apply(&mut self, wish: &Wish, cut: Option<Cut>) -> Result<Played, Broken> {
        self.perform(wish, cut, None)
    }

    fn perform(
        &mut self,
        wish: &Wish,
        cut: Option<Cut>,
        saved: Option<&Plan>,
    ) -> Result<Played, Broken> {
        let had_database = self.baseline.of_kind("instance").next().is_some();
        self.tale.runs += 1;
        if self.keep_worlds {
            self.tale.world = self.play.sandbox.save();
        }
        let allow: Vec<&str> = wish.allow.iter().map(|effect| effect.word()).collect();
        self.say(format!(
            "apply now={} allow={} only={} at call: {cut:?}",
            wish.now,
            allow.join(","),
            wish.only.join(",")
        ));
        let mut prepared = self.plan(wish)?;
        if let Some(saved) = saved
            && let Some(why) = prepared.take_saved(saved)
        {
            self.play.sandbox.faults(Faults::default());
            self.faults = 0;
            self.say(format!("the plan no longer fits: {why}"));
            self.look_around()?;
            return Ok(Some(Err(Vec::new())));
        }
        let (incident, meddled) = self.incident(cut);
        let now = self.play.now();
        let ledger = &mut self.ledger;
        let end = self.play.apply(
            &self.given,
            wish,
            incident,
            |plan| ledger.approve(plan, now),
            &prepared,
        );
        self.play.sandbox.faults(Faults::default());
        let deed = meddled.lock().expect("no holder panics").take();
        if let Some(deed) = deed {
            self.ledger.others_meddle();
            deed.note(&mut self.ledger, now);
            self.say(format!("others, meanwhile: {}", deed.words()));
        }
        // What a saved plan does not rely on may differ since, and is not its business.
        let is_whole = saved.is_none() && prepared.saw_all();
        let played = self.conclude(wish, end, &prepared, is_whole)?;
        if !had_database && self.baseline.of_kind("instance").next().is_some() {
            self.applied = self.environment.clone();
        }
        Ok(played)
    }

    fn conclude(
        &mut self,
        wish: &Wish,
        end: End,
        plan: &Prepared,
        is_whole: bool,
    ) -> Result<Played, Broken> {
        let faults = std::mem::take(&mut self.faults);
        match end {
            End::Idle => {
                self.say("nothing to do");
                Ok(Some(Ok(None)))
            }
            End::Refused(refusals) => {
                invariants::only_reads(&self.play.sandbox.calls())?;
                for refusal in &refusals {
                    self.say(format!("refused: {} {}", refusal.code, refusal.message));
                }
                self.look_around()?;
                Ok(Some(Err(refusals)))
            }
            End::Killed => {
                let last = self.play.sandbox.calls().pop();
                let last = last.map(|call| format!("{}:{}", call.service, call.action));
                self.say(format!("killed; the last call was {last:?}"));
                self.play.restart();
                self.tick(SHOWN_AFTER)?;
                Ok(None)
            }
            End::Ended {
                report,
                calls,
                after,
            } => {
                self.tale.calls += calls.len();
                self.tell(&report);
                invariants::runs_within_bound(&report, &calls, faults)?;
                self.planned_well(&after, 0)?;
                self.tick(SHOWN_AFTER)?;
                if is_whole && !self.ledger.is_meddled() {
                    invariants::leaves_nothing(&report, plan, &after)?;
                }
                if report.is_complete() && wish.only.is_empty() {
                    self.applied = self.environment.clone();
                }
                Ok(Some(Ok(Some(report))))
            }
        }
    }

    fn tell(&mut self, report: &Report) {
        for one in &report.operations {
            let line = format!("  {} {}: {:?}", one.verb.word(), one.address, one.outcome);
            self.say(line);
        }
        if !report.is_complete() {
            self.say(format!("incomplete: {:?}", report.ending));
        }
    }

    /// Plans, and looks at how it was done.
    pub(crate) fn plan(&mut self, wish: &Wish) -> Result<Prepared, Broken> {
        let prepared = self.play.plan(&self.given, wish);
        self.tale.calls += prepared.calls.len();
        let faults = self.faults;
        self.planned_well(&prepared, faults)?;
        Ok(prepared)
    }

    fn planned_well(&self, prepared: &Prepared, faults: usize) -> Holds {
        invariants::only_reads(&prepared.calls)?;
        let resources = prepared.live.resources.len() + prepared.live.leftovers.len();
        invariants::plans_within_bound(prepared.calls.len(), resources, faults)
    }

    /// What exists is compared with what existed, and with what may have happened.
    fn look_around(&mut self) -> Holds {
        let mut census = Census::take(&self.play.sandbox);
        invariants::names_everything(&self.ledger, &self.baseline, &census)?;
        invariants::makes_no_strays(&self.ledger, &self.baseline, &census)?;
        invariants::secret_opens(&self.play.sandbox, &census)?;
        census
            .canaries
            .extend(std::mem::take(&mut self.baseline.canaries));
        invariants::tells_no_secret(&self.play.written, &census.canaries)?;
        self.play.written = Written::default();
        self.baseline = census;
        Ok(())
    }
}
