//! What an erasure would erase, counted before it is requested.

use std::fmt;

use serde_json::{Value, json};
use sqlx::PgPool;

use super::scope;

/// The number of messages that are read at a time.
const PAGE_SIZE: i64 = 1_000;

/// What an operator asks to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureTarget {
    /// One message: the conversation and the seq.
    Message(String, i64),
    /// A whole conversation.
    Conversation(String),
    /// Everything that a user has sent.
    User(String),
}

/// How much still has content and would be erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasurePreview {
    /// The number of messages.
    pub messages: u64,
    /// The number of conversations that they are in.
    pub conversations: u64,
}

impl ErasureTarget {
    /// The body of the request to `/v1/admin/erasures`.
    pub fn to_request(&self) -> Value {
        match self {
            Self::Message(id, seq) => json!({ "conversation_id": id, "seq": seq }),
            Self::Conversation(id) => json!({ "conversation_id": id }),
            Self::User(user) => json!({ "user": user }),
        }
    }

    /// Whether the log has it, erased or not: the message, events of the conversation, or events of
    /// the user's mailbox. A user without any may still be named by other events.
    pub async fn exists(&self, pool: &PgPool) -> Result<bool, sqlx::Error> {
        let query = match self {
            Self::Message(id, seq) => sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM log.events e JOIN log.streams s ON s.id = e.stream
                 WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $1
                 AND e.message = $2 AND e.event_type = 'message_sent' AND e.sequence >= $2)",
            )
            .bind(id)
            .bind(seq),
            Self::Conversation(id) => sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM log.events e JOIN log.streams s ON s.id = e.stream
                 WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $1)",
            )
            .bind(id),
            Self::User(user) => sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM log.events e JOIN log.streams s ON s.id = e.stream
                 WHERE s.aggregate_type = 'mailbox' AND s.aggregate_id = $1)",
            )
            .bind(user),
        };
        query.fetch_one(pool).await
    }

    /// Counts what the erasure would erase now. Reads the log.
    pub async fn preview(&self, pool: &PgPool) -> Result<ErasurePreview, sqlx::Error> {
        let mut preview = ErasurePreview::default();
        match self {
            Self::Message(id, seq) => {
                let (seqs, _) = scope::find_messages(pool, id, None, seq - 1, 1).await?;
                preview.add(u64::from(seqs.contains(seq)));
            }
            Self::Conversation(id) => preview.add(count_messages(pool, id, None).await?),
            Self::User(user) => {
                for id in scope::find_conversations_of(pool, user).await? {
                    preview.add(count_messages(pool, &id, Some(user)).await?);
                }
            }
        }
        Ok(preview)
    }
}

impl ErasurePreview {
    /// Adds the messages of one conversation.
    fn add(&mut self, messages: u64) {
        self.messages += messages;
        self.conversations += u64::from(messages > 0);
    }
}

async fn count_messages(
    pool: &PgPool,
    conversation: &str,
    sender: Option<&str>,
) -> Result<u64, sqlx::Error> {
    let (mut count, mut after) = (0, 0);
    loop {
        let page = scope::find_messages(pool, conversation, sender, after, PAGE_SIZE);
        let (seqs, more) = page.await?;
        count += seqs.len() as u64;
        match more {
            Some(seq) => after = seq,
            None => return Ok(count),
        }
    }
}

impl fmt::Display for ErasurePreview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let (messages, conversations) = (self.messages, self.conversations);
        write!(
            f,
            "the content of {messages} message{} in {conversations} conversation{}",
            plural(messages),
            plural(conversations)
        )
    }
}

impl fmt::Display for ErasureTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id, seq) => write!(f, "message {seq} of {id}"),
            Self::Conversation(id) => write!(f, "the conversation {id} with its titles"),
            Self::User(user) => write!(f, "the user {user}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_counts_messages_and_the_conversations_that_have_some() {
        let mut preview = ErasurePreview::default();
        for messages in [1, 0] {
            preview.add(messages);
        }
        assert_eq!(
            preview.to_string(),
            "the content of 1 message in 1 conversation"
        );
        preview.add(32);
        assert_eq!(
            preview.to_string(),
            "the content of 33 messages in 2 conversations"
        );
    }
}
