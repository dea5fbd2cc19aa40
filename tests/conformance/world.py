"""What stands in the account before pgward comes, and the spec that refers to it."""

import json

from harness import ACCOUNT, REGION

PROJECT = "conformance"
NAME = f"{PROJECT}-prod"


def trust(service):
    """A trust policy for an AWS service."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def prepare(server):
    """Makes VPC, subnets, an application's security group, roles, topic and key."""
    ec2, iam = server.client("ec2"), server.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    subnets = []
    for number, letter in enumerate("abc"):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"{REGION}{letter}"
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        subnets.append(subnet)
    application = ec2.create_security_group(
        GroupName="application", Description="application servers", VpcId=vpc
    )["GroupId"]
    roles = {
        "conformance-monitoring": "monitoring.rds.amazonaws.com",
        "conformance-proxy": "rds.amazonaws.com",
    }
    for role, service in roles.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(service))
    iam.attach_role_policy(
        RoleName="conformance-monitoring",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    )
    topic = server.client("sns").create_topic(Name="conformance-oncall")["TopicArn"]
    kms = server.client("kms")
    key = kms.create_key(Description="conformance")["KeyMetadata"]
    kms.create_alias(AliasName="alias/conformance", TargetKeyId=key["KeyId"])
    return {
        "vpc": vpc, "subnets": subnets, "application": application, "topic": topic,
        "key": key["Arn"],
    }


BASE = """\
# Shared by the environments of the conformance suite.

language = 1

[project]
name   = "@project"
region = "@region"

[tags]
Project     = "Conformance"
Environment = "{environment}"

[postgres]
version            = "16"
port               = 5432
iam_authentication = true

[parameters]
shared_buffers               = "25% of memory"
effective_cache_size         = "75% of memory"
work_mem                     = "32MB"
maintenance_work_mem         = "512MB"
wal_buffers                  = "16MB"
checkpoint_completion_target = 0.9
default_statistics_target    = 100
random_page_cost             = 1.1
max_connections              = 200
log_min_duration_statement   = "1s"
log_statement                = "ddl"
"rds.force_ssl"              = true
ssl_min_protocol_version     = "TLSv1.2"

[backup]
window    = "02:00-03:00 UTC"
retention = "7 days"
copy_tags = true

[maintenance]
window         = "Sun 03:00-04:00 UTC"
minor_upgrades = true

[monitoring]
enhanced = "30 s"
role     = "conformance-monitoring"
insights = "7 days"
logs     = ["postgresql", "upgrade"]

[secret.master]
name     = "conformance/{environment}/postgres"
username = "conformance_admin"
source   = "generate"

[secret.app]
name     = "conformance/{environment}/app"
username = "app_user"
source   = "generate"

[secret.reporting]
name     = "conformance/{environment}/reporting"
username = "reporting_user"
source   = "generate"

[alarm.cpu-high]
metric = "CPUUtilization"
above  = "80%"
for    = "10 min"

[alarm.disk-low]
metric = "FreeStorageSpace"
below  = "10 GiB"
for    = "5 min"

[alarm.connections-high]
metric = "DatabaseConnections"
above  = 150
for    = "3 min"

[policy]
disruptive = "now"
allow      = ["online", "degraded", "reboot"]
"""

PROD = """\
extends     = "base.toml"
environment = "prod"
account     = "@account"

[network]
vpc            = "@vpc"
subnets        = ["@subnet0", "@subnet1"]
subnet_group   = "conformance-prod-subnets"
security_group = "conformance-prod-db"

[access.app-servers]
from        = "@application"
description = "application servers"

[access.admin-host]
from        = "10.20.1.100/32"
description = "psql from the admin host"

[instance]
class               = "db.t3.medium"
multi_az            = true
public              = false
deletion_protection = true

[storage]
type       = "gp3"
size       = "100 GiB"
grow_to    = "1000 GiB"
encryption = "alias/conformance"

[replica.reporting]
class = "db.t3.small"

[proxy]
name                = "conformance-prod-proxy"
role                = "conformance-proxy"
secrets             = ["app", "reporting"]
iam                 = "required"
require_tls         = true
idle_client_timeout = "30 min"

[topic.oncall]
arn = "@topic"

[alarm.replica-lag]
on     = "replica.reporting"
metric = "ReplicaLag"
above  = "5 s"
for    = "5 min"
"""

# The second version: what a reviewer lets through in one pull request.
CHANGES = [
    ("retention = \"7 days\"", "retention = \"14 days\""),
    ("work_mem                     = \"32MB\"", "work_mem                     = \"16MB\""),
    ("random_page_cost             = 1.1\n", ""),
    ("above  = 150", "above  = 120"),
    ("class               = \"db.t3.medium\"", "class               = \"db.m6g.large\""),
    ("size       = \"100 GiB\"", "size       = \"150 GiB\""),
    ("enhanced = \"30 s\"", "enhanced = \"60 s\""),
    ("logs     = [\"postgresql\", \"upgrade\"]", "logs     = [\"postgresql\"]"),
    ("description = \"psql from the admin host\"", "description = \"the admin host\""),
    ("idle_client_timeout = \"30 min\"", "idle_client_timeout = \"20 min\""),
    ("[instance]\n",
     "[access.batch]\nfrom        = \"10.20.2.0/24\"\ndescription = \"batch jobs\"\n\n"
     "[instance]\n"),
    ("Project     = \"Conformance\"", "Project     = \"Conformance\"\nTeam        = \"platform\""),
]

# The third: one more subnet. RDS fixes the subnets of a proxy, so the proxy is replaced.
WIDER = CHANGES + [
    ("subnets        = [\"@subnet0\", \"@subnet1\"]",
     "subnets        = [\"@subnet0\", \"@subnet1\", \"@subnet2\"]"),
]

# The fourth: protection is off, so that the environment can be destroyed.
UNPROTECTED = WIDER + [("deletion_protection = true", "deletion_protection = false")]


def write(folder, world, changes=()):
    """Writes base.toml and prod.toml with the ids of this world; every change must fit."""
    texts = {"base.toml": BASE, "prod.toml": PROD}
    for old, new in changes:
        hit = [name for name, text in texts.items() if old in text]
        assert len(hit) == 1, f"{old!r} is in {hit}"
        texts[hit[0]] = texts[hit[0]].replace(old, new)
    values = {
        "@project": PROJECT, "@region": REGION, "@account": ACCOUNT, "@vpc": world["vpc"],
        "@application": world["application"], "@topic": world["topic"],
    }
    values.update({f"@subnet{i}": subnet for i, subnet in enumerate(world["subnets"])})
    specs = folder / "specs"
    specs.mkdir(exist_ok=True)
    for name, text in texts.items():
        for mark, value in values.items():
            text = text.replace(mark, value)
        (specs / name).write_text(text, encoding="utf-8")
