"""What IAM asks of a caller for each request, and whether a policy allows it.

The rules are those of AWS's service authorization reference and of the guides of RDS, EC2, KMS and
Secrets Manager: RDS asks about every ARN a request involves, a creation with tags is asked about
twice, a role that is handed over is asked about by itself. They are written down here a second
time, in another language than the product's.
"""

import re

SERVICES = {"monitoring": "cloudwatch", "tagging": "tag"}
EVERYTHING = "*"

# Reads of lists: which type, by which parameter; without it all of the type.
RDS_READS = {
    "DescribeDBInstances": ("db", "DBInstanceIdentifier"),
    "DescribeDBSubnetGroups": ("subgrp", "DBSubnetGroupName"),
    "DescribeDBParameterGroups": ("pg", "DBParameterGroupName"),
    "DescribeDBParameters": ("pg", "DBParameterGroupName"),
    "DescribeDBSnapshots": ("snapshot", "DBSnapshotIdentifier"),
}
RDS_GROUPS = {
    "CreateDBSubnetGroup": ("subgrp", "DBSubnetGroupName"),
    "ModifyDBSubnetGroup": ("subgrp", "DBSubnetGroupName"),
    "DeleteDBSubnetGroup": ("subgrp", "DBSubnetGroupName"),
    "CreateDBParameterGroup": ("pg", "DBParameterGroupName"),
    "ModifyDBParameterGroup": ("pg", "DBParameterGroupName"),
    "ResetDBParameterGroup": ("pg", "DBParameterGroupName"),
    "DeleteDBParameterGroup": ("pg", "DBParameterGroupName"),
    "RebootDBInstance": ("db", "DBInstanceIdentifier"),
}
# What RDS asks of EC2 in the name of the caller when a subnet group is made or changed.
RDS_LOOKS = ["DescribeVpcAttribute", "DescribeAccountAttributes", "DescribeInternetGateways"]


class Request:
    """One request: the full action, its parameters, and the account it goes to."""

    def __init__(self, service, action, params, account, region):
        self.service = SERVICES.get(service, service)
        self.action = action
        self.params = params
        self.account = account
        self.region = region

    def arn(self, service, rest, region=None):
        region = self.region if region is None else region
        return f"arn:aws:{service}:{region}:{self.account}:{rest}"

    def get(self, name):
        value = self.params.get(name)
        return value[0] if isinstance(value, list) and value else value

    def all(self, start):
        """The values of a list of the query protocol."""
        return [v[0] if isinstance(v, list) else v for k, v in sorted(self.params.items())
                if re.fullmatch(re.escape(start) + r"\.(\w+\.)?\d+", k)]

    def tags(self):
        """The tags that the request sets."""
        listed = self.params.get("Tags")
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            return {tag["Key"]: tag.get("Value", "") for tag in listed}
        found = {}
        for key, value in self.params.items():
            match = re.fullmatch(r"(.*Tags?\.(?:Tag\.|member\.)?\d+)\.Key", key)
            if match:
                value = value[0] if isinstance(value, list) else value
                found[value] = self.get(match.group(1) + ".Value") or ""
        return found


def demands(request, account):
    """Every (action, resource, context) that IAM is asked about. `account` knows what is there:
    tags(arn), proxy(name), secret(name), key(written), aliases(arn), has_role(name), is_there(bucket, key)."""
    found = []

    def ask(action, resource, **context):
        if ":" not in action:
            action = f"{request.service}:{action}"
        keys = {key.replace("__", ":"): value for key, value in context.items()}
        for name, value in account.tags(resource).items():
            keys[f"aws:ResourceTag/{name}"] = value
        for name, value in request.tags().items():
            keys[f"aws:RequestTag/{name}"] = value
        found.append({"action": action, "resource": resource, "context": keys})

    by_service = {
        "rds": of_rds, "ec2": of_ec2, "secretsmanager": of_secrets, "cloudwatch": of_alarms,
        "kms": of_kms, "s3": of_s3, "iam": of_iam, "sns": of_sns, "tag": of_tagging,
        "sts": lambda *_: None, "ssm": of_ssm,
    }
    by_service[request.service](request, account, ask)
    return found


def of_tagging(request, _account, ask):
    ask(request.action, EVERYTHING)


