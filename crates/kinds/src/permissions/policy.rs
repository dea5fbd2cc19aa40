//! A policy as IAM reads it, and how large it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

/// The most characters that IAM takes in the inline policies of a role, white space not counted.
pub const LIMIT: usize = 10_240;

/// The most characters that IAM takes in one managed policy.
pub const MANAGED: usize = 6144;

/// This many names of one type, and fewer, stay names.
const FEW: usize = 3;

/// Statements that become one where IAM would not take both, those that give away the least first:
/// parameters and tags of other groups can be read, then default groups can be tagged.
const JOINED: [(&str, &str); 2] = [
    ("Lists", "GroupsAndProxies"),
    ("Databases", "GroupsAndTags"),
];

/// Operators with their keys and values, as IAM writes conditions.
pub(super) type Condition = BTreeMap<&'static str, BTreeMap<String, String>>;

/// An IAM policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
    #[serde(skip)]
    widened: bool,
}

/// One statement, which always allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// What it is for, in one word.
    pub sid: &'static str,
    /// `Allow`.
    pub effect: &'static str,
    /// Actions, sorted.
    #[serde(serialize_with = "one_or_list")]
    pub action: BTreeSet<&'static str>,
    /// ARNs with `*` and `?`, sorted.
    #[serde(serialize_with = "one_or_list")]
    pub resource: BTreeSet<String>,
    /// When it holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: Condition,
}

impl Policy {
    /// A policy of these statements; lists of ARNs become wider where IAM would not take it.
    pub(super) fn new(statement: Vec<Statement>) -> Self {
        let mut policy = Self {
            version: "2012-10-17",
            statement,
            widened: false,
        };
        for (into, from) in JOINED {
            if policy.size() > LIMIT {
                policy.widened |= policy.join(into, from);
            }
        }
        while policy.size() > LIMIT && policy.widen() {
            policy.widened = true;
        }
        policy
    }

    /// The statements.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statement
    }

    /// Whether lists of ARNs became wider than the spec needs, to fit into what IAM takes.
    #[must_use]
    pub fn is_widened(&self) -> bool {
        self.widened
    }

    /// How many characters it has without white space.
    #[must_use]
    pub fn size(&self) -> usize {
        let frame = r#"{"Version":"2012-10-17","Statement":[]}"#.len();
        let commas = self.statement.len().saturating_sub(1);
        frame + commas + self.statement.iter().map(Statement::size).sum::<usize>()
    }

    /// Joins two statements without conditions; answers whether both were there.
    fn join(&mut self, into: &str, from: &str) -> bool {
        let place = |sid: &str| self.statement.iter().position(|one| one.sid == sid);
        let (Some(into), Some(from)) = (place(into), place(from)) else {
            return false;
        };
        let Statement {
            action, resource, ..
        } = self.statement[from].clone();
        self.statement[into].action.extend(action);
        self.statement[into].resource.extend(resource);
        self.statement.remove(from);
        let whole = |arn: &String| arn.strip_suffix('*').map(str::to_owned);
        let wide: Vec<String> = self.statement[into]
            .resource
            .iter()
            .filter_map(whole)
            .collect();
        self.statement[into].resource.retain(|arn| {
            let covered = |start: &String| arn.starts_with(start) && arn.len() > start.len() + 1;
            !wide.iter().any(covered)
        });
        true
    }

    /// Makes the longest list of ARNs shorter; answers whether there was one.
    fn widen(&mut self) -> bool {
        let long = self.statement.iter_mut();
        let longest = long
            .filter(|one| prefixes(&one.resource) != one.resource)
            .max_by_key(|one| one.resource.iter().map(String::len).sum::<usize>());
        let Some(statement) = longest else {
            return false;
        };
        statement.resource = prefixes(&statement.resource);
        true
    }
}

impl Statement {
    /// Its conditions: operator, key and value.
    pub fn condition_values(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.condition.iter().flat_map(|(operator, keys)| {
            keys.iter()
                .map(move |(key, value)| (*operator, key.as_str(), value.as_str()))
        })
    }

    fn size(&self) -> usize {
        let frame = r#"{"Sid":"","Effect":"Allow","Action":,"Resource":}"#.len();
        let actions = list_size(self.action.iter().map(|text| text.len()));
        let resources = list_size(self.resource.iter().map(String::len));
        let mut size = frame + self.sid.len() + actions + resources;
        if !self.condition.is_empty() {
            size += r#","Condition":{}"#.len() + self.condition.len() - 1;
        }
        for (operator, keys) in &self.condition {
            let pairs = keys.iter().map(|(key, value)| key.len() + value.len() + 5);
            size += operator.len() + 5 + pairs.sum::<usize>() + keys.len() - 1;
        }
        size
    }
}

/// The size of texts of these lengths as [`one_or_list`] writes them.
fn list_size(lengths: impl ExactSizeIterator<Item = usize>) -> usize {
    let count = lengths.len();
    let texts: usize = lengths.map(|length| length + 2).sum();
    if count == 1 { texts } else { texts + count + 1 }
}

/// A list as IAM takes it; one value stands without brackets.
fn one_or_list<S: Serializer, T: Serialize + Ord>(
    list: &BTreeSet<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match list.first() {
        Some(only) if list.len() == 1 => only.serialize(serializer),
        _ => list.serialize(serializer),
    }
}

/// For each type with many ARNs, what they have in common and `*`.
fn prefixes(resources: &BTreeSet<String>) -> BTreeSet<String> {
    let mut by_type: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for arn in resources {
        by_type.entry(type_of(arn)).or_default().push(arn);
    }
    let mut shorter = BTreeSet::new();
    for (head, arns) in by_type {
        let mut all = arns.iter();
        let first = (*all.next().expect("every type has an ARN")).to_owned();
        let shared = all.fold(first, |shared, arn| {
            let same = shared.chars().zip(arn.chars());
            same.take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        });
        if arns.len() > FEW && shared.len() > head.len() {
            shorter.insert(format!("{}*", shared.trim_end_matches(['*', '?'])));
        } else {
            shorter.extend(arns.into_iter().map(str::to_owned));
        }
    }
    shorter
}

/// `arn:aws:rds:eu-west-1:111122223333:db:` of a database; only what stands before its name.
fn type_of(arn: &str) -> String {
    let place = arn.split(':').take(5).map(|part| part.len() + 1).sum();
    let (head, rest) = arn.split_at_checked(place).unwrap_or((arn, ""));
    let end = rest.find([':', '/']).map_or(0, |end| end + 1);
    format!("{head}{}", &rest[..end])
}
