//! The `Idempotency-Key` header, with which a client identifies a command so that it can be retried
//! safely.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;

use crate::problem::Problem;

/// The name of the header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The maximum length of a key, in characters.
pub const MAX_KEY_CHARS: usize = 128;

/// The idempotency key of a request, if it has one: 1 to 128 printable ASCII characters. Any other
/// ASCII text is `422`, as for `client_message_id`; two keys or non-ASCII bytes are `400`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(&IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if values.next().is_some() {
            return Err(Problem::malformed(
                "Idempotency-Key",
                "the header must not be repeated",
            ));
        }
        let text = value.to_str().map_err(|_| {
            Problem::malformed(
                "Idempotency-Key",
                "the key contains bytes that are not printable ASCII",
            )
        })?;
        if text.is_empty()
            || text.len() > MAX_KEY_CHARS
            || !text.bytes().all(|b| matches!(b, b' '..=b'~'))
        {
            return Err(Problem::invalid(
                "Idempotency-Key",
                format!("the key must have 1 to {MAX_KEY_CHARS} printable ASCII characters"),
            ));
        }
        Ok(Self(Some(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Request};

    async fn read(values: &[&[u8]]) -> Result<Option<String>, u16> {
        let (mut parts, ()) = Request::new(()).into_parts();
        for value in values {
            parts
                .headers
                .append(&IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        IdempotencyKey::from_request_parts(&mut parts, &())
            .await
            .map(|key| key.0)
            .map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn key_is_bounded_printable_ascii() {
        assert_eq!(read(&[]).await, Ok(None));
        assert_eq!(read(&[b"a b~"]).await, Ok(Some("a b~".into())));
        assert_eq!(
            read(&[&[b'k'; 128]]).await.map(|k| k.map(|k| k.len())),
            Ok(Some(128))
        );
        assert_eq!(read(&[&[b'k'; 129]]).await, Err(422));
        assert_eq!(read(&[b""]).await, Err(422));
        assert_eq!(read(&[b"a\tb"]).await, Err(422));
        assert_eq!(read(&["clé".as_bytes()]).await, Err(400));
        assert_eq!(read(&[b"a", b"b"]).await, Err(400));
    }
}
