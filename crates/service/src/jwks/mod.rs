//! Keys of tokens from the address of a JWKS document, as identity providers publish them. They
//! are fetched at the start, then at an interval, and when a token names an unknown key. While a
//! fetch fails, the keys in use stay.
//!
//! - `client`: one fetch. `schedule`: when the next one is due.

mod client;
mod schedule;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use connectivity::OutageLog;
use data_dir::retry::{self, RetryError};
use http_edge::Auth;
use http_edge::auth::{KeyRefetch, TokenPolicy};
use settings::JwksUrl;
use tokio_util::sync::CancellationToken;

use client::JwksClient;
use schedule::FetchSchedule;

/// How often the age of the keys is measured.
const AGE_INTERVAL: Duration = Duration::from_secs(2);

/// Fetches the keys, and puts them into use.
pub struct JwksFetcher {
    client: JwksClient,
    policy: TokenPolicy,
    auth: Auth,
    refetch: Arc<KeyRefetch>,
    outages: OutageLog,
    schedule: FetchSchedule,
    /// The last document, so that the same keys do not replace themselves.
    document: Vec<u8>,
    fetched_at: Instant,
}

impl JwksFetcher {
    /// Fetches the keys for the first time, however often that has to be tried.
    pub async fn start(
        url: &JwksUrl,
        interval: Duration,
        policy: TokenPolicy,
        auth: Auth,
    ) -> Result<Self> {
        let mut fetcher = Self {
            client: JwksClient::new(url)?,
            policy,
            refetch: auth.enable_refetch(),
            auth,
            outages: OutageLog::new("Fetching the keys of tokens"),
            schedule: FetchSchedule::new(interval),
            document: Vec::new(),
            fetched_at: Instant::now(),
        };
        let first = OutageLog::new("Fetching the keys of tokens");
        let next = retry::retry_until_ok(&first, async || {
            fetcher.fetch().await.map_err(RetryError::Transient)
        })
        .await?;
        tracing::info!(%url, "the keys of tokens were fetched");
        fetcher.schedule.plan(next);
        Ok(fetcher)
    }

    /// Keeps the keys current until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<()> {
        let mut age = tokio::time::interval(AGE_INTERVAL);
        let refetch = self.refetch.clone();
        loop {
            let is_wanted = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                _ = age.tick() => {
                    self.record_age();
                    continue;
                }
                () = tokio::time::sleep_until(self.schedule.due()) => false,
                () = refetch.wanted() => true,
            };
            let Some(fetched) = shutdown.run_until_cancelled(self.fetch()).await else {
                return Ok(());
            };
            match fetched {
                Ok(next) => {
                    self.outages.record_success();
                    self.schedule.plan(next);
                }
                Err(error) => {
                    self.outages.record_failure(&format_args!("{error:#}"));
                    self.schedule.plan_retry();
                }
            }
            if is_wanted {
                refetch.finish();
            }
            self.record_age();
        }
    }

    /// Fetches the document, and uses its keys. Returns how long its server says that they are
    /// fresh.
    async fn fetch(&mut self) -> Result<Option<Duration>> {
        let fetched = self.client.fetch().await?;
        if fetched.document != self.document {
            let auth = Auth::jwks(&fetched.document)?;
            self.auth.replace(&auth.with_policy(self.policy.clone()));
            if !self.document.is_empty() {
                tracing::info!("the keys of tokens have changed");
            }
            self.document = fetched.document;
        }
        self.fetched_at = Instant::now();
        Ok(fetched.fresh_for)
    }

    fn record_age(&self) {
        let age = self.fetched_at.elapsed().as_secs_f64();
        metrics::gauge!("tidings_auth_jwks_age_seconds").set(age);
    }
}
