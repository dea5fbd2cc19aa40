"""Where answers of the sandbox and of ministack differ, by name, with the reason.

Each entry is (operation or service, side, part of the path): reason. The side says who has the
path: `sandbox`, `ministack`; or `code` for the code of a refusal, as `ours theirs`.
"""

ABSENT = "AWS answers it; ministack does not"
EARLY = "AWS knows it only when the instance exists; ministack makes instances at once"
INVENTED = "AWS leaves it out where it does not apply; ministack always answers it"
UNUSED = "AWS answers it and nothing here reads it, so the sandbox leaves it out"

LISTED = {
    # CloudWatch, EC2, KMS.
    ("cloudwatch", "sandbox", "MetricAlarms[].StateTransitionedTimestamp"): ABSENT,
    ("ec2", "sandbox", "SecurityGroups[].SecurityGroupArn"): ABSENT,
    ("ec2", "sandbox", "RevokedSecurityGroupRules[]."): ABSENT,
    ("ec2", "sandbox", "Subnets[].MapCustomerOwnedIpOnLaunch"): ABSENT,
    ("ec2", "ministack", "Subnets[].EnableDns64"): UNUSED,
    ("ec2", "ministack", "Subnets[].PrivateDnsNameOptionsOnLaunch"): UNUSED,
    ("ec2.authorize_security_group_ingress GroupId", "code",
     "InvalidPermission.Duplicate accepted"):
        "ministack takes a rule that is there already, for Terraform's sake; AWS refuses it",
    ("kms", "sandbox", "KeyMetadata.AWSAccountId"): ABSENT,
    ("kms", "ministack", "KeyMetadata.CurrentKeyMaterialId"): UNUSED,
    # Secrets Manager.
    ("secretsmanager", "ministack", "RotationEnabled"):
        "AWS leaves it out until rotation was set once",
    # RDS: instances.
    ("rds", "sandbox", ".ActivityStreamStatus"): ABSENT,
    ("rds", "sandbox", ".DBSubnetGroup.SupportedNetworkTypes[]"): ABSENT,
    ("rds", "sandbox", ".DatabaseInsightsMode"): ABSENT,
    ("rds", "sandbox", ".DedicatedLogVolume"): ABSENT,
    ("rds", "sandbox", ".EngineLifecycleSupport"): ABSENT,
    ("rds", "sandbox", ".Iops"): "AWS answers what gp3 brings by itself; ministack does not",
    ("rds", "sandbox", ".SecondaryAvailabilityZone"): ABSENT,
    ("rds", "sandbox", ".StatusInfos[]"): "AWS answers how replication does; ministack does not",
    ("rds", "sandbox", ".StorageEncryptionType"): ABSENT,
    ("rds", "ministack", ".DBName"): "ministack makes a database `mydb` that nobody asked for",
    ("rds", "ministack", ".PerformanceInsightsRetentionPeriod"): INVENTED,
    ("rds", "ministack", ".PromotionTier"): INVENTED,
    ("rds.create", "ministack", "DBInstance.AvailabilityZone"): EARLY,
    ("rds.create", "ministack", "DBInstance.CertificateDetails"): EARLY,
    ("rds.create", "ministack", "DBInstance.Endpoint"): EARLY,
    ("rds.create", "ministack", "DBInstance.InstanceCreateTime"): EARLY,
    ("rds.create", "ministack", "DBInstance.LatestRestorableTime"): EARLY,
    ("rds.create_db_instance_read_replica", "ministack", "PendingModifiedValues"):
        "a replica of ministack is a copy of its source, with what waits there",
    ("rds.delete_db_instance", "ministack", "ReadReplicaDBInstanceIdentifiers[]"):
        "ministack keeps the name of a replica that is deleted",
    # RDS: everything else.
    ("rds", "sandbox", ".Auth[].ClientPasswordAuthType"): ABSENT,
    ("rds", "sandbox", ".DefaultAuthScheme"): ABSENT,
    ("rds", "sandbox", ".VpcSecurityGroupIds[]"):
        "AWS takes the VPC's default group if none is given; ministack takes none",
    ("rds", "ministack", ".TargetArn"): "AWS answers it for clusters only",
    ("rds", "sandbox", ".OptionGroupName"): ABSENT,
    ("rds", "sandbox", ".StorageThroughput"): ABSENT,
    ("rds", "ministack", ".SnapshotDatabaseTime"): UNUSED,
    ("rds", "ministack", ".SnapshotTarget"): UNUSED,
    ("rds.describe_db_parameters", "sandbox", "Parameters[].AllowedValues"): ABSENT,
    ("rds.describe_pending_maintenance_actions", "sandbox", "PendingMaintenanceActions[]"):
        "an instance of the sandbox soon has an update of its system; ministack never has",
    ("rds.describe_db_engine_versions", "sandbox", "DBEngineVersions[]"):
        "ministack does not know the version 16.10, which it makes instances of",
}


def known(unused, operation, path, side):
    """Whether a difference is listed; strikes its entry off the unused ones."""
    for entry in LISTED:
        where, who, part = entry
        if who == side and operation.startswith(where) and part in path:
            unused.pop(entry, None)
            return True
    return False
