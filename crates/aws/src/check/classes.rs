//! P504: AWS offers the class with this version, storage and number of zones.

use aws_sdk_rds::types::OrderableDbInstanceOption;
use pgward_engine::Fault;
use pgward_kinds::{instance, replica};
use pgward_model::{Attribute, Diagnostic};

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

/// What AWS offers for a class, or nothing if that can't be known.
async fn offers(
    case: &Case<'_>,
    class: &str,
    version: &str,
    part: &mut Part,
) -> Option<Vec<OrderableDbInstanceOption>> {
    let what = "whether AWS offers the class with this version and storage";
    match options(case.aws, class, version).await {
        Err(fault) => {
            part.gap(what, &fault);
            None
        }
        Ok(options) if options.is_empty() && !lists_anything(case.aws).await => {
            part.not_checked
                .push(format!("{what}: the endpoint lists no classes"));
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

/// The full version that the instance has or will have.
async fn version(case: &Case<'_>) -> Option<String> {
    let resource = case
        .desired
        .resources
        .values()
        .find(|resource| resource.kind == "instance")?;
    let written = resource.attributes.text(instance::VERSION.path)?;
    let live = case.live.present(&resource.address);
    match live.and_then(|present| present.now.text(instance::VERSION.path)) {
        Some(live)
            if versions::major(live) == versions::major(written) && !written.contains('.') =>
        {
            Some(live.to_owned())
        }
        Some(live) => Some(versions::upgrade_target(case.aws, live, written).await),
        None => Some(versions::to_create(case.aws, written).await),
    }
}

async fn instance(case: &Case<'_>, work: &Work<'_>, part: &mut Part) {
    let of = &work.resource.attributes;
    let (Some(class), Some(version)) = (of.text(instance::CLASS.path), version(case).await) else {
        return;
    };
    let Some(all) = offers(case, class, &version, part).await else {
        return;
    };
    let mut refuse = |attribute: &Attribute, message: String, help: Option<String>| {
        let place = work.resource.origin_of(attribute.path, None);
        let mut diagnostic = Diagnostic::error("P504", message)
            .at_some(place, "")
            .about(attribute.path);
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        part.find(case, diagnostic);
    };
    if all.is_empty() {
        let region = case.region();
        let message = format!("AWS does not offer {class} with PostgreSQL {version} in {region}");
        refuse(&instance::CLASS, message, None);
        return;
    }
    if of.bool(instance::MULTI_AZ.path) == Some(true)
        && !all
            .iter()
            .any(|option| option.multi_az_capable() == Some(true))
    {
        let message = format!("{class} with PostgreSQL {version} can't have a standby");
        refuse(
            &instance::MULTI_AZ,
            message,
            Some("multi_az = false".to_owned()),
        );
    }
    let Some(kind) = of.text(instance::STORAGE_TYPE.path) else {
        return;
    };
    let takes = |option: &&OrderableDbInstanceOption| {
        option
            .storage_type()
            .is_some_and(|one| one.eq_ignore_ascii_case(kind))
    };
    let fitting: Vec<&OrderableDbInstanceOption> = all.iter().filter(takes).collect();
    if fitting.is_empty() {
        let mut kinds: Vec<&str> = all
            .iter()
            .filter_map(|option| option.storage_type())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let message = format!("{class} with PostgreSQL {version} does not take {kind} storage");
        refuse(
            &instance::STORAGE_TYPE,
            message,
            Some(format!("it takes {}", kinds.join(", "))),
        );
        return;
    }
    let size = int(of, &instance::STORAGE);
    let least = fitting
        .iter()
        .filter_map(|option| option.min_storage_size())
        .min();
    let most = fitting
        .iter()
        .filter_map(|option| option.max_storage_size())
        .max();
    if let (Some(size), Some(least), Some(most)) = (size, least, most)
        && !(least..=most).contains(&size)
    {
        let message =
            format!("{class} takes {least} to {most} GiB of {kind} storage, not {size} GiB");
        refuse(&instance::STORAGE, message, None);
    }
    let iops = int(of, &instance::IOPS);
    let least = fitting
        .iter()
        .filter_map(|option| option.min_iops_per_db_instance())
        .min();
    let most = fitting
        .iter()
        .filter_map(|option| option.max_iops_per_db_instance())
        .max();
    if let (Some(iops), Some(least), Some(most)) = (iops, least, most)
        && !(least..=most).contains(&iops)
    {
        let message = format!("{class} takes {least} to {most} IOPS of {kind} storage, not {iops}");
        refuse(&instance::IOPS, message, None);
    }
}

async fn replica(case: &Case<'_>, work: &Work<'_>, part: &mut Part) {
    let of = &work.resource.attributes;
    let (Some(class), Some(version)) = (of.text(replica::CLASS.path), version(case).await) else {
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
