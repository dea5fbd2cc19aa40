//! Flags of what only the sandbox has: `serve`, `call`, `tick`, `reset`.

use clap::Parser;

use crate::quantities::duration;

/// Opens the simulated AWS to other programs.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox serve", bin_name = "pgward sandbox serve")]
pub(crate) struct ServeArgs {
    /// Address to listen on; loopback unless `--anywhere`.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
    pub listen: std::net::SocketAddr,
    /// Listen also on addresses that other machines reach.
    #[arg(long)]
    pub anywhere: bool,
    /// How many simulated seconds pass in one.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,
    /// Answer each call only after this time, such as `50ms`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub latency: Option<std::time::Duration>,
    /// Account of callers whose credentials name none.
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// Does what somebody else would, with AWS's own names.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox call", bin_name = "pgward sandbox call")]
pub(crate) struct CallArgs {
    /// The call, such as `rds:ModifyDBInstance`.
    #[arg(value_name = "SERVICE:ACTION")]
    pub action: String,
    /// Its arguments, with AWS's names, as JSON.
    #[arg(value_name = "JSON", default_value = "{}")]
    pub input: String,
    /// The environment whose account and region are meant.
    #[arg(long, value_name = "SPEC")]
    pub spec: Option<String>,
    /// Who makes the call, as CloudTrail names them.
    #[arg(long = "as", value_name = "NAME", default_value = "somebody")]
    pub who: String,
}

/// Moves the clock of the sandbox.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox tick", bin_name = "pgward sandbox tick")]
pub(crate) struct TickArgs {
    /// How far to move the clock: `90s`, `10min`, `5h`, `3d`.
    #[arg(value_name = "TIME", value_parser = duration)]
    pub time: std::time::Duration,
}

/// Empties the sandbox: everything that was made in it is gone.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox reset", bin_name = "pgward sandbox reset")]
pub(crate) struct ResetArgs {}
