//! The plans of the samples: a new environment, a risky change, a deletion.

use pgward_engine::{Follow, Gate, Plan, PlannedChange, TotalCost, Verb, Verdict, Waiting, When};
use pgward_model::{Effect, Flag, Path};

use super::{
    at, blank, create, described, dollars, flags, origin, plan, step, values, waiting, window,
};

pub(crate) const INSTANCE: [&str; 3] = ["rds.instance", "DB instance", "happytrip-b2b-prod"];
const SUBNETS: [&str; 3] = [
    "rds.subnet_group",
    "subnet group",
    "happytrip-b2b-subnet-group",
];
const ACCESS: [&str; 3] = [
    "ec2.security_group",
    "security group",
    "happytrip-b2b-rds-sg",
];
pub(crate) const PARAMETERS: [&str; 3] = [
    "rds.parameter_group",
    "parameter group",
    "happytrip-b2b-pg16-custom",
];

/// The first step of a new environment.
fn groundwork() -> Vec<PlannedChange> {
    let secret = |name: &str, text: &str, line: u32| {
        let address = format!("secret.{name}");
        let id = format!("happytrip/b2b/prod/{text}");
        let kind = ["secretsmanager.secret", "secret", id.as_str()];
        let headline = format!("{id}, value generated");
        create(
            &address,
            &kind,
            &headline,
            origin("base.toml", line),
            1,
            dollars(40, ""),
        )
    };
    vec![
        PlannedChange {
            details: described(&[(
                "subnets",
                "subnet-0abc1230000000001\nsubnet-0def4560000000002",
            )]),
            ..create(
                "network",
                &SUBNETS,
                "subnet group happytrip-b2b-subnet-group",
                origin("prod.toml", 5),
                1,
                dollars(0, ""),
            )
        },
        PlannedChange {
            details: described(&[
                ("app-servers", "tcp 5432 from sg-0aa11bb22cc33dd44"),
                ("admin-host", "tcp 5432 from 10.0.1.100/32"),
            ]),
            ..create(
                "access",
                &ACCESS,
                "security group happytrip-b2b-rds-sg",
                origin("prod.toml", 9),
                1,
                dollars(0, ""),
            )
        },
        PlannedChange {
            details: described(&[
                (
                    "",
                    "13 parameters, 8 of them different from the RDS default:",
                ),
                (
                    "",
                    "effective_cache_size 75% of memory (12 GB), work_mem 32MB, \
                     maintenance_work_mem 1GB, wal_buffers 16MB, random_page_cost 1.1, \
                     max_connections 200, log_min_duration_statement 1s, log_statement ddl",
                ),
            ]),
            ..create(
                "parameters",
                &PARAMETERS,
                "parameter group happytrip-b2b-pg16-custom, postgres16",
                origin("base.toml", 19),
                1,
                dollars(0, ""),
            )
        },
        secret("master", "postgres", 51),
        secret("app", "app", 56),
        secret("reporting", "reporting", 61),
    ]
}

/// The instance of a new environment.
fn instance() -> PlannedChange {
    PlannedChange {
        details: described(&[
            ("class", "db.m6g.xlarge (4 vCPU, 16 GiB), Multi-AZ"),
            (
                "engine",
                "PostgreSQL 16 (AWS will install 16.10), port 5432, IAM login on",
            ),
            (
                "storage",
                "gp3 100 GiB, grows to 1000 GiB, encrypted with aws/rds",
            ),
            ("network", "not public; ap-south-1a, ap-south-1b"),
            (
                "backups",
                "30 days, daily 02:00-03:00 UTC · maintenance Sun 03:00-04:00 UTC",
            ),
            (
                "monitoring",
                "every 30 s, insights 7 days, logs postgresql + upgrade",
            ),
            ("protection", "deletion protection on"),
        ]),
        ..create(
            "instance",
            &INSTANCE,
            "DB instance happytrip-b2b-prod",
            origin("prod.toml", 22),
            2,
            dollars(37_084, "2 x 0.254 $/h x 730 h"),
        )
    }
}

