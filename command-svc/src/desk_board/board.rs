//! The desks and their unfinished sessions: pure, a fold of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::conversation::event::ConversationEvent;
use domain::conversation::session_event::SessionOpened;
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
    /// If agents are reminded of the customer, when that is due at the earliest.
    pub(crate) reminder: Option<BoardReminder>,
}

/// When to look whether agents are to be reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoardReminder {
    pub(crate) at: Timestamp,
    /// Within which time a customer who writes now is to have a reply, in milliseconds.
    target_ms: i64,
}

impl BoardReminder {
    fn new(opened: &SessionOpened) -> Option<Self> {
        if !opened.reminders {
            return None;
        }
        let unanswered = opened.unanswered.as_ref().filter(|found| !found.reminded);
        let since = unanswered.map_or(opened.at, |found| found.since);
        let target_ms = opened.reply_target.millis();
        Some(Self::after(since, target_ms))
    }

    fn after(since: Timestamp, target_ms: i64) -> Self {
        let at = Timestamp::from_millis(since.millis().saturating_add(target_ms));
        Self { at, target_ms }
    }
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
    /// Conversations with a user who is no agent of the desk any more.
    pub(crate) former_agents: BTreeMap<ConversationId, UserId>,
    /// Conversations with desks that were removed, in which there is something to end.
    pub(crate) orphans: BTreeSet<ConversationId>,
    /// The unfinished sessions by the time at which they close at the earliest.
    by_idle_time: BTreeSet<(Timestamp, SessionId)>,
    /// The unfinished sessions with reminders by the time at which one is due at the earliest.
    by_reminder_time: BTreeSet<(Timestamp, SessionId)>,
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

    /// The sessions in which a reminder may be due, in the order of their times, of desks with an
    /// agent who can be reminded.
    pub(crate) fn reminders(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &SessionId)> {
        let due = self.by_reminder_time.iter();
        let due = due.take_while(move |(at, _)| *at <= now);
        due.filter(|(_, session)| self.has_other_agent(session))
            .map(|(at, session)| (*at, session))
    }

    /// Whether the desk of the session has an agent who is not its customer.
    fn has_other_agent(&self, session: &SessionId) -> bool {
        let known = self.sessions.get(session);
        known.is_some_and(|known| {
            let desk = self.desks.get(&known.desk);
            desk.is_some_and(|desk| desk.agents.iter().any(|agent| *agent != known.customer))
        })
    }

    /// The next reminder of a session is due then. If nothing in it needs a reply now, no reminder
    /// is due before a customer who writes now has waited for too long.
    pub(crate) fn plan_reminder(
        &mut self,
        session: &SessionId,
        due: Option<Timestamp>,
        now: Timestamp,
    ) {
        let known = self.sessions.get_mut(session);
        let Some(reminder) = known.and_then(|known| known.reminder.as_mut()) else {
            return;
        };
        self.by_reminder_time
            .remove(&(reminder.at, session.clone()));
        let target_ms = reminder.target_ms;
        reminder.at = due.unwrap_or_else(|| BoardReminder::after(now, target_ms).at);
        self.by_reminder_time.insert((reminder.at, session.clone()));
    }

    /// Whether any session waits.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.values().any(|waiting| !waiting.is_empty())
    }

    /// A user has lost the conversation without an event that the board follows.
    pub(crate) fn forget_agent(&mut self, conversation: &ConversationId) {
        self.agents.remove(conversation);
        self.former_agents.remove(conversation);
        self.orphans.remove(conversation);
    }

    /// Looks again at the conversations of a desk whose settings have changed.
    fn review_desk(&mut self, desk: &DeskId) {
        let members = self.agents.iter().filter(|(_, (of, _))| of == desk);
        let members: Vec<(ConversationId, UserId)> = members
            .map(|(conversation, (_, agent))| (conversation.clone(), agent.clone()))
            .collect();
        for (conversation, agent) in members {
            self.review_agent(&conversation, desk, &agent);
        }
        let sessions = self
            .sessions
            .values()
            .filter(|session| session.desk == *desk);
        let sessions: Vec<ConversationId> = sessions
            .map(|session| session.conversation.clone())
            .collect();
        for conversation in sessions {
            self.review_session(&conversation, desk);
        }
    }

    fn review_agent(&mut self, conversation: &ConversationId, desk: &DeskId, agent: &UserId) {
        self.former_agents.remove(conversation);
        self.orphans.remove(conversation);
        match self.desks.get(desk) {
            None => {
                self.orphans.insert(conversation.clone());
            }
            Some(settings) if !settings.has_agent(agent) => {
                self.former_agents
                    .insert(conversation.clone(), agent.clone());
            }
            Some(_) => {}
        }
    }

    fn review_session(&mut self, conversation: &ConversationId, desk: &DeskId) {
        if self.desks.contains_key(desk) {
            self.orphans.remove(conversation);
        } else {
            self.orphans.insert(conversation.clone());
        }
    }

    fn set_member(&mut self, conversation: ConversationId, desk: DeskId, agent: UserId) {
        self.review_agent(&conversation, &desk, &agent);
        self.agents.insert(conversation, (desk, agent));
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
                    DeskEvent::DeskSet(set) => self.desks.insert(desk.clone(), set.settings),
                    DeskEvent::DeskRemoved(_) => self.desks.remove(&desk),
                };
                self.review_desk(&desk);
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
                let reminder = BoardReminder::new(&opened);
                let session = BoardSession {
                    desk: opened.desk,
                    conversation,
                    customer: opened.customer,
                    agent: None,
                    opened: position,
                    idle_at: Timestamp::from_millis(idle_at),
                    reminder,
                };
                self.review_session(&session.conversation, &session.desk);
                self.insert(opened.session, session);
            }
            E::SessionAccepted(accepted) => {
                if accepted.by == UserId::system() {
                    self.last_routed
                        .insert(accepted.desk.clone(), accepted.agent.clone());
                    self.routed_at.insert(accepted.agent.clone(), position);
                }
                self.set_member(conversation, accepted.desk, accepted.agent.clone());
                self.set_agent(&accepted.session, Some(accepted.agent));
            }
            E::SessionTransferred(transferred) => {
                match &transferred.agent {
                    Some(agent) => {
                        let desk = transferred.desk.clone();
                        self.set_member(conversation.clone(), desk, agent.clone());
                    }
                    None => self.forget_agent(&conversation),
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
        if let Some(reminder) = session.reminder {
            self.by_reminder_time.insert((reminder.at, id.clone()));
        }
        if session.agent.is_none() {
            let waiting = self.waiting.entry(session.desk.clone()).or_default();
            waiting.insert((session.opened, id.clone()));
        }
        self.sessions.insert(id, session);
    }

    fn remove(&mut self, id: &SessionId) -> Option<BoardSession> {
        let session = self.sessions.remove(id)?;
        self.by_idle_time.remove(&(session.idle_at, id.clone()));
        if let Some(reminder) = session.reminder {
            self.by_reminder_time.remove(&(reminder.at, id.clone()));
        }
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
