//! The client that sends chunks to the running system. A chunk may be sent repeatedly, because
//! every line has an idempotency key.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio::time::Instant;

use super::chunks::Chunk;
use crate::secret::Secret;
use crate::usage::Usage;

/// How long a chunk is retried before the import fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// The first delay between retries. It doubles with each retry, unless the response has a
/// `Retry-After` header.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The maximum delay between retries.
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// The timeout of one request: a thousand appends on a slow disk.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How many characters of an unexpected response are shown.
const SHOWN_BYTES: usize = 500;

/// The reply of the system to one line.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// The line number in the file.
    pub line: u64,
    /// The result of the line.
    pub status: Status,
    /// The reason for a rejection.
    #[serde(default)]
    pub reason: Option<String>,
    /// The number of reactions that were dropped because of the limit per message.
    #[serde(default)]
    pub reactions_dropped: u64,
}

/// The result of importing a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The line was imported.
    Imported,
    /// The line had been imported before.
    Known,
    /// The line was rejected.
    Rejected,
}

/// The part of a problem document that is shown.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// A client of the system into which messages are imported.
pub struct Target {
    client: Client,
    url: Url,
    /// The URL that is polled until the read models have caught up.
    unread: Url,
    token: Secret,
    /// The largest position returned so far.
    position: AtomicI64,
}

/// The reason why an attempt failed.
enum Obstacle {
    /// A retry may succeed, after the `Retry-After` delay of the response if there is one.
    Passing(anyhow::Error, Option<Duration>),
    /// A retry cannot succeed.
    Lasting(anyhow::Error),
}

impl Target {
    /// A client for this base URL and admin token.
    pub fn new((base, token): &(String, Secret)) -> Result<Self> {
        let (url, unread) = Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .and_then(|url| {
                Some((
                    url.join("v1/admin/import").ok()?,
                    url.join("v1/inbox/unread").ok()?,
                ))
            })
            .ok_or_else(|| Usage(format!("{base:?} is not an http or https URL")))?;
        // Fails only if a provider is already installed, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .context("cannot create the HTTP client")?;
        Ok(Self {
            client,
            url,
            unread,
            token: token.clone(),
            position: AtomicI64::new(0),
        })
    }

    /// Waits until everything that was sent can be read. Returns immediately for a system that
    /// serves no queries at this address, such as the command service of a fleet.
    pub async fn readable(&self) -> Result<()> {
        let mut url = self.unread.clone();
        url.query_pairs_mut().append_pair(
            "min_position",
            &self.position.load(Ordering::Relaxed).to_string(),
        );
        let mut last_seen = None;
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            let response = self
                .client
                .get(url.clone())
                .bearer_auth(self.token.reveal())
                .send()
                .await
                .context("cannot check the progress of the read models")?;
            if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(());
            }
            // A changed response text means that the read models make progress, so keep waiting.
            let text = response.text().await.unwrap_or_default();
            if last_seen.replace(text.clone()) != Some(text) {
                deadline = Instant::now() + PATIENCE;
            }
            if Instant::now() > deadline {
                bail!(
                    "all lines were imported, but the read models do not catch up; see `tidings status`"
                );
            }
            tokio::time::sleep(FIRST_PAUSE).await;
        }
    }

    /// Sends a chunk and retries until it is answered. Returns one reply per line, in order.
    pub async fn post(&self, chunk: &Chunk) -> Result<Vec<Answer>> {
        let deadline = Instant::now() + PATIENCE;
        let mut backoff = FIRST_PAUSE;
        loop {
            let (error, retry_after) = match self.try_once(chunk).await {
                Ok(answers) => return Ok(answers),
                Err(Obstacle::Lasting(error)) => return Err(error),
                Err(Obstacle::Passing(error, retry_after)) => (error, retry_after),
            };
            let wait = retry_after.unwrap_or(backoff).min(LAST_PAUSE);
            if Instant::now() + wait >= deadline {
                return Err(error.context(format!("gave up after {} s", PATIENCE.as_secs())));
            }
            tracing::warn!(
                error = format!("{error:#}"),
                "sending a chunk failed; retrying"
            );
            tokio::time::sleep(wait).await;
            backoff = (backoff * 2).min(LAST_PAUSE);
        }
    }

    async fn try_once(&self, chunk: &Chunk) -> Result<Vec<Answer>, Obstacle> {
        let passing = |error: reqwest::Error| Obstacle::Passing(error.without_url().into(), None);
        let response = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.token.reveal())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(chunk.body.clone())
            .send()
            .await
            .map_err(passing)?;
        if response.status() != StatusCode::OK {
            return Err(refused(response).await);
        }
        let position = response.headers().get("tidings-position");
        let position = position.and_then(|value| value.to_str().ok()?.parse().ok());
        self.position
            .fetch_max(position.unwrap_or(0), Ordering::Relaxed);
        let body = response.bytes().await.map_err(passing)?;
        answers(&body, chunk).map_err(Obstacle::Lasting)
    }
}

