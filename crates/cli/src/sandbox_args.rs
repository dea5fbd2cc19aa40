//! Flags of what only the sandbox has: `serve`, `call`, `tick`.

use clap::Parser;

use crate::quantities::duration;

/// `sandbox serve`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox serve")]
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
}

/// `sandbox call`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox call")]
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

/// `sandbox tick`.
#[derive(Debug, Parser)]
#[command(name = "pgward sandbox tick")]
pub(crate) struct TickArgs {
    /// How far to move the clock: `90s`, `10min`, `5h`, `3d`.
    #[arg(value_name = "TIME", value_parser = duration)]
    pub time: std::time::Duration,
}
