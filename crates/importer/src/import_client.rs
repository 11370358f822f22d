//! The client that sends chunks to the running system. A chunk may be sent repeatedly, because
//! every line has an idempotency key.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use connectivity::OutageLog;
use data_dir::{SecretString, UsageError, format_count};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use rustls::ClientConfig;
use serde::Deserialize;
use tokio::time::Instant;

use crate::chunks::ImportChunk;

/// How long a chunk is retried before the import fails.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);
/// The same while no connection can be made at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The first delay between retries. It doubles with each retry, unless the response has a
/// `Retry-After` header.
const MIN_BACKOFF: Duration = Duration::from_millis(200);
/// The maximum delay between retries.
const MAX_BACKOFF: Duration = Duration::from_secs(10);
/// The timeout of one request: a thousand appends on a slow disk.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How many characters of an unexpected response are shown.
const MAX_SHOWN_CHARS: usize = 500;

/// The reply of the system to one line.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct LineReply {
    /// The line number in the file.
    pub line: u64,
    /// The result of the line.
    pub status: LineStatus,
    /// The conversation that has the line.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// The reason for a rejection.
    #[serde(default)]
    pub reason: Option<String>,
    /// The number of reactions that were dropped because of the limit per message.
    #[serde(default)]
    pub reactions_dropped: u64,
    /// Whether the message was imported without the reply that it is.
    #[serde(default)]
    pub reply_dropped: bool,
}

/// The result of importing a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    /// The line was imported.
    Imported,
    /// The line had been imported before.
    Known,
    /// The line was rejected.
    Rejected,
}

/// The part of a problem document that is shown.
#[derive(Deserialize)]
struct ProblemDetail {
    detail: String,
}

/// The system into which messages are imported.
#[derive(Debug, Clone)]
pub struct ImportTarget {
    /// The base URL.
    pub url: String,
    /// What to trust there, instead of the roots of this machine.
    pub tls: Option<ClientConfig>,
    /// An admin token.
    pub token: SecretString,
}

/// A client of the system into which messages are imported.
pub struct ImportClient {
    pub(crate) http: Client,
    import_url: Url,
    /// The URL of files.
    pub(crate) files_url: Url,
    /// The URL that is polled until the read models have caught up.
    unread_url: Url,
    pub(crate) token: SecretString,
    /// The largest position returned so far.
    max_position: AtomicI64,
}

/// The reason why an attempt failed.
pub(crate) enum PostError {
    /// There is no connection.
    Unreachable(anyhow::Error),
    /// A retry may succeed, after the `Retry-After` delay of the response if there is one.
    Transient(anyhow::Error, Option<Duration>),
    /// A retry cannot succeed.
    Permanent(anyhow::Error),
}

impl ImportClient {
    /// A client for this system.
    pub fn new(target: ImportTarget) -> Result<Self> {
        let base = &target.url;
        let (url, unread, files) = Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .and_then(|url| {
                Some((
                    url.join("v1/admin/import").ok()?,
                    url.join("v1/inbox/unread").ok()?,
                    url.join("v1/files").ok()?,
                ))
            })
            .ok_or_else(|| UsageError(format!("{base:?} is not an http or https URL")))?;
        // Fails only if a provider is already installed, which is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder().timeout(REQUEST_TIMEOUT);
        if let Some(tls) = target.tls {
            client = client.tls_backend_preconfigured(tls);
        }
        let client = client.build().context("cannot create the HTTP client")?;
        Ok(Self {
            http: client,
            import_url: url,
            files_url: files,
            unread_url: unread,
            token: target.token,
            max_position: AtomicI64::new(0),
        })
    }

