//! Records views, and acts without another event, for the audit.

use domain::deployment::access::AccessAct;
use domain::deployment::command::{DeploymentCommand, RecordAccess};
use domain::deployment::{DEPLOYMENT_ID, Deployment};
use domain::ids::UserId;
use event_log::{AppendError, AppendRequest};
use http_edge::Problem;

use crate::attempts::Attempts;
use crate::error::CommandError;
use crate::handler::TargetAggregate as _;
use crate::state::CommandState;

/// What somebody viewed or did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessRecord {
    /// The user of the token.
    pub actor: UserId,
    /// What was done.
    pub act: AccessAct,
    /// To what or whom.
    pub target: Option<String>,
    /// The call, without its parameters.
    pub detail: Option<String>,
}

/// Records an access. Returns false if a record of the last minute stands for it already, also of
/// another process.
pub async fn record_access(state: &CommandState, access: &AccessRecord) -> Result<bool, Problem> {
    Ok(record(state, access).await?)
}

async fn record(state: &CommandState, access: &AccessRecord) -> Result<bool, CommandError> {
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let locked = Deployment::store(state.log()).lock(DEPLOYMENT_ID).await?;
        let AccessRecord {
            actor,
            act,
            target,
            detail,
        } = access.clone();
        let command = DeploymentCommand::RecordAccess(RecordAccess {
            actor: actor.clone(),
            act,
            target,
            detail,
            now: state.now(),
        });
        let events = locked.state().decide(command)?;
        let is_new = !events.is_empty();
        let append = AppendRequest {
            actor: Some(actor),
            ..AppendRequest::from_events(events)
        };
        match locked.append(append).wait().await {
            Ok(_) => return Ok(is_new),
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
            Err(AppendError::Log(error)) => return Err(error.into()),
        }
    }
}
