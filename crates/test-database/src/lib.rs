//! A separate Postgres database for each test, on the server that the environment names.

#![deny(missing_docs)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};

/// The environment variables that may name the server, in order of precedence.
const SERVER_VARIABLES: [&str; 2] = ["TIDINGS_TEST_DATABASE_URL", "DEV_DATABASE_URL"];

/// The connections that a test can use at the same time.
const MAX_CONNECTIONS: u32 = 8;

/// A database of one test.
pub struct TestDatabase {
    /// A pool of connections to it.
    pub pool: PgPool,
    server: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// Creates a database with every migration applied. `prefix` becomes part of its name.
    ///
    /// # Panics
    /// If no server is configured, or the database cannot be created.
    pub async fn migrated(prefix: &str) -> Self {
        let database = Self::empty(prefix).await;
        migrations::apply(&database.pool)
            .await
            .expect("the migrations apply");
        database
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// If no server is configured, or the database cannot be created.
    pub async fn empty(prefix: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let micros = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_micros());
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}_{}_{micros}_{number}", std::process::id());
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .connect_with(server.clone().database(&name))
            .await
            .expect("the new database accepts connections");
        Self { pool, server, name }
    }

    /// Drops the database. A failed test leaves it behind for inspection.
    ///
    /// # Panics
    /// If the database cannot be dropped.
    pub async fn close(self) {
        self.pool.close().await;
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        run(&self.server, &drop).await;
    }
}

fn server() -> PgConnectOptions {
    let url = SERVER_VARIABLES
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let url = url.unwrap_or_else(|| {
        panic!(
            "set {} to a Postgres server, as `make test` does",
            SERVER_VARIABLES[0]
        )
    });
    url.parse().expect("the URL of a Postgres server")
}

/// Runs a statement on the server's own database.
async fn run(server: &PgConnectOptions, statement: &str) {
    let mut connection: PgConnection = server.connect().await.expect("the server is running");
    connection
        .execute(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection
        .close()
        .await
        .expect("the connection closes cleanly");
}
