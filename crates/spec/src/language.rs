//! The keys of a section, whether they are attributes of a kind or not.

use pgward_model::{Attribute, Catalog, Form, Section};

/// A key of the language, as checks, suggestions and the schema need it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) doc: &'static str,
    pub(crate) required: bool,
    pub(crate) one_of: &'static [&'static str],
    /// Whether it takes `{ env = }` and `{ ssm = }`.
    pub(crate) outside: bool,
    /// Its names in AWS, in Terraform, and elsewhere.
    pub(crate) other_names: Vec<&'static str>,
    pub(crate) range: Option<(i64, i64)>,
    pub(crate) default: &'static str,
    pub(crate) attribute: Option<&'static Attribute>,
}

impl Key {
    /// Whether people know it by this name elsewhere; case and separators don't matter.
    pub(crate) fn is_known_as(&self, name: &str) -> bool {
        self.other_names
            .iter()
            .any(|known| plain(known) == plain(name))
    }
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-'], "")
}

/// Attributes that refer to something outside of pgward and may be given from outside. The table
/// of attributes has no column for it.
const OUTSIDE: [&str; 6] = [
    "network.vpc",
    "network.subnets",
    "storage.encryption",
    "instance.certificate",
    "monitoring.role",
    "proxy.role",
];

/// Attributes that one of the words of another attribute makes needless.
const REQUIRED_BY_OTHERS: [&str; 1] = ["*.name"];

/// The keys of a section, those of its kinds first.
pub(crate) fn keys(catalog: &Catalog, section: &Section) -> Vec<Key> {
    let attributes = catalog
        .attributes_in(section)
        .into_iter()
        .map(|(name, attribute)| Key {
            name,
            form: attribute.form,
            doc: attribute.doc,
            required: attribute.required && !REQUIRED_BY_OTHERS.contains(&attribute.path),
            one_of: attribute.one_of,
            outside: OUTSIDE.contains(&attribute.path),
            other_names: attribute
                .aws
                .split(", ")
                .chain([attribute.terraform])
                .filter(|known| !known.is_empty())
                .collect(),
            range: attribute.range,
            default: attribute.default,
            attribute: Some(attribute),
        });
    let others = section.keys.iter().map(|key| Key {
        name: key.name,
        form: key.form,
        doc: key.doc,
        required: key.required,
        one_of: key.one_of,
        outside: key.outside,
        other_names: key.aliases.to_vec(),
        range: None,
        default: "",
        attribute: None,
    });
    attributes.chain(others).collect()
}

/// Keys that come with a later version: section, key, and the sentence that refuses them.
pub(crate) const LATER_KEYS: [(&str, &str, &str); 5] = [
    (
        "replica",
        "region",
        "replicas in other regions come with a later version",
    ),
    (
        "replica",
        "subnets",
        "replicas in other regions come with a later version",
    ),
    (
        "replica",
        "encryption",
        "replicas in other regions come with a later version",
    ),
    ("secret", "rotate", "rotation comes with a later version"),
    (
        "topic",
        "email",
        "topics that pgward creates come with a later version; give an `arn`",
    ),
];

/// What people call a section elsewhere.
const OTHER_SECTIONS: [(&str, &str); 22] = [
    ("db_instance", "instance"),
    ("aws_db_instance", "instance"),
    ("rds", "instance"),
    ("database_instance", "instance"),
    ("vpc", "network"),
    ("subnet_group", "network"),
    ("db_subnet_group", "network"),
    ("subnets", "network"),
    ("security_group", "access"),
    ("ingress", "access"),
    ("rule", "access"),
    ("parameter_group", "parameters"),
    ("db_parameter_group", "parameters"),
    ("engine", "postgres"),
    ("postgresql", "postgres"),
    ("read_replica", "replica"),
    ("db_proxy", "proxy"),
    ("cloudwatch", "alarm"),
    ("metric_alarm", "alarm"),
    ("sns", "topic"),
    ("backups", "backup"),
    ("waiver", "accept"),
];

/// The section that is meant by a name from elsewhere.
pub(crate) fn section_meant_by(name: &str) -> Option<&'static str> {
    OTHER_SECTIONS
        .iter()
        .find(|(known, _)| plain(known) == plain(name))
        .map(|(_, name)| *name)
}
