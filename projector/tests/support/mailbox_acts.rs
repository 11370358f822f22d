//! What users of random histories do in their own mailboxes and profiles.

use domain::ids::DeviceId;
use domain::mailbox::command::{
    AckCursor, AddContact, MailboxCommand, MarkRead, MarkUnread, RemoveContact, SetPreferences,
};
use domain::mailbox::push_command::{DropPush, RegisterPush};
use domain::mailbox::push_event::{PushDropCause, PushProvider, RegistrationDigest};
use domain::profile::command::{ChangeProfile, ChangeSettings, ProfileCommand, RevokeTokens};
use domain::profile::event::UserKind;
use domain::texts::{ContactNote, DisplayName};
use domain::time::Timestamp;

use super::history::HistoryGenerator;

impl HistoryGenerator {
    pub(super) fn read(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let up_to = self.random_seq(&id);
        self.run_mailbox_command(
            &member,
            MailboxCommand::MarkRead(MarkRead {
                conversation: id,
                up_to,
                membership: standing,
            }),
        );
    }

    pub(super) fn mark_unread(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let from = self.random_seq(&id);
        let visible = self.conversations[&id].can_see(&member, from);
        let mark = MarkUnread {
            conversation: id,
            from,
            membership: standing,
            visible,
        };
        self.run_mailbox_command(&member, MailboxCommand::MarkUnread(mark));
    }

    pub(super) fn set_preferences(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let set = SetPreferences {
            conversation: id,
            muted: *self.rng.pick(&[None, Some(true), Some(false)]),
            pinned: *self.rng.pick(&[None, Some(true), Some(false)]),
            archived: *self.rng.pick(&[None, Some(true), Some(false)]),
            mentions: *self.rng.pick(&[None, Some(true), Some(false)]),
            membership: standing,
        };
        self.run_mailbox_command(&member, MailboxCommand::SetPreferences(set));
    }

    /// Acknowledges, or registers a device for pushes, or removes it.
    pub(super) fn use_device(&mut self) {
        let command = match self.rng.below(20) {
            0..14 => return self.ack(),
            14..17 => MailboxCommand::RegisterPush(RegisterPush {
                device: DeviceId::parse(self.rng.pick::<&str>(&["phone", "web"])).unwrap(),
                provider: *self.rng.pick(&PushProvider::ALL),
                digest: RegistrationDigest::parse(&self.rng.pick(&["0", "a"]).repeat(64)).unwrap(),
                preview: self.rng.chance(50),
            }),
            17 => MailboxCommand::DropPush(DropPush {
                device: self
                    .rng
                    .pick(&[None, Some("phone")])
                    .map(|device| DeviceId::parse(device).unwrap()),
                digest: None,
                cause: PushDropCause::Removed,
            }),
            _ => MailboxCommand::RemoveDevice(
                DeviceId::parse(self.rng.pick::<&str>(&["phone", "web"])).unwrap(),
            ),
        };
        let who = self.random_user();
        self.run_mailbox_command(&who, command);
    }

    fn ack(&mut self) {
        let who = self.random_user();
        let head = self.log.len() as u64;
        let back = if self.rng.chance(80) {
            self.rng.below(20)
        } else {
            self.rng.below(head + 1)
        };
        let ack = AckCursor {
            device: DeviceId::parse(self.rng.pick::<&str>(&["phone", "web"])).unwrap(),
            cursor: i64::try_from(head.saturating_sub(back)).unwrap(),
            head: i64::try_from(head).unwrap(),
        };
        self.run_mailbox_command(&who, MailboxCommand::Ack(ack));
    }

    pub(super) fn block(&mut self) {
        let (who, other) = (self.random_user(), self.random_user());
        let command = if self.rng.chance(60) {
            MailboxCommand::Block(other)
        } else {
            MailboxCommand::Unblock(other)
        };
        self.run_mailbox_command(&who, command);
    }

    pub(super) fn contact(&mut self) {
        let (who, other) = (self.random_user(), self.random_user());
        if who == other {
            return;
        }
        let acts = self.mailboxes.get(&other);
        let acts = acts.map(|mailbox| mailbox.contact_acts(&who));
        let acts = acts.unwrap_or_default();
        let note = *self.rng.pick(&[None, Some("hi \u{5f20}")]);
        let command = match self.rng.below(20) {
            0..12 => MailboxCommand::AddContact(AddContact {
                user: other,
                note: note.map(|note| ContactNote::parse(note).unwrap()),
                other: acts,
            }),
            12..15 => MailboxCommand::RemoveContact(RemoveContact {
                user: other,
                other: acts,
            }),
            _ => MailboxCommand::EraseNotes(other),
        };
        self.run_mailbox_command(&who, command);
    }

    pub(super) fn change_profile(&mut self) {
        let who = self.random_user();
        let name = self
            .rng
            .pick(&[None, Some("Zo\u{eb} O'Brien"), Some("\u{5f35}\u{4e09}")]);
        let change = ChangeProfile {
            display_name: Some(name.map(|name| DisplayName::parse(name).unwrap())),
            avatar: None,
            about: None,
            locale: None,
            custom: None,
            kind: *self.rng.pick(&[None, None, Some(UserKind::Bot)]),
            deactivated: *self.rng.pick(&[None, None, Some(true), Some(false)]),
            by: who.clone(),
        };
        self.run_profile_command(&who, ProfileCommand::Change(change));
    }

    pub(super) fn govern_profile(&mut self) {
        let who = self.random_user();
        let command = match self.rng.below(3) {
            0 => ProfileCommand::Erase(who.clone()),
            1 => ProfileCommand::RevokeTokens(RevokeTokens {
                before: Timestamp::from_millis(self.now),
                by: who.clone(),
            }),
            _ => ProfileCommand::ChangeSettings(ChangeSettings {
                read_receipts: *self.rng.pick(&[None, Some(true), Some(false)]),
                last_seen: *self.rng.pick(&[None, Some(true), Some(false)]),
                ..ChangeSettings::default()
            }),
        };
        self.run_profile_command(&who, command);
    }
}
