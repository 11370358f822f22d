//! What operators see of pushes: who gets them through whom, what waits, and what providers answer.

use domain::mailbox::push_event::PushProvider;
use domain::time::Timestamp;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

/// How pushes fare, by provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// From when on answers are counted: the beginning of an hour.
    pub since: Timestamp,
    /// All providers, whether devices use them or not.
    pub providers: Vec<ProviderReport>,
}

/// How pushes through one provider fare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderReport {
    /// The provider.
    pub provider: PushProvider,
    /// The number of devices that get pushes.
    pub devices: i64,
    /// The number of pushes that wait: for their time, or for another attempt.
    pub waiting: i64,
    /// The number of pushes whose last attempt failed within a week.
    pub parked: i64,
    /// What it answered, by outcome.
    pub outcomes: Vec<OutcomeReport>,
}

/// The attempts with one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeReport {
    /// The outcome, as the metric names it.
    pub outcome: String,
    /// The number of attempts.
    pub attempts: i64,
    /// When the last of them was stored.
    pub last_at: Timestamp,
    /// Why the last of them failed; `None` if they did not.
    pub error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ProviderRow {
    since: OffsetDateTime,
    provider: String,
    devices: i64,
    waiting: i64,
    parked: i64,
}

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    provider: String,
    outcome: String,
    attempts: i64,
    last_at: OffsetDateTime,
    error: Option<String>,
}

/// Loads the report of the last hours, of which the current one is the last.
pub async fn load_report(pool: &PgPool, hours: i32) -> Result<PushReport, sqlx::Error> {
    let rows: Vec<ProviderRow> = sqlx::query_as(
        "SELECT date_trunc('hour', now(), 'UTC') - make_interval(hours => $2 - 1) AS since,
                v.provider,
                (SELECT count(*) FROM read.push_devices p WHERE p.provider = v.provider) AS devices,
                (SELECT count(*) FROM push.notices n
                 JOIN read.users u ON u.name = n.user_name
                 JOIN read.push_devices p ON p.user_id = u.id AND p.device = n.device
                 WHERE n.told_position < n.to_position AND p.provider = v.provider) AS waiting,
                (SELECT count(*) FROM push.parked k WHERE k.provider = v.provider) AS parked
         FROM unnest($1::text[]) v (provider)",
    )
    .bind(PushProvider::ALL.map(PushProvider::as_str).to_vec())
    .bind(hours)
    .fetch_all(pool)
    .await?;
    let since = rows.first().map(|row| row.since);
    let since = since.ok_or(sqlx::Error::RowNotFound)?;
    let outcomes: Vec<OutcomeRow> = sqlx::query_as(
        "SELECT o.provider, o.outcome, sum(o.attempts)::bigint AS attempts,
                max(o.last_at) AS last_at, (array_agg(o.error ORDER BY o.last_at DESC))[1] AS error
         FROM push.outcomes o WHERE o.hour >= $1
         GROUP BY o.provider, o.outcome ORDER BY o.provider, o.outcome",
    )
    .bind(since)
    .fetch_all(pool)
    .await?;
    let providers = PushProvider::ALL.into_iter().filter_map(|provider| {
        let row = rows.iter().find(|row| row.provider == provider.as_str())?;
        let own = outcomes
            .iter()
            .filter(|row| row.provider == provider.as_str());
        Some(ProviderReport {
            provider,
            devices: row.devices,
            waiting: row.waiting,
            parked: row.parked,
            outcomes: own.map(OutcomeReport::from).collect(),
        })
    });
    Ok(PushReport {
        since: since.into(),
        providers: providers.collect(),
    })
}

impl From<&OutcomeRow> for OutcomeReport {
    fn from(row: &OutcomeRow) -> Self {
        Self {
            outcome: row.outcome.clone(),
            attempts: row.attempts,
            last_at: row.last_at.into(),
            error: row.error.clone(),
        }
    }
}