async fn refused(response: Response) -> Obstacle {
    let status = response.status();
    let after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<Problem>(&body).map_or_else(
        |_| body.chars().take(SHOWN_BYTES).collect(),
        |problem| problem.detail,
    );
    let error = anyhow::anyhow!("the system answered {status}: {detail}");
    let passing = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
        StatusCode::REQUEST_TIMEOUT,
    ];
    if passing.contains(&status) {
        Obstacle::Passing(error, after.map(Duration::from_secs))
    } else {
        Obstacle::Lasting(error)
    }
}

/// Parses the replies and checks that there is exactly one for each line that was sent.
fn answers(body: &[u8], chunk: &Chunk) -> Result<Vec<Answer>> {
    let answers: Vec<Answer> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .context("cannot parse the response of the system")?;
    let sent = chunk.lines.iter().map(|counted| counted.line);
    if !answers.iter().map(|answer| answer.line).eq(sent) {
        bail!(
            "the response has {} replies and does not match the {} lines that were sent",
            answers.len(),
            chunk.lines.len()
        );
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::import::chunks::Counted;
    use crate::commands::import::repeats::Digest;

    fn chunk(lines: &[u64]) -> Chunk {
        let counted = |line: &u64| Counted {
            line: *line,
            conversation: Digest::of(&[]),
            sender: None,
        };
        Chunk {
            lines: lines.iter().map(counted).collect(),
            ..Chunk::default()
        }
    }

    #[test]
    fn every_line_has_its_reply() {
        let body = b"{\"line\":3,\"status\":\"imported\",\"seq\":1}\n{\"line\":5,\"status\":\"rejected\",\"reason\":\"empty\"}\n";
        let found = answers(body, &chunk(&[3, 5])).expect("replies match the chunk");
        assert_eq!(found[0].status, Status::Imported);
        assert_eq!(found[1].reason.as_deref(), Some("empty"));
        assert!(answers(body, &chunk(&[3])).is_err());
        assert!(answers(body, &chunk(&[5, 3])).is_err());
        assert!(answers(b"<html>", &chunk(&[1])).is_err());
    }

    #[test]
    fn only_http_urls_are_accepted() {
        let token = Secret::new("t");
        for (base, url) in [
            (
                "http://127.0.0.1:8080",
                Some("http://127.0.0.1:8080/v1/admin/import"),
            ),
            (
                "https://chat.example.com/tidings/",
                Some("https://chat.example.com/tidings/v1/admin/import"),
            ),
            ("ftp://x", None),
            ("127.0.0.1:8080", None),
        ] {
            let target = Target::new(&(base.to_owned(), token.clone())).ok();
            assert_eq!(
                target.map(|target| target.url.to_string()).as_deref(),
                url,
                "{base}"
            );
        }
    }
}
