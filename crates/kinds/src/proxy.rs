//! `proxy`: RDS Proxy in front of the instance, with its default target group and its target
//! (resource semantics, 9).

use std::collections::BTreeMap;

use pgward_model::{
    Address, Applies::OnReplace, Case, Described, Effect::Replace, Form, Kind, Matches, Resource,
    Usual, Value, attributes,
};

use crate::tags;

attributes! {
    /// Name of the proxy. Default: `PROJECT-ENVIRONMENT-proxy`.
    NAME: "proxy.name", Form::Text => aws("DBProxyName").terraform("name").applies(OnReplace)
        .effect(Replace).default("PROJECT-ENVIRONMENT-proxy");

    /// Role with which the proxy reads the secrets: a name in the account, or an ARN.
    ROLE: "proxy.role", Form::Text => required().aws("RoleArn").terraform("role_arn")
        .reason("The proxy uses it from the next secret it reads.");

    /// Secrets of the users who may log in through the proxy: `["app", "reporting"]`.
    SECRETS: "proxy.secrets", Form::Set => required().aws("Auth").terraform("auth")
        .reason("Open connections go on; new ones use the new list.");

    /// Whether clients must log in with an IAM token.
    IAM: "proxy.iam", Form::Text => aws("IAMAuth").terraform("iam_auth")
        .one_of(&["required", "disabled"]).default("disabled")
        .exposes(loosens, "a password is enough to log in")
        .reason("New connections have to follow it; open ones go on.");

    /// Whether clients must use TLS.
    REQUIRE_TLS: "proxy.require_tls", Form::Bool => aws("RequireTLS").terraform("require_tls")
        .default("true")
        .exposes(
            |case| case.before.is_some() && case.after == Some(&Value::Bool(false)),
            "passwords and rows may cross the network in clear text",
        )
        .reason("New connections have to follow it; open ones go on.");

    /// How long a client may be idle: 1 s to 8 h.
    IDLE_CLIENT_TIMEOUT: "proxy.idle_client_timeout", Form::Seconds => aws("IdleClientTimeout")
        .terraform("idle_client_timeout").range(1, 28_800).default("not managed; AWS begins with 30 min")
        .reason("It holds from the next time a client is idle.");

    /// Share of `max_connections` that the proxy may use.
    MAX_CONNECTIONS: "proxy.max_connections", Form::Percent => aws("MaxConnectionsPercent")
        .terraform("max_connections_percent").range(1, 100).default("not managed; AWS begins with 100%")
        .reason("The pool adapts within seconds.");

    /// Subnets of the proxy; those of the database.
    SUBNETS: "proxy.subnets", Form::Set => derived().aws("VpcSubnetIds").applies(OnReplace)
        .matches(Matches::Within)
        .effect(Replace)
        .reason("RDS fixes the subnets when it creates a proxy, and it uses one that goes.");

    /// Security groups of the proxy; that of the database.
    SECURITY_GROUPS: "proxy.security_groups", Form::Set => derived().aws("VpcSecurityGroupIds")
        .reason("It is in effect within seconds.");

    /// DB instance that the proxy passes connections to.
    TARGET: "proxy.target", Form::Text => derived().aws("DBInstanceIdentifiers")
        .matches(Matches::IgnoringCase)
        .reason("The proxy drops its connections to the old target and opens new ones.");

    /// Host name clients connect to.
    ENDPOINT: "proxy.endpoint", Form::Text => observed().aws("Endpoint").terraform("endpoint");

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "proxy",
    section: "proxy",
    many: false,
    summary: "RDS Proxy in front of the instance",
    noun: "proxy",
    type_name: "rds.proxy",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &[
        "rds:DescribeDBProxies",
        "rds:DescribeDBProxyTargetGroups",
        "rds:DescribeDBProxyTargets",
        "rds:ListTagsForResource",
        "secretsmanager:DescribeSecret",
        "iam:GetRole",
    ],
    writes: &[
        "rds:CreateDBProxy",
        "rds:ModifyDBProxy",
        "rds:DeleteDBProxy",
        "rds:ModifyDBProxyTargetGroup",
        "rds:RegisterDBProxyTargets",
        "rds:DeregisterDBProxyTargets",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "iam:PassRole",
    ],
    needs: &["instance", "secret", "security_group", "subnet_group"],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: pgward_model::Effect::Downtime,
    delete_reason: "Its endpoint goes, and who connects there loses the connection.",
    instead_of_replacing: "",
    made_anew: "",
    create_time: Usual::minutes(5, 10, 40),
    change_time: Usual::minutes(0, 3, 40),
    delete_time: Usual::minutes(2, 5, 40),
    describe,
    headline: |resource| resource.name.clone(),
};

fn loosens(case: &Case<'_>) -> bool {
    case.before.is_some() && case.after.and_then(Value::as_text) == Some("disabled")
}

fn describe(resource: &Resource, _: &BTreeMap<Address, Resource>) -> Vec<Described> {
    let of = &resource.attributes;
    let mut parts = Vec::new();
    if of.text(IAM.path) == Some("required") {
        parts.push("IAM required");
    }
    if of.bool(REQUIRE_TLS.path) == Some(true) {
        parts.push("TLS required");
    }
    vec![Described {
        label: String::new(),
        text: parts.join(", "),
        source: None,
    }]
}
