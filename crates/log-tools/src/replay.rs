//! Publishes events again, on a chosen NATS subject and at a chosen speed.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use async_nats::{Client, HeaderMap, HeaderName, HeaderValue};
use data_dir::UsageError;
use data_dir::secret::redact_url;
use domain::envelope::Envelope;
use domain::history::LogCursor;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use event_stream::nats;
use sqlx::PgPool;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::slice::{EventSelection, LogSlice};

/// How long to wait for the connection to NATS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The number of events that are serialised before the first of them is published, at maximum
/// speed. Published one by one, each event would wake the connection and cause a separate write.
const PUBLISH_BATCH_SIZE: usize = 500;

/// The speed of a replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReplaySpeed {
    /// A multiple of the original pace.
    Factor(f64),
    /// As fast as possible.
    Max,
}

/// Where and how fast to publish which events.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// The events.
    pub selection: EventSelection,
    /// The subject to publish to.
    pub subject: String,
    /// The speed.
    pub speed: ReplaySpeed,
}

/// What a replay has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplaySummary {
    /// The number of published events.
    pub events: u64,
    /// The replay resumes after this cursor.
    pub cursor: LogCursor,
    /// Whether all selected events were published.
    pub is_complete: bool,
}

/// Publishes events until the end of the selection, or until `stop` is cancelled. Calls
/// `on_progress` with the number of positions done and their total. Returns `None` if `stop` was
/// cancelled before NATS could be reached.
pub async fn replay(
    pool: &PgPool,
    nats_url: &str,
    options: &ReplayOptions,
    stop: &CancellationToken,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<Option<ReplaySummary>> {
    let client = nats::connect(nats_url).await?;
    let connected = timeout(CONNECT_TIMEOUT, nats::wait_until_connected(&client, stop)).await;
    let no_answer = || {
        let (url, seconds) = (redact_url(nats_url), CONNECT_TIMEOUT.as_secs());
        format!("no answer from NATS at {url} within {seconds} s")
    };
    if !connected.with_context(no_answer)? {
        return Ok(None);
    }
    let reader = LogReader::new(pool.clone());
    let slice = LogSlice::resolve(&options.selection, &reader).await?;
    let mut publisher = ReplayPublisher::new(&client, options, &slice);
    let mut pages = slice.read_pages(&reader);
    on_progress(0, slice.span());
    while let Some(page) = pages.recv().await {
        let page = page?;
        for events in page.events.chunks(publisher.batch_size()) {
            if !publisher.publish(events, stop).await? {
                return publisher.finish(&slice).await.map(Some);
            }
            on_progress(slice.span_to(publisher.position), slice.span());
        }
        publisher.position = publisher.position.max(page.scanned_to);
    }
    publisher.finish(&slice).await.map(Some)
}

/// Publishes batches of events when they are due.
struct ReplayPublisher<'a> {
    client: &'a Client,
    subject: String,
    speed: ReplaySpeed,
    headers: HeaderMap,
    /// When the first event was published, and its time in milliseconds.
    start: Option<(Instant, i64)>,
    /// The number of published events.
    events: u64,
    /// Every selected event up to this position has been published.
    position: i64,
}

impl<'a> ReplayPublisher<'a> {
    fn new(client: &'a Client, options: &ReplayOptions, slice: &LogSlice) -> Self {
        Self {
            client,
            subject: options.subject.clone(),
            speed: options.speed,
            headers: HeaderMap::from_iter([(
                HeaderName::from_static("content-type"),
                HeaderValue::from("application/cloudevents+json"),
            )]),
            start: None,
            events: 0,
            position: slice.after,
        }
    }

    fn batch_size(&self) -> usize {
        match self.speed {
            ReplaySpeed::Factor(_) => 1,
            ReplaySpeed::Max => PUBLISH_BATCH_SIZE,
        }
    }

    /// Publishes a batch when its first event is due. False if `stop` was cancelled before.
    async fn publish(&mut self, events: &[Envelope], stop: &CancellationToken) -> Result<bool> {
        if let (ReplaySpeed::Factor(times), [event, ..]) = (self.speed, events) {
            let due = self.due_time(event, times);
            if stop.run_until_cancelled(sleep_until(due)).await.is_none() {
                return Ok(false);
            }
        }
        if stop.is_cancelled() {
            return Ok(false);
        }
        let bodies: Vec<Vec<u8>> = events
            .iter()
            .map(Envelope::to_json)
            .collect::<Result<_, _>>()?;
        for (event, body) in events.iter().zip(bodies) {
            let (subject, headers) = (self.subject.clone(), self.headers.clone());
            self.client
                .publish_with_headers(subject, headers, body.into())
                .await?;
            self.events += 1;
            self.position = event.position;
        }
        Ok(true)
    }

    /// When to publish an event at a multiple of the original pace.
    fn due_time(&mut self, event: &Envelope, times: f64) -> Instant {
        let now = || (Instant::now(), event.time.millis());
        let (began, first) = *self.start.get_or_insert_with(now);
        let after = (event.time.millis() - first).max(0) as f64 / times;
        began + Duration::from_secs_f64(after / 1000.0)
    }

    /// Waits until NATS has received everything.
    async fn finish(self, slice: &LogSlice) -> Result<ReplaySummary> {
        self.client
            .flush()
            .await
            .context("NATS did not accept the last events")?;
        Ok(ReplaySummary {
            events: self.events,
            cursor: slice.history.cursor_at(self.position),
            is_complete: self.position >= slice.last,
        })
    }
}

/// Checks that the subject is valid and does not belong to the mirror, whose content must be exact.
pub fn check_subject(mirror: &MirrorConfig, subject: &str) -> Result<()> {
    let tokens: Vec<&str> = subject.split('.').collect();
    let is_legal = |token: &&str| {
        !token.is_empty() && !token.contains(['*', '>']) && !token.contains(char::is_whitespace)
    };
    if !tokens.iter().all(is_legal) || subject.starts_with('$') {
        bail!(UsageError(format!(
            "{subject:?} is not a valid subject to publish to; use one such as my.replay"
        )));
    }
    if mirror.reserves_subject(subject) {
        bail!(UsageError(format!(
            "{subject} is reserved for the mirror of the log; choose another subject"
        )));
    }
    Ok(())
}
