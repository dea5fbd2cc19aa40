//! Asks services in tests, without the wire.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::call::{Answer, Call, Service};
use crate::world::World;

/// A world and a moment in it.
pub(crate) struct Trial {
    pub world: World,
    now: Timestamp,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH;
        Self {
            world: World::new(1, now),
            now,
        }
    }

    /// Lets seconds pass.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.world.settle(self.now);
    }

    /// A call of the account and region of all tests.
    pub(crate) fn call(&self, service: Service, action: &str, input: Value) -> Call {
        Call {
            service,
            action: action.to_owned(),
            input,
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            now: self.now,
            request_id: "r".to_owned(),
        }
    }

    pub(crate) fn ask(&mut self, service: Service, action: &str, input: Value) -> Answer {
        let call = self.call(service, action, input);
        self.world.handle(&call)
    }

    /// The answer, or the code of the refusal as text.
    pub(crate) fn outcome(&mut self, service: Service, action: &str, input: Value) -> Value {
        match self.ask(service, action, input) {
            Ok(answer) => answer,
            Err(refusal) => Value::String(refusal.code),
        }
    }
}
