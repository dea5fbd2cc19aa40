//! P505: what the spec refers to and does not manage exists.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Filter;
use pgward_engine::Fault;
use pgward_kinds::{alarm, instance, proxy, replica, security_group};
use pgward_model::{Attribute, Diagnostic, Origin};

use super::{Case, Part, Work};
use crate::join::{Boxed, join_all};
use crate::keys;
use crate::kinds::{instance::existing_secret, secret, security_group as groups};

/// What is referred to: kind and name, with the place of the first mention and the path.
type Wanted<'a> = BTreeMap<(What, String), (Option<&'a Origin>, String)>;

/// The attributes that name something foreign: kind, attribute, what it names, and whether that
/// matters for a new resource only.
static NAMED: [(&str, &Attribute, What, bool); 7] = [
    ("instance", &instance::MONITORING_ROLE, What::Role, false),
    ("instance", &instance::ENCRYPTION, What::Key, true),
    ("instance", &instance::MASTER_SECRET, What::Secret, true),
    ("replica", &replica::MONITORING_ROLE, What::Role, false),
    ("proxy", &proxy::ROLE, What::Role, false),
    ("proxy", &proxy::SECRETS, What::Secret, false),
    ("alarm", &alarm::NOTIFY, What::Topic, false),
];

/// A kind of thing that specs refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Vpc,
    SecurityGroup,
    PrefixList,
    Role,
    Topic,
    Key,
    Secret,
}

impl What {
    fn noun(self) -> &'static str {
        match self {
            Self::Vpc => "VPC",
            Self::SecurityGroup => "security group",
            Self::PrefixList => "prefix list",
            Self::Role => "IAM role",
            Self::Topic => "SNS topic",
            Self::Key => "KMS key",
            Self::Secret => "secret",
        }
    }

    fn nouns(self) -> String {
        format!("{}s", self.noun())
    }

    /// Where the spec names it.
    fn place<'a>(self, case: &'a Case<'_>, name: &str) -> Option<&'a Origin> {
        let foreign = &case.desired.foreign;
        let list = match self {
            Self::Vpc => return foreign.vpc.as_ref().map(|(_, origin)| origin),
            Self::SecurityGroup => &foreign.security_groups,
            Self::PrefixList => &foreign.prefix_lists,
            Self::Role => &foreign.roles,
            Self::Topic => &foreign.topics,
            Self::Key => &foreign.keys,
            Self::Secret => &foreign.secrets,
        };
        list.iter()
            .find(|(one, _)| one == name)
            .map(|(_, origin)| origin)
    }
}

pub(super) async fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    let mut wanted = wanted(case);
    let needed: BTreeSet<(What, String)> = wanted.keys().cloned().collect();
    idle_secrets(case, &mut wanted);
    let looks = wanted
        .keys()
        .map(|(what, name)| -> Boxed<'_, Result<bool, Fault>> { Box::pin(look(case, *what, name)) })
        .collect();
    for (((what, name), (origin, path)), found) in wanted.iter().zip(join_all(looks).await) {
        let exists = match found {
            Ok(exists) => Some(exists),
            Err(fault) => part.exists(&what.nouns(), Err::<(), _>(fault)),
        };
        if exists == Some(false) {
            let place = if *what == What::Role {
                "this account"
            } else {
                case.region()
            };
            let message = format!("{} {name} does not exist in {place}", what.noun());
            // Without it the change would fail; what no change needs is only told.
            let diagnostic = if needed.contains(&(*what, name.clone())) {
                Diagnostic::error("P505", message)
            } else {
                Diagnostic::warning("P505", message).fact(
                    "next",
                    "make it with what it held, or name the one that holds it now",
                )
            };
            let diagnostic = diagnostic.at_some(*origin, "").about(path);
            part.find(case, diagnostic);
        }
    }
    part
}

