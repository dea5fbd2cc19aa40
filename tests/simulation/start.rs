//! Where histories begin: an empty world, or one in which a random environment was applied.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fastrand::Rng;
use pgward_sandbox::Sandbox;
use pgward_tests::stage::{Given, Wish};

use super::environment::Environment;
use super::run::{End, Incident, Play};

/// How many environments histories begin with; each is made once.
const STARTS: u64 = 16;

/// Worlds in which a start was applied, by its number.
static WORLDS: Mutex<BTreeMap<u64, String>> = Mutex::new(BTreeMap::new());

/// A world with what was applied in it, or is to be.
pub(crate) fn of(rng: &mut Rng) -> (Sandbox, Environment) {
    if rng.u8(0..4) == 0 {
        let environment = readable(rng);
        return (Sandbox::new(rng.u64(..)), environment);
    }
    let number = rng.u64(0..STARTS);
    let mut own = Rng::with_seed(0x5eed_0000 + number);
    let environment = readable(&mut own);
    let known = WORLDS
        .lock()
        .expect("no holder panics")
        .get(&number)
        .cloned();
    let world = known.unwrap_or_else(|| {
        let world = applied(number, &environment);
        let mut worlds = WORLDS.lock().expect("no holder panics");
        worlds.insert(number, world.clone());
        world
    });
    let sandbox = Sandbox::load(&world).expect("it was saved by the same program");
    (sandbox, environment)
}

/// A world in which this environment was applied.
pub(crate) fn world_of(environment: &Environment) -> Sandbox {
    Sandbox::load(&applied(0, environment)).expect("it was saved by the same program")
}

/// A random environment that `check` lets through.
fn readable(rng: &mut Rng) -> Environment {
    for _ in 0..100 {
        let environment = Environment::random(rng);
        if Given::read("dev.toml", &environment.text()).is_ok() {
            return environment;
        }
    }
    unreachable!("of a hundred environments one can be read")
}

fn applied(number: u64, environment: &Environment) -> String {
    let given = Given::read("dev.toml", &environment.text()).expect("it was read before");
    let wish = Wish::everything_now();
    let mut play = Play::new(Sandbox::new(number), None);
    given.provide(&play.sandbox);
    for _ in 0..4 {
        let prepared = play.plan(&given, &wish);
        match play.apply(&given, &wish, Incident::default(), |_| {}, &prepared) {
            End::Idle => break,
            End::Refused(refusals) => panic!("start {number} is refused: {refusals:?}"),
            End::Killed | End::Ended { .. } => {}
        }
    }
    play.sandbox.save()
}
