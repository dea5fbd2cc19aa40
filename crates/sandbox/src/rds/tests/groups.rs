//! Groups, parameters, tags, pages.

use super::desk::{Desk, element};

const GROUP: (&str, &str) = ("DBParameterGroupName", "values");

#[test]
fn pages_go_on_after_their_last_entry_even_if_it_is_gone() {
    let desk = Desk::new();
    for number in 0..45 {
        let name = format!("g{number:02}");
        desk.done(
            "CreateDBParameterGroup",
            &[
                ("DBParameterGroupName", &name),
                ("DBParameterGroupFamily", "postgres16"),
                ("Description", "d"),
            ],
        );
    }
    let first = desk.done("DescribeDBParameterGroups", &[("MaxRecords", "20")]);
    assert_eq!(first.matches("<DBParameterGroup>").count(), 20);
    desk.done("DeleteDBParameterGroup", &[("DBParameterGroupName", "g19")]);
    let marker = element(&first, "Marker");
    let second = desk.done(
        "DescribeDBParameterGroups",
        &[("MaxRecords", "30"), ("Marker", &marker)],
    );
    assert_eq!(element(&second, "DBParameterGroupName"), "g20");
    assert_eq!(second.matches("<DBParameterGroup>").count(), 26);
    assert_eq!(element(&second, "Marker"), "");
    let small = desk.refused("DescribeDBParameterGroups", &[("MaxRecords", "19")]);
    assert_eq!(small, "InvalidParameterValue");
}

#[test]
fn all_parameters_of_a_family_come_in_pages() {
    let desk = Desk::new();
    let (mut count, mut pages, mut marker) = (0, 0, String::new());
    loop {
        let mut form = vec![GROUP];
        if !marker.is_empty() {
            form.push(("Marker", &marker));
        }
        let page = desk.done("DescribeDBParameters", &form);
        count += page.matches("<Parameter>").count();
        pages += 1;
        marker = element(&page, "Marker");
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!((count, pages), (369, 4));
}

#[test]
fn a_value_equal_to_the_default_is_not_shown_as_set() {
    let desk = Desk::new();
    let set = |name: &str, value: &str| {
        desk.done(
            "ModifyDBParameterGroup",
            &[
                GROUP,
                ("Parameters.Parameter.1.ParameterName", name),
                ("Parameters.Parameter.1.ParameterValue", value),
                ("Parameters.Parameter.1.ApplyMethod", "immediate"),
            ],
        );
        let filter = [
            GROUP,
            ("Filters.Filter.1.Name", "parameter-name"),
            ("Filters.Filter.1.Values.Value.1", name),
        ];
        element(&desk.done("DescribeDBParameters", &filter), "Source")
    };
    assert_eq!(set("work_mem", "32768"), "user");
    assert_eq!(set("max_stack_depth", "6144"), "system");
    let set = desk.done("DescribeDBParameters", &[GROUP, ("Source", "user")]);
    assert_eq!(set.matches("<Parameter>").count(), 1);
    desk.done(
        "ResetDBParameterGroup",
        &[
            GROUP,
            ("ResetAllParameters", "false"),
            ("Parameters.Parameter.1.ParameterName", "work_mem"),
            ("Parameters.Parameter.1.ApplyMethod", "immediate"),
        ],
    );
    let set = desk.done("DescribeDBParameters", &[GROUP, ("Source", "user")]);
    assert_eq!(set.matches("<Parameter>").count(), 0);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let desk = Desk::new();
    let refused = desk.refused(
        "ModifyDBParameterGroup",
        &[
            GROUP,
            ("Parameters.Parameter.1.ParameterName", "work_mem"),
            ("Parameters.Parameter.1.ParameterValue", "32768"),
            ("Parameters.Parameter.1.ApplyMethod", "immediate"),
            ("Parameters.Parameter.2.ParameterName", "shared_buffers"),
            ("Parameters.Parameter.2.ParameterValue", "1000"),
            ("Parameters.Parameter.2.ApplyMethod", "immediate"),
        ],
    );
    assert_eq!(refused, "InvalidParameterCombination");
    let set = desk.done("DescribeDBParameters", &[GROUP, ("Source", "user")]);
    assert_eq!(set.matches("<Parameter>").count(), 0);
}

#[test]
fn tags_are_kept_by_arn() {
    let desk = Desk::with_instance();
    let arn = element(&desk.instance("main"), "DBInstanceArn");
    let name = ("ResourceName", arn.as_str());
    desk.done(
        "AddTagsToResource",
        &[name, ("Tags.Tag.1.Key", "a"), ("Tags.Tag.1.Value", "1")],
    );
    assert_eq!(
        element(&desk.done("ListTagsForResource", &[name]), "Value"),
        "1"
    );
    desk.done("RemoveTagsFromResource", &[name, ("TagKeys.member.1", "a")]);
    assert_eq!(
        element(&desk.done("ListTagsForResource", &[name]), "TagList"),
        ""
    );
    let reserved = [name, ("Tags.Tag.1.Key", "aws:a"), ("Tags.Tag.1.Value", "1")];
    assert_eq!(
        desk.refused("AddTagsToResource", &reserved),
        "InvalidParameterValue"
    );
}
