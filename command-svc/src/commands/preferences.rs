//! `PATCH /v1/conversations/{id}/preferences`.

use axum::extract::State;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::{MailboxCommand, SetPreferences, MembershipSnapshot};
use domain::mailbox::event::MailboxEvent;
use event_log::{LogError, LockedAggregate, Observation, Receipt};
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership;
use crate::answer::{Answered, Positioned};
use crate::asker::Asker;
use crate::docs::Problems;
use crate::execute::execute;
use crate::keyed::Keyed;
use crate::meters::Op;
use crate::no::No;
use crate::order::{Decision, Order, Stop};
use crate::parts;
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
pub(crate) struct PreferencesOrder {
    conversation: ConversationId,
    wanted: PreferencesRequest,
    caller: UserId,
    keyed: Option<Keyed>,
}

impl Order for PreferencesOrder {
    type Home = Mailbox;
    type Known = MembershipSnapshot;

    fn op(&self) -> Op {
        Op::Preferences
    }

    fn id(&self) -> &str {
        self.caller.as_str()
    }

    fn keyed(&self) -> Option<&Keyed> {
        self.keyed.as_ref()
    }

    async fn look_up(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<MembershipSnapshot, Stop> {
        let found =
            membership::standing(state, &self.conversation, &self.caller, 0, observed).await;
        found.map(|(standing, _)| standing)
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        standing: MembershipSnapshot,
    ) -> Result<Decision<MailboxEvent>, Stop> {
        let PreferencesRequest {
            muted,
            pinned,
            archived,
            mentions,
        } = self.wanted;
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
        Ok(Decision::plain(
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
        (status = 200, description = "Changed, or already so", body = Positioned,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        Problems,
    ),
)]
pub(crate) async fn set_preferences(
    State(state): State<CommandState>,
    Asker { user: caller, key }: Asker,
    Path(id): Path<String>,
    Json(preferences): Json<PreferencesRequest>,
) -> Result<Answered, No> {
    let conversation = parts::conversation(&id)?;
    let idempotency = Keyed::command(&caller, key.as_ref(), Op::Preferences, &[&id], &preferences)?;
    execute(
        &state,
        &PreferencesOrder {
            conversation,
            wanted: preferences,
            caller,
            keyed: idempotency,
        },
    )
    .await
}
