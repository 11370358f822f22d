//! The caller, the extractor for administrators, and where a request carries its token. The
//! extractor for callers is in [`crate::context`].

use std::ops::Deref;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT, AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

use super::clock::{CLOCK_LEEWAY_SECONDS, unix_now};
use crate::problem::Problem;

/// The authenticated user of a request. As an extractor it answers `401` without a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user id: 1 to 128 characters, without control characters.
    pub user: String,
    /// Whether the token has the scope `admin`.
    pub admin: bool,
    /// The expiry time of the token (`exp`), in seconds since 1970.
    pub expires_at: u64,
}

impl Caller {
    /// Whether the token has the scope `admin`.
    pub fn is_admin(&self) -> bool {
        self.admin
    }

    /// How long the token remains valid, including the clock leeway. Connections that outlive a
    /// request close after this.
    pub fn time_left(&self) -> Duration {
        Duration::from_secs((self.expires_at + CLOCK_LEEWAY_SECONDS).saturating_sub(unix_now()))
    }

    pub(super) fn is_current(&self, now: u64) -> bool {
        self.expires_at + CLOCK_LEEWAY_SECONDS >= now
    }
}

/// A caller with the scope `admin`; `403` for any other caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl Deref for Admin {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.admin {
            Ok(Self(caller))
        } else {
            Err(Problem::forbidden())
        }
    }
}

/// The WebSocket subprotocol of live delivery. A client that offers a token as a subprotocol offers
/// this one too, because a server may choose only among those that are offered.
pub const LIVE_SUBPROTOCOL: &str = "tidings.v1";

/// Begins the subprotocol that carries a token.
const TOKEN_SUBPROTOCOL_PREFIX: &str = "bearer.";

/// The bearer token of a request; `None` if there is none or more than one. Query strings end up
/// in logs and browser histories, so the query parameter is accepted only for WebSocket upgrades
/// and server-sent events, where a browser cannot set headers.
pub(crate) fn bearer_token<'a>(
    method: &Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
) -> Option<std::borrow::Cow<'a, str>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    if let Some(value) = values.next() {
        if values.next().is_some() {
            return None;
        }
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let token = token.trim_start_matches(' ');
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
        return is_bearer.then(|| token.into());
    }
    let is_upgrade = is_websocket_upgrade(headers);
    if *method != Method::GET || !is_upgrade && !accepts_event_stream(headers) {
        return None;
    }
    if is_upgrade && let Some(token) = subprotocol_token(headers) {
        return Some(token.into());
    }
    let mut tokens = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.strip_prefix("access_token="));
    let token = tokens.next()?;
    if tokens.next().is_some() {
        return None;
    }
    percent_decode_str(token).decode_utf8().ok()
}

/// The token among the offered subprotocols: `tidings.v1, bearer.<token>`.
fn subprotocol_token(headers: &HeaderMap) -> Option<&str> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    offers
        .filter_map(|offer| offer.to_str().ok())
        .flat_map(|offer| offer.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(TOKEN_SUBPROTOCOL_PREFIX))
}

/// Whether the client wants server-sent events.
pub fn accepts_event_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    let mut texts = accepted.filter_map(|value| value.to_str().ok());
    texts.any(|text| text.to_ascii_lowercase().contains("text/event-stream"))
}

/// Whether the request is a WebSocket upgrade.
pub(crate) fn is_websocket_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
