//! P504: AWS offers the class with this version, storage and number of zones.

use std::collections::BTreeSet;

use aws_sdk_rds::types::OrderableDbInstanceOption;
use pgward_engine::Fault;
use pgward_kinds::{instance, replica};
use pgward_model::{Attribute, Diagnostic, Object};

use super::{Case, Part, Work, versions};
use crate::aws::Aws;
use crate::kinds::int;
use crate::listing::{PAGE, pages};

/// The attributes that decide whether an instance can be ordered.
static ASKED: [&Attribute; 6] = [
    &instance::CLASS,
    &instance::VERSION,
    &instance::MULTI_AZ,
    &instance::STORAGE_TYPE,
    &instance::STORAGE,
    &instance::IOPS,
];

pub(super) async fn check(case: &Case<'_>) -> Part {
    let mut part = Part::default();
    for work in case.work("instance") {
        if ASKED.iter().any(|attribute| work.sends(attribute)) {
            instance(case, &work, &mut part).await;
        }
    }
    for work in case.work("replica") {
        if work.sends(&replica::CLASS) || work.sends(&replica::MULTI_AZ) {
            replica(case, &work, &mut part).await;
        }
    }
    part
}

/// What can't be known without the version or the list of classes.
const OFFERED: &str = "whether AWS offers the class with this version and storage";

/// What AWS offers for a class, or nothing if that can't be known.
async fn offers(
    case: &Case<'_>,
    class: &str,
    version: &str,
    part: &mut Part,
) -> Option<Vec<OrderableDbInstanceOption>> {
    match options(case.aws, class, version).await {
        Err(fault) => {
            part.gap(OFFERED, &fault);
            None
        }
        Ok(options) if options.is_empty() && !lists_anything(case.aws).await => {
            part.not_checked
                .push(format!("{OFFERED}: the endpoint lists no classes"));
            None
        }
        Ok(options) => Some(options),
    }
}

async fn options(
    aws: &Aws,
    class: &str,
    version: &str,
) -> Result<Vec<OrderableDbInstanceOption>, Fault> {
    pages(
        aws,
        "rds:DescribeOrderableDBInstanceOptions",
        |marker| {
            let call = aws.session().rds().describe_orderable_db_instance_options();
            call.engine("postgres")
                .engine_version(version)
                .db_instance_class(class)
                .max_records(PAGE)
                .set_marker(marker)
                .send()
        },
        |output| {
            (
                output.orderable_db_instance_options.unwrap_or_default(),
                output.marker,
            )
        },
    )
    .await
}

/// Whether the endpoint knows of any class: an emulator may not.
async fn lists_anything(aws: &Aws) -> bool {
    let call = aws.session().rds().describe_orderable_db_instance_options();
    let call = call.engine("postgres").max_records(20).send();
    let listed = aws
        .session()
        .call("rds:DescribeOrderableDBInstanceOptions", call)
        .await;
    listed.is_ok_and(|output| !output.orderable_db_instance_options().is_empty())
}

/// The full version that the instance has or will have, if that can be known.
async fn version(case: &Case<'_>, part: &mut Part) -> Option<String> {
    let resource = case
        .desired
        .resources
        .values()
        .find(|resource| resource.kind == "instance")?;
    let written = resource.attributes.text(instance::VERSION.path)?;
    let live = case.live.present(&resource.address);
    let found = match live.and_then(|present| present.now.text(instance::VERSION.path)) {
        Some(live)
            if versions::major(live) == versions::major(written) && !written.contains('.') =>
        {
            Ok(live.to_owned())
        }
        Some(live) => versions::upgrade_target(case.aws, live, written).await,
        None => versions::to_create(case.aws, written).await,
    };
    found.map_err(|fault| part.gap(OFFERED, &fault)).ok()
}

async fn instance(case: &Case<'_>, work: &Work<'_>, part: &mut Part) {
    let of = &work.resource.attributes;
    let version = version(case, part).await;
    let (Some(class), Some(version)) = (of.text(instance::CLASS.path), version) else {
        return;
    };
    let Some(all) = offers(case, class, &version, part).await else {
        return;
    };
    let refusals = if all.is_empty() {
        let region = case.region();
        let message = format!("AWS does not offer {class} with PostgreSQL {version} in {region}");
        vec![Refusal {
            attribute: &instance::CLASS,
            message,
            help: None,
        }]
    } else {
        [
            standby(of, class, &version, &all),
            storage(of, class, &version, &all),
        ]
        .into_iter()
        .flatten()
        .collect()
    };
    for refusal in refusals {
        let place = work.resource.origin_of(refusal.attribute.path, None);
        let mut diagnostic = Diagnostic::error("P504", refusal.message)
            .at_some(place, "")
            .about(refusal.attribute.path);
        if let Some(help) = refusal.help {
            diagnostic = diagnostic.help(help);
        }
        part.find(case, diagnostic);
    }
}

