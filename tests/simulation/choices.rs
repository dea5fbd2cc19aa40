//! What may stand in a random environment: values, sections, odd edits and other names.

/// What every environment has.
pub(super) const ALWAYS: &[(&str, &str, &str)] = &[
    ("", "environment", "\"dev\""),
    ("", "account", "\"444455556666\""),
    ("project", "name", "\"shop\""),
    ("project", "region", "\"ap-south-1\""),
    ("network", "vpc", "\"vpc-0b7714c0de5a92233\""),
    (
        "network",
        "subnets",
        "[\"subnet-0aaa1110000000011\", \"subnet-0bbb2220000000022\"]",
    ),
    ("access.app", "from", "\"10.0.0.0/16\""),
    ("postgres", "version", "\"16\""),
    ("instance", "class", "\"db.t3.small\""),
    ("instance", "multi_az", "false"),
    ("instance", "public", "false"),
    ("instance", "deletion_protection", "true"),
    ("storage", "type", "\"gp3\""),
    ("storage", "size", "\"20 GiB\""),
    ("storage", "encryption", "\"aws/rds\""),
    ("backup", "retention", "\"1 day\""),
    ("maintenance", "window", "\"Sun 03:00-04:00 UTC\""),
    ("secret.master", "name", "\"shop/dev/postgres\""),
    ("secret.master", "username", "\"shop_admin\""),
    ("secret.master", "source", "\"generate\""),
];

/// Values that keys may take; an empty one leaves the key out.
pub(super) const VALUES: &[(&str, &str, &[&str])] = &[
    (
        "postgres",
        "version",
        &[
            "\"16\"",
            "\"16\"",
            "\"16.9\"",
            "\"16.10\"",
            "\"16.11\"",
            "\"17\"",
        ],
    ),
    ("postgres", "port", &["", "5432", "5433"]),
    ("postgres", "iam_authentication", &["", "true", "false"]),
    (
        "instance",
        "class",
        &["\"db.t3.small\"", "\"db.t3.medium\"", "\"db.t3.large\""],
    ),
    ("instance", "multi_az", &["false", "true"]),
    ("instance", "deletion_protection", &["true", "false"]),
    (
        "instance",
        "certificate",
        &["", "\"rds-ca-rsa2048-g1\"", "\"rds-ca-ecc384-g1\""],
    ),
    (
        "storage",
        "size",
        &["\"20 GiB\"", "\"20 GiB\"", "\"25 GiB\"", "\"40 GiB\""],
    ),
    ("storage", "type", &["\"gp3\"", "\"gp3\"", "\"gp2\""]),
    ("storage", "grow_to", &["", "\"100 GiB\"", "\"200 GiB\""]),
    ("parameters", "work_mem", &["", "\"8MB\"", "\"16MB\""]),
    ("parameters", "max_connections", &["", "100", "120", "140"]),
    (
        "parameters",
        "shared_buffers",
        &["", "\"25% of memory\"", "\"30% of memory\""],
    ),
    ("parameters", "random_page_cost", &["", "1.1", "2.0"]),
    ("parameters", "log_statement", &["", "\"ddl\"", "\"none\""]),
    ("parameters", "\"rds.force_ssl\"", &["", "true", "false"]),
    (
        "backup",
        "retention",
        &["\"1 day\"", "\"1 day\"", "\"7 days\"", "\"0 days\""],
    ),
    (
        "backup",
        "window",
        &["", "\"01:00-02:00 UTC\"", "\"02:00-03:00 UTC\""],
    ),
    ("backup", "copy_tags", &["", "true", "false"]),
    ("maintenance", "minor_upgrades", &["", "true", "false"]),
    (
        "monitoring",
        "enhanced",
        &["\"30 s\"", "\"60 s\"", "\"off\""],
    ),
    ("monitoring", "insights", &["", "\"7 days\"", "\"off\""]),
    (
        "monitoring",
        "logs",
        &[
            "",
            "[\"postgresql\"]",
            "[\"postgresql\", \"upgrade\"]",
            "[]",
        ],
    ),
    ("tags", "Team", &["\"orders\"", "\"billing\""]),
    ("tags", "Level", &["", "\"1\"", "\"2\""]),
    (
        "access.app",
        "from",
        &["\"10.0.0.0/16\"", "\"10.1.0.0/16\""],
    ),
    (
        "access.app",
        "description",
        &["", "\"servers\"", "\"all servers\""],
    ),
    (
        "access.office",
        "from",
        &["\"10.9.1.5/32\"", "\"sg-0aa11bb22cc33dd44\""],
    ),
    (
        "replica.one",
        "class",
        &["\"db.t3.small\"", "\"db.t3.medium\""],
    ),
    ("replica.one", "multi_az", &["", "false", "true"]),
    ("replica.two", "source", &["", "\"replica.one\""]),
    (
        "secret.master",
        "source",
        &["\"generate\"", "\"generate\"", "\"rds-managed\""],
    ),
    (
        "secret.app",
        "name",
        &["\"shop/dev/app\"", "\"shop/dev/application\""],
    ),
    (
        "proxy",
        "secrets",
        &["[\"app\"]", "[\"app\", \"reporting\"]"],
    ),
    ("proxy", "iam", &["", "\"required\"", "\"disabled\""]),
    ("proxy", "require_tls", &["", "true", "false"]),
    (
        "proxy",
        "idle_client_timeout",
        &["", "\"10 min\"", "\"30 min\""],
    ),
    ("proxy", "max_connections", &["", "\"80%\"", "\"90%\""]),
    ("alarm.cpu", "above", &["\"80%\"", "\"90%\""]),
    ("alarm.cpu", "for", &["\"10 min\"", "\"5 min\""]),
    ("alarm.disk", "below", &["\"5 GiB\"", "\"2 GiB\""]),
    ("alarm.lag", "above", &["\"5 s\"", "\"9 s\""]),
    ("policy", "disruptive", &["\"window\"", "\"now\""]),
    (
        "policy",
        "allow",
        &[
            "[\"online\", \"degraded\"]",
            "[\"online\", \"degraded\", \"reboot\", \"downtime\"]",
        ],
    ),
];

