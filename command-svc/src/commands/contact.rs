//! `PUT` and `DELETE /v1/contacts/{user}`.
//!
//! An act is one event in the caller's mailbox, decided with the other mailbox in view: if that one
//! changes meanwhile, the command is decided again. So of two users who ask at once, the second one
//! finds the request of the first.

use axum::extract::State;
use domain::ids::UserId;
use domain::mailbox::command::{AddContact, MailboxCommand, RemoveContact};
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::{ContactActs, ContactState, Mailbox};
use domain::refusal::Refusal;
use domain::texts::ContactNote;
use event_log::{LockedAggregate, Observation};
use http_edge::{OptionalJson, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, PositionResponse, ResponseBody};
use crate::state::CommandState;

/// A contact request.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct ContactRequest {
    /// What the user who is asked reads with the request: at most 200 characters.
    #[schema(max_length = 200)]
    note: Option<String>,
}

/// What the other user is to the caller now.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactAnswer)]
pub(crate) struct ContactResponse {
    /// `outgoing`, or `contact` if the other user had already asked.
    state: AskedState,
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The state after a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AskedState {
    Outgoing,
    Contact,
}

/// The handler of both commands.
pub(crate) struct ContactHandler {
    meta: CommandMeta<Mailbox>,
    user: UserId,
    action: ContactAction,
}

/// Ask or accept; withdraw, decline or end.
enum ContactAction {
    Add(Option<ContactNote>),
    Remove,
}

/// The acts of the other user towards the caller.
pub(crate) struct PeerActs(ContactActs);

impl CommandLookups<ContactHandler> for PeerActs {
    async fn load(
        handler: &ContactHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let mailboxes = state.log().mailboxes();
        let (acts, observation) = mailboxes
            .peek(handler.user.as_str(), |mailbox| {
                mailbox.contact_acts(&handler.meta.caller)
            })
            .await?;
        observed.push(observation);
        Ok(Self(acts))
    }
}

impl CommandHandler for ContactHandler {
    type Target = Mailbox;
    type Lookups = PeerActs;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        PeerActs(other): PeerActs,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let user = self.user.clone();
        let mailbox = locked.state();
        let note = match &self.action {
            ContactAction::Add(note) => note.clone(),
            ContactAction::Remove => {
                let command = MailboxCommand::RemoveContact(RemoveContact { user, other });
                return Ok(Decision::from_events(
                    mailbox.decide(command, state.limits())?,
                ));
            }
        };
        let before = ContactState::between(mailbox.contact_acts(&user), other);
        let add = AddContact { user, note, other };
        let command = MailboxCommand::add_contact(&self.meta.caller, add)?;
        let events = mailbox.decide(command, state.limits())?;
        let state = match before {
            Some(ContactState::Contact | ContactState::Incoming) => AskedState::Contact,
            Some(ContactState::Outgoing) | None => AskedState::Outgoing,
        };
        let body = ResponseBody::serialize(&ContactResponse {
            state,
            position: PositionPlaceholder,
        })?;
        Ok(Decision::with_body(events, body))
    }
}

/// Ask a user to be a contact
///
/// Accepts the request of the other user, if there is one: then they are contacts. The user who is
/// asked sees the request with its note and the profile of the caller. A user who has blocked the
/// caller never sees the request, and the caller does not learn of that.
#[utoipa::path(
    put,
    path = "/v1/contacts/{user}",
    operation_id = "add_contact",
    tag = "users",
    params(
        ("user" = String, Path, description = "The user to ask", example = "bob"),
        IdempotencyParams,
    ),
    request_body(content = Option<ContactRequest>, example = json!({"note": "We met at lunch."})),
    responses(
        (status = 200, description = "Asked, or contacts", body = ContactResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn add_contact(
    State(state): State<CommandState>,
    requester: Requester,
    Path(user): Path<String>,
    OptionalJson(request): OptionalJson<ContactRequest>,
) -> Result<CommandResponse, CommandError> {
    let note = request.note.as_deref().map(ContactNote::parse).transpose();
    let note = note.map_err(|invalid| Refusal::invalid("note", invalid.0))?;
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::AddContact, mailbox, &[&user], &request)?;
    let handler = ContactHandler {
        meta,
        user: params::parse_user(&user)?,
        action: ContactAction::Add(note),
    };
    execute(&state, &handler).await
}

/// Remove a contact
///
/// Withdraws the caller's request, declines the other user's, or ends the contact. Conversations of
/// the two continue.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{user}",
    operation_id = "remove_contact",
    tag = "users",
    params(
        ("user" = String, Path, description = "The other user", example = "bob"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no request and no contact", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_contact(
    State(state): State<CommandState>,
    requester: Requester,
    Path(user): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::RemoveContact, mailbox, &[&user], &())?;
    let handler = ContactHandler {
        meta,
        user: params::parse_user(&user)?,
        action: ContactAction::Remove,
    };
    execute(&state, &handler).await
}
