//! Rules for transferring a service session to another agent or another desk.

use super::Conversation;
use super::event::{ConversationEvent, MemberRemoved};
use super::session_command::{DeskLookup, TransferSession, TransferTarget};
use super::session_event::{SessionAccepted, SessionNoted, SessionTransferred};
use super::session_state::{CurrentSession, ServiceSessions};
use super::sessions::{FoundSession, check_may_handle, session_closed};
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::time::Timestamp;

impl Conversation {
    pub(super) fn transfer_session(
        &self,
        transfer: TransferSession,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let TransferSession {
            session,
            target,
            note,
            caller,
            now,
        } = transfer;
        let found = self.find_session(&session, &caller)?;
        check_may_handle(&found, &caller)?;
        let FoundSession::Current(current) = found else {
            return Err(session_closed());
        };
        if current.is_over(now) {
            return Err(session_closed());
        }
        let service = self.require_service()?;
        let by = caller.user;
        let events = match target {
            TransferTarget::Agent { agent, is_agent } => {
                if !is_agent {
                    return Err(Refusal::invalid("agent", "The desk has no such agent."));
                }
                self.give_to_agent(service, current, &agent, &by, now)
            }
            TransferTarget::Desk { desk, is_busy } => {
                self.give_to_desk(service, current, &desk, is_busy, &by, now)?
            }
        };
        if events.is_empty() {
            return Ok(events);
        }
        let note = note.map(|text| {
            ConversationEvent::SessionNoted(SessionNoted {
                session,
                text: Some(text),
                by,
                at: now,
            })
        });
        Ok(note.into_iter().chain(events).collect())
    }

    /// A session that waits is accepted by this.
    fn give_to_agent(
        &self,
        service: &ServiceSessions,
        current: &CurrentSession,
        agent: &UserId,
        by: &UserId,
        now: Timestamp,
    ) -> Vec<ConversationEvent> {
        if current.agent.as_ref() == Some(agent) {
            return vec![];
        }
        let given = match &current.agent {
            None => ConversationEvent::SessionAccepted(SessionAccepted {
                session: current.id.clone(),
                desk: service.desk.clone(),
                agent: agent.clone(),
                by: by.clone(),
                after_seq: self.head_seq,
                at: now,
            }),
            Some(from) => ConversationEvent::SessionTransferred(SessionTransferred {
                session: current.id.clone(),
                desk: service.desk.clone(),
                from: Some(from.clone()),
                agent: Some(agent.clone()),
                to: None,
                hop: 0,
                by: by.clone(),
                after_seq: self.head_seq,
                at: now,
            }),
        };
        let joining = self.joining(agent, by);
        let leaving = self.leaving(Some(agent), by);
        joining.into_iter().chain([given]).chain(leaving).collect()
    }

    /// The session leaves this conversation, which gets a notice that names the other desk.
    fn give_to_desk(
        &self,
        service: &ServiceSessions,
        current: &CurrentSession,
        desk: &DeskLookup,
        is_busy: bool,
        by: &UserId,
        now: Timestamp,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let Some(settings) = &desk.settings else {
            return Err(Refusal::invalid("desk", "There is no such desk."));
        };
        if desk.desk == service.desk {
            return Err(Refusal::invalid("desk", "The session is at this desk."));
        }
        if is_busy {
            return Err(Refusal::conflict(
                "The customer has a session at that desk, which is not closed.",
            ));
        }
        let transferred = ConversationEvent::SessionTransferred(SessionTransferred {
            session: current.id.clone(),
            desk: desk.desk.clone(),
            from: current.agent.clone(),
            agent: None,
            to: Some(desk.conversation.clone()),
            hop: current.hop + 1,
            by: by.clone(),
            after_seq: self.head_seq,
            at: now,
        });
        let text = format!("This conversation continues at {}.", settings.title);
        let notice = self.system_message(&text, now);
        let leaving = self.agents().map(|agent| {
            ConversationEvent::MemberRemoved(MemberRemoved {
                user: agent.clone(),
                by: by.clone(),
            })
        });
        Ok([transferred, notice].into_iter().chain(leaving).collect())
    }
}
