//! Queries about one conversation or one of its messages, for a member of it.

use domain::ids::ConversationId;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{FromRow, Postgres};

use crate::consistency::as_of::{ReadContext, ReadSnapshot};
use crate::error::EndpointError;
use crate::params;
use crate::sql::as_of_sql::TemporalStatement;

/// A query about one conversation, on the snapshot that the request asks for. Its statements bind
/// the user, the conversation, and then parameters of their own.
pub struct ConversationQuery {
    /// The snapshot, through which the query responds.
    pub snapshot: ReadSnapshot,
    conversation: ConversationId,
}

impl ConversationQuery {
    /// Waits for the snapshot. All parameters must have been parsed before.
    pub async fn begin(
        context: ReadContext,
        conversation: ConversationId,
    ) -> Result<Self, EndpointError> {
        Ok(Self {
            snapshot: context.wait().await?,
            conversation,
        })
    }

    /// Binds the user, the conversation and these parameters to a statement.
    pub fn bind<'q>(
        &'q self,
        statement: &'static TemporalStatement,
        parameters: &[i64],
    ) -> Query<'q, Postgres, PgArguments> {
        self.bind_current(self.snapshot.sql(statement), parameters)
    }

    /// Does the same for a statement that only reads the current state.
    pub fn bind_current<'q>(
        &'q self,
        statement: &'static str,
        parameters: &[i64],
    ) -> Query<'q, Postgres, PgArguments> {
        let query = sqlx::query(statement)
            .bind(self.snapshot.user())
            .bind(self.conversation.as_str());
        parameters
            .iter()
            .fold(query, |query, parameter| query.bind(*parameter))
    }

    /// Executes a statement.
    pub async fn fetch_rows(
        &self,
        statement: &'static TemporalStatement,
        parameters: &[i64],
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let query = self.bind(statement, parameters);
        self.snapshot.fetch_rows(query).await
    }

    /// Executes a statement with typed rows.
    pub async fn fetch_all<O>(
        &self,
        statement: &'static TemporalStatement,
        parameters: &[i64],
    ) -> Result<Vec<O>, sqlx::Error>
    where
        O: for<'r> FromRow<'r, PgRow>,
    {
        let rows = self.fetch_rows(statement, parameters).await?;
        rows.iter().map(O::from_row).collect()
    }
}

/// Begins a query about a message, which the path names by its conversation and seq. Also returns
/// the seq, which every statement about a message binds third.
pub async fn by_message(
    context: ReadContext,
    (conversation, seq): (String, String),
) -> Result<(ConversationQuery, i64), EndpointError> {
    let (conversation, seq) = params::parse_message_path(&conversation, &seq)?;
    Ok((ConversationQuery::begin(context, conversation).await?, seq))
}
