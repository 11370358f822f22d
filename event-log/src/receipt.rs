//! Receipts: what makes a command that is sent twice happen once. A command with a client's key
//! leaves its first answer under that key, in the append's own transaction.

use std::collections::HashMap;

use domain::digest;
use domain::ids::{ClientKey, ConversationId, UserId};
use sqlx::PgPool;
use sqlx::types::Uuid;

use crate::Failed;

/// The fingerprint of a client's key, with whose key it is and what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(u128);

impl Key {
    /// A send's `client_message_id`: per sender, over all conversations.
    pub fn send(sender: &UserId, key: &ClientKey) -> Self {
        Self(digest::of(&[
            b"send",
            sender.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ]))
    }

    /// Any other command's `Idempotency-Key`: per caller.
    pub fn command(caller: &UserId, key: &ClientKey) -> Self {
        Self(digest::of(&[
            b"command",
            caller.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ]))
    }

    /// A line of an import: per conversation.
    pub fn import(conversation: &ConversationId, line: &str) -> Self {
        Self(digest::of(&[
            b"import",
            conversation.as_str().as_bytes(),
            line.as_bytes(),
        ]))
    }

    pub(crate) fn to_uuid(self) -> Uuid {
        Uuid::from_u128(self.0)
    }
}

/// A receipt as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Of what was asked.
    pub fingerprint: u128,
    /// The position that was answered.
    pub position: i64,
    /// The rest of the answer.
    pub answer: Vec<u8>,
}

/// A receipt to be written with an append.
#[derive(Debug, Clone)]
pub struct NewReceipt {
    /// Under which key.
    pub key: Key,
    /// Of what was asked.
    pub fingerprint: u128,
    /// The index of the event whose position is the answer's; `None` for the last one, or the head
    /// if nothing is appended.
    pub event: Option<usize>,
    /// The rest of the answer.
    pub answer: Vec<u8>,
}

/// The receipts that exist under these keys.
pub(crate) async fn find(pool: &PgPool, keys: &[Key]) -> Result<HashMap<Key, Receipt>, Failed> {
    let keys: Vec<Uuid> = keys.iter().map(|key| key.to_uuid()).collect();
    let rows: Vec<(Uuid, Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT key, fingerprint, position, answer FROM log.receipts WHERE key = ANY($1)",
    )
    .bind(keys)
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(key, fingerprint, position, answer)| {
            let fingerprint = fingerprint.as_u128();
            (
                Key(key.as_u128()),
                Receipt {
                    fingerprint,
                    position,
                    answer,
                },
            )
        })
        .collect())
}
