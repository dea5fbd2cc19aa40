//! `security_group`: a security group of EC2 and its inbound rules, one by one.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType,
    SecurityGroup as LiveGroup, Tag, TagSpecification, UserIdGroupPair,
};
use pgward_engine::{Adopt, Change, Create, Delete, Fault, FaultKind, Present};
use pgward_kinds::security_group::{
    DESCRIPTION, ITSELF, NAME, RULES, VPC, foreign_rule_key, parts_of, rule_key,
};
use pgward_model::{Object, Resource, Value};

use super::{Adapter, Found, text};
use crate::aws::Aws;
use crate::listing::{Fleet, absent, pages};
use crate::tags::{self, Tags, gone};

/// How many values one filter of EC2 takes.
const FILTER_VALUES: usize = 200;

/// The adapter.
pub(crate) struct SecurityGroup;

#[async_trait]
impl Adapter for SecurityGroup {
    fn kind(&self) -> &'static str {
        "security_group"
    }

    /// Names are unique within a VPC only.
    fn key(&self, resource: &Resource) -> String {
        key(text(&resource.attributes, &VPC).as_deref(), &resource.name)
    }

    async fn observe(&self, fleet: &Fleet<'_>) -> Found {
        let projects = fleet.projects().into_iter().collect();
        let mut groups = match list(fleet.aws, &[("tag:pgward:project", projects)]).await {
            Ok(groups) => groups,
            Err(fault) => return Found::failed(fault),
        };
        let declared = fleet.declared(self.kind());
        let listed: BTreeSet<String> = groups.iter().map(key_of).collect();
        let missing: BTreeSet<String> = declared
            .iter()
            .filter(|resource| !listed.contains(&self.key(resource)))
            .map(|resource| resource.name.clone())
            .collect();
        // What lacks our tags may still have a declared name.
        for names in missing
            .into_iter()
            .collect::<Vec<_>>()
            .chunks(FILTER_VALUES)
        {
            match list(fleet.aws, &[("group-name", names.to_vec())]).await {
                Ok(more) => groups.extend(more),
                Err(fault) => return Found::failed(fault),
            }
        }
        let keys: BTreeSet<String> = declared.iter().map(|resource| self.key(resource)).collect();
        let mut found = Found::default();
        for group in &groups {
            let present = read(group);
            let key = key_of(group);
            if keys.contains(&key) || fleet.owns(present.owner.as_ref()) {
                found.add(key, Ok(present));
            }
        }
        found
    }

    async fn look(
        &self,
        aws: &Aws,
        name: &str,
        declared: Option<&Resource>,
    ) -> Result<Option<Present>, Fault> {
        let mut filters = vec![("group-name", vec![name.to_owned()])];
        if let Some(vpc) = declared.and_then(|resource| text(&resource.attributes, &VPC)) {
            filters.push(("vpc-id", vec![vpc]));
        }
        let groups = absent(list(aws, &filters).await)?.unwrap_or_default();
        let mut found: Vec<Present> = groups.iter().map(read).collect();
        // Without a VPC to go by, one of ours comes first.
        found.sort_by_key(|present| present.owner.is_none());
        Ok(found.into_iter().next())
    }

    async fn look_again(&self, aws: &Aws, seen: &Present) -> Result<Option<Present>, Fault> {
        let id = seen.outputs.get("id").and_then(Value::as_text);
        let filters = [("group-id", id.into_iter().map(str::to_owned).collect())];
        let groups = absent(list(aws, &filters).await)?.unwrap_or_default();
        Ok(groups.first().map(read))
    }

    async fn create(&self, aws: &Aws, request: &Create) -> Result<(), Fault> {
        let of = &request.resource.attributes;
        let call = aws
            .session()
            .ec2_once()
            .create_security_group()
            .group_name(&request.resource.name)
            .description(text(of, &DESCRIPTION).unwrap_or_else(|| tags::description(&request.tags)))
            .set_vpc_id(text(of, &VPC))
            .tag_specifications(
                TagSpecification::builder()
                    .resource_type(ResourceType::SecurityGroup)
                    .set_tags(Some(to_ec2(&request.tags)))
                    .build(),
            );
        let created = aws
            .session()
            .once("ec2:CreateSecurityGroup", || call.clone().send())
            .await?;
        let id = created.group_id().unwrap_or_default();
        let rules = of.map(RULES.path).cloned().unwrap_or_default();
        let mut attempt = authorize(aws, id, &rules).await;
        for _ in 0..5 {
            // A group may be unknown to EC2 for some seconds after its creation.
            if !attempt
                .as_ref()
                .is_err_and(|fault| fault.kind == FaultKind::NotFound)
            {
                break;
            }
            aws.session().sleep(std::time::Duration::from_secs(3)).await;
            attempt = authorize(aws, id, &rules).await;
        }
        attempt
    }

    async fn change(&self, aws: &Aws, request: &Change) -> Result<(), Fault> {
        let id = request
            .live
            .outputs
            .get("id")
            .and_then(Value::as_text)
            .unwrap_or_default();
        change_rules(aws, id, &request.attributes).await?;
        let (set, removed) = tags::difference(&request.attributes, &request.live);
        tag(aws, id, &set).await?;
        if !removed.is_empty() {
            let keys = removed
                .iter()
                .map(|key| Tag::builder().key(key).build())
                .collect();
            let call = aws
                .session()
                .ec2()
                .delete_tags()
                .resources(id)
                .set_tags(Some(keys))
                .send();
            aws.session().call("ec2:DeleteTags", call).await?;
        }
        Ok(())
    }

    async fn adopt(&self, aws: &Aws, request: &Adopt) -> Result<(), Fault> {
        let id = request.live.outputs.get("id").and_then(Value::as_text);
        tag(aws, id.unwrap_or_default(), &request.tags).await
    }

    async fn delete(&self, aws: &Aws, request: &Delete) -> Result<(), Fault> {
        let id = request
            .live
            .outputs
            .get("id")
            .and_then(Value::as_text)
            .unwrap_or_default();
        let call = aws
            .session()
            .ec2()
            .delete_security_group()
            .group_id(id)
            .send();
        gone(aws.session().call("ec2:DeleteSecurityGroup", call).await)
    }
}

