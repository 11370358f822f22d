//! Rules for conversation preferences (mute, pin, archive, mentions). They last for one membership
//! period.

use super::Mailbox;
use super::command::SetPreferences;
use super::event::{MailboxEvent, PreferencesChanged};
use super::state::ConversationPreferences;

impl Mailbox {
    pub(super) fn set_preferences(&self, set: SetPreferences) -> Option<MailboxEvent> {
        let stay = set.membership.stay;
        let stored = self.preferences.get(&set.conversation);
        let current = stored
            .filter(|stored| stored.stay == stay)
            .cloned()
            .unwrap_or_else(|| ConversationPreferences::defaults_for(stay));
        let updated = ConversationPreferences {
            muted: set.muted.unwrap_or(current.muted),
            pinned: set.pinned.unwrap_or(current.pinned),
            archived: set.archived.unwrap_or(current.archived),
            mentions: set.mentions.unwrap_or(current.mentions),
            stay,
        };
        if updated == current {
            return None;
        }
        let changed = PreferencesChanged {
            conversation: set.conversation,
            muted: updated.muted,
            pinned: updated.pinned,
            archived: updated.archived,
            mentions: updated.mentions,
            stay,
        };
        Some(MailboxEvent::PreferencesChanged(changed))
    }

    pub(super) fn apply_preferences(&mut self, changed: PreferencesChanged) {
        let PreferencesChanged {
            conversation,
            muted,
            pinned,
            archived,
            mentions,
            stay,
        } = changed;
        self.preferences.insert(
            conversation,
            ConversationPreferences {
                muted,
                pinned,
                archived,
                mentions,
                stay,
            },
        );
    }
}