/// Everything that the changes refer to.
fn wanted<'a>(case: &'a Case<'_>) -> Wanted<'a> {
    let mut wanted = Wanted::new();
    let foreign = &case.desired.foreign;
    for work in case.work("security_group") {
        if work.creates()
            && let Some((vpc, origin)) = &foreign.vpc
        {
            let path = security_group::VPC.path.to_owned();
            wanted.insert((What::Vpc, vpc.clone()), (Some(origin), path));
        }
        let keys = work.keys(&security_group::RULES);
        let sources: BTreeSet<&str> = keys
            .into_iter()
            .filter_map(|key| security_group::parts_of(key).map(|(_, source)| source))
            .collect();
        for (what, list) in [
            (What::SecurityGroup, &foreign.security_groups),
            (What::PrefixList, &foreign.prefix_lists),
        ] {
            for (id, origin) in list.iter().filter(|(id, _)| sources.contains(id.as_str())) {
                wanted.insert((what, id.clone()), (Some(origin), "access".to_owned()));
            }
        }
    }
    for (kind, attribute, what, only_new) in NAMED {
        for work in case.work(kind) {
            if !only_new || work.creates() {
                refer(case, &work, attribute, what, &mut wanted);
            }
        }
    }
    wanted
}

/// Adds the secrets that the spec names and no change needs: a password that nobody has any more is
/// not found out by comparing.
fn idle_secrets<'a>(case: &'a Case<'_>, wanted: &mut Wanted<'a>) {
    for (name, origin) in &case.desired.foreign.secrets {
        wanted
            .entry((What::Secret, name.clone()))
            .or_insert_with(|| (Some(origin), "secret".to_owned()));
    }
}

/// Adds what an attribute names, if the attribute is sent.
fn refer<'a>(
    case: &'a Case<'_>,
    work: &Work<'a>,
    attribute: &Attribute,
    what: What,
    wanted: &mut Wanted<'a>,
) {
    if !work.sends(attribute) {
        return;
    }
    let of = &work.resource.attributes;
    let texts = of
        .text(attribute.path)
        .into_iter()
        .chain(of.texts(attribute.path));
    for text in texts {
        let name = match what {
            What::Secret => match existing_secret(text) {
                Some(name) => name,
                None => continue,
            },
            What::Key if text == keys::NONE => continue,
            What::Role | What::Topic if !text.starts_with("arn:") => continue,
            _ => text,
        };
        let origin = what.place(case, name);
        let origin = origin.or_else(|| work.resource.origin_of(attribute.path, None));
        let path = work.resource.path_of(attribute.path, None);
        wanted
            .entry((what, name.to_owned()))
            .or_insert_with(|| (origin, path.as_str().to_owned()));
    }
}

/// Whether it exists; a thing without which there is no answer is a fault.
async fn look(case: &Case<'_>, what: What, name: &str) -> Result<bool, Fault> {
    let session = case.aws.session();
    let filter = |key: &str| Filter::builder().name(key).values(name).build();
    match what {
        What::Vpc => {
            let call = session
                .ec2()
                .describe_vpcs()
                .filters(filter("vpc-id"))
                .send();
            let output = session.call("ec2:DescribeVpcs", call).await?;
            Ok(!output.vpcs().is_empty())
        }
        What::SecurityGroup => {
            let found = groups::list(case.aws, &[("group-id", vec![name.to_owned()])]).await?;
            Ok(!found.is_empty())
        }
        What::PrefixList => {
            let call = session.ec2().describe_managed_prefix_lists();
            let call = call.filters(filter("prefix-list-id")).send();
            let output = session.call("ec2:DescribeManagedPrefixLists", call).await?;
            Ok(!output.prefix_lists().is_empty())
        }
        What::Role => {
            // The name is what follows the last slash; a path may stand before it.
            let role = name.rsplit('/').next().unwrap_or(name);
            let call = session.iam().get_role().role_name(role).send();
            session.call("iam:GetRole", call).await.map(|_| true)
        }
        What::Topic => {
            let call = session.sns().get_topic_attributes().topic_arn(name).send();
            session
                .call("sns:GetTopicAttributes", call)
                .await
                .map(|_| true)
        }
        What::Key => match case.live.keys.get(name) {
            Some(_) => Ok(true),
            None => keys::look(case.aws, name).await.map(|_| true),
        },
        What::Secret => secret::arn_of(case.aws, name).await.map(|_| true),
    }
}
