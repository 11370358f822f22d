//! `GET /v1/admin/unread`: unread counts over time.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use futures::stream;
use http_edge::extract::MinPositionParams;
use http_edge::schema::ndjson::NdjsonText;
use http_edge::{Admin, Problem, Query};
use projector::{
    ProjectionError, UnreadGrouping, UnreadHistory, UnreadHistoryOptions, UnreadInterval, UnreadRow,
};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, position_headers};

/// The `Retry-After` while another pass over the log is under way.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// An example of the response.
const EXAMPLE: &str = "{\"from\":\"2026-11-26T00:00:00.000Z\",\"position\":412,\"user\":\"bob\",\
     \"unread\":3,\"quiet\":1,\"memberships\":2}";

/// The schema of the lines.
type UnreadLines = NdjsonText<UnreadRowSchema>;

/// The unread counts at the end of an interval.
#[expect(dead_code, reason = "the schema of projector::UnreadRow")]
#[derive(ToSchema)]
#[schema(as = UnreadRow)]
struct UnreadRowSchema {
    /// The beginning of the interval.
    #[schema(format = DateTime)]
    from: String,
    /// The last position before its end, to which the counts belong.
    position: i64,
    /// The user, if the counts are by user.
    #[schema(required = false)]
    user: String,
    /// The conversation, if the counts are by conversation.
    #[schema(required = false)]
    conversation_id: String,
    /// The unread messages in conversations that are neither muted nor archived: the sum of the
    /// badges.
    unread: i64,
    /// The unread messages in muted and archived conversations.
    quiet: i64,
    /// The number of memberships with unread messages.
    memberships: i64,
}

/// Selects the counts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnreadHistoryParams {
    /// How often the counts are reported: at the end of every `day` (UTC), or `hour`.
    #[param(value_type = Option<String>, default = "day", example = "day")]
    every: Option<String>,
    /// What the counts are summed over: `all`, each `user`, or each `conversation`.
    #[param(value_type = Option<String>, default = "all", example = "user")]
    by: Option<String>,
    /// Only the counts of this user.
    #[param(example = "bob")]
    user: Option<String>,
    /// Only the counts of this conversation.
    #[param(example = "lunch")]
    conversation: Option<String>,
    /// Only from the interval of this time on.
    #[param(value_type = Option<String>, format = DateTime, example = "2020-01-01T00:00:00Z")]
    since: Option<String>,
    /// Only events before this time.
    #[param(value_type = Option<String>, format = DateTime, example = "2100-01-01T00:00:00Z")]
    until: Option<String>,
}

impl UnreadHistoryParams {
    fn parse(&self) -> Result<UnreadHistoryOptions, Problem> {
        let user = given(self.user.as_deref()).map(UserId::parse);
        let conversation = given(self.conversation.as_deref()).map(ConversationId::parse);
        Ok(UnreadHistoryOptions {
            interval: match given(self.every.as_deref()) {
                None | Some("day") => UnreadInterval::Day,
                Some("hour") => UnreadInterval::Hour,
                Some(_) => return Err(Problem::malformed("every", "expected day or hour")),
            },
            grouping: match given(self.by.as_deref()) {
                None | Some("all") => UnreadGrouping::All,
                Some("user") => UnreadGrouping::User,
                Some("conversation") => UnreadGrouping::Conversation,
                Some(_) => {
                    let expected = "expected all, user or conversation";
                    return Err(Problem::malformed("by", expected));
                }
            },
            user: user
                .transpose()
                .map_err(|invalid| Problem::malformed("user", invalid.0))?,
            conversation: conversation
                .transpose()
                .map_err(|invalid| Problem::malformed("conversation", invalid.0))?,
            since: parse_time("since", self.since.as_deref())?,
            until: parse_time("until", self.until.as_deref())?,
        })
    }
}

/// An empty parameter counts as absent.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn parse_time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let expected = || Problem::malformed(field, format!("expected {}", Timestamp::FORMAT));
    let time = given(text).map(|text| Timestamp::parse(text).ok_or_else(expected));
    time.transpose()
}

/// Returns unread counts over time, one JSON object per line: what the badges showed at the end of
/// each day or hour.
///
/// The log is read once from its beginning, so the first line can take a while. `unread` is the sum
/// over conversations that are neither muted nor archived, `quiet` over the others; `memberships`
/// is the number of memberships with something unread. A line equals what
/// `GET /v1/inbox/unread?as_of=` of its `position` answers.
#[utoipa::path(
    get, path = "/v1/admin/unread", operation_id = "list_unread_history", tag = "admin",
    params(UnreadHistoryParams, MinPositionParams),
    responses(
        (status = 200, description = "One object per line, in order of time, then of names.",
         body = inline(UnreadLines), content_type = "application/x-ndjson",
         headers(("Tidings-Position" = i64, description = "The last position that is counted."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position.")),
         example = json!(EXAMPLE)),
        OperatorProblems,
    ),
)]
pub async fn list_unread_history(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(params): Query<UnreadHistoryParams>,
    required: RequiredPosition,
) -> Result<Response, Problem> {
    let options = params.parse()?;
    required.wait(&state.pool).await?;
    let permit = state.log_passes.clone().try_acquire_owned().map_err(|_| {
        let detail = "Another pass over the log is under way.";
        Problem::unavailable("overloaded", detail, RETRY_AFTER)
    })?;
    let reader = LogReader::new(state.pool.clone());
    let started = start(&reader, options).await.map_err(|error| {
        tracing::error!(%error, "The log could not be read.");
        let detail = "The database is temporarily unavailable.";
        Problem::unavailable("unavailable", detail, RETRY_AFTER)
    });
    let (headers, history) = started?;
    let lines = stream::try_unfold((history, permit), next_lines);
    let content_type = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((headers, content_type, Body::from_stream(lines)).into_response())
}

async fn start(
    reader: &LogReader,
    options: UnreadHistoryOptions,
) -> Result<(HeaderMap, UnreadHistory), ProjectionError> {
    let history = UnreadHistory::start(reader, options).await?;
    let headers = position_headers(reader, history.last_position()).await?;
    Ok((headers, history))
}

type PassState = (UnreadHistory, OwnedSemaphorePermit);

/// The lines of the next interval that has any.
async fn next_lines(
    (mut history, permit): PassState,
) -> Result<Option<(Vec<u8>, PassState)>, ProjectionError> {
    while let Some(rows) = history.read_next().await? {
        if !rows.is_empty() {
            let lines = to_lines(&rows);
            return Ok(Some((lines, (history, permit))));
        }
        tokio::task::yield_now().await;
    }
    Ok(None)
}

fn to_lines(rows: &[UnreadRow]) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in rows {
        // Writing numbers and texts to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut lines, row);
        lines.push(b'\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(every: &str, by: &str) -> UnreadHistoryParams {
        UnreadHistoryParams {
            every: Some(every.to_owned()),
            by: Some(by.to_owned()),
            user: None,
            conversation: None,
            since: None,
            until: None,
        }
    }

    #[test]
    fn unknown_intervals_and_groups_are_rejected() {
        let parsed = params("hour", "user").parse().map_err(|_| ());
        let options = parsed.expect("they are known");
        assert_eq!(options.interval, UnreadInterval::Hour);
        assert_eq!(options.grouping, UnreadGrouping::User);
        assert!(params("", "").parse().is_ok());
        assert!(params("week", "user").parse().is_err());
        assert!(params("day", "device").parse().is_err());
    }
}
