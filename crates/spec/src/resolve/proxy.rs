//! `[proxy]`: RDS Proxy, its users' secrets, and its target.

use pgward_model::{Address, Desired, Diagnostic, Resource, Value};

use super::Work;
use crate::sections::Group;
use crate::values::{self, NameRule};

pub(super) fn resolve(work: &mut Work<'_>, desired: &mut Desired) {
    let Some(group) = work.sections.one("proxy") else {
        return;
    };
    let default = work.default_name("-proxy");
    let name = work.name(Some(group), "name", default, NameRule::Identifier);
    let mut resource = work.resource("proxy", "proxy", name, Some(group));
    for key in [
        "iam",
        "require_tls",
        "idle_client_timeout",
        "max_connections",
    ] {
        work.copy(&mut resource, &format!("proxy.{key}"), Some(group), key);
    }
    let defaults = [
        ("proxy.iam", Value::text("disabled")),
        ("proxy.require_tls", Value::Bool(true)),
    ];
    for (path, value) in defaults {
        if resource.attributes.get(path).is_none() {
            resource.attributes.set(path, value);
        }
    }
    work.without_placeholders(group, "role");
    if let Some(role) = group.text("role") {
        let role = values::role_arn(role, &work.environment);
        let origin = group.origin("role").unwrap_or(&group.header).clone();
        resource
            .origins
            .insert("proxy.role".to_owned(), origin.clone());
        resource.attributes.set("proxy.role", Value::text(&role));
        desired.foreign.roles.push((role, origin));
    }
    for address in ["instance", "network", "access"].map(Address::new) {
        if desired.resources.contains_key(&address) {
            resource.after.insert(address);
        }
    }
    secrets(work, group, desired, &mut resource);
    let network = desired.resources.get(&Address::new("network"));
    let subnets = network
        .and_then(|network| network.attributes.get("network.subnets"))
        .cloned();
    resource.attributes.set_some("proxy.subnets", subnets);
    resource.attributes.set(
        "proxy.security_groups",
        Value::List(vec![Value::output(&Address::new("access"), "id")]),
    );
    let instance = desired.resources.get(&Address::new("instance"));
    resource.attributes.set_some(
        "proxy.target",
        instance.map(|instance| Value::text(&instance.name)),
    );
    desired.resources.insert(resource.address.clone(), resource);
}

/// The secrets of the users who may log in, and what must exist before.
fn secrets(work: &mut Work<'_>, group: &Group, desired: &Desired, resource: &mut Resource) {
    let Some(field) = group.field("secrets") else {
        return;
    };
    let mut arns = Vec::new();
    for (name, _) in field.items() {
        let Some(value) = secret(work, &name) else {
            continue;
        };
        let address = Address::named("secret", &name);
        if desired.resources.contains_key(&address) {
            resource.after.insert(address);
        }
        if !arns.contains(&value) {
            arns.push(value);
        }
    }
    if field.value.is_some() && field.items().is_empty() {
        work.say(
            Diagnostic::error("P313", "a proxy needs at least one secret")
                .at(&field.node.origin, "nobody could log in")
                .help("secrets = [\"app\"]")
                .about("proxy.secrets"),
        );
    }
    resource
        .origins
        .insert("proxy.secrets".to_owned(), field.node.origin.clone());
    resource.attributes.set("proxy.secrets", Value::List(arns));
}

/// What stands for a secret: an output, or the name of one that is there already.
fn secret(work: &Work<'_>, name: &str) -> Option<Value> {
    let group = work.sections.named("secret", name)?;
    match group.text("source")? {
        "generate" => Some(Value::output(&Address::named("secret", name), "arn")),
        "existing" => {
            let name = values::fill(group.text("name")?, &work.environment).ok()?;
            Some(Value::Text(format!("secret-name:{name}")))
        }
        _ => Some(Value::output(
            &Address::new("instance"),
            "master_secret_arn",
        )),
    }
}
