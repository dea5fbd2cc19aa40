//! Lives of instances, replicas, proxies and snapshots.

use super::desk::{Desk, INSTANCE, ROLE, element};

/// The statuses of an instance minute by minute, each once in a row.
fn course(desk: &Desk, name: &str, minutes: u64) -> Vec<String> {
    let mut seen = vec![desk.status(name)];
    for _ in 0..minutes {
        desk.wait(1);
        seen.push(desk.status(name));
    }
    seen.dedup();
    seen
}

#[test]
fn a_new_instance_is_created_backed_up_and_watched() {
    let desk = Desk::new();
    let mut form = INSTANCE.to_vec();
    form.extend([("MonitoringInterval", "60"), ("MonitoringRoleArn", ROLE)]);
    let answer = desk.done("CreateDBInstance", &form);
    assert_eq!(element(&answer, "DBInstanceIdentifier"), "main");
    assert_eq!(element(&answer, "Endpoint"), "");
    assert_eq!(
        course(&desk, "main", 20),
        [
            "creating",
            "backing-up",
            "configuring-enhanced-monitoring",
            "available"
        ]
    );
    assert!(element(&desk.instance("main"), "Address").starts_with("main.c"));
}

#[test]
fn a_reboot_brings_static_parameters() {
    let desk = Desk::with_instance();
    let status = || element(&desk.instance("main"), "ParameterApplyStatus");
    for (name, value, method, expected) in [
        ("work_mem", "32768", "immediate", "applying"),
        ("max_connections", "200", "pending-reboot", "pending-reboot"),
    ] {
        desk.done(
            "ModifyDBParameterGroup",
            &[
                ("DBParameterGroupName", "values"),
                ("Parameters.Parameter.1.ParameterName", name),
                ("Parameters.Parameter.1.ParameterValue", value),
                ("Parameters.Parameter.1.ApplyMethod", method),
            ],
        );
        assert_eq!(status(), expected);
        desk.wait(1);
    }
    assert_eq!(status(), "pending-reboot");
    desk.wait(60 * 24 * 8);
    assert_eq!(status(), "pending-reboot", "no window brings it");
    desk.done("RebootDBInstance", &[("DBInstanceIdentifier", "main")]);
    assert_eq!(course(&desk, "main", 2), ["rebooting", "available"]);
    assert_eq!(status(), "in-sync");
}

#[test]
fn too_large_buffers_keep_it_from_starting() {
    let desk = Desk::with_instance();
    let set = |value: &str| {
        desk.done(
            "ModifyDBParameterGroup",
            &[
                ("DBParameterGroupName", "values"),
                ("Parameters.Parameter.1.ParameterName", "shared_buffers"),
                ("Parameters.Parameter.1.ParameterValue", value),
                ("Parameters.Parameter.1.ApplyMethod", "pending-reboot"),
            ],
        );
        desk.done("RebootDBInstance", &[("DBInstanceIdentifier", "main")]);
        desk.wait(2);
        desk.status("main")
    };
    assert_eq!(
        set("{DBInstanceClassMemory/4096}"),
        "incompatible-parameters"
    );
    assert_eq!(set("{DBInstanceClassMemory/32768}"), "available");
}

#[test]
fn a_stopped_instance_starts_by_itself_after_a_week() {
    let desk = Desk::with_instance();
    desk.done("StopDBInstance", &[("DBInstanceIdentifier", "main")]);
    assert_eq!(course(&desk, "main", 4), ["stopping", "stopped"]);
    assert_eq!(
        desk.modify(&[("DeletionProtection", "true")]).unwrap_err(),
        "InvalidDBInstanceState"
    );
    desk.wait(60 * 24 * 7);
    assert_eq!(course(&desk, "main", 10).last().unwrap(), "available");
}

#[test]
fn a_final_snapshot_is_there_before_the_instance_is_gone() {
    let desk = Desk::with_instance();
    let form = [
        ("DBInstanceIdentifier", "main"),
        ("FinalDBSnapshotIdentifier", "last"),
    ];
    desk.done("DeleteDBInstance", &form);
    assert_eq!(
        desk.refused("DeleteDBInstance", &form),
        "InvalidDBInstanceState"
    );
    desk.wait(3);
    assert_eq!(desk.status("main"), "deleting");
    let snapshot = desk.done("DescribeDBSnapshots", &[("DBSnapshotIdentifier", "last")]);
    assert_eq!(element(&snapshot, "Status"), "available");
    desk.wait(2);
    let gone = desk.refused("DescribeDBInstances", &[("DBInstanceIdentifier", "main")]);
    assert_eq!(gone, "DBInstanceNotFound");
    let groups = [("DBParameterGroupName", "values")];
    desk.done("DeleteDBParameterGroup", &groups);
    desk.done("DeleteDBSubnetGroup", &[("DBSubnetGroupName", "net")]);
    let left = desk.done("DescribeDBSnapshots", &[]);
    assert_eq!(
        left.matches("<DBSnapshot>").count(),
        1,
        "automated backups go with it"
    );
}

