//! A history from a seed: edits, runs, deeds of others, time, faults and crashes, then the end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use pgward_engine::Report;
use pgward_model::{Address, Diagnostic, Effect};
use pgward_sandbox::{Fault, FaultKind, Faults, Sandbox};
use pgward_tests::stage::{Given, Wish, Written};

use super::census::Census;
use super::environment::Environment;
use super::invariants::{self, Broken, Holds};
use super::ledger::Ledger;
use super::outside::{self, Deed};
use super::ports::Defect;
use super::run::{End, Incident, Play, Prepared};
use super::start;
use super::wire::Cut;

/// How often apply is repeated until it has to be done, mending by a person included.
const ROUNDS: usize = 10;

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
    rng: Rng,
    given: Given,
    applied: Environment,
    ledger: Ledger,
    baseline: Census,
    faults: usize,
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

    fn go_on(&mut self) -> Holds {
        if !self.baseline.things.is_empty() {
            self.edit();
        }
        self.run()?;
        for _ in 0..self.rng.usize(2..=7) {
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

    fn say(&mut self, line: impl Into<String>) {
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
        self.say(format!("{} min passed", passes.as_secs() / 60));
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
    fn recount(&mut self) {
        let canaries = std::mem::take(&mut self.baseline.canaries);
        self.baseline = Census::take(&self.play.sandbox);
        self.baseline.canaries.extend(canaries);
    }

    /// Somebody applies, with whatever may happen then; after a crash the same command goes on.
    fn run(&mut self) -> Holds {
        let wish = self.wish();
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

    /// Plans and applies; `None` if the program was killed.
    pub(crate) fn apply(&mut self, wish: &Wish, cut: Option<Cut>) -> Result<Played, Broken> {
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
        let prepared = self.plan(wish)?;
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
        self.conclude(wish, end, &prepared)
    }

    fn conclude(&mut self, wish: &Wish, end: End, before: &Prepared) -> Result<Played, Broken> {
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
                self.look_around()?;
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
                self.look_around()?;
                if !before.saw_work() && !self.ledger.is_meddled() {
                    invariants::leaves_nothing(&report, before, &after)?;
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

    fn wish(&mut self) -> Wish {
        let all = || Effect::ALL.into_iter().collect();
        let allow = match self.rng.u8(0..10) {
            0 | 1 => [].into(),
            2 | 3 => [Effect::Reboot, Effect::Downtime].into(),
            _ => all(),
        };
        let only = if self.rng.u8(0..10) == 0 {
            let addresses: Vec<&Address> = self.given.desired.resources.keys().collect();
            vec![addresses[self.rng.usize(0..addresses.len())].to_string()]
        } else {
            Vec::new()
        };
        Wish {
            allow,
            only,
            now: self.rng.u8(0..5) < 2,
            ..Wish::default()
        }
    }

    fn cut(&mut self) -> Option<Cut> {
        let at = if self.rng.bool() {
            self.rng.usize(1..12)
        } else {
            self.rng.usize(1..120)
        };
        match self.rng.u8(0..12) {
            0 | 1 => Some(Cut::Before(at)),
            2..=4 => Some(Cut::After(at)),
            5 => Some(Cut::Stop(at)),
            6 => Some(Cut::Meddle(at)),
            _ => None,
        }
    }

    fn incident(&mut self, cut: Option<Cut>) -> (Incident, Arc<Mutex<Option<Deed>>>) {
        let done = Arc::new(Mutex::new(None));
        let mut incident = Incident { cut, meddler: None };
        if matches!(cut, Some(Cut::Meddle(_))) {
            let mut rng = self.rng.fork();
            let sandbox = self.play.sandbox.clone();
            let done = Arc::clone(&done);
            incident.meddler = Some(Box::new(move || {
                let deed = outside::deed(&mut rng, &sandbox);
                if let Some(deed) = deed.filter(|deed| deed.perform(&sandbox).is_ok()) {
                    *done.lock().expect("no holder panics") = Some(deed);
                }
            }));
        }
        (incident, done)
    }

    /// In a third of the runs AWS stumbles.
    fn draw_faults(&mut self) {
        const PATTERNS: [&str; 12] = [
            "*",
            "rds:*",
            "*:Describe*",
            "*:Create*",
            "*:Modify*",
            "*:Delete*",
            "rds:CreateDBInstance*",
            "ec2:*",
            "secretsmanager:*",
            "*:*Tag*",
            "rds:*DBProx*",
            "cloudwatch:*",
        ];
        const KINDS: [FaultKind; 12] = [
            FaultKind::Throttle,
            FaultKind::Throttle,
            FaultKind::Internal500,
            FaultKind::Unavailable503,
            FaultKind::Reset,
            FaultKind::LostReply,
            FaultKind::LostReply,
            FaultKind::LostReply,
            FaultKind::Timeout,
            FaultKind::NotXml,
            FaultKind::Denied,
            FaultKind::ExpiredToken,
        ];
        if self.rng.u8(0..3) > 0 {
            return;
        }
        let mut rules = Vec::new();
        for _ in 0..self.rng.usize(1..=3) {
            let kind = KINDS[self.rng.usize(0..KINDS.len())];
            let once = matches!(kind, FaultKind::Denied | FaultKind::ExpiredToken);
            let at_most = if once { 1 } else { self.rng.u32(1..=6) };
            rules.push(Fault {
                pattern: PATTERNS[self.rng.usize(0..PATTERNS.len())].to_owned(),
                chance: f64::from(self.rng.u8(10..100)) / 100.0,
                kind,
                at_most,
                after: self.rng.u32(0..30),
            });
            self.faults += at_most as usize;
        }
        self.say(format!("faults: {rules:?}"));
        let seed = self.rng.u64(..);
        self.play.sandbox.faults(Faults { seed, rules });
    }

    /// (a): without further trouble, apply until done comes to an end; what is refused, a person
    /// mends.
    pub(crate) fn finish(&mut self) -> Holds {
        self.say("from here on nothing goes wrong");
        let wish = Wish::everything_now();
        let mut last = String::new();
        for round in 0..ROUNDS {
            match self.apply(&wish, None)? {
                Some(Ok(None)) if self.is_settled(&wish)? => return Ok(()),
                Some(Ok(None)) => {}
                Some(Ok(Some(report))) => {
                    last = format!("{:#?}", report.operations);
                    // Storage cools down for hours; what else it waits for, a window brings.
                    let rest = match round {
                        _ if report.is_complete() => 60,
                        0 | 1 => 7 * 3600,
                        _ => 8 * 24 * 3600,
                    };
                    self.tick(Duration::from_secs(rest))?;
                }
                Some(Err(refusals)) => {
                    last = format!("{refusals:#?}");
                    self.mend(&refusals);
                }
                None => {}
            }
        }
        invariants::converges(false, ROUNDS, &last)
    }

    /// Everything is deleted, in the two steps that takes; then nothing of it is left but a snapshot.
    fn destroy(&mut self) -> Holds {
        let mut environment = self.environment.clone();
        environment.unprotect();
        let taken = self.take(environment);
        self.say(format!("edit: protection off: {taken}"));
        self.finish()?;
        let wish = Wish {
            destroy: true,
            no_final_snapshot: self.rng.bool(),
            ..Wish::everything_now()
        };
        let had_database = self.baseline.of_kind("instance").next().is_some();
        self.draw_faults();
        let mut cut = self.cut().filter(|cut| !matches!(cut, Cut::Meddle(_)));
        for _ in 0..4 {
            let end = self.apply(&wish, cut.take())?;
            if matches!(end, Some(Ok(None))) {
                let kept = Census::snapshots(&self.play.sandbox) > 0;
                let wanted = had_database && !wish.no_final_snapshot;
                return invariants::leaves_no_orphans(&self.baseline, wanted, kept);
            }
            self.tick(Duration::from_secs(1800))?;
        }
        invariants::converges(false, 4, "a destruction")
    }

    /// Whether it is as declared and stays so through a window.
    fn is_settled(&mut self, wish: &Wish) -> Result<bool, Broken> {
        self.tick(Duration::from_secs(8 * 24 * 3600))?;
        let later = self.plan(wish)?;
        if !later.plan.changes.is_empty() {
            let paths: Vec<&str> = later
                .plan
                .changes
                .iter()
                .map(|one| one.path.as_str())
                .collect();
            self.say(format!("something has come up: {}", paths.join(", ")));
            return Ok(false);
        }
        if later.plan.waiting.iter().any(|one| one.declared) {
            self.say(format!("something still waits: {:?}", later.plan.waiting));
            return Ok(false);
        }
        invariants::is_what_is_declared(&self.baseline, &self.given.desired)?;
        Ok(true)
    }

    /// What a person does about a refusal: adopts what lost its tags, writes the version that is
    /// in AWS, and else takes back the edits.
    fn mend(&mut self, refusals: &[Diagnostic]) {
        let mut adopted = false;
        for refusal in refusals.iter().filter(|refusal| refusal.code == "P506") {
            let address = refusal.subject.clone().unwrap_or_default();
            let resource = self.given.desired.resources.get(&Address::new(&address));
            let Some(resource) = resource else { continue };
            let found = self
                .baseline
                .of_kind(&resource.kind)
                .find(|thing| thing.name.eq_ignore_ascii_case(&resource.name));
            if let Some(thing) = found.cloned() {
                outside::adopt(&self.play.sandbox, &thing, &address);
                self.say(format!("a person adopts {}", thing.name));
                adopted = true;
            }
        }
        if adopted {
            self.recount();
            return;
        }
        if refusals
            .iter()
            .any(|one| one.message.contains("has the password"))
        {
            // With replicas RDS can't keep it, so that the person does.
            for source in ["rds-managed", "existing"] {
                let mut environment = self.environment.clone();
                environment.keep_password(source);
                if self.take(environment) {
                    self.say(format!("a person sets another password: {source}"));
                    return;
                }
            }
        }
        let mut environment = self.applied.clone();
        let database = self.baseline.of_kind("instance").next();
        if let Some(database) = database {
            environment.follow(&database.values["version"], &database.values["size"]);
        }
        let taken = self.take(environment);
        self.say(format!("a person takes the edits back: {taken}"));
    }
}
