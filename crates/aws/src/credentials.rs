//! Where credentials come from: the usual chain, quick to give up where there is no instance role.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::{
    ProvideCredentials, Result as ProviderResult, SharedCredentialsProvider, future,
};
use aws_types::SdkConfig;
use aws_types::region::Region;
use tokio::sync::OnceCell;

use crate::session::SessionOptions;

/// Longest wait for a connection to, and an answer of, the instance's metadata service: outside of
/// EC2 nobody answers, and the default waits for seconds.
const METADATA_TIMEOUT: Duration = Duration::from_millis(300);

/// The usual chain of credentials, or a named profile; built when the first call needs it.
#[derive(Debug)]
pub(crate) struct Chain {
    region: Region,
    profile: Option<String>,
    role_arn: Option<String>,
    endpoint_url: Option<String>,
    built: OnceCell<SharedCredentialsProvider>,
}

impl Chain {
    /// A chain for the region, the profile, the role to assume and the endpoint of the options.
    pub(crate) fn new(options: &SessionOptions) -> Self {
        Self {
            region: Region::new(options.region.clone()),
            profile: options.profile.clone(),
            role_arn: options.role_arn.clone(),
            endpoint_url: options.endpoint_url.clone(),
            built: OnceCell::new(),
        }
    }

    async fn build(&self) -> SharedCredentialsProvider {
        let found = match &self.profile {
            // A profile that somebody names comes before keys in the environment.
            Some(profile) => SharedCredentialsProvider::new(self.named(profile)),
            None => SharedCredentialsProvider::new(self.usual().await),
        };
        match &self.role_arn {
            None => found,
            Some(role) => {
                let assumed = AssumeRoleProvider::builder(role)
                    .configure(&self.surroundings().await)
                    .region(self.region.clone())
                    .session_name("pgward")
                    .build_from_provider(found)
                    .await;
                SharedCredentialsProvider::new(assumed)
            }
        }
    }

    /// What the role is assumed with: an endpoint that was named leads this call, too, so that the
    /// keys of an emulator are never sent to AWS.
    async fn surroundings(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .no_credentials();
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        loader.load().await
    }

    fn named(&self, profile: &str) -> CredentialsProviderChain {
        let config = ProviderConfig::default().with_region(Some(self.region.clone()));
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&config)
            .profile_name(profile)
            .build();
        CredentialsProviderChain::first_try(format!("profile `{profile}`"), provider)
    }

    async fn usual(&self) -> DefaultCredentialsChain {
        let metadata = aws_config::imds::Client::builder()
            .max_attempts(1)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT)
            .build();
        let chain = DefaultCredentialsChain::builder().region(self.region.clone());
        chain.imds_client(metadata).build().await
    }

    async fn credentials(&self) -> ProviderResult {
        let built = self.built.get_or_init(|| self.build()).await;
        built.provide_credentials().await
    }
}

impl ProvideCredentials for Chain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