fn key(vpc: Option<&str>, name: &str) -> String {
    format!("{}/{name}", vpc.unwrap_or_default())
}

fn key_of(group: &LiveGroup) -> String {
    key(group.vpc_id(), group.group_name().unwrap_or_default())
}

/// All groups that meet the filters.
pub(crate) async fn list(
    aws: &Aws,
    filters: &[(&str, Vec<String>)],
) -> Result<Vec<LiveGroup>, Fault> {
    let filters: Vec<Filter> = filters
        .iter()
        .map(|(name, values)| {
            Filter::builder()
                .name(*name)
                .set_values(Some(values.clone()))
                .build()
        })
        .collect();
    pages(
        aws,
        "ec2:DescribeSecurityGroups",
        |token| {
            let call = aws
                .session()
                .ec2()
                .describe_security_groups()
                .max_results(1000);
            call.set_filters(Some(filters.clone()))
                .set_next_token(token)
                .send()
        },
        |output| {
            (
                output.security_groups.unwrap_or_default(),
                output.next_token,
            )
        },
    )
    .await
}

async fn tag(aws: &Aws, id: &str, set: &Tags) -> Result<(), Fault> {
    if set.is_empty() {
        return Ok(());
    }
    let call = aws.session().ec2().create_tags().resources(id);
    let call = call.set_tags(Some(to_ec2(set))).send();
    aws.session().call("ec2:CreateTags", call).await?;
    Ok(())
}

