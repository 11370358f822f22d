//! The mailbox aggregate: a user's device cursors, read marks, preferences, blocks, clears,
//! contacts, threads, messages that wait, and push registrations. Only its owner sends commands to
//! it, so there are rules but no permissions.

pub mod command;
pub mod event;

mod blocks;
mod clearing;
mod contact_state;
mod contacts;
mod devices;
mod held;
pub mod held_command;
pub mod held_event;
mod preferences;
mod push;
pub mod push_command;
pub mod push_event;
mod read_marks;
mod scheduled;
mod state;
mod threads;

pub use contact_state::{ContactActs, ContactState};
pub use scheduled::ScheduledContent;
pub use state::ScheduledState;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeviceId, UserId};
use crate::limits::Limits;
use crate::refusal::Refusal;
use command::MailboxCommand;
use event::{MailboxEvent, NotesErased};
use push_event::RegistrationDigest;
use state::{ConversationPreferences, ExplicitReadMark, ThreadMark};

/// The state of one mailbox.
///
/// It is stored in snapshots; the serialized field names must not change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The last acknowledged cursor of each device.
    devices: BTreeMap<DeviceId, i64>,
    /// The read marks set by commands. The mark that a conversation implies is in its
    /// [`crate::membership::MembershipSnapshot`].
    #[serde(rename = "marks")]
    read_marks: BTreeMap<ConversationId, ExplicitReadMark>,
    /// The preferences of every conversation for which the owner has ever set any.
    preferences: BTreeMap<ConversationId, ConversationPreferences>,
    /// The users whose direct messages are refused.
    #[serde(rename = "blocked")]
    blocked_users: BTreeSet<UserId>,
    /// The last seq that the owner has cleared from their view, by conversation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    cleared: BTreeMap<ConversationId, i64>,
    /// The owner's requests to be a contact of others, and their removals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    contacts: BTreeMap<UserId, ContactActs>,
    /// What the owner did with threads, by the seq of the root.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    threads: BTreeMap<ConversationId, BTreeMap<i64, ThreadMark>>,
    /// The scheduled messages that wait or failed, by number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    scheduled: BTreeMap<i64, ScheduledState>,
    /// The conversations of the held messages, by number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    held: BTreeMap<i64, ConversationId>,
    /// How many messages the owner has ever scheduled, or were held: the last number.
    #[serde(default, skip_serializing_if = "is_zero")]
    scheduled_count: i64,
    /// The devices that get pushes, with the digests of their registrations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    push: BTreeMap<DeviceId, RegistrationDigest>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &i64) -> bool {
    *count == 0
}

impl Mailbox {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it. `limits` are the limits of the deployment.
    pub fn decide(
        &self,
        command: MailboxCommand,
        limits: &Limits,
    ) -> Result<Vec<MailboxEvent>, Refusal> {
        let event = match command {
            MailboxCommand::Ack(ack) => self.ack(ack, limits)?,
            MailboxCommand::MarkRead(read) => self.mark_read(read)?,
            MailboxCommand::MarkUnread(mark) => self.mark_unread(mark)?,
            MailboxCommand::SetPreferences(set) => self.set_preferences(set),
            MailboxCommand::Block(user) => self.block(user, limits)?,
            MailboxCommand::Unblock(user) => self.unblock(user),
            MailboxCommand::Clear(clear) => self.clear(clear)?,
            MailboxCommand::AddContact(add) => self.add_contact(add, limits)?,
            MailboxCommand::RemoveContact(remove) => self.remove_contact(remove),
            MailboxCommand::FollowThread(follow) => self.follow_thread(follow, limits)?,
            MailboxCommand::ReadThread(read) => self.read_thread(read, limits)?,
            MailboxCommand::Schedule(schedule) => Some(self.schedule(schedule, limits)?),
            MailboxCommand::ChangeScheduled(change) => self.change_scheduled(change, limits)?,
            MailboxCommand::CancelScheduled(cancel) => return self.cancel_scheduled(cancel),
            MailboxCommand::CompleteScheduled(outcomes) => {
                return Ok(self.complete_scheduled(outcomes));
            }
            MailboxCommand::EraseNotes(by) => Some(MailboxEvent::NotesErased(NotesErased { by })),
            MailboxCommand::HoldMessage(hold) => return self.hold_message(hold),
            MailboxCommand::CompleteHeld(complete) => self.complete_held(complete),
            MailboxCommand::RegisterPush(register) => self.register_push(register, limits)?,
            MailboxCommand::DropPush(drop) => return Ok(self.drop_push(drop)),
            MailboxCommand::RemoveDevice(device) => self.remove_device(device),
        };
        Ok(event.into_iter().collect())
    }

