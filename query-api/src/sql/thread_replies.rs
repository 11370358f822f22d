//! The replies in the thread of a message: how many there are, the last one, and who wrote them.
//!
//! They are read from the messages, as unread counts are, so they cannot drift: a recall, a
//! restore, an erasure and the visibility rule take effect by themselves. The index
//! `messages_by_thread` has every column that this needs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::QueryError;

/// The replies to a message `g` as JSON; null if it has none that the caller can see, or if
/// `$caller`, the id of the caller, is null.
///
/// A message that is no root costs one index probe. Recalled replies are not counted; a root that
/// has only recalled replies has a count of 0. The users are those who replied last.
macro_rules! replies_column {
    ($caller:expr) => {
        concat!(
            "CASE WHEN g.thread IS NULL AND ",
            $caller,
            " IS NOT NULL AND EXISTS (
                 SELECT FROM read.messages r WHERE r.conversation = g.conversation AND r.thread = g.seq)
             THEN (WITH writers AS (
                       SELECT r.sender, count(*) FILTER (WHERE NOT r.recalled) AS count,
                              max(r.seq) FILTER (WHERE NOT r.recalled) AS last_seq
                       FROM read.members rm
                       JOIN read.conversations rc ON rc.id = rm.conversation
                       CROSS JOIN LATERAL ",
            read_model::visible_windows!("rm", "rc"),
            " w
                       JOIN read.messages r ON r.conversation = g.conversation AND r.thread = g.seq
                            AND r.seq > w.after_seq AND r.seq <= w.until_seq AND r.type <> 'control'
                       WHERE rm.conversation = g.conversation AND rm.user_id = ",
            $caller,
            " AND rm.present
                       GROUP BY r.sender
                   ), newest AS (
                       SELECT x.sender, x.last_seq FROM writers x WHERE x.last_seq IS NOT NULL
                       ORDER BY x.last_seq DESC LIMIT 5
                   )
                   SELECT json_build_object(
                              'count', sum(x.count), 'last_seq', max(x.last_seq),
                              'users', coalesce((SELECT json_agg(who.name ORDER BY y.last_seq DESC)
                                                 FROM newest y JOIN read.users who ON who.id = y.sender),
                                                '[]'::json))::text
                   FROM writers x HAVING count(*) > 0)
             END AS replies"
        )
    };
}

pub(crate) use replies_column;

/// The replies in the thread of a message.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ThreadReplies {
    /// The number of replies that the caller can see. Recalled ones are not counted.
    pub count: i64,
    /// The seq of the last of them; null if all are recalled.
    #[schema(required = true)]
    pub last_seq: Option<i64>,
    /// The users who replied last, up to five, the last one first.
    pub users: Vec<String>,
}

impl ThreadReplies {
    /// Parses the column of `replies_column!`.
    pub fn parse(json: Option<&str>) -> Result<Option<Self>, QueryError> {
        json.map(serde_json::from_str)
            .transpose()
            .map_err(|error| QueryError::Corrupt {
                value: "replies",
                reason: error.to_string(),
            })
    }
}
