//! Instances that no file can describe, each refused with what to do.

use pgward_kinds::CATALOG;
use pgward_model::{Environment, Object, Value};
use pgward_spec::import::{Existing, Inventory, Unsayable, import};

fn refused(values: &[(&str, &str)]) -> Option<Unsayable> {
    let mut object = Object::new();
    for (path, value) in values {
        object.set(*path, Value::text(*value));
    }
    let instance = Existing {
        kind: "instance".to_owned(),
        name: "shop-prod".to_owned(),
        id: "shop-prod".to_owned(),
        address: None,
        values: object,
        managed_secret: None,
    };
    let inventory = Inventory {
        environment: Environment {
            project: "shop".to_owned(),
            name: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
        },
        resources: vec![instance],
        remarks: Vec::new(),
    };
    import(&inventory, &CATALOG).err()
}

#[test]
fn an_instance_in_the_shared_subnet_group_is_refused() {
    let found = refused(&[("network.subnet_group", "default")]).expect("it is refused");
    assert!(found.message.contains("the subnet group `default`"));
    assert!(found.next.starts_with("restore a snapshot"));
}

#[test]
fn storage_without_a_key_of_kms_is_refused_with_the_way_to_one() {
    for (kind, words) in [
        ("none", "is not encrypted"),
        ("sse-rds", "a key that AWS keeps to itself"),
    ] {
        let found = refused(&[("storage.encryption", kind)]).expect("it is refused");
        assert!(found.message.contains(words), "{}", found.message);
        assert!(found.next.contains("copy-db-snapshot"), "{}", found.next);
        let last = found.next.lines().last();
        assert_eq!(last, Some("pgward import --instance shop-prod-2"));
    }
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    assert_eq!(refused(&[("storage.encryption", key)]), None);
}
