//! Networks and security groups of Amazon EC2.

mod filters;
mod groups;
mod network;
mod permissions;
mod provide;
mod routes;
mod rules;
mod state;
mod tags;
mod usage;

use crate::call::{Answer, Call};
use crate::world::{Place, World};

pub(crate) use provide::{
    provide_group, provide_prefix_list, provide_subnet, provide_vpc, subnets_tagged,
};
pub(crate) use state::Ec2;
pub(crate) use tags::tagged;
pub(crate) use usage::hold_security_group;

/// Answers a call.
pub(crate) fn handle(world: &mut World, call: &Call) -> Answer {
    match call.action.as_str() {
        "DescribeVpcs" => network::describe_vpcs(world, call),
        "CreateVpc" => network::create_vpc(world, call),
        "DescribeSubnets" => network::describe_subnets(world, call),
        "CreateSubnet" => network::create_subnet(world, call),
        "DescribeAvailabilityZones" => network::describe_zones(world, call),
        "DescribeManagedPrefixLists" => network::describe_prefix_lists(world, call),
        "DescribeRouteTables" => routes::describe(world, call),
        "CreateRouteTable" => routes::create(world, call),
        "AssociateRouteTable" => routes::associate(world, call),
        "CreateRoute" => routes::add(world, call),
        "DescribeNetworkInterfaces" => usage::describe_interfaces(world, call),
        "DescribeSecurityGroups" => groups::describe(world, call),
        "CreateSecurityGroup" => groups::create(world, call),
        "DeleteSecurityGroup" => groups::delete(world, call),
        "DescribeSecurityGroupRules" => rules::describe(world, call),
        "AuthorizeSecurityGroupIngress" => rules::authorize(world, call, false),
        "AuthorizeSecurityGroupEgress" => rules::authorize(world, call, true),
        "RevokeSecurityGroupIngress" => rules::revoke(world, call, false),
        "RevokeSecurityGroupEgress" => rules::revoke(world, call, true),
        "ModifySecurityGroupRules" => rules::modify(world, call),
        "UpdateSecurityGroupRuleDescriptionsIngress" => rules::describe_as(world, call, false),
        "UpdateSecurityGroupRuleDescriptionsEgress" => rules::describe_as(world, call, true),
        "CreateTags" => tags::create(world, call),
        "DeleteTags" => tags::delete(world, call),
        "DescribeTags" => tags::describe(world, call),
        _ => crate::world::unknown(call),
    }
}

/// What other services want to know of a subnet.
pub(crate) struct SubnetFacts {
    /// Availability zone, such as `ap-south-1a`.
    pub zone: String,
    /// Id of its VPC.
    pub vpc: String,
}

/// The subnet with an id.
pub(crate) fn find_subnet(place: &Place, id: &str) -> Option<SubnetFacts> {
    place.ec2.subnets.get(id).map(|subnet| SubnetFacts {
        zone: subnet.zone.clone(),
        vpc: subnet.vpc.clone(),
    })
}

/// Whether a security group exists.
pub(crate) fn security_group_exists(place: &Place, id: &str) -> bool {
    place.ec2.groups.contains_key(id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::call::Service::Ec2;
    use crate::tagging::trial::Trial;

    fn with_group() -> (Trial, String) {
        let mut trial = Trial::new();
        let vpc = trial
            .ask(Ec2, "CreateVpc", json!({ "CidrBlock": "10.1.0.0/16" }))
            .unwrap();
        let input = json!({
            "GroupName": "db",
            "GroupDescription": "database",
            "VpcId": vpc["vpc"]["vpcId"],
        });
        let group = trial.ask(Ec2, "CreateSecurityGroup", input).unwrap();
        (trial, group["groupId"].as_str().unwrap().to_owned())
    }

    fn permission(group: &str, cidr: &str) -> Value {
        json!({
            "GroupId": group,
            "IpPermissions": [{
                "IpProtocol": "tcp", "FromPort": "5432", "ToPort": "5432",
                "IpRanges": [{ "CidrIp": cidr }],
            }],
        })
    }

    #[test]
    fn reads_find_a_group_after_two_seconds() {
        let (mut trial, group) = with_group();
        let asked = json!({ "GroupId": [group] });
        let early = trial.outcome(Ec2, "DescribeSecurityGroups", asked.clone());
        assert_eq!(early, "InvalidGroup.NotFound");
        trial.wait(2);
        let found = trial.ask(Ec2, "DescribeSecurityGroups", asked).unwrap();
        assert_eq!(found["securityGroupInfo"][0]["groupName"], "db");
    }

    #[test]
    fn a_rule_is_known_by_what_it_lets_through() {
        let (mut trial, group) = with_group();
        let action = "AuthorizeSecurityGroupIngress";
        let made = trial
            .ask(Ec2, action, permission(&group, "10.9.1.5/16"))
            .unwrap();
        assert_eq!(made["securityGroupRuleSet"][0]["cidrIpv4"], "10.9.0.0/16");
        let again = trial.outcome(Ec2, action, permission(&group, "10.9.0.0/16"));
        assert_eq!(again, "InvalidPermission.Duplicate");
        let gone = trial.outcome(
            Ec2,
            "RevokeSecurityGroupIngress",
            json!({ "GroupId": group, "SecurityGroupRuleId": ["sgr-0"] }),
        );
        assert_eq!(gone, "InvalidSecurityGroupRuleId.NotFound");
    }

    #[test]
    fn a_group_in_use_a_moment_ago_stays() {
        let (mut trial, group) = with_group();
        trial.wait(10);
        let call = trial.call(Ec2, "", json!({}));
        let until = call.now + jiff::SignedDuration::from_secs(120);
        super::hold_security_group(trial.world.place(&call), &group, until);
        let asked = json!({ "GroupId": group });
        let early = trial.outcome(Ec2, "DeleteSecurityGroup", asked.clone());
        assert_eq!(early, "DependencyViolation");
        trial.wait(120);
        assert_eq!(
            trial.ask(Ec2, "DeleteSecurityGroup", asked).unwrap()["groupId"],
            group
        );
    }
}
