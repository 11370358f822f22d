//! Rules for the notes, tags and ratings of service sessions.

use super::Conversation;
use super::event::ConversationEvent;
use super::session_command::{NoteSession, RateSession, TagSession};
use super::session_event::{SessionNoted, SessionRated, SessionTagged};
use super::session_state::AFTERMATH_DAYS;
use super::sessions::{FoundSession, check_may_handle, session_closed};
use crate::desk::texts::SessionTag;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// The maximum number of tags of a session.
const MAX_TAGS: usize = 20;

impl Conversation {
    pub(super) fn note_session(
        &self,
        note: NoteSession,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let NoteSession {
            session,
            text,
            caller,
            now,
        } = note;
        let found = self.find_session(&session, &caller)?;
        check_may_handle(&found, &caller)?;
        check_not_over(&found, now)?;
        Ok(vec![ConversationEvent::SessionNoted(SessionNoted {
            session,
            text: Some(text),
            by: caller.user,
            at: now,
        })])
    }

    pub(super) fn tag_session(&self, tag: TagSession) -> Result<Vec<ConversationEvent>, Refusal> {
        let TagSession {
            session,
            tags,
            caller,
        } = tag;
        let found = self.find_session(&session, &caller)?;
        check_may_handle(&found, &caller)?;
        let mut distinct: Vec<SessionTag> = Vec::with_capacity(tags.len().min(MAX_TAGS));
        for tag in tags {
            if !distinct.contains(&tag) {
                distinct.push(tag);
            }
            if distinct.len() > MAX_TAGS {
                let detail = format!("A session has at most {MAX_TAGS} tags.");
                return Err(Refusal::invalid("tags", detail));
            }
        }
        let known = match found {
            FoundSession::Current(current) => &current.tags,
            FoundSession::Closed(closed) => &closed.tags,
        };
        if *known == distinct {
            return Ok(vec![]);
        }
        Ok(vec![ConversationEvent::SessionTagged(SessionTagged {
            session,
            tags: distinct,
            by: caller.user,
        })])
    }

    pub(super) fn rate_session(
        &self,
        rate: RateSession,
    ) -> Result<Vec<ConversationEvent>, Refusal> {
        let RateSession {
            session,
            score,
            text,
            caller,
            now,
        } = rate;
        let found = self.find_session(&session, &caller);
        if found
            .as_ref()
            .is_err_and(|refusal| *refusal == session_closed())
        {
            return Err(too_late());
        }
        let found = found?;
        if caller.user != self.require_service()?.customer {
            return Err(Refusal::forbidden("Only the customer rates a session."));
        }
        if !(1..=5).contains(&score) {
            return Err(Refusal::invalid("score", "Expected a score from 1 to 5."));
        }
        let FoundSession::Closed(closed) = &found else {
            return Err(Refusal::rule_violation(
                "not_closed",
                "The session is not closed; rate it afterwards.",
            ));
        };
        match closed.score {
            Some(known) if known == score => return Ok(vec![]),
            Some(_) => return Err(Refusal::conflict("The session has been rated.")),
            None => {}
        }
        if !closed.is_recent(now) {
            return Err(too_late());
        }
        Ok(vec![ConversationEvent::SessionRated(SessionRated {
            session,
            score,
            text,
            by: caller.user,
            at: now,
        })])
    }
}

fn too_late() -> Refusal {
    Refusal::rule_violation(
        "too_late",
        format!("A session can be rated within {AFTERMATH_DAYS} days of its end."),
    )
}

/// Refuses remarks about a session that was closed long ago.
fn check_not_over(found: &FoundSession<'_>, now: Timestamp) -> Result<(), Refusal> {
    match found {
        FoundSession::Closed(closed) if !closed.is_recent(now) => Err(session_closed()),
        _ => Ok(()),
    }
}
