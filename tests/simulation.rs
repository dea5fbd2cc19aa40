//! Random histories of environments in virtual time, with invariants that hold after every run.
//!
//! `SEED=n` plays one history and tells it; `SEEDS=n` plays so many, from `FIRST` on. A history that
//! breaks an invariant leaves a folder below `simulation` in cargo's directory for test files.

mod simulation {
    mod census;
    mod chance;
    mod choices;
    mod ending;
    mod environment;
    mod found;
    mod invariants;
    mod ledger;
    mod outside;
    mod planted;
    mod play;
    mod ports;
    mod run;
    mod start;
    mod story;
    mod wire;
}
