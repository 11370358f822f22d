//! Receipts: idempotency for commands. A command with a client's key stores its response under that
//! key, in the transaction of the append. A repeated command gets the stored response.

use std::collections::HashMap;

use domain::digest;
use domain::held_id::HeldId;
use domain::ids::{ClientKey, ConversationId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::error::LogError;

/// The key of a receipt: the digest of a client's key, its kind and its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceiptKey(u128);

impl ReceiptKey {
    /// The key for the `client_message_id` of a send. Per sender, across all conversations.
    pub fn for_send(sender: &UserId, key: &ClientKey) -> Self {
        Self(digest::fingerprint(&[
            b"send",
            sender.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ]))
    }

    /// The key for the `Idempotency-Key` of any other command. Per caller.
    pub fn for_command(caller: &UserId, key: &ClientKey) -> Self {
        Self(digest::fingerprint(&[
            b"command",
            caller.as_str().as_bytes(),
            key.as_str().as_bytes(),
        ]))
    }

    /// The key for sending a scheduled message. Nothing that a client sends can have this key.
    pub fn for_scheduled(owner: &UserId, number: i64) -> Self {
        Self(digest::fingerprint(&[
            b"scheduled",
            owner.as_str().as_bytes(),
            &number.to_be_bytes(),
        ]))
    }

    /// The key for the decision on a held message. Nothing that a client sends can have this key.
    pub fn for_held(sender: &UserId, id: HeldId) -> Self {
        Self(digest::fingerprint(&[
            b"held",
            sender.as_str().as_bytes(),
            &id.number().to_be_bytes(),
        ]))
    }

    /// The key of the receipt that a source made a conversation. Nothing that a client sends can
    /// have this key.
    pub fn for_import_source(conversation: &ConversationId, source: &str) -> Self {
        Self(digest::fingerprint(&[
            b"import-source",
            conversation.as_str().as_bytes(),
            source.as_bytes(),
        ]))
    }

    /// The key for a line of an import. Per conversation.
    pub fn for_import(conversation: &ConversationId, line: &str) -> Self {
        Self(digest::fingerprint(&[
            b"import",
            conversation.as_str().as_bytes(),
            line.as_bytes(),
        ]))
    }

    pub(crate) fn to_uuid(self) -> Uuid {
        Uuid::from_u128(self.0)
    }
}

/// A receipt as stored in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The fingerprint of the request.
    pub fingerprint: u128,
    /// The position in the response.
    pub position: i64,
    /// The rest of the response.
    pub answer: Vec<u8>,
}

/// A receipt to store with an append.
#[derive(Debug, Clone)]
pub struct NewReceipt {
    /// The key of the receipt.
    pub key: ReceiptKey,
    /// The fingerprint of the request.
    pub fingerprint: u128,
    /// The index of the event whose position goes into the response. `None` for the last event, or
    /// for the head if there are no events.
    pub event_index: Option<usize>,
    /// The rest of the response.
    pub answer: Vec<u8>,
}

/// Finds the receipts of those keys that have been used.
pub(crate) async fn find(
    pool: &PgPool,
    keys: &[ReceiptKey],
) -> Result<HashMap<ReceiptKey, Receipt>, LogError> {
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
                ReceiptKey(key.as_u128()),
                Receipt {
                    fingerprint,
                    position,
                    answer,
                },
            )
        })
        .collect())
}
