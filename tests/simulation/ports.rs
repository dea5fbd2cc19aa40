//! The doors of a simulated run, and the defects that can be planted in them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use pgward_engine::{
    Adopt, Caller, Change, Changes, Checked, Clock, Create, Delete, Event, Fault, Journal,
    JournalLine, Lease, Live, Observation, Operation, Present, Progress, Remote, Snapshot,
};
use pgward_model::Desired;
use pgward_review::text::{Lines, Style};
use pgward_review::{Document, Events};
use pgward_sandbox::Sandbox;
use pgward_tests::stage::Written;
use serde_json::json;

use super::census::{Census, ask};

/// A mistake that one invariant has to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// Changes are never sent.
    SendsNothing,
    /// The last operation of a plan is left out, and the run is said to be complete.
    LeavesOut,
    /// A database restarts with every change of its values.
    Restarts,
    /// The firewall is opened to everybody whenever something is created.
    Opens,
    /// An alarm that nobody named is deleted with every change.
    Deletes,
    /// What is created lacks the tags that make it ours.
    Unmarked,
    /// Every alarm is created a second time, under another name.
    Twice,
    /// The secret gets another password after the database was made.
    OtherPassword,
    /// The journal holds the value of a secret.
    TellsSecret,
    /// A plan changes something.
    WritesOnPlan,
    /// Every look is taken a hundred times.
    LooksTooOften,
}

/// Time of the simulated world.
pub(crate) struct WorldClock(pub(crate) Sandbox);

#[async_trait]
impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.clock().now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A lease that nobody else wants.
pub(crate) struct Ours;

impl Lease for Ours {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Writes the journal to what was written.
pub(crate) struct Diary {
    pub(crate) written: Written,
    pub(crate) sandbox: Sandbox,
    pub(crate) defect: Option<Defect>,
}

impl Journal for Diary {
    fn write(&self, line: &JournalLine<'_>) -> Result<(), std::io::Error> {
        self.written.keep(serde_json::to_string(line)?);
        if self.defect == Some(Defect::TellsSecret) {
            for secret in Census::take(&self.sandbox).canaries {
                self.written.keep(format!("password {secret}"));
            }
        }
        Ok(())
    }
}

/// Hears of events and writes them as JSON and as lines.
pub(crate) struct Listener {
    written: Written,
    operations: Vec<Operation>,
    forms: Mutex<(Events, Lines)>,
}

impl Listener {
    /// Listens to the run of a plan.
    pub(crate) fn new(written: &Written, document: &Document, operations: &[Operation]) -> Self {
        Self {
            written: written.clone(),
            operations: operations.to_vec(),
            forms: Mutex::new((Events::new(document), Lines::new(Style::default()))),
        }
    }
}

impl Progress for Listener {
    fn event(&self, at: Timestamp, event: &Event) {
        let mut forms = self.forms.lock().expect("no holder panics");
        let (events, lines) = &mut *forms;
        if let Some(line) = events.event(at, event, &self.operations) {
            self.written.keep(line);
        }
        for line in lines.event(at, event, &self.operations) {
            self.written.keep(line);
        }
    }
}

/// AWS with a defect planted before it.
pub(crate) struct Planted {
    pub(crate) inner: Arc<dyn Remote>,
    pub(crate) sandbox: Sandbox,
    pub(crate) defect: Defect,
}

impl Planted {
    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    /// Does something that is in no plan, as fast as somebody else would.
    fn act(&self, action: &str, input: &serde_json::Value) {
        // Refused or not: the defect is that it is tried.
        let _answer = ask(&self.sandbox, action, input);
    }

    fn first_alarm(&self) -> Option<String> {
        let census = Census::take(&self.sandbox);
        let found = census.of_kind("alarm").next();
        found.map(|alarm| alarm.name.clone())
    }

    fn with_change(&self, request: &Change) {
        let name = &request.live.name;
        if self.is(Defect::Restarts) {
            self.act(
                "rds:RebootDBInstance",
                &json!({ "DBInstanceIdentifier": name }),
            );
        }
        if self.is(Defect::Deletes)
            && let Some(alarm) = self.first_alarm()
        {
            self.act("cloudwatch:DeleteAlarms", &json!({ "AlarmNames": [alarm] }));
        }
    }

    fn with_creation(&self, request: &Create) {
        if self.is(Defect::Opens) {
            let census = Census::take(&self.sandbox);
            for group in census.of_kind("security_group") {
                self.act(
                    "ec2:AuthorizeSecurityGroupIngress",
                    &json!({
                        "GroupId": group.id,
                        "IpPermissions": [{
                            "IpProtocol": "tcp",
                            "FromPort": "5432",
                            "ToPort": "5432",
                            "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
                        }],
                    }),
                );
            }
        }
        if self.is(Defect::OtherPassword) && request.resource.kind == "instance" {
            let secret = request
                .names
                .iter()
                .find(|(a, _)| a.as_str() == "secret.master");
            if let Some((_, name)) = secret {
                self.act(
                    "secretsmanager:PutSecretValue",
                    &json!({
                        "SecretId": name,
                        "SecretString": "{\"username\":\"shop_admin\",\"password\":\"another-one\"}",
                    }),
                );
            }
        }
    }
}

#[async_trait]
impl Remote for Planted {
    async fn caller(&self) -> Result<Caller, Fault> {
        self.inner.caller().await
    }

    async fn observe(&self, environments: &[&Desired]) -> Vec<Live> {
        self.inner.observe(environments).await
    }

    async fn check(&self, desired: &Desired, live: &Live, changes: &Changes) -> Checked {
        if self.is(Defect::WritesOnPlan) {
            let nothing = Delete {
                kind: "alarm".to_owned(),
                live: Box::new(Present::new("there-is-no-such-alarm", "")),
                final_snapshot: None,
            };
            let _answer = self.inner.delete(&nothing).await;
        }
        self.inner.check(desired, live, changes).await
    }

    async fn look(&self, kind: &str, name: &str) -> Observation {
        if self.is(Defect::LooksTooOften) {
            for _ in 0..100 {
                let _seen = self.inner.look(kind, name).await;
            }
        }
        self.inner.look(kind, name).await
    }

    async fn look_again(&self, kind: &str, seen: &Present) -> Observation {
        self.inner.look_again(kind, seen).await
    }

    async fn snapshot(&self, instance: &Present, name: Option<&str>) -> Result<Snapshot, Fault> {
        self.inner.snapshot(instance, name).await
    }

    async fn create(&self, request: &Create) -> Result<(), Fault> {
        let mut request = request.clone();
        if self.is(Defect::Unmarked) {
            request.tags = BTreeMap::new();
        }
        let answer = self.inner.create(&request).await;
        self.with_creation(&request);
        if self.is(Defect::Twice) && request.resource.kind == "alarm" {
            request.resource.name.push_str("-2");
            let _answer = self.inner.create(&request).await;
        }
        answer
    }

    async fn change(&self, request: &Change) -> Result<(), Fault> {
        if self.is(Defect::SendsNothing) {
            return Ok(());
        }
        self.with_change(request);
        self.inner.change(request).await
    }

    async fn adopt(&self, request: &Adopt) -> Result<(), Fault> {
        self.inner.adopt(request).await
    }

    async fn delete(&self, request: &Delete) -> Result<(), Fault> {
        self.inner.delete(request).await
    }

    async fn restart(&self, kind: &str, name: &str) -> Result<(), Fault> {
        self.inner.restart(kind, name).await
    }
}
