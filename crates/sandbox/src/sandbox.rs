//! The sandbox itself: one world behind one lock, asked with wire requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::call::{Answer, Call, Service};
use crate::clock::Clock;
use crate::cloudtrail;
use crate::connector::Connector;
use crate::fault::{self, Blow, FaultKind, Faults, Trouble};
use crate::protocol::{self, Request};
use crate::wire::{Break, WireReply, WireRequest};
use crate::world::{World, WorldError};

/// Where time starts: a Monday.
const START: &str = "2026-01-05T09:00:00Z";
/// Name of the session of whoever calls by wire.
const OURSELVES: &str = "pgward";
/// How long a call takes unless said otherwise.
const LATENCY: Duration = Duration::from_millis(20);

/// A simulated AWS. Clones share the same world.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    trouble: Trouble,
    calls: Vec<CallRecord>,
    stranger: Option<String>,
}

/// One call that reached the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// IAM name of the service, such as `rds`.
    pub service: String,
    /// Action, such as `DescribeDBInstances`.
    pub action: String,
    /// Whether the action changes anything.
    pub writes: bool,
    /// Virtual time at which it was sent.
    pub at: Timestamp,
    /// Number of the call, from 1.
    pub number: usize,
    /// How many moments of sending there were up to this one: calls sent at once share their depth, so the
    /// depth of the last call is the count of round trips one after another.
    pub depth: usize,
}

