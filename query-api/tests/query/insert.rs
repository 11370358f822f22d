//! Writes a [`FixtureLog`] into the read tables, row by row, as the projector would.

use serde_json::json;
use sqlx::PgPool;

use crate::fixture_log::FixtureLog;
use crate::model::{FixtureRoom, time_at};

/// The rows of one table.
struct TableRows<'a> {
    table: &'a str,
    rows: Vec<serde_json::Value>,
}

impl<'a> TableRows<'a> {
    fn new(table: &'a str) -> Self {
        Self {
            table,
            rows: Vec::new(),
        }
    }

    async fn insert(self, pool: &PgPool) {
        // Insert the columns by name, from JSON: a fixture may be slow, but it must be easy to
        // read.
        let Some(first) = self.rows.first().and_then(serde_json::Value::as_object) else {
            return;
        };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let columns = columns.join(", ");
        let table = self.table;
        let statement = format!(
            "INSERT INTO read.{table} ({columns})
             SELECT {columns} FROM jsonb_populate_recordset(NULL::read.{table}, $1)"
        );
        sqlx::query(&statement)
            .bind(serde_json::Value::Array(self.rows))
            .execute(pool)
            .await
            .unwrap();
    }
}

/// Fills the empty read tables.
pub async fn insert_fixture(log: &FixtureLog, pool: &PgPool) {
    let mut users = TableRows::new("users");
    for (index, name) in log.users.iter().enumerate() {
        users.rows.push(json!({"id": index + 1, "name": name}));
    }
    users.insert(pool).await;
    let mut devices = TableRows::new("devices");
    for ((user, device), cursor) in &log.devices {
        devices.rows.push(
            json!({"user_id": user, "device": device, "cursor": cursor, "position": cursor + 1,
            "acked_at": time_at(*cursor)}),
        );
    }
    devices.insert(pool).await;
    let mut blocks = TableRows::new("blocks");
    for (user, blocked) in &log.blocks {
        blocks
            .rows
            .push(json!({"user_id": user, "blocked": blocked}));
    }
    blocks.insert(pool).await;
    for room in &log.rooms {
        insert_room(room, pool).await;
        insert_messages(log, room, pool).await;
        insert_feed(log, room, pool).await;
    }
    set_checkpoint(pool, log.position).await;
    sqlx::query("UPDATE read.checkpoint SET floor = $1")
        .bind(log.floor)
        .execute(pool)
        .await
        .unwrap();
}

/// Sets the position of the read model, and that of the log, which has no events of its own here.
pub async fn set_checkpoint(pool: &PgPool, position: i64) {
    sqlx::query(
        "WITH log AS (UPDATE log.head SET position = greatest(position, $1) RETURNING tag)
         UPDATE read.checkpoint SET position = $1, tag = log.tag FROM log",
    )
    .bind(position)
    .execute(pool)
    .await
    .unwrap();
}

async fn insert_room(room: &FixtureRoom, pool: &PgPool) {
    let mut conversations = TableRows::new("conversations");
    conversations.rows.push(json!({"id": room.id, "name": room.name, "kind": room.kind, "title": room.title,
        "history": room.history, "created_at": time_at(room.created), "member_count": room.member_count(),
        "head_seq": room.head_seq(), "countable": room.countable(), "last_seq": room.last_message().map(|last| last.seq),
        "activity": room.activity(), "unfanned": room.unfanned}));
    conversations.insert(pool).await;
    let (mut members, mut stays) = (TableRows::new("members"), TableRows::new("stays"));
    for (user, member) in &room.members {
        members.rows.push(
            json!({"conversation": room.id, "user_id": user, "present": member.present,
            "role": member.role, "joined_at": time_at(member.joined_position),
            "joined_order": member.joined_order, "joined_seq": member.joined_seq,
            "read_seq": member.read_seq, "read_high": member.read_high, "own_seq": member.own_seq,
            "muted": member.muted, "pinned": member.pinned, "archived": member.archived,
            "cleared_seq": member.cleared_seq}),
        );
        for stay in &member.stays {
            stays.rows.push(
                json!({"conversation": room.id, "user_id": user, "from_position": stay.from,
                "to_position": stay.to, "after_seq": stay.after_seq, "until_seq": stay.until_seq}),
            );
        }
    }
    members.insert(pool).await;
    stays.insert(pool).await;
}

