//! The handler of every command to the deployment.

use domain::deployment::command::DeploymentCommand;
use domain::deployment::event::DeploymentEvent;
use domain::deployment::{DEPLOYMENT_ID, Deployment};
use domain::refusal::Refusal;
use event_log::LockedAggregate;
use serde::Serialize;

use crate::caller::Requester;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::CommandResponse;
use crate::state::CommandState;

/// The handler that decides a command to the deployment, or returns the refusal of its parser.
struct DeploymentHandler {
    meta: CommandMeta<Deployment>,
    command: Result<DeploymentCommand, Refusal>,
}

impl CommandHandler for DeploymentHandler {
    type Target = Deployment;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Deployment> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<Deployment>,
        (): (),
    ) -> Result<Decision<DeploymentEvent>, AttemptError> {
        let command = self.command.clone()?;
        Ok(Decision::from_events(locked.state().decide(command)?))
    }
}

/// Executes a command to the deployment. The route has checked that the caller may send it. `path`
/// and `request` identify the request.
pub(super) async fn execute_deployment(
    state: &CommandState,
    requester: Requester,
    kind: CommandKind,
    path: &[&str],
    request: &impl Serialize,
    command: Result<DeploymentCommand, Refusal>,
) -> Result<CommandResponse, CommandError> {
    let actor = requester.user.clone();
    let mut meta = requester.into_meta(kind, DEPLOYMENT_ID, path, request)?;
    meta.actor = Some(actor);
    execute(state, &DeploymentHandler { meta, command }).await
}
