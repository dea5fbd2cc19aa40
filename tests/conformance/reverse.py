"""boto3 and the AWS CLI against the served sandbox, compared with ministack's answers.

The same calls go to both. Compared are the keys and types of each answer, and the code of each
refusal. A client takes an empty list for an absent one, so neither counts. Every difference is
listed in differences.py with its reason; what is not there fails.
"""

import concurrent.futures
import re
import sys
import time

from botocore.exceptions import ClientError

import differences
import harness
import world

IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PASSWORD = "not-a-real-password"
# What stands for the answer of a server that does not know the action.
LACKING = {"unknown action": True}


def shape(value, path=""):
    """The set of `path:type` of everything that holds something."""
    if isinstance(value, dict):
        names = {k: "*" if IDENTIFIER.fullmatch(k) else k for k in value}
        inner = [shape(v, f"{path}.{names[k]}" if path else names[k]) for k, v in value.items()]
        return set().union(*inner)
    if isinstance(value, list):
        return set().union(*[shape(item, f"{path}[]") for item in value])
    return set() if value is None or value == "" else {f"{path}:{type(value).__name__}"}


class Tour:
    """One pass of all calls over one server, with what each answered."""

    def __init__(self, server):
        self.server = server
        self.clients = {}
        self.shapes = {}
        self.codes = {}
        self.world = world.prepare(server)

    def client(self, service):
        """One client per service."""
        if service not in self.clients:
            self.clients[service] = self.server.client(service)
        return self.clients[service]

    def call(self, service, operation, **arguments):
        """One call; its shape joins those of the same operation."""
        key = f"{service}.{operation}"
        try:
            answer = getattr(self.client(service), operation)(**arguments)
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "InvalidAction":
                raise
            answer = LACKING
        answer.pop("ResponseMetadata", None)
        self.shapes.setdefault(key, set()).update(shape(answer))
        return answer

    def refused(self, service, operation, **arguments):
        """One call that must be refused; its code is kept."""
        key = f"{service}.{operation} {sorted(arguments)[0]}"
        try:
            getattr(self.client(service), operation)(**arguments)
            self.codes[key] = "accepted"
        except ClientError as problem:
            self.codes[key] = problem.response["Error"]["Code"]

    def settled(self, name):
        """Waits until an instance is available."""
        self.until(lambda: self.client("rds").describe_db_instances(
            DBInstanceIdentifier=name)["DBInstances"][0]["DBInstanceStatus"] == "available")

    @staticmethod
    def until(holds):
        """Waits for up to half a minute."""
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it did not settle"
            time.sleep(0.2)

    def network(self):
        """EC2."""
        group = self.call("ec2", "create_security_group", GroupName="reverse",
                          Description="reverse", VpcId=self.world["vpc"])["GroupId"]
        port = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
        cidr = {"CidrIp": "10.20.1.0/24", "Description": "one"}
        rule = dict(port, IpRanges=[cidr])
        other = dict(port, UserIdGroupPairs=[{"GroupId": self.world["application"]}])
        for permission in (rule, other):
            self.call("ec2", "authorize_security_group_ingress", GroupId=group,
                      IpPermissions=[permission])
        self.refused("ec2", "authorize_security_group_ingress", GroupId=group,
                     IpPermissions=[rule])
        self.call("ec2", "create_tags", Resources=[group], Tags=[{"Key": "k", "Value": "v"}])
        self.call("ec2", "describe_security_groups", GroupIds=[group])
        self.call("ec2", "describe_security_group_rules",
                  Filters=[{"Name": "group-id", "Values": [group]}])
        self.call("ec2", "update_security_group_rule_descriptions_ingress", GroupId=group,
                  IpPermissions=[dict(port, IpRanges=[dict(cidr, Description="two")])])
        self.call("ec2", "revoke_security_group_ingress", GroupId=group, IpPermissions=[rule])
        self.call("ec2", "describe_vpcs", VpcIds=[self.world["vpc"]])
        self.call("ec2", "describe_subnets", SubnetIds=self.world["subnets"])
        self.call("ec2", "describe_route_tables",
                  Filters=[{"Name": "vpc-id", "Values": [self.world["vpc"]]}])
        self.call("ec2", "delete_tags", Resources=[group], Tags=[{"Key": "k"}])
        self.call("ec2", "delete_security_group", GroupId=group)
        self.refused("ec2", "describe_security_groups", GroupIds=["sg-00000000000000000"])

    def database(self):
        """RDS: groups, instance, replica."""
        rds = lambda operation, **arguments: self.call("rds", operation, **arguments)
        tags = [{"Key": "k", "Value": "v"}]
        subnets = self.world["subnets"]
        made = rds("create_db_subnet_group", DBSubnetGroupName="reverse", Tags=tags,
                   DBSubnetGroupDescription="reverse", SubnetIds=subnets[:2])
        rds("modify_db_subnet_group", DBSubnetGroupName="reverse", SubnetIds=subnets)
        rds("describe_db_subnet_groups", DBSubnetGroupName="reverse")
        rds("list_tags_for_resource", ResourceName=made["DBSubnetGroup"]["DBSubnetGroupArn"])
        rds("create_db_parameter_group", DBParameterGroupName="reverse", Description="reverse",
            DBParameterGroupFamily="postgres16", Tags=tags)
        parameter = {"ParameterName": "work_mem", "ParameterValue": "32768",
                     "ApplyMethod": "immediate"}
        rds("modify_db_parameter_group", DBParameterGroupName="reverse", Parameters=[parameter])
        rds("describe_db_parameters", DBParameterGroupName="reverse", Source="user")
        rds("describe_db_parameter_groups", DBParameterGroupName="reverse")
        rds("reset_db_parameter_group", DBParameterGroupName="reverse", Parameters=[parameter])
        rds("create_db_instance", DBInstanceIdentifier="reverse", DBInstanceClass="db.t3.medium",
            Engine="postgres", EngineVersion="16.10", AllocatedStorage=100, StorageType="gp3",
            MasterUsername="master", MasterUserPassword=PASSWORD, DBSubnetGroupName="reverse",
            DBParameterGroupName="reverse", VpcSecurityGroupIds=[self.world["application"]],
            BackupRetentionPeriod=7, MultiAZ=True, PubliclyAccessible=False,
            StorageEncrypted=True, KmsKeyId=self.world["key"], Tags=tags,
            MaxAllocatedStorage=500, EnableIAMDatabaseAuthentication=True,
            CopyTagsToSnapshot=True, DeletionProtection=False,
            PreferredBackupWindow="02:00-03:00",
            PreferredMaintenanceWindow="sun:03:00-sun:04:00")
        self.settled("reverse")
        rds("describe_db_instances", DBInstanceIdentifier="reverse")
        rds("modify_db_instance", DBInstanceIdentifier="reverse", BackupRetentionPeriod=14,
            ApplyImmediately=True)
        self.settled("reverse")
        rds("modify_db_instance", DBInstanceIdentifier="reverse", DBInstanceClass="db.m6g.large",
            ApplyImmediately=False)
        rds("describe_db_instances", DBInstanceIdentifier="reverse")
        self.settled("reverse")
        rds("reboot_db_instance", DBInstanceIdentifier="reverse")
        self.settled("reverse")
        rds("create_db_instance_read_replica", DBInstanceIdentifier="reverse-replica",
            SourceDBInstanceIdentifier="reverse", DBInstanceClass="db.t3.small")
        self.settled("reverse-replica")
        self.settled("reverse")
        rds("describe_db_instances")
        rds("describe_pending_maintenance_actions")
        rds("describe_db_engine_versions", Engine="postgres", EngineVersion="16.10")
        self.proxy()
        rds("create_db_snapshot", DBInstanceIdentifier="reverse",
            DBSnapshotIdentifier="reverse-one")
        rds("describe_db_snapshots", SnapshotType="manual")
        self.settled("reverse")
        for name in ("reverse-replica", "reverse"):
            rds("delete_db_instance", DBInstanceIdentifier=name, SkipFinalSnapshot=True)
            self.until(lambda: not [i for i in self.client("rds").describe_db_instances()[
                "DBInstances"] if i["DBInstanceIdentifier"] == name])
        rds("delete_db_parameter_group", DBParameterGroupName="reverse")
        rds("delete_db_subnet_group", DBSubnetGroupName="reverse")
        self.refused("rds", "describe_db_instances", DBInstanceIdentifier="missing")
        self.refused("rds", "describe_db_subnet_groups", DBSubnetGroupName="missing")
        self.refused("rds", "describe_db_parameter_groups", DBParameterGroupName="missing")
        self.refused("rds", "describe_db_proxies", DBProxyName="missing")
        self.refused("rds", "delete_db_instance", DBInstanceIdentifier="missing",
                     SkipFinalSnapshot=True)

    def proxy(self):
        """RDS Proxy, in front of the instance that is there."""
        rds = lambda operation, **arguments: self.call("rds", operation, **arguments)
        secret = self.call("secretsmanager", "create_secret", Name="reverse/proxy",
                           SecretString='{"username":"app","password":"none"}')["ARN"]
        role = self.client("iam").get_role(RoleName="conformance-proxy")["Role"]["Arn"]
        rds("create_db_proxy", DBProxyName="reverse", EngineFamily="POSTGRESQL", RoleArn=role,
            Auth=[{"AuthScheme": "SECRETS", "SecretArn": secret, "IAMAuth": "REQUIRED"}],
            VpcSubnetIds=self.world["subnets"][:2], RequireTLS=True, IdleClientTimeout=1800)
        ready = lambda: self.client("rds").describe_db_proxies(DBProxyName="reverse")[
            "DBProxies"][0]["Status"] == "available"
        self.until(ready)
        rds("modify_db_proxy", DBProxyName="reverse", IdleClientTimeout=1200)
        self.until(ready)
        rds("modify_db_proxy_target_group", DBProxyName="reverse", TargetGroupName="default",
            ConnectionPoolConfig={"MaxConnectionsPercent": 80})
        rds("register_db_proxy_targets", DBProxyName="reverse",
            DBInstanceIdentifiers=["reverse"])
        for operation in ("describe_db_proxies", "describe_db_proxy_target_groups",
                          "describe_db_proxy_targets"):
            rds(operation, DBProxyName="reverse")
        rds("deregister_db_proxy_targets", DBProxyName="reverse",
            DBInstanceIdentifiers=["reverse"])
        rds("delete_db_proxy", DBProxyName="reverse")

    def secrets(self):
        """Secrets Manager."""
        call = lambda operation, **arguments: self.call("secretsmanager", operation, **arguments)
        tags = [{"Key": "k", "Value": "v"}]
        call("create_secret", Name="reverse/one", SecretString="one", Tags=tags)
        self.refused("secretsmanager", "create_secret", Name="reverse/one", SecretString="two")
        call("describe_secret", SecretId="reverse/one")
        call("list_secrets", Filters=[{"Key": "name", "Values": ["reverse/one"]}])
        call("put_secret_value", SecretId="reverse/one", SecretString="two")
        got = call("get_secret_value", SecretId="reverse/one")
        assert got["SecretString"] == "two"
        call("tag_resource", SecretId="reverse/one", Tags=[{"Key": "l", "Value": "w"}])
        call("untag_resource", SecretId="reverse/one", TagKeys=["l"])
        call("delete_secret", SecretId="reverse/one", RecoveryWindowInDays=7)
        call("restore_secret", SecretId="reverse/one")
        self.refused("secretsmanager", "describe_secret", SecretId="missing")

    def alarms(self):
        """CloudWatch, by the protocol that boto3 picks."""
        call = lambda operation, **arguments: self.call("cloudwatch", operation, **arguments)
        call("put_metric_alarm", AlarmName="reverse", Namespace="AWS/RDS", Statistic="Average",
             MetricName="CPUUtilization", Period=300, EvaluationPeriods=2, Threshold=80.0,
             ComparisonOperator="GreaterThanThreshold", AlarmActions=[self.world["topic"]],
             Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "reverse"}],
             TreatMissingData="missing", Tags=[{"Key": "k", "Value": "v"}])
        alarm = call("describe_alarms", AlarmNames=["reverse"])["MetricAlarms"][0]
        call("list_tags_for_resource", ResourceARN=alarm["AlarmArn"])
        call("disable_alarm_actions", AlarmNames=["reverse"])
        call("set_alarm_state", AlarmName="reverse", StateValue="ALARM", StateReason="trial")
        call("describe_alarms")
        call("delete_alarms", AlarmNames=["reverse"])

    def rest(self):
        """What a spec refers to."""
        self.call("sts", "get_caller_identity")
        self.call("iam", "get_role", RoleName="conformance-monitoring")
        self.call("iam", "list_attached_role_policies", RoleName="conformance-monitoring")
        self.call("sns", "get_topic_attributes", TopicArn=self.world["topic"])
        self.call("sns", "list_topics")
        self.call("kms", "describe_key", KeyId="alias/conformance")
        self.call("kms", "list_aliases")
        self.refused("iam", "get_role", RoleName="missing")
        self.refused("kms", "describe_key", KeyId="alias/missing")
        self.refused("sns", "get_topic_attributes",
                     TopicArn=self.world["topic"] + "-missing")

    def travel(self):
        """All calls."""
        for part in (self.network, self.database, self.secrets, self.alarms, self.rest):
            part()
        return self


