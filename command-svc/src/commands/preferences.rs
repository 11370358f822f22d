//! `PATCH /v1/conversations/{id}/preferences`.

use axum::extract::State;
use domain::ids::ConversationId;
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
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
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
    meta: CommandMeta<Mailbox>,
    conversation: ConversationId,
    preferences: PreferencesRequest,
}

impl CommandLookups<PreferencesHandler> for MembershipSnapshot {
    async fn load(
        handler: &PreferencesHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        let caller = &handler.meta.caller;
        membership::observe_membership(state, &handler.conversation, caller, 0, observed)
            .await
            .map(|(membership, _)| membership)
    }
}

impl CommandHandler for PreferencesHandler {
    type Target = Mailbox;
    type Lookups = MembershipSnapshot;

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        membership: MembershipSnapshot,
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
            membership,
        };
        let command = MailboxCommand::SetPreferences(set);
        Ok(Decision::from_events(
            locked.state().decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        state.is_member(&self.conversation, &self.meta.caller).await
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
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        IdempotencyParams,
    ),
    request_body(content = PreferencesRequest, example = json!({"muted": true})),
    responses(
        (status = 200, description = "Changed, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn set_preferences(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(preferences): Json<PreferencesRequest>,
) -> Result<CommandResponse, CommandError> {
    let conversation = params::parse_conversation(&id)?;
    let mailbox = requester.user.clone();
    let meta = requester.into_meta(CommandKind::Preferences, mailbox, &[&id], &preferences)?;
    execute(
        &state,
        &PreferencesHandler {
            meta,
            conversation,
            preferences,
        },
    )
    .await
}
