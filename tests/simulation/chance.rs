//! What is left to chance in a run: its flags, its faults, and when it is cut short.

use std::sync::{Arc, Mutex};

use pgward_model::{Address, Effect};
use pgward_sandbox::{Fault, FaultKind, Faults};
use pgward_tests::stage::Wish;

use super::outside::{self, Deed};
use super::run::Incident;
use super::story::Story;
use super::wire::Cut;

impl Story {
    /// What somebody types.
    pub(super) fn wish(&mut self) -> Wish {
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

    /// What happens at which call, in half of the runs.
    pub(super) fn cut(&mut self) -> Option<Cut> {
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

    /// The incident of a cut, and where what somebody else does then is noted.
    pub(super) fn incident(&mut self, cut: Option<Cut>) -> (Incident, Arc<Mutex<Option<Deed>>>) {
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
    pub(super) fn draw_faults(&mut self) {
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
}
