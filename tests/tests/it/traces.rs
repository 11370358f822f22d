//! Traces: one send can be followed from the request to the recipient, in one process and across
//! processes.

use std::collections::BTreeSet;

use async_nats::jetstream;
use eventually::{eventually, eventually_true};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{Client, http_client};
use tests::collector::{ReceivedSpan, TraceCollector};
use tests::fleet::Fleet;
use tests::live::{LiveEvents, LiveSocket};
use tests::log;
use tests::receiver::{SECRET, WebhookReceiver};
use tests::token;
use tests::world::{Settings, World};

/// The span of a send.
const SEND: &str = "POST /v1/conversations/{id}/messages";

/// What happens to every message, in the order in which it happens.
const STAGES: [&str; 7] = [
    SEND, "decide", "append", "commit", "publish", "project", "deliver",
];

fn settings(collector: &TraceCollector) -> Settings {
    Settings::default().with("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
}

/// The header of a caller, for a trace of this number.
fn header_of(number: u16, flags: &str) -> (String, String) {
    let trace = format!("4bf92f3577b34da6a3ce929d0e0e{number:04x}");
    (format!("00-{trace}-00f067aa0ba902b7-{flags}"), trace)
}

/// Sends a message and returns its position.
async fn send_traced(user: &Client, key: &str, traceparent: &str) -> i64 {
    let request = user
        .request(&Method::POST, "/v1/conversations/team/messages")
        .header("traceparent", traceparent)
        .json(&json!({ "client_message_id": key, "type": "text", "body": { "text": key } }));
    let answer = request.send().await;
    assert!(matches!(answer.status, 200 | 201), "{answer}");
    answer.position()
}

/// Checks that each span follows another one of the trace, or the caller, and has ended well.
fn assert_connected(spans: &[ReceivedSpan], caller: &str) {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), spans.len(), "ids repeat: {spans:#?}");
    for span in spans {
        let follows = ids.contains(span.parent.as_str()) || span.parent == caller;
        assert!(follows, "{span:#?} follows nothing");
        assert_eq!(span.error, None, "{span:#?}");
        assert!(
            0 < span.times.0 && span.times.0 <= span.times.1,
            "{span:#?}"
        );
    }
}

fn named<'s>(spans: &'s [ReceivedSpan], name: &str) -> &'s ReceivedSpan {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_one_trace_in_one_process() {
    let collector = TraceCollector::start().await;
    let receiver = WebhookReceiver::start().await;
    let settings = settings(&collector)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_SECRET", SECRET)
        .with("TIDINGS_LOG", "info")
        .with("TIDINGS_LOG_FORMAT", "json")
        .with("TIDINGS_LOG_REQUESTS", "on");
    let mut world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let url = receiver.url();
    world
        .run_ok(&["webhooks", "add", &url, "--events", "all", "--from", "1"])
        .await;
    let token = token::for_user("bob");
    let socket = LiveSocket::open(&world.address(), &token, "after=0").await;
    let mut socket = socket.expect("a connection");
    let caught_up = socket.wait_until_caught_up().await.to_string();
    let base = format!("http://{}", world.address());
    let mut events = LiveEvents::open(&http_client(), &base, &token, &caught_up).await;
    while events.next_frame().await.expect("a frame")["type"] != "caught_up" {}

    let (header, trace) = header_of(1, "01");
    let position = send_traced(&ann, "k1", &header).await;
    socket.wait_for_position(position).await;
    events.wait_for_position(position).await;
    let stages = [&STAGES[..], &["send", "webhook"]].concat();
    let spans = collector.wait_for(&trace, &stages).await;
    assert_connected(&spans, "00f067aa0ba902b7");
    let request = named(&spans, SEND);
    assert_eq!(request.parent, "00f067aa0ba902b7");
    assert_eq!(request.attributes["http.response.status_code"], "201");
    assert_eq!(request.attributes["tidings.position"], position.to_string());
    assert!(spans.iter().all(|span| span.service == "tidings"));
    let transports = eventually("both connections have sent it", async || {
        let spans = collector.trace(&trace);
        let sent = spans.iter().filter(|span| span.name == "send");
        let names: BTreeSet<String> = sent
            .map(|span| span.attributes["tidings.transport"].clone())
            .collect();
        (names.len() == 2).then_some(names)
    });
    assert_eq!(
        transports.await,
        ["sse", "websocket"].map(String::from).into()
    );
    assert!(
        collector
            .headers()
            .iter()
            .all(|headers| headers["api-key"] == "s3cret")
    );
    assert_stored(&world, position, &trace).await;
    receiver.wait_for_position(position).await;

    let log = world.service().process.log_tail();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut of_send = lines.filter(|line| line["method"] == "POST" && line["status"] == 201);
    assert!(
        of_send.any(|line| line["span"]["trace_id"] == trace),
        "{log}"
    );
    assert!(!log.contains("s3cret"), "{log}");
}