#[test]
fn replicas_of_a_deleted_source_stand_alone() {
    let desk = Desk::with_instance();
    let form = [
        ("DBInstanceIdentifier", "copy"),
        ("SourceDBInstanceIdentifier", "main"),
    ];
    desk.done("CreateDBInstanceReadReplica", &form);
    desk.wait(20);
    let replica = desk.instance("copy");
    assert_eq!(
        element(&replica, "StatusInfos")
            .matches("replicating")
            .count(),
        1
    );
    assert_eq!(
        element(&replica, "ReadReplicaSourceDBInstanceIdentifier"),
        "main"
    );
    assert_eq!(element(&replica, "BackupRetentionPeriod"), "0");
    let listed = element(&desk.instance("main"), "ReadReplicaDBInstanceIdentifier");
    assert_eq!(listed, "copy");
    desk.done(
        "DeleteDBInstance",
        &[
            ("DBInstanceIdentifier", "main"),
            ("SkipFinalSnapshot", "true"),
        ],
    );
    desk.wait(10);
    let alone = desk.instance("copy");
    assert_eq!(element(&alone, "DBInstanceStatus"), "available");
    assert_eq!(element(&alone, "ReadReplicaSourceDBInstanceIdentifier"), "");
}

#[test]
fn a_proxy_takes_its_target_once_it_is_available() {
    let desk = Desk::with_instance();
    let secret = desk.sandbox.with_world(|world| {
        let place = world.place_at(super::desk::ACCOUNT, super::desk::REGION);
        place.secretsmanager.secrets["app"].arn.clone()
    });
    let form = [
        ("DBProxyName", "door"),
        ("EngineFamily", "POSTGRESQL"),
        ("Auth.member.1.SecretArn", secret.as_str()),
        ("RoleArn", ROLE),
        ("VpcSubnetIds.member.1", "subnet-a"),
        ("VpcSubnetIds.member.2", "subnet-b"),
    ];
    desk.done("CreateDBProxy", &form);
    assert_eq!(
        desk.refused("CreateDBProxy", &form),
        "DBProxyAlreadyExistsFault"
    );
    let target = [
        ("DBProxyName", "door"),
        ("DBInstanceIdentifiers.member.1", "main"),
    ];
    assert_eq!(
        desk.refused("RegisterDBProxyTargets", &target),
        "InvalidDBProxyStateFault"
    );
    desk.wait(6);
    let registered = desk.done("RegisterDBProxyTargets", &target);
    assert_eq!(element(&registered, "State"), "REGISTERING");
    let again = desk.refused("RegisterDBProxyTargets", &target);
    assert_eq!(again, "DBProxyTargetAlreadyRegisteredFault");
    desk.wait(2);
    let targets = desk.done("DescribeDBProxyTargets", &[("DBProxyName", "door")]);
    assert_eq!(element(&targets, "State"), "AVAILABLE");
    desk.done("DeleteDBProxy", &[("DBProxyName", "door")]);
    desk.wait(5);
    let gone = desk.refused("DescribeDBProxies", &[("DBProxyName", "door")]);
    assert_eq!(gone, "DBProxyNotFoundFault");
}

#[test]
fn backups_are_taken_daily_and_kept_for_their_days() {
    let desk = Desk::with_instance();
    desk.wait(60 * 24 * 20);
    let snapshots = desk.done("DescribeDBSnapshots", &[("SnapshotType", "automated")]);
    assert_eq!(snapshots.matches("<DBSnapshot>").count(), 7);
    let name = element(&snapshots, "DBSnapshotIdentifier");
    assert!(name.starts_with("rds:main-2026-01-"), "{name}");
    let delete = desk.refused("DeleteDBSnapshot", &[("DBSnapshotIdentifier", &name)]);
    assert_eq!(delete, "InvalidDBSnapshotState");
}
