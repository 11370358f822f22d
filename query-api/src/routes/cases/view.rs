//! The JSON of a case, and the columns from which it is built.

use domain::case::target::CaseTarget;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::QueryError;

/// Why a case was opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseKind)]
pub enum CaseKindView {
    /// A user reported something.
    Report,
    /// A word list or the rules for links flagged a text.
    Flag,
    /// A message is held.
    Held,
    /// A user flooded conversations.
    Flood,
}

/// Whether a case is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseState)]
pub enum CaseStateView {
    /// A moderator should decide.
    Open,
    /// A moderator has decided.
    Closed,
}

/// What a case is about: a message, the title of a conversation, a user, or a message that is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseTarget)]
pub struct CaseTargetView {
    /// `message`, `conversation`, `user` or `held`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The conversation; null for a user.
    #[schema(required = true)]
    pub conversation_id: Option<String>,
    /// The seq of the message.
    #[schema(required = true)]
    pub seq: Option<i64>,
    /// The user: the sender of the message, the author of the title. Null if unknown.
    #[schema(required = true)]
    pub user: Option<String>,
    /// The id of the held message.
    #[schema(required = true)]
    pub held_id: Option<String>,
}

/// A case in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Case)]
pub struct CaseView {
    /// The id.
    pub id: String,
    /// Why it was opened last.
    pub kind: CaseKindView,
    /// What it is about.
    pub target: CaseTargetView,
    /// How many users have reported it.
    pub reports: i64,
    /// When it was opened last.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Whether it is open.
    pub state: CaseStateView,
    /// The beginning of the text, up to 200 characters: of the message, of the title, or the name
    /// of the user. Null if there is none, or none that the caller can see.
    #[schema(required = true)]
    pub excerpt: Option<String>,
    /// The sort key.
    #[serde(skip)]
    pub opened_position: i64,
}

/// A statement for cases `x`, with the columns of a [`CaseView`]. Binds `$1` = the caller, `$2` =
/// whether the caller is a moderator; others see of the messages only what they see as members.
/// Postgres text cannot contain U+0000; a body with that character has no excerpt.
macro_rules! found_cases {
    () => {
        concat!(
            "SELECT x.id AS case_id, x.kind, x.target, x.conversation, x.seq, x.opened_position, x.opened_at,
                    x.is_open, x.reports, coalesce(x.about, s.name, x.author) AS accused,
                    CASE WHEN x.conversation IS NULL THEN f.display_name
                         WHEN h.body IS NOT NULL THEN CASE
                              WHEN strpos(h.body, '\\u0000') > 0 THEN NULL
                              WHEN h.type = 'text' THEN left(h.body::json ->> 'text', 200)
                              WHEN json_typeof(h.body::json -> 'name') = 'string'
                                   THEN left(h.body::json ->> 'name', 200) END
                         WHEN x.seq IS NULL THEN CASE WHEN x.about IS NULL THEN c.title END
                         WHEN g.recalled OR strpos(g.body, '\\u0000') > 0 THEN NULL
                         WHEN NOT ($2 OR ",
            read_model::can_see!("m", "c", "g.seq"),
            ") THEN NULL
                         WHEN g.type = 'text' THEN left(g.body::json ->> 'text', 200)
                         WHEN json_typeof(g.body::json -> 'name') = 'string'
                              THEN left(g.body::json ->> 'name', 200)
                    END AS excerpt
             FROM read.cases x
             LEFT JOIN read.conversations c ON c.name = x.conversation
             LEFT JOIN read.messages g ON g.conversation = c.id AND g.seq = x.seq
             LEFT JOIN read.users s ON s.id = g.sender
             LEFT JOIN read.members m ON m.conversation = c.id AND m.present AND m.user_id = ",
            $crate::sql::visibility::caller_id!(),
            "
             LEFT JOIN read.users who ON who.name = x.about
             LEFT JOIN read.profiles f ON f.user_id = who.id
             LEFT JOIN read.held h ON h.user_id = who.id AND x.target::json ->> 'type' = 'held'
                  AND x.target::json ->> 'held_id' = 'h' || h.number "
        )
    };
}

/// The condition under which a caller who is not a moderator may see a case `x` of a group in which
/// they are the owner or an admin: it is not about what they did themselves.
macro_rules! is_about_others {
    () => {
        "($2 OR coalesce(x.about, s.name, x.author) IS DISTINCT FROM $1)"
    };
}

pub(super) use {found_cases, is_about_others};

impl CaseView {
    /// Builds a case from a row with the columns of `found_cases!`. Returns `None` if the row has
    /// no case.
    pub fn from_row(row: &PgRow) -> Result<Option<Self>, QueryError> {
        let Some(id) = row.try_get("case_id")? else {
            return Ok(None);
        };
        let corrupt = |error: serde_json::Error| QueryError::Corrupt {
            value: "a case",
            reason: error.to_string(),
        };
        let target: String = row.try_get("target")?;
        let target: CaseTarget = serde_json::from_str(&target).map_err(corrupt)?;
        let kind: String = row.try_get("kind")?;
        let is_open: bool = row.try_get("is_open")?;
        Ok(Some(Self {
            id,
            kind: serde_json::from_value(kind.into()).map_err(corrupt)?,
            target: CaseTargetView::new(&target, row.try_get("accused")?),
            reports: row.try_get("reports")?,
            opened_at: row.try_get::<OffsetDateTime, _>("opened_at")?.into(),
            state: if is_open {
                CaseStateView::Open
            } else {
                CaseStateView::Closed
            },
            excerpt: row.try_get("excerpt")?,
            opened_position: row.try_get("opened_position")?,
        }))
    }
}

impl CaseTargetView {
    fn new(target: &CaseTarget, user: Option<String>) -> Self {
        let conversation_id = target.conversation().map(ToString::to_string);
        let (kind, seq, held_id) = match target {
            CaseTarget::Message { seq, .. } => ("message", Some(*seq), None),
            CaseTarget::Conversation { .. } => ("conversation", None, None),
            CaseTarget::User { .. } => ("user", None, None),
            CaseTarget::Held { held_id, .. } => ("held", None, Some(held_id.to_string())),
        };
        Self {
            kind,
            conversation_id,
            seq,
            user,
            held_id,
        }
    }
}
