//! Who has a message, on which devices, and who has read it.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use domain::time::Timestamp;
use event_log::reader::LogReader;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

/// The maximum number of members that are listed.
const MAX_RECIPIENTS: i64 = 1_000;

/// A member at the time of a message, other than its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageRecipient {
    /// The user.
    pub user: String,
    /// Whether the user is still a member.
    pub is_member: bool,
    /// The user's devices.
    pub devices: Vec<DeviceReceipt>,
    /// The position of the first acknowledgement that covers the message, from any device.
    #[schema(required = true)]
    pub acknowledged_by: Option<i64>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub acknowledged_at: Option<Timestamp>,
    /// Whether the user has read the message.
    pub is_read: bool,
    /// The position of the event that read it: a read mark, or a later message of the user.
    #[schema(required = true)]
    pub read_by: Option<i64>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub read_at: Option<Timestamp>,
}

/// A device, and what it has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceReceipt {
    /// The device.
    pub device: String,
    /// The position up to which it has acknowledged everything.
    pub cursor: i64,
    /// When it acknowledged that, its newest acknowledgement.
    #[schema(value_type = String, format = DateTime)]
    pub acked_at: Timestamp,
    /// Whether that covers the message.
    pub has_message: bool,
}

/// The recipients of a message, and how many there are.
#[derive(Debug, Default)]
pub(super) struct RecipientList {
    pub recipients: Vec<MessageRecipient>,
    pub recipient_count: i64,
    pub delivered_count: i64,
    pub read_count: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    user_name: Option<String>,
    present: Option<bool>,
    is_read: Option<bool>,
    devices: Option<String>,
    acknowledged_by: Option<i64>,
    read_by: Option<i64>,
    recipient_count: i64,
    delivered_count: i64,
    read_count: i64,
}

/// Binds the conversation, the seq and the number of members to list. The recipients are those of
/// receipts, and users who have left since.
const RECIPIENTS: &str = "
    WITH message AS (
        SELECT g.conversation, g.seq, g.position, g.sender
        FROM read.conversations c JOIN read.messages g ON g.conversation = c.id AND g.seq = $2
        WHERE c.name = $1
    ), covered AS MATERIALIZED (
        SELECT m.user_id, m.joined_order, m.present, m.read_high >= g.seq AS is_read,
               m.read_high >= g.seq OR EXISTS (
                   SELECT FROM read.devices d
                   WHERE d.user_id = m.user_id AND d.position > g.position
                     AND d.cursor >= g.position) AS is_delivered
        FROM message g JOIN read.members m
          ON m.conversation = g.conversation AND m.user_id <> g.sender
        WHERE EXISTS (SELECT FROM read.stays s
                      WHERE s.conversation = m.conversation AND s.user_id = m.user_id
                        AND s.from_position <= g.position
                        AND (s.to_position IS NULL OR g.position <= s.to_position))
    ), listed AS (
        SELECT c.* FROM covered c ORDER BY c.joined_order, c.user_id LIMIT $3
    )
    SELECT u.name AS user_name, l.present, l.is_read,
           (SELECT json_agg(json_build_object(
                'device', d.device, 'cursor', d.cursor,
                'acked_at', to_char(d.acked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),
                'has_message', d.position > g.position AND d.cursor >= g.position)
                ORDER BY d.device)::text
            FROM read.devices d WHERE d.user_id = l.user_id) AS devices,
           (SELECT a.position FROM read.ack_history a
            WHERE a.user_id = l.user_id AND a.position > g.position AND a.cursor >= g.position
            ORDER BY a.position LIMIT 1) AS acknowledged_by,
           least((SELECT h.position FROM read.member_history h
                  WHERE h.conversation = g.conversation AND h.user_id = l.user_id
                    AND h.position > g.position AND h.read_high >= g.seq
                  ORDER BY h.position LIMIT 1),
                 (SELECT o.position FROM read.messages o
                  WHERE o.sender = l.user_id AND o.conversation = g.conversation
                    AND o.position > g.position
                  ORDER BY o.position LIMIT 1)) AS read_by,
           n.*
    FROM (SELECT count(*) AS recipient_count,
                 count(*) FILTER (WHERE is_delivered) AS delivered_count,
                 count(*) FILTER (WHERE is_read) AS read_count FROM covered) n
    LEFT JOIN (listed l JOIN read.users u ON u.id = l.user_id CROSS JOIN message g) ON true
    ORDER BY l.joined_order, l.user_id";

/// Loads the recipients of a message. Empty if the read model does not have the message.
pub(super) async fn load(
    pool: &PgPool,
    reader: &LogReader,
    conversation: &str,
    seq: i64,
) -> Result<RecipientList> {
    let rows: Vec<Row> = sqlx::query_as(RECIPIENTS)
        .bind(conversation)
        .bind(seq)
        .bind(MAX_RECIPIENTS)
        .fetch_all(pool)
        .await?;
    let positions: Vec<i64> = rows
        .iter()
        .flat_map(|row| [row.acknowledged_by, row.read_by])
        .flatten()
        .collect();
    let times = reader.event_times(&positions).await?;
    let mut list = RecipientList::default();
    for row in rows {
        list.recipient_count = row.recipient_count;
        list.delivered_count = row.delivered_count;
        list.read_count = row.read_count;
        list.recipients.extend(to_recipient(row, &times)?);
    }
    Ok(list)
}

/// A row without a user only has the counts.
fn to_recipient(row: Row, times: &HashMap<i64, Timestamp>) -> Result<Option<MessageRecipient>> {
    let Some(user) = row.user_name else {
        return Ok(None);
    };
    let time_of = |position: Option<i64>| times.get(&position?).copied();
    let is_read = row.is_read.unwrap_or(false);
    let devices = row.devices.as_deref().unwrap_or("[]");
    Ok(Some(MessageRecipient {
        user,
        is_member: row.present.unwrap_or(false),
        devices: serde_json::from_str(devices).context("a device cannot be read")?,
        acknowledged_by: row.acknowledged_by,
        acknowledged_at: time_of(row.acknowledged_by),
        is_read,
        read_by: row.read_by.filter(|_| is_read),
        read_at: time_of(row.read_by).filter(|_| is_read),
    }))
}
