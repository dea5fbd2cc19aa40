//! Makes up what a spec refers to and does not manage, so that a sandbox run needs no preparation.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::call::{Call, Service};
use crate::sandbox::Sandbox;
use crate::world::World;
use crate::{ec2, iam, kms, secretsmanager, sns};

/// What a spec refers to: everything in it that is absent is made up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Id of the network; the first one of the place is taken, or one is made, if absent.
    pub vpc: Option<String>,
    /// Ids of subnets, which get private blocks in zones a, b and c in turn.
    pub subnets: Vec<String>,
    /// Tags by which subnets are found; each set is given to two subnets in two zones.
    pub subnet_tags: Vec<BTreeMap<String, String>>,
    /// Ids of security groups.
    pub security_groups: Vec<String>,
    /// Ids of managed prefix lists.
    pub prefix_lists: Vec<String>,
    /// ARNs of roles, which other services know at once.
    pub roles: Vec<String>,
    /// ARNs of topics.
    pub topics: Vec<String>,
    /// Aliases with `alias/`, ids or ARNs of keys.
    pub keys: Vec<String>,
    /// Names of secrets, each with the user name in its value; the password is made up.
    pub secrets: Vec<(String, String)>,
}

impl Sandbox {
    /// Makes up in an account and region what is absent of the things a spec refers to.
    ///
    /// What is there already stays as it is. The aliases `alias/aws/rds` and `alias/aws/secretsmanager`
    /// always exist.
    pub fn provide(&self, account: &str, region: &str, foreign: &Foreign) {
        self.with_world(|world| make_up(world, account, region, foreign));
    }
}

fn make_up(world: &mut World, account: &str, region: &str, foreign: &Foreign) {
    let call = Call {
        service: Service::Ec2,
        action: String::new(),
        input: serde_json::Value::Null,
        account: account.to_owned(),
        region: region.to_owned(),
        now: world.now,
        request_id: String::new(),
    };
    // Also without anything to make up, the place exists from here on.
    let _ = world.place(&call);
    networks(world, &call, foreign);
    for list in &foreign.prefix_lists {
        ec2::provide_prefix_list(world, &call, list);
    }
    let long_ago = call.now - SignedDuration::from_hours(24);
    for role in &foreign.roles {
        iam::provide_role(world, role, long_ago);
    }
    for topic in &foreign.topics {
        sns::provide_topic(world, topic);
    }
    for key in &foreign.keys {
        kms::provide_key(world, &call, key);
    }
    for (name, username) in &foreign.secrets {
        secretsmanager::provide(world, &call, name, username);
    }
}

fn networks(world: &mut World, call: &Call, foreign: &Foreign) {
    let wanted = foreign.vpc.is_some()
        || !foreign.subnets.is_empty()
        || !foreign.subnet_tags.is_empty()
        || !foreign.security_groups.is_empty();
    if !wanted {
        return;
    }
    let vpc = ec2::provide_vpc(world, call, foreign.vpc.as_deref());
    for subnet in &foreign.subnets {
        ec2::provide_subnet(world, call, &vpc, Some(subnet), &BTreeMap::new());
    }
    for tags in &foreign.subnet_tags {
        for _ in ec2::subnets_tagged(world, call, &vpc, tags)..2 {
            ec2::provide_subnet(world, call, &vpc, None, tags);
        }
    }
    for group in &foreign.security_groups {
        ec2::provide_group(world, call, &vpc, group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_made_up_again() {
        let tags = BTreeMap::from([("tier".to_owned(), "database".to_owned())]);
        let foreign = Foreign {
            vpc: Some("vpc-1".to_owned()),
            subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
            subnet_tags: vec![tags],
            security_groups: vec!["sg-1".to_owned()],
            prefix_lists: vec!["pl-1".to_owned()],
            roles: vec!["arn:aws:iam::111122223333:role/path/proxy".to_owned()],
            topics: vec!["arn:aws:sns:eu-west-1:111122223333:alerts".to_owned()],
            keys: vec!["alias/prod".to_owned(), "alias/aws/rds".to_owned()],
            secrets: vec![("app".to_owned(), "app_user".to_owned())],
        };
        let sandbox = Sandbox::new(1);
        sandbox.provide("111122223333", "eu-west-1", &foreign);
        let once = sandbox.save();
        sandbox.provide("111122223333", "eu-west-1", &foreign);
        // Ids given out in vain may differ; the resources may not.
        let places = |text: &str| {
            let world: serde_json::Value = serde_json::from_str(text).unwrap();
            (world["places"].clone(), world["iam"].clone())
        };
        assert_eq!(places(&sandbox.save()), places(&once));
        assert_eq!(Sandbox::load(&once).unwrap().save(), once);
        let (made, _) = places(&once);
        let subnets = &made["111122223333"]["eu-west-1"]["ec2"]["subnets"];
        assert_eq!(subnets.as_object().unwrap().len(), 4);
        assert_eq!(subnets["subnet-2"]["zone"], "eu-west-1b");
    }
}
