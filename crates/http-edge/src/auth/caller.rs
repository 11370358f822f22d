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
use super::scopes::Scopes;
use crate::problem::Problem;

/// The authenticated user of a request. As an extractor it answers `401` without a valid token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user id: 1 to 128 characters, without control characters.
    pub user: String,
    /// What the token opens besides the calls of the user.
    pub scopes: Scopes,
    /// The expiry time of the token (`exp`), in seconds since 1970.
    pub expires_at: u64,
    /// When the token was issued (`iat`), in milliseconds since 1970; 0 if it does not say so.
    pub issued_at_ms: u64,
    /// Who really makes the call, if a service acts for the user.
    pub actor: Option<Actor>,
}

/// Who acts for a user: the user and the scopes of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user id.
    pub user: String,
    /// The scopes.
    pub scopes: Scopes,
}

impl Caller {
    /// Whether the token has the scope `admin`.
    pub fn is_admin(&self) -> bool {
        self.scopes.admin
    }

    /// Whether the token has the scope `moderator` or `admin`.
    pub fn is_moderator(&self) -> bool {
        self.scopes.moderator || self.scopes.admin
    }

    /// Whether limits for each user do not apply: an administrator makes the call.
    pub(crate) fn is_unlimited(&self) -> bool {
        let actor = self.actor.as_ref();
        self.scopes.admin || actor.is_some_and(|actor| actor.scopes.admin)
    }

    /// The users whom the call concerns: as whom it is made, and who makes it.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        let actor = self.actor.as_ref().map(|actor| actor.user.as_str());
        std::iter::once(self.user.as_str()).chain(actor)
    }

    /// The user of the token, who may make the call as another user.
    pub fn token_user(&self) -> &str {
        self.actor.as_ref().map_or(&self.user, |actor| &actor.user)
    }

    /// The caller with this newer token, for a connection of an earlier caller. Refuses the token
    /// of another user. Who acts for a user goes on doing so.
    pub fn continuing(self, earlier: &Self) -> Result<Self, Problem> {
        if self.user != earlier.token_user() {
            return Err(Problem::token_of_another_user());
        }
        if earlier.actor.is_none() {
            return Ok(self);
        }
        if !self.scopes.service && !self.scopes.admin {
            return Err(Problem::forbidden());
        }
        Ok(self.acting_for(&earlier.user))
    }

    /// The same token, for a call as this user. It has no scopes then: the call is that user's.
    pub(super) fn acting_for(self, user: &str) -> Self {
        Self {
            user: user.to_owned(),
            scopes: Scopes::default(),
            expires_at: self.expires_at,
            issued_at_ms: self.issued_at_ms,
            actor: Some(Actor {
                user: self.user,
                scopes: self.scopes,
            }),
        }
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
        if caller.is_admin() {
            Ok(Self(caller))
        } else {
            Err(Problem::forbidden())
        }
    }
}

/// A caller with the scope `moderator` or `admin`; `403` for any other caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderator(pub Caller);

impl<S: Sync> FromRequestParts<S> for Moderator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.is_moderator() {
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
