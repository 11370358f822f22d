//! The jobs of all processes, in the table `jobs.jobs`.

use std::time::Duration;

use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use sqlx::{FromRow, PgPool, Row as _};
use uuid::Uuid;

use super::job::{Job, JobKind, JobState, JobSubject};

/// A running job whose process has not reported for so long has lost it.
const SILENCE: Duration = Duration::from_secs(10);

/// The maximum number of jobs that are remembered.
const MAX_JOBS: i64 = 100;

/// The columns of a job. Binds the seconds of [`SILENCE`].
const COLUMNS: &str = "id, kind, subject, done, total, started_by, started_at, updated_at, \
     ended_at, stop_requested, result, error, \
     CASE WHEN state = 'running' AND updated_at < clock_timestamp() - make_interval(secs => $1) \
          THEN 'interrupted' ELSE state END AS state";

/// The jobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JobStore {
    pool: PgPool,
}

/// How a job ended.
#[derive(Debug)]
pub enum JobEnd {
    /// With this result.
    Done(Value),
    /// For this reason.
    Failed(String),
    /// Somebody has stopped it.
    Stopped,
    /// The process ends.
    Interrupted,
}

impl JobStore {
    /// The jobs in this database.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Adds a job, unless one runs. Forgets the oldest.
    pub async fn start(
        &self,
        kind: JobKind,
        subject: JobSubject,
        by: &str,
    ) -> Result<Option<Job>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "UPDATE jobs.jobs SET state = 'interrupted'
              WHERE state = 'running'
                AND updated_at < clock_timestamp() - make_interval(secs => $1)",
        )
        .bind(SILENCE.as_secs_f64())
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM jobs.jobs WHERE state <> 'running' AND id NOT IN
                 (SELECT id FROM jobs.jobs ORDER BY started_at DESC LIMIT $1)",
        )
        .bind(MAX_JOBS - 1)
        .execute(&mut *transaction)
        .await?;
        let added = sqlx::query_as(&format!(
            "INSERT INTO jobs.jobs (id, kind, subject, started_by) VALUES ($2, $3, $4, $5)
             ON CONFLICT ((true)) WHERE state = 'running' DO NOTHING RETURNING {COLUMNS}"
        ))
        .bind(SILENCE.as_secs_f64())
        .bind(Uuid::now_v7())
        .bind(kind.as_str())
        .bind(subject.as_str())
        .bind(by)
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// The jobs, the newest first.
    pub async fn list(&self) -> Result<Vec<Job>, sqlx::Error> {
        sqlx::query_as(&format!(
            "SELECT {COLUMNS} FROM jobs.jobs ORDER BY started_at DESC, id LIMIT $2"
        ))
        .bind(SILENCE.as_secs_f64())
        .bind(MAX_JOBS)
        .fetch_all(&self.pool)
        .await
    }

    /// One job.
    pub async fn find(&self, id: Uuid) -> Result<Option<Job>, sqlx::Error> {
        sqlx::query_as(&format!("SELECT {COLUMNS} FROM jobs.jobs WHERE id = $2"))
            .bind(SILENCE.as_secs_f64())
            .bind(id)
            .fetch_optional(&self.pool)
            .await
    }

    /// Asks a running job to stop. Returns whether that was new.
    pub async fn request_stop(&self, id: Uuid) -> Result<bool, sqlx::Error> {
        let asked = sqlx::query(
            "UPDATE jobs.jobs SET stop_requested = true
              WHERE id = $1 AND state = 'running' AND NOT stop_requested",
        )
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(asked.rows_affected() > 0)
    }

    /// Reports that the job runs, and how far it has come. Returns whether it is to stop; `None` if
    /// it counts as lost.
    pub async fn report(
        &self,
        id: Uuid,
        (done, total): (i64, i64),
    ) -> Result<Option<bool>, sqlx::Error> {
        sqlx::query_scalar(
            "UPDATE jobs.jobs SET done = $2, total = $3, updated_at = clock_timestamp()
              WHERE id = $1 AND state = 'running' RETURNING stop_requested",
        )
        .bind(id)
        .bind(done)
        .bind(total)
        .fetch_optional(&self.pool)
        .await
    }

    /// Ends the job.
    pub async fn end(
        &self,
        id: Uuid,
        (done, total): (i64, i64),
        end: JobEnd,
    ) -> Result<(), sqlx::Error> {
        let (state, result, error) = match end {
            JobEnd::Done(result) => (JobState::Done, Some(result.to_string()), None),
            JobEnd::Failed(error) => (JobState::Failed, None, Some(error)),
            JobEnd::Stopped => (JobState::Stopped, None, None),
            JobEnd::Interrupted => (JobState::Interrupted, None, None),
        };
        sqlx::query(
            "UPDATE jobs.jobs
                SET state = $2, done = $3, total = $4, result = $5, error = $6,
                    updated_at = clock_timestamp(), ended_at = clock_timestamp()
              WHERE id = $1 AND state = 'running'",
        )
        .bind(id)
        .bind(state.as_str())
        .bind(done)
        .bind(total)
        .bind(result)
        .bind(error)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl FromRow<'_, PgRow> for Job {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let of: JobSubject = word(row, "subject")?;
        let time = |column| {
            row.try_get::<OffsetDateTime, _>(column)
                .map(Timestamp::from)
        };
        let ended_at: Option<OffsetDateTime> = row.try_get("ended_at")?;
        let result: Option<String> = row.try_get("result")?;
        Ok(Self {
            id: row.try_get("id")?,
            kind: word(row, "kind")?,
            of,
            state: word(row, "state")?,
            done: row.try_get("done")?,
            total: row.try_get("total")?,
            unit: of.unit(),
            by: row.try_get("started_by")?,
            started_at: time("started_at")?,
            updated_at: time("updated_at")?,
            ended_at: ended_at.map(Timestamp::from),
            stop_requested: row.try_get("stop_requested")?,
            result: result.and_then(|text| serde_json::from_str(&text).ok()),
            error: row.try_get("error")?,
        })
    }
}

/// A column that has one of a few words.
fn word<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(Value::String(text)).map_err(|error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    })
}
