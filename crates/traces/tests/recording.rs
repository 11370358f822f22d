//! What a collector receives. Traces are on for a whole process, so this is one test.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span as ProtoSpan;
use prost::Message as _;
use tokio::net::TcpListener;
use traces::{BatchSpans, ExportConfig, OtlpHeaders, Span, SpanContext, SpanKind, TracedEvent};

const HOUR_MS: i64 = 3_600_000;

/// Starts a collector, and returns its address and what it receives.
async fn start_collector() -> (String, Arc<Mutex<Vec<ProtoSpan>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let received: Arc<Mutex<Vec<ProtoSpan>>> = Arc::default();
    let kept = received.clone();
    let receive = move |body: Bytes| {
        let kept = kept.clone();
        async move {
            let request = ExportTraceServiceRequest::decode(body).expect("a request");
            let resources = request.resource_spans.into_iter();
            let spans = resources
                .flat_map(|resource| resource.scope_spans)
                .flat_map(|scope| scope.spans);
            kept.lock().expect("no panic").extend(spans);
        }
    };
    let router = Router::new().route("/v1/traces", post(receive));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

fn traceparent(request: u8) -> String {
    format!("00-{request:032x}-{request:016x}-01")
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_millis()).expect("before the year 300,000,000")
}

/// One request with two steps, of which one fails and one is cancelled. Returns its context.
async fn trace_request() -> SpanContext {
    let request = Span::start_request(Some(&traceparent(1)), || "request".to_owned());
    let context = request.context().expect("it is sampled");
    traces::follow(context, async {
        assert_eq!(traces::current_traceparent(), Some(context.to_string()));
        Span::start("failing", SpanKind::Internal).end_with::<(), _>(&Err("no room"));
        drop(Span::start("dropped", SpanKind::Internal));
    })
    .await;
    assert_eq!(traces::current(), None, "no request");
    request.end();
    context
}

/// A batch with four events of three requests, of which one is old.
fn trace_batch() {
    let texts = [1, 2, 2, 3].map(traceparent);
    let events = texts
        .iter()
        .zip(7..)
        .map(|(traceparent, position)| TracedEvent {
            traceparent,
            position,
            appended_ms: Some(if position == 10 {
                now_ms() - 2 * HOUR_MS
            } else {
                now_ms()
            }),
        });
    let batch = BatchSpans::start("batch", SpanKind::Consumer, events);
    let contexts = batch.contexts();
    let positions: Vec<i64> = contexts.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, [7, 8, 9], "an old event is not traced");
    assert_eq!(contexts[1].1, contexts[2].1, "one span for each request");
    let own = batch.traceparent_at(8, Some(&texts[1]));
    assert_eq!(own, Some(contexts[1].1.to_string()));
    assert_eq!(
        batch.traceparent_at(10, Some(&texts[3])).as_ref(),
        Some(&texts[3])
    );
    assert_eq!(batch.traceparent_at(8, None), None);
    batch.end();
}

#[tokio::test]
async fn spans_arrive_with_parents_links_and_errors() {
    let (url, received) = start_collector().await;
    let config = ExportConfig {
        endpoint: url.parse().expect("an address"),
        headers: OtlpHeaders::default(),
        sampling: "1".parse().expect("a ratio"),
        service: "test".to_owned(),
    };
    let export = traces::start_export(config.clone()).expect("a client");
    let export = export.expect("it was off");
    assert!(
        traces::start_export(config).expect("a client").is_none(),
        "it is on"
    );

    let context = trace_request().await;
    trace_batch();
    export.shut_down().await;

    let spans = received.lock().expect("no panic");
    let mut seen: Vec<(&str, u8, u8, String)> = spans
        .iter()
        .map(|span| {
            let status = span.status.as_ref();
            let error = status.map_or(String::new(), |status| status.message.clone());
            let parent = span.parent_span_id.last().copied().expect("a parent");
            (span.name.as_str(), span.trace_id[15], parent, error)
        })
        .collect();
    let own = context.span_id().to_be_bytes()[7];
    seen.sort();
    let text = |error: &str| error.to_owned();
    let expected = [
        ("batch", 1, 1, text("")),
        ("batch", 2, 2, text("")),
        ("dropped", 1, own, text("cancelled")),
        ("failing", 1, own, text("no room")),
        ("request", 1, 1, text("")),
    ];
    assert_eq!(seen, expected);
    let batches = spans.iter().filter(|span| span.name == "batch");
    for span in batches {
        let links: Vec<u8> = span.links.iter().map(|link| link.trace_id[15]).collect();
        assert_eq!(links, [3 - span.trace_id[15]], "the other request");
    }
}
