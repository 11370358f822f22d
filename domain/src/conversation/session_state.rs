//! What a conversation knows of its service sessions. It is stored in snapshots; the serialized
//! field names must not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::MessageSent;
use super::session_event::{
    SessionAccepted, SessionClosed, SessionOpened, SessionTagged, SessionTransferred,
    UnansweredStretch,
};
use crate::body::MessageType;
use crate::deployment::flood::RuleDuration;
use crate::desk::texts::SessionTag;
use crate::ids::{ConversationId, DeskId, UserId};
use crate::session_id::SessionId;
use crate::time::Timestamp;

/// How long after closing a session can be rated, and its notes and tags changed.
pub const AFTERMATH_DAYS: i64 = 7;

/// The same in milliseconds.
pub(super) const AFTERMATH_MS: i64 = AFTERMATH_DAYS * 24 * 3_600 * 1_000;

/// How many closed sessions the state knows. A customer who opens more in a week is no customer.
const MAX_CLOSED: usize = 1_000;

/// The sessions of a conversation with a desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ServiceSessions {
    pub desk: DeskId,
    pub customer: UserId,
    /// How many sessions were opened here.
    pub opened: u32,
    /// The session that is not closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentSession>,
    /// The sessions that were closed a short time ago.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<SessionId, ClosedSession>,
    /// Where the sessions went that were transferred to other desks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<SessionId, MovedSession>,
}

/// A session that was transferred to another desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedSession {
    /// The conversation in which it continues.
    pub to: ConversationId,
    /// How often it was transferred, up to then.
    pub hop: u32,
    /// Within which time its customer is to have a reply.
    pub reply_target: RuleDuration,
    /// The customer messages that had no answer then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<UnansweredStretch>,
}

/// A session that is not closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CurrentSession {
    pub id: SessionId,
    /// `None` while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    pub opened_at: Timestamp,
    /// When the customer or an agent wrote last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    pub idle_close: RuleDuration,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<SessionTag>,
    /// How often it was transferred to another desk.
    #[serde(default)]
    pub hop: u32,
    /// Within which time the customer is to have a reply. It has no default, so that the events are
    /// folded again instead of a snapshot of before it was here: they have it, and what follows.
    pub reply_target: RuleDuration,
    /// Whether agents are reminded of a customer who has no reply by then.
    #[serde(default)]
    pub reminders: bool,
    /// The customer messages that no agent has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<UnansweredStretch>,
}

/// A closed session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClosedSession {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    pub closed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<SessionTag>,
    /// How often it was transferred to another desk.
    #[serde(default)]
    pub hop: u32,
}

impl CurrentSession {
    /// When it closes by itself, if nobody writes.
    pub fn idle_at(&self) -> Timestamp {
        let since = self.last_message_at.unwrap_or(self.opened_at);
        Timestamp::from_millis(since.millis().saturating_add(self.idle_close.millis()))
    }

    /// When the reminder is due that is still to come.
    pub fn reminder_at(&self) -> Option<Timestamp> {
        let unanswered = self.unanswered.as_ref().filter(|_| self.reminders)?;
        let target_ms = self.reply_target.millis();
        let due = unanswered.since.millis().saturating_add(target_ms);
        (!unanswered.reminded).then_some(Timestamp::from_millis(due))
    }

    /// Whether its time is over: it is closed with that time, unless a message comes first.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.idle_at() <= now
    }
}

impl ClosedSession {
    /// Whether it was closed so short a time ago that it can be rated.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.millis().saturating_sub(self.closed_at.millis()) <= AFTERMATH_MS
    }
}

impl ServiceSessions {
    /// The state of a conversation in which the first session was opened.
    pub fn new(opened: &SessionOpened) -> Self {
        Self {
            desk: opened.desk.clone(),
            customer: opened.customer.clone(),
            opened: 0,
            current: None,
            closed: BTreeMap::new(),
            moved: BTreeMap::new(),
        }
    }

    pub fn apply_opened(&mut self, opened: SessionOpened) {
        if opened.from.is_none() {
            self.opened += 1;
        }
        self.moved.remove(&opened.session);
        self.current = Some(CurrentSession {
            id: opened.session,
            agent: None,
            opened_at: opened.at,
            last_message_at: None,
            idle_close: opened.idle_close,
            tags: Vec::new(),
            hop: opened.hop,
            reply_target: opened.reply_target,
            reminders: opened.reminders,
            unanswered: opened.unanswered,
        });
    }

    pub fn apply_accepted(&mut self, accepted: SessionAccepted) {
        if let Some(current) = &mut self.current {
            current.agent = Some(accepted.agent);
        }
    }

    pub fn apply_transferred(&mut self, transferred: SessionTransferred) {
        if let Some(to) = transferred.to {
            if let Some(left) = self.current.take() {
                let moved = MovedSession {
                    to,
                    hop: transferred.hop,
                    reply_target: left.reply_target,
                    unanswered: left.unanswered,
                };
                self.moved.insert(transferred.session, moved);
            }
        } else if let Some(current) = &mut self.current {
            current.agent = transferred.agent;
        }
    }

    pub fn apply_closed(&mut self, closed: SessionClosed) {
        let is_current = |current: &CurrentSession| current.id == closed.session;
        let (tags, hop) = match self.current.take_if(|current| is_current(current)) {
            Some(current) => (current.tags, current.hop),
            // It arrived where the customer had another one.
            None => (Vec::new(), closed.hop),
        };
        self.closed
            .retain(|_, earlier| earlier.is_recent(closed.at));
        if self.closed.len() >= MAX_CLOSED {
            let oldest = self
                .closed
                .iter()
                .min_by_key(|(_, earlier)| earlier.closed_at);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.closed.remove(&oldest);
            }
        }
        let session = ClosedSession {
            agent: closed.agent,
            closed_at: closed.at,
            score: None,
            tags,
            hop,
        };
        self.closed.insert(closed.session, session);
    }

    pub fn apply_tagged(&mut self, tagged: SessionTagged) {
        match &mut self.current {
            Some(current) if current.id == tagged.session => current.tags = tagged.tags,
            _ => {
                if let Some(closed) = self.closed.get_mut(&tagged.session) {
                    closed.tags = tagged.tags;
                }
            }
        }
    }

    pub fn apply_rated(&mut self, session: &SessionId, score: u8) {
        if let Some(closed) = self.closed.get_mut(session) {
            closed.score = Some(score);
        }
    }

    pub fn apply_reminded(&mut self, session: &SessionId) {
        let current = self.current.as_mut().filter(|found| found.id == *session);
        if let Some(unanswered) = current.and_then(|found| found.unanswered.as_mut()) {
            unanswered.reminded = true;
        }
    }

    /// The customer or an agent wrote.
    pub fn apply_message(&mut self, sent: &MessageSent) {
        let Some(current) = &mut self.current else {
            return;
        };
        let at = sent.sent_at;
        current.last_message_at = current.last_message_at.max(Some(at));
        if sent.kind == MessageType::Control {
            return;
        }
        if sent.sender != self.customer {
            current.unanswered = None;
        } else if current.unanswered.is_none() {
            current.unanswered = Some(UnansweredStretch {
                since: at,
                reminded: false,
            });
        }
    }
}
