//! The recipients of a batch's entries. Only the database knows them: it looks up who was a member
//! at each position.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{acks, entries};

/// The recipients that a batch's statement returns.
#[derive(Debug, Default)]
pub(crate) struct BatchRecipients {
    /// The recipients of delivery receipts.
    pub receipts: Vec<DeliveryReceipt>,
    /// The recipients of fanned-out entries; `None` if they were not requested.
    pub fan_out: Option<Vec<EntryRecipient>>,
}

/// A sender who was notified that messages have been delivered.
#[derive(Debug)]
pub(crate) struct DeliveryReceipt {
    pub recipient: EntryRecipient,
    /// The public id of the conversation.
    pub conversation: String,
}

/// A user who got an entry.
#[derive(Debug)]
pub(crate) struct EntryRecipient {
    pub user: i64,
    pub position: i64,
    pub conversation: i64,
}

/// Builds the final `SELECT` of a statement with these parts: it returns the recipients.
pub(super) fn build_select(parts: &[&str], is_fan_out_requested: bool) -> String {
    let receipts = if parts.contains(&acks::INSERT_RECEIPTS) {
        "(SELECT array_agg(sender), array_agg(position), array_agg(conversation), array_agg(name) FROM ack_recipients)"
    } else {
        "(SELECT NULL::bigint[], NULL::bigint[], NULL::bigint[], NULL::text[])"
    };
    let fanned = if is_fan_out_requested && parts.contains(&entries::FAN_OUT) {
        "(SELECT array_agg(user_id), array_agg(position), array_agg(conversation) FROM fanned_out)"
    } else {
        "(SELECT NULL::bigint[], NULL::bigint[], NULL::bigint[])"
    };
    format!(
        "\nSELECT a.*, f.* FROM moved CROSS JOIN {receipts} AS a(user_id, position, conversation, name) \
         CROSS JOIN {fanned} AS f(user_id, position, conversation)"
    )
}

impl BatchRecipients {
    pub(super) fn from_row(row: &PgRow, is_fan_out_requested: bool) -> Result<Self, sqlx::Error> {
        let names: Vec<String> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
        let receipts = read_recipients(row, 0)?.zip(names);
        let receipts = receipts.map(|(recipient, conversation)| DeliveryReceipt {
            recipient,
            conversation,
        });
        Ok(Self {
            receipts: receipts.collect(),
            fan_out: if is_fan_out_requested {
                Some(read_recipients(row, 4)?.collect())
            } else {
                None
            },
        })
    }

    /// The users who got delivery receipts.
    pub fn receipt_users(&self) -> impl Iterator<Item = i64> {
        self.receipts.iter().map(|receipt| receipt.recipient.user)
    }
}

/// Reads recipients from three array columns, starting at `first`.
fn read_recipients(
    row: &PgRow,
    first: usize,
) -> Result<impl Iterator<Item = EntryRecipient> + use<>, sqlx::Error> {
    let column = |nth| -> Result<Vec<i64>, sqlx::Error> {
        let column: Option<_> = row.try_get(first + nth)?;
        Ok(column.unwrap_or_default())
    };
    let (users, positions, conversations) = (column(0)?, column(1)?, column(2)?);
    let rows = users.into_iter().zip(positions).zip(conversations);
    Ok(rows.map(|((user, position), conversation)| EntryRecipient {
        user,
        position,
        conversation,
    }))
}
