//! Applies invitations. Only the invited user gets an entry: one without a conversation, because
//! the user is not a member.

use domain::conversation::event::{InvitationEnded, InvitationOutcome, Invited};
use domain::ids::ConversationId;
use read_model::entry_type::EntryType;

use super::entry_data::{InvitationData, InvitationEndedData, to_json};
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::rows::InvitationRow;

impl Fold<'_> {
    pub(super) fn apply_invited(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &ConversationState,
        invited: &Invited,
    ) -> Result<(), FoldError> {
        let Invited { user, by, .. } = invited;
        let data = to_json(&InvitationData { id, by })?;
        let user = self.assign_user_id(user);
        let by = self.assign_user_id(by);
        let row = InvitationRow {
            by,
            position: at.position,
            at: at.time,
        };
        self.rows
            .invitations
            .insert((user, conversation.id), Some(row));
        if !self.is_blocked((user, by)) {
            self.add_private_entry(at, user, EntryType::Invited, data);
        }
        Ok(())
    }

    /// A user who blocks the inviter may not know of the invitation, and does not learn that it was
    /// withdrawn.
    pub(super) fn apply_invitation_ended(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &ConversationState,
        ended: &InvitationEnded,
    ) -> Result<(), FoldError> {
        let outcome = ended.outcome;
        let data = to_json(&InvitationEndedData { id, outcome })?;
        let user = self.assign_user_id(&ended.user);
        let inviter = self.assign_user_id(&ended.invited_by);
        self.rows.invitations.insert((user, conversation.id), None);
        let is_withdrawn = outcome == InvitationOutcome::Withdrawn;
        if !is_withdrawn || !self.is_blocked((user, inviter)) {
            self.add_private_entry(at, user, EntryType::InvitationEnded, data);
        }
        Ok(())
    }
}
