//! What an agent does with their sessions, and with those that wait.

use tests::seed::Rng;

use super::act::Act;
use super::model::Model;
use super::roster::DESKS;

/// An agent with so many sessions accepts no more.
const ENOUGH: usize = 4;

/// What this agent does now, if anything.
pub fn choose(rng: &mut Rng, agent: &str, model: &Model) -> Option<Act> {
    if rng.chance(3) {
        return choose_mistake(rng, agent, model);
    }
    let held = model.held_by(agent);
    if held.len() < ENOUGH
        && rng.chance(70)
        && let Some(session) = choose_waiting(rng, agent, model)
    {
        let agent = agent.to_owned();
        return Some(Act::Accept { agent, session });
    }
    if held.is_empty() {
        return None;
    }
    // The customers who wait for an answer come first.
    let is_unanswered = |session: &usize| model.sessions[*session].is_unanswered();
    let unanswered: Vec<usize> = held.iter().copied().filter(is_unanswered).collect();
    if unanswered.is_empty() {
        let session = *rng.pick(&held);
        choose_answered(rng, agent, session)
    } else {
        let session = *rng.pick(&unanswered);
        choose_unanswered(rng, agent, session, model)
    }
}

/// Mostly the session that has waited longest. Agents rarely accept where sessions are routed.
fn choose_waiting(rng: &mut Rng, agent: &str, model: &Model) -> Option<usize> {
    let desks = 0..DESKS.len();
    let desks: Vec<usize> = desks.filter(|desk| model.is_agent(*desk, agent)).collect();
    let desk = *desks.get(rng.below(desks.len()))?;
    if !DESKS[desk].is_manual() && !rng.chance(10) {
        return None;
    }
    let waiting = model.waiting_at(desk);
    if rng.chance(85) {
        waiting.first().copied()
    } else {
        waiting.get(rng.below(waiting.len())).copied()
    }
}

fn choose_unanswered(rng: &mut Rng, agent: &str, session: usize, model: &Model) -> Option<Act> {
    let desk = model.sessions[session].desk;
    let user = agent.to_owned();
    let agent = agent.to_owned();
    match rng.below(100) {
        0..78 => Some(Act::Reply { agent, session }),
        78..82 => Some(Act::Note { agent, session }),
        82..85 => Some(Act::Tag { agent, session }),
        85..90 => {
            let to = rng.pick(&model.agents[desk]).clone();
            Some(Act::HandToAgent { agent, session, to })
        }
        90..95 => {
            let desk = (desk + 1 + rng.below(DESKS.len() - 1)) % DESKS.len();
            Some(Act::HandToDesk {
                agent,
                session,
                desk,
            })
        }
        _ => Some(Act::Close { user, session }),
    }
}

fn choose_answered(rng: &mut Rng, agent: &str, session: usize) -> Option<Act> {
    let user = agent.to_owned();
    let agent = agent.to_owned();
    match rng.below(100) {
        0..10 => Some(Act::Close { user, session }),
        10..14 => Some(Act::Note { agent, session }),
        14..17 => Some(Act::Reply { agent, session }),
        _ => None,
    }
}

/// Any session: it may be closed, or that of another agent.
fn choose_mistake(rng: &mut Rng, agent: &str, model: &Model) -> Option<Act> {
    let last = model.sessions.len().checked_sub(1)?;
    let session = last - rng.below(last.min(40) + 1);
    let desk = model.sessions[session].desk;
    let user = agent.to_owned();
    let agent = agent.to_owned();
    Some(match rng.below(6) {
        0 => Act::Accept { agent, session },
        1 => Act::Reply { agent, session },
        2 => Act::Close { user, session },
        3 => Act::Note { agent, session },
        4 => Act::HandToAgent {
            to: rng.pick(&model.agents[desk]).clone(),
            agent,
            session,
        },
        _ => Act::HandToDesk {
            agent,
            session,
            desk: (desk + 1) % DESKS.len(),
        },
    })
}
