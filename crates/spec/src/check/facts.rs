//! P301 to P315: what RDS and PostgreSQL accept, from the bundled facts.

use pgward_model::{Diagnostic, Value, units};

use super::replicas;
use crate::resolve::Work;
use crate::sections::Group;
use crate::suggest;
use crate::values::{self, Arn};

pub(crate) fn check(work: &mut Work<'_>) {
    family(work);
    windows(work);
    classes(work);
    managed_password(work);
    regions(work);
    monitoring(work);
    replicas::check(work);
    shared_buffers(work);
}

/// P301.
fn family(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("postgres") else {
        return;
    };
    let Some((family, origin)) = group
        .text("parameter_family")
        .zip(group.origin("parameter_family"))
    else {
        return;
    };
    let version = group.text("version").unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    let right = format!("postgres{major}");
    if family == right || major.is_empty() {
        return;
    }
    let is_family = family.strip_prefix("postgres").is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let message = if is_family {
        format!("`{family}` does not fit version {version}")
    } else {
        format!("`{family}` is not a parameter group family")
    };
    work.found.push(
        Diagnostic::error("P301", message)
            .at(origin, "")
            .help(format!(
                "parameter_family = \"{right}\", or remove the line: it follows from version = \"{version}\""
            ))
            .note("the AWS list: aws rds describe-db-engine-versions --engine postgres")
            .about("postgres.parameter_family")
            .fixed_by(origin, format!("\"{right}\"")),
    );
}

/// P303 and P304.
fn windows(work: &mut Work<'_>) {
    let backup = work.sections.one("backup");
    let maintenance = work.sections.one("maintenance");
    let daily = backup.and_then(|group| group.text("window"));
    let weekly = maintenance.and_then(|group| group.text("window"));
    let mut lengths_fit = true;
    if let Some((group, window)) = backup.zip(daily) {
        let span = units::daily_span(window);
        lengths_fit &= window_length(work, group, "backup", span, units::print_daily_window);
    }
    if let Some((group, window)) = maintenance.zip(weekly) {
        let span = units::weekly_span(window);
        lengths_fit &= window_length(work, group, "maintenance", span, units::print_weekly_window);
    }
    let (Some(daily), Some(weekly)) = (daily, weekly) else {
        return;
    };
    let days = units::overlap(daily, weekly);
    if days.is_empty() || !lengths_fit {
        return;
    }
    const DAYS: [&str; 7] = [
        "Mondays",
        "Tuesdays",
        "Wednesdays",
        "Thursdays",
        "Fridays",
        "Saturdays",
        "Sundays",
    ];
    let named: Vec<&str> = days.iter().map(|day| DAYS[*day]).collect();
    let printed = units::print_weekly_window(weekly);
    let hours = printed.trim_end_matches(" UTC");
    let hours = match hours.split_once(' ') {
        Some((_, rest)) if !rest.contains(' ') => {
            let (start, _) = units::weekly_span(weekly).unwrap_or_default();
            let day = usize::try_from(start / (24 * 60)).unwrap_or_default();
            format!("{} {rest}", DAYS[day.min(6)])
        }
        _ => hours.to_owned(),
    };
    let start = units::weekly_span(weekly).map_or(0, |(start, _)| start % (24 * 60));
    let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let example = format!("{}-{}", clock(start + 23 * 60), clock(start));
    work.found.push(
        Diagnostic::error(
            "P303",
            format!(
                "the backup window overlaps the maintenance window on {}",
                named.join(" and ")
            ),
        )
        .at_some(
            backup.and_then(|group| group.origin("window")),
            format!("every day {daily}"),
        )
        .also_some(maintenance.and_then(|group| group.origin("window")), hours)
        .note("RDS refuses windows that overlap")
        .help(format!(
            "end the backup window by {}, for example \"{example} UTC\"",
            clock(start)
        ))
        .about("backup.window"),
    );
}

/// Whether a window is long enough; P304 if not.
fn window_length(
    work: &mut Work<'_>,
    group: &Group,
    which: &str,
    span: Option<(u32, u32)>,
    print: fn(&str) -> String,
) -> bool {
    let Some((start, length)) = span.filter(|(_, length)| *length < 30) else {
        return true;
    };
    let end = start + 30;
    let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    let aws = if which == "backup" {
        format!("{}-{}", clock(start), clock(end))
    } else {
        let day = |minutes: u32| {
            let day = usize::try_from(minutes / (24 * 60) % 7).unwrap_or_default();
            units::WEEKDAYS[day]
        };
        format!(
            "{}:{}-{}:{}",
            day(start),
            clock(start),
            day(end),
            clock(end)
        )
    };
    let written = group
        .field("window")
        .and_then(|field| field.node.text())
        .unwrap_or_default();
    let mut found = Diagnostic::error(
        "P304",
        format!("a {which} window lasts at least 30 minutes; this one lasts {length}"),
    )
    .at_some(group.origin("window"), "")
    .help(format!("window = \"{}\"", print(&aws)))
    .about(group.path("window"));
    if written.get(3..4) == Some(":") && which == "maintenance" {
        found = found.note(format!(
            "the AWS form {aws} is accepted; `pgward fmt` rewrites it"
        ));
    }
    work.found.push(found);
    false
}

