//! `subnet_group`: the subnets a database may live in (resource semantics, 2).

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{
    Address,
    Applies::{OnCreate, OnReplace},
    Case, Described, Form, Kind, Resource, Usual, Value, attributes,
};

use crate::tags;

attributes! {
    /// Subnets of the database: ids of at least two zones of one VPC, or `{ tags = { … } }` for
    /// every subnet of the VPC that carries these tags.
    SUBNETS: "network.subnets", Form::Set => required().aws("SubnetIds").terraform("subnet_ids")
        .reason("RDS uses an added subnet for the next placement; nothing moves").remarks(taken_away);

    /// Description that AWS asks for; fixed text, never compared.
    DESCRIPTION: "network.description", Form::Text => derived().aws("DBSubnetGroupDescription")
        .applies(OnCreate);

    /// Name of the subnet group. Default: `PROJECT-ENVIRONMENT-db`.
    NAME: "network.subnet_group", Form::Text => aws("DBSubnetGroupName")
        .terraform("db_subnet_group_name").applies(OnReplace)
        .default("PROJECT-ENVIRONMENT-db");

    /// Tags of every resource; AWS keeps up to 50 on each.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// What AWS refuses if the instance has an address in a subnet that goes; which one that is, no
/// call tells.
fn taken_away(case: &Case<'_>, _: &BTreeMap<Address, Resource>) -> Vec<(String, String)> {
    let texts = |value: Option<&Value>| -> BTreeSet<String> {
        let texts = value.map(Value::as_texts).unwrap_or_default();
        texts.into_iter().map(str::to_owned).collect()
    };
    let (before, after) = (texts(case.before), texts(case.after));
    let gone: Vec<&str> = before.difference(&after).map(String::as_str).collect();
    if gone.is_empty() || case.after.is_none_or(Value::is_unknown) {
        return Vec::new();
    }
    let text = format!(
        "{}: AWS refuses that while a DB instance has an address there",
        gone.join(", ")
    );
    vec![("removes".to_owned(), text)]
}

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "subnet_group",
    section: "network",
    many: false,
    summary: "The subnets a database may live in",
    noun: "subnet group",
    type_name: "rds.subnet_group",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &[
        "rds:DescribeDBSubnetGroups",
        "rds:ListTagsForResource",
        "ec2:DescribeSubnets",
    ],
    writes: &[
        "rds:CreateDBSubnetGroup",
        "rds:ModifyDBSubnetGroup",
        "rds:DeleteDBSubnetGroup",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeVpcAttribute",
    ],
    needs: &[],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: pgward_model::Effect::Online,
    delete_reason: "",
    instead_of_replacing: "give the subnet group another name: [network] subnet_group",
    made_anew: "",
    create_time: Usual::MOMENT,
    change_time: Usual::MOMENT,
    delete_time: Usual::minutes(0, 1, 15),
    describe,
    headline: |resource| format!("subnet group {}", resource.name),
};

fn describe(resource: &Resource, _: &BTreeMap<Address, Resource>) -> Vec<Described> {
    vec![Described {
        label: "subnets".to_owned(),
        text: resource.attributes.texts(SUBNETS.path).join("\n"),
        source: None,
    }]
}
