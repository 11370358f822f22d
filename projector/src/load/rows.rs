//! Converts rows from Postgres to the form in which the row cache holds them.

use domain::ids::{ConversationId, Title};
use sqlx::types::time::OffsetDateTime;

use crate::error::ProjectionError;
use crate::row_cache::{ConversationState, MemberKey, MemberState};
use crate::sql_names;

/// A row of `conversations`.
#[derive(sqlx::FromRow)]
pub(super) struct ConversationRow {
    id: i64,
    name: String,
    kind: String,
    title: Option<String>,
    history: String,
    created_at: OffsetDateTime,
    member_count: i64,
    head_seq: i64,
    countable: i64,
    last_seq: Option<i64>,
    activity: i64,
    unfanned: i64,
    head_position: i64,
    joins: i64,
    sequence: i64,
}

impl ConversationRow {
    pub fn read(self) -> Result<(ConversationId, ConversationState), ProjectionError> {
        let name =
            ConversationId::parse(&self.name).map_err(|e| corrupted_row("conversations", &e))?;
        let title = self.title.as_deref().map(Title::parse).transpose();
        let conversation = ConversationState {
            id: self.id,
            kind: sql_names::parse_kind(&self.kind)?,
            title: title.map_err(|e| corrupted_row("conversations", &e))?,
            history: sql_names::parse_history(&self.history)?,
            created_at: self.created_at.into(),
            member_count: self.member_count,
            head_seq: self.head_seq,
            countable: self.countable,
            last_seq: self.last_seq,
            activity: self.activity,
            unfanned: self.unfanned,
            head_position: self.head_position,
            joins: self.joins,
            sequence: self.sequence,
        };
        Ok((name, conversation))
    }
}

/// A row of `members`.
#[derive(sqlx::FromRow)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct MemberRow {
    conversation: i64,
    user_id: i64,
    present: bool,
    role: String,
    joined_at: OffsetDateTime,
    joined_order: i64,
    joined_seq: i64,
    read_seq: i64,
    read_high: i64,
    own_seq: i64,
    muted: bool,
    pinned: bool,
    archived: bool,
    mentions: bool,
    cleared_seq: i64,
}

impl MemberRow {
    pub fn read(self) -> Result<(MemberKey, MemberState), ProjectionError> {
        let member = MemberState {
            present: self.present,
            role: sql_names::parse_role(&self.role)?,
            joined_at: self.joined_at.into(),
            joined_order: self.joined_order,
            joined_seq: self.joined_seq,
            read_seq: self.read_seq,
            read_high: self.read_high,
            own_seq: self.own_seq,
            muted: self.muted,
            pinned: self.pinned,
            archived: self.archived,
            mentions: self.mentions,
            cleared_seq: self.cleared_seq,
        };
        Ok(((self.conversation, self.user_id), member))
    }
}

pub(super) fn corrupted_row(table: &str, reason: &impl std::fmt::Display) -> ProjectionError {
    ProjectionError::Corrupted(format!("{table}: {reason}"))
}
