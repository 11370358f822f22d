//! `GET /v1/desks/{desk}/metrics`: figures of a period, by day, hour or agent.
//!
//! Everything is computed from sessions, their steps and the messages between these, with the times
//! of the log, so a rebuild gives the same figures.

use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Path, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::sight::sees_desk;
use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params;
use crate::sql::as_of_sql::TemporalStatement;

/// The period without `from`: a week before `to`.
const DEFAULT_PERIOD_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MetricsGrouping)]
pub enum MetricsGrouping {
    /// A day (UTC), such as `2026-11-01`.
    Day,
    /// An hour (UTC), such as `2026-11-01T09:00:00Z`.
    Hour,
    /// An agent.
    Agent,
}

/// The period and the grouping.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MetricsParams {
    /// The beginning of the period; a week before its end, if omitted.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    from: Option<String>,
    /// The end of the period, which does not belong to it; now, if omitted.
    #[param(value_type = Option<String>, format = DateTime, example = "2030-01-01T00:00:00Z")]
    to: Option<String>,
    /// What a row is about; `day`, if omitted.
    #[param(value_type = Option<MetricsGrouping>, inline, example = "day")]
    by: Option<String>,
}

/// The figures of a desk.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskMetrics {
    /// One for each day, hour or agent with anything to count, ordered by `key`.
    pub rows: Vec<DeskMetricsRow>,
}

/// The figures of a day, an hour or an agent. Times are in seconds; null if there are none.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct DeskMetricsRow {
    /// The day, the hour or the agent.
    pub key: String,
    /// The sessions that were opened at the desk.
    pub opened: i64,
    /// The sessions that were accepted for the first time.
    pub accepted: i64,
    /// The sessions that were closed.
    pub closed: i64,
    /// The transfers to other agents and desks.
    pub transferred: i64,
    /// The sessions that were closed while they waited.
    pub abandoned: i64,
    /// The median time from opening to the first acceptance.
    #[schema(required = true)]
    pub waiting_p50_s: Option<f64>,
    /// The 95th percentile of it.
    #[schema(required = true)]
    pub waiting_p95_s: Option<f64>,
    /// The median time from opening to the first message of an agent.
    #[schema(required = true)]
    pub first_reply_p50_s: Option<f64>,
    /// The 95th percentile of it.
    #[schema(required = true)]
    pub first_reply_p95_s: Option<f64>,
    /// The median time from the first acceptance to closing.
    #[schema(required = true)]
    pub handling_p50_s: Option<f64>,
    /// The stretches of customer messages that were answered within `reply_target` of their first
    /// message.
    pub replied_in_target: i64,
    /// The stretches of customer messages, with no answer of an agent between them, that began.
    pub due: i64,
    /// The share of stretches that were answered in time.
    #[schema(required = true)]
    pub reply_rate: Option<f64>,
    /// The mean rating of the sessions that were closed.
    #[schema(required = true)]
    pub rating_avg: Option<f64>,
    /// The messages of both sides, without those of the system.
    pub messages: i64,
}

