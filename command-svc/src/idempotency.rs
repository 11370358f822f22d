//! Idempotency: the client's key and a fingerprint of the request, which together identify a
//! repeated request.

use domain::digest;
use domain::ids::{ClientKey, UserId};
use event_log::{LogError, ReceiptKey};
use serde::Serialize;

use crate::metrics::CommandKind;

/// The client's key and the fingerprint of the request sent under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Idempotency {
    pub(crate) key: ReceiptKey,
    pub(crate) fingerprint: u128,
}

impl Idempotency {
    /// The idempotency of a command with an `Idempotency-Key`; `None` without a key. `path` holds
    /// the variable segments of the path. `request` is the parsed body, so bodies that are equal as
    /// JSON values have equal fingerprints.
    pub(crate) fn for_command(
        caller: &UserId,
        key: Option<&ClientKey>,
        op: CommandKind,
        path: &[&str],
        request: &impl Serialize,
    ) -> Result<Option<Self>, LogError> {
        let Some(key) = key else { return Ok(None) };
        let body = serde_json::to_vec(request).map_err(|error| {
            LogError::Corrupt(format!("a request cannot be serialised: {error}"))
        })?;
        let mut parts: Vec<&[u8]> = vec![op.as_str().as_bytes()];
        parts.extend(path.iter().map(|part| part.as_bytes()));
        parts.push(&body);
        let fingerprint = digest::fingerprint(&parts);
        Ok(Some(Self {
            key: ReceiptKey::for_command(caller, key),
            fingerprint,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idempotency(key: &str, op: CommandKind, path: &[&str], body: &str) -> Option<Idempotency> {
        let caller = UserId::parse("ann").expect("a valid user id");
        let key = ClientKey::parse(key).expect("a valid key");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        Idempotency::for_command(&caller, Some(&key), op, path, &body)
            .expect("the request serialises")
    }

    #[test]
    fn equal_json_values_have_equal_fingerprints() {
        let one = idempotency("k", CommandKind::Edit, &["c", "1"], r#"{"a":1,"b":[2]}"#);
        let other = idempotency(
            "k",
            CommandKind::Edit,
            &["c", "1"],
            r#"{ "b": [2], "a": 1 }"#,
        );
        assert_eq!(one, other);
    }

    #[test]
    fn the_fingerprint_covers_operation_path_and_body() {
        let one = idempotency("k", CommandKind::React, &["c", "1"], "{}").expect("an idempotency");
        for other in [
            idempotency("k", CommandKind::Unreact, &["c", "1"], "{}"),
            idempotency("k", CommandKind::React, &["c1", ""], "{}"),
            idempotency("k", CommandKind::React, &["c", "1"], r#"{"a":1}"#),
        ] {
            let other = other.expect("an idempotency");
            assert_eq!(one.key, other.key);
            assert_ne!(one.fingerprint, other.fingerprint);
        }
    }

    #[test]
    fn without_a_key_there_is_no_fingerprint() {
        let caller = UserId::parse("ann").expect("a valid user id");
        assert_eq!(
            Idempotency::for_command(&caller, None, CommandKind::Edit, &[], &()).ok(),
            Some(None)
        );
    }
}
