//! `POST /v1/desks/{desk}/sessions`: a customer opens a session.

use axum::extract::State;
use domain::body::MessageType;
use domain::conversation::Conversation;
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{DeskLookup, OpenServiceSession, SessionCommand};
use domain::custom_fields::CustomFields;
use domain::ids::{ClientKey, ConversationId, DeskId};
use domain::refusal::Refusal;
use domain::session_id::SessionId;
use event_log::{LockedAggregate, LogError, Observation};
use http::StatusCode;
use http_edge::{OptionalJson, Path};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::find::{load_desk, parse_desk};
use crate::caller::{AuthenticatedUser, Requester};
use crate::commands::checked_send::execute_send;
use crate::commands::message_draft::SendRequest;
use crate::commands::send::SendHandler;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::screening;
use crate::state::CommandState;

/// What a customer says first.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct OpenRequest {
    /// A message, which is sent in the conversation.
    text: Option<String>,
    /// What the app says about the session, such as the page or the order that it is about: an
    /// object of at most 4 KiB. Agents get it with the session.
    #[schema(value_type = Option<Object>)]
    custom: Option<Value>,
}

/// Whether an agent has the session, for the API document.
#[derive(ToSchema)]
#[schema(as = UnfinishedSessionState, rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum UnfinishedStateSchema {
    Waiting,
    Open,
}