    /// The number of devices, read marks, preferences, blocks, clears, contacts and more: a measure
    /// of the size of the state.
    pub fn entry_count(&self) -> usize {
        self.devices.len()
            + self.read_marks.len()
            + self.preferences.len()
            + self.blocked_users.len()
            + self.cleared.len()
            + self.contacts.len()
            + self.thread_count()
            + self.scheduled.len()
            + self.held.len()
            + self.push.len()
    }
}

impl Aggregate for Mailbox {
    const TYPE: &'static str = "mailbox";
    type Command = MailboxCommand;
    type Event = MailboxEvent;
    type Error = Refusal;
    type Services = Limits;

    async fn handle(
        &mut self,
        command: MailboxCommand,
        limits: &Limits,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command, limits)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: MailboxEvent) {
        match event {
            MailboxEvent::DeviceAcked(acked) => {
                self.devices.insert(acked.device, acked.cursor);
            }
            MailboxEvent::ConversationRead(mark) | MailboxEvent::ConversationMarkedUnread(mark) => {
                self.apply_read_mark(mark);
            }
            MailboxEvent::PreferencesChanged(changed) => self.apply_preferences(changed),
            MailboxEvent::UserBlocked(blocked) => {
                self.blocked_users.insert(blocked.user);
            }
            MailboxEvent::UserUnblocked(unblocked) => {
                self.blocked_users.remove(&unblocked.user);
            }
            MailboxEvent::ConversationCleared(cleared) => self.apply_cleared(cleared),
            MailboxEvent::ContactRequested(requested) => {
                self.apply_contact_asked(requested.user, requested.number);
            }
            MailboxEvent::ContactAdded(added) => {
                self.apply_contact_asked(added.user, added.number);
            }
            MailboxEvent::ContactRemoved(removed) => self.apply_contact_removed(removed),
            MailboxEvent::ThreadFollowed(thread) => self.apply_thread_followed(thread, true),
            MailboxEvent::ThreadUnfollowed(thread) => self.apply_thread_followed(thread, false),
            MailboxEvent::ThreadRead(mark) => self.apply_thread_read(mark),
            MailboxEvent::MessageScheduled(scheduled) => self.apply_scheduled(scheduled),
            MailboxEvent::ScheduledMessageChanged(changed) => self.apply_rescheduled(&changed),
            MailboxEvent::ScheduledMessageCancelled(cancelled) => {
                self.scheduled.remove(&cancelled.number);
            }
            MailboxEvent::ScheduledMessageSent(sent) => {
                self.scheduled.remove(&sent.number);
            }
            MailboxEvent::ScheduledMessageFailed(failed) => self.apply_failed(&failed),
            // The state has no notes.
            MailboxEvent::NotesErased(_) => {}
            MailboxEvent::MessageHeld(held) => self.apply_held(held),
            MailboxEvent::HeldMessageReleased(released) => self.apply_held_ended(released.held_id),
            MailboxEvent::HeldMessageRefused(refused) => self.apply_held_ended(refused.held_id),
            MailboxEvent::PushRegistered(registered) => {
                self.push.insert(registered.device, registered.digest);
            }
            MailboxEvent::PushDropped(dropped) => {
                self.push.remove(&dropped.device);
            }
            MailboxEvent::DeviceRemoved(removed) => self.apply_device_removed(&removed.device),
        }
    }
}

/// The upcasters for cqrs-es stores that read the `events` view. They upcast old versions step by
/// step and wrap the bare data in the form that [`MailboxEvent`] deserializes from.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<MailboxEvent>()
}
