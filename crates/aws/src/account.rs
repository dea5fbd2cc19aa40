//! Whose credentials these are, and whether the environment lives in that account.

use pgward_engine::{Caller, Fault, FaultKind};
use pgward_model::{Desired, Diagnostic};

use crate::aws::Aws;

/// Who the credentials belong to.
///
/// # Errors
///
/// When there are none, or AWS can't be reached.
pub(crate) async fn caller(aws: &Aws) -> Result<Caller, Fault> {
    let action = "sts:GetCallerIdentity";
    let call = aws.session().sts().get_caller_identity().send();
    let output = aws.session().call(action, call).await?;
    match (output.account, output.arn) {
        (Some(account), Some(arn)) => Ok(Caller { account, arn }),
        _ => Err(Fault::new(
            FaultKind::Other,
            action,
            "the answer names no account",
        )),
    }
}

/// P502: the credentials belong to another account than the environment.
///
/// The command to type is the caller's to add.
#[must_use]
pub fn check_account(desired: &Desired, caller: &Caller) -> Option<Diagnostic> {
    let wanted = &desired.environment.account;
    if *wanted == caller.account {
        return None;
    }
    let message = format!(
        "these credentials belong to account {}, the environment lives in {wanted}",
        caller.account
    );
    Some(
        Diagnostic::error("P502", message)
            .at_some(desired.origins.get("account"), "")
            .about("account")
            .fact("you", caller.arn.as_str()),
    )
}
