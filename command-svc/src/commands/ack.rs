//! `POST /v1/inbox/ack`.

use axum::extract::State;
use domain::ids::{DeviceId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand};
use domain::mailbox::event::MailboxEvent;
use domain::refusal::Refusal;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::{Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::{Answered, Positioned};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::state::CommandState;

/// The position up to which a device has received everything.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AckRequest {
    /// The id of the device: 1 to 128 characters, no control characters.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) device: String,
    /// A log position: the device has received everything up to it.
    #[schema(minimum = 0)]
    pub(crate) cursor: i64,
}

/// The handler that records an acknowledgement.
pub(crate) struct AckOrder {
    device: DeviceId,
    cursor: i64,
    caller: UserId,
    keyed: Option<Keyed>,
}

impl AckOrder {
    pub(crate) fn parse(
        caller: UserId,
        idempotency: Option<Keyed>,
        request: &AckRequest,
    ) -> Result<Self, Refusal> {
        let device = DeviceId::parse(&request.device)
            .map_err(|invalid| Refusal::invalid("device", invalid.0))?;
        Ok(Self {
            device,
            cursor: request.cursor,
            caller,
            keyed: idempotency,
        })
    }
}

impl Order for AckOrder {
    type Home = Mailbox;
    /// The head of the log.
    type Known = i64;

    fn op(&self) -> Op {
        Op::Ack
    }

    fn id(&self) -> &str {
        self.caller.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(&self, state: &CommandState, _: &mut Vec<Observation>) -> Result<i64, Stop> {
        let known = state.log().known_head();
        // Another process may have appended what this device has received.
        if self.cursor > known {
            Ok(state.log().head().await?)
        } else {
            Ok(known)
        }
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        head: i64,
    ) -> Result<Decision<MailboxEvent>, Stop> {
        let ack = AckCursor {
            device: self.device.clone(),
            cursor: self.cursor,
            head,
        };
        let events = locked
            .state()
            .decide(MailboxCommand::Ack(ack), state.limits())?;
        Ok(Decision::plain(events))
    }

    async fn may_replay(&self, _: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        Ok(true)
    }
}

/// Acknowledges up to `cursor` for a device, on behalf of a transport other than an HTTP request,
/// such as a WebSocket. Returns the log position, or the problem to send to the client.
pub async fn acknowledge_for(
    state: &CommandState,
    user: &str,
    device: String,
    cursor: i64,
) -> Result<i64, Problem> {
    let invalid = |invalid: domain::ids::InvalidIdError| Refusal::invalid("user", invalid.0);
    let caller = UserId::parse(user).map_err(invalid).map_err(No::from)?;
    let request = AckRequest { device, cursor };
    let handler = AckOrder::parse(caller, None, &request).map_err(No::from)?;
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
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters")),
    request_body = AckRequest,
    responses(
        (status = 200, description = "Acknowledged", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn acknowledge(
    State(state): State<CommandState>,
    Asker { user, key }: Asker,
    Json(request): Json<AckRequest>,
) -> Result<Answered, No> {
    let idempotency = Keyed::command(&user, key.as_ref(), Op::Ack, &[], &request)?;
    let handler = AckOrder::parse(user, idempotency, &request)?;
    execute(&state, &handler).await
}
