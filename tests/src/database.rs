//! Fresh databases, each a copy of one that has every migration.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

use crate::servers;
use crate::service::{migrate, service_env};

/// The name of the database that others are copied from.
const TEMPLATE: &str = "template_migrated";

/// A fresh database with every migration applied; gives its URL.
pub async fn database() -> String {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("world_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = async {
        let mut admin = PgConnection::connect(&url_of("postgres")).await?;
        MIGRATED.get_or_try_init(async || migrated().await).await?;
        let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
        admin.execute(copy.as_str()).await?;
        admin.close().await
    };
    if let Err(error) = made.await {
        panic!("{name}: {error}");
    }
    url_of(&name)
}

async fn migrated() -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(&url_of("postgres")).await?;
    admin
        .execute(format!("CREATE DATABASE {TEMPLATE}").as_str())
        .await?;
    migrate(&service_env(&url_of(TEMPLATE), "none")).await;
    admin.close().await
}

/// The URL of another database of the shared Postgres.
fn url_of(database: &str) -> String {
    other_database(&servers::postgres().database_url, database)
}

/// The same server's URL with another database: the path up to the question mark is its name.
pub fn other_database(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').unwrap_or((url, ""));
    let server = address
        .rsplit_once('/')
        .map_or(address, |(server, _)| server);
    format!("{server}/{database}?{options}")
}