/// The seq of a message without a key, as an older release or an import has left it.
const KEYLESS_SEQ: i64 = 7;

async fn insert_messages(log: &FixtureLog, room: &FixtureRoom, pool: &PgPool) {
    let (mut messages, mut versions) = (TableRows::new("messages"), TableRows::new("versions"));
    let mut reactions = TableRows::new("reactions");
    for message in &room.messages {
        let shown = |body: &String| (!message.recalled).then(|| body.clone());
        let edits = &message.bodies[1..];
        let names: Vec<String> = message
            .mentions
            .iter()
            .map(|user| log.user_name(*user))
            .collect();
        messages.rows.push(json!({"conversation": room.id, "seq": message.seq, "position": message.position,
            "sender": message.sender, "sent_at": time_at(message.position), "ordinal": message.ordinal,
            "reply_to": message.reply_to, "edited_at": edits.last().map(|(position, _)| time_at(*position)),
            "recalled": message.recalled, "fanned": message.fanned, "type": message.kind,
            "body": message.bodies.last().and_then(|(_, body)| shown(body)),
            "original": (!edits.is_empty()).then(|| shown(&message.bodies[0].1)).flatten(),
            "mentions": (!names.is_empty()).then(|| json!(names).to_string()),
            "client_message_id": (message.seq != KEYLESS_SEQ).then(|| format!("key {}", message.position))}));
        for (position, body) in edits {
            versions.rows.push(
                json!({"conversation": room.id, "seq": message.seq, "position": position,
                "at": time_at(*position), "body": shown(body)}),
            );
        }
        for (key, user, position) in &message.reactions {
            let again = |row: &serde_json::Value| {
                row["seq"] == message.seq && row["key"] == *key && row["user_id"] == *user
            };
            if !reactions.rows.iter().any(again) {
                reactions.rows.push(
                    json!({"conversation": room.id, "seq": message.seq, "key": key,
                    "user_id": user, "position": position}),
                );
            }
        }
    }
    messages.insert(pool).await;
    versions.insert(pool).await;
    reactions.insert(pool).await;
}

async fn insert_feed(log: &FixtureLog, room: &FixtureRoom, pool: &PgPool) {
    let (mut timeline, mut inbox) = (TableRows::new("timeline"), TableRows::new("inbox"));
    let mut push_inbox_rows = |position: i64, seq: Option<i64>, only: Option<i64>| {
        for (user, member) in &room.members {
            let is_recipient = only.is_none_or(|only| only == *user);
            if is_recipient && member.stays.iter().any(|stay| stay.covers(position)) {
                inbox.rows.push(
                    json!({"user_id": user, "position": position, "conversation": room.id,
                    "seq": seq}),
                );
            }
        }
    };
    for message in room
        .messages
        .iter()
        .filter(|message| message.position > log.floor && message.fanned)
    {
        push_inbox_rows(message.position, Some(message.seq), None);
    }
    for event in room
        .events
        .iter()
        .filter(|event| event.position > log.floor)
    {
        timeline.rows.push(
            json!({"conversation": room.id, "position": event.position, "at": time_at(event.position),
            "fanned": event.fanned, "subject": event.subject, "seq": event.seq, "type": event.kind,
            "data": event.data}),
        );
        if event.fanned {
            push_inbox_rows(event.position, None, event.only);
        }
    }
    timeline.insert(pool).await;
    inbox.insert(pool).await;
}
