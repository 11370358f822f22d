//! `POST /v1/conversations/{id}/messages/{seq}/reports` and `POST /v1/users/{user}/reports`.

use axum::extract::State;
use domain::case::Case;
use domain::case::command::{CaseCommand, FileReport};
use domain::case::event::{CaseEvent, ReportReason};
use domain::case::target::{CaseId, CaseTarget};
use domain::refusal::Refusal;
use domain::texts::CaseNote;
use event_log::{LockedAggregate, LogError, Observation, Receipt};
use http::StatusCode;
use http_edge::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::Requester;
use crate::commands::message_lookup::ClearedMessage;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandLookups, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::params;
use crate::response::{CommandResponse, PositionPlaceholder, ResponseBody};
use crate::state::CommandState;

/// Why something is reported, for the API document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only describes the OpenAPI schema")]
enum ReportReasonSchema {
    Spam,
    Abuse,
    Illegal,
    Other,
}

/// A report.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ReportRequest {
    /// What is wrong with it.
    #[schema(value_type = ReportReasonSchema)]
    reason: ReportReason,
    /// What moderators should know: at most 1,000 characters.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// The case that the report belongs to.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportAnswer)]
pub(crate) struct ReportResponse<'a> {
    /// The id of the case.
    #[schema(value_type = String)]
    case_id: &'a str,
    /// The log position of the report, or the head of the log if there was one before.
    #[serde(skip_serializing_if = "PositionPlaceholder::is_placeholder")]
    #[schema(value_type = i64, required = true, minimum = 0)]
    position: PositionPlaceholder,
}

/// The handler of a report.
struct ReportHandler {
    meta: CommandMeta<Case>,
    file: FileReport,
}

impl ReportHandler {
    /// Whether the reporter can see the message. The route has checked whether they can see a user.
    async fn sees_target(
        &self,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<bool, AttemptError> {
        let CaseTarget::Message { conversation, seq } = &self.file.target else {
            return Ok(true);
        };
        let reporter = &self.file.reporter;
        let conversations = state.log().conversations();
        let can_see = conversations
            .peek(conversation.as_str(), |conversation| {
                conversation.can_see(reporter, *seq)
            })
            .await;
        let (can_see, observation) = can_see?;
        observed.push(observation);
        if !can_see {
            return Ok(false);
        }
        let cleared = ClearedMessage::observe(state, conversation, reporter, *seq, observed);
        Ok(!cleared.await?.is_cleared())
    }
}

/// Proof that the reporter can see the target.
struct VisibleTarget;

impl CommandLookups<ReportHandler> for VisibleTarget {
    async fn load(
        handler: &ReportHandler,
        state: &CommandState,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, AttemptError> {
        if handler.sees_target(state, observed).await? {
            Ok(Self)
        } else {
            Err(Refusal::not_found().into())
        }
    }
}

impl CommandHandler for ReportHandler {
    type Target = Case;
    type Lookups = VisibleTarget;

    fn meta(&self) -> &CommandMeta<Case> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<Case>,
        VisibleTarget: VisibleTarget,
    ) -> Result<Decision<CaseEvent>, AttemptError> {
        let events = locked
            .state()
            .decide(CaseCommand::File(self.file.clone()))?;
        let status = if events.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let body = ResponseBody::serialize(&ReportResponse {
            case_id: self.meta.aggregate_id.as_str(),
            position: PositionPlaceholder,
        })?;
        Ok(Decision {
            events,
            status,
            body,
        })
    }

    async fn may_replay(&self, state: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        match self.sees_target(state, &mut Vec::new()).await {
            Ok(can_see) => Ok(can_see),
            Err(AttemptError::Log(error)) => Err(error),
            Err(AttemptError::Rejected(_) | AttemptError::Retry) => Ok(false),
        }
    }
}

async fn execute_report(
    state: &CommandState,
    requester: Requester,
    kind: CommandKind,
    path: &[&str],
    target: CaseTarget,
    request: &ReportRequest,
) -> Result<CommandResponse, CommandError> {
    let note = request.note.as_deref().map(CaseNote::parse).transpose();
    let note = note.map_err(|invalid| Refusal::invalid("note", invalid.0))?;
    let reporter = requester.user.clone();
    let meta = requester.into_meta(kind, CaseId::of(&target), path, request)?;
    let file = FileReport {
        target,
        reporter,
        reason: request.reason,
        note,
    };
    execute(state, &ReportHandler { meta, file }).await
}

/// Report a message
///
/// Opens a case for moderators and, in a group, its owner and admins. Reports of the same message
/// gather in one case. Its author and the other members do not learn of it. A second report by the
/// same user changes nothing and answers 200.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{seq}/reports",
    operation_id = "report_message",
    tag = "moderation",
    params(
        ("id" = String, Path, description = "The conversation", example = "lunch"),
        ("seq" = i64, Path, minimum = 1, description = "The message", example = 1),
        IdempotencyParams,
    ),
    request_body(content = ReportRequest,
        example = json!({"reason": "spam", "note": "The same advertisement every day."})),
    responses(
        (status = 201, description = "Reported", body = ReportResponse,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "The caller has reported it before", body = ReportResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn report_message(
    State(state): State<CommandState>,
    requester: Requester,
    Path((id, seq)): Path<(String, String)>,
    Json(request): Json<ReportRequest>,
) -> Result<CommandResponse, CommandError> {
    let target = CaseTarget::Message {
        conversation: params::parse_conversation(&id)?,
        seq: params::parse_seq(&seq)?,
    };
    let (kind, path) = (CommandKind::ReportMessage, [id.as_str(), seq.as_str()]);
    execute_report(&state, requester, kind, &path, target, &request).await
}

/// Report a user
///
/// Opens a case for moderators. Reports of the same user gather in one case. The user does not
/// learn of it. A second report by the same user changes nothing and answers 200. A user whose
/// profile the caller cannot see answers 404.
#[utoipa::path(
    post,
    path = "/v1/users/{user}/reports",
    operation_id = "report_user",
    tag = "moderation",
    params(
        ("user" = String, Path, description = "The user", example = "bob"),
        IdempotencyParams,
    ),
    request_body(content = ReportRequest, example = json!({"reason": "abuse"})),
    responses(
        (status = 201, description = "Reported", body = ReportResponse,
            headers(("Tidings-Position" = i64))),
        (status = 200, description = "The caller has reported the user before",
            body = ReportResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn report_user(
    State(state): State<CommandState>,
    requester: Requester,
    Path(id): Path<String>,
    Json(request): Json<ReportRequest>,
) -> Result<CommandResponse, CommandError> {
    let user = params::parse_user(&id)?;
    if user == requester.user {
        return Err(Refusal::invalid("user", "Nobody can report themselves.").into());
    }
    if !state.sees_profile(&requester.user, &user).await? {
        return Err(Refusal::not_found().into());
    }
    let (kind, target) = (CommandKind::ReportUser, CaseTarget::User { user });
    execute_report(&state, requester, kind, &[&id], target, &request).await
}
