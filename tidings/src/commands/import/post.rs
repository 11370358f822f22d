//! Sending chunks to the running system. A chunk may be sent any number of times: every line has a
//! key that it is known by.

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

/// How long one chunk is tried before the import gives up.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pauses between tries: they double from the first to the last, unless the answer names one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);
/// How long one request may take: a thousand appends, on a slow disk.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How much of an unexpected answer is shown.
const SHOWN_BYTES: usize = 500;

/// What became of a line.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Answer {
    /// Its number in the file.
    pub line: u64,
    /// How it went.
    pub status: Status,
    /// Why it was rejected.
    #[serde(default)]
    pub reason: Option<String>,
    /// Reactions of it that had no room.
    #[serde(default)]
    pub reactions_dropped: u64,
}

/// How it went with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is a message now.
    Imported,
    /// It was one before.
    Known,
    /// It cannot be one.
    Rejected,
}

/// What is read of a problem document.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// The system that is imported into.
pub struct Target {
    client: Client,
    url: Url,
    /// Where it is asked how far its read models are.
    unread: Url,
    token: Secret,
    /// The largest position that was answered.
    position: AtomicI64,
}

/// How one try ended, if not with an answer.
enum Obstacle {
    /// Another try may help, after a pause that the answer may have named.
    Passing(anyhow::Error, Option<Duration>),
    /// No other try can help.
    Lasting(anyhow::Error),
}

impl Target {
    /// The system at this base URL, and an admin's token.
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
            .ok_or_else(|| Usage(format!("{base:?} is not an http or https address")))?;
        // Fails only if a provider is there already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .context("cannot set up HTTP")?;
        Ok(Self {
            client,
            url,
            unread,
            token: token.clone(),
            position: AtomicI64::new(0),
        })
    }

    /// Waits until everything that was sent can be read. A system that answers no queries at this
    /// address, as a command service of a fleet, is not waited for.
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
                .context("cannot ask how far the read models are")?;
            if response.status() != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(());
            }
            // Each time the text tells how far they are, they go on, and so does the waiting.
            let said = response.text().await.unwrap_or_default();
            if last_seen.replace(said.clone()) != Some(said) {
                deadline = Instant::now() + PATIENCE;
            }
            if Instant::now() > deadline {
                bail!(
                    "everything is imported, but the read models do not get there: see `tidings status`"
                );
            }
            tokio::time::sleep(FIRST_PAUSE).await;
        }
    }

    /// Sends a chunk until it is answered: one answer for each of its lines, in order.
    pub async fn post(&self, chunk: &Chunk) -> Result<Vec<Answer>> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let (error, named) = match self.try_once(chunk).await {
                Ok(answers) => return Ok(answers),
                Err(Obstacle::Lasting(error)) => return Err(error),
                Err(Obstacle::Passing(error, named)) => (error, named),
            };
            let wait = named.unwrap_or(pause).min(LAST_PAUSE);
            if Instant::now() + wait >= deadline {
                return Err(error.context(format!("gave up after {} s", PATIENCE.as_secs())));
            }
            tracing::warn!(error = format!("{error:#}"), "trying again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LAST_PAUSE);
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
    let said = serde_json::from_str::<Problem>(&body).map_or_else(
        |_| body.chars().take(SHOWN_BYTES).collect(),
        |problem| problem.detail,
    );
    let error = anyhow::anyhow!("the system answered {status}: {said}");
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

/// One answer a line, for just the lines that were sent.
fn answers(body: &[u8], chunk: &Chunk) -> Result<Vec<Answer>> {
    let answers: Vec<Answer> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .context("the system's answer cannot be read")?;
    let asked = chunk.lines.iter().map(|counted| counted.line);
    if !answers.iter().map(|answer| answer.line).eq(asked) {
        bail!(
            "the system answered {} of {} lines",
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
    fn every_line_has_its_answer() {
        let body = b"{\"line\":3,\"status\":\"imported\",\"seq\":1}\n{\"line\":5,\"status\":\"rejected\",\"reason\":\"empty\"}\n";
        let found = answers(body, &chunk(&[3, 5])).expect("fits");
        assert_eq!(found[0].status, Status::Imported);
        assert_eq!(found[1].reason.as_deref(), Some("empty"));
        assert!(answers(body, &chunk(&[3])).is_err());
        assert!(answers(body, &chunk(&[5, 3])).is_err());
        assert!(answers(b"<html>", &chunk(&[1])).is_err());
    }

    #[test]
    fn only_http_addresses_are_taken() {
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
