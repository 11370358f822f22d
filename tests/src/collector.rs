//! An OpenTelemetry collector: receives spans over OTLP and keeps them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use eventually::eventually;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A span as it was received.
#[derive(Debug, Clone)]
pub struct ReceivedSpan {
    /// The process that has sent it.
    pub service: String,
    /// The trace, as 32 hexadecimal digits.
    pub trace: String,
    /// The span, as 16 hexadecimal digits.
    pub id: String,
    /// The span that it follows, or an empty text.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// When it started and ended, in nanoseconds since 1970.
    pub times: (u64, u64),
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The traces that it links to.
    pub links: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(Default)]
struct CollectorState {
    spans: Mutex<Vec<ReceivedSpan>>,
    headers: Mutex<Vec<HeaderMap>>,
}

/// The collector. Dropping it ends it.
pub struct TraceCollector {
    url: String,
    received: Arc<CollectorState>,
    task: JoinHandle<()>,
}

impl TraceCollector {
    /// Starts a collector that accepts everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::<CollectorState>::default();
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(received.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            url: format!("http://{address}"),
            received,
            task,
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let spans = self.received.spans.lock();
        spans.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The headers of all requests so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        let headers = self.received.headers.lock();
        headers.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The spans of a trace so far.
    pub fn trace(&self, id: &str) -> Vec<ReceivedSpan> {
        let mut spans = self.spans();
        spans.retain(|span| span.trace == id);
        spans
    }

    /// Waits until a trace has spans with all of these names, and returns its spans.
    pub async fn wait_for(&self, trace: &str, names: &[&str]) -> Vec<ReceivedSpan> {
        eventually(format!("trace {trace} has {names:?}"), async || {
            let spans = self.trace(trace);
            let has = |name: &&str| spans.iter().any(|span| span.name == *name);
            names.iter().all(has).then_some(spans)
        })
        .await
    }
}

impl Drop for TraceCollector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(received): State<Arc<CollectorState>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let mut spans = Vec::new();
    for of_process in request.resource_spans {
        let resource = of_process.resource.unwrap_or_default();
        let attributes = read_attributes(&resource.attributes);
        let service = attributes.get("service.name").cloned().unwrap_or_default();
        let scopes = of_process.scope_spans.into_iter();
        spans.extend(
            scopes
                .flat_map(|scope| scope.spans)
                .map(|span| read_span(&service, span)),
        );
    }
    let kept = received.spans.lock();
    kept.unwrap_or_else(PoisonError::into_inner).extend(spans);
    let kept = received.headers.lock();
    kept.unwrap_or_else(PoisonError::into_inner).push(headers);
    StatusCode::OK
}

fn read_span(service: &str, span: Span) -> ReceivedSpan {
    ReceivedSpan {
        service: service.to_owned(),
        trace: to_hex(&span.trace_id),
        id: to_hex(&span.span_id),
        parent: to_hex(&span.parent_span_id),
        times: (span.start_time_unix_nano, span.end_time_unix_nano),
        attributes: read_attributes(&span.attributes),
        links: span
            .links
            .iter()
            .map(|link| to_hex(&link.trace_id))
            .collect(),
        error: span.status.map(|status| status.message),
        name: span.name,
    }
}

fn read_attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let read = |value: &Option<AnyValue>| match value.as_ref().and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pairs = attributes.iter();
    pairs
        .map(|pair| (pair.key.clone(), read(&pair.value)))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
