//! Detects poolers that give the sessions of a server to one transaction after the other.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, Row as _};

use crate::timeout::{PAGE_TIMEOUT, within};

/// How often the sessions are compared. A pooler may give both the same answer by chance.
const ROUNDS: usize = 4;

/// Whether transactions of two connections use the same session of the server, or those of one
/// connection several: pooling by transaction. Locks, settings and prepared statements belong to a
/// session, so nothing that depends on them would work.
pub async fn shares_sessions(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    within(PAGE_TIMEOUT, compare_sessions(options)).await
}

async fn compare_sessions(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut first = options.connect().await?;
    let mut second = options.connect().await?;
    for _ in 0..ROUNDS {
        let before = process_id(&mut first).await?;
        // While the second connection is in a transaction, it keeps its session.
        second.execute("BEGIN").await?;
        let held = process_id(&mut second).await?;
        // Not asked if the session is held: a pooler with one session would wait for its end.
        if held == before || process_id(&mut first).await? != before {
            return Ok(true);
        }
        second.execute("ROLLBACK").await?;
    }
    Ok(false)
}

/// The process of the server that answers, with the simple protocol: it prepares no statement.
async fn process_id(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = connection.fetch_one("SELECT pg_backend_pid() AS pid");
    row.await?.try_get("pid")
}
