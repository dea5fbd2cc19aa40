//! One AWS call as the services see it, whatever protocol it came by, and the answer they give.

use jiff::Timestamp;
use serde_json::Value;

/// What a service answers: the members of the result, or a refusal.
pub(crate) type Answer = Result<Value, Refusal>;

/// One of the simulated services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    /// Relational databases.
    Rds,
    /// Networks and security groups.
    Ec2,
    /// Alarms.
    CloudWatch,
    /// Secrets.
    SecretsManager,
    /// Encryption keys.
    Kms,
    /// Notification topics.
    Sns,
    /// Roles.
    Iam,
    /// Who am I.
    Sts,
    /// Resources by tag, across services.
    Tagging,
    /// The history of calls.
    CloudTrail,
    /// What an account may have.
    Quotas,
}

impl Service {
    /// The service behind the name in a credential scope, such as `monitoring`.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        Some(match name {
            "rds" => Self::Rds,
            "ec2" => Self::Ec2,
            "monitoring" => Self::CloudWatch,
            "secretsmanager" => Self::SecretsManager,
            "kms" => Self::Kms,
            "sns" => Self::Sns,
            "iam" => Self::Iam,
            "sts" => Self::Sts,
            "tagging" => Self::Tagging,
            "cloudtrail" => Self::CloudTrail,
            "servicequotas" => Self::Quotas,
            _ => return None,
        })
    }

    /// The service behind the name in IAM policies, such as `cloudwatch`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        const ALL: [Service; 11] = [
            Service::Rds,
            Service::Ec2,
            Service::CloudWatch,
            Service::SecretsManager,
            Service::Kms,
            Service::Sns,
            Service::Iam,
            Service::Sts,
            Service::Tagging,
            Service::CloudTrail,
            Service::Quotas,
        ];
        ALL.into_iter().find(|service| service.name() == name)
    }

    /// The name IAM policies use, such as `cloudwatch`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rds => "rds",
            Self::Ec2 => "ec2",
            Self::CloudWatch => "cloudwatch",
            Self::SecretsManager => "secretsmanager",
            Self::Kms => "kms",
            Self::Sns => "sns",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Tagging => "tag",
            Self::CloudTrail => "cloudtrail",
            Self::Quotas => "servicequotas",
        }
    }
}

/// One call, with its input as an object of AWS member names.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The service called.
    pub service: Service,
    /// The action, such as `CreateDBInstance`.
    pub action: String,
    /// The input. Values of form protocols stay text; read them through the methods of this type.
    pub input: Value,
    /// Twelve digits.
    pub account: String,
    /// Region of the credential scope.
    pub region: String,
    /// Virtual time of the call.
    pub now: Timestamp,
    /// Id that goes into the answer.
    pub request_id: String,
}

impl Call {
    /// The member as text; `None` if it is absent, empty text included as it is.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.input, name)
    }

    /// The member as text.
    ///
    /// # Errors
    /// `MissingParameter` if it is absent or empty.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        need_of(&self.input, name)
    }

    /// The member as a whole number; a value that is none reads as absent.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        int_of(&self.input, name)
    }

    /// The member as a truth value.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        boolean_of(&self.input, name)
    }

    /// Whether the member was sent at all, an empty list included.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.input.get(name).is_some_and(|value| !value.is_null())
    }

    /// The member as a list; empty if it is absent.
    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        list_of(&self.input, name)
    }

    /// The member as a list of texts; empty if it is absent.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        texts_of(&self.input, name)
    }

    /// The ARN of a resource of this call's account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }
}

/// The member of an object as text.
pub(crate) fn text_of<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// The member of an object as text that must be there.
///
/// # Errors
/// `MissingParameter` if it is absent or empty.
pub(crate) fn need_of<'a>(object: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    text_of(object, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            Refusal::new(
                400,
                "MissingParameter",
                format!("The request must contain the parameter {name}"),
            )
        })
}

/// The member of an object as a whole number.
pub(crate) fn int_of(object: &Value, name: &str) -> Option<i64> {
    match object.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The member of an object as a number with a fraction.
pub(crate) fn number_of(object: &Value, name: &str) -> Option<f64> {
    match object.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The member of an object as a truth value.
pub(crate) fn boolean_of(object: &Value, name: &str) -> Option<bool> {
    match object.get(name)? {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The member of an object as a list.
pub(crate) fn list_of(object: &Value, name: &str) -> Vec<Value> {
    match object.get(name) {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    }
}

/// The member of an object as a list of texts.
pub(crate) fn texts_of(object: &Value, name: &str) -> Vec<String> {
    list_of(object, name)
        .iter()
        .map(|item| match item {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

/// A refused call: the wire code, what AWS would say, and the HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Wire code, such as `DBInstanceNotFound`.
    pub code: String,
    /// Text for a person.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

impl Refusal {
    /// A refusal with all its parts.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status,
        }
    }

    /// 400 `InvalidParameterValue`.
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    /// 400 `InvalidParameterCombination`.
    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterCombination", message)
    }

    /// 400 `InvalidAction`: the sandbox does not play this action.
    pub(crate) fn unknown_action(call: &Call) -> Self {
        Self::new(
            400,
            "InvalidAction",
            format!(
                "the sandbox does not play {}:{}",
                call.service.name(),
                call.action
            ),
        )
    }
}
