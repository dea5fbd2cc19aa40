//! Which AWS, which clock, which store: the only composition.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::Clock;
use pgward_model::{Desired, SubnetChoice};
use pgward_sandbox::{Foreign, Sandbox};
use pgward_store::Place;

use crate::args::Global;
use crate::failure::Failure;

/// The seed of a new world: always the same, so that runs repeat byte for byte.
const SEED: u64 = 16;

/// Where calls go.
#[derive(Clone)]
pub(crate) enum Ground {
    /// AWS, or the endpoint of the flags.
    Aws,
    /// The simulated world.
    Sandbox(World),
}

/// The simulated world with its file.
#[derive(Clone)]
pub(crate) struct World {
    /// The world.
    pub(crate) sandbox: Sandbox,
    /// Where it is kept.
    pub(crate) file: PathBuf,
}

impl World {
    /// The world of a store's folder, or a new one.
    pub(crate) fn open(store: &Path) -> Result<Self, Failure> {
        let file = Place::sandbox(store);
        let sandbox = match std::fs::read_to_string(&file) {
            Ok(text) => Sandbox::load(&text).map_err(|error| {
                Failure::refused(format!(
                    "{} is not a simulated world: {error}",
                    file.display()
                ))
                .next("pgward sandbox reset    empties it")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Sandbox::new(SEED),
            Err(error) => {
                return Err(Failure::failed(format!(
                    "cannot read {}: {error}",
                    file.display()
                )));
            }
        };
        Ok(Self { sandbox, file })
    }

    /// Keeps the world.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        pgward_store::write_whole(&self.file, &self.sandbox.save())
            .map_err(|error| Failure::failed(chain(&error)))
    }

    /// Makes up what an environment refers to and does not manage.
    pub(crate) fn provide(&self, desired: &Desired) {
        let names = |list: &[(String, pgward_model::Origin)]| {
            list.iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
        };
        let of = &desired.foreign;
        let mut foreign = Foreign {
            vpc: of.vpc.as_ref().map(|(vpc, _)| vpc.clone()),
            security_groups: names(&of.security_groups),
            prefix_lists: names(&of.prefix_lists),
            roles: names(&of.roles),
            topics: names(&of.topics),
            keys: names(&of.keys),
            secrets: of
                .secrets
                .iter()
                .map(|(name, _)| (name.clone(), "postgres".to_owned()))
                .collect(),
            ..Foreign::default()
        };
        match &of.subnets {
            Some(SubnetChoice::Ids(ids)) => foreign.subnets = names(ids),
            Some(SubnetChoice::Tags(tags, _)) => foreign.subnet_tags = vec![tags.clone()],
            None => {}
        }
        self.sandbox.provide(
            &desired.environment.account,
            &desired.environment.region,
            &foreign,
        );
    }
}

impl Ground {
    /// Whether it is simulated.
    pub(crate) fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }

    /// The present moment, real or simulated.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Aws => Timestamp::now(),
            Self::Sandbox(world) => world.sandbox.clock().now(),
        }
    }

    /// A session for an account and region.
    pub(crate) fn session(&self, global: &Global, account: &str, region: &str) -> Session {
        let mut options = SessionOptions::new(region);
        match self {
            Self::Aws => {
                options.profile.clone_from(&global.profile);
                options.role_arn = global.role_arn.as_ref().map(|role| {
                    role.replace("{account}", account)
                        .replace("{region}", region)
                });
                options.endpoint_url.clone_from(&global.endpoint_url);
            }
            Self::Sandbox(world) => {
                let clock = world.sandbox.clock();
                options.http_client = Some(SharedHttpClient::new(world.sandbox.http_client()));
                options.sleep = Some(SharedAsyncSleep::new(clock.clone()));
                options.time = Some(SharedTimeSource::new(clock));
                options.credentials = Some(format!("SANDBOX{account}"));
            }
        }
        Session::new(options)
    }

    /// AWS for an account and region.
    pub(crate) fn aws(&self, global: &Global, account: &str, region: &str) -> Arc<Aws> {
        Arc::new(Aws::new(self.session(global, account, region)))
    }

    /// The clock of a run.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(GroundClock(self.clone()))
    }
}

/// Time of AWS or of the simulated world.
struct GroundClock(Ground);

#[async_trait]
impl Clock for GroundClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
