//! Delivery of seal copies to an external receiver, who can then prove that the seals were not all
//! recomputed. Seals are delivered in order, each until it is accepted, and without their salts,
//! which must be deleted together with erased content.

use std::time::Duration;

use connectivity::OutageLog;
use domain::time::Timestamp;
use log_integrity::seal::{Seal, store};
use reqwest::Url;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backoff;
use crate::clock::now;
use crate::error::DeliveryError;
use crate::secret::SigningSecret;
use crate::sender::{DeliveryOutcome, GONE, WebhookSender};
use crate::signing_clients::WebhookMessage;

/// How often to poll for a new seal.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const MAX_WAIT: Duration = Duration::from_secs(600);

/// Delivers the seals of a log to one address.
pub struct SealPublisher {
    pool: PgPool,
    sender: WebhookSender,
    url: Url,
    secret: SigningSecret,
}

/// The result of one delivery step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealOutcome {
    /// The next seal was accepted.
    Delivered,
    /// There is no new seal, or another process is delivering.
    Idle,
    /// The delivery failed: the reason, and the wait that the receiver requests.
    Failed(String, Option<Duration>),
}

impl SealPublisher {
    /// Creates a publisher that delivers to `url`. `secret` signs the deliveries, as for webhooks.
    pub fn new(pool: PgPool, sender: WebhookSender, url: Url, secret: SigningSecret) -> Self {
        Self {
            pool,
            sender,
            url,
            secret,
        }
    }

    /// Delivers the next seal, if there is one.
    pub async fn deliver_next(&self) -> Result<SealOutcome, DeliveryError> {
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
            return Ok(SealOutcome::Idle);
        };
        let number = seal.number;
        let delivery = build_message(seal, now())?;
        match self.sender.send(&self.url, &self.secret, &delivery).await {
            DeliveryOutcome::Accepted => {
                sqlx::query("UPDATE hooks.seal_copies SET number = $2 WHERE url = $1")
                    .bind(url)
                    .bind(number)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(SealOutcome::Delivered)
            }
            // There is no other receiver, so retry, but rarely.
            DeliveryOutcome::Gone => Ok(SealOutcome::Failed(GONE.to_owned(), Some(MAX_WAIT))),
            DeliveryOutcome::Failed {
                reason,
                retry_after,
            } => Ok(SealOutcome::Failed(reason, retry_after)),
        }
    }
}

fn build_message(mut seal: Seal, at: Timestamp) -> Result<WebhookMessage, DeliveryError> {
    seal.salts.clear();
    let body = json!({ "type": "tidings.seal.v1", "timestamp": at, "data": seal });
    Ok(WebhookMessage {
        id: format!("seal_{}", seal.number),
        content_type: "application/json",
        body: serde_json::to_vec(&body)?,
        traceparent: None,
    })
}

/// Delivers seals until the stop signal.
pub async fn run(copies: SealPublisher, shutdown: CancellationToken) {
    let mut failures = 0;
    let outages = OutageLog::new("The delivery of seals");
    loop {
        let pause = match shutdown.run_until_cancelled(copies.deliver_next()).await {
            None => return,
            Some(Ok(SealOutcome::Delivered)) => {
                outages.record_success();
                failures = 0;
                Duration::ZERO
            }
            Some(Ok(SealOutcome::Idle)) => POLL_INTERVAL,
            Some(Ok(SealOutcome::Failed(reason, requested))) => {
                outages.record_failure(&reason);
                failures += 1;
                backoff::wait_after(failures, requested, MAX_WAIT)
            }
            Some(Err(error)) => {
                outages.record_failure(&error);
                failures += 1;
                backoff::wait_after(failures, None, MAX_WAIT)
            }
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
