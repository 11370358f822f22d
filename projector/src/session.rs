//! The projector's own connection. One is enough, it takes none from the services' pools, and its
//! settings are its own.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};

use crate::error::ProjectError;

/// The schema that is served.
pub const LIVE: &str = "read";

/// The schema that a rebuild fills.
pub const REBUILD: &str = "read_rebuild";

/// A connection whose unqualified names are the tables of one schema.
pub(crate) struct Session {
    options: PgConnectOptions,
    schema: &'static str,
    connection: Option<PgConnection>,
}

impl Session {
    /// To the database of this pool. Connects when it is first used.
    pub fn new(pool: &PgPool, schema: &'static str) -> Self {
        let options = pool
            .connect_options()
            .as_ref()
            .clone()
            .application_name("tidings projector");
        Self {
            options,
            schema,
            connection: None,
        }
    }

    /// The connection, made anew if there is none.
    pub async fn get(&mut self) -> Result<&mut PgConnection, ProjectError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Gives the connection up, after an error that may have broken it.
    pub fn drop_connection(&mut self) {
        self.connection = None;
    }

    /// Closes it in order.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            // What it had to say has been said: the outcome is of no interest.
            drop(connection.close().await);
        }
    }

    /// Connects and settles what the statements rely on.
    ///
    /// - Commits need not wait for the disk. Rows and checkpoint become durable together, and what
    ///   a crash takes away is folded again from the log, which did wait.
    /// - Every statement joins a small batch with a large table by key: index look-ups, always. The
    ///   planner knows neither the size of an array nor, right after a rebuild has begun, that of a
    ///   table, so it is told, and plans are made once.
    async fn connect(&self) -> Result<PgConnection, ProjectError> {
        let mut connection = self.options.connect().await?;
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
