//! The projector's own database connection. One is enough. It is separate from the services' pools
//! and has its own settings.

use connectivity::postgres::connect;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _, PgPool};

use crate::error::ProjectionError;

/// The schema that the query API serves from.
pub const LIVE: &str = "read";

/// The schema that a rebuild fills.
pub const REBUILD: &str = "read_rebuild";

/// The schema of the version that the last rebuild has replaced, while it exists.
pub const PREVIOUS: &str = "read_old";

/// A connection whose search path is one schema.
pub(crate) struct ProjectorSession {
    /// Its options lead to the server that accepts writes.
    pool: PgPool,
    schema: &'static str,
    connection: Option<PgConnection>,
}

impl ProjectorSession {
    /// A session with the database of this pool. It connects on first use.
    pub fn new(pool: &PgPool, schema: &'static str) -> Self {
        Self {
            pool: pool.clone(),
            schema,
            connection: None,
        }
    }

    /// The connection; connects if there is none.
    pub async fn get(&mut self) -> Result<&mut PgConnection, ProjectionError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Drops the connection, after an error that may have broken it.
    pub fn drop_connection(&mut self) {
        self.connection = None;
    }

    /// Closes the connection gracefully.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            // All work is done: an error here does not matter.
            drop(connection.close().await);
        }
    }

    /// Connects and applies the settings that the statements rely on.
    ///
    /// - Commits do not wait for the disk. Rows and checkpoint become durable together, and commits
    ///   that a crash loses are folded again from the log, whose commits do wait.
    /// - Every statement joins a small batch with a large table by key, so index look-ups are
    ///   always right. The planner knows neither the size of an array nor, right after a rebuild
    ///   has begun, the size of a table. So other plans are disabled, and each statement is planned
    ///   once.
    async fn connect(&self) -> Result<PgConnection, ProjectionError> {
        let options = self.pool.connect_options().as_ref().clone();
        let mut connection = connect(&options.application_name("tidings projector")).await?;
        let settings = format!(
            "SET search_path TO {}; SET synchronous_commit TO off; SET plan_cache_mode TO force_generic_plan; \
             SET enable_seqscan TO off; SET enable_hashjoin TO off; SET enable_mergejoin TO off; \
             SET enable_bitmapscan TO off; SET jit TO off; SET timezone TO 'UTC'",
            self.schema
        );
        connection.execute(settings.as_str()).await?;
        Ok(connection)
    }
}
