//! The desks and their unfinished sessions: pure, a fold of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::conversation::event::ConversationEvent;
use domain::desk::event::DeskEvent;
use domain::desk::settings::DeskSettings;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::{EventDecodeError, EventFamily as _};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;

/// The events that the board needs.
pub(super) const EVENT_TYPES: [&str; 6] = [
    "desk_set",
    "desk_removed",
    "session_opened",
    "session_accepted",
    "session_transferred",
    "session_closed",
];

/// A session that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoardSession {
    pub(crate) desk: DeskId,
    pub(crate) conversation: ConversationId,
    pub(crate) customer: UserId,
    pub(crate) agent: Option<UserId>,
    /// The position of the event with which it began to wait at the desk first.
    pub(crate) opened: i64,
    /// When it closes by itself at the earliest: a message may have postponed that.
    pub(crate) idle_at: Timestamp,
}

/// A session on its way to another desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionArrival {
    /// The session.
    pub(crate) session: SessionId,
    /// Its customer.
    pub(crate) customer: UserId,
    /// The conversation that it has left.
    pub(crate) from: ConversationId,
    /// How often it was transferred.
    pub(crate) hop: u32,
    /// The desk that has it now.
    pub(crate) desk: DeskId,
}

/// The desks and what is to be done there.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) desks: BTreeMap<DeskId, DeskSettings>,
    pub(crate) sessions: BTreeMap<SessionId, BoardSession>,
    /// Sessions that have left one conversation and not arrived in the next one.
    pub(crate) arrivals: BTreeMap<SessionId, SessionArrival>,
    /// Who is a member of each conversation besides the customer, as far as sessions say so.
    agents: HashMap<ConversationId, (DeskId, UserId)>,
    /// The unfinished sessions by the time at which they close at the earliest.
    by_idle_time: BTreeSet<(Timestamp, SessionId)>,
    /// The waiting sessions of each desk, longest waiting first.
    waiting: BTreeMap<DeskId, BTreeSet<(i64, SessionId)>>,
    /// The agent to whom the system gave a session last, at each desk.
    pub(crate) last_routed: HashMap<DeskId, UserId>,
    /// When the system gave each agent a session last, as the position of the event.
    pub(crate) routed_at: HashMap<UserId, i64>,
}

impl Board {
    /// The sessions that wait at a desk, longest waiting first.
    pub(crate) fn waiting_at(&self, desk: &DeskId) -> impl Iterator<Item = &SessionId> {
        let waiting = self.waiting.get(desk).into_iter().flatten();
        waiting.map(|(_, session)| session)
    }

    /// The number of open sessions of each agent, at all desks.
    pub(crate) fn loads(&self) -> HashMap<UserId, u32> {
        let mut loads = HashMap::new();
        for agent in self
            .sessions
            .values()
            .filter_map(|session| session.agent.as_ref())
        {
            *loads.entry(agent.clone()).or_default() += 1;
        }
        loads
    }

    /// The sessions that may be due, in the order of their times.
    pub(crate) fn idle(&self, now: Timestamp) -> Vec<(Timestamp, SessionId)> {
        let due = self.by_idle_time.iter().take_while(|(at, _)| *at <= now);
        due.cloned().collect()
    }

    /// A message has postponed the end of a session.
    pub(crate) fn postpone(&mut self, session: &SessionId, idle_at: Timestamp) {
        if let Some(known) = self.sessions.get_mut(session) {
            self.by_idle_time.remove(&(known.idle_at, session.clone()));
            known.idle_at = idle_at;
            self.by_idle_time.insert((idle_at, session.clone()));
        }
    }

    /// Conversations with a user who is no agent of the desk any more. No user stands for a desk
    /// that was removed.
    pub(crate) fn former_agents(&self) -> Vec<(ConversationId, UserId)> {
        let members = self.agents.iter().filter(|(_, (desk, agent))| {
            let settings = self.desks.get(desk);
            settings.is_some_and(|settings| !settings.has_agent(agent))
        });
        let members = members.map(|(id, (_, agent))| (id.clone(), agent.clone()));
        members.collect()
    }

