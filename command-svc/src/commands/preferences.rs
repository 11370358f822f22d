//! `PATCH /v1/conversations/{id}/preferences`.

use axum::extract::State;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, SetPreferences};
use domain::mailbox::event::MailboxEvent;
use domain::membership::MembershipSnapshot;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use crate::caller::Requester;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, Decision};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// How to show a conversation. Omitted fields stay unchanged.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) struct PreferencesRequest {
    /// Exclude the conversation from the total of unread messages.
    muted: Option<bool>,
    /// Show the conversation at the top of the inbox.
    pinned: Option<bool>,
    /// Hide the conversation from the inbox, and exclude it from the total of unread messages.
    archived: Option<bool>,
    /// Notify of messages that mention the user, even if the conversation is muted or archived.
    /// True by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<bool>,
}

/// The handler that sets preferences.
pub(crate) struct PreferencesHandler {
    conversation: ConversationId,
    preferences: PreferencesRequest,
    caller: UserId,
    idempotency: Option<Idempotency>,
}

impl CommandHandler for PreferencesHandler {
    type Target = Mailbox;
    type Lookups = MembershipSnapshot;

    fn command_kind(&self) -> CommandKind {
        CommandKind::Preferences
    }

    fn aggregate_id(&self) -> &str {
        self.caller.as_str()
    }

    fn idempotency(&self) -> Option<&Idempotency> {
        self.idempotency.as_ref()
    }

    async fn load_lookups(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<MembershipSnapshot, AttemptError> {
        let found =
            membership::observe_membership(state, &self.conversation, &self.caller, 0, observed)
                .await;
        found.map(|(standing, _)| standing)
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        standing: MembershipSnapshot,
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let PreferencesRequest {
            muted,
            pinned,
            archived,
            mentions,
        } = self.preferences;
        let conversation = self.conversation.clone();
        let set = SetPreferences {
            conversation,
            muted,
            pinned,
            archived,
            mentions,
            membership: standing,
        };
        let command = MailboxCommand::SetPreferences(set);
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        membership::is_member(state, &self.conversation, &self.caller).await
    }
}

/// Mute, pin or archive a conversation
///
/// Applies only to the caller, until the caller leaves the conversation.
#[utoipa::path(
    patch,
    path = "/v1/conversations/{id}/preferences",
    operation_id = "set_preferences",
    tag = "inbox",
    params(
        ("id" = String, Path, description = "The conversation"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 128 printable ASCII characters"),
    ),
    request_body = PreferencesRequest,
    responses(
        (status = 200, description = "Changed, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_preferences(
    State(state): State<CommandState>,
    Requester { user: caller, key }: Requester,
    Path(id): Path<String>,
    Json(preferences): Json<PreferencesRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let idempotency = Idempotency::for_command(
        &caller,
        key.as_ref(),
        CommandKind::Preferences,
        &[&id],
        &preferences,
    )?;
    execute(
        &state,
        &PreferencesHandler {
            conversation,
            preferences: preferences,
            caller,
            idempotency,
        },
    )
    .await
}
