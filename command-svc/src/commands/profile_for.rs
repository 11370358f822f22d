//! Commands to a profile on behalf of local accounts, which are no requests of the user: the name
//! in a registration, and the tokens that a changed password revokes.

use domain::ids::UserId;
use domain::profile::command::{ChangeProfile, ProfileCommand, RevokeTokens};
use domain::texts::DisplayName;
use domain::time::Timestamp;
use http_edge::Problem;

use super::profile::ProfileHandler;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// Revokes the tokens of a user that were issued at `before` or earlier. Returns the log position.
/// Repeating it appends nothing.
pub async fn revoke_tokens_for(
    state: &CommandState,
    user: &UserId,
    before: Timestamp,
) -> Result<i64, Problem> {
    let by = user.clone();
    let command = ProfileCommand::RevokeTokens(RevokeTokens { before, by });
    run(state, CommandKind::RevokeTokens, user, command).await
}

/// Names a user who has just registered. Returns the log position.
pub async fn set_display_name_for(
    state: &CommandState,
    user: &UserId,
    name: DisplayName,
) -> Result<i64, Problem> {
    let change = ChangeProfile {
        display_name: Some(Some(name)),
        avatar: None,
        about: None,
        locale: None,
        custom: None,
        kind: None,
        deactivated: None,
        by: user.clone(),
    };
    let command = ProfileCommand::Change(change);
    run(state, CommandKind::ChangeProfile, user, command).await
}

async fn run(
    state: &CommandState,
    kind: CommandKind,
    user: &UserId,
    command: ProfileCommand,
) -> Result<i64, Problem> {
    let meta = CommandMeta {
        kind,
        aggregate_id: user.clone(),
        caller: user.clone(),
        actor: None,
        idempotency: None,
    };
    let response = execute(state, &ProfileHandler::new(meta, command)).await?;
    Ok(response.position)
}
