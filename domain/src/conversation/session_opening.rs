//! Rules for opening a service session, and for continuing one that comes from another desk.

use super::Conversation;
use super::event::{
    ConversationCreated, ConversationEvent, ConversationKind, HistoryVisibility, InitialMember,
    MessageSent, Role,
};
use super::session_command::{ContinueSession, DeskLookup, OpenServiceSession};
use super::session_event::{SessionClosed, SessionOpened};
use crate::body::{MessageBody, MessageType};
use crate::custom_fields::CustomFields;
use crate::deployment::flood::RuleDuration;
use crate::desk::settings::DeskSettings;
use crate::desk::texts::CloseReason;
use crate::ids::{Title, UserId};
use crate::refusal::Refusal;
use crate::session_id::SessionId;
use crate::time::Timestamp;

impl Conversation {
    pub(super) fn open_session(
        &self,
        open: OpenServiceSession,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let OpenServiceSession {
            customer,
            custom,
            desk,
            now,
        } = open;
        let settings = desk.settings.as_ref().ok_or_else(Refusal::not_found)?;
        let mut events = self.create_for_desk(&customer, Some(&settings.title))?;
        if self.has_unfinished() {
            return Ok(vec![]);
        }
        self.check_may_write(&customer, now)?;
        events.extend(self.opening(&customer, custom, (&desk, settings), now));
        Ok(events)
    }

    /// The event that creates the conversation, unless it exists.
    fn create_for_desk(
        &self,
        customer: &UserId,
        title: Option<&Title>,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        match self.kind() {
            None => Ok(vec![ConversationEvent::ConversationCreated(
                ConversationCreated {
                    kind: ConversationKind::Desk,
                    title: title.cloned(),
                    history: HistoryVisibility::All,
                    members: vec![InitialMember {
                        user: customer.clone(),
                        role: Role::Member,
                    }],
                    by: customer.clone(),
                    created_at: None,
                    flags: Vec::new(),
                },
            )]),
            Some(ConversationKind::Desk) => Ok(vec![]),
            // A group of an older release may have such an id.
            Some(_) => Err(Refusal::conflict(
                "The conversation with this desk cannot be created: its id is in use.",
            )),
        }
    }

    pub(super) fn has_unfinished(&self) -> bool {
        let service = self.service.as_ref();
        service.is_some_and(|service| service.current.is_some())
    }

    /// The events that open a session of the customer: with the greeting of the desk.
    pub(super) fn opening(
        &self,
        customer: &UserId,
        custom: Option<CustomFields>,
        (desk, settings): (&DeskLookup, &DeskSettings),
        now: Timestamp,
    ) -> Vec<ConversationEvent> {
        let number = self.service.as_ref().map_or(0, |service| service.opened) + 1;
        let opened = SessionOpened {
            session: SessionId::new(desk.conversation.clone(), number),
            desk: desk.desk.clone(),
            customer: customer.clone(),
            idle_close: settings.idle_close.clone(),
            reply_target: settings.reply_target.clone(),
            reminders: settings.reminders,
            unanswered: None,
            custom,
            from: None,
            hop: 0,
            after_seq: self.head_seq,
            at: now,
        };
        let greeting = settings.greeting.as_ref();
        let greeting = greeting.map(|greeting| self.system_message(greeting.as_str(), now));
        let opened = ConversationEvent::SessionOpened(opened);
        std::iter::once(opened).chain(greeting).collect()
    }

    /// A text that the system writes as the next message.
    pub(super) fn system_message(&self, text: &str, now: Timestamp) -> ConversationEvent {
        ConversationEvent::MessageSent(MessageSent {
            seq: self.head_seq + 1,
            sender: UserId::system(),
            kind: MessageType::Text,
            body: MessageBody::from_text(text),
            reply_to: None,
            mentions: Vec::new(),
            sent_at: now,
            client_message_id: None,
            thread: None,
            scheduled_for: None,
            flags: Vec::new(),
        })
    }

    /// Decided once for each transfer: the session is then known here.
    pub(super) fn continue_session(
        &self,
        arrive: ContinueSession,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let ContinueSession {
            session,
            customer,
            from,
            hop,
            left,
            desk,
            now,
        } = arrive;
        if self.knows(&session, hop) {
            return Ok(vec![]);
        }
        let settings = desk.settings.as_ref();
        let mut events = self.create_for_desk(&customer, settings.map(|known| &known.title))?;
        let minutes = RuleDuration::from_minutes;
        // The customer has been waiting for the reply since before the transfer.
        let left = left.filter(|left| left.hop == hop);
        let (target, unanswered) = left.map_or((None, None), |left| {
            (Some(left.reply_target), left.unanswered)
        });
        let target = target.or_else(|| settings.map(|known| known.reply_target.clone()));
        let opened = SessionOpened {
            session: session.clone(),
            desk: desk.desk.clone(),
            customer,
            idle_close: settings.map_or_else(|| minutes(10), |known| known.idle_close.clone()),
            reply_target: target.unwrap_or_else(|| minutes(5)),
            reminders: settings.is_some_and(|known| known.reminders),
            unanswered,
            custom: None,
            from: Some(from),
            hop,
            after_seq: self.head_seq,
            at: now,
        };
        let closed = |reason| {
            ConversationEvent::SessionClosed(SessionClosed {
                session,
                desk: desk.desk,
                agent: None,
                reason: Some(reason),
                hop,
                by: UserId::system(),
                after_seq: self.head_seq,
                at: now,
            })
        };
        if self.has_unfinished() {
            // The customer has opened another one here meanwhile, which goes on.
            events.push(closed(CloseReason::merged()));
        } else {
            events.push(ConversationEvent::SessionOpened(opened));
            if settings.is_none() {
                // The desk was removed meanwhile.
                events.push(closed(CloseReason::desk_removed()));
            }
        }
        Ok(events)
    }

    /// Whether a session that was transferred here has arrived. It may have left again.
    fn knows(&self, session: &SessionId, hop: u32) -> bool {
        self.service.as_ref().is_some_and(|service| {
            let current = service.current.as_ref();
            let current = current.filter(|current| current.id == *session);
            let known = current
                .map(|current| current.hop)
                .max(service.closed.get(session).map(|closed| closed.hop))
                .max(service.moved.get(session).map(|moved| moved.hop));
            known.is_some_and(|known| known >= hop)
        })
    }
}
