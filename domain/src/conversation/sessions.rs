//! Rules for service sessions: accepting, closing. `session_opening` has those for opening,
//! `session_transfer` those for transferring, `session_reminder` those for reminding agents,
//! `session_remarks` those for notes, tags and ratings.
//!
//! The customer is a member of the conversation forever. An agent becomes one with the session, and
//! stays until the session, or the next one, goes to somebody else.

use super::Conversation;
use super::event::{ConversationEvent, MemberAdded, MemberRemoved, Role};
use super::session_command::{
    AcceptSession, CloseSession, ReleaseAgent, SessionCaller, SessionCommand,
};
use super::session_event::{SessionAccepted, SessionClosed, SessionTransferred};
use super::session_state::{ClosedSession, CurrentSession, MovedSession, ServiceSessions};
use crate::desk::texts::CloseReason;
use crate::ids::{DeskId, UserId};
use crate::refusal::Refusal;
use crate::session_id::SessionId;
use crate::time::Timestamp;

/// A session as commands find it.
pub(super) enum FoundSession<'a> {
    /// It waits or is open.
    Current(&'a CurrentSession),
    /// It was closed a short time ago.
    Closed(&'a ClosedSession),
}

/// A session that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedSession {
    /// The session.
    pub id: SessionId,
    /// Its agent; `None` while it waits.
    pub agent: Option<UserId>,
    /// When it closes by itself, if nobody writes.
    pub idle_at: Timestamp,
    /// When the reminder is due that is still to come.
    pub reminder_at: Option<Timestamp>,
}

impl Conversation {
    pub(super) fn decide_session(
        &self,
        command: SessionCommand,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        match command {
            SessionCommand::Open(open) => self.open_session(open),
            SessionCommand::Continue(arrive) => self.continue_session(arrive),
            SessionCommand::Accept(accept) => self.accept_session(accept),
            SessionCommand::Transfer(transfer) => self.transfer_session(transfer),
            SessionCommand::Close(close) => self.close_session(close),
            SessionCommand::CloseIdle(now) => Ok(self.close_idle(now)),
            SessionCommand::Remind(remind) => Ok(self.remind_agents(remind)),
            SessionCommand::CloseForGood(now) => Ok(self.close_for_good(now)),
            SessionCommand::Release(release) => Ok(self.release_agent(release)),
            SessionCommand::Note(note) => self.note_session(note),
            SessionCommand::Tag(tag) => self.tag_session(tag),
            SessionCommand::Rate(rate) => self.rate_session(rate),
        }
    }

    /// The desk of the conversation; `None` if it is with no desk.
    pub fn desk(&self) -> Option<&DeskId> {
        self.service.as_ref().map(|service| &service.desk)
    }

    /// The customer of a conversation with a desk.
    pub fn customer(&self) -> Option<&UserId> {
        self.service.as_ref().map(|service| &service.customer)
    }

    /// The session that is not closed.
    pub fn unfinished_session(&self) -> Option<UnfinishedSession> {
        let current = self.service.as_ref()?.current.as_ref()?;
        Some(UnfinishedSession {
            id: current.id.clone(),
            agent: current.agent.clone(),
            idle_at: current.idle_at(),
            reminder_at: current.reminder_at(),
        })
    }

    /// Where a session continues that was transferred from here to another desk.
    pub fn moved_session(&self, session: &SessionId) -> Option<&MovedSession> {
        self.service.as_ref()?.moved.get(session)
    }

    /// The members besides the customer.
    pub fn agents(&self) -> impl Iterator<Item = &UserId> {
        let customer = self.customer();
        let members = self.members.keys();
        members.filter(move |user| customer.is_some() && customer != Some(user))
    }

    fn accept_session(&self, accept: AcceptSession) -> Result<Vec<ConversationEvent>, Refusal> {
        let AcceptSession {
            session,
            agent,
            caller,
            now,
        } = accept;
        let found = self.find_session(&session, &caller)?;
        if !caller.is_agent {
            return Err(Refusal::forbidden(
                "Only agents of the desk accept sessions.",
            ));
        }
        let FoundSession::Current(current) = found else {
            return Err(session_closed());
        };
        match &current.agent {
            Some(holder) if *holder == agent => Ok(vec![]),
            Some(_) => Err(Refusal::taken()),
            None if current.is_over(now) => Err(session_closed()),
            None => {
                let service = self.require_service()?;
                let accepted = ConversationEvent::SessionAccepted(SessionAccepted {
                    session,
                    desk: service.desk.clone(),
                    agent: agent.clone(),
                    by: caller.user.clone(),
                    after_seq: self.head_seq,
                    at: now,
                });
                let joining = self.joining(&agent, &caller.user);
                let leaving = self.leaving(Some(&agent), &caller.user);
                Ok(joining
                    .into_iter()
                    .chain([accepted])
                    .chain(leaving)
                    .collect())
            }
        }
    }

    /// The event that makes an agent a member, unless they are one.
    pub(super) fn joining(&self, agent: &UserId, by: &UserId) -> Option<ConversationEvent> {
        let added = || {
            ConversationEvent::MemberAdded(MemberAdded {
                user: agent.clone(),
                role: Role::Member,
                by: by.clone(),
                joined_at: None,
                link: None,
            })
        };
        (!self.is_member(agent)).then(added)
    }

    /// The events that end the membership of every agent but this one.
    pub(super) fn leaving(&self, but: Option<&UserId>, by: &UserId) -> Vec<ConversationEvent> {
        let leaving = self.agents().filter(|agent| Some(*agent) != but);
        let removed = leaving.map(|user| {
            ConversationEvent::MemberRemoved(MemberRemoved {
                user: user.clone(),
                by: by.clone(),
            })
        });
        removed.collect()
    }

