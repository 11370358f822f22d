//! `GET /v1/admin/conversations/{id}/messages/{seq}/explain`: why a user sees a message or not.

use axum::response::Response;
use domain::ids::UserId;
use http_edge::{Admin, Path, Problem};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::explanation::{VisibilityExplanation, VisibilityQuestion, explain_visibility};
use crate::params::parse_message_path;

/// Explains why the user `as_user` (without it, the caller) sees a message or not.
///
/// The answer names the rule that decides and what every other rule says. It comes from the
/// conditions of the queries themselves. With `as_of` it explains what the user saw then.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{id}/messages/{seq}/explain",
    operation_id = "explain_visibility", tag = "admin",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1),
           AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The explanation, also for a message or user that does not exist.",
         body = VisibilityExplanation,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
        NotFoundProblem,
    ),
)]
pub async fn explain_message_visibility(
    _admin: Admin,
    Path((id, seq)): Path<(String, String)>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let (conversation, seq) = parse_message_path(&id, &seq)?;
    let user = UserId::parse(context.user())
        .map_err(|invalid| Problem::malformed("as_user", invalid.0))?;
    let snapshot = context.wait().await?;
    let question = VisibilityQuestion {
        user,
        conversation,
        seq,
        as_of: snapshot.as_of(),
    };
    let explanation = explain_visibility(snapshot.pool(), &question).await?;
    snapshot.respond(explanation.position, &explanation)
}
