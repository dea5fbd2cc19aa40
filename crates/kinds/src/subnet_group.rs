//! `subnet_group`: the subnets a database may live in (resource semantics, 2).

use std::collections::BTreeMap;

use pgward_model::{
    Address,
    Applies::{OnCreate, OnReplace},
    Described, Form, Kind, Resource, Usual, attributes,
};

use crate::tags;

attributes! {
    /// Subnets of the database: ids of at least two zones of one VPC, or `{ tags = { … } }` for
    /// every subnet of the VPC that carries these tags.
    SUBNETS: "network.subnets", Form::Set => required().aws("SubnetIds").terraform("subnet_ids")
        .reason("RDS uses an added subnet for the next placement; nothing moves");

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
