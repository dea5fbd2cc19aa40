//! `secret`: a secret in Secrets Manager whose value pgward generates (resource semantics, 10).
//!
//! Deliberately absent: secrets with `source = "existing"`, which are looked up and never
//! changed, and the secret that RDS keeps itself. The value is never an attribute.

use pgward_model::{Applies::OnCreate, Described, Form, Kind, Matches, Usual, attributes};

use crate::tags;

attributes! {
    /// Name of the secret in Secrets Manager. Another name is another secret.
    NAME: "*.name", Form::Text => required().aws("Name").terraform("name")
        .applies(OnCreate);

    /// User whose password it holds.
    USERNAME: "*.username", Form::Text => required().aws("SecretString").applies(OnCreate);

    /// Where the value comes from: `generate` (made at apply), `existing` (yours), or
    /// `rds-managed` (RDS keeps the master password itself).
    SOURCE: "*.source", Form::Text => required()
        .one_of(&["generate", "existing", "rds-managed"]).applies(OnCreate);

    /// Description; fixed text, never compared.
    DESCRIPTION: "*.description", Form::Text => derived().aws("Description").applies(OnCreate);

    /// KMS key; Secrets Manager's own.
    KEY: "*.key", Form::Text => observed().aws("KmsKeyId").matches(Matches::Exactly);

    /// Tags of every resource.
    TAGS: "tags.*", Form::Map => derived().aws("Tags").terraform("tags").show(tags::show);
}

/// Where the value of a secret comes from that is scheduled for deletion; what AWS has, never
/// declared.
pub const RESTORED: &str = "restored";

/// Up to this many secrets of a run are read one by one, more of them as a list.
pub const FEW: usize = 3;

/// The kind's entry in the catalog.
pub static KIND: Kind = Kind {
    name: "secret",
    section: "secret",
    many: true,
    summary: "A secret whose value pgward generates",
    noun: "secret",
    type_name: "secretsmanager.secret",
    stateful: false,
    attributes: ATTRIBUTES,
    reads: &[
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
    ],
    writes: &[
        "secretsmanager:CreateSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
    ],
    needs: &[],
    priced_by: &[],
    not_priced: &[],
    protected_by: "",
    delete_effect: pgward_model::Effect::Online,
    delete_reason: "It can be restored for 7 days.",
    instead_of_replacing: "",
    made_anew: "this generates another value, and a login in PostgreSQL keeps its password",
    create_time: Usual::MOMENT,
    change_time: Usual::MOMENT,
    delete_time: Usual::MOMENT,
    describe: |_, _| Vec::<Described>::new(),
    headline: |resource| {
        let comes = match resource.attributes.text(SOURCE.path) {
            Some(RESTORED) => "brought back with the value it had",
            _ => "value generated",
        };
        format!("{}, {comes}", resource.name)
    },
};
