//! Whether two read models hold the same rows, and where they do not.

use sqlx::{Executor as _, PgConnection, PgPool};

use crate::digest::{TableDigest, of_tables};
use crate::error::ProjectError;
use crate::session::{LIVE, REBUILD};

/// Differing rows that are named of each table; more are only known to be there.
const NAMED: i64 = 20;

/// A row that stands in one of them alone, or is another one there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// In which table.
    pub table: String,
    /// Its key, as `(7,ann)`.
    pub key: String,
    /// As it is served, as JSON; nothing if it is not.
    pub served: Option<String>,
    /// As the log says it should be; nothing if it should not be.
    pub rebuilt: Option<String>,
}

/// What a comparison says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Where both read models were.
    pub position: i64,
    /// The tables as they are served.
    pub served: Vec<TableDigest>,
    /// The tables as the log says they should be.
    pub rebuilt: Vec<TableDigest>,
    /// Of the tables that differ, the first rows that do.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Whether every table is equal.
    pub fn is_equal(&self) -> bool {
        self.served == self.rebuilt
    }
}

/// Both read models as they are now, whatever is projected meanwhile: over two connections that see the same, so that
/// they are read side by side.
pub(super) struct Snapshot {
    served: sqlx::Transaction<'static, sqlx::Postgres>,
    rebuilt: sqlx::Transaction<'static, sqlx::Postgres>,
}

impl Snapshot {
    /// Taken when this has answered.
    pub async fn take(pool: &PgPool) -> Result<Self, ProjectError> {
        const READS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        let mut served = pool.begin().await?;
        served.execute(READS).await?;
        let name: String = sqlx::query_scalar("SELECT pg_export_snapshot()")
            .fetch_one(&mut *served)
            .await?;
        let mut rebuilt = pool.begin().await?;
        rebuilt.execute(READS).await?;
        let the_same = format!("SET TRANSACTION SNAPSHOT '{}'", name.replace('\'', "''"));
        rebuilt.execute(the_same.as_str()).await?;
        Ok(Self { served, rebuilt })
    }

    /// Compares the two.
    pub async fn compare(self, position: i64) -> Result<Comparison, ProjectError> {
        let Self {
            mut served,
            mut rebuilt,
        } = self;
        // A task of its own: reading them takes as long as hashing them.
        let of_rebuilt = tokio::spawn(async move {
            let digests = of_tables(&mut rebuilt, REBUILD).await?;
            rebuilt.rollback().await?;
            Ok(digests)
        });
        let of_served = of_tables(&mut served, LIVE).await;
        let rebuilt: Result<Vec<TableDigest>, sqlx::Error> =
            of_rebuilt.await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        let (of_served, rebuilt) = (of_served?, rebuilt?);
        let mut differences = Vec::new();
        for table in &of_served {
            if !rebuilt.contains(table) {
                differences.extend(differing(&mut served, &table.table).await?);
            }
        }
        served.rollback().await?;
        Ok(Comparison {
            position,
            served: of_served,
            rebuilt,
            differences,
        })
    }
}

async fn differing(
    snapshot: &mut PgConnection,
    table: &str,
) -> Result<Vec<Difference>, sqlx::Error> {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(a.attname) FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indisprimary AND i.indrelid = format('read.%I', $1::text)::regclass ORDER BY k.place",
    )
    .bind(table)
    .fetch_all(&mut *snapshot)
    .await?;
    let equal: Vec<String> = keys
        .iter()
        .map(|key| format!("a.{key} = b.{key}"))
        .collect();
    let either: Vec<String> = keys
        .iter()
        .map(|key| format!("coalesce(a.{key}, b.{key})"))
        .collect();
    let (equal, either) = (equal.join(" AND "), either.join(", "));
    let name = table.replace('"', "\"\"");
    // The checkpoint says which build it is: that differs, and is no difference.
    let but = "- 'generation' - 'numbering' - 'past_from'";
    let sql = format!(
        "SELECT ROW({either})::text, to_jsonb(a)::text, to_jsonb(b)::text
         FROM read.\"{name}\" a FULL JOIN read_rebuild.\"{name}\" b ON {equal}
         WHERE (to_jsonb(a) {but}) IS DISTINCT FROM (to_jsonb(b) {but})
         ORDER BY {either} LIMIT {NAMED}"
    );
    let rows: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as(&sql).fetch_all(snapshot).await?;
    let differences = rows.into_iter().map(|(key, served, rebuilt)| Difference {
        table: table.to_owned(),
        key,
        served,
        rebuilt,
    });
    Ok(differences.collect())
}