/// What needs the instance.
fn dependents() -> Vec<PlannedChange> {
    let alarm = |name: &str, text: &str, line: u32| {
        let id = format!("happytrip-b2b-prod-{name}");
        let kind = ["cloudwatch.alarm", "alarm", id.as_str()];
        let origin = origin("base.toml", line);
        create(
            &format!("alarm.{name}"),
            &kind,
            text,
            origin,
            3,
            dollars(10, ""),
        )
    };
    let replica = [
        "rds.instance",
        "DB instance",
        "happytrip-b2b-prod-reporting",
    ];
    let proxy = ["rds.proxy", "proxy", "happytrip-b2b-proxy"];
    vec![
        PlannedChange {
            details: described(&[("class", "db.m6g.large, copies happytrip-b2b-prod")]),
            ..create(
                "replica.reporting",
                &replica,
                "DB instance happytrip-b2b-prod-reporting",
                origin("prod.toml", 37),
                3,
                None,
            )
        },
        alarm("cpu-high", "CPUUtilization > 80% for 10 min", 85),
        alarm("disk-low", "FreeStorageSpace < 10 GiB for 5 min", 90),
        alarm("memory-low", "FreeableMemory < 1 GiB for 5 min", 95),
        alarm(
            "connections-high",
            "DatabaseConnections > 150 for 3 min",
            100,
        ),
        alarm("read-latency", "ReadLatency > 100 ms for 5 min", 105),
        alarm("write-latency", "WriteLatency > 100 ms for 5 min", 110),
        PlannedChange {
            details: described(&[("", "IAM required, TLS required")]),
            ..create(
                "proxy",
                &proxy,
                "happytrip-b2b-proxy",
                origin("prod.toml", 40),
                4,
                None,
            )
        },
        PlannedChange {
            origin: Some(origin("prod.toml", 51)),
            step: Some(4),
            ..alarm(
                "replica-lag",
                "ReplicaLag > 5 s for 5 min, on replica.reporting",
                51,
            )
        },
    ]
}

/// The production environment, which does not exist yet.
pub(crate) fn new_environment() -> Plan {
    let mut changes = groundwork();
    changes.push(instance());
    changes.extend(dependents());
    let minutes = [(0, 0), (12, 20), (10, 15), (5, 10)];
    let steps = (1..)
        .zip(minutes)
        .map(|(number, minutes)| step(number, minutes, &changes));
    let words = |zone: &str| format!("{zone}, private");
    Plan {
        verdict: Verdict::Ready,
        is_new: true,
        unchanged: 0,
        steps: steps.collect(),
        subnet_words: [
            ("subnet-0abc1230000000001".to_owned(), words("ap-south-1a")),
            ("subnet-0def4560000000002".to_owned(), words("ap-south-1b")),
        ]
        .into(),
        notes: vec![
            "alarms notify topic.oncall (arn:aws:sns:ap-south-1:111122223333:b2b-oncall)"
                .to_owned(),
        ],
        cost: TotalCost {
            monthly_delta: 3_727_400,
            unpriced: ["replica.reporting", "proxy", "storage"]
                .map(Path::new)
                .to_vec(),
            as_of: "2025-01-15".to_owned(),
        },
        changes,
        ..plan("2025-11-12T09:14:11Z", "4f1c2aa")
    }
}

fn blocked(code: &str, why: &str, instead: &str) -> Gate {
    Gate::Blocked {
        code: code.to_owned(),
        why: why.to_owned(),
        instead: vec![instead.to_owned()],
    }
}

/// The two changes of the risky plan that are never made.
fn blocked_changes() -> Vec<PlannedChange> {
    let encryption = PlannedChange {
        verb: Verb::Replace,
        effect: Effect::DataLoss,
        flags: flags(&[Flag::Stateful]),
        when: When::Never,
        reason: "RDS fixes the KMS key when it creates an instance, so a new and empty instance \
                 would take this name. The present one holds 61 GiB."
            .to_owned(),
        replaced_because: vec![Path::new("storage.encryption")],
        origin: Some(origin("prod.toml", 32)),
        cost: None,
        gate: blocked(
            "P601",
            "a plan never destroys data; --allow can't lift this",
            "put encryption = \"aws/rds\" back, or move the data: snapshot, copy it with the new \
             key, restore, switch over. The commands for this instance: pgward explain P601 prod",
        ),
        step: None,
        ..blank("storage.encryption", "instance", &INSTANCE)
    };
    let partner = PlannedChange {
        flags: flags(&[Flag::Exposure]),
        when: When::Never,
        reason: "every IPv4 address may connect. The instance has no public address today, so \
                 the rule alone does not make it reachable; it removes the second barrier."
            .to_owned(),
        origin: Some(origin("prod.toml", 57)),
        gate: blocked(
            "P401",
            "open to the internet",
            "the partner's own range, such as from = \"203.0.113.0/28\"",
        ),
        step: None,
        ..blank("access.partner", "access", &ACCESS)
    };
    vec![
        values(encryption, Some("aws/rds"), Some("alias/happytrip-b2b-key")),
        values(partner, None, Some("tcp 5432 from 0.0.0.0/0")),
    ]
}