def of_rds(request, account, ask):
    action = request.action

    def rds(kind, name):
        return request.arn("rds", f"{kind}:{(name or EVERYTHING).lower()}")

    if action in RDS_READS:
        kind, name = RDS_READS[action]
        ask(action, rds(kind, request.get(name)))
    elif action in RDS_GROUPS:
        kind, name = RDS_GROUPS[action]
        resource = rds(kind, request.get(name))
        ask(action, resource)
        if request.tags():
            ask("AddTagsToResource", resource)
        if action.endswith("DBSubnetGroup") and not action.startswith("Delete"):
            for look in RDS_LOOKS:
                ask(f"ec2:{look}", EVERYTHING)
    elif action in ("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"):
        ask(action, request.get("ResourceName"))
    elif action in ("CreateDBInstance", "CreateDBInstanceReadReplica", "ModifyDBInstance"):
        database = rds("db", request.get("DBInstanceIdentifier"))
        ask(action, database)
        if request.tags():
            ask("AddTagsToResource", database)
        source = request.get("SourceDBInstanceIdentifier")
        if source:
            ask(action, rds("db", source))
        for kind, name in (("subgrp", "DBSubnetGroupName"), ("pg", "DBParameterGroupName")):
            if request.get(name):
                ask(action, rds(kind, request.get(name)))
        if action != "ModifyDBInstance":
            ask(action, rds("og", "default:postgres-16"))
            if not request.get("DBParameterGroupName"):
                ask(action, rds("pg", "default.postgres16"))
            if not account.has_role("AWSServiceRoleForRDS"):
                role = "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
                ask("iam:CreateServiceLinkedRole", request.arn("iam", role, ""),
                    iam__AWSServiceName="rds.amazonaws.com")
            grant(request, account, ask)
        if request.get("MonitoringRoleArn"):
            ask("iam:PassRole", request.get("MonitoringRoleArn"),
                iam__PassedToService="monitoring.rds.amazonaws.com")
        if str(request.get("ManageMasterUserPassword")).lower() == "true":
            secret = request.arn("secretsmanager", "secret:rds!db-0123")
            ask("secretsmanager:CreateSecret", secret)
            ask("secretsmanager:TagResource", secret)
            ask("kms:DescribeKey", request.arn("kms", "key/secretsmanager"),
                kms__ViaService=f"rds.{request.region}.amazonaws.com")
    elif action == "DeleteDBInstance":
        database = rds("db", request.get("DBInstanceIdentifier"))
        ask(action, database)
        final = request.get("FinalDBSnapshotIdentifier")
        if final:
            ask("CreateDBSnapshot", database)
            ask("CreateDBSnapshot", rds("snapshot", final))
    elif action == "CreateDBProxy":
        ask(action, EVERYTHING)
        ask("AddTagsToResource", request.arn("rds", "db-proxy:prx-new"))
        ask("iam:PassRole", request.get("RoleArn"), iam__PassedToService="rds.amazonaws.com")
    elif "DBProx" in action:
        of_proxies(request, account, ask, rds)
    else:
        # No resource can be named: versions, orderable options, defaults, maintenance.
        ask(action, EVERYTHING)


def of_proxies(request, account, ask, rds):
    action, name = request.action, request.get("DBProxyName")
    proxy = account.proxy(name) or rds("db-proxy", "prx-none") if name else rds("db-proxy", None)
    group = request.arn("rds", "target-group:prx-tg-0123")
    databases = [rds("db", one) for one in request.all("DBInstanceIdentifiers")]
    involved = {
        "DescribeDBProxyTargets": [proxy, group],
        "ModifyDBProxyTargetGroup": [group],
        "RegisterDBProxyTargets": [group, *databases],
        "DeregisterDBProxyTargets": [proxy, group, *databases],
    }
    for resource in involved.get(action, [proxy]):
        ask(action, resource)
    if action == "ModifyDBProxy" and request.get("RoleArn"):
        ask("iam:PassRole", request.get("RoleArn"), iam__PassedToService="rds.amazonaws.com")