/// Why AWS would refuse an attribute.
struct Refusal {
    attribute: &'static Attribute,
    message: String,
    help: Option<String>,
}

/// Whether the class can have a standby, if one is wanted.
fn standby(
    of: &Object,
    class: &str,
    version: &str,
    all: &[OrderableDbInstanceOption],
) -> Option<Refusal> {
    let capable = all
        .iter()
        .any(|option| option.multi_az_capable() == Some(true));
    (of.bool(instance::MULTI_AZ.path) == Some(true) && !capable).then(|| Refusal {
        attribute: &instance::MULTI_AZ,
        message: format!("{class} with PostgreSQL {version} can't have a standby"),
        help: Some("multi_az = false".to_owned()),
    })
}

/// Whether the class takes the type of storage, its size and its IOPS.
fn storage(
    of: &Object,
    class: &str,
    version: &str,
    all: &[OrderableDbInstanceOption],
) -> Option<Refusal> {
    let kind = of.text(instance::STORAGE_TYPE.path)?;
    let takes = |option: &&OrderableDbInstanceOption| {
        option
            .storage_type()
            .is_some_and(|one| one.eq_ignore_ascii_case(kind))
    };
    let fitting: Vec<&OrderableDbInstanceOption> = all.iter().filter(takes).collect();
    if fitting.is_empty() {
        let kinds: BTreeSet<&str> = all
            .iter()
            .filter_map(OrderableDbInstanceOption::storage_type)
            .collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        return Some(Refusal {
            attribute: &instance::STORAGE_TYPE,
            message: format!("{class} with PostgreSQL {version} does not take {kind} storage"),
            help: Some(format!("it takes {}", kinds.join(", "))),
        });
    }
    type Limit = fn(&OrderableDbInstanceOption) -> Option<i32>;
    let limits: [(&'static Attribute, &str, Limit, Limit); 2] = [
        (
            &instance::STORAGE,
            "GiB",
            OrderableDbInstanceOption::min_storage_size,
            OrderableDbInstanceOption::max_storage_size,
        ),
        (
            &instance::IOPS,
            "IOPS",
            OrderableDbInstanceOption::min_iops_per_db_instance,
            OrderableDbInstanceOption::max_iops_per_db_instance,
        ),
    ];
    limits
        .into_iter()
        .find_map(|(attribute, unit, least, most)| {
            let value = int(of, attribute)?;
            let least = fitting.iter().filter_map(|option| least(option)).min()?;
            let most = fitting.iter().filter_map(|option| most(option)).max()?;
            (!(least..=most).contains(&value)).then(|| Refusal {
                attribute,
                message: format!(
                    "{class} takes {least} to {most} {unit} of {kind} storage, not {value}"
                ),
                help: None,
            })
        })
}

async fn replica(case: &Case<'_>, work: &Work<'_>, part: &mut Part) {
    let of = &work.resource.attributes;
    let version = version(case, part).await;
    let (Some(class), Some(version)) = (of.text(replica::CLASS.path), version) else {
        return;
    };
    let Some(all) = offers(case, class, &version, part).await else {
        return;
    };
    let (attribute, message) = if all.is_empty() {
        let region = case.region();
        let message = format!("AWS does not offer {class} with PostgreSQL {version} in {region}");
        (&replica::CLASS, message)
    } else if of.bool(replica::MULTI_AZ.path) == Some(true)
        && !all
            .iter()
            .any(|option| option.multi_az_capable() == Some(true))
    {
        let message = format!("{class} with PostgreSQL {version} can't have a standby");
        (&replica::MULTI_AZ, message)
    } else {
        return;
    };
    let place = work.resource.origin_of(attribute.path, None);
    let subject = work.resource.path_of(attribute.path, None);
    let diagnostic = Diagnostic::error("P504", message)
        .at_some(place, "")
        .about(subject.as_str());
    part.find(case, diagnostic);
}
