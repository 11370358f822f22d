//! Extractors for the authenticated user and the idempotency key of a request.

use axum::extract::FromRequestParts;
use domain::ids::{ClientKey, UserId};
use domain::refusal::Refusal;
use event_log::LogError;
use http::request::Parts;
use http_edge::{Caller, IdempotencyKey, Problem};
use serde::Serialize;

use crate::error::CommandError;
use crate::handler::{CommandMeta, TargetAggregate};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;

/// The user as whom a call is made.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedUser {
    pub(crate) id: UserId,
    /// Who makes the call, if a service acts for the user.
    pub(crate) actor: Option<UserId>,
}

impl<S: Sync> FromRequestParts<S> for AuthenticatedUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Self::try_from(&caller)
    }
}

impl TryFrom<&Caller> for AuthenticatedUser {
    type Error = Problem;

    fn try_from(caller: &Caller) -> Result<Self, Problem> {
        let parse = |user: &str| UserId::parse(user).map_err(|_| Problem::invalid_user_id());
        let actor = caller.actor.as_ref();
        Ok(Self {
            id: parse(&caller.user)?,
            actor: actor.map(|actor| parse(&actor.user)).transpose()?,
        })
    }
}

/// The user as whom a call is made, and the `Idempotency-Key` if the request has one.
pub struct Requester {
    pub(crate) user: UserId,
    /// Who makes the call, if a service acts for the user.
    pub(crate) actor: Option<UserId>,
    pub(crate) key: Option<ClientKey>,
}

impl Requester {
    /// The user as whom the call is made.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The meta data of a command that this user sends. `path` and `request` identify the request;
    /// see [`Idempotency::for_command`].
    pub(crate) fn into_meta<T: TargetAggregate>(
        self,
        kind: CommandKind,
        aggregate_id: T::Id,
        path: &[&str],
        request: &impl Serialize,
    ) -> Result<CommandMeta<T>, LogError> {
        let Self {
            user: caller,
            actor,
            key,
        } = self;
        let idempotency = Idempotency::for_command(&caller, key.as_ref(), kind, path, request)?;
        Ok(CommandMeta {
            kind,
            aggregate_id,
            caller,
            actor,
            idempotency,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Requester {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = AuthenticatedUser::from_request_parts(parts, state).await?;
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        let key = key
            .as_deref()
            .map(ClientKey::parse)
            .transpose()
            .map_err(|invalid| {
                Problem::from(CommandError::Rejected(Refusal::invalid(
                    "Idempotency-Key",
                    invalid.0,
                )))
            })?;
        Ok(Self {
            user: caller.id,
            actor: caller.actor,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_edge::Auth;
    use http_edge::auth::sign_hs256;

    use super::*;

    /// The edge knows no domain, so it has its own copy of the rule for user ids.
    #[test]
    fn a_token_is_valid_for_exactly_the_valid_user_ids() {
        let secret = [7; 32];
        let auth = Auth::hs256(&secret).expect("a key");
        for user in [
            "",
            " ",
            "ann@example.com",
            "a\u{0}",
            "a\u{7}b",
            "a\u{85}b",
            "a\u{200b}b",
            "ä",
            &"ä".repeat(128),
            &"ä".repeat(129),
        ] {
            let token = sign_hs256(&secret, user, "", Duration::from_secs(60)).expect("a token");
            assert_eq!(
                auth.verify(&token).is_ok(),
                UserId::parse(user).is_ok(),
                "{user:?}"
            );
        }
    }
}
