//! The sections of the language, in the canonical order of `fmt`, with the keys that are not
//! attributes of a kind (ux, 5.5).

use pgward_model::{Form, Section, SectionKey};

const fn section(name: &'static str, doc: &'static str) -> Section {
    Section {
        name,
        many: false,
        can_be_dropped: false,
        free_keys: false,
        required: false,
        later: "",
        doc,
        keys: &[],
        kinds: &[],
    }
}

const fn later(name: &'static str, doc: &'static str, sentence: &'static str) -> Section {
    Section {
        later: sentence,
        many: true,
        ..section(name, doc)
    }
}

const ENABLED: SectionKey = SectionKey::new(
    "enabled",
    Form::Bool,
    "`false` drops the inherited section; at `[alarm]` and its like, all of that kind.",
);

const RENAMED: SectionKey = SectionKey::new(
    "renamed_from",
    Form::Text,
    "The section's earlier name; keeps the resource, for as long as the line stands.",
);

/// Every section, those of later versions included, so that they are refused by name.
pub static SECTIONS: &[Section] = &[
    Section {
        required: true,
        keys: &[
            SectionKey::new("language", Form::Int, "Version of the file format: 1."),
            SectionKey::new("extends", Form::Text, "The base file, read first."),
            SectionKey::new("include", Form::List, "Files that hold further sections."),
            SectionKey::new("environment", Form::Text, "Name of the environment.").required(),
            SectionKey::new(
                "account",
                Form::Text,
                "AWS account of 12 digits; any other is refused.",
            )
            .required()
            .outside()
            .aliases(&["account_id", "allowed_account_ids"]),
        ],
        ..section("", "Keys above the first section")
    },
    Section {
        required: true,
        keys: &[
            SectionKey::new("name", Form::Text, "First part of every resource name.").required(),
            SectionKey::new("region", Form::Text, "AWS region of the environment.")
                .required()
                .outside(),
        ],
        ..section("project", "The project, shared by its environments")
    },
    Section {
        free_keys: true,
        ..section("tags", "Tags of every resource")
    },
    Section {
        required: true,
        kinds: &["subnet_group", "security_group"],
        ..section(
            "network",
            "VPC, subnets, and the names of the groups made in them",
        )
    },
    Section {
        many: true,
        can_be_dropped: true,
        keys: &[
            SectionKey::new(
                "from",
                Form::Text,
                "Who may connect: a security group, a CIDR block or a prefix list.",
            )
            .required()
            .outside()
            .aliases(&[
                "source",
                "cidr",
                "source_ip",
                "cidr_blocks",
                "source_group",
                "CidrIp",
            ]),
            SectionKey::new(
                "description",
                Form::Text,
                "What the rule is for, up to 255 characters.",
            ),
            SectionKey::new(
                "port",
                Form::Int,
                "Port that is opened. Default: `[postgres] port`.",
            )
            .aliases(&["from_port", "FromPort"]),
            ENABLED,
            RENAMED,
        ],
        ..section("access", "Who may connect: one section per rule")
    },
    Section {
        required: true,
        kinds: &["instance", "parameter_group"],
        ..section(
            "postgres",
            "PostgreSQL itself: version, port, login with IAM",
        )
    },
    Section {
        free_keys: true,
        kinds: &["parameter_group"],
        ..section("parameters", "PostgreSQL parameters, by their own names")
    },
    Section {
        required: true,
        kinds: &["instance"],
        ..section("instance", "The DB instance")
    },
    Section {
        required: true,
        kinds: &["instance"],
        ..section("storage", "Storage of the instance")
    },
    later(
        "cluster",
        "An Aurora cluster",
        "Aurora clusters come with a later version",
    ),
    later(
        "node",
        "An instance of an Aurora cluster",
        "Aurora clusters come with a later version",
    ),
    Section {
        many: true,
        can_be_dropped: true,
        kinds: &["replica"],
        keys: &[ENABLED, RENAMED],
        ..section("replica", "A read replica: one section each")
    },
    Section {
        required: true,
        kinds: &["instance"],
        ..section("backup", "Automated backups")
    },
    Section {
        kinds: &["instance"],
        ..section("maintenance", "Maintenance by AWS")
    },
    Section {
        kinds: &["instance"],
        ..section(
            "monitoring",
            "Enhanced monitoring, Database Insights, exported logs",
        )
    },
    Section {
        many: true,
        can_be_dropped: true,
        kinds: &["secret"],
        keys: &[ENABLED, RENAMED],
        ..section(
            "secret",
            "A secret by name; its value never stands in a file",
        )
    },
    later(
        "database",
        "A database inside PostgreSQL",
        "databases and roles inside PostgreSQL come with a later version",
    ),
    later(
        "role",
        "A role inside PostgreSQL",
        "databases and roles inside PostgreSQL come with a later version",
    ),
    Section {
        kinds: &["proxy"],
        keys: &[ENABLED],
        ..section("proxy", "RDS Proxy in front of the instance")
    },
    Section {
        many: true,
        can_be_dropped: true,
        keys: &[
            SectionKey::new("arn", Form::Text, "ARN of an existing SNS topic.")
                .required()
                .outside(),
            ENABLED,
        ],
        ..section("topic", "An SNS topic that alarms notify")
    },
    Section {
        many: true,
        can_be_dropped: true,
        kinds: &["alarm"],
        keys: &[ENABLED, RENAMED],
        ..section("alarm", "A CloudWatch alarm: one section each")
    },
    Section {
        keys: &[
            SectionKey::new("disruptive", Form::Text, "When downtime changes start.")
                .one_of(&["window", "now"]),
            SectionKey::new("allow", Form::List, "Effects that need no `--allow`.")
                .one_of(&["online", "degraded", "reboot", "downtime", "replace"]),
            SectionKey::new("deny", Form::List, "Codes whose warnings are errors."),
        ],
        ..section("policy", "How careful `apply` is")
    },
    Section {
        many: true,
        keys: &[
            SectionKey::new("reason", Form::Text, "Why the finding is accepted.").required(),
            SectionKey::new(
                "until",
                Form::Date,
                "Last day; at most 90 days ahead for errors.",
            )
            .required(),
        ],
        ..section("accept", "A waiver: `[accept.P401-admin-host]`")
    },
    Section {
        many: true,
        keys: &[
            SectionKey::new(
                "path",
                Form::Text,
                "Path that is not compared, such as `tags.LastScanned`.",
            )
            .required(),
            SectionKey::new("reason", Form::Text, "Why it is not compared.").required(),
            SectionKey::new("until", Form::Date, "Last day.").required(),
        ],
        ..section("ignore", "Drift that is known and wanted")
    },
    later(
        "connect",
        "How to reach the database",
        "connections into PostgreSQL come with a later version",
    ),
    Section {
        keys: &[SectionKey::new(
            "store",
            Form::Text,
            "Where lease, record and journal are kept: a folder, or `s3://bucket/prefix`.",
        )],
        ..section("state", "Where pgward keeps what it writes itself")
    },
];