/// A section, its keys, and the sections that go with it.
type Optional = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// Sections that come and go, with their keys and with what has to go along.
pub(super) const OPTIONAL: &[Optional] = &[
    ("access.office", &[("from", "\"10.9.1.5/32\"")], &[]),
    (
        "access.list",
        &[
            ("from", "\"pl-0123456789abcdef0\""),
            ("description", "\"a list\""),
        ],
        &[],
    ),
    (
        "monitoring",
        &[
            ("enhanced", "\"30 s\""),
            ("role", "\"rds-monitoring-role\""),
        ],
        &[],
    ),
    ("parameters", &[("work_mem", "\"8MB\"")], &[]),
    ("tags", &[("Team", "\"orders\"")], &[]),
    (
        "replica.one",
        &[("class", "\"db.t3.small\"")],
        &["alarm.lag", "replica.two"],
    ),
    ("replica.two", &[("class", "\"db.t3.small\"")], &[]),
    (
        "secret.app",
        &[
            ("name", "\"shop/dev/app\""),
            ("username", "\"app_user\""),
            ("source", "\"generate\""),
        ],
        &["proxy"],
    ),
    (
        "secret.reporting",
        &[
            ("name", "\"shop/dev/reporting\""),
            ("username", "\"reporting_user\""),
            ("source", "\"existing\""),
        ],
        &["proxy"],
    ),
    (
        "proxy",
        &[("role", "\"rds-proxy-role\""), ("secrets", "[\"app\"]")],
        &[],
    ),
    (
        "topic.oncall",
        &[("arn", "\"arn:aws:sns:ap-south-1:444455556666:oncall\"")],
        &[],
    ),
    (
        "alarm.cpu",
        &[
            ("metric", "\"CPUUtilization\""),
            ("above", "\"80%\""),
            ("for", "\"10 min\""),
        ],
        &[],
    ),
    (
        "alarm.disk",
        &[
            ("metric", "\"FreeStorageSpace\""),
            ("below", "\"5 GiB\""),
            ("for", "\"5 min\""),
        ],
        &[],
    ),
    (
        "alarm.lag",
        &[
            ("on", "\"replica.one\""),
            ("metric", "\"ReplicaLag\""),
            ("above", "\"5 s\""),
            ("for", "\"5 min\""),
        ],
        &[],
    ),
    ("policy", &[("disruptive", "\"window\"")], &[]),
];

/// Edits that a plan refuses, or that it does only in a roundabout way.
pub(super) const ODD: &[(&str, &str, &str)] = &[
    ("storage", "encryption", "\"alias/other\""),
    ("instance", "name", "\"shop-dev-2\""),
    ("network", "subnet_group", "\"shop-dev-subnets\""),
    ("network", "security_group", "\"shop-dev-firewall\""),
    ("postgres", "parameter_group", "\"shop-dev-parameters\""),
    ("proxy", "name", "\"shop-dev-front\""),
    (
        "network",
        "subnets",
        "[\"subnet-0aaa1110000000011\", \"subnet-0bbb2220000000022\", \"subnet-0ccc3330000000033\"]",
    ),
];

/// Sections whose name may change, which a key then tells.
pub(super) const RENAMED: [(&str, &str); 3] = [
    ("alarm.cpu", "alarm.processor"),
    ("secret.app", "secret.application"),
    ("replica.one", "replica.reports"),
];
