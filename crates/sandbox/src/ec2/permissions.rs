//! What rules let through: reading permissions as AWS does, with its refusals and its spelling.

use ipnet::IpNet;
use serde_json::Value;

use super::filters::either;
use super::state::{Ec2, Peer, Traffic, refused};
use crate::call::{Call, Refusal, int_of, list_of, text_of};

/// A rule asked for: what it lets through, and its description.
pub(super) struct Asked {
    pub traffic: Traffic,
    pub description: Option<String>,
}

/// The rules a call asks for, one per network, prefix list and group of each permission.
///
/// # Errors
/// A malformed permission, or a group or prefix list that does not exist.
pub(super) fn read(call: &Call, ec2: &Ec2) -> Result<Vec<Asked>, Refusal> {
    let mut permissions = call.list("IpPermissions");
    if permissions.is_empty() && call.has("IpProtocol") {
        permissions.push(simple(call));
    }
    if permissions.is_empty() {
        return Err(refused(
            "MissingParameter",
            "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.",
        ));
    }
    let mut asked = Vec::new();
    for permission in &permissions {
        let (protocol, from, to) = ports(permission)?;
        let before = asked.len();
        for (list, member) in [
            ("IpRanges", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId"),
        ] {
            for item in list_of(permission, list) {
                let peer = peer(&item, member, ec2)?;
                let description = description(&item)?;
                asked.push(Asked {
                    traffic: Traffic {
                        protocol: protocol.clone(),
                        from,
                        to,
                        peer,
                    },
                    description,
                });
            }
        }
        for item in either(permission, "Groups", "UserIdGroupPairs") {
            let peer = peer(&item, "GroupId", ec2)?;
            let description = description(&item)?;
            asked.push(Asked {
                traffic: Traffic {
                    protocol: protocol.clone(),
                    from,
                    to,
                    peer,
                },
                description,
            });
        }
        if asked.len() == before {
            return Err(refused(
                "InvalidParameterValue",
                "Invalid value 'null' for cidrIp. Must specify a source.",
            ));
        }
    }
    Ok(asked)
}

/// A rule as `ModifySecurityGroupRules` gives it.
///
/// # Errors
/// As for permissions.
pub(super) fn read_rule(rule: &Value, ec2: &Ec2) -> Result<Asked, Refusal> {
    let (protocol, from, to) = ports(rule)?;
    let members = [
        ("CidrIpv4", "CidrIp"),
        ("CidrIpv6", "CidrIpv6"),
        ("PrefixListId", "PrefixListId"),
        ("ReferencedGroupId", "GroupId"),
    ];
    let mut given = members
        .iter()
        .filter_map(|(member, like)| Some((text_of(rule, member)?, *like)));
    let (Some((text, like)), None) = (given.next(), given.next()) else {
        let text = "You must specify exactly one source or destination for a security group rule.";
        return Err(refused("InvalidParameterCombination", text));
    };
    let item = serde_json::json!({ like: text });
    let peer = peer(&item, like, ec2)?;
    Ok(Asked {
        traffic: Traffic {
            protocol,
            from,
            to,
            peer,
        },
        description: description(rule)?,
    })
}

/// The old form with one network at the top of the call.
fn simple(call: &Call) -> Value {
    let mut permission = call.input.clone();
    let network = call.text("CidrIp").unwrap_or_default();
    permission["IpRanges"] = serde_json::json!([{ "CidrIp": network }]);
    permission
}

/// Protocol and ports in AWS's spelling: names for known numbers, -1 where there are no ports.
fn ports(item: &Value) -> Result<(String, i64, i64), Refusal> {
    let text = text_of(item, "IpProtocol")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let protocol = match text.as_str() {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "58" => "icmpv6",
        other => other,
    };
    let number = protocol.parse::<u8>().is_ok();
    let from = int_of(item, "FromPort");
    let to = int_of(item, "ToPort");
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                let text = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for \
                            portRange.";
                return Err(refused("InvalidParameterValue", text));
            };
            let fine = (0..=65_535).contains(&from) && (0..=65_535).contains(&to) && from <= to;
            if !fine {
                let text = format!(
                    "Invalid value '{from}-{to}' for portRange. Ports run from 0 to 65535, and the \
                     first must not exceed the second."
                );
                return Err(refused("InvalidParameterValue", text));
            }
            Ok((protocol.to_owned(), from, to))
        }
        "icmp" | "icmpv6" => Ok((protocol.to_owned(), from.unwrap_or(-1), to.unwrap_or(-1))),
        "-1" => Ok((protocol.to_owned(), -1, -1)),
        _ if number => Ok((protocol.to_owned(), -1, -1)),
        _ => {
            let text = format!("Invalid value '{text}' for IP protocol. Unknown protocol.");
            Err(refused("InvalidPermission.Malformed", text))
        }
    }
}

