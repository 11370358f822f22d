//! `POST /v1/conversations/{id}/links`, `DELETE /v1/conversations/{id}/links/{code}` and `POST
//! /v1/links/{code}`.

use std::time::Duration;

use axum::extract::State;
use domain::conversation::Conversation;
use domain::conversation::access_command::{AccessCommand, CreateLink, EndLink, JoinByLink};
use domain::conversation::event::ConversationEvent;
use domain::link_code::{LinkCode, LinkId, LinkSecret};
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{LogError, link_secret};
use http::StatusCode;
use http_edge::{OptionalJson, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{execute_access, respond_position};
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::handler::{CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::state::CommandState;

/// The longest time after which a link can expire.
const MAX_LIFETIME: Duration = Duration::from_secs(366 * 24 * 3_600);

/// The largest number of uses that can be set.
const MAX_USES: i64 = 1_000_000;

/// What limits the link. Without limits it works until it is ended.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct LinkRequest {
    /// How many users can join by it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_uses: Option<i64>,
    /// After what time it expires: a duration such as `30s`, `10m`, `2h` or `7d`, at most a year.
    expires_in: Option<String>,
}

/// The parsed limits of a link.
struct LinkLimits {
    max_uses: Option<u32>,
    expires_in: Option<Duration>,
}

impl LinkRequest {
    fn parse(&self) -> Result<LinkLimits, Refusal> {
        let max_uses = self.max_uses.map(|uses| match u32::try_from(uses) {
            Ok(count) if (1..=MAX_USES).contains(&uses) => Ok(count),
            _ => Err(Refusal::invalid(
                "max_uses",
                format!("Expected 1 to {MAX_USES} uses."),
            )),
        });
        let expires_in = self.expires_in.as_deref();
        let expires_in =
            expires_in.map(|text| params::parse_duration("expires_in", text, MAX_LIFETIME));
        Ok(LinkLimits {
            max_uses: max_uses.transpose()?,
            expires_in: expires_in.transpose()?,
        })
    }
}

impl LinkLimits {
    fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        let lifetime = i64::try_from(self.expires_in?.as_millis()).unwrap_or(i64::MAX);
        Some(Timestamp::from_millis(
            now.millis().saturating_add(lifetime),
        ))
    }
}

/// The link that was created.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedLink)]
pub(crate) struct LinkResponse {
    /// The code. Anyone who has it can join.
    #[schema(value_type = String)]
    code: LinkCode,
    /// How many users can join by it; null for any number.
    #[schema(required = true)]
    max_uses: Option<u32>,
    /// When it expires; null for never.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 1)]
    position: PositionPlaceholder,
}

fn respond_link(
    secret: &LinkSecret,
    meta: &CommandMeta<Conversation>,
    events: Vec<ConversationEvent>,
) -> Result<Decision<ConversationEvent>, LogError> {
    let Some(ConversationEvent::LinkCreated(created)) = events.last() else {
        return Err(LogError::Corrupt("no link was created".into()));
    };
    let body = ResponseBody::serialize(&LinkResponse {
        code: LinkCode::derive(secret, &created.link, &meta.aggregate_id),
        max_uses: created.max_uses,
        expires_at: created.expires_at,
        position: PositionPlaceholder,
    })?;
    Ok(Decision {
        events,
        status: StatusCode::CREATED,
        body,
    })
}

async fn load_secret(state: &CommandState) -> Result<LinkSecret, LogError> {
    Ok(link_secret::load(state.log().pool()).await?)
}

/// The group that the caller has joined by a link.
#[derive(Serialize, ToSchema)]
#[schema(as = JoinedByLink)]
pub(crate) struct LinkJoinResponse<'a> {
    conversation_id: &'a str,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

fn respond_joined(
    meta: &CommandMeta<Conversation>,
    _: &Conversation,
    events: Vec<ConversationEvent>,
) -> Result<Decision<ConversationEvent>, LogError> {
    let body = ResponseBody::serialize(&LinkJoinResponse {
        conversation_id: meta.aggregate_id.as_str(),
        position: PositionPlaceholder,
    })?;
    Ok(Decision::with_body(events, body))
}

