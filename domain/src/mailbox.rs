//! A user's mailbox: what their devices have, what they have read, and what they prefer. Nobody
//! but its owner commands it, so there are no rights here, only rules.

pub mod command;
pub mod event;

mod blocks;
mod devices;
mod marks;
mod preferences;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeviceId, UserId};
use crate::limits::Limits;
use crate::refusal::Refusal;
use command::MailboxCommand;
use event::MailboxEvent;
use marks::Mark;
use preferences::Preferences;

/// The state of one mailbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The cursor that each device has acked.
    devices: BTreeMap<DeviceId, i64>,
    /// The read marks that were set by a command. What a conversation implies is in its
    /// [`command::Standing`].
    marks: BTreeMap<ConversationId, Mark>,
    /// What differed from the defaults at some time.
    preferences: BTreeMap<ConversationId, Preferences>,
    /// Whose direct messages are refused.
    blocked: BTreeSet<UserId>,
}

impl Mailbox {
    /// What this command makes happen; nothing if everything is already so. `limits` are those
    /// of the deployment.
    pub fn decide(
        &self,
        command: MailboxCommand,
        limits: &Limits,
    ) -> Result<Vec<MailboxEvent>, Refusal> {
        let event = match command {
            MailboxCommand::Ack(ack) => self.ack(ack, limits)?,
            MailboxCommand::Read(read) => self.read(read)?,
            MailboxCommand::MarkUnread(mark) => self.mark_unread(mark)?,
            MailboxCommand::SetPreferences(set) => self.set_preferences(set),
            MailboxCommand::Block(user) => self.block(user, limits)?,
            MailboxCommand::Unblock(user) => self.unblock(user),
        };
        Ok(event.into_iter().collect())
    }

    /// How many devices, marks, preferences and blocks there are: what its size grows with.
    pub fn entries(&self) -> usize {
        self.devices.len() + self.marks.len() + self.preferences.len() + self.blocked.len()
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
                self.marked(mark);
            }
            MailboxEvent::PreferencesChanged(changed) => self.preferred(changed),
            MailboxEvent::UserBlocked(blocked) => {
                self.blocked.insert(blocked.user);
            }
            MailboxEvent::UserUnblocked(unblocked) => {
                self.blocked.remove(&unblocked.user);
            }
        }
    }
}

/// For stores of cqrs-es that read the `events` view: old versions are raised step by step, and
/// the bare data becomes what [`MailboxEvent`] reads.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<MailboxEvent>()
}
