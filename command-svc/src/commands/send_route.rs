//! `POST /v1/conversations/{id}/messages`: sends, holds or schedules a message.

use axum::extract::State;
use http_edge::{Json, Path};
use utoipa::ToSchema;

use super::checked_send::execute_send;
use super::held_response::HeldResponse;
use super::message_draft::SendRequest;
use super::schedule::{ScheduleHandler, ScheduleResponse};
use super::send::{SendHandler, SendResponse};
use crate::caller::AuthenticatedUser;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::execute::execute;
use crate::params;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// What became of a send that has no message yet: it is scheduled or held.
#[derive(ToSchema)]
#[schema(as = AcceptedSend)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
enum WaitingResponse {
    Scheduled(ScheduleResponse),
    Held(HeldResponse),
}

/// Send a message
///
/// With `send_at`, the message is scheduled: see `GET /v1/scheduled`. If the hook holds the
/// message, the response is that of a held message, also when it is repeated: see `GET /v1/held`.
///
/// Repeating a send with the same `client_message_id` and payload returns the first response, with
/// status 200 and the header `Idempotent-Replay: true`. Sending moves the sender's own read mark to
/// the message.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages",
    operation_id = "send_message",
    tag = "messages",
    params(("id" = String, Path, description = "The conversation", example = "lunch")),
    request_body(content = SendRequest, examples(
        ("a text" = (value = json!({
            "client_message_id": "m1", "type": "text", "body": {"text": "noodles?"}
        }))),
        ("an image" = (value = json!({
            "client_message_id": "m2", "type": "image",
            "body": {"url": "https://example.org/menu.png", "name": "menu.png", "mime": "image/png",
                     "size": 48_213, "width": 800, "height": 600}
        }))),
        ("in reply, a location" = (value = json!({
            "client_message_id": "m3", "type": "location", "reply_to": 1, "mentions": ["bob"],
            "body": {"lat": 52.52, "lng": 13.405, "name": "Noodle bar"}
        }))),
        ("in a thread" = (value = json!({
            "client_message_id": "m4", "type": "text", "thread": 1, "body": {"text": "which ones?"}
        }))),
    )),
    responses(
        (status = 201, description = "Sent and durable", body = SendResponse,
            headers(("Tidings-Position" = i64, description = "The log position of the message"))),
        (status = 202, description = "Scheduled, or held, and durable", body = WaitingResponse,
            headers(("Tidings-Position" = i64, description = "The log position of the event"))),
        (status = 200, description = "Sent earlier: the first response", body = SendResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn send_message(
    State(state): State<CommandState>,
    sender: AuthenticatedUser,
    Path(id): Path<String>,
    Json(request): Json<SendRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let (limits, rulebook) = (state.limits(), state.rulebook());
    if request.send_at.is_some() {
        let handler = ScheduleHandler::parse(sender, conversation, &request, limits)?;
        let handler = handler.screened(&request.body, &rulebook, limits);
        let handler = handler.completed(&state).await?;
        return execute(&state, &handler).await;
    }
    let handler = SendHandler::parse(sender, conversation, &request, limits)?;
    let handler = handler.screened(&request.body, &rulebook, limits);
    let handler = handler.completed(&state).await?;
    execute_send(&state, handler).await
}
