"""Starts ministack with the mends that a correct client needs; each is listed in faults.py.

Its handlers take the flat parameters of the request and answer status, headers and XML; the
mends change one or the other and leave the rest to ministack.
"""

from ministack.app import main
from ministack.services import ec2, kms, rds

import faults


def mend(fault, action):
    """Puts a function before an action's handler, which it gets as first argument."""
    assert faults.by_name(fault).emulator == "ministack", fault

    def replace(function):
        original = rds._ACTION_MAP[action]
        rds._ACTION_MAP[action] = lambda p: function(original, p)
        return function

    return replace


def rewritten(answer, *pairs):
    """An answer with texts of its body replaced."""
    status, headers, body = answer
    text = body.decode() if isinstance(body, bytes) else body
    for old, new in pairs:
        text = text.replace(old, new)
    return status, headers, text.encode()


@mend("ministack-family-lacks-engine", "DescribeDBEngineVersions")
def engine_versions(original, p):
    if rds._p(p, "Engine") != "postgres":
        return original(p)
    majors = range(12, 19)
    tag = "DBParameterGroupFamily"
    pairs = [(f"<{tag}>{major}<", f"<{tag}>postgres{major}<") for major in majors]
    return rewritten(original(p), *pairs)


@mend("ministack-offers-old-classes", "DescribeOrderableDBInstanceOptions")
def orderable_options(original, p):
    asked = rds._p(p, "DBInstanceClass")
    gp3 = ("<StorageType>gp2<", "<StorageType>gp3<")
    if not asked:
        return rewritten(original(p), gp3)
    known = dict(p, DBInstanceClass=type(p["DBInstanceClass"])(["db.t3.large"]))
    return rewritten(original(known), gp3, (">db.t3.large<", f">{asked}<"))


def keep(instance, p):
    """Keeps what was asked for and ministack forgets."""
    key = kms._resolve_key(instance["KmsKeyId"]) if instance.get("KmsKeyId") else None
    if key:
        instance["KmsKeyId"] = key["Arn"]
    for name in ("AutoMinorVersionUpgrade", "PerformanceInsightsEnabled"):
        asked = rds._p(p, name.replace("PerformanceInsightsEnabled", "EnablePerformanceInsights"))
        if asked:
            instance[name] = asked == "true"
    for name in ("StorageThroughput", "PerformanceInsightsRetentionPeriod"):
        if rds._p(p, name):
            instance[name] = int(rds._p(p, name))
    if rds._p(p, "DBPortNumber"):
        instance["Endpoint"]["Port"] = int(rds._p(p, "DBPortNumber"))
    logs = set(instance.get("EnabledCloudwatchLogsExports") or [])
    change = "CloudwatchLogsExportConfiguration"
    logs |= set(rds._parse_member_list(p, "EnableCloudwatchLogsExports"))
    logs |= set(rds._parse_member_list(p, f"{change}.EnableLogTypes"))
    logs -= set(rds._parse_member_list(p, f"{change}.DisableLogTypes"))
    instance["EnabledCloudwatchLogsExports"] = sorted(logs)


@mend("ministack-instance-drops-options", "CreateDBInstance")
def create_instance(original, p):
    answer = original(p)
    instance = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
    if answer[0] == 200:
        keep(instance, p)
    return answer


@mend("ministack-instance-drops-options", "ModifyDBInstance")
def modify_instance(original, p):
    answer = original(p)
    if answer[0] == 200:
        keep(rds._resolve_instance(rds._p(p, "DBInstanceIdentifier")), p)
    return answer


@mend("ministack-replica-is-its-source", "CreateDBInstanceReadReplica")
def create_replica(original, p):
    answer = original(p)
    if answer[0] != 200:
        return answer
    replica = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
    for name in ("DBInstanceClass", "StorageType", "MonitoringRoleArn"):
        if rds._p(p, name):
            replica[name] = rds._p(p, name)
    for name in ("MultiAZ", "DeletionProtection"):
        replica[name] = rds._p(p, name) == "true"
    replica["MonitoringInterval"] = int(rds._p(p, "MonitoringInterval") or 0)
    replica["BackupRetentionPeriod"] = int(rds._p(p, "BackupRetentionPeriod") or 0)
    replica["EnabledCloudwatchLogsExports"] = []
    keep(replica, p)
    return answer


def instance_xml(instance, original=rds._instance_xml):
    """ministack writes an empty list of log exports whatever it holds."""
    logs = instance.get("EnabledCloudwatchLogsExports") or []
    members = "".join(f"<member>{log}</member>" for log in logs)
    tag = "EnabledCloudwatchLogsExports"
    return original(instance).replace(f"<{tag}/>", f"<{tag}>{members}</{tag}>")


def matches(group, filters, original=ec2._resource_matches_tag_filters):
    """ministack asks this for every group and has no filter by id."""
    asked = filters.get("group-id", [])
    return (not asked or not group.startswith("sg-") or group in asked) and original(
        group, filters
    )


def describe_rules(p):
    """Gives rules that are there another description, which ministack has no action for."""
    group = ec2._security_groups[ec2._p(p, "GroupId")]
    for asked in ec2._parse_ip_permissions(p, "IpPermissions"):
        for rule in group["IpPermissions"]:
            if ec2._rules_match(asked, rule):
                rule.update(asked)
    name = "UpdateSecurityGroupRuleDescriptionsIngressResponse"
    return ec2._xml(200, name, "<return>true</return>")


if __name__ == "__main__":
    faults.mended("ministack", "ministack-lacks-rule-descriptions")
    ec2._ACTION_MAP["UpdateSecurityGroupRuleDescriptionsIngress"] = describe_rules
    faults.mended("ministack", "ministack-ignores-group-id")
    ec2._resource_matches_tag_filters = matches
    rds._instance_xml = instance_xml
    main()
