//! Applies the events of service desks and their sessions.

use domain::conversation::event::ConversationEvent;
use domain::conversation::session_event::{
    SessionAccepted, SessionClosed, SessionNoted, SessionOpened, SessionRated, SessionReminded,
    SessionTagged, SessionTransferred,
};
use domain::custom_fields::CustomFields;
use domain::desk::event::DeskEvent;
use domain::desk::texts::{CloseReason, RatingText, SessionNote};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;
use read_model::entry_type::EntryType;

use super::entry_data::{ReminderData, SessionData, to_json};
use super::fan_out::TimelineEntry;
use super::outcome::FoldError;
use super::state::Fold;
use crate::decode::EventPosition;
use crate::row_cache::ConversationState;
use crate::session_rows::{OpenedSession, SessionState, SessionTextRow, StepRow};

impl Fold<'_> {
    pub(super) fn apply_desk(&mut self, at: EventPosition, id: &DeskId, event: &DeskEvent) {
        let change = self.rows.sessions.touch_desk(id, at.position);
        change.settings = Some(match event {
            DeskEvent::DeskSet(set) => Some((set.settings.clone(), at.position)),
            DeskEvent::DeskRemoved(_) => None,
        });
    }

    /// Applies one of these events; no other event has an effect.
    pub(super) fn apply_session(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        conversation: &mut ConversationState,
        event: &ConversationEvent,
    ) -> Result<(), FoldError> {
        use ConversationEvent as E;
        match event {
            E::SessionOpened(opened) => self.apply_session_opened(at, conversation, opened),
            E::SessionAccepted(accepted) => self.apply_session_accepted(at, conversation, accepted),
            E::SessionTransferred(transferred) => {
                self.apply_session_transferred(at, conversation, transferred)
            }
            E::SessionClosed(closed) => self.apply_session_closed(at, conversation, closed),
            E::SessionNoted(noted) => {
                let SessionNoted {
                    session, text, by, ..
                } = noted;
                let text = text.as_ref().map(SessionNote::as_str);
                let row = new_text(at, conversation, session, ("note", noted.at), by, text);
                self.rows.sessions.texts.push(row);
                Ok(())
            }
            E::SessionTagged(tagged) => {
                let SessionTagged { session, tags, .. } = tagged;
                let tags = serde_json::to_string(tags)?;
                self.rows.sessions.change(session).tags = Some(tags);
                Ok(())
            }
            E::SessionRated(rated) => {
                self.apply_session_rated(at, conversation, rated);
                Ok(())
            }
            E::SessionReminded(reminded) => self.apply_session_reminded(at, id, reminded),
            _ => Ok(()),
        }
    }

    fn apply_session_opened(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        opened: &SessionOpened,
    ) -> Result<(), FoldError> {
        let SessionOpened {
            session,
            desk,
            customer,
            idle_close: _,
            reply_target,
            reminders: _,
            unanswered: _,
            custom,
            from,
            hop: _,
            after_seq,
            at: time,
        } = opened;
        let data = to_json(&SessionData {
            session_id: session,
            desk,
            agent: None,
            reason: None,
            by: customer,
        })?;
        let change = self.rows.sessions.change(session);
        change.conversation = Some(conversation.id);
        change.desk = Some(desk.clone());
        change.state = Some(SessionState::Waiting);
        change.agent = Some(None);
        if from.is_none() {
            change.opened = Some(OpenedSession {
                customer: customer.clone(),
                position: at.position,
                at: *time,
                reply_target_ms: reply_target.millis(),
            });
        }
        if from.is_none() {
            // The row is there without a text too, as it is after an erasure.
            let json = custom.as_ref().map(CustomFields::as_json);
            let row = new_text(at, conversation, session, ("custom", *time), customer, json);
            self.rows.sessions.texts.push(row);
        }
        self.add_step(StepRow {
            session: session.clone(),
            position: at.position,
            cause: if from.is_some() { "arrived" } else { "opened" },
            desk: desk.clone(),
            conversation: Some(conversation.id),
            agent: None,
            at: *time,
            after_seq: *after_seq,
        });
        self.add_session_entry(at, conversation, EntryType::SessionOpened, data);
        Ok(())
    }

    fn apply_session_accepted(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        accepted: &SessionAccepted,
    ) -> Result<(), FoldError> {
        let SessionAccepted {
            session,
            desk,
            agent,
            by,
            after_seq,
            at: time,
        } = accepted;
        let data = to_json(&SessionData {
            session_id: session,
            desk,
            agent: Some(agent),
            reason: None,
            by,
        })?;
        let change = self.rows.sessions.change(session);
        change.state = Some(SessionState::Open);
        change.agent = Some(Some(agent.clone()));
        change.accepted_at.get_or_insert(*time);
        self.add_step(StepRow {
            session: session.clone(),
            position: at.position,
            cause: "accepted",
            desk: desk.clone(),
            conversation: Some(conversation.id),
            agent: Some(agent.clone()),
            at: *time,
            after_seq: *after_seq,
        });
        self.add_session_entry(at, conversation, EntryType::SessionAccepted, data);
        Ok(())
    }

    fn apply_session_transferred(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        transferred: &SessionTransferred,
    ) -> Result<(), FoldError> {
        let SessionTransferred {
            session,
            desk,
            from: _,
            agent,
            to,
            hop: _,
            by,
            after_seq,
            at: time,
        } = transferred;
        let data = to_json(&SessionData {
            session_id: session,
            desk,
            agent: agent.as_ref(),
            reason: None,
            by,
        })?;
        let change = self.rows.sessions.change(session);
        change.desk = Some(desk.clone());
        change.agent = Some(agent.clone());
        change.state = Some(if agent.is_some() {
            SessionState::Open
        } else {
            SessionState::Waiting
        });
        self.add_step(StepRow {
            session: session.clone(),
            position: at.position,
            cause: "transferred",
            desk: desk.clone(),
            conversation: to.is_none().then_some(conversation.id),
            agent: agent.clone(),
            at: *time,
            after_seq: *after_seq,
        });
        self.add_session_entry(at, conversation, EntryType::SessionTransferred, data);
        Ok(())
    }

    fn apply_session_closed(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        closed: &SessionClosed,
    ) -> Result<(), FoldError> {
        let SessionClosed {
            session,
            desk,
            agent,
            reason,
            hop: _,
            by,
            after_seq,
            at: time,
        } = closed;
        let reason = reason.as_ref().map(CloseReason::as_str);
        let data = to_json(&SessionData {
            session_id: session,
            desk,
            agent: agent.as_ref(),
            reason,
            by,
        })?;
        let change = self.rows.sessions.change(session);
        change.state = Some(SessionState::Closed);
        change.closed = Some((*time, by.clone()));
        let row = new_text(at, conversation, session, ("reason", *time), by, reason);
        self.rows.sessions.texts.push(row);
        self.add_step(StepRow {
            session: session.clone(),
            position: at.position,
            cause: "closed",
            desk: desk.clone(),
            conversation: Some(conversation.id),
            agent: agent.clone(),
            at: *time,
            after_seq: *after_seq,
        });
        self.add_session_entry(at, conversation, EntryType::SessionClosed, data);
        Ok(())
    }

    fn apply_session_rated(
        &mut self,
        at: EventPosition,
        conversation: &ConversationState,
        rated: &SessionRated,
    ) {
        let SessionRated {
            session,
            score,
            text,
            by,
            at: time,
        } = rated;
        self.rows.sessions.change(session).rating = Some(*score);
        let text = text.as_ref().map(RatingText::as_str);
        let row = new_text(at, conversation, session, ("rating", *time), by, text);
        self.rows.sessions.texts.push(row);
    }

    /// Only the agents who are reminded get an entry: one without a conversation, because those of
    /// a session that waits are no members.
    fn apply_session_reminded(
        &mut self,
        at: EventPosition,
        id: &ConversationId,
        reminded: &SessionReminded,
    ) -> Result<(), FoldError> {
        let SessionReminded {
            session,
            desk,
            agent,
            agents,
            due,
        } = reminded;
        let data = to_json(&ReminderData {
            session_id: session,
            conversation_id: id,
            desk,
            agent: agent.as_ref(),
            due: *due,
        })?;
        for agent in agents {
            let agent = self.assign_user_id(agent);
            self.add_private_entry(at, agent, EntryType::SessionReminded, data.clone());
        }
        Ok(())
    }

    fn add_step(&mut self, step: StepRow) {
        self.rows.sessions.touch_desk(&step.desk, step.position);
        self.rows.sessions.steps.push(step);
    }

    fn add_session_entry(
        &mut self,
        at: EventPosition,
        conversation: &mut ConversationState,
        kind: EntryType,
        data: Option<String>,
    ) {
        let recipients = conversation.member_count;
        let entry = TimelineEntry {
            kind,
            subject: None,
            seq: None,
            data,
        };
        self.add_member_entry(conversation, at, recipients, entry);
    }
}

fn new_text(
    at: EventPosition,
    conversation: &ConversationState,
    session: &SessionId,
    (kind, time): (&'static str, Timestamp),
    by: &UserId,
    text: Option<&str>,
) -> SessionTextRow {
    SessionTextRow {
        session: session.clone(),
        position: at.position,
        conversation: conversation.id,
        kind,
        at: time,
        by: by.clone(),
        text: text.map(str::to_owned),
    }
}