fn to_ec2(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// The group in the words of the table.
pub(crate) fn read(group: &LiveGroup) -> Present {
    let name = group.group_name().unwrap_or_default();
    let id = group.group_id().unwrap_or_default();
    let arn = group.security_group_arn().unwrap_or(id);
    let tags: Tags = group
        .tags()
        .iter()
        .filter_map(|tag| {
            Some((
                tag.key()?.to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            ))
        })
        .collect();
    let mut present = tags::present(name, arn, &tags);
    let rules = rules_of(group)
        .into_iter()
        .map(|(key, rule)| (key, Value::Text(rule.description)));
    present.now.set(RULES.path, Value::Map(rules.collect()));
    present.now.set(NAME.path, Value::text(name));
    if let Some(vpc) = group.vpc_id() {
        present.now.set(VPC.path, Value::text(vpc));
        present.outputs.insert("vpc".to_owned(), Value::text(vpc));
    }
    for (output, value) in [("id", id), ("arn", arn), ("name", name)] {
        present
            .outputs
            .insert(output.to_owned(), Value::text(value));
    }
    present
}

/// One inbound rule.
struct Rule {
    description: String,
    permission: IpPermission,
}

/// Every inbound rule by its key; AWS merges rules of the same ports into one permission.
fn rules_of(group: &LiveGroup) -> BTreeMap<String, Rule> {
    let own = group.group_id().unwrap_or_default();
    let mut rules = BTreeMap::new();
    for permission in group.ip_permissions() {
        let protocol = permission.ip_protocol().unwrap_or("-1");
        let (from, to) = (
            permission.from_port().unwrap_or(-1),
            permission.to_port().unwrap_or(-1),
        );
        let mut add = |source: &str, description: Option<&str>, one: IpPermission| {
            let key = if protocol == "tcp" && from == to {
                rule_key(from.into(), source)
            } else {
                foreign_rule_key(protocol, from.into(), to.into(), source)
            };
            let description = description.unwrap_or_default().to_owned();
            rules.insert(
                key,
                Rule {
                    description,
                    permission: one,
                },
            );
        };
        let ports = || {
            IpPermission::builder()
                .ip_protocol(protocol)
                .set_from_port(permission.from_port())
                .set_to_port(permission.to_port())
        };
        for range in permission.ip_ranges() {
            let one = ports().ip_ranges(range.clone()).build();
            add(
                range.cidr_ip().unwrap_or_default(),
                range.description(),
                one,
            );
        }
        for range in permission.ipv6_ranges() {
            let one = ports().ipv6_ranges(range.clone()).build();
            add(
                range.cidr_ipv6().unwrap_or_default(),
                range.description(),
                one,
            );
        }
        for list in permission.prefix_list_ids() {
            let one = ports().prefix_list_ids(list.clone()).build();
            add(
                list.prefix_list_id().unwrap_or_default(),
                list.description(),
                one,
            );
        }
        for pair in permission.user_id_group_pairs() {
            let id = pair.group_id().unwrap_or_default();
            let one = ports().user_id_group_pairs(pair.clone()).build();
            add(if id == own { ITSELF } else { id }, pair.description(), one);
        }
    }
    rules
}

/// A declared rule as EC2 takes it; nothing for a key that only others make.
fn permission(own: &str, key: &str, description: &Value) -> Option<IpPermission> {
    let (port, source) = parts_of(key)?;
    let port = i32::try_from(port).ok()?;
    let description = description
        .as_text()
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    let ports = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port);
    let rule = if source.starts_with("pl-") {
        let list = PrefixListId::builder()
            .prefix_list_id(source)
            .set_description(description);
        ports.prefix_list_ids(list.build())
    } else if source == ITSELF || source.starts_with("sg-") {
        let id = if source == ITSELF { own } else { source };
        let pair = UserIdGroupPair::builder()
            .group_id(id)
            .set_description(description);
        ports.user_id_group_pairs(pair.build())
    } else if source.contains(':') {
        let range = Ipv6Range::builder()
            .cidr_ipv6(source)
            .set_description(description);
        ports.ipv6_ranges(range.build())
    } else {
        let range = IpRange::builder()
            .cidr_ip(source)
            .set_description(description);
        ports.ip_ranges(range.build())
    };
    Some(rule.build())
}

