//! Writes a folded batch: one statement per kind of change, regardless of the number of rows.
//!
//! The frequent changes (messages, read marks, acks and their entries) share one statement with
//! the checkpoint. A batch without other changes takes a single round trip and needs no explicit
//! transaction. Rarer changes come before or after that statement, in a transaction that locks the
//! checkpoint first.
//!
//! The order matters. Membership periods come before the fan-out and before acks, which look up
//! who was a member; messages come before acks, which look up the senders.

mod access;
mod acks;
mod audit;
mod batch;
mod cases;
mod columns;
mod contacts;
mod conversations;
mod entries;
mod files;
mod held;
mod history;
mod hot_path;
mod invitations;
mod mailboxes;
mod members;
mod messages;
mod name_keys;
mod notes;
mod parked;
mod pins;
mod profiles;
mod push;
mod recipients;
mod restores;
mod scheduled;
mod sessions;
mod threads;
mod titles;
mod users;

pub(crate) use batch::WriteBatch;
pub(crate) use name_keys::add_missing as add_missing_name_keys;
pub(crate) use recipients::{BatchRecipients, EntryRecipient};

use sqlx::{Connection as _, PgConnection};

use crate::error::ProjectionError;
use crate::working_set::RowChange;

impl WriteBatch<'_> {
    /// Writes the whole batch or nothing; fails with [`ProjectionError::Fenced`] if the tables are
    /// no longer at `from`. Returns the recipients of delivery receipts. If `return_recipients` is
    /// set and the batch needs no transaction, it also returns the recipients of fanned-out
    /// entries.
    pub async fn write(
        &self,
        connection: &mut PgConnection,
        return_recipients: bool,
    ) -> Result<BatchRecipients, ProjectionError> {
        if !self.needs_transaction() {
            return hot_path::execute(self, connection, return_recipients).await;
        }
        let mut transaction = connection.begin().await?;
        self.from.lock(&mut transaction).await?;
        self.write_prerequisites(&mut transaction).await?;
        let mut recipients = hot_path::execute(self, &mut transaction, false).await?;
        let deferred = self.write_dependents(&mut transaction).await?;
        transaction.commit().await?;
        recipients.receipts.extend(deferred.receipts);
        Ok(recipients)
    }

    fn needs_transaction(&self) -> bool {
        let Self {
            working_set, rows, ..
        } = self;
        rows.joins_and_leaves > 0
            || !rows.message_changes.is_empty()
            || !rows.versions.is_empty()
            || !rows.reactions.is_empty()
            || !rows.blocks.is_empty()
            || !rows.removed_devices.is_empty()
            || !rows.push_devices.is_empty()
            || !rows.pins.is_empty()
            || !rows.unpins.is_empty()
            || !rows.contacts.is_empty()
            || !rows.invitations.is_empty()
            || !rows.thread_marks.is_empty()
            || !rows.scheduled.is_empty()
            || !rows.held.is_empty()
            || !rows.parked.is_empty()
            || !rows.audit.is_empty()
            || !rows.access.is_empty()
            || !rows.cases.acts.is_empty()
            || !rows.files.is_empty()
            || !rows.sessions.is_empty()
            || history::needs_transaction(rows)
            || !rows.erased_titles.is_empty()
            || !rows.erased_notes.is_empty()
            || self.has_deferred_acks()
            || !working_set.profiles.is_empty()
            || working_set
                .users
                .values()
                .any(|user| user.change == RowChange::New)
            || working_set
                .conversations
                .values()
                .any(|conversation| conversation.change == RowChange::New)
            || working_set
                .members
                .values()
                .any(|member| member.change >= RowChange::Row)
    }

    async fn write_prerequisites(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        users::insert(connection, self.working_set).await?;
        conversations::insert(connection, self.working_set).await?;
        members::upsert(connection, self.working_set).await?;
        members::insert_periods(connection, &self.rows.membership_periods).await?;
        members::end_periods(connection, &self.rows.ended_periods).await?;
        push::remove_devices(connection, &self.rows.removed_devices).await?;
        profiles::write_receipts_off(connection, self.rows).await
    }

    async fn write_dependents(
        &self,
        connection: &mut PgConnection,
    ) -> Result<BatchRecipients, sqlx::Error> {
        let rows = self.rows;
        messages::update(connection, &rows.message_changes).await?;
        messages::insert_versions(connection, rows).await?;
        messages::clear_recalled_versions(connection, &rows.message_changes).await?;
        restores::write(connection, rows).await?;
        pins::write(connection, rows).await?;
        messages::write_reactions(connection, &rows.reactions).await?;
        mailboxes::write_blocks(connection, &rows.blocks).await?;
        push::write(connection, &rows.push_devices).await?;
        access::write(connection, &rows.access).await?;
        cases::write(connection, &rows.cases).await?;
        files::write(connection, &rows.files).await?;
        sessions::write(connection, &rows.sessions).await?;
        contacts::write(connection, &rows.contacts).await?;
        invitations::write(connection, &rows.invitations).await?;
        threads::insert_marks(connection, &rows.thread_marks).await?;
        scheduled::write(connection, &rows.scheduled).await?;
        held::write(connection, &rows.held).await?;
        titles::erase(connection, &rows.erased_titles).await?;
        notes::erase(connection, &rows.erased_notes).await?;
        profiles::write(connection, &self.working_set.profiles).await?;
        history::write(connection, rows).await?;
        let recipients = if self.has_deferred_acks() {
            hot_path::write_deferred_receipts(self, connection).await?
        } else {
            BatchRecipients::default()
        };
        parked::write(connection, &rows.parked).await?;
        audit::write(connection, &rows.audit).await?;
        Ok(recipients)
    }
}