/// The event, its message in the stream and its row say which trace it belongs to.
async fn assert_stored(world: &World, position: i64, trace: &str) {
    let page = format!("/v1/events?after={}&limit=1", position - 1);
    let event: Value = world.admin().get_ok(&page).await;
    let stored = event["traceparent"].as_str().expect("a traceparent");
    assert_eq!(stored.split('-').nth(1), Some(trace));
    let row: (String, String) = sqlx::query_as(
        "SELECT traceparent, metadata->>'traceparent' FROM events WHERE position = $1",
    )
    .bind(position)
    .fetch_one(&world.pool)
    .await
    .expect("a row");
    assert_eq!(row, (stored.to_owned(), stored.to_owned()));
    let nats_url = world
        .env()
        .into_iter()
        .find(|(name, _)| *name == "NATS_URL");
    let (_, nats_url) = nats_url.expect("the address of NATS");
    let nats = log::connect_nats(&nats_url).await.expect("a connection");
    let stream = jetstream::new(nats).get_stream("TIDINGS").await;
    let stream = stream.expect("the stream");
    let message = stream.get_raw_message(position.unsigned_abs()).await;
    let message = message.expect("the message");
    let header = message.headers.get("traceparent").expect("a header");
    assert_eq!(header.as_str().split('-').nth(1), Some(trace));
    assert_ne!(
        header.as_str(),
        stored,
        "it names the step that published it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_is_one_trace_across_processes() {
    let collector = TraceCollector::start().await;
    let fleet = Fleet::start(1, &settings(&collector)).await;
    let ann = fleet.user("ann", 0);
    ann.create_group("team", &["bob"]).await.expect(201);
    let token = token::for_user("bob");
    let socket = LiveSocket::open(&fleet.query_address(0), &token, "after=0").await;
    let mut socket = socket.expect("a connection");
    socket.wait_until_caught_up().await;
    let stages = [&STAGES[..], &["send"]].concat();
    let mut traces = Vec::new();
    // A signal between processes may be lost, and with it the last steps of a trace.
    let spans = eventually("a trace has all stages", async || {
        let (header, trace) = header_of(traces.len() as u16, "01");
        let position = send_traced(&ann, &trace, &header).await;
        socket.wait_for_position(position).await;
        traces.push(trace);
        let mut traces = traces.iter().map(|trace| collector.trace(trace));
        let has = |spans: &[ReceivedSpan], name: &str| spans.iter().any(|span| span.name == name);
        traces.find(|spans| stages.iter().all(|name| has(spans, name)))
    })
    .await;
    assert_connected(&spans, "00f067aa0ba902b7");
    let services = [SEND, "commit", "publish", "project", "deliver", "send"]
        .map(|name| named(&spans, name).service.as_str());
    let (commands, projector, queries) = (
        "tidings-command-svc",
        "tidings-projector",
        "tidings-query-api",
    );
    assert_eq!(services[..2], [commands; 2]);
    // The relay of any process that appends may be the active one.
    assert!([commands, queries].contains(&services[2]), "{services:?}");
    assert_eq!(services[3..], [projector, queries, queries]);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_and_the_ratio_decide_what_is_traced() {
    let collector = TraceCollector::start().await;
    let settings = settings(&collector).with("OTEL_TRACES_SAMPLER_ARG", "0");
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let (unsampled, unsampled_trace) = header_of(2, "00");
    let (_, invalid_trace) = header_of(3, "01");
    let invalid = format!("00-{}-00f067aa0ba902b7-01", invalid_trace.to_uppercase());
    send_traced(&ann, "k1", &unsampled).await;
    send_traced(&ann, "k2", &invalid).await;
    // The last one asks for a trace, so all spans before it have been sent by then.
    let (sampled, trace) = header_of(4, "01");
    send_traced(&ann, "k3", &sampled).await;
    // A repeated request is answered from its receipt, whatever its trace.
    let (again, repeated) = header_of(5, "01");
    send_traced(&ann, "k3", &again).await;
    collector.wait_for(&trace, &STAGES[..6]).await;
    collector.wait_for(&repeated, &[SEND]).await;
    let traces: BTreeSet<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.trace)
        .collect();
    assert_eq!(traces, BTreeSet::from([trace, repeated]));
    assert!(!traces.contains(&unsampled_trace));
    let (stored,): (i64,) = sqlx::query_as("SELECT count(traceparent) FROM events")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(stored, 1, "only the event of the traced request");
}

/// Requests that arrive together are committed, published and projected together.
#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_a_batch_link_to_each_other() {
    let collector = TraceCollector::start().await;
    let world = World::start_with(settings(&collector)).await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let mut round = 0;
    eventually_true("two sends have shared a batch", async || {
        round += 1;
        let sends = (0..32).map(|n| {
            let ann = ann.clone();
            async move {
                ann.send("team", &format!("k{round}-{n}"), "hi")
                    .await
                    .expect(201)
            }
        });
        futures::future::join_all(sends).await;
        let spans = collector.spans();
        let linked = |name| {
            let mut steps = spans.iter().filter(|span| span.name == name);
            steps.any(|span| !span.links.is_empty() && !span.links.contains(&span.trace))
        };
        ["commit", "publish", "project"].into_iter().all(linked)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_collector_delays_no_send_and_drops_are_counted() {
    // It accepts connections and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let settings = Settings::default().with("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    let mut world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let metrics = || async {
        let answer = world.anonymous().get("/metrics").await;
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let mut sent = 0;
    eventually_true("spans are dropped", async || {
        let sends = (0..200).map(|n| {
            let (ann, key) = (ann.clone(), format!("k{sent}-{n}"));
            async move { ann.send("team", &key, "hi").await.expect(201) }
        });
        futures::future::join_all(sends).await;
        sent += 1;
        let text = metrics().await;
        text.contains("tidings_trace_spans_total{outcome=\"dropped\"}")
    })
    .await;
    let head = log::head(&world.pool).await.expect("a head");
    assert!(head >= sent * 200, "every send is in the log");
    let status = world.stop();
    assert!(
        status.is_some_and(|status| status.success()),
        "it stops in time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_nothing_is_traced() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let (header, _) = header_of(6, "01");
    let position = send_traced(&ann, "k1", &header).await;
    let page = format!("/v1/events?after={}&limit=1", position - 1);
    let event = world.admin().get_ok(&page).await;
    assert!(event.get("traceparent").is_none(), "{event}");
    let metrics = world.anonymous().get("/metrics").await.body;
    assert!(!String::from_utf8_lossy(&metrics).contains("tidings_trace_spans_total"));
}
