//! AWS query: a form in, XML out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::xml;
use crate::call::{Call, Refusal, Service};

/// A form on its way to a value: dotted keys become branches.
#[derive(Default)]
struct Branch {
    text: Option<String>,
    branches: BTreeMap<String, Branch>,
}

/// Reads action and input. `wrapped` says that lists have a name between theirs and the number, which is
/// taken out: `Tags.Tag.1` and `Tags.1` both give the list `Tags`.
pub(super) fn read(form: &str, wrapped: bool) -> Result<(String, Value), Refusal> {
    let mut root = Branch::default();
    for pair in form.split('&').filter(|pair| !pair.is_empty()) {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        let mut branch = &mut root;
        for part in decode(key).split('.') {
            branch = branch.branches.entry(part.to_owned()).or_default();
        }
        branch.text = Some(decode(text));
    }
    root.branches.remove("Version");
    let action = root
        .branches
        .remove("Action")
        .and_then(|action| action.text);
    let action = action.ok_or_else(|| {
        Refusal::new(
            400,
            "MissingAction",
            "The request must contain the parameter Action",
        )
    })?;
    Ok((action, object(root, wrapped)))
}

fn object(branch: Branch, wrapped: bool) -> Value {
    let members = branch
        .branches
        .into_iter()
        .map(|(name, branch)| (name, value(branch, wrapped)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn value(mut branch: Branch, wrapped: bool) -> Value {
    if branch.branches.is_empty() {
        return Value::String(branch.text.unwrap_or_default());
    }
    if is_list(&branch) {
        return list(branch, wrapped);
    }
    if wrapped && branch.branches.len() == 1 && branch.branches.values().all(is_list) {
        let (_, inner) = branch.branches.pop_first().expect("it has one branch");
        return list(inner, wrapped);
    }
    object(branch, wrapped)
}

fn is_list(branch: &Branch) -> bool {
    let numbers =
        |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    !branch.branches.is_empty() && branch.branches.keys().all(numbers)
}

fn list(branch: Branch, wrapped: bool) -> Value {
    let mut items: Vec<(u64, Value)> = branch
        .branches
        .into_iter()
        .map(|(name, item)| (name.parse().unwrap_or(u64::MAX), value(item, wrapped)))
        .collect();
    items.sort_by_key(|(number, _)| *number);
    Value::Array(items.into_iter().map(|(_, item)| item).collect())
}

/// Takes percent signs and pluses out of a form's text.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Actions whose model has an empty result, which AWS writes as an empty element.
const EMPTY_RESULTS: &[&str] = &[
    "DeregisterDBProxyTargets",
    "TagResource",
    "UntagResource",
    "UpdateRole",
];

/// Writes a result.
pub(super) fn answer(call: &Call, result: &Value) -> String {
    let action = &call.action;
    let mut out = format!("<{action}Response xmlns=\"{}\">", namespace(call.service));
    let members = result.as_object().map_or(0, Map::len);
    if members > 0 || EMPTY_RESULTS.contains(&action.as_str()) {
        let element = if call.service == Service::Rds {
            rds_element
        } else {
            plain_element
        };
        out.push('<');
        out.push_str(action);
        out.push_str("Result>");
        xml::members(&mut out, result, element);
        out.push_str("</");
        out.push_str(action);
        out.push_str("Result>");
    }
    out.push_str("<ResponseMetadata>");
    xml::text_element(&mut out, "RequestId", &call.request_id);
    out.push_str("</ResponseMetadata></");
    out.push_str(action);
    out.push_str("Response>");
    out
}

/// Writes a refusal.
pub(super) fn refuse(refusal: &Refusal, request_id: &str) -> String {
    let mut out = String::from("<ErrorResponse><Error>");
    let side = if refusal.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    xml::text_element(&mut out, "Type", side);
    xml::text_element(&mut out, "Code", &refusal.code);
    xml::text_element(&mut out, "Message", &refusal.message);
    out.push_str("</Error>");
    xml::text_element(&mut out, "RequestId", request_id);
    out.push_str("</ErrorResponse>");
    out
}

fn namespace(service: Service) -> &'static str {
    match service {
        Service::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
        Service::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
        Service::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        Service::SecretsManager
        | Service::Kms
        | Service::Tagging
        | Service::CloudTrail
        | Service::Quotas => "http://amazonaws.com/",
        Service::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
        Service::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

fn plain_element(list: &str) -> &'static str {
    // Attributes of topics and subscriptions are maps, given as lists of key and value.
    if list == "Attributes" {
        "entry"
    } else {
        "member"
    }
}

/// What RDS calls the entries of a list.
fn rds_element(list: &str) -> &'static str {
    match list {
        "AccountQuotas" => "AccountQuota",
        "AssociatedRoles" => "DBInstanceRole",
        "AvailabilityZones" => "AvailabilityZone",
        "Certificates" => "Certificate",
        "DBClusters" => "DBCluster",
        "DBEngineVersions" => "DBEngineVersion",
        "DBInstanceAutomatedBackups" => "DBInstanceAutomatedBackup",
        "DBInstances" => "DBInstance",
        "DBParameterGroups" => "DBParameterGroup",
        "DBSecurityGroups" => "DBSecurityGroup",
        "DBSnapshots" => "DBSnapshot",
        "DBSubnetGroups" => "DBSubnetGroup",
        "DomainMemberships" => "DomainMembership",
        "EventCategories" => "EventCategory",
        "Events" => "Event",
        "OptionGroupMemberships" => "OptionGroupMembership",
        "OrderableDBInstanceOptions" => "OrderableDBInstanceOption",
        "Parameters" => "Parameter",
        "PendingMaintenanceActionDetails" => "PendingMaintenanceAction",
        "PendingMaintenanceActions" => "ResourcePendingMaintenanceActions",
        "ProcessorFeatures" => "ProcessorFeature",
        "IopsToStorageRatio" => "DoubleRange",
        "ProvisionedIops" | "ProvisionedStorageThroughput" | "StorageSize" => "Range",
        "ReadReplicaDBClusterIdentifiers" => "ReadReplicaDBClusterIdentifier",
        "ReadReplicaDBInstanceIdentifiers" => "ReadReplicaDBInstanceIdentifier",
        "StorageThroughputToIopsRatio" => "DoubleRange",
        "StatusInfos" => "DBInstanceStatusInfo",
        "Storage" => "ValidStorageOptions",
        "Subnets" => "Subnet",
        "SupportedCharacterSets" => "CharacterSet",
        "SupportedTimezones" => "Timezone",
        "TagList" => "Tag",
        "ValidUpgradeTarget" => "UpgradeTarget",
        "VpcSecurityGroups" => "VpcSecurityGroupMembership",
        _ => "member",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(form: &str, wrapped: bool, expected: &Value) {
        let (_, input) = read(&format!("Action=X&Version=1&{form}"), wrapped).unwrap();
        assert_eq!(&input, expected, "{form}");
    }

    #[test]
    fn lists_lose_the_name_between() {
        check(
            "Tags.Tag.1.Key=a&Tags.Tag.1.Value=b+c%26&Tags.Tag.2.Key=d&Tags.Tag.2.Value=",
            true,
            &json!({ "Tags": [{ "Key": "a", "Value": "b c&" }, { "Key": "d", "Value": "" }] }),
        );
        check(
            "Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.2=y&Filters.Filter.1.Values.Value.1=x",
            true,
            &json!({ "Filters": [{ "Name": "n", "Values": ["x", "y"] }] }),
        );
        check(
            "CloudwatchLogsExportConfiguration.EnableLogTypes.member.1=postgresql",
            true,
            &json!({ "CloudwatchLogsExportConfiguration": { "EnableLogTypes": ["postgresql"] } }),
        );
        check(
            "SubnetIds.1=a&SubnetIds.2=b",
            true,
            &json!({ "SubnetIds": ["a", "b"] }),
        );
    }

    #[test]
    fn lists_of_ec2_are_flat() {
        check(
            "IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8",
            false,
            &json!({ "IpPermissions": [{ "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] }] }),
        );
    }

    #[test]
    fn results_name_their_entries() {
        let call = Call {
            service: Service::Rds,
            action: "DescribeX".to_owned(),
            input: Value::Null,
            account: String::new(),
            region: String::new(),
            now: jiff::Timestamp::UNIX_EPOCH,
            request_id: "r".to_owned(),
        };
        let result = json!({ "TagList": [{ "Key": "<k>", "Value": true }], "Gone": null });
        assert_eq!(
            answer(&call, &result),
            "<DescribeXResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeXResult>\
             <TagList><Tag><Key>&lt;k&gt;</Key><Value>true</Value></Tag></TagList></DescribeXResult>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeXResponse>"
        );
    }
}
