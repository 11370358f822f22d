//! Mute, pin, archive and mentions, for the time of a stay.

use serde::{Deserialize, Serialize};

use super::Mailbox;
use super::command::SetPreferences;
use super::event::{MailboxEvent, PreferencesChanged};

/// How the owner wants to see a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Preferences {
    muted: bool,
    pinned: bool,
    archived: bool,
    /// Snapshots of before there was a choice do not have it.
    #[serde(default = "by_default")]
    mentions: bool,
    /// During which stay: leaving forgets.
    stay: i64,
}

fn by_default() -> bool {
    true
}

impl Preferences {
    /// As nobody has chosen yet.
    fn none_in(stay: i64) -> Self {
        Self {
            muted: false,
            pinned: false,
            archived: false,
            mentions: by_default(),
            stay,
        }
    }
}

impl Mailbox {
    pub(super) fn set_preferences(&self, set: SetPreferences) -> Option<MailboxEvent> {
        let stay = set.standing.stay;
        let kept = self.preferences.get(&set.conversation);
        let present = kept
            .filter(|kept| kept.stay == stay)
            .cloned()
            .unwrap_or_else(|| Preferences::none_in(stay));
        let wanted = Preferences {
            muted: set.muted.unwrap_or(present.muted),
            pinned: set.pinned.unwrap_or(present.pinned),
            archived: set.archived.unwrap_or(present.archived),
            mentions: set.mentions.unwrap_or(present.mentions),
            stay,
        };
        if wanted == present {
            return None;
        }
        let changed = PreferencesChanged {
            conversation: set.conversation,
            muted: wanted.muted,
            pinned: wanted.pinned,
            archived: wanted.archived,
            mentions: wanted.mentions,
            stay,
        };
        Some(MailboxEvent::PreferencesChanged(changed))
    }

    pub(super) fn preferred(&mut self, changed: PreferencesChanged) {
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
            Preferences {
                muted,
                pinned,
                archived,
                mentions,
                stay,
            },
        );
    }
}