    fn close_session(&self, close: CloseSession) -> Result<Vec<ConversationEvent>, Refusal> {
        let CloseSession {
            session,
            reason,
            caller,
            now,
        } = close;
        let found = self.find_session(&session, &caller)?;
        let service = self.require_service()?;
        if caller.user != service.customer {
            check_may_handle(&found, &caller)?;
        }
        match found {
            FoundSession::Closed(_) => Ok(vec![]),
            FoundSession::Current(current) => {
                let closing = closing(service, current, reason, caller.user, self.head_seq, now);
                Ok(vec![closing])
            }
        }
    }

    fn close_idle(&self, now: Timestamp) -> Vec<ConversationEvent> {
        let service = self.service.as_ref();
        let current = service.and_then(|service| service.current.as_ref());
        let (Some(service), Some(current)) = (service, current) else {
            return vec![];
        };
        if !current.is_over(now) {
            return vec![];
        }
        let due = current.idle_at();
        let (reason, by) = (Some(CloseReason::idle()), UserId::system());
        vec![closing(service, current, reason, by, self.head_seq, due)]
    }

    fn close_for_good(&self, now: Timestamp) -> Vec<ConversationEvent> {
        let by = UserId::system();
        let closing = self.service.as_ref().and_then(|service| {
            let current = service.current.as_ref()?;
            let reason = Some(CloseReason::desk_removed());
            Some(closing(
                service,
                current,
                reason,
                by.clone(),
                self.head_seq,
                now,
            ))
        });
        closing.into_iter().chain(self.leaving(None, &by)).collect()
    }

    /// The session of a user who is no agent any more waits again.
    fn release_agent(&self, release: ReleaseAgent) -> Vec<ConversationEvent> {
        let ReleaseAgent { agent, now } = release;
        let Some(service) = self.service.as_ref().filter(|_| self.is_member(&agent)) else {
            return vec![];
        };
        if agent == service.customer {
            return vec![];
        }
        let current = service.current.as_ref();
        let current = current.filter(|current| current.agent.as_ref() == Some(&agent));
        let waiting = current.map(|current| {
            ConversationEvent::SessionTransferred(SessionTransferred {
                session: current.id.clone(),
                desk: service.desk.clone(),
                from: Some(agent.clone()),
                agent: None,
                to: None,
                hop: 0,
                by: UserId::system(),
                after_seq: self.head_seq,
                at: now,
            })
        });
        let left = ConversationEvent::MemberRemoved(MemberRemoved {
            user: agent,
            by: UserId::system(),
        });
        waiting.into_iter().chain([left]).collect()
    }

    /// The sessions of the conversation, which is one with a desk.
    pub(super) fn require_service(&self) -> Result<&ServiceSessions, Refusal> {
        self.service.as_ref().ok_or_else(Refusal::not_found)
    }

    /// Finds a session for its customer, an agent of the desk or an administrator. For all others
    /// it does not exist.
    pub(super) fn find_session(
        &self,
        session: &SessionId,
        caller: &SessionCaller,
    ) -> Result<FoundSession<'_>, Refusal> {
        let service = self.require_service()?;
        let may_know = caller.is_agent || caller.is_admin || caller.user == service.customer;
        if !may_know {
            return Err(Refusal::not_found());
        }
        if let Some(current) = service
            .current
            .as_ref()
            .filter(|found| found.id == *session)
        {
            return Ok(FoundSession::Current(current));
        }
        if let Some(closed) = service.closed.get(session) {
            return Ok(FoundSession::Closed(closed));
        }
        // One that was closed long ago, or never existed.
        if session.number() <= service.opened && !service.moved.contains_key(session) {
            return Err(session_closed());
        }
        Err(Refusal::not_found())
    }

    /// What an agent needs to write: their own open session. The customer may always write.
    pub(super) fn check_session_sender(&self, sender: &UserId) -> Result<(), Refusal> {
        let service = self.require_service()?;
        if *sender == service.customer {
            return Ok(());
        }
        match &service.current {
            None => Err(session_closed()),
            Some(current) if current.agent.as_ref() == Some(sender) => Ok(()),
            Some(_) => Err(Refusal::barred(
                "not_accepted",
                "Accept the session before you write in it.",
            )),
        }
    }
}

/// Checks whether a user may work on a session: its agent, and administrators. Those who only know
/// of it may not.
pub(super) fn check_may_handle(
    found: &FoundSession<'_>,
    caller: &SessionCaller,
) -> Result<(), Refusal> {
    let agent = match found {
        FoundSession::Current(current) => &current.agent,
        FoundSession::Closed(closed) => &closed.agent,
    };
    if caller.is_admin || agent.as_ref() == Some(&caller.user) {
        return Ok(());
    }
    Err(Refusal::forbidden(
        "Only the agent of the session and administrators can do this.",
    ))
}

fn closing(
    service: &ServiceSessions,
    current: &CurrentSession,
    reason: Option<CloseReason>,
    by: UserId,
    after_seq: i64,
    at: Timestamp,
) -> ConversationEvent {
    ConversationEvent::SessionClosed(SessionClosed {
        session: current.id.clone(),
        desk: service.desk.clone(),
        agent: current.agent.clone(),
        reason,
        hop: current.hop,
        by,
        after_seq,
        at,
    })
}

pub(super) fn session_closed() -> Refusal {
    Refusal::conflict_of(
        "session_closed",
        "The session is closed. The next message of its customer opens another one.",
    )
}
