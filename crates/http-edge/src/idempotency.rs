//! The `Idempotency-Key` header, with which a client identifies a command so that it can be retried
//! safely.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use utoipa::IntoParams;

use crate::problem::Problem;

/// The name of the header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The value of the header, if the request has it. Two values or non-ASCII bytes are `400`. Which
/// keys are valid is a rule of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

/// Describes the header in the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
pub struct IdempotencyParams {
    /// 1 to 128 printable ASCII characters. A repetition with the same key returns the first
    /// response; another request with it gets 409 `idempotency_mismatch`.
    #[param(
        rename = "Idempotency-Key",
        value_type = Option<String>,
        min_length = 1,
        max_length = 128,
        example = "3f1c6f0e-8f0d-4a53-9c57-0c3f6a3a7b51"
    )]
    idempotency_key: Option<String>,
}

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
    async fn the_header_is_ascii_text_and_not_repeated() {
        assert_eq!(read(&[]).await, Ok(None));
        assert_eq!(read(&[b"a b~"]).await, Ok(Some("a b~".into())));
        assert_eq!(read(&["clé".as_bytes()]).await, Err(400));
        assert_eq!(read(&[b"a", b"b"]).await, Err(400));
    }
}