fn peer(item: &Value, member: &str, ec2: &Ec2) -> Result<Peer, Refusal> {
    let text = text_of(item, member).unwrap_or_default();
    match member {
        "GroupId" => {
            if ec2.groups.contains_key(text) {
                Ok(Peer::Group(text.to_owned()))
            } else {
                Err(refused(
                    "InvalidGroup.NotFound",
                    format!("The security group '{text}' does not exist"),
                ))
            }
        }
        "PrefixListId" => {
            if ec2.prefix_lists.contains_key(text) {
                Ok(Peer::PrefixList(text.to_owned()))
            } else {
                Err(refused(
                    "InvalidPrefixListID.NotFound",
                    format!("The prefix list ID '{text}' does not exist"),
                ))
            }
        }
        _ => {
            let net = canonical(text).filter(|net| (member == "CidrIpv6") == net.contains(':'));
            net.map(Peer::Network).ok_or_else(|| {
                refused(
                    "InvalidParameterValue",
                    format!("CIDR block {text} is malformed"),
                )
            })
        }
    }
}

/// A CIDR block without host bits, IPv6 compressed and in lower case.
fn canonical(text: &str) -> Option<String> {
    text.parse::<IpNet>()
        .ok()
        .map(|net| net.trunc().to_string())
}

fn description(item: &Value) -> Result<Option<String>, Refusal> {
    let Some(text) = text_of(item, "Description").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.len() <= 255 && text.chars().all(in_description) {
        return Ok(Some(text.to_owned()));
    }
    let text = "Invalid rule description. Valid descriptions are strings less than 256 characters from the \
                following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
    Err(refused("InvalidParameterValue", text))
}

/// Whether a letter may stand in names and descriptions of groups and rules.
pub(super) fn in_description(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || ". _-:/()#,@[]+=&;{}!$*".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_lose_their_host_bits() {
        for (text, expected) in [
            ("10.9.1.5/16", Some("10.9.0.0/16")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("2001:DB8::1/32", Some("2001:db8::/32")),
            ("10.0.0.0/33", None),
            ("10.0.0", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn protocols_and_ports_are_spelled_as_by_aws() {
        let read = |protocol: &str, from: i64, to: i64| {
            ports(&serde_json::json!({ "IpProtocol": protocol, "FromPort": from, "ToPort": to }))
                .map_err(|refusal| refusal.code)
        };
        assert_eq!(read("6", 5432, 5432), Ok(("tcp".to_owned(), 5432, 5432)));
        assert_eq!(read("-1", 0, 0), Ok(("-1".to_owned(), -1, -1)));
        assert_eq!(
            read("tcp", 6000, 5432),
            Err("InvalidParameterValue".to_owned())
        );
        assert_eq!(
            read("tcp", 0, 99_999),
            Err("InvalidParameterValue".to_owned())
        );
        assert_eq!(
            read("tpc", 1, 1),
            Err("InvalidPermission.Malformed".to_owned())
        );
    }
}
