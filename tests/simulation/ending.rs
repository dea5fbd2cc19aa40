//! How a history ends: apply until it is done, with what a person has to mend, and destroy.

use std::time::Duration;

use pgward_engine::{OperationReport, Outcome, Report};
use pgward_model::{Address, Diagnostic};
use pgward_tests::stage::Wish;
use serde_json::json;

use super::census::Census;
use super::invariants::{self, Broken, Holds};
use super::outside::{self, Deed};
use super::story::Story;
use super::wire::Cut;

/// How often apply is repeated until it has to be done, mending by a person included.
const ROUNDS: usize = 10;

impl Story {
    /// (a): without further trouble, apply until done comes to an end; what is refused, a person
    /// mends.
    pub(super) fn finish(&mut self) -> Holds {
        self.say("from here on nothing goes wrong");
        let wish = Wish::everything_now();
        let mut last = String::new();
        for round in 0..ROUNDS {
            match self.apply(&wish, None)? {
                Some(Ok(None)) if self.is_settled(&wish)? => return Ok(()),
                Some(Ok(None)) => {}
                Some(Ok(Some(report))) => {
                    last = format!("{:#?}", report.operations);
                    if report.is_complete() && self.is_settled(&wish)? {
                        return Ok(());
                    }
                    self.put_subnets_back(&report);
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
    pub(super) fn destroy(&mut self) -> Holds {
        let mut environment = self.environment.clone();
        environment.unprotect();
        let taken = self.take(environment);
        self.say(format!("edit: protection off: {taken}"));
        self.finish()?;
        let stranger = |kind: &str| {
            self.baseline
                .of_kind(kind)
                .any(|one| one.address().is_none())
        };
        if stranger("replica") || stranger("instance") {
            // What lost its tags and its section is nobody's, and keeps what it uses.
            return Ok(());
        }
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

    /// AWS lets no subnet go that a database is in: a person writes it again.
    fn put_subnets_back(&mut self, report: &Report) {
        let refused = |one: &OperationReport| {
            matches!(&one.outcome, Outcome::Failed { fault, .. }
                if fault.code.as_deref() == Some("SubnetAlreadyInUse"))
        };
        if report.operations.iter().any(refused) {
            let mut environment = self.environment.clone();
            environment.take_every_subnet();
            let taken = self.take(environment);
            self.say(format!("a person writes the subnet again: {taken}"));
        }
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
        let promoted = refusals.iter().find_map(|one| {
            let address = one.subject.as_deref()?.strip_suffix(".source")?;
            self.given.desired.resources.get(&Address::new(address))
        });
        if let Some(name) = promoted.map(|one| one.name.clone()) {
            // Whoever has saved its data deletes it.
            self.others_do(&Deed::new(
                "rds:DeleteDBInstance",
                json!({ "DBInstanceIdentifier": name, "SkipFinalSnapshot": "true" }),
            ));
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
                    self.applied.keep_password(source);
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
