//! `POST /v1/service-sessions/{id}/accept`, `.../transfer` and `.../close`.

use axum::extract::State;
use domain::desk::texts::{CloseReason, SessionNote};
use domain::ids::{DeskId, UserId};
use domain::refusal::Refusal;
use domain::session_id::SessionId;
use http_edge::{Caller, Json, OptionalJson, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arrival::continue_session;
use super::find::find_place;
use super::session_handler::{SessionAct, execute_session};
use crate::caller::Requester;
use crate::desk_board::SessionArrival;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Where a session goes: one of `agent` and `desk`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TransferRequest {
    /// An agent of the desk.
    agent: Option<String>,
    /// Another desk, where the session waits for an agent.
    desk: Option<String>,
    /// A note for agents.
    #[schema(max_length = 2000)]
    note: Option<String>,
}

impl TransferRequest {
    fn parse(&self) -> Result<SessionAct, Refusal> {
        let note = self.note.as_deref().map(SessionNote::parse).transpose();
        let note = note.map_err(|invalid| Refusal::invalid("note", invalid.0))?;
        match (&self.agent, &self.desk) {
            (Some(agent), None) => {
                let agent = UserId::parse(agent);
                let agent = agent.map_err(|invalid| Refusal::invalid("agent", invalid.0))?;
                Ok(SessionAct::GiveToAgent(agent, note))
            }
            (None, Some(desk)) => {
                let desk = DeskId::parse(desk);
                let desk = desk.map_err(|invalid| Refusal::invalid("desk", invalid.0))?;
                Ok(SessionAct::GiveToDesk(desk, note))
            }
            _ => {
                let expected = "Expected one of agent and desk: where the session goes.";
                Err(Refusal::invalid("agent", expected))
            }
        }
    }
}

/// Why a session is closed.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct CloseRequest {
    /// For the customer and agents.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// Accept a session
///
/// For an agent of the desk. The agent becomes a member of the conversation and sees all of it. If
/// two agents accept at once, one gets the session and the other gets `409 taken`.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/accept",
    operation_id = "accept_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The caller has the session", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn accept_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let (kind, act) = (CommandKind::AcceptSession, Ok(SessionAct::Accept));
    let accepted = execute_session(&state, requester, &caller, kind, &id, &(), act).await?;
    Ok(accepted.0)
}

/// Transfer a session
///
/// For the agent of the session, and administrators. The former agent no longer sees the
/// conversation. At another desk, the session continues in the conversation of the customer with
/// that desk, where it waits for an agent, and the first conversation gets a notice that names the
/// desk. If the customer has an unfinished session there, the answer is 409.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/transfer",
    operation_id = "transfer_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    request_body(content = TransferRequest,
        example = json!({"agent": "cleo", "note": "She asks for a refund."})),
    responses(
        (status = 200, description = "Transferred, or already there", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn transfer_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    Json(request): Json<TransferRequest>,
) -> Result<CommandResponse, CommandError> {
    let (kind, act) = (CommandKind::TransferSession, request.parse());
    let desk = match &act {
        Ok(SessionAct::GiveToDesk(desk, _)) => Some(desk.clone()),
        _ => None,
    };
    let transferred = execute_session(&state, requester, &caller, kind, &id, &request, act);
    let (mut response, session) = transferred.await?;
    if let Some(desk) = desk
        && let Some(arrival) = find_arrival(&state, &session, &desk).await?
    {
        response.position = continue_session(&state, arrival)
            .await?
            .max(response.position);
    }
    Ok(response)
}

/// The session on its way to this desk, or there already.
async fn find_arrival(
    state: &CommandState,
    session: &SessionId,
    desk: &DeskId,
) -> Result<Option<SessionArrival>, CommandError> {
    let Some((from, hop)) = find_place(state, session).await?.from else {
        return Ok(None);
    };
    let conversations = state.log().conversations();
    let customer = conversations.peek(from.as_str(), |found| found.customer().cloned());
    Ok(customer.await?.0.map(|customer| SessionArrival {
        session: session.clone(),
        customer,
        from,
        hop,
        desk: desk.clone(),
    }))
}

/// Close a session
///
/// For the agent of the session, its customer, and administrators. A closed session stays so; the
/// next message of the customer opens another one.
#[utoipa::path(
    post,
    path = "/v1/service-sessions/{id}/close",
    operation_id = "close_session",
    tag = "desks",
    params(
        ("id" = String, Path, description = "The session",
            example = "desk_0123456789abcdef0123456789abcdef.1"),
        IdempotencyParams,
    ),
    request_body(content = CloseRequest, example = json!({"reason": "solved"})),
    responses(
        (status = 200, description = "The session is closed", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn close_session(
    State(state): State<CommandState>,
    requester: Requester,
    caller: Caller,
    Path(id): Path<String>,
    OptionalJson(request): OptionalJson<CloseRequest>,
) -> Result<CommandResponse, CommandError> {
    let reason = request
        .reason
        .as_deref()
        .map(CloseReason::parse)
        .transpose();
    let act = reason.map(SessionAct::Close);
    let act = act.map_err(|invalid| Refusal::invalid("reason", invalid.0));
    let kind = CommandKind::CloseSession;
    let closed = execute_session(&state, requester, &caller, kind, &id, &request, act).await?;
    Ok(closed.0)
}
