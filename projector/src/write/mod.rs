//! Writes a folded batch: one statement per kind of change, regardless of the number of rows.
//!
//! The frequent changes (messages, read marks, acks and their entries) share one statement with
//! the checkpoint. A batch without other changes takes a single round trip and needs no explicit
//! transaction. Rarer changes come before or after that statement, in a transaction that locks the
//! checkpoint first.
//!
//! The order matters. Membership periods come before the fan-out and before acks, which look up
//! who was a member; messages come before acks, which look up the senders.

mod acks;
mod conversations;
mod entries;
mod everyday;
mod history;
mod mailboxes;
mod members;
mod messages;
mod parked;
mod recipients;
mod titles;
mod users;

pub(crate) use recipients::{Recipient, Recipients};

use domain::time::Timestamp;
use sqlx::postgres::PgArguments;
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection as _, PgConnection, Postgres};

use crate::checkpoint::Checkpoint;
use crate::config::ProjectorConfig;
use crate::error::ProjectError;
use crate::picture::{Change, Picture};
use crate::rows::Rows;

type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// A folded batch.
pub(crate) struct Batch<'a> {
    pub config: &'a ProjectorConfig,
    /// The current checkpoint of the tables.
    pub from: Checkpoint,
    /// The checkpoint after the batch.
    pub to: Checkpoint,
    pub picture: &'a Picture,
    pub rows: &'a Rows,
}

impl Batch<'_> {
    /// Writes the whole batch or nothing; fails with [`ProjectionError::Fenced`] if the tables are
    /// no longer at `from`. Returns the recipients of delivery receipts. If `return_recipients` is
    /// set and the batch needs no transaction, it also returns the recipients of fanned-out
    /// entries.
    pub async fn write(
        &self,
        connection: &mut PgConnection,
        return_recipients: bool,
    ) -> Result<Recipients, ProjectError> {
        if !self.has_rare_changes() {
            return everyday::write(self, connection, return_recipients).await;
        }
        let mut transaction = connection.begin().await?;
        self.from.lock(&mut transaction).await?;
        self.before(&mut transaction).await?;
        let mut recipients = everyday::write(self, &mut transaction, false).await?;
        let deferred = self.after(&mut transaction).await?;
        transaction.commit().await?;
        recipients.receipts.extend(deferred.receipts);
        Ok(recipients)
    }

    fn has_rare_changes(&self) -> bool {
        let Self {
            picture: working_set,
            rows,
            ..
        } = self;
        rows.joins_and_leaves > 0
            || !rows.changes.is_empty()
            || !rows.versions.is_empty()
            || !rows.reactions.is_empty()
            || !rows.blocks.is_empty()
            || !rows.parked.is_empty()
            || history::has_rare_changes(rows)
            || !rows.untitled.is_empty()
            || self.has_late_acks()
            || working_set
                .users
                .values()
                .any(|user| user.change == Change::New)
            || working_set
                .conversations
                .values()
                .any(|conversation| conversation.change == Change::New)
            || working_set
                .members
                .values()
                .any(|member| member.change >= Change::Row)
    }

    /// Whether an ack covers messages of this batch, so that its receipts must be written after
    /// them.
    fn has_late_acks(&self) -> bool {
        self.rows
            .acks
            .iter()
            .any(|ack| ack.cursor > self.from.position)
    }

    async fn before(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        users::insert(connection, self.picture).await?;
        conversations::insert(connection, self.picture).await?;
        members::upsert(connection, self.picture).await?;
        members::begin_stays(connection, &self.rows.stays).await?;
        members::end_stays(connection, &self.rows.ended_stays).await
    }

    async fn after(&self, connection: &mut PgConnection) -> Result<Recipients, sqlx::Error> {
        let rows = self.rows;
        messages::change(connection, &rows.changes).await?;
        messages::versions(connection, &rows.versions).await?;
        messages::forget_versions(connection, &rows.changes).await?;
        messages::reactions(connection, &rows.reactions).await?;
        mailboxes::blocks(connection, &rows.blocks).await?;
        titles::erase(connection, &rows.untitled).await?;
        history::write(connection, rows).await?;
        let recipients = if self.has_late_acks() {
            everyday::tell_late(self, connection).await?
        } else {
            Recipients::default()
        };
        parked::write(connection, &rows.parked).await?;
        Ok(recipients)
    }
}

/// Collects one column of many rows, to bind it as an array.
fn column<'a, R: 'a, T>(
    rows: impl IntoIterator<Item = &'a R>,
    value: impl Fn(&'a R) -> T,
) -> Vec<T> {
    rows.into_iter().map(value).collect()
}

/// Sorts rows by key: writing neighbouring rows together is several times as fast as writing them
/// in random order.
fn in_order<T, K: Ord>(rows: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_unstable_by_key(key);
    rows
}

fn at(time: Timestamp) -> OffsetDateTime {
    time.into()
}
