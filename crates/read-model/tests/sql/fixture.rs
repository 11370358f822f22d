//! A database with one or more conversations, and queries that consist of one rule each.

use read_model::{can_see, unread_count, unread_mention_count, visible_windows};
use test_database::TestDatabase;

/// The users of every fixture: ann, bob and cid.
pub const ANN: i64 = 1;
pub const BOB: i64 = 2;
pub const CID: i64 = 3;

/// The conversation of the tests that need only one.
pub const ROOM: i64 = 1;

/// A message to insert. Its seq is the next one of its conversation.
#[derive(Clone, Copy)]
pub struct NewMessage<'a> {
    pub sender: i64,
    pub kind: &'a str,
    pub recalled: bool,
    /// A JSON array of user names.
    pub mentions: Option<&'a str>,
}

/// A text message without mentions.
pub fn text_from(sender: i64) -> NewMessage<'static> {
    NewMessage {
        sender,
        kind: "text",
        recalled: false,
        mentions: None,
    }
}

pub struct ReadTables {
    database: TestDatabase,
}

impl ReadTables {
    /// Read tables that contain the three users.
    pub async fn new() -> Self {
        let database = TestDatabase::migrated("read_model").await;
        let tables = Self { database };
        tables
            .execute("INSERT INTO read.users (id, name) VALUES (1, 'ann'), (2, 'bob'), (3, 'cid')")
            .await;
        tables
    }

    /// Read tables that contain [`ROOM`] as well.
    pub async fn with_room(history: &str) -> Self {
        let tables = Self::new().await;
        tables.add_conversation(ROOM, history).await;
        tables
    }

    pub async fn close(self) {
        self.database.close().await;
    }

    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(&self.database.pool)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub async fn add_conversation(&self, id: i64, history: &str) {
        self.execute(&format!(
            "INSERT INTO read.conversations
                 (id, name, kind, history, created_at, member_count, head_seq, countable, activity,
                  unfanned)
             VALUES ({id}, 'c{id}', 'group', '{history}', 'epoch', 3, 0, 0, 0, 0)"
        ))
        .await;
    }

    /// Adds a member who has read up to `read_seq`.
    pub async fn add_member(&self, conversation: i64, user: i64, read_seq: i64) {
        self.execute(&format!(
            "INSERT INTO read.members
                 (conversation, user_id, present, role, joined_at, joined_order, joined_seq,
                  read_seq, read_high, own_seq, muted, pinned, archived)
             VALUES ({conversation}, {user}, true, 'member', 'epoch', {user}, 0,
                     {read_seq}, {read_seq}, 0, false, false, false)"
        ))
        .await;
    }

    /// Adds a membership period that covers the messages `after < seq <= until`.
    pub async fn add_stay(&self, conversation: i64, user: i64, after: i64, until: Option<i64>) {
        let until = until.map_or("NULL".to_owned(), |seq| seq.to_string());
        self.execute(&format!(
            "INSERT INTO read.stays
                 (conversation, user_id, from_position, to_position, after_seq, until_seq)
             VALUES ({conversation}, {user}, {after}, {until}, {after}, {until})"
        ))
        .await;
    }

    /// Appends a message and updates the counters that the projector maintains, except the read
    /// mark of the sender, which a user can move back.
    pub async fn add_message(&self, conversation: i64, message: NewMessage<'_>) {
        let NewMessage {
            sender,
            kind,
            recalled,
            ..
        } = message;
        let mentions = message
            .mentions
            .map_or("NULL".to_owned(), |names| format!("'{names}'"));
        let counted = i32::from(kind != "control");
        self.execute(&format!(
            "UPDATE read.conversations SET head_seq = head_seq + 1, countable = countable + {counted}
             WHERE id = {conversation};
             INSERT INTO read.messages
                 (conversation, seq, position, sender, sent_at, ordinal, recalled, fanned, type,
                  mentions)
             SELECT id, head_seq, 1000 * id + head_seq, {sender}, 'epoch', countable, {recalled},
                    true, '{kind}', {mentions}
             FROM read.conversations WHERE id = {conversation};
             UPDATE read.members m SET own_seq = c.head_seq FROM read.conversations c
             WHERE c.id = {conversation} AND m.conversation = c.id AND m.user_id = {sender}"
        ))
        .await;
    }

    /// Appends `count` text messages of one sender.
    pub async fn add_texts(&self, conversation: i64, sender: i64, count: usize) {
        for _ in 0..count {
            self.add_message(conversation, text_from(sender)).await;
        }
    }

    /// Hides the messages up to `seq` from one user.
    pub async fn clear(&self, conversation: i64, user: i64, seq: i64) {
        self.execute(&format!(
            "UPDATE read.members SET cleared_seq = {seq}
             WHERE conversation = {conversation} AND user_id = {user}"
        ))
        .await;
    }

    pub async fn set_read_mark(&self, conversation: i64, user: i64, seq: i64) {
        self.execute(&format!(
            "UPDATE read.members SET read_seq = {seq}
             WHERE conversation = {conversation} AND user_id = {user}"
        ))
        .await;
    }

    /// [`visible_windows!`], ordered.
    pub async fn windows(&self, conversation: i64, user: i64) -> Vec<(i64, i64)> {
        sqlx::query_as(concat!(
            "SELECT w.after_seq, w.until_seq
             FROM read.members m JOIN read.conversations c ON c.id = m.conversation
             CROSS JOIN LATERAL ",
            visible_windows!("m", "c"),
            " w WHERE m.conversation = $1 AND m.user_id = $2 ORDER BY 1"
        ))
        .bind(conversation)
        .bind(user)
        .fetch_all(&self.database.pool)
        .await
        .unwrap()
    }

    /// The seqs from 0 to 50 for which [`can_see!`] holds, whether there is such a message or not.
    pub async fn visible(&self, conversation: i64, user: i64) -> Vec<i64> {
        sqlx::query_scalar(concat!(
            "SELECT n.seq FROM generate_series(0::bigint, 50) n (seq)
             CROSS JOIN read.members m JOIN read.conversations c ON c.id = m.conversation
             WHERE m.conversation = $1 AND m.user_id = $2 AND ",
            can_see!("m", "c", "n.seq"),
            " ORDER BY 1"
        ))
        .bind(conversation)
        .bind(user)
        .fetch_all(&self.database.pool)
        .await
        .unwrap()
    }

    /// [`unread_count!`].
    pub async fn unread(&self, conversation: i64, user: i64) -> i64 {
        let sql = concat!(
            "SELECT ",
            unread_count!("m", "c"),
            " FROM read.members m JOIN read.conversations c ON c.id = m.conversation
             WHERE m.conversation = $1 AND m.user_id = $2"
        );
        self.count(sql, conversation, user).await
    }

    /// [`unread_mention_count!`].
    pub async fn unread_mentions(&self, conversation: i64, user: i64) -> i64 {
        let sql = concat!(
            "SELECT ",
            unread_mention_count!("m", "c", "u.name"),
            " FROM read.members m JOIN read.conversations c ON c.id = m.conversation
             JOIN read.users u ON u.id = m.user_id
             WHERE m.conversation = $1 AND m.user_id = $2"
        );
        self.count(sql, conversation, user).await
    }

    /// A number that depends on a conversation and a user.
    pub async fn count(&self, sql: &str, conversation: i64, user: i64) -> i64 {
        sqlx::query_scalar(sql)
            .bind(conversation)
            .bind(user)
            .fetch_one(&self.database.pool)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}
