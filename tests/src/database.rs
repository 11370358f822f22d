//! Creates databases as copies of one template with every migration.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::sync::OnceCell;

use crate::servers;
use crate::service::{migrate, service_env};

/// The database from which all others are copied.
const TEMPLATE: &str = "template_migrated";

/// The databases that are no longer used. The next one that is created replaces them.
static UNUSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A database with every migration applied. Dropping this lets the next `create` drop it.
pub struct WorldDatabase {
    name: String,
    url: String,
}

impl WorldDatabase {
    /// Creates a database.
    pub async fn create() -> Self {
        static MIGRATED: OnceCell<()> = OnceCell::const_new();
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("world_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let made = async {
            let mut admin = PgConnection::connect(&shared_server_url("postgres")).await?;
            MIGRATED
                .get_or_try_init(async || create_template().await)
                .await?;
            drop_unused(&mut admin).await?;
            let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
            admin.execute(copy.as_str()).await?;
            admin.close().await
        };
        if let Err(error) = made.await {
            panic!("{name}: {error}");
        }
        let url = shared_server_url(&name);
        Self { name, url }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for WorldDatabase {
    fn drop(&mut self) {
        let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
        unused.push(std::mem::take(&mut self.name));
    }
}

async fn drop_unused(admin: &mut PgConnection) -> Result<(), sqlx::Error> {
    let unused = std::mem::take(&mut *UNUSED.lock().unwrap_or_else(PoisonError::into_inner));
    for name in unused {
        // Processes of the world may still be ending.
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        admin.execute(drop.as_str()).await?;
    }
    Ok(())
}

async fn create_template() -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(&shared_server_url("postgres")).await?;
    admin
        .execute(format!("CREATE DATABASE {TEMPLATE}").as_str())
        .await?;
    migrate(&service_env(&shared_server_url(TEMPLATE), "none")).await;
    admin.close().await
}

/// The URL of a database of the shared Postgres.
fn shared_server_url(database: &str) -> String {
    replace_database_name(&servers::shared_postgres().database_url, database)
}

/// Replaces the name of the database in a URL: the path up to the question mark.
pub fn replace_database_name(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let server = address
        .rsplit_once('/')
        .map_or(address, |(server, _)| server);
    format!("{server}/{database}?{options}")
}

/// The URL of a database that nobody has created, on the shared server.
pub fn missing_database_url(name: &str) -> String {
    shared_server_url(name)
}

/// Ends all sessions of a pool's database on the shared server and refuses new ones, as if the
/// server were away, for one world of many.
pub async fn close_database(pool: &PgPool) {
    allow_connections(pool, false).await;
}

/// Accepts sessions again.
pub async fn open_database(pool: &PgPool) {
    allow_connections(pool, true).await;
}

async fn allow_connections(pool: &PgPool, is_open: bool) {
    let options = pool.connect_options();
    let name = options.get_database().expect("a database");
    let alter = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {is_open}");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    let altered = async {
        let mut admin = PgConnection::connect(&shared_server_url("postgres")).await?;
        admin.execute(alter.as_str()).await?;
        if !is_open {
            sqlx::query(end).bind(name).execute(&mut admin).await?;
        }
        admin.close().await
    };
    if let Err(error) = altered.await {
        panic!("{alter}: {error}");
    }
}
