//! Sends ended spans to the collector, in batches, from a task of its own.

use std::time::Duration;

use connectivity::OutageLog;
use metrics::counter;
use opentelemetry_proto::tonic::resource::v1::Resource;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::encoding;
use crate::otlp_settings::{OtlpEndpoint, OtlpHeaders, SamplingRatio};
use crate::sampler::Sampler;
use crate::span_record::SpanRecord;
use crate::tracer::{self, Tracer};

/// How many spans wait for the collector; more are dropped.
const QUEUE_CAPACITY: usize = 8_192;

/// How many spans a request has at most.
const MAX_BATCH: usize = 512;

/// How long a span waits for others.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How long a collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a process that stops waits for the collector.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where spans go, and which there are.
#[derive(Debug, Clone)]
pub struct ExportConfig {
    /// The collector.
    pub endpoint: OtlpEndpoint,
    /// Headers of the requests to it.
    pub headers: OtlpHeaders,
    /// The share of the requests that are traced.
    pub sampling: SamplingRatio,
    /// The name of this process in traces.
    pub service: String,
}

/// The running export.
#[derive(Debug)]
pub struct SpanExport {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Turns traces on in this process. `None` if they are on already.
pub fn start_export(config: ExportConfig) -> Result<Option<SpanExport>, reqwest::Error> {
    // Fails if a provider is already installed; any provider will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .timeout(ANSWER_TIMEOUT)
        .redirect(Policy::none())
        .build()?;
    let (sender, queue) = mpsc::channel(QUEUE_CAPACITY);
    let sampler = Sampler::new(config.sampling);
    if !tracer::install(Tracer {
        sampler,
        queue: sender,
    }) {
        return Ok(None);
    }
    let resource = encoding::build_resource(&[
        ("service.name", config.service.clone()),
        ("service.namespace", "tidings".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", Uuid::new_v4().to_string()),
    ]);
    let stop = CancellationToken::new();
    let exporter = SpanExporter {
        config,
        client,
        resource,
        queue,
        outages: OutageLog::new("Exporting traces"),
    };
    let task = tokio::spawn(exporter.run(stop.clone()));
    Ok(Some(SpanExport { stop, task }))
}

impl SpanExport {
    /// Sends what has ended, for a bounded time, and ends the export.
    pub async fn shut_down(self) {
        self.stop.cancel();
        let aborting = self.task.abort_handle();
        if timeout(FLUSH_TIMEOUT, self.task).await.is_err() {
            aborting.abort();
            tracing::debug!("the collector has not taken the last spans in time");
        }
    }
}

/// The task that sends.
struct SpanExporter {
    config: ExportConfig,
    client: Client,
    resource: Resource,
    queue: mpsc::Receiver<SpanRecord>,
    outages: OutageLog,
}

impl SpanExporter {
    async fn run(mut self, stop: CancellationToken) {
        while let Some(first) = stop.run_until_cancelled(self.queue.recv()).await.flatten() {
            let mut batch = vec![first];
            let due = Instant::now() + EXPORT_INTERVAL;
            while batch.len() < MAX_BATCH {
                let wanted = MAX_BATCH - batch.len();
                tokio::select! {
                    biased;
                    received = self.queue.recv_many(&mut batch, wanted) => if received == 0 { break },
                    () = stop.cancelled() => break,
                    () = sleep_until(due) => break,
                }
            }
            self.send(batch).await;
        }
        self.queue.close();
        let mut batch = Vec::new();
        while self.queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
            self.send(std::mem::take(&mut batch)).await;
        }
    }

    /// Sends a batch once. Spans are not worth keeping for a collector that is away.
    async fn send(&self, batch: Vec<SpanRecord>) {
        let spans = batch.len() as u64;
        let sent = self.post(encoding::encode_request(&self.resource, batch));
        let outcome = match self.outages.record(sent.await) {
            Ok(()) => "exported",
            Err(_) => "failed",
        };
        counter!("tidings_trace_spans_total", "outcome" => outcome).increment(spans);
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), reqwest::Error> {
        let mut request = self
            .client
            .post(self.config.endpoint.as_url().clone())
            .header(CONTENT_TYPE, "application/x-protobuf");
        for (name, value) in self.config.headers.pairs() {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await?;
        answer.error_for_status().map(drop)
    }
}