    /// Waits until everything that was sent can be read. Returns immediately for a system that
    /// serves no queries at this address, such as the command service of a fleet.
    pub async fn wait_until_readable(&self) -> Result<()> {
        let mut url = self.unread_url.clone();
        url.query_pairs_mut().append_pair(
            "min_position",
            &self.max_position.load(Ordering::Relaxed).to_string(),
        );
        let mut last_seen = None;
        let mut deadline = Instant::now() + RETRY_TIMEOUT;
        loop {
            let response = self
                .http
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
                deadline = Instant::now() + RETRY_TIMEOUT;
            }
            if Instant::now() > deadline {
                bail!(
                    "all lines were imported, but the read models do not catch up; see `tidings status`"
                );
            }
            tokio::time::sleep(MIN_BACKOFF).await;
        }
    }

    /// Sends a chunk and retries until it is answered. Returns one reply per line, in order.
    pub async fn post_chunk(&self, chunk: &ImportChunk) -> Result<Vec<LineReply>> {
        let outages = OutageLog::new("Sending messages");
        self.retry(&outages, move || self.try_once(chunk)).await
    }

    /// Makes a call, and again as long as it fails for a reason that passes.
    pub(crate) async fn retry<T, F>(
        &self,
        outages: &OutageLog,
        attempt: impl Fn() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T, PostError>>,
    {
        let began = Instant::now();
        let mut backoff = MIN_BACKOFF;
        loop {
            let (error, retry_after, limit) = match attempt().await {
                Ok(answer) => {
                    outages.record_success();
                    return Ok(answer);
                }
                Err(PostError::Permanent(error)) => return Err(error),
                Err(PostError::Transient(error, wait)) => (error, wait, RETRY_TIMEOUT),
                Err(PostError::Unreachable(error)) => (error, None, CONNECT_TIMEOUT),
            };
            let wait = retry_after.unwrap_or(backoff).min(MAX_BACKOFF);
            if began.elapsed() + wait >= limit {
                return Err(error.context(format!("gave up after {} s", limit.as_secs())));
            }
            outages.record_failure(&format_args!("{error:#}"));
            tokio::time::sleep(wait).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }

    /// Says where there is no connection. The URL has a host, and no password is shown.
    pub(crate) fn describe_failure(&self, error: reqwest::Error) -> PostError {
        let (is_connect, url) = (error.is_connect(), &self.import_url);
        let error = anyhow::Error::from(error.without_url());
        if !is_connect {
            return PostError::Transient(error, None);
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        PostError::Unreachable(error.context(format!("no connection to {host}:{port}")))
    }

    async fn try_once(&self, chunk: &ImportChunk) -> Result<Vec<LineReply>, PostError> {
        let passing =
            |error: reqwest::Error| PostError::Transient(error.without_url().into(), None);
        let response = self
            .http
            .post(self.import_url.clone())
            .bearer_auth(self.token.reveal())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(chunk.body.clone())
            .send()
            .await
            .map_err(|error| self.describe_failure(error))?;
        if response.status() != StatusCode::OK {
            return Err(rejection_error(response).await);
        }
        let position = response.headers().get("tidings-position");
        let position = position.and_then(|value| value.to_str().ok()?.parse().ok());
        self.max_position
            .fetch_max(position.unwrap_or(0), Ordering::Relaxed);
        let body = response.bytes().await.map_err(passing)?;
        parse_replies(&body, chunk).map_err(PostError::Permanent)
    }
}

/// Why a call was refused, and whether a retry may succeed.
pub(crate) async fn rejection_error(response: Response) -> PostError {
    let status = response.status();
    let after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<ProblemDetail>(&body).map_or_else(
        |_| body.chars().take(MAX_SHOWN_CHARS).collect(),
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
        PostError::Transient(error, after.map(Duration::from_secs))
    } else {
        PostError::Permanent(error)
    }
}

/// Parses the replies and checks that there is exactly one for each line that was sent.
fn parse_replies(body: &[u8], chunk: &ImportChunk) -> Result<Vec<LineReply>> {
    let answers: Vec<LineReply> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .context("cannot parse the response of the system")?;
    let sent = chunk.lines.iter().map(|counted| counted.line);
    if !answers.iter().map(|answer| answer.line).eq(sent) {
        bail!(
            "the response has {} and does not match the {} that were sent",
            format_count(answers.len(), "answer"),
            format_count(chunk.lines.len(), "line")
        );
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunks::{PendingLine, WantedConversation};
    use crate::duplicates::TextDigest;
    use crate::record::RecordPlace;

    fn chunk(lines: &[u64]) -> ImportChunk {
        let counted = |line: &u64| PendingLine {
            line: *line,
            file: "chat.jsonl".into(),
            place: RecordPlace::Line(*line),
            wanted: WantedConversation {
                name: "a".into(),
                id: None,
            },
            conversation: TextDigest::from_parts(&[]),
            sender: None,
        };
        ImportChunk {
            lines: lines.iter().map(counted).collect(),
            ..ImportChunk::default()
        }
    }

    #[test]
    fn every_line_has_its_reply() {
        let body = b"{\"line\":3,\"status\":\"imported\",\"seq\":1}\n{\"line\":5,\"status\":\"rejected\",\"reason\":\"empty\"}\n";
        let found = parse_replies(body, &chunk(&[3, 5])).expect("replies match the chunk");
        assert_eq!(found[0].status, LineStatus::Imported);
        assert_eq!(found[1].reason.as_deref(), Some("empty"));
        assert!(parse_replies(body, &chunk(&[3])).is_err());
        assert!(parse_replies(body, &chunk(&[5, 3])).is_err());
        assert!(parse_replies(b"<html>", &chunk(&[1])).is_err());
    }

    #[test]
    fn only_http_urls_are_accepted() {
        let token = SecretString::new("t");
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
            let client = ImportClient::new(ImportTarget {
                url: base.to_owned(),
                tls: None,
                token: token.clone(),
            });
            let client = client.ok();
            assert_eq!(
                client
                    .map(|client| client.import_url.to_string())
                    .as_deref(),
                url,
                "{base}"
            );
        }
    }
}
