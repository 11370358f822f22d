//! What the system itself adds to a case.

use domain::case::command::{AddEvidence, CaseCommand};
use domain::case::target::CaseId;
use domain::ids::UserId;
use http_edge::Problem;

use super::handler::CaseHandler;
use crate::execute::execute;
use crate::handler::CommandMeta;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// Adds evidence to the case about its target, which it opens if it is not open. The events name
/// the system as their actor. Adding evidence from the same event again appends nothing. Returns
/// the log position.
pub async fn add_evidence(state: &CommandState, evidence: AddEvidence) -> Result<i64, Problem> {
    let meta = CommandMeta {
        kind: CommandKind::AddEvidence,
        aggregate_id: CaseId::of(&evidence.target),
        caller: UserId::system(),
        actor: Some(UserId::system()),
        idempotency: None,
    };
    let command = CaseCommand::AddEvidence(evidence);
    let response = execute(state, &CaseHandler { meta, command }).await?;
    Ok(response.position)
}
