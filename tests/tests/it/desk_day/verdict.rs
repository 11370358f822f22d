//! What the answer to an act is to be.

use super::act::Act;
use super::model::Model;

/// The answer, if everything is as the model has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Granted,
    /// One of these statuses.
    Refused(&'static [u16]),
    /// Another agent, the system or the end of the session may be faster.
    Raced,
}

pub fn judge(model: &Model, act: &Act, now: i64) -> Verdict {
    match act {
        Act::Open { .. } | Act::Write { .. } | Act::SetAgents { .. } => Verdict::Granted,
        Act::Reply { agent, session } => judge_reply(model, agent, *session),
        Act::Accept { agent, session } => judge_acceptance(model, agent, *session, now),
        Act::Close { user, session } if model.sessions[*session].customer == *user => {
            Verdict::Granted
        }
        Act::Close { user, session } => judge_remark(model, user, *session),
        Act::Note { agent, session } | Act::Tag { agent, session } => {
            judge_remark(model, agent, *session)
        }
        Act::HandToAgent { agent, session, .. } => {
            judge_transfer(model, (agent, *session), false, now)
        }
        Act::HandToDesk {
            agent,
            session,
            desk,
        } => {
            let customer = &model.sessions[*session].customer;
            let is_busy = model.current(*desk, customer).is_some();
            judge_transfer(model, (agent, *session), is_busy, now)
        }
        Act::Rate { session, score } => {
            let session = &model.sessions[*session];
            match session.rating {
                _ if session.end.is_none() => Verdict::Refused(&[422]),
                Some(known) if known != *score => Verdict::Refused(&[409]),
                _ => Verdict::Granted,
            }
        }
    }
}

fn judge_reply(model: &Model, agent: &str, session: usize) -> Verdict {
    let session = &model.sessions[session];
    if model.member(session.desk, &session.customer) != Some(agent) {
        return Verdict::Refused(&[403, 404]);
    }
    let current = model.current(session.desk, &session.customer);
    match current.map(|current| &model.sessions[current]) {
        None => Verdict::Refused(&[409]),
        Some(current) if current.agent.as_deref() == Some(agent) => Verdict::Granted,
        Some(_) => Verdict::Refused(&[403]),
    }
}

fn judge_acceptance(model: &Model, agent: &str, session: usize, now: i64) -> Verdict {
    let session = &model.sessions[session];
    match &session.agent {
        _ if !model.is_agent(session.desk, agent) => Verdict::Refused(&[404]),
        _ if session.end.is_some() => Verdict::Refused(&[409]),
        Some(holder) if holder == agent => Verdict::Granted,
        Some(_) => Verdict::Refused(&[409]),
        // It is over, also if the worker has not closed it yet.
        None if session.idle_at() <= now => Verdict::Refused(&[409]),
        None => Verdict::Raced,
    }
}

/// What only the agent of a session may do, also after its end.
fn judge_remark(model: &Model, agent: &str, session: usize) -> Verdict {
    let session = &model.sessions[session];
    if !model.is_agent(session.desk, agent) {
        return Verdict::Refused(&[404]);
    }
    if session.agent.as_deref() == Some(agent) {
        Verdict::Granted
    } else {
        Verdict::Refused(&[403])
    }
}

fn judge_transfer(
    model: &Model,
    (agent, session): (&str, usize),
    is_busy: bool,
    now: i64,
) -> Verdict {
    let found = &model.sessions[session];
    let is_over = found.end.is_some() || found.idle_at() <= now;
    match judge_remark(model, agent, session) {
        Verdict::Granted if is_over || is_busy => Verdict::Refused(&[409]),
        judged => judged,
    }
}
