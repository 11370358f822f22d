//! `POST /v1/admin/tokens`: issues a token for any user.

use std::time::Duration;

use audit::AccessAct;
use axum::extract::State;
use domain::time::Timestamp;
use http::StatusCode;
use http_edge::{Admin, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problems::IssuerProblems;
use super::state::{AccountsState, parse_user};
use super::token_issuer::IssuedToken;

/// How long a token is valid unless the request says otherwise.
const DEFAULT_TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);

/// The longest time that a token or an invite can be valid: ten years.
const MAX_TTL: Duration = Duration::from_secs(3_650 * 24 * 3_600);

/// The maximum length of a scope, in bytes.
const MAX_SCOPE_BYTES: usize = 256;

/// The token to issue.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewToken)]
pub(super) struct TokenRequest {
    /// The user whom the token names.
    #[schema(min_length = 1, max_length = 128)]
    user: String,
    /// How long it is valid, such as `30s`, `10m`, `2h` or `7d` [default: `24h`].
    ttl: Option<String>,
    /// Words separated by spaces, such as `admin`, `moderator` or `service`.
    scope: Option<String>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedToken)]
pub(super) struct TokenResponse {
    /// The token, for the header `Authorization: Bearer`.
    token: String,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Issues a token for any user, where this system has the secret that signs tokens.
#[utoipa::path(
    post, path = "/v1/admin/tokens", operation_id = "issue_token", tag = "admin",
    request_body(content = inline(TokenRequest), example = json!({"user": "bob", "ttl": "2h"})),
    responses(
        (status = 201, description = "The token.", body = TokenResponse),
        IssuerProblems,
    ),
)]
pub(super) async fn issue_token(
    State(state): State<AccountsState>,
    Admin(caller): Admin,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), Problem> {
    let user = parse_user(&request.user)?;
    let ttl = parse_ttl(request.ttl.as_deref(), DEFAULT_TOKEN_TTL)?;
    let scope = parse_scope(request.scope.as_deref().unwrap_or_default())?;
    let issued = state.issuer.issue(user.as_str(), scope, ttl, None)?;
    let (act, call) = (AccessAct::TokenIssued, "POST /v1/admin/tokens");
    let recorder = &state.recorder;
    let target = Some(user.as_str());
    recorder.record_act(&caller, act, target, call).await;
    let IssuedToken { token, expires_at } = issued;
    let response = TokenResponse { token, expires_at };
    Ok((StatusCode::CREATED, Json(response)))
}

/// A duration of at least a second.
pub(super) fn parse_ttl(text: Option<&str>, default: Duration) -> Result<Duration, Problem> {
    let Some(text) = text else {
        return Ok(default);
    };
    let parsed = humantime::parse_duration(text).ok();
    let valid = parsed.filter(|ttl| (Duration::from_secs(1)..=MAX_TTL).contains(ttl));
    valid.ok_or_else(|| {
        let expected = "expected a duration of 1s to 3650d, such as 30s, 10m, 2h or 7d";
        Problem::invalid("ttl", expected)
    })
}

/// Words of printable ASCII characters, without quotes and backslashes (RFC 6749, section 3.3).
fn parse_scope(text: &str) -> Result<&str, Problem> {
    let is_legal = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.len() <= MAX_SCOPE_BYTES && text.bytes().all(is_legal) {
        return Ok(text);
    }
    let expected = "expected words of printable ASCII characters, separated by spaces, at most 256 \
                    characters in all";
    Err(Problem::invalid("scope", expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_has_a_unit_and_bounds() {
        let parse = |text| parse_ttl(Some(text), DEFAULT_TOKEN_TTL).ok();
        assert_eq!(parse("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse("7d"), Some(Duration::from_secs(604_800)));
        for text in ["", "0s", "100ms", "10", "soon", "3651d", "-1h"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(
            parse_ttl(None, DEFAULT_TOKEN_TTL).ok(),
            Some(DEFAULT_TOKEN_TTL)
        );
    }

    #[test]
    fn a_scope_is_words() {
        for scope in ["", "admin", "moderator service", "tidings:admin"] {
            assert!(parse_scope(scope).is_ok(), "{scope}");
        }
        for scope in ["a\"b", "a\\b", "a\nb", "ä", &"a".repeat(257)] {
            assert!(parse_scope(scope).is_err(), "{scope}");
        }
    }
}
