//! A database that has only the beginning of a log: what was there at an earlier moment.

use futures::TryStreamExt as _;
use sqlx::{Connection as _, PgConnection, PgPool};
use tests::database::WorldDatabase;

/// The columns of the head that are copied.
const SET_HEAD: &str = "UPDATE log.head h SET position = e.position, occurred_at = e.occurred_at,
    tag = (SELECT tag FROM log.epochs ORDER BY begins_after DESC LIMIT 1)
    FROM log.events e WHERE e.position = $1";

pub struct LogPrefix {
    pub database: WorldDatabase,
    position: i64,
}

impl LogPrefix {
    pub async fn new() -> Self {
        Self {
            database: WorldDatabase::create().await,
            position: 0,
        }
    }

    /// Adds the events of this log up to a position.
    pub async fn extend(&mut self, from: &PgPool, position: i64) {
        let (after, to) = (self.position, position);
        let connected = PgConnection::connect(self.database.url()).await;
        let mut target = connected.expect("Postgres answers");
        let mut writing = target.begin().await.expect("a transaction");
        for table in ["log.streams", "log.epochs"] {
            let delete = format!("DELETE FROM {table}");
            let deleted = sqlx::raw_sql(&delete).execute(&mut *writing).await;
            deleted.expect("the rows can be deleted");
        }
        let events = format!("position > {after} AND position <= {to}");
        for (table, rows) in [
            (
                "log.streams",
                format!("id IN (SELECT stream FROM log.events WHERE position <= {to})"),
            ),
            ("log.epochs", format!("begins_after < {to}")),
            ("log.events", events),
        ] {
            copy(from, &mut writing, table, &rows).await;
        }
        let head = sqlx::query(SET_HEAD).bind(to).execute(&mut *writing).await;
        assert_eq!(head.expect("the head can be set").rows_affected(), 1);
        writing.commit().await.expect("a commit");
        self.position = position;
    }
}

async fn copy(from: &PgPool, to: &mut PgConnection, table: &str, rows: &str) {
    let mut source = from.acquire().await.expect("Postgres answers");
    let read = format!("COPY (SELECT * FROM {table} WHERE {rows}) TO STDOUT");
    let chunks = source.copy_out_raw(&read).await.expect("a copy begins");
    let chunks: Vec<_> = chunks.try_collect().await.expect("the rows are readable");
    let write = format!("COPY {table} FROM STDIN");
    let mut writer = to.copy_in_raw(&write).await.expect("a copy begins");
    for chunk in chunks {
        writer.send(chunk).await.expect("the rows can be written");
    }
    writer.finish().await.expect("the copy ends");
}
