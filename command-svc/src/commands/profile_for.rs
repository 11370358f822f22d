//! Commands to a profile on behalf of local accounts, which are no requests of the user: the name
//! in a registration, and the tokens that a changed password revokes.

use domain::ids::UserId;
use domain::profile::command::{ChangeProfile, ProfileCommand, RevokeTokens};
use domain::texts::DisplayName;
use domain::time::Timestamp;
use event_log::LogError;
use http_edge::Problem;
use serde::Deserialize;

use super::profile::ProfileHandler;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// What the response says of a new name.
#[derive(Deserialize)]
struct StoredName {
    #[serde(default)]
    masked: bool,
}

/// Revokes the tokens of a user that were issued at `before` or earlier. Returns the log position.
/// Repeating it appends nothing.
pub async fn revoke_tokens_for(
    state: &CommandState,
    user: &UserId,
    before: Timestamp,
) -> Result<i64, Problem> {
    let by = user.clone();
    let command = ProfileCommand::RevokeTokens(RevokeTokens { before, by });
    let response = run(state, CommandKind::RevokeTokens, user, command).await?;
    Ok(response.position)
}

/// Names a user who has just registered. Returns whether a word list has masked parts of the name.
pub async fn set_display_name_for(
    state: &CommandState,
    user: &UserId,
    name: DisplayName,
) -> Result<bool, Problem> {
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
    let response = run(state, CommandKind::ChangeProfile, user, command).await?;
    let stored = serde_json::from_slice(&response.body.0);
    let StoredName { masked } = stored.map_err(|error| {
        let reason = format!("a response cannot be read: {error}");
        CommandError::Log(LogError::Corrupt(reason))
    })?;
    Ok(masked)
}

async fn run(
    state: &CommandState,
    kind: CommandKind,
    user: &UserId,
    command: ProfileCommand,
) -> Result<CommandResponse, Problem> {
    let meta = CommandMeta {
        kind,
        aggregate_id: user.clone(),
        caller: user.clone(),
        actor: None,
        idempotency: None,
    };
    Ok(execute(state, &ProfileHandler::new(meta, command)).await?)
}
