//! What makes two requests the same request: the client's key, and a fingerprint of what it asks.

use domain::digest;
use domain::ids::{ClientKey, UserId};
use event_log::{Failed, Key};
use serde::Serialize;

use crate::meters::Op;

/// A client's key with what was asked under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyed {
    pub(crate) key: Key,
    pub(crate) fingerprint: u128,
}

impl Keyed {
    /// A command under an `Idempotency-Key`. `path` are the parts of the path that name something,
    /// `request` is the parsed body: equal as JSON values means equal here.
    pub(crate) fn command(
        caller: &UserId,
        key: Option<&ClientKey>,
        op: Op,
        path: &[&str],
        request: &impl Serialize,
    ) -> Result<Option<Self>, Failed> {
        let Some(key) = key else { return Ok(None) };
        let body = serde_json::to_vec(request)
            .map_err(|error| Failed::Corrupt(format!("a request cannot be written: {error}")))?;
        let mut parts: Vec<&[u8]> = vec![op.as_str().as_bytes()];
        parts.extend(path.iter().map(|part| part.as_bytes()));
        parts.push(&body);
        let fingerprint = digest::of(&parts);
        Ok(Some(Self {
            key: Key::command(caller, key),
            fingerprint,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(key: &str, op: Op, path: &[&str], body: &str) -> Option<Keyed> {
        let caller = UserId::parse("ann").expect("a legal user id");
        let key = ClientKey::parse(key).expect("a legal key");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        Keyed::command(&caller, Some(&key), op, path, &body).expect("it can be written")
    }

    #[test]
    fn equal_as_json_values_is_equal() {
        let one = keyed("k", Op::Edit, &["c", "1"], r#"{"a":1,"b":[2]}"#);
        let other = keyed("k", Op::Edit, &["c", "1"], r#"{ "b": [2], "a": 1 }"#);
        assert_eq!(one, other);
    }

    #[test]
    fn operation_path_and_body_all_count() {
        let one = keyed("k", Op::React, &["c", "1"], "{}").expect("keyed");
        for other in [
            keyed("k", Op::Unreact, &["c", "1"], "{}"),
            keyed("k", Op::React, &["c1", ""], "{}"),
            keyed("k", Op::React, &["c", "1"], r#"{"a":1}"#),
        ] {
            let other = other.expect("keyed");
            assert_eq!(one.key, other.key);
            assert_ne!(one.fingerprint, other.fingerprint);
        }
    }

    #[test]
    fn no_key_no_fingerprint() {
        let caller = UserId::parse("ann").expect("a legal user id");
        assert_eq!(
            Keyed::command(&caller, None, Op::Edit, &[], &()).ok(),
            Some(None)
        );
    }
}
