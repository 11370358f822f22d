//! Copies of the log's seals, delivered to somebody outside: who has them can prove that nobody made all seals
//! anew. Each is sent, in order, until it is accepted; without its salts, which have to go with what is erased.

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

/// How often to look for a new seal.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest wait after a failure; the first is a second, and each doubles.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Delivers the seals of a log to one address.
pub struct SealCopies {
    pool: PgPool,
    sender: Sender,
    url: Url,
    secret: Secret,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// The next seal was accepted.
    One,
    /// There is no seal that was not, or another process delivers.
    Nothing,
    /// It was not: why, and which wait was named.
    Refused(String, Option<Duration>),
}

impl SealCopies {
    /// To this address. `secret` signs the deliveries, as those of webhooks.
    pub fn new(pool: PgPool, sender: Sender, url: Url, secret: Secret) -> Self {
        Self {
            pool,
            sender,
            url,
            secret,
        }
    }

    /// Delivers the next seal.
    pub async fn step(&self) -> Result<Copied, Failed> {
        let url = self.url.as_str();
        sqlx::query("INSERT INTO hooks.seal_copies (url) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(url)
            .execute(&self.pool)
            .await?;
        let mut turn = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM hooks.seal_copies WHERE url = $1 FOR UPDATE SKIP LOCKED",
        )
        .bind(url)
        .fetch_optional(&mut *turn)
        .await?;
        let next = match number {
            Some(number) => store::after(&self.pool, number, 1).await?.pop(),
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
                    .execute(&mut *turn)
                    .await?;
                turn.commit().await?;
                Ok(Copied::One)
            }
            // There is nobody else to tell: it is asked again, seldom.
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

/// Delivers until the stop signal.
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
            Some(Ok(Copied::Refused(why, named))) => {
                tracing::warn!(why, "a seal is not delivered for now");
                failures += 1;
                let wait = wait_after(failures);
                named.map_or(wait, |named| named.clamp(wait, LONGEST_WAIT))
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "a seal is not delivered for now");
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
