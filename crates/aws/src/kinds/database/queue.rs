//! Settings that wait for a window and that no attribute stands for.

use std::collections::BTreeMap;

use aws_sdk_rds::types::PendingModifiedValues;

use super::Table;

/// By AWS's name, the value that each is to get. The immediate flag starts these too.
///
/// The master user's password is left out: it never waits for a window (resource semantics, 1.1).
pub(super) fn others(pending: &PendingModifiedValues, table: &Table) -> BTreeMap<String, String> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let number = |value: Option<i32>| value.map(|number| number.to_string());
    let truth = |value: Option<bool>| value.map(|truth| truth.to_string());
    let mut found = vec![
        (
            "DBInstanceIdentifier",
            text(pending.db_instance_identifier()),
        ),
        ("Engine", text(pending.engine())),
        ("LicenseModel", text(pending.license_model())),
        ("DedicatedLogVolume", truth(pending.dedicated_log_volume())),
        ("MultiTenant", truth(pending.multi_tenant())),
        (
            "AutomationMode",
            pending
                .automation_mode()
                .map(|mode| mode.as_str().to_owned()),
        ),
    ];
    let features: Vec<String> = pending
        .processor_features()
        .iter()
        .map(|one| {
            let (name, value) = (one.name().unwrap_or("?"), one.value().unwrap_or("?"));
            format!("{name} {value}")
        })
        .collect();
    let features = (!features.is_empty()).then(|| features.join(", "));
    found.push(("ProcessorFeatures", features));
    let volumes = pending.additional_storage_volumes().len();
    let volumes = (volumes > 0).then(|| volumes.to_string());
    found.push(("AdditionalStorageVolumes", volumes));
    if table.of_source.is_none() {
        found.extend([
            ("Port", number(pending.port())),
            ("AllocatedStorage", number(pending.allocated_storage())),
            ("Iops", number(pending.iops())),
            ("StorageThroughput", number(pending.storage_throughput())),
            ("StorageType", text(pending.storage_type())),
            (
                "CACertificateIdentifier",
                text(pending.ca_certificate_identifier()),
            ),
            ("DBSubnetGroupName", text(pending.db_subnet_group_name())),
        ]);
    }
    found
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_attribute_stands_for_is_not_lost() {
        let pending = PendingModifiedValues::builder()
            .db_instance_identifier("shop-2")
            .master_user_password("****")
            .allocated_storage(300)
            .build();
        let of = |table| others(&pending, table).into_iter().collect::<Vec<_>>();
        let name = ("DBInstanceIdentifier".to_owned(), "shop-2".to_owned());
        let storage = ("AllocatedStorage".to_owned(), "300".to_owned());
        assert_eq!(
            of(&crate::kinds::instance::TABLE),
            std::slice::from_ref(&name)
        );
        assert_eq!(of(&crate::kinds::replica::TABLE), [storage, name]);
    }
}
