//! Mute, pin and archive, for the time of a stay.

use serde::{Deserialize, Serialize};

use super::Mailbox;
use super::command::SetPreferences;
use super::event::{MailboxEvent, PreferencesChanged};

/// How the owner wants to see a conversation. All false is the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Preferences {
    muted: bool,
    pinned: bool,
    archived: bool,
    /// During which stay: leaving forgets.
    stay: i64,
}

impl Mailbox {
    pub(super) fn set_preferences(&self, set: SetPreferences) -> Option<MailboxEvent> {
        let stay = set.standing.stay;
        let present = self
            .preferences
            .get(&set.conversation)
            .filter(|kept| kept.stay == stay);
        let (muted, pinned, archived) = present.map_or((false, false, false), |kept| {
            (kept.muted, kept.pinned, kept.archived)
        });
        let wanted = (
            set.muted.unwrap_or(muted),
            set.pinned.unwrap_or(pinned),
            set.archived.unwrap_or(archived),
        );
        if wanted == (muted, pinned, archived) {
            return None;
        }
        let (muted, pinned, archived) = wanted;
        let conversation = set.conversation;
        let changed = PreferencesChanged {
            conversation,
            muted,
            pinned,
            archived,
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
            stay,
        } = changed;
        self.preferences.insert(
            conversation,
            Preferences {
                muted,
                pinned,
                archived,
                stay,
            },
        );
    }
}
