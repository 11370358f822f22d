//! Compares two read models row by row.

use std::fmt;

use serde_json::{Map, Value, json};
use sqlx::{Executor as _, PgConnection, PgPool};

use crate::digest::{TableDigest, begin_snapshot, digest_tables};
use crate::error::ProjectionError;
use crate::session::{LIVE, REBUILD};
use crate::sql_quote::{quote_identifier, quote_literal};

/// How many differing rows are listed per table.
const MAX_DIFFERENCES: i64 = 20;

/// A row that exists in only one of the read models, or differs between them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowDifference {
    /// The table.
    pub table: String,
    /// The primary key, such as `(7,ann)`.
    pub key: String,
    /// The served row as JSON; `None` if it is missing.
    pub served: Option<String>,
    /// The row rebuilt from the log as JSON; `None` if there should be no row.
    pub rebuilt: Option<String>,
}

/// Its key, and the columns that differ.
impl fmt::Display for RowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parse = |row: &Option<String>| -> Option<Map<String, Value>> {
            serde_json::from_str(row.as_deref()?).ok()
        };
        write!(f, "{} {}: ", self.table, self.key)?;
        match (parse(&self.served), parse(&self.rebuilt)) {
            (None, _) => f.write_str("missing in the served read models"),
            (_, None) => f.write_str("not expected in the served read models"),
            (Some(served), Some(rebuilt)) => {
                let columns = served
                    .iter()
                    .filter(|(name, value)| rebuilt.get(*name) != Some(value));
                let columns = columns.map(|(name, value)| {
                    let expected = rebuilt.get(name).unwrap_or(&Value::Null);
                    format!("{name} is {value}, expected {expected}")
                });
                f.write_str(&columns.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The result of comparing two read models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadModelComparison {
    /// The position of both read models.
    pub position: i64,
    /// The fingerprints of the served tables.
    pub served: Vec<TableDigest>,
    /// The fingerprints of the tables rebuilt from the log.
    pub rebuilt: Vec<TableDigest>,
    /// The first differing rows of each table that differs.
    pub differences: Vec<RowDifference>,
}

impl ReadModelComparison {
    /// Whether all tables are equal.
    pub fn is_equal(&self) -> bool {
        self.served == self.rebuilt
    }

    /// The comparison as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "position": self.position, "equal": self.is_equal(),
            "served": self.served, "rebuilt": self.rebuilt, "differences": self.differences,
        })
    }
}

/// A consistent snapshot of both read models, unaffected by concurrent projecting. Two connections
/// share the snapshot, so that the read models can be read in parallel.
pub(super) struct SnapshotPair {
    served: sqlx::Transaction<'static, sqlx::Postgres>,
    rebuilt: sqlx::Transaction<'static, sqlx::Postgres>,
}

impl SnapshotPair {
    /// Opens the snapshot. Later changes are not visible in it.
    pub async fn open(pool: &PgPool) -> Result<Self, ProjectionError> {
        let mut served = begin_snapshot(pool).await?;
        let name: String = sqlx::query_scalar("SELECT pg_export_snapshot()")
            .fetch_one(&mut *served)
            .await?;
        let mut rebuilt = begin_snapshot(pool).await?;
        let use_snapshot = format!("SET TRANSACTION SNAPSHOT {}", quote_literal(&name));
        rebuilt.execute(use_snapshot.as_str()).await?;
        Ok(Self { served, rebuilt })
    }

    /// Compares the two read models.
    pub async fn compare(self, position: i64) -> Result<ReadModelComparison, ProjectionError> {
        let Self {
            mut served,
            mut rebuilt,
        } = self;
        // A separate task: both read models are read and hashed in parallel.
        let rebuilt_digests = tokio::spawn(async move {
            let digests = digest_tables(&mut rebuilt, REBUILD).await?;
            rebuilt.rollback().await?;
            Ok(digests)
        });
        let served_digests = digest_tables(&mut served, LIVE).await;
        let rebuilt: Result<Vec<TableDigest>, sqlx::Error> = rebuilt_digests
            .await
            .map_err(|_| sqlx::Error::WorkerCrashed)?;
        let (served_digests, rebuilt) = (served_digests?, rebuilt?);
        let mut differences = Vec::new();
        for table in &served_digests {
            if !rebuilt.contains(table) {
                differences.extend(find_differences(&mut served, &table.table).await?);
            }
        }
        served.rollback().await?;
        Ok(ReadModelComparison {
            position,
            served: served_digests,
            rebuilt,
            differences,
        })
    }
}

async fn find_differences(
    snapshot: &mut PgConnection,
    table: &str,
) -> Result<Vec<RowDifference>, sqlx::Error> {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(a.attname) FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indisprimary AND i.indrelid = format('read.%I', $1::text)::regclass ORDER BY k.place",
    )
    .bind(table)
    .fetch_all(&mut *snapshot)
    .await?;
    let join: Vec<String> = keys
        .iter()
        .map(|key| format!("a.{key} = b.{key}"))
        .collect();
    let either: Vec<String> = keys
        .iter()
        .map(|key| format!("coalesce(a.{key}, b.{key})"))
        .collect();
    let (join, either) = (join.join(" AND "), either.join(", "));
    let name = quote_identifier(table);
    // These columns of the checkpoint identify the build: they always differ and do not count.
    let excluded = "- 'generation' - 'numbering' - 'past_from'";
    let sql = format!(
        "SELECT ROW({either})::text, to_jsonb(a)::text, to_jsonb(b)::text
         FROM read.{name} a FULL JOIN read_rebuild.{name} b ON {join}
         WHERE (to_jsonb(a) {excluded}) IS DISTINCT FROM (to_jsonb(b) {excluded})
         ORDER BY {either} LIMIT {MAX_DIFFERENCES}"
    );
    let rows: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as(&sql).fetch_all(snapshot).await?;
    let differences = rows
        .into_iter()
        .map(|(key, served, rebuilt)| RowDifference {
            table: table.to_owned(),
            key,
            served,
            rebuilt,
        });
    Ok(differences.collect())
}
