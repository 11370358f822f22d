//! Applies answers to the model, in the order of the log, and compares them with its verdicts.

use super::act::Act;
use super::model::Model;
use super::process::Reply;
use super::verdict::{Verdict, judge};

/// Binds the position of the last known one.
///
/// Which agents the system has given sessions is the only thing that the model takes from the log.
/// The audit checks whether that was right.
pub const READ_ROUTINGS: &str = "SELECT position, payload->>'session' AS session,
        payload->>'agent' AS agent FROM events
    WHERE type = 'session_accepted' AND position > $1 AND payload->>'by' = 'tidings'
    ORDER BY position";

/// A session that the system has given to an agent.
#[derive(Debug, sqlx::FromRow)]
pub struct Routing {
    pub position: i64,
    session: String,
    agent: String,
}

/// An act, its answer, and when it was executed.
#[derive(Debug)]
pub struct Outcome {
    pub act: Act,
    /// The verdict before all acts that were executed at the same time.
    pub before: Verdict,
    pub reply: Reply,
    pub at: i64,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub struct Counts {
    pub acts: usize,
    pub refusals: usize,
    pub lost_races: usize,
    pub crashes: usize,
    /// Calls without an answer, and those of them that had been executed.
    pub unanswered: usize,
    pub replays: usize,
    pub routed: usize,
}

pub fn apply(
    model: &mut Model,
    counts: &mut Counts,
    outcomes: Vec<Outcome>,
    mut routings: Vec<Routing>,
    now: i64,
) {
    let is_granted = |outcome: &Outcome| outcome.reply.status < 300;
    let (mut granted, refused): (Vec<Outcome>, Vec<Outcome>) =
        outcomes.into_iter().partition(is_granted);
    granted.sort_by_key(|outcome| outcome.reply.position);
    counts.routed += routings.len();
    for outcome in granted {
        routings = apply_routings(model, routings, outcome.reply.position, now);
        counts.replays += usize::from(outcome.reply.is_replay);
        apply_granted(model, &outcome);
    }
    routings = apply_routings(model, routings, i64::MAX, now);
    assert!(
        routings.is_empty(),
        "of sessions that do not wait: {routings:?}"
    );
    for outcome in refused {
        counts.refusals += 1;
        counts.lost_races += usize::from(outcome.before == Verdict::Raced);
        check_refused(model, &outcome, now);
    }
}

/// Applies what was routed before this position. Returns the rest. Of an act with two parts, only
/// the position of the last event is known: the session may have been routed in between.
fn apply_routings(
    model: &mut Model,
    routings: Vec<Routing>,
    before: i64,
    now: i64,
) -> Vec<Routing> {
    let mut rest = Vec::new();
    for routing in routings {
        match model.number_of(&routing.session) {
            Some(number) if model.sessions[number].is_waiting() && routing.position < before => {
                model.accept(&routing.agent, number, now);
            }
            _ => rest.push(routing),
        }
    }
    rest
}

fn apply_granted(model: &mut Model, outcome: &Outcome) {
    let is_possible = !matches!(outcome.before, Verdict::Refused(_));
    assert!(is_possible, "granted: {outcome:?}");
    let known = model.sessions.len();
    model.apply(&outcome.act, outcome.at);
    if let Act::Open { desk, customer, .. } = &outcome.act {
        let reply = &outcome.reply;
        let session = model.current(*desk, customer).expect("a session");
        let id = model.sessions[session].id.as_str();
        assert_eq!(reply.body["session_id"], id, "{reply:?}");
        let is_new = model.sessions.len() > known;
        assert!(
            reply.is_replay || (reply.status == 201) == is_new,
            "{reply:?}"
        );
    }
}

/// Who was slower finds what the others have done.
fn check_refused(model: &Model, outcome: &Outcome, now: i64) {
    let after = judge(model, &outcome.act, now);
    let verdict = match outcome.before {
        Verdict::Raced => after,
        before => before,
    };
    let is_expected = match verdict {
        Verdict::Refused(statuses) => statuses.contains(&outcome.reply.status),
        Verdict::Granted | Verdict::Raced => false,
    };
    assert!(is_expected, "refused: {outcome:?}, afterwards {after:?}");
}
