//! One stage of a message, and what the read model says of it.

use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One stage of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TraceStage {
    /// `stored`, `mirrored`, `projected`, `indexed`, `sealed` or `erased`.
    #[schema(example = "stored")]
    pub stage: &'static str,
    /// `done`, `pending`, `absent` (it will not happen, or is undone), `parked`, or `unknown`.
    #[schema(example = "done")]
    pub state: &'static str,
    /// When; null if it has not happened, or if its time is not stored, which `detail` says.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub at: Option<Timestamp>,
    /// How far the stage is: the position up to which it is complete.
    #[schema(required = true, example = 412)]
    pub position: Option<i64>,
    /// The facts, as a sentence.
    #[schema(example = "The commit gave it position 37.")]
    pub detail: String,
}

/// What the read model says of a message.
#[derive(sqlx::FromRow)]
pub(super) struct ProjectedMessage {
    pub checkpoint: i64,
    pub numbering: i64,
    pub conversation: Option<i64>,
    pub has_message: bool,
    pub is_searchable: bool,
    pub parked_reason: Option<String>,
}