    /// Conversations with desks that were removed, in which there is something to end.
    pub(crate) fn orphans(&self) -> BTreeSet<ConversationId> {
        let is_gone = |desk: &DeskId| !self.desks.contains_key(desk);
        let sessions = self.sessions.values();
        let sessions = sessions.filter(|session| is_gone(&session.desk));
        let members = self.agents.iter().filter(|(_, (desk, _))| is_gone(desk));
        sessions
            .map(|session| session.conversation.clone())
            .chain(members.map(|(conversation, _)| conversation.clone()))
            .collect()
    }

    /// An agent has lost the conversation without an event that the board follows.
    pub(crate) fn forget_agent(&mut self, conversation: &ConversationId) {
        self.agents.remove(conversation);
    }

    /// Folds the next event.
    pub(crate) fn fold(&mut self, event: &Envelope) -> Result<(), EventDecodeError> {
        let data = event.data.get().as_bytes();
        match event.aggregate {
            AggregateKind::Desk => {
                let Ok(desk) = DeskId::parse(&event.aggregate_id) else {
                    return Ok(());
                };
                match DeskEvent::decode(&event.event_type, event.version, data)? {
                    DeskEvent::DeskSet(set) => self.desks.insert(desk, set.settings),
                    DeskEvent::DeskRemoved(_) => self.desks.remove(&desk),
                };
            }
            AggregateKind::Conversation => {
                let Ok(id) = ConversationId::parse(&event.aggregate_id) else {
                    return Ok(());
                };
                let fact = ConversationEvent::decode(&event.event_type, event.version, data)?;
                self.fold_session(event.position, id, fact);
            }
            _ => {}
        }
        Ok(())
    }

    fn fold_session(
        &mut self,
        position: i64,
        conversation: ConversationId,
        event: ConversationEvent,
    ) {
        use ConversationEvent as E;
        match event {
            E::SessionOpened(opened) => {
                self.arrivals.remove(&opened.session);
                let idle_at = opened
                    .at
                    .millis()
                    .saturating_add(opened.idle_close.millis());
                let session = BoardSession {
                    desk: opened.desk,
                    conversation,
                    customer: opened.customer,
                    agent: None,
                    opened: position,
                    idle_at: Timestamp::from_millis(idle_at),
                };
                self.insert(opened.session, session);
            }
            E::SessionAccepted(accepted) => {
                if accepted.by == UserId::system() {
                    self.last_routed
                        .insert(accepted.desk.clone(), accepted.agent.clone());
                    self.routed_at.insert(accepted.agent.clone(), position);
                }
                let member = (accepted.desk, accepted.agent.clone());
                self.agents.insert(conversation, member);
                self.set_agent(&accepted.session, Some(accepted.agent));
            }
            E::SessionTransferred(transferred) => {
                match &transferred.agent {
                    Some(agent) => {
                        let member = (transferred.desk.clone(), agent.clone());
                        self.agents.insert(conversation.clone(), member);
                    }
                    None => {
                        self.agents.remove(&conversation);
                    }
                }
                if transferred.to.is_none() {
                    self.set_agent(&transferred.session, transferred.agent);
                } else if let Some(left) = self.remove(&transferred.session) {
                    let arrival = SessionArrival {
                        session: transferred.session.clone(),
                        customer: left.customer,
                        from: conversation,
                        hop: transferred.hop,
                        desk: transferred.desk,
                    };
                    self.arrivals.insert(transferred.session, arrival);
                }
            }
            E::SessionClosed(closed) => {
                self.arrivals.remove(&closed.session);
                self.remove(&closed.session);
            }
            _ => {}
        }
    }

    fn insert(&mut self, id: SessionId, session: BoardSession) {
        self.remove(&id);
        self.by_idle_time.insert((session.idle_at, id.clone()));
        if session.agent.is_none() {
            let waiting = self.waiting.entry(session.desk.clone()).or_default();
            waiting.insert((session.opened, id.clone()));
        }
        self.sessions.insert(id, session);
    }

    fn remove(&mut self, id: &SessionId) -> Option<BoardSession> {
        let session = self.sessions.remove(id)?;
        self.by_idle_time.remove(&(session.idle_at, id.clone()));
        if let Some(waiting) = self.waiting.get_mut(&session.desk) {
            waiting.remove(&(session.opened, id.clone()));
        }
        Some(session)
    }

    fn set_agent(&mut self, id: &SessionId, agent: Option<UserId>) {
        if let Some(session) = self.remove(id) {
            self.insert(id.clone(), BoardSession { agent, ..session });
        }
    }
}
