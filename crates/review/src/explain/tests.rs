//! Pages as people read them, from the real catalog.

use pgward_kinds::CATALOG;

use super::{code, key};

#[track_caller]
fn page(text: &str, expected: &[&str]) {
    let found = key(&CATALOG, text).unwrap_or_default();
    assert_eq!(found, expected.join("\n"));
}

#[test]
fn a_key_shows_what_it_is_and_what_changing_it_does() {
    page(
        "storage.grow_to",
        &[
            "[storage] grow_to        size with a unit, optional",
            "  Limit up to which RDS may grow the storage by itself. At least 10% above `size`.",
            "  default    not managed; a new instance has no autoscaling",
            "  changing   online, at once",
            "  AWS        MaxAllocatedStorage        Terraform  max_allocated_storage",
            "  related    size, P312",
        ],
    );
}

#[test]
fn every_key_has_a_page_that_fits_a_terminal() {
    for section in CATALOG.sections {
        let attributes = CATALOG
            .attributes_in(section)
            .into_iter()
            .map(|(key, _)| key);
        let keys = attributes.chain(section.keys.iter().map(|key| key.name));
        for name in keys.filter(|name| *name != "*") {
            let text = format!("{}.{name}", section.name);
            let found = key(&CATALOG, text.trim_start_matches('.'));
            let found = found.unwrap_or_else(|| panic!("no page for {text}"));
            let widest = found.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|width| width <= 100), "{found}");
        }
        if !section.name.is_empty() {
            assert!(key(&CATALOG, section.name).is_some(), "{}", section.name);
        }
    }
}

#[test]
fn pages_are_found_by_other_names_too() {
    let rows = [
        ("grow_to", "[storage] grow_to"),
        ("[storage] grow_to", "[storage] grow_to"),
        ("MaxAllocatedStorage", "[storage] grow_to"),
        ("max_allocated_storage", "[storage] grow_to"),
        ("alarm.cpu-high.metric", "[alarm.NAME] metric"),
        ("[alarm.cpu-high]", "[alarm.NAME]"),
        ("replica", "[replica.NAME]"),
        ("work_mem", "[parameters] work_mem"),
        ("parameters.rds.force_ssl", "[parameters] rds.force_ssl"),
        ("ReplicaLag", "ReplicaLag"),
        ("account", "account"),
        ("sections", "top level"),
    ];
    for (text, start) in rows {
        let found = key(&CATALOG, text).unwrap_or_default();
        assert!(found.starts_with(start), "{text}: {found}");
    }
    assert_eq!(key(&CATALOG, "colour"), None);
    assert!(code("P312").is_some_and(|page| page.starts_with("P312 ")));
}
