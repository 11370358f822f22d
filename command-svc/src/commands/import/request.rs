//! The request schema of a line.

use serde::Deserialize;
use utoipa::ToSchema;

/// A message from another system (`sender`, `sent_at`, `text` and its optional fields), or
/// `members` who joined there.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ImportLine)]
pub(crate) struct ImportLineRequest {
    /// The number of the line, returned in the response.
    pub(super) line: i64,
    /// The id of a group. Ids that start with `d_` are reserved for direct conversations.
    pub(super) conversation: String,
    /// The export or system from which the line comes; at most 256 bytes. An import adds only to
    /// conversations that the same source made.
    pub(super) source: Option<String>,
    /// The id to use instead of `conversation`, unless there already is a conversation with this
    /// id that another source or a user made.
    pub(super) preferred: Option<String>,
    /// Two users whose direct conversation to use instead of `conversation`, unless they already
    /// have one that another source or one of them made.
    pub(super) direct: Option<Vec<String>>,
    /// Under what an earlier release imported the line. A line that is there, with the same
    /// content, is `known`.
    pub(super) earlier: Option<EarlierLine>,
    /// The title of the group if it does not exist yet; truncated to 200 characters.
    pub(super) title: Option<String>,
    /// Identifies the line when it is repeated, if it has no `id`.
    pub(super) key: Option<String>,
    /// The id of the message in the other system. Identifies the line when it is repeated, and is
    /// what `reply_to` and `thread` refer to.
    pub(super) id: Option<String>,
    /// The user who sent the message. Control characters are removed; truncated to 128 characters.
    pub(super) sender: Option<String>,
    /// When the message was sent.
    #[schema(format = DateTime)]
    pub(super) sent_at: Option<String>,
    /// The current text of the message.
    pub(super) text: Option<String>,
    /// One of the sender's own files that is stored: see `POST /v1/files`, with
    /// `Tidings-Act-For`. The text, if there is one, is its caption.
    #[schema(min_length = 36, max_length = 36)]
    pub(super) file: Option<String>,
    /// The `id` of an earlier line of the conversation; an unknown id is dropped
    /// (`reply_dropped`).
    pub(super) reply_to: Option<String>,
    /// The `id` of the first message of the thread that it belongs to; an unknown id is ignored.
    pub(super) thread: Option<String>,
    /// When the message was last edited. `text` is the text after that edit.
    #[schema(format = DateTime)]
    pub(super) edited_at: Option<String>,
    /// The original text of an edited message, if known.
    pub(super) original: Option<String>,
    /// The reactions to the message. Reactions beyond the limit of distinct keys are dropped.
    pub(super) reactions: Option<Vec<ImportReaction>>,
    /// Users who join at this point of the conversation without sending a message. A line with
    /// members has no message.
    pub(super) members: Option<Vec<String>>,
    /// When the `members` joined in the other system, if that is known.
    #[schema(format = DateTime)]
    pub(super) joined_at: Option<String>,
}

/// The conversation and the key of a line in an earlier release, which derived both in another way.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EarlierLine {
    /// The id of the conversation.
    pub(super) conversation: String,
    /// The key of the line. The key of a line with an id is `id:` and the id.
    pub(super) key: String,
}

/// A reaction to an imported message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportReaction {
    /// The reaction: 1 to 32 characters, no control characters, neither `.` nor `..`.
    pub(super) key: String,
    /// The user who reacted, in the same form as `sender`. Users join with their first message or
    /// reaction.
    pub(super) user: String,
}

/// The number of a line whose other fields may be invalid.
#[derive(Deserialize)]
pub(super) struct LineNumber {
    pub(super) line: i64,
}