/// Binds the desk, the beginning and the end of the period, and the grouping.
///
/// - `s`: the sessions that had anything to do with the desk in the period.
/// - `t`: their steps, with what was before and where the next one begins.
/// - `m`: their messages, with whom they are from. `f`: the same, with what follows.
/// - `facts`: what is counted or measured: when, where, for which agent, and how long.
static METRICS: TemporalStatement = TemporalStatement::new(
    "WITH s AS (
    SELECT x.* FROM read.service_sessions x
    WHERE x.opened_at < $3 AND (x.closed_at IS NULL OR x.closed_at >= $2)
      AND EXISTS (SELECT FROM read.session_steps t WHERE t.session = x.id AND t.desk = $1)
), t AS (
    SELECT t.*, s.customer, s.opened_at, s.accepted_at, s.reply_target_ms, s.rating,
           s.agent AS last_agent,
           lag(t.desk) OVER w AS before_desk, lag(t.agent) OVER w AS before_agent,
           lead(t.after_seq) OVER w AS until_seq,
           count(*) FILTER (WHERE t.cause = 'accepted') OVER w AS acceptances
    FROM read.session_steps t JOIN s ON s.id = t.session
    WINDOW w AS (PARTITION BY t.session ORDER BY t.position)
), m AS (
    SELECT t.session, t.position, t.desk, t.opened_at, t.reply_target_ms, t.last_agent, g.seq,
           g.sent_at AS at, u.name AS sender, u.name = t.customer AS by_customer
    FROM t
    JOIN read.messages g ON g.conversation = t.conversation AND g.seq > t.after_seq
         AND (t.until_seq IS NULL OR g.seq <= t.until_seq)
    JOIN read.users u ON u.id = g.sender
    WHERE t.cause <> 'closed' AND u.name <> 'tidings' AND g.type <> 'control'
), f AS (
    SELECT m.*, lag(m.by_customer) OVER w AS after_customer,
           count(*) FILTER (WHERE NOT m.by_customer) OVER w AS replies,
           (array_agg(m.at) FILTER (WHERE NOT m.by_customer) OVER later)[1] AS answered_at,
           (array_agg(m.sender) FILTER (WHERE NOT m.by_customer) OVER later)[1] AS answered_by
    FROM m
    WINDOW w AS (PARTITION BY m.session ORDER BY m.position, m.seq),
           later AS (PARTITION BY m.session ORDER BY m.position, m.seq
                     ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), facts AS (
    SELECT t.cause AS fact, t.at, t.desk, coalesce(t.agent, t.last_agent) AS agent, NULL::float8 AS value
    FROM t WHERE t.cause IN ('opened', 'closed')
    UNION ALL
    SELECT 'accepted', t.at, t.desk, t.agent, extract(epoch FROM t.at - t.opened_at)::float8
    FROM t WHERE t.cause = 'accepted' AND t.acceptances = 1
    UNION ALL
    SELECT 'transferred', t.at, t.before_desk, t.before_agent, NULL
    FROM t WHERE t.cause = 'transferred'
    UNION ALL
    SELECT 'abandoned', t.at, t.desk, NULL, NULL FROM t WHERE t.cause = 'closed' AND t.agent IS NULL
    UNION ALL
    SELECT 'handled', t.at, t.desk, t.agent, extract(epoch FROM t.at - t.accepted_at)::float8
    FROM t WHERE t.cause = 'closed' AND t.accepted_at IS NOT NULL
    UNION ALL
    SELECT 'rated', t.at, t.desk, t.agent, t.rating::float8
    FROM t WHERE t.cause = 'closed' AND t.rating IS NOT NULL
    UNION ALL
    SELECT 'replied', f.at, f.desk, f.sender, extract(epoch FROM f.at - f.opened_at)::float8
    FROM f WHERE NOT f.by_customer AND f.replies = 1
    UNION ALL
    SELECT 'message', f.at, f.desk, CASE WHEN f.by_customer THEN f.last_agent ELSE f.sender END, NULL
    FROM f
    UNION ALL
    SELECT 'due', f.at, f.desk, coalesce(f.answered_by, f.last_agent),
           CASE WHEN extract(epoch FROM f.answered_at - f.at) * 1000 <= f.reply_target_ms THEN 1 END
    FROM f WHERE f.by_customer AND f.after_customer IS NOT TRUE
)
SELECT key,
       count(*) FILTER (WHERE fact = 'opened') AS opened,
       count(*) FILTER (WHERE fact = 'accepted') AS accepted,
       count(*) FILTER (WHERE fact = 'closed') AS closed,
       count(*) FILTER (WHERE fact = 'transferred') AS transferred,
       count(*) FILTER (WHERE fact = 'abandoned') AS abandoned,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE fact = 'accepted') AS waiting_p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY value) FILTER (WHERE fact = 'accepted') AS waiting_p95_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE fact = 'replied') AS first_reply_p50_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY value) FILTER (WHERE fact = 'replied') AS first_reply_p95_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE fact = 'handled') AS handling_p50_s,
       count(value) FILTER (WHERE fact = 'due') AS replied_in_target,
       count(*) FILTER (WHERE fact = 'due') AS due,
       count(value) FILTER (WHERE fact = 'due')::float8 / nullif(count(*) FILTER (WHERE fact = 'due'), 0) AS reply_rate,
       avg(value) FILTER (WHERE fact = 'rated') AS rating_avg,
       count(*) FILTER (WHERE fact = 'message') AS messages
FROM (SELECT facts.*,
             CASE $4 WHEN 'agent' THEN agent
                     WHEN 'hour' THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')
                     ELSE to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END AS key
      FROM facts WHERE desk = $1 AND at >= $2 AND at < $3) keyed
WHERE key IS NOT NULL
GROUP BY key
ORDER BY key COLLATE \"C\"",
);

/// Returns figures of a desk. For agents of the desk, and administrators.
///
/// Opened, accepted, closed and transferred sessions, waiting and handling times and ratings count
/// when they happened, a stretch of customer messages when it began. `reply_rate` is the share of
/// stretches that were answered within `reply_target` of their first message.
#[utoipa::path(
    get, path = "/v1/desks/{desk}/metrics", operation_id = "get_desk_metrics", tag = "desks",
    params(("desk" = String, Path, description = "The desk", example = "billing"),
           MetricsParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The figures.", body = DeskMetrics,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_desk_metrics(
    Path(desk): Path<String>,
    Query(query): Query<MetricsParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let desk = desk.replace('\0', "");
    let now = Timestamp::from(OffsetDateTime::now_utc());
    let to = parse_time("to", query.to.as_deref())?.unwrap_or(now);
    let week_before = Timestamp::from_millis(to.millis().saturating_sub(DEFAULT_PERIOD_MS));
    let from = parse_time("from", query.from.as_deref())?.unwrap_or(week_before);
    let by = parse_grouping(query.by.as_deref())?;
    let snapshot = context.wait().await?;
    let (position, is_visible) = sees_desk(&snapshot, &desk).await?;
    if !is_visible {
        return snapshot.reject(position, Problem::not_found());
    }
    let query = sqlx::query(snapshot.sql(&METRICS))
        .bind(&desk)
        .bind(OffsetDateTime::from(from))
        .bind(OffsetDateTime::from(to))
        .bind(by);
    let rows = snapshot.fetch_all(query).await?;
    snapshot.respond(position, &DeskMetrics { rows })
}

fn parse_time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: &str| {
        let expected = || Problem::malformed(field, format!("expected {}", Timestamp::FORMAT));
        Timestamp::parse(text).ok_or_else(expected)
    };
    params::non_empty(text).map(parse).transpose()
}

fn parse_grouping(text: Option<&str>) -> Result<&str, Problem> {
    match params::non_empty(text) {
        None => Ok("day"),
        Some(text @ ("day" | "hour" | "agent")) => Ok(text),
        Some(_) => Err(Problem::malformed(
            "by",
            "expected `day`, `hour` or `agent`",
        )),
    }
}