def grant(request, account, ask):
    """RDS makes a grant on a key that is not AWS's own."""
    written = request.get("KmsKeyId")
    if not written or "alias/aws/" in written:
        return
    key = account.key(written)
    ask("kms:CreateGrant", key, kms__ViaService=f"rds.{request.region}.amazonaws.com",
        kms__GrantIsForAWSResource="true", kms__ResourceAliases=account.aliases(key))


def of_ec2(request, _account, ask):
    action = request.action
    if action.startswith("Describe"):
        ask(action, EVERYTHING)
    elif action == "CreateSecurityGroup":
        made = request.arn("ec2", "security-group/sg-new")
        ask(action, made)
        ask(action, request.arn("ec2", f"vpc/{request.get('VpcId')}"))
        ask("CreateTags", made, ec2__CreateAction=action)
    elif action in ("CreateTags", "DeleteTags"):
        for name in request.all("ResourceId"):
            ask(action, request.arn("ec2", f"security-group/{name}"))
    else:
        ask(action, request.arn("ec2", f"security-group/{request.get('GroupId')}"))


def of_secrets(request, account, ask):
    if request.action == "ListSecrets":
        ask(request.action, EVERYTHING)
        return
    name = request.get("Name") or request.get("SecretId")
    # What does not exist has no random ending.
    resource = account.secret(name) or request.arn("secretsmanager", f"secret:{name}")
    ask(request.action, resource)
    if request.action == "CreateSecret" and request.tags():
        ask("TagResource", resource)


def of_alarms(request, _account, ask):
    action = request.action
    if action == "DescribeAlarms":
        # Narrower than this, CloudWatch hides composite alarms.
        ask(action, EVERYTHING)
        return
    names = request.params.get("AlarmNames") or [request.get("AlarmName")]
    arns = [request.get("ResourceARN")] if request.get("ResourceARN") else [
        request.arn("cloudwatch", f"alarm:{name}") for name in names]
    for arn in arns:
        ask(action, arn)
        if action == "PutMetricAlarm" and request.tags():
            ask("TagResource", arn)


def of_kms(request, account, ask):
    written = request.get("KeyId")
    key = account.key(written)
    context = {"kms__ResourceAliases": account.aliases(key)}
    if "alias/" in written:
        context["kms__RequestAlias"] = written[written.index("alias/"):]
    ask(request.action, key, **context)


def of_s3(request, account, ask):
    bucket, _, key = request.get("path").partition("/")
    ask(request.action, f"arn:aws:s3:::{bucket}/{key}")
    if request.action == "GetObject" and not account.is_there(bucket, key):
        ask("ListBucket", f"arn:aws:s3:::{bucket}")


def of_iam(request, _account, ask):
    if request.action == "SimulatePrincipalPolicy":
        ask(request.action, request.get("PolicySourceArn"))
        return
    ask(request.action, request.arn("iam", f"role/{request.get('RoleName')}", ""))


def of_sns(request, _account, ask):
    ask(request.action, request.get("TopicArn"))


def of_ssm(request, _account, ask):
    for name in request.params.get("Names", []):
        ask(request.action, request.arn("ssm", f"parameter/{name.lstrip('/')}"))


def allows(policies, demand):
    """Whether one of the statements of the policies allows a demand; there are no denials."""
    return any(statement_allows(statement, demand)
               for policy in policies for statement in listed(policy["Statement"]))


def statement_allows(statement, demand):
    assert statement["Effect"] == "Allow", statement
    return (
        any(matches(pattern, demand["action"], True) for pattern in listed(statement["Action"]))
        and any(matches(pattern, demand["resource"]) for pattern in listed(statement["Resource"]))
        and all(holds(operator, key, listed(values), demand["context"].get(key))
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items())
    )


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text, ignoring_case=False):
    """`*` is any text, `?` one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.IGNORECASE if ignoring_case else 0) is not None


def holds(operator, _key, wanted, found):
    """One condition; what is not there fulfills none of these."""
    if found is None:
        return False
    if operator == "StringEquals":
        return found in wanted
    if operator == "StringLike":
        return any(matches(pattern, found) for pattern in wanted)
    if operator == "Bool":
        return str(found).lower() in [value.lower() for value in wanted]
    if operator == "ForAnyValue:StringEquals":
        return any(value in wanted for value in found)
    raise AssertionError(f"this judge does not know {operator}")