/// Create a link by which users can join
///
/// Requires the role owner or admin. A group has at most 100 links that can be used.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/links",
    operation_id = "create_link",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = LinkRequest, example = json!({"max_uses": 10, "expires_in": "7d"})),
    responses(
        (status = 201, description = "The link", body = LinkResponse,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "Created earlier: the first response", body = LinkResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn create_link(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    OptionalJson(request): OptionalJson<LinkRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let by = requester.user.clone();
    // Random bits do not belong into a decision, which may be repeated.
    let link = LinkId::new(Uuid::new_v4().as_u128());
    let secret = load_secret(&state).await?;
    let meta = requester.into_meta(CommandKind::CreateLink, conversation, &[&id], &request)?;
    let limits = request.parse();
    let respond = |meta: &CommandMeta<Conversation>, _: &Conversation, events| {
        respond_link(&secret, meta, events)
    };
    execute_access(&state, meta, false, limits, respond, |limits, now| {
        AccessCommand::CreateLink(CreateLink {
            link: link.clone(),
            max_uses: limits.and_then(|limits| limits.max_uses),
            expires_at: limits.and_then(|limits| limits.expires_at(now)),
            by: by.clone(),
            now,
        })
    })
    .await
}

/// End a link
///
/// Requires the role owner or admin. Users who have joined by it remain members.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{id}/links/{code}",
    operation_id = "end_link",
    tag = "conversations",
    params(
        ("id" = String, Path, description = "The group", example = "lunch"),
        ("code" = String, Path, description = "The code of the link",
            example = "5f3a9c21e0b74d6685f3a9c21e0b74d6.lunch"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The link does not exist", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn end_link(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, code)): Path<(String, String)>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let by = requester.user.clone();
    let path = [id.as_str(), &code];
    let meta = requester.into_meta(CommandKind::EndLink, conversation, &path, &())?;
    let secret = load_secret(&state).await?;
    let link = LinkCode::parse(&code).ok();
    let link = link.and_then(|code| code.verify(&secret));
    // An invalid code ends no link, as an unknown one.
    let link = link.unwrap_or_else(|| LinkId::new(0));
    execute_access(&state, meta, false, Ok(()), respond_position, |_, _| {
        AccessCommand::EndLink(EndLink {
            link: link.clone(),
            by: by.clone(),
        })
    })
    .await
}

/// Join by a link
///
/// A code that was never created, was ended, has expired or is used up is unknown.
#[utoipa::path(
    post,
    path = "/v1/links/{code}",
    operation_id = "join_by_link",
    tag = "conversations",
    params(
        ("code" = String, Path, description = "The code of the link",
            example = "5f3a9c21e0b74d6685f3a9c21e0b74d6.lunch"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The caller is a member", body = LinkJoinResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn join_by_link(
    State(state): State<CommandState>,
    requester: Requester,
    Path(code): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let (parsed, conversation) = params::parse_link(&code)?;
    let secret = load_secret(&state).await?;
    let link = parsed.verify(&secret).ok_or_else(Refusal::not_found)?;
    let user = requester.user.clone();
    let meta = requester.into_meta(CommandKind::JoinByLink, conversation, &[&code], &())?;
    execute_access(&state, meta, true, Ok(()), respond_joined, |_, now| {
        AccessCommand::JoinByLink(JoinByLink {
            link: link.clone(),
            user: user.clone(),
            now,
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_link_are_checked() {
        let parse = |request: &str| {
            let request: LinkRequest = serde_json::from_str(request).expect("a request");
            let parsed = request.parse();
            parsed
                .map(|limits| (limits.max_uses, limits.expires_in))
                .map_err(|refusal| refusal.field)
        };
        assert_eq!(parse("{}"), Ok((None, None)));
        let hour = Duration::from_secs(3_600);
        assert_eq!(
            parse(r#"{"max_uses":2,"expires_in":"1h"}"#),
            Ok((Some(2), Some(hour)))
        );
        for (bad, field) in [
            (r#"{"max_uses":0}"#, "max_uses"),
            (r#"{"max_uses":1000001}"#, "max_uses"),
            (r#"{"expires_in":"soon"}"#, "expires_in"),
            (r#"{"expires_in":"400d"}"#, "expires_in"),
        ] {
            assert_eq!(parse(bad), Err(Some(field)), "{bad}");
        }
    }
}