/// Admits what the rules say; a rule that is there already is a success.
async fn authorize(aws: &Aws, id: &str, rules: &BTreeMap<String, Value>) -> Result<(), Fault> {
    let permissions: Vec<IpPermission> = rules
        .iter()
        .filter_map(|(key, value)| permission(id, key, value))
        .collect();
    if permissions.is_empty() {
        return Ok(());
    }
    let send = |permissions: Vec<IpPermission>| {
        let call = aws
            .session()
            .ec2()
            .authorize_security_group_ingress()
            .group_id(id);
        aws.session().call(
            "ec2:AuthorizeSecurityGroupIngress",
            call.set_ip_permissions(Some(permissions)).send(),
        )
    };
    match send(permissions.clone()).await {
        Err(fault) if fault.kind == FaultKind::AlreadyExists => {
            // One of several is there: EC2 refused them all, so that each goes alone.
            for one in permissions {
                match send(vec![one]).await {
                    Err(fault) if fault.kind != FaultKind::AlreadyExists => return Err(fault),
                    _ => {}
                }
            }
            Ok(())
        }
        result => result.map(|_| ()),
    }
}

/// Brings the inbound rules to the declared ones: first what is to be admitted, then what is not.
async fn change_rules(aws: &Aws, id: &str, attributes: &Object) -> Result<(), Fault> {
    let Some(declared) = attributes.map(RULES.path) else {
        return Ok(());
    };
    let groups = list(aws, &[("group-id", vec![id.to_owned()])]).await?;
    let Some(group) = groups.first() else {
        let action = "ec2:DescribeSecurityGroups";
        return Err(Fault::new(
            FaultKind::NotFound,
            action,
            format!("there is no group {id}"),
        ));
    };
    let live = rules_of(group);
    let missing = declared
        .iter()
        .filter(|(key, _)| !live.contains_key(*key))
        .map(|(k, v)| (k.clone(), v.clone()));
    authorize(aws, id, &missing.collect()).await?;
    let reworded: Vec<IpPermission> = declared
        .iter()
        .filter(|(key, value)| {
            live.get(*key)
                .is_some_and(|rule| Some(rule.description.as_str()) != value.as_text())
        })
        .filter_map(|(key, value)| permission(id, key, value))
        .collect();
    if !reworded.is_empty() {
        let call = aws
            .session()
            .ec2()
            .update_security_group_rule_descriptions_ingress();
        let call = call.group_id(id).set_ip_permissions(Some(reworded)).send();
        aws.session()
            .call("ec2:UpdateSecurityGroupRuleDescriptionsIngress", call)
            .await?;
    }
    let surplus: Vec<IpPermission> = live
        .into_iter()
        .filter(|(key, _)| !declared.contains_key(key))
        .map(|(_, rule)| rule.permission)
        .collect();
    if !surplus.is_empty() {
        let call = aws.session().ec2().revoke_security_group_ingress();
        let call = call.group_id(id).set_ip_permissions(Some(surplus)).send();
        gone(
            aws.session()
                .call("ec2:RevokeSecurityGroupIngress", call)
                .await,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_rule_reads_back_under_its_key() {
        let keys = [
            "tcp 5432 from 10.0.1.100/32",
            "tcp 5432 from 2001:db8::/64",
            "tcp 5432 from pl-0a1",
            "tcp 5432 from sg-other",
            "tcp 5432 from itself",
        ];
        let rules = keys
            .iter()
            .map(|key| permission("sg-own", key, &Value::text("why")));
        let group = LiveGroup::builder()
            .group_id("sg-own")
            .set_ip_permissions(Some(rules.map(Option::unwrap).collect()))
            .build();
        let read = rules_of(&group);
        let mut expected = keys.to_vec();
        expected.sort_unstable();
        assert_eq!(read.keys().collect::<Vec<_>>(), expected);
        assert!(read.values().all(|rule| rule.description == "why"));
    }

    #[test]
    fn what_others_made_has_a_key_too() {
        let all = IpPermission::builder()
            .ip_protocol("-1")
            .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
            .build();
        let several = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(5432)
            .to_port(5440)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
            .build();
        let group = LiveGroup::builder()
            .ip_permissions(all)
            .ip_permissions(several)
            .build();
        assert_eq!(
            rules_of(&group).into_keys().collect::<Vec<_>>(),
            ["everything from 0.0.0.0/0", "tcp 5432-5440 from 10.0.0.0/8"]
        );
    }
}
