//! `POST /v1/inbox/ack`.

use axum::extract::State;
use domain::history::CursorReference;
use domain::ids::DeviceId;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand};
use domain::mailbox::event::MailboxEvent;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, Observation};
use http_edge::{Caller, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::{AuthenticatedUser, Requester};
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// The position up to which a device has received everything.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AckRequest {
    /// The id of the device: 1 to 128 characters, no control characters.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) device: String,
    /// A cursor, or a bare log position: the device has received everything up to it.
    #[schema(value_type = String)]
    pub(crate) cursor: CursorReference,
}

/// The handler that records an acknowledgement.
pub(crate) struct AckHandler {
    meta: CommandMeta<Mailbox>,
    device: DeviceId,
    cursor: CursorReference,
}

impl AckHandler {
    pub(crate) fn parse(meta: CommandMeta<Mailbox>, request: &AckRequest) -> Result<Self, Refusal> {
        let device = DeviceId::parse(&request.device)
            .map_err(|invalid| Refusal::invalid("device", invalid.0))?;
        Ok(Self {
            meta,
            device,
            cursor: request.cursor,
        })
    }
}

/// The head of the log.
pub(crate) struct KnownHead(i64);

impl CommandLookups<AckHandler> for KnownHead {
    async fn load(
        handler: &AckHandler,
        state: &CommandState,
        _: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let log = state.log();
        let cursor = handler.cursor;
        let is_known = log.history().contains(cursor);
        // Another process may have appended what this device has received.
        let head = if cursor.position > log.known_head() || !is_known {
            log.head().await?
        } else {
            log.known_head()
        };
        if !log.history().contains(cursor) {
            return Err(Refusal::foreign_cursor(cursor).into());
        }
        Ok(Self(head))
    }
}

impl CommandHandler for AckHandler {
    type Target = Mailbox;
    type Lookups = KnownHead;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        KnownHead(head): KnownHead,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let ack = AckCursor {
            device: self.device.clone(),
            cursor: self.cursor.position,
            head,
        };
        let events = locked
            .state()
            .decide(MailboxCommand::Ack(ack), state.limits())?;
        Ok(Decision::from_events(events))
    }
}

/// Acknowledges up to `cursor` for a device, on behalf of a transport other than an HTTP request,
/// such as a WebSocket. Returns the log position, or the problem to send to the client.
pub async fn acknowledge_for(
    state: &CommandState,
    caller: &Caller,
    device: String,
    cursor: CursorReference,
) -> Result<i64, Problem> {
    let AuthenticatedUser { id: caller, actor } = AuthenticatedUser::try_from(caller)?;
    let request = AckRequest { device, cursor };
    let meta = CommandMeta {
        kind: CommandKind::Ack,
        aggregate_id: caller.clone(),
        caller,
        actor,
        idempotency: None,
    };
    let handler = AckHandler::parse(meta, &request).map_err(CommandError::from)?;
    let response = execute(state, &handler).await?;
    Ok(response.position)
}

/// Acknowledge what a device has received
///
/// The cursor of a device never moves back. A cursor beyond the head of the log is rejected.
#[utoipa::path(
    post,
    path = "/v1/inbox/ack",
    operation_id = "acknowledge",
    tag = "inbox",
    params(IdempotencyParams),
    request_body(content = AckRequest, example = json!({"device": "phone", "cursor": "1"})),
    responses(
        (status = 200, description = "Acknowledged", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn acknowledge(
    State(state): State<CommandState>,
    requester: Requester,
    Json(request): Json<AckRequest>,
) -> Result<CommandResponse, CommandError> {
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::Ack, mailbox, &[], &request)?;
    let handler = AckHandler::parse(meta, &request)?;
    execute(&state, &handler).await
}
