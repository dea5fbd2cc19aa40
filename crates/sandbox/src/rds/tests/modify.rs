//! What changes when: at once, in the window, with a reboot, or not.

use super::desk::{Desk, element};

fn pending(desk: &Desk) -> String {
    element(&desk.instance("main"), "PendingModifiedValues")
}

#[test]
fn a_deferred_change_waits_for_the_window() {
    let desk = Desk::with_instance();
    let waits = "<DBInstanceClass>db.m6g.xlarge</DBInstanceClass>";
    let answer = desk
        .modify(&[("DBInstanceClass", "db.m6g.xlarge")])
        .unwrap();
    assert_eq!(element(&answer, "PendingModifiedValues"), waits);
    let again = desk.modify(&[("DBInstanceClass", "db.m6g.xlarge")]);
    assert_eq!(
        again.unwrap_err(),
        "InvalidParameterCombination",
        "it waits already"
    );
    desk.wait(60 * 24 * 5);
    assert_eq!(pending(&desk), waits);
    desk.wait(60 * 24 * 2);
    assert_eq!(pending(&desk), "");
    assert_eq!(
        element(&desk.instance("main"), "DBInstanceClass"),
        "db.m6g.xlarge"
    );
}

#[test]
fn sending_the_live_value_takes_a_waiting_change_back() {
    let desk = Desk::with_instance();
    desk.modify(&[("DBInstanceClass", "db.m6g.xlarge")])
        .unwrap();
    desk.modify(&[("DBInstanceClass", "db.m6g.large")]).unwrap();
    assert_eq!(pending(&desk), "");
}

#[test]
fn an_immediate_change_brings_everything_that_waits() {
    let desk = Desk::with_instance();
    desk.modify(&[("DBInstanceClass", "db.m6g.xlarge")])
        .unwrap();
    desk.modify(&[("AllocatedStorage", "120"), ("ApplyImmediately", "true")])
        .unwrap();
    assert_eq!(
        desk.status("main"),
        "available",
        "the change does not show for some seconds"
    );
    desk.wait(1);
    assert_eq!(desk.status("main"), "modifying");
    desk.wait(15);
    let instance = desk.instance("main");
    assert_eq!(
        element(&instance, "DBInstanceStatus"),
        "storage-optimization"
    );
    assert_eq!(element(&instance, "DBInstanceClass"), "db.m6g.xlarge");
    assert_eq!(element(&instance, "AllocatedStorage"), "120");
    let more = desk.modify(&[("AllocatedStorage", "150")]).unwrap_err();
    assert_eq!(more, "InvalidParameterCombination", "storage rests first");
    desk.wait(60 * 6);
    assert_eq!(desk.status("main"), "available");
    desk.modify(&[("AllocatedStorage", "150")]).unwrap();
}

#[test]
fn some_changes_ignore_the_window() {
    let desk = Desk::with_instance();
    desk.modify(&[
        ("DeletionProtection", "true"),
        ("BackupRetentionPeriod", "14"),
    ])
    .unwrap();
    let instance = desk.instance("main");
    assert_eq!(element(&instance, "DeletionProtection"), "true");
    assert_eq!(element(&instance, "BackupRetentionPeriod"), "14");
    desk.modify(&[("DBPortNumber", "5433")]).unwrap();
    desk.wait(5);
    assert_eq!(
        element(&element(&desk.instance("main"), "Endpoint"), "Port"),
        "5433"
    );
}

#[test]
fn a_new_window_that_is_open_brings_what_waits() {
    let desk = Desk::with_instance();
    desk.modify(&[("DBInstanceClass", "db.m6g.xlarge")])
        .unwrap();
    desk.modify(&[("PreferredMaintenanceWindow", "mon:09:00-mon:10:00")])
        .unwrap();
    desk.wait(15);
    assert_eq!(pending(&desk), "");
}

#[test]
fn a_major_upgrade_needs_its_flag_and_a_group() {
    let desk = Desk::with_instance();
    let version = ("EngineVersion", "17.7");
    let flag = ("AllowMajorVersionUpgrade", "true");
    assert_eq!(
        desk.modify(&[version]).unwrap_err(),
        "InvalidParameterCombination"
    );
    assert_eq!(
        desk.modify(&[version, flag]).unwrap_err(),
        "InvalidParameterCombination"
    );
    let group = ("DBParameterGroupName", "default.postgres17");
    desk.modify(&[version, flag, group, ("ApplyImmediately", "true")])
        .unwrap();
    assert_eq!(
        element(&desk.instance("main"), "DBParameterGroupName"),
        "values"
    );
    desk.wait(20);
    let instance = desk.instance("main");
    assert_eq!(element(&instance, "EngineVersion"), "17.7");
    assert_eq!(
        element(&instance, "DBParameterGroupName"),
        "default.postgres17"
    );
}

#[test]
fn passwords_are_told_apart_and_never_stored() {
    let desk = Desk::with_instance();
    let sandbox = &desk.sandbox;
    assert!(!sandbox.save().contains("correct-horse-7"));
    assert!(!sandbox.opens("main", "app"));
    let password = sandbox.with_world(|world| {
        let place = world.place_at(super::desk::ACCOUNT, super::desk::REGION);
        let arn = place.secretsmanager.secrets["app"].arn.clone();
        crate::secretsmanager::password(place, &arn).unwrap()
    });
    desk.modify(&[("MasterUserPassword", &password)]).unwrap();
    assert!(pending(&desk).contains("****"));
    desk.wait(5);
    assert!(sandbox.opens("main", "app"));
    desk.modify(&[
        ("ManageMasterUserPassword", "true"),
        ("ApplyImmediately", "true"),
    ])
    .unwrap();
    desk.wait(5);
    assert!(!sandbox.opens("main", "app"));
    let secret = element(&desk.instance("main"), "SecretArn");
    assert!(sandbox.opens("main", &secret));
}