/// P305.
fn classes(work: &mut Work<'_>) {
    let known = work.catalog.facts.classes();
    if known.is_empty() {
        return;
    }
    let groups: Vec<&Group> = work
        .sections
        .one("instance")
        .into_iter()
        .chain(work.sections.many("replica"))
        .collect();
    let environment = work.environment.name.clone();
    for group in groups {
        let Some((class, origin)) = group.text("class").zip(group.origin("class")) else {
            continue;
        };
        let lower = class.to_ascii_lowercase();
        if known.contains(&lower) {
            continue;
        }
        let near = suggest::near(&lower, known.iter().map(String::as_str));
        let found = if has_the_form_of_a_class(&lower) {
            let found = Diagnostic::warning(
                "P305",
                format!("this version of pgward does not know the class `{class}`"),
            )
            .at(origin, "AWS is asked before anything is changed");
            match near {
                Some(near) => found.help(format!("did you mean \"{near}\"?")),
                None => found,
            }
        } else {
            let found = Diagnostic::error("P305", format!("`{class}` is not a DB instance class"))
                .at(origin, "");
            let whole = format!("db.{lower}");
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let sure = known.contains(&whole).then_some(whole.as_str());
            let sure = sure.or_else(|| suggest::only_near(&lower, &names));
            match sure.or(near) {
                Some(near) if sure.is_some() => found
                    .help(format!("did you mean \"{near}\"?"))
                    .fixed_by(origin, format!("\"{near}\"")),
                Some(near) => found.help(format!("did you mean \"{near}\"?")),
                None => found.help("a class is \"db.\", a family and a size: \"db.m6g.xlarge\""),
            }
        };
        work.found.push(
            found
                .note(format!(
                    "`pgward preflight {environment}` also checks that AWS offers it in your zones"
                ))
                .about(group.path("class")),
        );
    }
}

/// Whether a class that the data does not know could be one all the same.
fn has_the_form_of_a_class(class: &str) -> bool {
    let parts: Vec<&str> = class.split('.').collect();
    let (["db", family, size] | ["db", family, size, _]) = parts.as_slice() else {
        return false;
    };
    let generation = family.find(|c: char| c.is_ascii_digit());
    let is_family = generation.is_some_and(|at| (1..=3).contains(&at))
        && family
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-');
    let multiple = size
        .strip_suffix("xlarge")
        .is_some_and(|n| n.is_empty() || n.parse::<u32>().is_ok());
    is_family && (multiple || ["micro", "small", "medium", "large", "metal"].contains(size))
}

/// P308.
fn managed_password(work: &mut Work<'_>) {
    let Some(master) = work.sections.named("secret", "master") else {
        return;
    };
    let Some(replica) = work
        .sections
        .many("replica")
        .min_by_key(|group| group.header.clone())
    else {
        return;
    };
    if master.text("source") != Some("rds-managed") {
        return;
    }
    let name = master
        .text("name")
        .and_then(|name| values::fill(name, &work.environment).ok());
    let help = match name {
        Some(name) => format!("source = \"generate\" keeps the password in {name} as well"),
        None => "source = \"generate\", with a name, keeps the password in Secrets Manager as well"
            .to_owned(),
    };
    work.found.push(
        Diagnostic::error(
            "P308",
            "RDS cannot create a read replica while it manages the master password itself",
        )
        .at_some(master.origin("source"), "here RDS manages the password")
        .also(
            &replica.header,
            "and this is a read replica of that instance",
        )
        .help(help)
        .note("\"rds-managed\" rules out blue/green deployments too; Aurora readers are fine")
        .about("secret.master.source"),
    );
}

