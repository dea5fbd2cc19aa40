# show this list
default:
    @just --list --unsorted

# what to run before sending a change
check:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# rewrite snapshots, then read `git diff`
accept *ARGS:
    SNAPSHOTS=overwrite TRYCMD=overwrite cargo test --workspace {{ARGS}}

# regenerate schema, reference pages, permission list
gen:
    cargo xtask gen

# new case folder from the nearest example
case NAME:
    cargo xtask case {{NAME}}

# plan and apply specs/dev.toml in the sandbox
demo:
    cargo dev sandbox apply dev --yes

# pgward against moto, ministack and its own served sandbox
conformance *ARGS:
    tests/conformance/run {{ARGS}}

# calls, depth, time and memory against the budgets
bench *ARGS:
    cargo xtask bench {{ARGS}}

# longer search for a counterexample
simulate SEEDS="2000":
    SEEDS={{SEEDS}} cargo test --workspace --release --test simulation

# everything that continuous integration runs
ci:
    .ci/run
