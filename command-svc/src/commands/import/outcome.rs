//! The outcome of a line, and its response schema.

use domain::ids::ConversationId;
use serde::Serialize;
use utoipa::ToSchema;

/// The result of importing one line.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub(crate) struct ImportLineResponse<'a> {
    line: i64,
    status: ImportStatus,
    /// Why the line was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The conversation that has the line; absent if it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
    /// The seq of the message; absent for a line of members.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// The number of reactions that were dropped, if any, when the line was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    reactions_dropped: Option<usize>,
    /// `true` if the message was imported without its `reply_to`, which is the `id` of no earlier
    /// line of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_dropped: Option<bool>,
    /// The fields of the line that no line has, if any: nothing was imported from them. At most 32.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[schema(required = false)]
    ignored: &'a [String],
}

/// `imported` by this request, `known` from an earlier import, or `rejected`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    Imported,
    Known,
    Rejected,
}

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineOutcome {
    /// Imported by this request.
    Imported(ImportedLine),
    /// Imported earlier, or a repetition of a line in this request.
    Known(ImportedLine),
    /// Not imported, for this reason.
    Rejected(String),
}

/// The result of one line.
pub(super) struct LineResult {
    /// The number of the line.
    pub(super) number: i64,
    /// `None` until the line has been processed.
    pub(super) outcome: Option<LineOutcome>,
    /// The fields that no line has.
    pub(super) ignored: Vec<String>,
}

/// What was imported from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImportedLine {
    /// The conversation that has it.
    pub(super) conversation: ConversationId,
    /// The seq of the message; `None` for a line of members.
    pub(super) seq: Option<i64>,
    /// The number of reactions dropped because of the limit.
    pub(super) dropped_reactions: usize,
    /// Whether it is a reply to no earlier line of the conversation.
    pub(super) is_reply_dropped: bool,
}

impl<'a> ImportLineResponse<'a> {
    pub(super) fn new(result: &'a LineResult) -> Self {
        let (status, reason, taken) = match &result.outcome {
            Some(LineOutcome::Imported(taken)) => (ImportStatus::Imported, None, Some(taken)),
            Some(LineOutcome::Known(taken)) => (ImportStatus::Known, None, Some(taken)),
            Some(LineOutcome::Rejected(reason)) => {
                (ImportStatus::Rejected, Some(reason.as_str()), None)
            }
            None => (
                ImportStatus::Rejected,
                Some("the line was not processed"),
                None,
            ),
        };
        let conversation_id = taken.map(|taken| taken.conversation.as_str());
        Self {
            line: result.number,
            status,
            reason,
            conversation_id,
            seq: taken.and_then(|taken| taken.seq),
            reactions_dropped: taken
                .map(|taken| taken.dropped_reactions)
                .filter(|dropped| *dropped > 0),
            reply_dropped: taken
                .map(|taken| taken.is_reply_dropped)
                .filter(|is_dropped| *is_dropped),
            ignored: &result.ignored,
        }
    }
}