impl Sandbox {
    /// An empty world whose ids depend on the seed; its time starts at 2026-01-05T09:00:00Z.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let start = START.parse().expect("the start is a valid moment");
        Self::with(World::new(seed, start))
    }

    /// A saved world, at the time it was saved.
    ///
    /// # Errors
    /// The text is no world, or one of another format.
    pub fn load(text: &str) -> Result<Self, WorldError> {
        Ok(Self::with(World::load(text)?))
    }

    fn with(world: World) -> Self {
        Self(Arc::new(Inner {
            clock: Clock::starting_at(world.now),
            state: Mutex::new(State {
                world,
                trouble: Trouble::new(Faults::default()),
                calls: Vec::new(),
                stranger: None,
            }),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world up to now as JSON text. Faults and the list of calls are not part of it.
    ///
    /// Secret values are in it as they are: it is a simulation, kept by its owner.
    #[must_use]
    pub fn save(&self) -> String {
        let now = self.0.clock.settle();
        let mut state = self.state();
        state.world.settle(now);
        state.world.save()
    }

    /// Forgets all resources and calls; the seed, the time and the faults stay.
    pub fn reset(&self) {
        let mut state = self.state();
        state.world = World::new(state.world.seed, self.0.clock.now());
        state.calls.clear();
    }

    /// The clock of the world, which is also the time source and sleeper for SDK clients.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Sets the account of callers whose credentials name none; else it is the first in the world.
    pub fn answer_strangers_as(&self, account: &str) {
        self.state().stranger = Some(account.to_owned());
    }

    /// Moves the clock and lets everything happen that is due meanwhile.
    pub fn tick(&self, duration: Duration) {
        let now = self.0.clock.advance(duration);
        self.state().world.settle(now);
    }

    /// An HTTP client for SDK clients; each call takes 20 ms of tokio's time.
    #[must_use]
    pub fn http_client(&self) -> Connector {
        self.http_client_with_latency(LATENCY)
    }

    /// An HTTP client for SDK clients whose calls take this long.
    #[must_use]
    pub fn http_client_with_latency(&self, latency: Duration) -> Connector {
        Connector::new(self.clone(), latency)
    }

    /// The calls since the start or since they were forgotten, in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    /// Sets the faults that strike from here on, in place of earlier ones.
    pub fn faults(&self, faults: Faults) {
        self.state().trouble = Trouble::new(faults);
    }

    /// Whether the current value of a secret holds the master password of an instance.
    ///
    /// `secret` is a name or an ARN. Looks through all accounts and regions; for an RDS-managed password the
    /// secret has to be the managed one.
    #[must_use]
    pub fn opens(&self, instance: &str, secret: &str) -> bool {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.world.settle(now);
        state
            .world
            .places
            .values()
            .flat_map(|regions| regions.values())
            .any(|place| crate::rds::opens(place, instance, secret))
    }

    /// What AWS itself does to an instance at times: it drops its work and enters a status in which
    /// it stays, such as `storage-full`. Whether there is such an instance.
    pub fn strike_instance(
        &self,
        account: &str,
        region: &str,
        identifier: &str,
        status: &str,
    ) -> bool {
        self.with_world(|world| {
            let places = world.places.get_mut(account);
            let place = places.and_then(|regions| regions.get_mut(region));
            place.is_some_and(|place| crate::rds::strike(&mut place.rds, identifier, status))
        })
    }

    /// Lends the world to what makes up resources by hand.
    pub(crate) fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.world.settle(now);
        change(&mut state.world)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// A fault kept the reply from coming.
    pub fn serve(&self, request: &WireRequest) -> Result<WireReply, Break> {
        let now = self.0.clock.now();
        self.serve_sent(request, now)
    }

    /// Does what somebody else would, whose name CloudTrail keeps: one call by name, such as
    /// `rds:ModifyDBInstance`, with AWS's members as JSON. It takes no time, meets no fault, and is
    /// not counted.
    ///
    /// # Errors
    ///
    /// AWS's code and message, or that there is no such service.
    pub fn act(
        &self,
        account: &str,
        region: &str,
        who: &str,
        action: &str,
        input: &serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        let (service, action) = action.split_once(':').ok_or("expected service:Action")?;
        let service = Service::named(service).ok_or_else(|| format!("no service `{service}`"))?;
        let now = self.0.clock.now();
        let mut guard = self.state();
        let state = &mut *guard;
        state.world.settle(now);
        let call = Call {
            service,
            action: action.to_owned(),
            input: input.clone(),
            account: account.to_owned(),
            region: region.to_owned(),
            now,
            request_id: state.world.request_id(),
        };
        let answer = state.world.handle(&call);
        keep(&mut state.world, &call, who, &answer);
        answer.map_err(|refusal| format!("{}: {}", refusal.code, refusal.message))
    }

    /// Answers a request that was sent at a moment.
    pub(crate) fn serve_sent(
        &self,
        request: &WireRequest,
        sent_at: Timestamp,
    ) -> Result<WireReply, Break> {
        let now = self.0.clock.now();
        let mut guard = self.state();
        let state = &mut *guard;
        state.world.settle(now);
        let request_id = state.world.request_id();
        let first_account = match &state.stranger {
            Some(account) => account.clone(),
            None => state.world.first_account(),
        };
        let Request { protocol, call } =
            match protocol::read(request, &first_account, now, &request_id) {
                Ok(read) => read,
                Err((protocol, refusal)) => {
                    return Ok(protocol::refuse(protocol, &refusal, &request_id));
                }
            };
        let previous = state.calls.last();
        let depth = match previous {
            Some(last) if last.at == sent_at => last.depth,
            Some(last) => last.depth + 1,
            None => 1,
        };
        state.calls.push(CallRecord {
            service: call.service.name().to_owned(),
            action: call.action.clone(),
            writes: writes(&call.action),
            at: sent_at,
            number: state.calls.len() + 1,
            depth,
        });
        let struck = state.trouble.strike(&call);
        if let Some(kind) = struck {
            match fault::blow(kind, &call) {
                Some(Blow::Refused(refusal)) => {
                    return Ok(protocol::refuse(protocol, &refusal, &request_id));
                }
                Some(Blow::Raw(reply)) => return Ok(reply),
                Some(Blow::Broken(broken)) => return Err(broken),
                None => {}
            }
        }
        let answer = state.world.handle(&call);
        keep(&mut state.world, &call, OURSELVES, &answer);
        let reply = match answer {
            Ok(result) => protocol::answer(protocol, &call, &result),
            Err(refusal) => protocol::refuse(protocol, &refusal, &request_id),
        };
        match struck {
            Some(FaultKind::LostReply) => Err(Break::ReplyLost),
            Some(FaultKind::CutShort) => Ok(fault::cut(reply)),
            _ => Ok(reply),
        }
    }
}

/// CloudTrail keeps what changes something, or was to.
fn keep(world: &mut World, call: &Call, who: &str, answer: &Answer) {
    if writes(&call.action) {
        cloudtrail::note(world, call, who, answer);
    }
}

/// Whether an action changes anything, told by its first word.
fn writes(action: &str) -> bool {
    const READS: [&str; 8] = [
        "Assume", "BatchGet", "Decode", "Describe", "Get", "List", "Lookup", "Simulate",
    ];
    !READS.iter().any(|word| action.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    fn request(authorization: Option<&str>) -> WireRequest {
        let headers = authorization.map(|text| ("authorization".to_owned(), text.to_owned()));
        WireRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: headers.into_iter().collect(),
            body: b"Action=DescribeDBInstances&Version=2014-10-31".to_vec(),
            ..WireRequest::default()
        }
    }

    fn signed() -> WireRequest {
        request(Some(
            "AWS4-HMAC-SHA256 Credential=SANDBOX111122223333/20260105/eu-west-1/rds/aws4_request, X",
        ))
    }

    #[test]
    fn a_call_without_credentials_is_refused() {
        let sandbox = Sandbox::new(1);
        assert_eq!(sandbox.serve(&request(None)).unwrap().status, 403);
        assert_eq!(sandbox.calls(), []);
    }

    #[test]
    fn runs_repeat_and_worlds_survive_saving() {
        let run = || {
            let sandbox = Sandbox::new(1);
            let reply = sandbox.serve(&signed()).unwrap();
            sandbox.tick(Duration::from_secs(60));
            (reply, sandbox.save())
        };
        let (reply, saved) = run();
        assert_eq!(run(), (reply, saved.clone()));
        assert!(saved.contains("\"now\": \"2026-01-05T09:01:00Z\""));
        assert!(saved.contains("111122223333"));
        assert_eq!(Sandbox::load(&saved).unwrap().save(), saved);
        let other = saved.replace("pgward.sandbox/1", "pgward.sandbox/9");
        assert!(matches!(
            Sandbox::load(&other),
            Err(WorldError::Format { .. })
        ));
    }

    #[test]
    fn faults_strike_by_their_rules() {
        let sandbox = Sandbox::new(1);
        let strike = |kind, after| Faults {
            seed: 1,
            rules: vec![Fault {
                after,
                ..Fault::once("rds:Describe*", kind)
            }],
        };
        sandbox.faults(strike(FaultKind::Throttle, 1));
        let statuses: Vec<_> = (0..3)
            .map(|_| sandbox.serve(&signed()).unwrap().status)
            .collect();
        assert_eq!(statuses, [200, 400, 200]);
        sandbox.faults(strike(FaultKind::LostReply, 0));
        assert_eq!(sandbox.serve(&signed()), Err(Break::ReplyLost));
        sandbox.faults(strike(FaultKind::Timeout, 0));
        assert_eq!(sandbox.serve(&signed()), Err(Break::Timeout));
        assert_eq!(sandbox.calls().len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn time_runs_with_the_runtime() {
        let sandbox = Sandbox::new(1);
        let clock = sandbox.clock();
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-01-05T09:01:30Z");
        sandbox.tick(Duration::from_secs(30));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(clock.now().to_string(), "2026-01-05T09:03:00Z");
    }
}
