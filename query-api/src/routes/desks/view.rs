//! The JSON of a session, and the statement that finds what it has.

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::QueryError;

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionState)]
pub enum SessionStateView {
    /// It waits for an agent.
    Waiting,
    /// An agent has it.
    Open,
    /// It is over.
    Closed,
}

impl SessionStateView {
    /// Parses the name in the API and in the tables.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "waiting" => Some(Self::Waiting),
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// A service session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceSession)]
pub struct SessionView {
    /// The id.
    pub id: String,
    /// The desk that has it now.
    pub desk: String,
    /// The conversation of the customer with that desk.
    pub conversation_id: String,
    /// The customer.
    pub customer: String,
    /// The agent who has it, or had it when it was closed; null while it waits.
    #[schema(required = true)]
    pub agent: Option<String>,
    /// Where it is in its life.
    pub state: SessionStateView,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When it was accepted first.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub accepted_at: Option<Timestamp>,
    /// When it was closed. For one that closed by itself, when that was due.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub closed_at: Option<Timestamp>,
    /// Who closed it; `tidings` if it closed by itself.
    #[schema(required = true)]
    pub closed_by: Option<String>,
    /// Why it was closed; `idle` if it closed by itself.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// How long the customer waited for an agent, in seconds: until now, if the customer waits.
    pub waiting_s: f64,
    /// When the customer wrote last in the session.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_customer_at: Option<Timestamp>,
    /// When an agent wrote last in the session.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub last_agent_at: Option<Timestamp>,
    /// By when the customer is to have a reply: `reply_target` after the first message that no
    /// agent has answered. Null if there is none, and after the end.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub reply_due_at: Option<Timestamp>,
    /// The rating, 1 to 5.
    #[schema(required = true)]
    pub rating: Option<i16>,
    /// What the customer wrote with the rating.
    #[schema(required = true)]
    pub rating_text: Option<String>,
    /// What the app of the customer said about it.
    #[schema(value_type = Option<Object>, required = true)]
    pub custom: Option<Box<RawValue>>,
    /// The tags. The customer does not get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, required = false)]
    pub tags: Option<Box<RawValue>>,
    /// The sort key.
    #[serde(skip)]
    pub opened_position: i64,
}

/// The columns of a [`SessionView`], of a session `x`, and what they are from. Who wrote last
/// follows from the messages of the conversations between the steps of the session.
macro_rules! session_columns {
    () => {
        "x.*, c.name AS conversation_name, w.customer_at, w.agent_at,
         CASE WHEN x.state <> 'closed'
              THEN w.unanswered_at + x.reply_target_ms * interval '1 millisecond' END
             AS reply_due_at,
         extract(epoch FROM coalesce(x.accepted_at, x.closed_at, greatest(now(), x.opened_at))
                 - x.opened_at)::float8 AS waiting_s,
         (SELECT r.text FROM read.session_texts r WHERE r.session = x.id AND r.kind = 'reason'
          ORDER BY r.position DESC LIMIT 1) AS reason,
         (SELECT r.text FROM read.session_texts r WHERE r.session = x.id AND r.kind = 'rating'
          ORDER BY r.position DESC LIMIT 1) AS rating_text,
         (SELECT r.text FROM read.session_texts r WHERE r.session = x.id AND r.kind = 'custom'
          ORDER BY r.position LIMIT 1) AS custom"
    };
}

/// What [`session_columns!`] needs besides a session `x`.
macro_rules! session_joins {
    () => {
        "JOIN read.conversations c ON c.id = x.conversation
         LEFT JOIN LATERAL (
            SELECT max(m.at) FILTER (WHERE m.by_customer) AS customer_at,
                   max(m.at) FILTER (WHERE NOT m.by_customer) AS agent_at,
                   min(m.at) FILTER (WHERE m.by_customer AND m.answers = 0 AND m.counts)
                       AS unanswered_at
            FROM (SELECT g.sent_at AS at, s.name = x.customer AS by_customer,
                         g.type <> 'control' AS counts,
                         count(*) FILTER (WHERE s.name <> x.customer AND g.type <> 'control')
                             OVER (ORDER BY p.position DESC, g.seq DESC) AS answers
                  FROM (SELECT t.cause, t.conversation, t.position, t.after_seq,
                               lead(t.after_seq) OVER (ORDER BY t.position) AS until_seq
                        FROM read.session_steps t WHERE t.session = x.id) p
                  JOIN read.messages g ON g.conversation = p.conversation AND g.seq > p.after_seq
                       AND (p.until_seq IS NULL OR g.seq <= p.until_seq)
                  JOIN read.users s ON s.id = g.sender
                  WHERE p.cause <> 'closed' AND s.name <> 'tidings') m
         ) w ON true"
    };
}

pub(super) use {session_columns, session_joins};

impl SessionView {
    /// Builds a session from a row with [`session_columns!`]. Returns `None` if the row has none.
    pub fn from_row(row: &PgRow, with_tags: bool) -> Result<Option<Self>, QueryError> {
        let Some(id) = row.try_get("id")? else {
            return Ok(None);
        };
        let state: String = row.try_get("state")?;
        let state = SessionStateView::parse(&state).ok_or_else(|| QueryError::Corrupt {
            value: "the state of a session",
            reason: state,
        })?;
        let tags = if with_tags {
            parse_json(Some(row.try_get("tags")?))?
        } else {
            None
        };
        Ok(Some(Self {
            id,
            desk: row.try_get("desk")?,
            conversation_id: row.try_get("conversation_name")?,
            customer: row.try_get("customer")?,
            agent: row.try_get("agent")?,
            state,
            opened_at: row.try_get::<OffsetDateTime, _>("opened_at")?.into(),
            accepted_at: read_time(row, "accepted_at")?,
            closed_at: read_time(row, "closed_at")?,
            closed_by: row.try_get("closed_by")?,
            reason: row.try_get("reason")?,
            waiting_s: row.try_get("waiting_s")?,
            last_customer_at: read_time(row, "customer_at")?,
            last_agent_at: read_time(row, "agent_at")?,
            reply_due_at: read_time(row, "reply_due_at")?,
            rating: row.try_get("rating")?,
            rating_text: row.try_get("rating_text")?,
            custom: parse_json(row.try_get("custom")?)?,
            tags,
            opened_position: row.try_get("opened_position")?,
        }))
    }
}

fn read_time(row: &PgRow, column: &str) -> Result<Option<Timestamp>, QueryError> {
    let time: Option<OffsetDateTime> = row.try_get(column)?;
    Ok(time.map(Timestamp::from))
}

fn parse_json(text: Option<String>) -> Result<Option<Box<RawValue>>, QueryError> {
    let corrupt = |error: serde_json::Error| QueryError::Corrupt {
        value: "a session",
        reason: error.to_string(),
    };
    text.map(RawValue::from_string).transpose().map_err(corrupt)
}
