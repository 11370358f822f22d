//! What the intake of notifications needs of a ledger, be it that of a webhook or that of pushes.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Transaction};

use super::enqueue::{self, MessageRef, NoticeTable, NotificationRecipients};
use crate::error::DeliveryError;
use crate::ledger::DeliveryLedger;

/// A ledger that stores notifications, and how far their worker is in the log.
pub trait NoticeLedger: Send {
    /// Where it stores them.
    fn table(&self) -> NoticeTable;

    /// Its connection, for reading.
    fn connection(&mut self) -> &mut PgConnection;

    /// Begins a transaction that stores the position.
    fn begin_save(
        &mut self,
        position: i64,
    ) -> impl Future<Output = Result<Transaction<'_, Postgres>, DeliveryError>> + Send;

    /// Forgets what the transaction has stored.
    fn clear_unsaved(&mut self);

    /// Stores notifications of these messages together with the position.
    fn enqueue(
        &mut self,
        position: i64,
        messages: &[&MessageRef],
        recipients: &NotificationRecipients<'_>,
        window: Duration,
    ) -> impl Future<Output = Result<(), DeliveryError>> + Send {
        async move {
            let table = self.table();
            let mut transaction = self.begin_save(position).await?;
            enqueue::enqueue(&mut transaction, table, messages, recipients, window).await?;
            transaction.commit().await?;
            self.clear_unsaved();
            Ok(())
        }
    }
}

impl NoticeLedger for DeliveryLedger {
    fn table(&self) -> NoticeTable {
        NoticeTable::Webhook(self.webhook())
    }

    fn connection(&mut self) -> &mut PgConnection {
        Self::connection(self)
    }

    async fn begin_save(
        &mut self,
        position: i64,
    ) -> Result<Transaction<'_, Postgres>, DeliveryError> {
        Self::begin_save(self, position).await
    }

    fn clear_unsaved(&mut self) {
        Self::clear_unsaved(self);
    }
}
