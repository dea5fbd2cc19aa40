//! Passwords: generated here, kept in memory only, wiped when dropped.

use pgward_engine::{Fault, FaultKind};
use pgward_model::Sensitive;
use zeroize::Zeroizing;

use crate::aws::Aws;

/// Letters, digits, `-` and `_`: nothing that RDS refuses or that needs quoting; 64 of them, so that
/// six random bits choose one evenly.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Length of a generated password.
const LENGTH: usize = 32;

/// A password; printed as stars, wiped when dropped.
#[derive(Debug, Clone)]
pub(crate) struct Password(Sensitive<Zeroizing<String>>);

impl Password {
    /// A random password of 32 letters, digits, `-` and `_`.
    pub(crate) fn generate() -> Self {
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        getrandom::fill(bytes.as_mut_slice()).expect("the operating system has randomness");
        let text = bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 64)]))
            .collect();
        Self(Sensitive::new(Zeroizing::new(text)))
    }

    /// The text, for the call that needs it.
    pub(crate) fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The JSON of a secret that RDS Proxy and AWS's rotation understand.
    pub(crate) fn as_secret(&self, username: &str) -> Zeroizing<String> {
        let value = serde_json::json!({
            "username": username,
            "password": self.reveal(),
            "engine": "postgres",
        });
        Zeroizing::new(value.to_string())
    }
}

/// The password in a secret, read at the moment of the call that needs it.
///
/// # Errors
///
/// What AWS answered, or that the secret holds no password.
pub(crate) async fn of_secret(aws: &Aws, name: &str) -> Result<Password, Fault> {
    let action = "secretsmanager:GetSecretValue";
    let call = aws
        .session()
        .secrets()
        .get_secret_value()
        .secret_id(name)
        .send();
    let output = aws.session().call(action, call).await?;
    let text = Zeroizing::new(output.secret_string.unwrap_or_default());
    let wrong = || {
        let message = format!("secret `{name}` is no JSON object with `password`");
        Fault::new(FaultKind::Invalid, action, message)
    };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    let password = value
        .get("password")
        .and_then(serde_json::Value::as_str)
        .ok_or_else(wrong)?;
    Ok(Password(Sensitive::new(Zeroizing::new(
        password.to_owned(),
    ))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_plain_and_another_each_time() {
        let (first, second) = (Password::generate(), Password::generate());
        assert_eq!(first.reveal().len(), LENGTH);
        assert!(first.reveal().bytes().all(|byte| LETTERS.contains(&byte)));
        assert_ne!(first.reveal(), second.reveal());
        assert_eq!(format!("{first:?}"), "Password(********)");
    }
}
