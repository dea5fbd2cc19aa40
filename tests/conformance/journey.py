"""pgward against one server: create, nothing to do, change, drift, put right, destroy."""

import world
from harness import ROOT, run


class Journey:
    """One environment, one server, one folder."""

    def __init__(self, checks, server, pgward, home):
        self.checks = checks
        self.server = server
        self.pgward = pgward
        self.home = home
        self.world = None
        self.calls = set()

    def call(self, *arguments):
        """Runs pgward against the server; no emulator needs half a minute for a resource."""
        if arguments[0] in ("apply", "destroy"):
            arguments += ("--timeout", "30s")
        command = [self.pgward, "--endpoint-url", self.server.url, "--verbose", *arguments]
        answer = run(command, self.home)
        self.calls.update(answer.calls)
        return answer

    def code(self, name, answer, wanted):
        """Checks an exit code, showing everything if it is another."""
        return self.checks.that(f"{name} exits {wanted}", answer.code == wanted, answer.text)

    def verdict(self, name, wanted):
        """Plans and checks the verdict; answers the document."""
        answer = self.call("plan", "prod", "--json")
        document = answer.json
        found = document.get("verdict")
        changed = [change.get("path") for change in document.get("changes", [])]
        self.checks.that(
            f"{name}: verdict {wanted}",
            answer.code == 0 and found == wanted,
            f"verdict {found}, exit {answer.code}, changes {changed}, "
            f"unread {document.get('live', {}).get('unread')}\n{answer.err[-2000:]}",
        )
        return document

    def travel(self):
        """The whole way; a stage that can't be left ends it, for the next would only repeat it."""
        self.checks.group = self.server.name
        self.world = world.prepare(self.server)
        world.write(self.home, self.world)
        stages = (self.create, self.change, self.widen, self.drift, self.put_right,
                  self.destroy)
        for stage in stages:
            if not stage():
                self.checks.that(f"{stage.__name__} ends well", False)
                return
        listed = (ROOT / "docs/reference/permissions.md").read_text(encoding="utf-8")
        missing = sorted(action for action in self.calls if f"`{action}`" not in listed
                         and f'"{action}"' not in listed)
        self.checks.that("calls were seen", len(self.calls) > 20, sorted(self.calls))
        self.checks.same("docs/reference/permissions.md lists every call", missing, [])

    def create(self):
        """From nothing to everything, then nothing to do."""
        self.code("check", self.call("check", "prod"), 0)
        document = self.verdict("plan of a new environment", "ready")
        verbs = {change.get("action") for change in document.get("changes", [])}
        self.checks.same("a new environment is only created", verbs, {"create"})
        done = self.call("apply", "prod", "--yes")
        if not self.code("apply", done, 0):
            return False
        self.verdict("plan after apply", "no_changes")
        self.code("plan --exit-code after apply", self.call("plan", "prod", "--exit-code"), 0)
        self.code("drift after apply", self.call("drift", "prod"), 0)
        self.seen_from_outside()
        outputs = self.call("output", "prod")
        self.code("output", outputs, 0)
        self.checks.that("output names the endpoint",
                         f"{world.NAME}." in outputs.out or "127.0.0.1" in outputs.out,
                         outputs.text)
        self.code("destroy of a protected environment",
                  self.call("destroy", "prod", "--confirm", f"{world.PROJECT}/prod"), 3)
        return True

    def seen_from_outside(self):
        """What boto3 reads is what the spec says."""
        same = self.checks.same
        instance = self.instance(world.NAME)
        wanted = {
            "DBInstanceClass": "db.t3.medium", "AllocatedStorage": 100, "StorageType": "gp3",
            "MultiAZ": True, "PubliclyAccessible": False, "DeletionProtection": True,
            "BackupRetentionPeriod": 7, "StorageEncrypted": True, "MonitoringInterval": 30,
            "MaxAllocatedStorage": 1000, "IAMDatabaseAuthenticationEnabled": True,
            "CopyTagsToSnapshot": True, "KmsKeyId": self.world["key"],
        }
        same("instance as boto3 sees it", {k: instance.get(k) for k in wanted}, wanted)
        tags = {tag["Key"]: tag["Value"] for tag in instance["TagList"]}
        wanted = {
            "pgward:project": world.PROJECT, "pgward:environment": "prod",
            "pgward:address": "instance", "Project": "Conformance", "Environment": "prod",
        }
        same("tags as boto3 sees them", {k: tags.get(k) for k in wanted}, wanted)
        replicas = instance["ReadReplicaDBInstanceIdentifiers"]
        same("replica as boto3 sees it", replicas, [f"{world.NAME}-reporting"])
        rds = self.server.client("rds")
        group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
        found = {row["ParameterName"]: row.get("ParameterValue") for row in self.parameters(group)}
        wanted = {
            "work_mem": "32768", "maintenance_work_mem": "524288", "wal_buffers": "2048",
            "log_min_duration_statement": "1000", "rds.force_ssl": "1",
        }
        same("parameters in RDS's units", {k: found.get(k) for k in wanted}, wanted)
        targets = rds.describe_db_proxy_targets(DBProxyName="conformance-prod-proxy")["Targets"]
        same("proxy target", [t["RdsResourceId"] for t in targets], [world.NAME])
        alarms = {alarm["MetricName"]: alarm for alarm in self.alarms()}
        found = {name: alarm["Threshold"] for name, alarm in alarms.items()}
        wanted = {"CPUUtilization": 80.0, "FreeStorageSpace": 10.0 * 1024**3,
                  "DatabaseConnections": 150.0, "ReplicaLag": 5.0}
        same("alarms in CloudWatch's units", found, wanted)
        rules = self.rules()
        # The proxy reaches the instance through the group that both are in.
        own = self.group()["GroupId"]
        wanted = {("10.20.1.100/32", 5432), (self.world["application"], 5432), (own, 5432)}
        same("rules", rules, wanted)

    def change(self):
        """Several values in several places, and nothing to do afterwards."""
        world.write(self.home, self.world, world.CHANGES)
        document = self.verdict("plan of a change with downtime", "needs_allow")
        paths = {change.get("path", "") for change in document.get("changes", [])}
        for wanted in ("instance.class", "backup.retention", "parameters.work_mem",
                       "parameters.random_page_cost", "alarm.connections-high.above",
                       "access.batch", "access.admin-host", "storage.size",
                       "monitoring.enhanced", "monitoring.logs", "proxy.idle_client_timeout", "tags.Team"):
            near = [path for path in paths if path.startswith(wanted)]
            self.checks.that(f"plan names {wanted}", near, sorted(paths))
        self.code("apply without --allow", self.call("apply", "prod", "--yes"), 3)
        done = self.call("apply", "prod", "--yes", "--allow", "downtime")
        if not self.code("apply --allow downtime", done, 0):
            return False
        self.verdict("plan after the change", "no_changes")
        instance = self.instance(world.NAME)
        wanted = {
            "DBInstanceClass": "db.m6g.large", "BackupRetentionPeriod": 14,
            "AllocatedStorage": 150, "MonitoringInterval": 60,
            "EnabledCloudwatchLogsExports": ["postgresql"],
        }
        found = {k: instance.get(k) for k in wanted}
        self.checks.same("instance after the change", found, wanted)
        group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
        rows = {row["ParameterName"]: row for row in self.parameters(group)}
        self.checks.same("parameter changed", rows["work_mem"].get("ParameterValue"), "16384")
        dropped = rows.get("random_page_cost", {}).get("Source", "engine-default")
        self.checks.same("parameter reset", dropped, "engine-default")
        self.checks.that("rule added", ("10.20.2.0/24", 5432) in self.rules(), self.rules())
        return True

    def widen(self):
        """One more subnet: the subnet group takes it, and the proxy stays as it is."""
        world.write(self.home, self.world, world.WIDER)
        before = self.proxy_subnets()
        document = self.verdict("plan with a third subnet", "ready")
        found = {c.get("path"): c.get("action") for c in document.get("changes", [])}
        wanted = {"network.subnets": "update"}
        self.checks.same("plan with a third subnet", found, wanted)
        done = self.call("apply", "prod", "--yes")
        if not self.code("apply of the third subnet", done, 0):
            return False
        self.verdict("plan after the third subnet", "no_changes")
        rds = self.server.client("rds")
        group = rds.describe_db_subnet_groups(DBSubnetGroupName="conformance-prod-subnets")
        found = {s["SubnetIdentifier"] for s in group["DBSubnetGroups"][0]["Subnets"]}
        self.checks.same("subnets of the group", found, set(self.world["subnets"]))
        self.checks.same("subnets of the proxy", self.proxy_subnets(), before)
        return True

    def proxy_subnets(self):
        rds = self.server.client("rds")
        proxy = rds.describe_db_proxies(DBProxyName="conformance-prod-proxy")["DBProxies"][0]
        return set(proxy["VpcSubnetIds"])

    def drift(self):
        """What boto3 changes is found and named, and the rest is not."""
        cloudwatch, ec2 = self.server.client("cloudwatch"), self.server.client("ec2")
        alarm = next(a for a in self.alarms() if a["MetricName"] == "CPUUtilization")
        kept = ("AlarmName", "AlarmDescription", "ActionsEnabled", "AlarmActions", "OKActions",
                "MetricName", "Namespace", "Statistic", "Dimensions", "Period",
                "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator",
                "TreatMissingData")
        again = {key: alarm[key] for key in kept if key in alarm}
        cloudwatch.put_metric_alarm(Threshold=95.0, **again)
        ec2.authorize_security_group_ingress(
            GroupId=self.group()["GroupId"],
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
                            "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}],
        )
        name = self.instance(world.NAME)["DBParameterGroups"][0]["DBParameterGroupName"]
        self.server.client("rds").modify_db_parameter_group(
            DBParameterGroupName=name,
            Parameters=[{"ParameterName": "work_mem", "ParameterValue": "65536",
                         "ApplyMethod": "immediate"}],
        )
        found = self.call("drift", "prod", "--json")
        self.code("drift made by boto3", found, 2)
        items = found.json.get("drift", [])
        outside = [item for item in items if item.get("class") == "outside"]
        named = {str(item.get("path") or item.get("address")) for item in outside}
        wanted = {"alarm.cpu-high": False, "access": False, "parameters.work_mem": False}
        for path in named:
            for start in wanted:
                wanted[start] |= path.startswith(start)
        self.checks.that("drift names the three", all(wanted.values()), (sorted(named), found.text))
        strange = [path for path in named if not path.startswith(tuple(wanted))]
        self.checks.same("drift names nothing else", strange, [])
        return True

    def put_right(self):
        """Apply brings back what the spec says."""
        if not self.code("apply over the drift", self.call("apply", "prod", "--yes"), 0):
            return False
        self.verdict("plan after putting right", "no_changes")
        self.code("drift after putting right", self.call("drift", "prod"), 0)
        self.checks.that("the foreign rule is gone",
                         ("203.0.113.0/24", 5432) not in self.rules(), self.rules())
        alarm = next(a for a in self.alarms() if a["MetricName"] == "CPUUtilization")
        self.checks.same("the threshold is back", alarm["Threshold"], 80.0)
        return True

    def destroy(self):
        """Protection off, then everything of ours is gone and the rest untouched."""
        world.write(self.home, self.world, world.UNPROTECTED)
        if not self.code("apply that lifts protection", self.call("apply", "prod", "--yes"), 0):
            return False
        done = self.call("destroy", "prod", "--confirm", f"{world.PROJECT}/prod")
        if not self.code("destroy", done, 0):
            return False
        rds = self.server.client("rds")
        left = [i["DBInstanceIdentifier"] for i in rds.describe_db_instances()["DBInstances"]]
        left += [g["DBSubnetGroupName"] for g in rds.describe_db_subnet_groups()["DBSubnetGroups"]]
        left += [g["DBParameterGroupName"]
                 for g in rds.describe_db_parameter_groups()["DBParameterGroups"]]
        left += [p["DBProxyName"] for p in rds.describe_db_proxies()["DBProxies"]]
        left += [alarm["AlarmName"] for alarm in self.alarms()]
        left += ["security group" for group in [self.group()] if group]
        secrets = self.server.client("secretsmanager").list_secrets()["SecretList"]
        left += [secret["Name"] for secret in secrets if "DeletedDate" not in secret]
        left = [name for name in left if not name.startswith("default")]
        self.checks.same("nothing is left", left, [])
        manual = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        names = [s["DBSnapshotIdentifier"] for s in manual]
        self.checks.that("a final snapshot is kept",
                         len(names) == 1 and names[0].startswith(world.NAME), names)
        kept = self.server.client("ec2").describe_security_groups(
            GroupIds=[self.world["application"]])["SecurityGroups"]
        self.checks.same("the application's group is untouched", len(kept), 1)
        self.verdict("plan after destroy", "ready")
        return True

    def instance(self, name):
        """One instance as boto3 sees it."""
        rds = self.server.client("rds")
        return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    def parameters(self, group):
        """All rows of a parameter group."""
        pages = self.server.client("rds").get_paginator("describe_db_parameters")
        found = pages.paginate(DBParameterGroupName=group)
        return [row for page in found for row in page["Parameters"]]

    def alarms(self):
        """All alarms."""
        return self.server.client("cloudwatch").describe_alarms()["MetricAlarms"]

    def group(self):
        """Our security group, or nothing."""
        found = self.server.client("ec2").describe_security_groups(
            Filters=[{"Name": "group-name", "Values": ["conformance-prod-db"]}]
        )["SecurityGroups"]
        return found[0] if found else None

    def rules(self):
        """Where our group lets in, as (source, port)."""
        found = set()
        for permission in (self.group() or {}).get("IpPermissions", []):
            sources = [item["CidrIp"] for item in permission.get("IpRanges", [])]
            sources += [item["GroupId"] for item in permission.get("UserIdGroupPairs", [])]
            found |= {(source, permission.get("FromPort")) for source in sources}
        return found
