"""Every known fault of an emulator, by name, with its reason and what is done about it.

`mended`: our wrapper replaces it before the emulator starts (moto_server.py,
ministack_server.py). `tolerated`: one assertion of journey.py takes the emulator's answer
instead of AWS's. What is not here is not tolerated.
"""

from collections import namedtuple

Fault = namedtuple("Fault", "name emulator remedy reason")

FAULTS = [
    Fault("moto-cloudwatch-speaks-no-cbor", "moto", "mended",
          "answers rpc-v2-cbor with an HTML page; it is translated to the JSON that moto speaks"),
    Fault("moto-modify-subnet-group-loses-it", "moto", "mended",
          "ModifyDBSubnetGroup takes the group out of its list and does not put it back"),
    Fault("moto-unknown-parameter-group-is-empty", "moto", "mended",
          "DescribeDBParameterGroups of an unknown name answers an empty list"),
    Fault("moto-parameter-rows-are-bare", "moto", "mended",
          "DescribeDBParameters has no Source, ApplyType, IsModifiable and ignores the filter"),
    Fault("moto-lacks-reset-parameter-group", "moto", "mended",
          "ResetDBParameterGroup answers an HTML page"),
    Fault("moto-lacks-engine-default-parameters", "moto", "mended",
          "DescribeEngineDefaultParameters answers an HTML page"),
    Fault("moto-touching-windows-overlap", "moto", "mended",
          "refuses a maintenance window that begins when the backup window ends"),
    Fault("moto-create-instance-drops-options", "moto", "mended",
          "CreateDBInstance forgets monitoring, insights, network type; one DbiResourceId for all"),
    Fault("moto-modify-instance-drops-options", "moto", "mended",
          "ModifyDBInstance forgets insights, port, throughput with gp3; lists logs twice"),
    Fault("moto-replica-shares-its-source", "moto", "mended",
          "a replica is a shallow copy: its log exports, tags, protection are the source's"),
    Fault("moto-lacks-pending-maintenance", "moto", "mended",
          "DescribePendingMaintenanceActions answers an HTML page"),
    Fault("moto-lacks-engine-versions", "moto", "mended",
          "DescribeDBEngineVersions answers an HTML page"),
    Fault("moto-lacks-orderable-options", "moto", "mended",
          "DescribeOrderableDBInstanceOptions is empty for postgres"),
    Fault("moto-lacks-modify-proxy", "moto", "mended",
          "ModifyDBProxy answers an HTML page"),
    Fault("moto-missing-proxy-is-an-html-page", "moto", "mended",
          "target groups and targets of a proxy that is not there answer an HTML page"),
    Fault("moto-get-resources-misses-groups", "moto", "mended",
          "GetResources leaves out DB subnet groups and parameter groups"),
    Fault("moto-conditional-writes-race", "moto", "mended",
          "PutObject looks at its condition and writes later: two of many threads can both win"),
    Fault("moto-asks-about-no-resource", "moto", "mended",
          "authorizes actions on `*` without conditions and refuses in one form for all protocols; "
          "judge.py asks what AWS asks"),
    Fault("moto-lacks-simulation-and-quotas", "moto", "mended",
          "SimulatePrincipalPolicy and DescribeAccountAttributes answer an HTML page"),
    Fault("ministack-family-lacks-engine", "ministack", "mended",
          "DescribeDBEngineVersions calls the family of PostgreSQL 16 `16`, not `postgres16`"),
    Fault("ministack-offers-old-classes", "ministack", "mended",
          "DescribeOrderableDBInstanceOptions knows ten old classes and no gp3"),
    Fault("ministack-instance-drops-options", "ministack", "mended",
          "log exports, insights, port, throughput, minor upgrades; an alias stays an alias"),
    Fault("ministack-ignores-group-id", "ministack", "mended",
          "DescribeSecurityGroups answers all groups to the filter group-id"),
    Fault("ministack-lacks-rule-descriptions", "ministack", "mended",
          "UpdateSecurityGroupRuleDescriptionsIngress is an unknown action"),
    Fault("ministack-replica-is-its-source", "ministack", "mended",
          "a replica has the class, protection, Multi-AZ, backups and logs of its source"),
]


def by_name(name):
    """The fault of a name; a mistake in a name is a failure of the suite."""
    found = [fault for fault in FAULTS if fault.name == name]
    assert len(found) == 1, f"no fault is named {name}"
    return found[0]


def mended(emulator, name):
    """Says that a wrapper mends a fault that has no function of its own."""
    fault = by_name(name)
    assert (fault.emulator, fault.remedy) == (emulator, "mended"), name


def tolerated(emulator, name):
    """Whether an assertion may take the emulator's answer: only for a listed fault."""
    fault = by_name(name)
    assert fault.remedy == "tolerated", name
    return fault.emulator == emulator
