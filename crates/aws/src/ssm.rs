//! Values from the Parameter Store, for `{ ssm = "/path" }`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ssm::types::ParameterType;
use pgward_engine::{Fault, FaultKind};

use crate::session::Session;

/// How many names one call takes.
const NAMES: usize = 10;

/// The values of parameters by name; unknown names are left out.
///
/// # Errors
///
/// What AWS answered, or that a parameter is a `SecureString`: a spec takes no secrets.
pub async fn ssm_parameters(
    session: &Session,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let action = "ssm:GetParameters";
    let names: Vec<String> = names.iter().cloned().collect();
    let mut values = BTreeMap::new();
    for chunk in names.chunks(NAMES) {
        let call = session
            .ssm()
            .get_parameters()
            .set_names(Some(chunk.to_vec()));
        let output = session
            .call(action, call.with_decryption(false).send())
            .await?;
        for parameter in output.parameters.unwrap_or_default() {
            let name = parameter.name.unwrap_or_default();
            if parameter.r#type == Some(ParameterType::SecureString) {
                let message = format!("`{name}` is a SecureString; a spec holds no secrets");
                return Err(Fault::new(FaultKind::Invalid, action, message));
            }
            values.insert(name, parameter.value.unwrap_or_default());
        }
    }
    Ok(values)
}
