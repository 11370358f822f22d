//! Delivery of seal copies to an external receiver, who can then prove that the seals were not all
//! recomputed. Seals are delivered in order, each until it is accepted, and without their salts,
//! which must be deleted together with erased content.

use std::time::Duration;

use domain::time::Timestamp;
use event_log::seal::{Seal, store};
use reqwest::Url;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::failed::Failed;
use crate::now;
use crate::secret::Secret;
use crate::sender::{Delivery, Outcome, Sender};

/// How often to poll for a new seal.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest wait after a failure. The first wait is a second, and each further one doubles.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Delivers the seals of a log to one address.
pub struct SealCopies {
    pool: PgPool,
    sender: Sender,
    url: Url,
    secret: Secret,
}

/// The result of one delivery step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// The next seal was accepted.
    One,
    /// There is no new seal, or another process is delivering.
    Nothing,
    /// The delivery failed: the reason, and the wait that the receiver requests.
    Refused(String, Option<Duration>),
}

impl SealCopies {
    /// Creates a publisher that delivers to `url`. `secret` signs the deliveries, as for webhooks.
    pub fn new(pool: PgPool, sender: Sender, url: Url, secret: Secret) -> Self {
        Self {
            pool,
            sender,
            url,
            secret,
        }
    }

    /// Delivers the next seal, if there is one.
    pub async fn step(&self) -> Result<Copied, Failed> {
        let url = self.url.as_str();
        sqlx::query("INSERT INTO hooks.seal_copies (url) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(url)
            .execute(&self.pool)
            .await?;
        let mut transaction = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM hooks.seal_copies WHERE url = $1 FOR UPDATE SKIP LOCKED",
        )
        .bind(url)
        .fetch_optional(&mut *transaction)
        .await?;
        let next = match number {
            Some(number) => store::load_after(&self.pool, number, 1).await?.pop(),
            None => None,
        };
        let Some(seal) = next else {
            return Ok(Copied::Nothing);
        };
        let number = seal.number;
        let delivery = delivery(seal, now())?;
        match self.sender.send(&self.url, &self.secret, &delivery).await {
            Outcome::Accepted => {
                sqlx::query("UPDATE hooks.seal_copies SET number = $2 WHERE url = $1")
                    .bind(url)
                    .bind(number)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(Copied::One)
            }
            // There is no other receiver, so retry, but rarely.
            Outcome::Gone => Ok(Copied::Refused(
                "the receiver answered 410 Gone".to_owned(),
                Some(LONGEST_WAIT),
            )),
            Outcome::Failed { why, wait } => Ok(Copied::Refused(why, wait)),
        }
    }
}

fn delivery(mut seal: Seal, at: Timestamp) -> Result<Delivery, Failed> {
    seal.salts.clear();
    let body = json!({ "type": "tidings.seal.v1", "timestamp": at, "data": seal });
    Ok(Delivery {
        id: format!("seal_{}", seal.number),
        content_type: "application/json",
        body: serde_json::to_vec(&body)?,
    })
}

/// Delivers seals until the stop signal.
pub async fn run(copies: SealCopies, shutdown: CancellationToken) {
    let mut failures = 0;
    loop {
        let pause = match shutdown.run_until_cancelled(copies.step()).await {
            None => return,
            Some(Ok(Copied::One)) => {
                failures = 0;
                Duration::ZERO
            }
            Some(Ok(Copied::Nothing)) => LOOK_EVERY,
            Some(Ok(Copied::Refused(why, requested))) => {
                tracing::warn!(why, "failed to deliver a seal; will retry");
                failures += 1;
                let wait = wait_after(failures);
                requested.map_or(wait, |requested| requested.clamp(wait, LONGEST_WAIT))
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "failed to deliver a seal; will retry");
                failures += 1;
                wait_after(failures)
            }
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

fn wait_after(failures: u32) -> Duration {
    (LOOK_EVERY * 2u32.pow(failures.saturating_sub(1).min(10))).min(LONGEST_WAIT)
}