/// The changes of the risky plan that can be made.
fn possible_changes() -> Vec<PlannedChange> {
    let remark = |label: &str, text: &str| (label.to_owned(), text.to_owned());
    let follow = |path: &str, before: &str, after: &str| Follow {
        path: Path::new(path),
        before: before.to_owned(),
        after: after.to_owned(),
    };
    let class = PlannedChange {
        effect: Effect::Downtime,
        interruption: Some((60, 120)),
        when: When::Window { at: Some(window()) },
        also_releases: Some(vec!["postgres.version".to_owned()]),
        reason: "Multi-AZ fails over to the resized standby; connections drop once.".to_owned(),
        origin: Some(origin("prod.toml", 23)),
        follows: vec![
            follow("parameters.shared_buffers", "4 GB", "8 GB"),
            follow("parameters.effective_cache_size", "12 GB", "24 GB"),
        ],
        remarks: vec![remark("", "4 -> 8 vCPU, 16 -> 32 GiB")],
        cost: dollars(37_084, "2 x (0.508 - 0.254) $/h x 730 h"),
        gate: Gate::NeedsAllow {
            allow: Effect::Downtime,
        },
        step: Some(2),
        after_steps: vec![1],
        ..blank("instance.class", "instance", &INSTANCE)
    };
    let connections = PlannedChange {
        effect: Effect::Reboot,
        when: When::Restart {
            with: Some(Path::new("instance.class")),
        },
        reason: "Stored at apply, in effect after the next restart.".to_owned(),
        origin: Some(origin("prod.toml", 62)),
        remarks: vec![
            remark(
                "order",
                "replica.reporting restarts first: a standby needs at least its primary's value",
            ),
            remark(
                "also",
                "alarm.connections-high stays at 150, now 38% of the maximum",
            ),
        ],
        gate: Gate::NeedsAllow {
            allow: Effect::Reboot,
        },
        ..blank("parameters.max_connections", "parameters", &PARAMETERS)
    };
    let storage = PlannedChange {
        effect: Effect::Degraded,
        flags: flags(&[Flag::OneWay, Flag::Cooldown]),
        reason: "Online, slower I/O for some hours; storage can't shrink again. AWS refuses \
                 another storage change for 6 h after it."
            .to_owned(),
        origin: Some(origin("prod.toml", 30)),
        remarks: vec![remark(
            "gains",
            "gp3 from 400 GiB: 12,000 IOPS and 500 MiB/s instead of 3,000 and 125",
        )],
        cost: None,
        ..blank("storage.size", "instance", &INSTANCE)
    };
    vec![
        values(class, Some("db.m6g.xlarge"), Some("db.m6g.2xlarge")),
        values(connections, Some("200"), Some("400")),
        values(storage, Some("100 GiB"), Some("400 GiB")),
    ]
}

/// The pull request of the samples that goes too far.
pub(crate) fn risky() -> Plan {
    let mut changes = blocked_changes();
    changes.extend(possible_changes());
    let mut queued = waiting(
        "instance",
        "postgres.version",
        ["16.9", "16.10"],
        When::Window { at: Some(window()) },
    );
    queued.declared = false;
    "fits version = \"16\" (specs/base.toml:15), so there is nothing to change here"
        .clone_into(&mut queued.note);
    Plan {
        verdict: Verdict::Blocked,
        unchanged: 13,
        steps: vec![step(1, (0, 2), &changes), step(2, (5, 15), &changes)],
        waiting: vec![queued],
        cost: TotalCost {
            monthly_delta: 3_708_400,
            unpriced: vec![Path::new("storage.size")],
            as_of: "2025-01-15".to_owned(),
        },
        changes,
        ..plan("2025-11-12T09:14:07Z", "9b07e15")
    }
}

