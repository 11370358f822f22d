//! The first answers to commands about webhooks that named an `Idempotency-Key`: such a command is
//! executed once. Webhooks are not in the log, so the receipts of the log cannot hold these.

use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;

/// What is known of a key when a command names it.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyReceipt {
    /// The command is the first with this key.
    New,
    /// The same command was executed: its answer.
    Repeated(Value),
    /// Another command was executed with this key.
    Taken,
}

/// Claims a key of a user for a command with this fingerprint, within its transaction. Waits while
/// another transaction executes a command with the same key.
pub async fn claim(
    transaction: &mut PgConnection,
    user: &str,
    key: &str,
    fingerprint: u128,
) -> Result<KeyReceipt, sqlx::Error> {
    let fingerprint = fingerprint.to_be_bytes();
    let inserted = sqlx::query(
        "INSERT INTO hooks.receipts (user_name, key, fingerprint) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(user)
    .bind(key)
    .bind(fingerprint.as_slice())
    .execute(&mut *transaction)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(KeyReceipt::New);
    }
    let (stored, answer): (Vec<u8>, Json<Value>) = sqlx::query_as(
        "SELECT fingerprint, answer FROM hooks.receipts WHERE user_name = $1 AND key = $2",
    )
    .bind(user)
    .bind(key)
    .fetch_one(transaction)
    .await?;
    Ok(if stored == fingerprint {
        KeyReceipt::Repeated(answer.0)
    } else {
        KeyReceipt::Taken
    })
}

/// Stores the answer to the command that has claimed a key in this transaction.
pub async fn store(
    transaction: &mut PgConnection,
    user: &str,
    key: &str,
    answer: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE hooks.receipts SET answer = $3 WHERE user_name = $1 AND key = $2")
        .bind(user)
        .bind(key)
        .bind(Json(answer))
        .execute(transaction)
        .await?;
    Ok(())
}
