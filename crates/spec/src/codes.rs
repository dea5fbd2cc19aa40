//! The codes that this crate gives, with what each says in general.

/// A code of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code, such as `P101`.
    pub code: &'static str,
    /// Its name in SARIF: `UnknownKey`.
    pub name: &'static str,
    /// What is wrong, in one sentence.
    pub summary: &'static str,
    /// Why it is refused, and what to do about it.
    pub explanation: &'static str,
}

const fn row(
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    explanation: &'static str,
) -> Code {
    Code {
        code,
        name,
        summary,
        explanation,
    }
}

/// The entry of a code, if this crate gives it.
#[must_use]
pub fn code(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|row| row.code == code)
}

/// Every code from P101 to P406, in order.
pub static CODES: &[Code] = &[
    row(
        "P101",
        "UnknownKey",
        "A key is not one of its section.",
        "An unknown key is an error, since a typo in a safety setting must not pass in silence. Names from AWS and Terraform are answered with the name used here.",
    ),
    row(
        "P102",
        "UnknownSection",
        "A section does not exist, or comes with a later version.",
        "Things there can be several of are written [kind.name], in the singular, and never as [[kind]].",
    ),
    row(
        "P103",
        "WrongType",
        "A value has another type or form than its key takes.",
        "Texts have quotes; numbers, true and false have none. `pgward explain KEY` names the form.",
    ),
    row(
        "P104",
        "MissingUnit",
        "A quantity has no unit.",
        "Quantities carry their unit, so that 100 can't be read as something else: \"100 GiB\", \"5 min\", \"30 days\".",
    ),
    row(
        "P105",
        "WrongUnit",
        "A quantity has a unit that does not fit.",
        "RDS allocates GiB, windows are in UTC, and each metric of CloudWatch has one unit.",
    ),
    row(
        "P106",
        "ParameterWithoutUnit",
        "A PostgreSQL parameter needs a unit.",
        "PostgreSQL reads a bare number in a unit of the parameter's own, such as kB or 8 kB pages, which is rarely what is meant.",
    ),
    row(
        "P107",
        "NotToml",
        "A file is not TOML.",
        "The first such error of a file is shown; the other files are still read.",
    ),
    row(
        "P108",
        "WrittenTwice",
        "A section or a key is written twice.",
        "TOML keeps one of each; in an included file a key adds and never overrides.",
    ),
    row(
        "P109",
        "SameResource",
        "Two sections describe the same thing in AWS.",
        "AWS keeps one rule per port and source, and one resource per name.",
    ),
    row(
        "P110",
        "PasswordInFile",
        "A password is written in a file.",
        "No key takes a password. [secret.*] names a secret, and `source` says where its value comes from. Treat what was written as leaked.",
    ),
    row(
        "P111",
        "VariableNotSet",
        "An environment variable that the file names is not set.",
        "Export it, or write the value in the file. `pgward check --offline` accepts unset variables.",
    ),
    row(
        "P112",
        "AccountNumber",
        "An account is text of 12 digits.",
        "A number would drop leading zeros.",
    ),
    row(
        "P113",
        "Missing",
        "Something that must be written is missing.",
        "What costs money, lowers availability, exposes the database or is fixed for life must be written, so that a reviewer sees it.",
    ),
    row(
        "P114",
        "NameNotAllowed",
        "A name is not one that AWS or the language allows.",
        "Names of sections are lowercase letters, digits and hyphens. AWS stores most names in lower case.",
    ),
    row(
        "P115",
        "Placeholder",
        "A placeholder is not known, not allowed here, or copied from the guide.",
        "Names and tags take {project}, {environment}, {region} and {account}.",
    ),
    row(
        "P116",
        "File",
        "A file can't be read, or may not be.",
        "An environment extends one base; bases and included files stay within the project's directory and are read once.",
    ),
    row(
        "P117",
        "NotFromOutside",
        "A key takes no value from outside the files.",
        "{ env = } and { ssm = } are for what a file refers to; what a reviewer decides about stands in the file.",
    ),
    row(
        "P118",
        "Waiver",
        "A waiver can't be one.",
        "Only P4xx can be accepted, errors for at most 90 days: [accept.P401-admin-host] with `reason` and `until`.",
    ),
    row(
        "P201",
        "Undefined",
        "A name refers to a section that does not exist.",
        "References are names in typed keys: secrets = [\"app\"], on = \"replica.reporting\".",
    ),
    row(
        "P202",
        "Circle",
        "Replicas copy each other in a circle.",
        "One of them must copy the instance.",
    ),
    row(
        "P203",
        "InstanceAndCluster",
        "An environment has an instance and a cluster.",
        "An environment is either RDS or Aurora.",
    ),
    row(
        "P204",
        "UnknownMetric",
        "RDS does not publish a metric of this name for what is watched.",
        "CloudWatch takes any name, and such an alarm would never fire.",
    ),
    row(
        "P301",
        "ParameterFamily",
        "A parameter group family does not exist or does not fit the version.",
        "The family follows from the version: postgres16 for 16.x.",
    ),
    row(
        "P302",
        "StorageSettings",
        "The storage type does not take this at its size.",
        "gp3 below 400 GiB is fixed at 3,000 IOPS and 125 MiB/s; io1 and io2 need `iops`; gp2 takes neither.",
    ),
    row(
        "P303",
        "WindowsOverlap",
        "The backup window overlaps the maintenance window.",
        "RDS refuses windows that overlap; they may touch.",
    ),
    row(
        "P304",
        "WindowTooShort",
        "A window is shorter than 30 minutes.",
        "RDS needs at least 30 minutes.",
    ),
    row(
        "P305",
        "InstanceClass",
        "A DB instance class does not exist, or is not known here.",
        "A class that this version does not know is a warning; AWS is asked before anything is changed.",
    ),
    row(
        "P306",
        "ParameterNotModifiable",
        "RDS does not let one set a parameter.",
        "RDS sets some parameters itself; for some there is another one that leads to the same.",
    ),
    row(
        "P307",
        "ParameterValue",
        "A parameter can't have this value.",
        "Values are checked against the range and the words of the parameter in its family.",
    ),
    row(
        "P308",
        "ManagedPasswordWithReplica",
        "RDS manages the master password of an instance that has a read replica.",
        "RDS refuses to create the replica. source = \"generate\" keeps the password in Secrets Manager as well.",
    ),
    row(
        "P309",
        "OtherRegion",
        "Something is in another region than the environment.",
        "Alarms notify topics of their own region; storage takes keys of its own region.",
    ),
    row(
        "P310",
        "Retention",
        "Automated backups are kept for more than 35 days.",
        "Older copies are manual snapshots, or belong to AWS Backup.",
    ),
    row(
        "P311",
        "MonitoringInterval",
        "Enhanced monitoring does not run at this interval.",
        "It runs every 1, 5, 10, 15, 30 or 60 seconds.",
    ),
    row(
        "P312",
        "GrowTo",
        "The limit of storage autoscaling is less than 10% above the size.",
        "RDS refuses such a limit. Without `grow_to` storage does not grow by itself.",
    ),
    row(
        "P313",
        "OutOfRange",
        "A value is out of the range that AWS takes.",
        "The range comes from the AWS documentation and is named in the message.",
    ),
    row(
        "P314",
        "ReplicaWithoutBackups",
        "An instance with a read replica keeps no automated backups.",
        "RDS makes a replica from a backup, and refuses without.",
    ),
    row(
        "P315",
        "TooMuchMemory",
        "A memory parameter leaves the instance nothing to start with.",
        "RDS would put the instance into incompatible-parameters. Shares of memory fit every class.",
    ),
    row(
        "P401",
        "OpenToTheInternet",
        "PostgreSQL is open to the whole internet.",
        "Name a security group or the smallest range that works. If it must be so for a while, accept it in the file with a reason and a day.",
    ),
    row(
        "P402",
        "PublicInstance",
        "The instance would get a public address.",
        "It is reachable wherever a rule allows it. Reach it through the VPC, a VPN or a tunnel instead.",
    ),
    row(
        "P403",
        "DeletionProtectionOff",
        "Deletion protection is off where the policy is careful.",
        "One API call could delete the instance.",
    ),
    row(
        "P404",
        "StatementsLogged",
        "Every SQL statement is written to the log, with its values.",
        "Values can be personal data, and statements that set passwords are logged as well. Log what is slow instead.",
    ),
    row(
        "P405",
        "MasterThroughProxy",
        "Applications would reach the database as the master user.",
        "The master user may do anything. Give applications users of their own.",
    ),
    row(
        "P406",
        "NobodyIsTold",
        "No alarm of an environment notifies anybody.",
        "An alarm without a topic changes its color and nothing else.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_occur_once() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(code("P110").map(|code| code.name), Some("PasswordInFile"));
    }
}