/// The development environment, to be deleted.
#[expect(
    clippy::too_many_lines,
    reason = "one environment, listed in its order"
)]
pub(crate) fn deletion() -> Plan {
    let remark = |label: &str, text: &str| (label.to_owned(), text.to_owned());
    let delete = |address: &str, type_name: &str, noun: &str, name: &str, step: u32| {
        let kind = [type_name, noun, name];
        PlannedChange {
            verb: Verb::Delete,
            step: Some(step),
            ..blank(address, address, &kind)
        }
    };
    let mut changes = vec![PlannedChange {
        effect: Effect::DataLoss,
        flags: flags(&[Flag::Stateful]),
        cost: dollars(-1_241, ""),
        headline: "DB instance happytrip-b2b-dev, PostgreSQL 16.10, db.t3.micro".to_owned(),
        remarks: vec![
            remark("holds", "4 GiB"),
            remark(
                "kept",
                "final snapshot happytrip-b2b-dev-final-20251112-1530, billed until deleted",
            ),
            remark("gone", "automated backups of 1 day"),
            remark(
                "in use",
                "2 connections right now, from 10.0.4.17 (app_user)",
            ),
        ],
        ..delete(
            "instance",
            "rds.instance",
            "DB instance",
            "happytrip-b2b-dev",
            1,
        )
    }];
    changes.push(delete(
        "parameters",
        "rds.parameter_group",
        "parameter group",
        "happytrip-b2b-dev-pg16",
        2,
    ));
    changes.push(PlannedChange {
        remarks: vec![remark("", "1 rule")],
        ..delete(
            "access",
            "ec2.security_group",
            "security group",
            "happytrip-b2b-dev-db",
            2,
        )
    });
    changes.push(delete(
        "network",
        "rds.subnet_group",
        "subnet group",
        "happytrip-b2b-dev-db",
        2,
    ));
    for name in ["master", "app", "reporting"] {
        let id = format!("happytrip/b2b/dev/{name}");
        changes.push(PlannedChange {
            remarks: vec![remark("", "recoverable until 2025-11-19")],
            cost: dollars(-40, ""),
            ..delete(
                &format!("secret.{name}"),
                "secretsmanager.secret",
                "secret",
                &id,
                2,
            )
        });
    }
    let base = plan("2025-11-12T15:30:00Z", "4f1c2aa");
    let mut plan = Plan {
        verdict: Verdict::Ready,
        unchanged: 0,
        compared: 7,
        steps: vec![step(1, (5, 10), &changes), step(2, (0, 0), &changes)],
        notes: vec![
            "Not touched: VPC, subnets, roles, and 1 manual snapshot \
             (happytrip-b2b-dev-before-upgrade)"
                .to_owned(),
        ],
        cost: TotalCost {
            monthly_delta: -136_100,
            unpriced: vec![Path::new("storage")],
            as_of: "2025-01-15".to_owned(),
        },
        changes,
        ..base
    };
    plan.circumstances.destroy = true;
    "dev".clone_into(&mut plan.environment.name);
    "444455556666".clone_into(&mut plan.environment.account);
    plan
}

/// A plan whose changes wait for the window.
pub(crate) fn accepted() -> Plan {
    let class = Waiting {
        note: "requested 12 Nov 09:40 UTC by ci/apply run 8842".to_owned(),
        ..waiting(
            "instance",
            "instance.class",
            ["db.m6g.xlarge", "db.m6g.2xlarge"],
            When::Window { at: Some(window()) },
        )
    };
    let connections = Waiting {
        effect: Effect::Reboot,
        interruption: None,
        ..waiting(
            "parameters",
            "parameters.max_connections",
            ["200", "400"],
            When::Restart {
                with: Some(Path::new("instance.class")),
            },
        )
    };
    Plan {
        waiting: vec![class, connections],
        ..plan("2025-11-12T11:02:00Z", "4f1c2aa")
    }
}

/// When the run of the samples began.
pub(crate) fn began() -> jiff::Timestamp {
    at("2025-11-12T10:02:11Z")
}
