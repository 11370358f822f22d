//! Rules for threads: the replies to one message, its root, which have their own place in a client.
//!
//! A reply is a message like any other, with its own seq. There is one level: a reply cannot be a
//! root. A recalled or erased root keeps its thread, and members can go on replying to it: the
//! thread belongs to everybody who wrote in it.

use super::Conversation;
use super::command::ThreadLookup;
use crate::ids::UserId;
use crate::refusal::Refusal;

impl Conversation {
    /// Returns the seq of the root, if this user can see it and it is not itself a reply.
    pub(super) fn require_root(
        &self,
        user: &UserId,
        thread: &ThreadLookup,
    ) -> Result<i64, Refusal> {
        let root = self
            .require_visible_message(user, thread.root, thread.message.as_ref())
            .map_err(|_| {
                Refusal::invalid(
                    "thread",
                    "The message does not exist or is not visible to you.",
                )
            })?;
        match root.thread {
            None => Ok(thread.root),
            Some(root) => Err(not_a_root(root)),
        }
    }
}

/// The refusal of a reply where a root is expected.
pub fn not_a_root(root: i64) -> Refusal {
    Refusal::invalid(
        "thread",
        format!("The message belongs to a thread itself. Name the root of that thread: {root}."),
    )
}