def compare(checks, pgward, home):
    """Both servers, the same calls, and the AWS CLI against the sandbox."""
    with harness.ministack(home) as other, harness.sandbox(home, pgward) as ours:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            tours = [pool.submit(lambda server=s: Tour(server).travel()) for s in (ours, other)]
            sandbox, ministack = (tour.result() for tour in tours)
        unused = dict.fromkeys(differences.LISTED)
        for name in sorted(ministack.shapes):
            one, two = sandbox.shapes[name], ministack.shapes[name]
            unlisted = [f"only the sandbox has {path}" for path in sorted(one - two)
                        if not differences.known(unused, name, path, "sandbox")]
            unlisted += [f"only ministack has {path}" for path in sorted(two - one)
                         if not differences.known(unused, name, path, "ministack")]
            checks.same(f"shape of {name}", unlisted, [])
        for name in sorted(ministack.codes):
            one, two = sandbox.codes[name], ministack.codes[name]
            known = one == two or differences.known(unused, name, f"{one} {two}", "code")
            checks.that(f"refusal of {name} is {one}", known, f"ministack: {two}")
        checks.same("differences listed and not met", sorted(map(str, unused)), [])
        command_line(checks, ours, home)


def command_line(checks, server, home):
    """AWS CLI version 1: list, create, change, delete."""
    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", server.url,
                   "--region", harness.REGION, "--output", "json", *arguments]
        return harness.run(command, home)

    created = [
        ("secretsmanager", "create-secret", "--name", "cli/one", "--secret-string", "x"),
        ("cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--namespace", "AWS/RDS",
         "--metric-name", "CPUUtilization", "--statistic", "Average", "--period", "300",
         "--evaluation-periods", "1", "--threshold", "80", "--comparison-operator",
         "GreaterThanThreshold"),
        ("rds", "create-db-parameter-group", "--db-parameter-group-name", "cli",
         "--db-parameter-group-family", "postgres16", "--description", "cli"),
    ]
    changed = [
        ("rds", "modify-db-parameter-group", "--db-parameter-group-name", "cli", "--parameters",
         "ParameterName=work_mem,ParameterValue=4096,ApplyMethod=immediate"),
        ("secretsmanager", "put-secret-value", "--secret-id", "cli/one", "--secret-string", "y"),
        ("cloudwatch", "disable-alarm-actions", "--alarm-names", "cli"),
    ]
    listed = [
        ("rds", "describe-db-parameters", "--db-parameter-group-name", "cli", "--source", "user"),
        ("secretsmanager", "get-secret-value", "--secret-id", "cli/one"),
        ("cloudwatch", "describe-alarms", "--alarm-names", "cli"),
        ("rds", "describe-db-instances"),
        ("ec2", "describe-security-groups"),
        ("sts", "get-caller-identity"),
    ]
    deleted = [
        ("rds", "delete-db-parameter-group", "--db-parameter-group-name", "cli"),
        ("secretsmanager", "delete-secret", "--secret-id", "cli/one",
         "--force-delete-without-recovery"),
        ("cloudwatch", "delete-alarms", "--alarm-names", "cli"),
    ]
    answers = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for batch in (created, changed, listed, deleted):
            done = list(pool.map(lambda command: aws(*command), batch))
            for command, answer in zip(batch, done):
                answers[command[1]] = answer
                checks.that(f"aws {command[0]} {command[1]}", answer.code == 0, answer.text)
    parameters = answers["describe-db-parameters"].json.get("Parameters", [])
    found = [(row["ParameterName"], row["ParameterValue"]) for row in parameters]
    checks.same("the CLI reads back a parameter", found, [("work_mem", "4096")])
    secret = answers["get-secret-value"].json.get("SecretString")
    checks.same("the CLI reads back a secret", secret, "y")
    alarm = answers["describe-alarms"].json.get("MetricAlarms", [{}])[0]
    checks.same("the CLI reads back an alarm", alarm.get("ActionsEnabled"), False)
