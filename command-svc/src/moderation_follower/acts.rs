//! Does what follows from the log, by commands of the system user.

use domain::case::command::AddEvidence;
use domain::case::event::CaseKind;
use domain::case::target::{CaseId, CaseTarget};
use domain::deployment::flood::FloodReach;
use domain::ids::RuleName;
use event_log::LogError;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use http_edge::Problem;
use moderation::flood::FloodAct;
use moderation::{FlagAct, HoldAct, ModerationAct};

use super::silence::{SilenceTerms, silence_everywhere, silence_in};
use crate::commands::add_evidence;
use crate::state::CommandState;

/// How many acts are done at a time. Their order does not matter: a silence never shortens another
/// one, and a case knows the evidence that it has.
const MAX_CONCURRENT_ACTS: usize = 32;

/// Does all of these. What is refused is logged and left out, because it would be refused again. If
/// Postgres is away, nothing is left out: do them all again.
pub(super) async fn perform_all(
    state: &CommandState,
    acts: Vec<ModerationAct>,
) -> Result<(), LogError> {
    stream::iter(acts)
        .map(Ok)
        .try_for_each_concurrent(MAX_CONCURRENT_ACTS, |act| perform(state, act))
        .await
}

async fn perform(state: &CommandState, act: ModerationAct) -> Result<(), LogError> {
    let (name, position) = match &act {
        ModerationAct::Flag(flag) => ("flag", flag.position),
        ModerationAct::Hold(hold) => ("hold", hold.position),
        ModerationAct::Flood(flood) if flood.silence.is_some() => {
            ("silence", flood.offence.position)
        }
        ModerationAct::Flood(flood) => ("flood", flood.offence.position),
    };
    let done = match act {
        ModerationAct::Flag(flag) => open_flag_case(state, flag).await,
        ModerationAct::Hold(hold) => open_held_case(state, hold).await,
        ModerationAct::Flood(flood) => answer_flood(state, flood).await,
    };
    let outcome = match done {
        Ok(()) => "done",
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
            return Err(LogError::Unavailable(problem.detail().to_owned()));
        }
        Err(problem) => {
            let code = problem.code();
            tracing::warn!(position, act = name, code, "cannot do this for moderators");
            "refused"
        }
    };
    metrics::counter!("tidings_moderation_acts_total", "act" => name, "outcome" => outcome)
        .increment(1);
    Ok(())
}

async fn open_flag_case(state: &CommandState, flag: FlagAct) -> Result<(), Problem> {
    let names: Vec<&str> = flag.rules.iter().map(RuleName::as_str).collect();
    let evidence = AddEvidence {
        kind: CaseKind::Flag,
        detail: names.join(", "),
        // Of a message and of a user it follows from the target.
        user: matches!(flag.target, CaseTarget::Conversation { .. }).then_some(flag.author),
        target: flag.target,
        source_position: flag.position,
    };
    add_evidence(state, evidence).await.map(drop)
}

async fn open_held_case(state: &CommandState, hold: HoldAct) -> Result<(), Problem> {
    let evidence = AddEvidence {
        kind: CaseKind::Held,
        target: hold.target,
        source_position: hold.position,
        detail: hold.reason,
        user: None,
    };
    add_evidence(state, evidence).await.map(drop)
}

/// Silences the sender first: once the case has the evidence, everything is done.
async fn answer_flood(state: &CommandState, flood: FloodAct) -> Result<(), Problem> {
    let position = flood.offence.position;
    let target = flood_target(&flood);
    if has_evidence(state, &target, position).await? {
        return Ok(());
    }
    let FloodAct {
        offence,
        conversation,
        rule,
        silence,
    } = flood;
    let (texts, within) = (rule.same_text, &rule.within);
    let place = match rule.across {
        FloodReach::Conversation => "in this conversation",
        FloodReach::All => "in all conversations",
    };
    let mut detail = format!("{texts} near-equal texts within {within} {place}");
    if let Some(silence) = silence {
        let terms = SilenceTerms {
            user: offence.sender,
            until: silence.until,
            reason: detail.clone(),
            position,
        };
        match rule.across {
            FloodReach::Conversation => silence_in(state, &conversation, terms).await?,
            FloodReach::All => silence_everywhere(state, terms).await?,
        }
        detail = format!("{detail}; silenced until {}", silence.until);
    }
    let evidence = AddEvidence {
        kind: CaseKind::Flood,
        target,
        source_position: position,
        detail,
        user: None,
    };
    add_evidence(state, evidence).await.map(drop)
}

/// What the case of a flood is about: the first message of the series in its conversation, or the
/// sender everywhere.
fn flood_target(flood: &FloodAct) -> CaseTarget {
    let offence = &flood.offence;
    match &offence.conversation {
        Some(conversation) => CaseTarget::Message {
            conversation: conversation.clone(),
            seq: offence.seq,
        },
        None => CaseTarget::User {
            user: offence.sender.clone(),
        },
    }
}

async fn has_evidence(
    state: &CommandState,
    target: &CaseTarget,
    position: i64,
) -> Result<bool, Problem> {
    let id = CaseId::of(target);
    let cases = state.log().cases();
    let known = cases.peek(id.as_str(), |case| case.has_evidence(position));
    let (has_evidence, _) = known.await.map_err(crate::error::CommandError::from)?;
    Ok(has_evidence)
}
