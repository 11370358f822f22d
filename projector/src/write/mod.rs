//! Writes a folded batch: a statement for each kind of change, whatever the number of rows.
//!
//! What happens all the time (messages, marks, reads, acks, their entries) is one statement
//! together with the checkpoint: a batch of nothing else is a single round trip, and needs no
//! transaction around it. What is rarer goes before or after it, in a transaction that has locked
//! the checkpoint first.
//!
//! The order matters: stays come before the fan-out and acks, which ask who was there; and
//! messages before acks, which ask who has sent.

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
    /// Where the tables are.
    pub from: Checkpoint,
    /// Where they will be.
    pub to: Checkpoint,
    pub picture: &'a Picture,
    pub rows: &'a Rows,
}

impl Batch<'_> {
    /// Writes all of it, or nothing: not if the tables are not at `from` any more. Answers who was told of
    /// acks, and of an everyday batch who was told of everything, if it `tells`.
    pub async fn write(
        &self,
        connection: &mut PgConnection,
        tells: bool,
    ) -> Result<Recipients, ProjectError> {
        if !self.has_rare_changes() {
            return everyday::write(self, connection, tells).await;
        }
        let mut transaction = connection.begin().await?;
        self.from.lock(&mut transaction).await?;
        self.before(&mut transaction).await?;
        let mut told = everyday::write(self, &mut transaction, false).await?;
        let late = self.after(&mut transaction).await?;
        transaction.commit().await?;
        told.receipts.extend(late.receipts);
        Ok(told)
    }

    fn has_rare_changes(&self) -> bool {
        let Self { picture, rows, .. } = self;
        rows.joins_and_leaves > 0
            || !rows.changes.is_empty()
            || !rows.versions.is_empty()
            || !rows.reactions.is_empty()
            || !rows.blocks.is_empty()
            || !rows.parked.is_empty()
            || history::has_rare_changes(rows)
            || !rows.untitled.is_empty()
            || self.has_late_acks()
            || picture
                .users
                .values()
                .any(|user| user.change == Change::New)
            || picture
                .conversations
                .values()
                .any(|conversation| conversation.change == Change::New)
            || picture
                .members
                .values()
                .any(|member| member.change >= Change::Row)
    }

    /// Whether an ack covers messages of this very batch, and must wait for them to be written.
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
        let told = if self.has_late_acks() {
            everyday::tell_late(self, connection).await?
        } else {
            Recipients::default()
        };
        parked::write(connection, &rows.parked).await?;
        Ok(told)
    }
}

/// One column of many rows, as a statement takes it.
fn column<'a, R: 'a, T>(
    rows: impl IntoIterator<Item = &'a R>,
    value: impl Fn(&'a R) -> T,
) -> Vec<T> {
    rows.into_iter().map(value).collect()
}

/// Rows in the order of their keys: neighbours are written together, which is several times as fast
/// as here and there.
fn in_order<T, K: Ord>(rows: impl Iterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort_unstable_by_key(key);
    rows
}

fn at(time: Timestamp) -> OffsetDateTime {
    time.into()
}
