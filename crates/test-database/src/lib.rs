//! A separate Postgres database for each test, on the server that the environment names.

#![deny(missing_docs)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};

/// The environment variables that may name the server, in order of precedence.
const SERVER_VARIABLES: [&str; 2] = ["TIDINGS_TEST_DATABASE_URL", "DEV_DATABASE_URL"];

/// The connections that a test can use at the same time.
const MAX_CONNECTIONS: u32 = 8;

/// The advisory lock of the template.
const TEMPLATE_LOCK: i64 = 0x7469_6469_6e67_7364;

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
        let (server, name) = (server(), unique_name(prefix));
        create_migrated(&server, &name).await;
        Self::open(server, name).await
    }

    /// Creates an empty database.
    ///
    /// # Panics
    /// If no server is configured, or the database cannot be created.
    pub async fn empty(prefix: &str) -> Self {
        let (server, name) = (server(), unique_name(prefix));
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Self::open(server, name).await
    }

    async fn open(server: PgConnectOptions, name: String) -> Self {
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

/// Creates a database with this name and every migration, as a copy of a template: applying the
/// migrations takes much longer.
///
/// # Panics
/// If it cannot be created.
pub async fn create_migrated(server: &PgConnectOptions, name: &str) {
    let template = prepare_template(server).await;
    run(
        server,
        &format!("CREATE DATABASE {name} TEMPLATE {template}"),
    )
    .await;
    // It is a log of its own, not a copy of one.
    run(
        &server.clone().database(name),
        "UPDATE log.head SET log_id = gen_random_uuid()",
    )
    .await;
}

/// Returns the name of the database from which others are copied. The first test on a server
/// creates it.
async fn prepare_template(server: &PgConnectOptions) -> String {
    // A server that outlives the tests may have the template of other migrations.
    let mut digest = DefaultHasher::new();
    for migration in migrations::MIGRATOR.iter() {
        migration.checksum.hash(&mut digest);
    }
    let template = format!("template_{:016x}", digest.finish());
    let mut admin: PgConnection = server.connect().await.expect("the server is running");
    // Closing the connection releases the lock.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut admin)
        .await
        .expect("the lock of the template");
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&template)
            .fetch_one(&mut admin)
            .await
            .expect("the databases");
    if !exists {
        create_template(server, &template).await;
    }
    admin.close().await.expect("the connection closes cleanly");
    template
}

async fn create_template(server: &PgConnectOptions, template: &str) {
    // An earlier process may have ended before it had applied all migrations.
    let unfinished = format!("{template}_unfinished");
    run(server, &format!("DROP DATABASE IF EXISTS {unfinished}")).await;
    run(server, &format!("CREATE DATABASE {unfinished}")).await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(server.clone().database(&unfinished))
        .await
        .expect("the new database accepts connections");
    migrations::apply(&pool)
        .await
        .expect("the migrations apply");
    pool.close().await;
    run(
        server,
        &format!("ALTER DATABASE {unfinished} RENAME TO {template}"),
    )
    .await;
}

/// A name that no other test uses.
fn unique_name(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let micros = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}_{}_{micros}_{number}", std::process::id())
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

/// Runs a statement on the database of the address.
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