/// The session.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedSession)]
pub(crate) struct OpenResponse {
    #[schema(value_type = String)]
    session_id: SessionId,
    /// The conversation of the customer with the desk, which is always the same.
    #[schema(value_type = String)]
    conversation_id: ConversationId,
    #[schema(value_type = UnfinishedStateSchema)]
    state: &'static str,
    /// How many other sessions at the desk have waited longer.
    ahead: usize,
    /// The log position of the last event, or the head of the log if nothing changed.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The part of the response that a later step needs.
#[derive(Deserialize)]
struct OpenedPlace {
    conversation_id: ConversationId,
}

/// The handler that opens a session.
struct OpenHandler {
    meta: CommandMeta<Conversation>,
    desk: DeskId,
    custom: Option<CustomFields>,
}

/// The desk, and the sessions that wait there.
struct OpenLookups {
    desk: DeskLookup,
    waiting: Vec<SessionId>,
}

impl CommandLookups<OpenHandler> for OpenLookups {
    async fn load(
        handler: &OpenHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let (conversation, desk) = (handler.meta.aggregate_id.clone(), handler.desk.clone());
        let desk = load_desk(state, conversation, desk, observed).await?;
        if desk.settings.is_none() {
            return Err(Refusal::not_found().into());
        }
        // Only informs the customer, so nothing is observed.
        let waiting = state.desk_board().waiting_at(&handler.desk).await?;
        Ok(Self { desk, waiting })
    }
}

impl CommandHandler for OpenHandler {
    type Target = Conversation;
    type Lookups = OpenLookups;

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        OpenLookups { desk, waiting }: OpenLookups,
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let command = SessionCommand::Open(OpenServiceSession {
            customer: self.meta.caller.clone(),
            custom: self.custom.clone(),
            desk,
            now: state.now(),
        });
        let command = ConversationCommand::Session(command);
        let events = locked.state().decide(command, state.limits())?;
        let opened = events.iter().find_map(|event| match event {
            ConversationEvent::SessionOpened(opened) => Some(opened.session.clone()),
            _ => None,
        });
        let status = if opened.is_some() {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let known = locked.state().unfinished_session();
        let is_open = known.as_ref().is_some_and(|known| known.agent.is_some());
        let session = opened.or(known.map(|known| known.id));
        let session_id = session.ok_or_else(|| {
            LogError::Corrupt("a session was neither opened nor found".to_owned())
        })?;
        let before = waiting.iter().position(|other| *other == session_id);
        let body = ResponseBody::serialize(&OpenResponse {
            session_id,
            conversation_id: self.meta.aggregate_id.clone(),
            state: if is_open { "open" } else { "waiting" },
            ahead: if is_open {
                0
            } else {
                before.unwrap_or(waiting.len())
            },
            position: PositionPlaceholder,
        })?;
        Ok(Decision {
            events,
            status,
            body,
        })
    }
}

/// Open a session at a service desk
///
/// The customer's conversation with the desk is created if this is their first session; its history
/// continues forever. If the customer has a session at the desk that is not closed, that one is
/// returned. With `text`, the message is sent in it, as `POST /v1/conversations/{id}/messages`
/// sends one.
#[utoipa::path(
    post,
    path = "/v1/desks/{desk}/sessions",
    operation_id = "open_session",
    tag = "desks",
    params(
        ("desk" = String, Path, description = "The desk", example = "billing"),
        IdempotencyParams,
    ),
    request_body(content = OpenRequest,
        example = json!({"text": "My invoice is wrong.", "custom": {"order": 7}})),
    responses(
        (status = 201, description = "Opened", body = OpenResponse,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "The session that is not closed, or the first response",
            body = OpenResponse, headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn open_session(
    State(state): State<CommandState>,
    requester: Requester,
    Path(desk): Path<String>,
    OptionalJson(request): OptionalJson<OpenRequest>,
) -> Result<CommandResponse, CommandError> {
    let id = parse_desk(&desk)?;
    let custom = request
        .custom
        .as_ref()
        .map(CustomFields::parse)
        .transpose()?;
    let (user, key) = (requester.user.clone(), requester.key.clone());
    let sender = AuthenticatedUser {
        id: user.clone(),
        actor: requester.actor.clone(),
    };
    let conversation = ConversationId::desk(&id, &user);
    if let Some(text) = &request.text {
        // What would be refused must not open a session.
        check_text(&state, &sender, &conversation, text)?;
    }
    let kind = CommandKind::OpenSession;
    let meta = requester.into_meta(kind, conversation, &[&desk], &request)?;
    let handler = OpenHandler {
        meta,
        desk: id,
        custom,
    };
    let mut response = execute(&state, &handler).await?;
    if let Some(text) = &request.text {
        let place: OpenedPlace = serde_json::from_slice(&response.body.0)
            .map_err(|error| LogError::Corrupt(format!("the receipt of a session: {error}")))?;
        let key = message_key(key.as_ref());
        let sent = send_text(&state, sender, place.conversation_id, &key, text).await?;
        response.position = response.position.max(sent.position);
    }
    Ok(response)
}

/// The key of the message: that of the request, so that repeating the request does not repeat it.
fn message_key(key: Option<&ClientKey>) -> String {
    match key {
        Some(key) => key.as_str().to_owned(),
        None => format!("session-{}", uuid::Uuid::now_v7().simple()),
    }
}

fn to_request(key: &str, text: &str) -> Result<SendRequest, LogError> {
    let request = json!({ "client_message_id": key, "type": "text", "body": { "text": text } });
    serde_json::from_value(request)
        .map_err(|error| LogError::Corrupt(format!("the first message of a session: {error}")))
}

/// Checks the text as a send does, except for what only the conversation knows.
fn check_text(
    state: &CommandState,
    sender: &AuthenticatedUser,
    conversation: &ConversationId,
    text: &str,
) -> Result<(), CommandError> {
    let request = to_request("check", text)?;
    let (sender, conversation) = (sender.clone(), conversation.clone());
    let send = SendHandler::parse(sender, conversation, &request, state.limits())?;
    let content = send.content().map(drop);
    let rulebook = state.rulebook();
    let screen = || screening::screen_body(&rulebook, MessageType::Text, &request.body).map(drop);
    // To the client, the field is that of this request.
    let checked = content.and_then(|()| screen()).map_err(|refusal| Refusal {
        field: Some("text"),
        ..refusal
    });
    checked.map_err(CommandError::Rejected)
}

async fn send_text(
    state: &CommandState,
    sender: AuthenticatedUser,
    conversation: ConversationId,
    key: &str,
    text: &str,
) -> Result<CommandResponse, CommandError> {
    let request = to_request(key, text)?;
    let send = SendHandler::parse(sender, conversation, &request, state.limits())?;
    let send = send.screened(&request.body, &state.rulebook(), state.limits());
    execute_send(state, send).await
}
