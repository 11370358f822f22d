//! What a decision does, and how that is undone. Each act is an idempotent command to the
//! conversation, or for a user everywhere, to their profile.

use domain::case::event::CaseAction;
use domain::case::target::CaseTarget;
use domain::conversation::access_command::{
    AccessCommand, LiftSanction, SanctionKind, SanctionUser,
};
use domain::conversation::command::MessageAct;
use domain::ids::{ConversationId, UserId};
use domain::profile::command::{LiftRestriction, ProfileCommand, RestrictUser};
use domain::profile::event::RestrictionKind;
use domain::refusal::Refusal;
use domain::time::Timestamp;

use super::decider::{CaseDecider, DecidedCase};
use super::moderate::ModerateHandler;
use crate::commands::access::{execute_access, respond_position};
use crate::commands::profile::ProfileHandler;
use crate::error::CommandError;
use crate::execute::execute;
use crate::held::HeldMessage;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// Does what a decision says, unless it is so already.
pub(super) async fn perform(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    action: CaseAction,
    until: Option<Timestamp>,
) -> Result<(), CommandError> {
    match action {
        CaseAction::Nothing => Ok(()),
        CaseAction::Recall => moderate(state, decider, case, MessageAct::Recall).await,
        CaseAction::Silence => sanction(state, decider, case, SanctionKind::Silence, until).await,
        CaseAction::Ban => sanction(state, decider, case, SanctionKind::Ban, until).await,
        CaseAction::Release => {
            let held = held_message(decider, case)?;
            held.release(state).await.map(drop)
        }
        CaseAction::Refuse => held_message(decider, case)?.refuse(state).await.map(drop),
    }
}

/// Undoes what a decision did, as far as it still is so. `decided_by` made the decision.
pub(super) async fn undo(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    action: CaseAction,
    decided_by: &UserId,
) -> Result<(), CommandError> {
    let recalled_by = decided_by.clone();
    match action {
        CaseAction::Recall => {
            let act = MessageAct::UndoRecall { recalled_by };
            moderate(state, decider, case, act).await
        }
        CaseAction::Silence => lift(state, decider, case, SanctionKind::Silence).await,
        CaseAction::Ban => lift(state, decider, case, SanctionKind::Ban).await,
        CaseAction::Nothing | CaseAction::Release | CaseAction::Refuse => Ok(()),
    }
}

/// Whom a silence or ban is about.
pub(super) fn require_accused(case: &DecidedCase) -> Result<UserId, Refusal> {
    case.accused.clone().ok_or_else(|| {
        Refusal::invalid(
            "action",
            "The case names nobody who could be silenced or banned.",
        )
    })
}

/// The held message that the case is about.
fn held_message<'a>(
    decider: &'a CaseDecider,
    case: &'a DecidedCase,
) -> Result<HeldMessage<'a>, Refusal> {
    let CaseTarget::Held { user, held_id, .. } = &case.target else {
        return Err(Refusal::invalid(
            "action",
            "Only a message that is held can be released or refused.",
        ));
    };
    Ok(HeldMessage {
        sender: user,
        id: *held_id,
        by: &decider.user,
    })
}

async fn moderate(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    act: MessageAct,
) -> Result<(), CommandError> {
    let CaseTarget::Message { conversation, seq } = &case.target else {
        return Ok(());
    };
    let kind = match act {
        MessageAct::Recall => CommandKind::Recall,
        MessageAct::UndoRecall { .. } => CommandKind::Restore,
    };
    let handler = ModerateHandler {
        meta: decider.meta(kind, conversation.clone()),
        seq: *seq,
        act,
        by_moderator: decider.by_moderator,
    };
    execute(state, &handler).await.map(drop)
}

async fn sanction(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    kind: SanctionKind,
    until: Option<Timestamp>,
) -> Result<(), CommandError> {
    let user = require_accused(case)?;
    let command = match kind {
        SanctionKind::Silence => CommandKind::Silence,
        SanctionKind::Ban => CommandKind::Ban,
    };
    let (by, by_moderator) = (&decider.user, decider.by_moderator);
    let Some(conversation) = case.target.conversation() else {
        let restrict = ProfileCommand::Restrict(RestrictUser {
            kind: match kind {
                SanctionKind::Silence => RestrictionKind::Silenced,
                SanctionKind::Ban => RestrictionKind::Banned,
            },
            until,
            reason: None,
            by: by.clone(),
            now: state.now(),
        });
        let meta = decider.meta(CommandKind::Restrict, user);
        let handler = ProfileHandler::new(meta, restrict);
        return execute(state, &handler).await.map(drop);
    };
    execute_in(state, decider, command, conversation, |now| {
        AccessCommand::Sanction(SanctionUser {
            kind,
            user: user.clone(),
            until,
            reason: None,
            by: by.clone(),
            by_moderator,
            now,
        })
    })
    .await
}

async fn lift(
    state: &CommandState,
    decider: &CaseDecider,
    case: &DecidedCase,
    kind: SanctionKind,
) -> Result<(), CommandError> {
    let user = require_accused(case)?;
    let command = match kind {
        SanctionKind::Silence => CommandKind::Unsilence,
        SanctionKind::Ban => CommandKind::Unban,
    };
    let (by, by_moderator) = (&decider.user, decider.by_moderator);
    let Some(conversation) = case.target.conversation() else {
        let lifting = ProfileCommand::LiftRestriction(LiftRestriction {
            by: by.clone(),
            now: state.now(),
        });
        let meta = decider.meta(CommandKind::LiftRestriction, user);
        let handler = ProfileHandler::new(meta, lifting);
        return execute(state, &handler).await.map(drop);
    };
    execute_in(state, decider, command, conversation, |now| {
        AccessCommand::Lift(LiftSanction {
            kind,
            user: user.clone(),
            by: by.clone(),
            by_moderator,
            now,
        })
    })
    .await
}

async fn execute_in<B>(
    state: &CommandState,
    decider: &CaseDecider,
    kind: CommandKind,
    conversation: &ConversationId,
    build: B,
) -> Result<(), CommandError>
where
    B: Fn(Timestamp) -> AccessCommand + Send + Sync,
{
    let meta = decider.meta(kind, conversation.clone());
    let parsed = Ok(());
    execute_access(state, meta, true, parsed, respond_position, |_, now| {
        build(now)
    })
    .await
    .map(drop)
}
