//! Calls that AWS refuses, with their codes.

use super::desk::{Desk, INSTANCE};

#[test]
fn instances_that_cannot_be_made() {
    let desk = Desk::new();
    for (member, value, code) in [
        ("DBInstanceIdentifier", "a--b", "InvalidParameterValue"),
        ("Engine", "mysql", "InvalidParameterValue"),
        ("EngineVersion", "16.4", "InvalidParameterCombination"),
        ("EngineVersion", "15", "InvalidParameterCombination"),
        ("DBInstanceClass", "db.m6g.huge", "InvalidParameterValue"),
        ("AllocatedStorage", "10", "InvalidParameterValue"),
        ("Iops", "3000", "InvalidParameterCombination"),
        ("MaxAllocatedStorage", "109", "InvalidParameterCombination"),
        ("MasterUsername", "admin", "InvalidParameterValue"),
        ("MasterUserPassword", "with/slash", "InvalidParameterValue"),
        ("MasterUserPassword", "short", "InvalidParameterValue"),
        (
            "ManageMasterUserPassword",
            "true",
            "InvalidParameterCombination",
        ),
        ("DBSubnetGroupName", "none", "DBSubnetGroupNotFoundFault"),
        ("DBParameterGroupName", "none", "DBParameterGroupNotFound"),
        (
            "VpcSecurityGroupIds.VpcSecurityGroupId.1",
            "sg-9",
            "InvalidParameterValue",
        ),
        ("BackupRetentionPeriod", "36", "InvalidParameterValue"),
        (
            "PreferredBackupWindow",
            "03:30-04:30",
            "InvalidParameterValue",
        ),
        (
            "PreferredMaintenanceWindow",
            "sun:03:00-sun:03:10",
            "InvalidParameterValue",
        ),
        ("KmsKeyId", "alias/prod", "InvalidParameterCombination"),
        ("MonitoringInterval", "60", "InvalidParameterCombination"),
        (
            "PerformanceInsightsRetentionPeriod",
            "7",
            "InvalidParameterCombination",
        ),
        (
            "DatabaseInsightsMode",
            "advanced",
            "InvalidParameterCombination",
        ),
        (
            "CACertificateIdentifier",
            "rds-ca-2019",
            "CertificateNotFound",
        ),
        ("Port", "80", "InvalidParameterValue"),
        (
            "EnableCloudwatchLogsExports.member.1",
            "audit",
            "InvalidParameterCombination",
        ),
    ] {
        let mut form: Vec<_> = INSTANCE
            .iter()
            .filter(|(name, _)| *name != member)
            .copied()
            .collect();
        form.push((member, value));
        assert_eq!(
            desk.refused("CreateDBInstance", &form),
            code,
            "{member} = {value}"
        );
    }
    assert!(
        !desk
            .done("DescribeDBInstances", &[])
            .contains("<DBInstance>")
    );
}

#[test]
fn changes_that_cannot_be_made() {
    let desk = Desk::with_instance();
    for (form, code) in [
        (vec![], "InvalidParameterCombination"),
        (
            vec![("DBInstanceClass", "db.m6g.large")],
            "InvalidParameterCombination",
        ),
        (
            vec![("AllowMajorVersionUpgrade", "true")],
            "InvalidParameterCombination",
        ),
        (
            vec![("AllocatedStorage", "99")],
            "InvalidParameterCombination",
        ),
        (
            vec![("AllocatedStorage", "105")],
            "InvalidParameterCombination",
        ),
        (
            vec![("AllocatedStorage", "400"), ("Iops", "3000")],
            "InvalidParameterCombination",
        ),
        (vec![("StorageType", "io1")], "InvalidParameterCombination"),
        (
            vec![("EngineVersion", "16.9")],
            "InvalidParameterCombination",
        ),
        (vec![("NetworkType", "DUAL")], "NetworkTypeNotSupported"),
        (
            vec![("NewDBInstanceIdentifier", "9")],
            "InvalidParameterValue",
        ),
        (
            vec![("RotateMasterUserPassword", "true")],
            "InvalidParameterCombination",
        ),
    ] {
        assert_eq!(desk.modify(&form).unwrap_err(), code, "{form:?}");
    }
    let unknown = desk.refused("ModifyDBInstance", &[("DBInstanceIdentifier", "none")]);
    assert_eq!(unknown, "DBInstanceNotFound");
}

#[test]
fn what_is_in_use_cannot_be_deleted() {
    let desk = Desk::with_instance();
    for (action, member, name, code) in [
        (
            "DeleteDBSubnetGroup",
            "DBSubnetGroupName",
            "net",
            "InvalidDBSubnetGroupStateFault",
        ),
        (
            "DeleteDBParameterGroup",
            "DBParameterGroupName",
            "values",
            "InvalidDBParameterGroupState",
        ),
        (
            "DeleteDBInstance",
            "DBInstanceIdentifier",
            "main",
            "InvalidParameterCombination",
        ),
        (
            "DeleteDBSubnetGroup",
            "DBSubnetGroupName",
            "none",
            "DBSubnetGroupNotFoundFault",
        ),
        (
            "DeleteDBParameterGroup",
            "DBParameterGroupName",
            "none",
            "DBParameterGroupNotFound",
        ),
        (
            "DeleteDBInstance",
            "DBInstanceIdentifier",
            "none",
            "DBInstanceNotFound",
        ),
        (
            "DeleteDBSnapshot",
            "DBSnapshotIdentifier",
            "none",
            "DBSnapshotNotFound",
        ),
        (
            "DeleteDBProxy",
            "DBProxyName",
            "none",
            "DBProxyNotFoundFault",
        ),
    ] {
        assert_eq!(
            desk.refused(action, &[(member, name)]),
            code,
            "{action} {name}"
        );
    }
    desk.modify(&[("DeletionProtection", "true")]).unwrap();
    let form = [
        ("DBInstanceIdentifier", "main"),
        ("SkipFinalSnapshot", "true"),
    ];
    assert_eq!(
        desk.refused("DeleteDBInstance", &form),
        "InvalidParameterCombination"
    );
}