/// P309.
fn regions(work: &mut Work<'_>) {
    let region = work.environment.region.clone();
    let home = work
        .sections
        .one("project")
        .and_then(|group| group.origin("region"));
    let mut written: Vec<(&Group, &str, String, &str)> = work
        .sections
        .many("topic")
        .map(|group| {
            let note = "a CloudWatch alarm can only notify a topic in its own region";
            (group, "arn", format!("topic `{}`", group.name()), note)
        })
        .collect();
    if let Some(group) = work.sections.one("storage") {
        written.push((
            group,
            "encryption",
            "the KMS key".to_owned(),
            "RDS takes a key of its own region",
        ));
    }
    for (group, key, noun, note) in written {
        let Some((text, field)) = group.text(key).zip(group.field(key)) else {
            continue;
        };
        let Some(arn) = Arn::parse(text).filter(|arn| arn.region != region && !region.is_empty())
        else {
            continue;
        };
        if values::is_unknown(&region) {
            continue;
        }
        let place = field.node.within(arn.region_at, arn.region.chars().count());
        let right = text.replacen(arn.region, &region, 1);
        work.found.push(
            Diagnostic::error(
                "P309",
                format!("{noun} is in {}, this environment in {region}", arn.region),
            )
            .at(&place, "")
            .also_some(home, "region of the project")
            .note(note)
            .help(format!("use {right}"))
            .about(group.path(key)),
        );
    }
}

/// P311, and what Database Insights keeps.
fn monitoring(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("monitoring") else {
        return;
    };
    const INTERVALS: [i64; 7] = [0, 1, 5, 10, 15, 30, 60];
    if let Some(seconds) = group
        .int("enhanced")
        .filter(|seconds| !INTERVALS.contains(seconds))
    {
        let below = INTERVALS
            .iter()
            .rfind(|known| **known < seconds && **known > 0);
        let above = INTERVALS.iter().find(|known| **known > seconds);
        let near: Vec<String> = [below, above]
            .into_iter()
            .flatten()
            .map(|known| format!("\"{known} s\""))
            .collect();
        work.found.push(
            Diagnostic::error(
                "P311",
                "enhanced monitoring runs every 1, 5, 10, 15, 30 or 60 seconds",
            )
            .at_some(group.origin("enhanced"), "")
            .help(format!("enhanced = {}", near.join(" or ")))
            .about("monitoring.enhanced"),
        );
    }
    let fits =
        |days: i64| matches!(days, 0 | 7 | 731) || (days % 31 == 0 && days <= 713 && days > 0);
    if let Some(days) = group.int("insights").filter(|days| !fits(*days)) {
        let months = (days + 30) / 31;
        let near = if days < 7 {
            "\"7 days\"".to_owned()
        } else if months > 23 {
            "\"731 days\"".to_owned()
        } else {
            format!("\"{} days\"", months * 31)
        };
        work.found.push(
            Diagnostic::error(
                "P313",
                "Database Insights keeps 7 days, 731 days, or whole months of 31 days between",
            )
            .at_some(group.origin("insights"), "")
            .help(format!("insights = {near}, or \"off\""))
            .about("monitoring.insights"),
        );
    }
}

/// P315: an instance whose shared buffers are larger than its memory does not start.
fn shared_buffers(work: &mut Work<'_>) {
    let Some(group) = work.sections.one("parameters") else {
        return;
    };
    let Some(field) = group.field("shared_buffers") else {
        return;
    };
    let Some(written) = &field.value else { return };
    let instance = work.sections.one("instance");
    let Some(class) = instance.and_then(|group| group.text("class")) else {
        return;
    };
    let (Some(facts), Some(family)) = (work.catalog.facts.class(class), family_of(work)) else {
        return;
    };
    let converted = work
        .catalog
        .facts
        .convert_parameter(&family, "shared_buffers", written);
    let Some(pages) = converted.ok().and_then(|value| value.parse::<i64>().ok()) else {
        return;
    };
    let memory = i64::from(facts.memory_gib) << 30;
    let bytes = pages.saturating_mul(8192);
    if bytes.saturating_mul(4) <= memory.saturating_mul(3) {
        return;
    }
    let size = units::print_bytes(bytes);
    work.found.push(
        Diagnostic::error(
            "P315",
            format!("`shared_buffers` of {size} leaves {class} no memory to start with"),
        )
        .at(&field.node.origin, "")
        .also_some(
            instance.and_then(|group| group.origin("class")),
            format!("{} GiB of memory", facts.memory_gib),
        )
        .help("shared_buffers = \"25% of memory\"")
        .about("parameters.shared_buffers"),
    );
}

fn family_of(work: &Work<'_>) -> Option<String> {
    let group = work.sections.one("postgres")?;
    let major = group
        .text("version")
        .and_then(|version| version.split('.').next());
    group
        .value("parameter_family")
        .and_then(Value::as_text)
        .map(ToOwned::to_owned)
        .or_else(|| major.map(|major| format!("postgres{major}")))
}
