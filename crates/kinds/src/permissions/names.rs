//! ARNs of what a spec names.

use pgward_model::{Attribute, Desired, Resource};

/// The ARNs of an environment.
pub(super) struct Names<'a> {
    desired: &'a Desired,
    partition: &'static str,
}

impl<'a> Names<'a> {
    /// The ARNs of an environment, in the partition of its region.
    pub(super) fn new(desired: &'a Desired) -> Self {
        let region = &desired.environment.region;
        let partition = match region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Self { desired, partition }
    }

    /// The resources of a kind.
    pub(super) fn resources(&self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        let all = self.desired.resources.values();
        all.filter(move |resource| resource.kind == kind)
    }

    /// Whether there is one of a kind.
    pub(super) fn has(&self, kind: &'a str) -> bool {
        self.resources(kind).next().is_some()
    }

    /// An ARN in the environment's account and region.
    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        let of = &self.desired.environment;
        format!(
            "arn:{}:{service}:{}:{}:{rest}",
            self.partition, of.region, of.account
        )
    }

    /// An ARN without region and account, as buckets have.
    pub(super) fn bucket(&self, rest: &str) -> String {
        format!("arn:{}:s3:::{rest}", self.partition)
    }

    /// An ARN of IAM, which has no region.
    pub(super) fn iam(&self, rest: &str) -> String {
        let account = &self.desired.environment.account;
        format!("arn:{}:iam::{account}:{rest}", self.partition)
    }

    /// The ARNs of RDS of all resources of a kind; RDS keeps names in lower case.
    pub(super) fn rds(&self, kind: &'a str, kind_in_arn: &str) -> Vec<String> {
        let names = self
            .resources(kind)
            .map(|one| one.name.to_ascii_lowercase());
        names
            .map(|name| self.arn("rds", &format!("{kind_in_arn}:{name}")))
            .collect()
    }

    /// The ARNs of the alarms.
    pub(super) fn alarms(&self) -> Vec<String> {
        let all = self.resources("alarm");
        all.map(|one| self.arn("cloudwatch", &format!("alarm:{}", one.name)))
            .collect()
    }

    /// The ARNs of a secret: with the six characters that AWS adds, and without them, as a secret
    /// that does not exist yet has none.
    pub(super) fn secret(&self, name: &str) -> [String; 2] {
        [
            self.arn("secretsmanager", &format!("secret:{name}")),
            self.arn("secretsmanager", &format!("secret:{name}-??????")),
        ]
    }

    /// The ARNs of the secrets that the spec makes.
    pub(super) fn secrets(&self) -> Vec<String> {
        let all = self.resources("secret");
        all.flat_map(|one| self.secret(&one.name)).collect()
    }

    /// The ARNs of the secrets that the spec refers to.
    pub(super) fn foreign_secrets(&self) -> Vec<String> {
        let all = self.desired.foreign.secrets.iter();
        all.flat_map(|(name, _)| self.secret(name)).collect()
    }

    /// The ARNs of the secret that holds the master password.
    pub(super) fn master_secret(&self) -> Vec<String> {
        let instances = self.resources("instance");
        instances
            .filter_map(|one| one.attributes.text(crate::instance::MASTER_SECRET.path))
            .flat_map(|written| match written.split_once(':') {
                Some(("existing" | "secret-name", name)) => self.secret(name).to_vec(),
                _ => {
                    let made = self.resources("secret");
                    made.filter(|one| one.address.as_str() == written)
                        .flat_map(|one| self.secret(&one.name))
                        .collect()
                }
            })
            .collect()
    }

    /// The ARNs of the roles that an attribute of a kind names.
    pub(super) fn roles(&self, kind: &'a str, attribute: &Attribute) -> Vec<String> {
        let all = self.resources(kind);
        all.filter_map(|one| one.attributes.text(attribute.path))
            .map(|written| self.written(written, || self.iam("role/*")))
            .collect()
    }

    /// An ARN as it is written; one whose value comes from outside and is not known here becomes
    /// `wide`.
    pub(super) fn written(&self, text: &str, wide: impl Fn() -> String) -> String {
        if text.starts_with("arn:") {
            text.to_owned()
        } else {
            wide()
        }
    }
}
