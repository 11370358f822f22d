//! Who was told of what, as only the database knows: it looks up who was there.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{acks, entries};

/// What a batch's statement answers.
#[derive(Debug, Default)]
pub(crate) struct Recipients {
    /// Of acks.
    pub receipts: Vec<Receipt>,
    /// Of entries for everybody who was there; `None` if it was not asked for.
    pub fanned: Option<Vec<Recipient>>,
}

/// Somebody who was told that something has arrived.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub recipient: Recipient,
    /// The name of the conversation.
    pub conversation: String,
}

/// Somebody who was told of an entry.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub user: i64,
    pub position: i64,
    pub conversation: i64,
}

/// Selects who was told, of the parts of a statement.
pub(super) fn select(parts: &[&str], is_fanned_wanted: bool) -> String {
    let receipts = if parts.contains(&acks::TELL) {
        "(SELECT array_agg(sender), array_agg(position), array_agg(conversation), array_agg(name) FROM told)"
    } else {
        "(SELECT NULL::bigint[], NULL::bigint[], NULL::bigint[], NULL::text[])"
    };
    let fanned = if is_fanned_wanted && parts.contains(&entries::FAN_OUT) {
        "(SELECT array_agg(user_id), array_agg(position), array_agg(conversation) FROM fanned_out)"
    } else {
        "(SELECT NULL::bigint[], NULL::bigint[], NULL::bigint[])"
    };
    format!(
        "\nSELECT a.*, f.* FROM moved CROSS JOIN {receipts} AS a(user_id, position, conversation, name) \
         CROSS JOIN {fanned} AS f(user_id, position, conversation)"
    )
}

impl Recipients {
    pub(super) fn from_row(row: &PgRow, is_fanned_wanted: bool) -> Result<Self, sqlx::Error> {
        let names: Vec<String> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
        let receipts = recipients(row, 0)?.zip(names);
        let receipts = receipts.map(|(recipient, conversation)| Receipt {
            recipient,
            conversation,
        });
        Ok(Self {
            receipts: receipts.collect(),
            fanned: if is_fanned_wanted {
                Some(recipients(row, 4)?.collect())
            } else {
                None
            },
        })
    }

    /// Who was told of acks.
    pub fn of_receipts(&self) -> impl Iterator<Item = i64> {
        self.receipts.iter().map(|it| it.recipient.user)
    }
}

/// From three columns.
fn recipients(
    row: &PgRow,
    first: usize,
) -> Result<impl Iterator<Item = Recipient> + use<>, sqlx::Error> {
    let column = |nth| -> Result<Vec<i64>, sqlx::Error> {
        let column: Option<_> = row.try_get(first + nth)?;
        Ok(column.unwrap_or_default())
    };
    let (users, positions, conversations) = (column(0)?, column(1)?, column(2)?);
    let rows = users.into_iter().zip(positions).zip(conversations);
    Ok(rows.map(|((user, position), conversation)| Recipient {
        user,
        position,
        conversation,
    }))
}
