//! Tests of reading the log over HTTP.

use std::time::Duration;

use axum::body::Body;
use domain::body::MessageBody;
use domain::body::MessageType;
use domain::conversation::event::{
    ConversationCreated, ConversationEvent, ConversationKind, HistoryVisibility, InitialMember,
    MessageSent, Role,
};
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::{AppendRequest, EventLog, LogConfig};
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::fixture::{QueryFixture, token};
use crate::fixture_log::FixtureLog;

/// How long a test waits for an expected event.
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Appends `count` events to the log of the fixture: a conversation `room`, then its messages.
pub async fn append(fixture: &QueryFixture, count: i64) -> EventLog {
    let log = EventLog::open(fixture.admin_pool.clone(), LogConfig::default())
        .await
        .unwrap();
    append_more(&log, count).await;
    log
}

async fn append_more(log: &EventLog, count: i64) {
    let ana = UserId::parse("ana").unwrap();
    for _ in 0..count {
        let locked = log.conversations().lock("room").await.unwrap();
        let event = if locked.state().exists() {
            ConversationEvent::MessageSent(MessageSent {
                seq: locked.state().head_seq() + 1,
                sender: ana.clone(),
                kind: MessageType::Text,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: Vec::new(),
                sent_at: Timestamp::from_millis(1_700_000_000_000),
                client_message_id: None,
                thread: None,
                scheduled_for: None,
                flags: Vec::new(),
            })
        } else {
            ConversationEvent::ConversationCreated(ConversationCreated {
                kind: ConversationKind::Group,
                title: None,
                history: HistoryVisibility::All,
                members: vec![InitialMember {
                    user: ana.clone(),
                    role: Role::Owner,
                }],
                by: ana.clone(),
                created_at: None,
                flags: Vec::new(),
            })
        };
        let append = AppendRequest {
            events: vec![event],
            receipts: Vec::new(),
            observations: Vec::new(),
            actor: None,
        };
        locked.append(append).wait().await.unwrap();
    }
}

fn lines(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn positions(body: &[u8]) -> Vec<i64> {
    lines(body)
        .iter()
        .map(|event| event["position"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn events_are_returned_in_order_between_their_bounds() {
    let fixture = QueryFixture::new(&FixtureLog::new(10)).await;
    append(&fixture, 450).await;
    let read = async |query: &str| {
        let answer = fixture.get_as_admin(&format!("/v1/events?{query}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        assert_eq!(answer.position(), 450);
        answer.body
    };
    assert_eq!(positions(&read("").await), (1..=450).collect::<Vec<_>>());
    assert_eq!(positions(&read("limit=3").await), [1, 2, 3]);
    assert_eq!(
        positions(&read("after=300&limit=201").await),
        (301..=450).collect::<Vec<_>>()
    );
    assert_eq!(positions(&read("after=450").await), [0_i64; 0]);
    assert_eq!(positions(&read("after=99999").await), [0_i64; 0]);
    assert_eq!(positions(&read("type=conversation_created").await), [1]);
    assert_eq!(
        positions(&read("type=message_sent,conversation_created&limit=2").await),
        [1, 2]
    );
    assert_eq!(
        positions(&read("source=/conversations/room&after=448").await),
        [449, 450]
    );
    assert_eq!(positions(&read("source=/mailboxes/ana").await), [0_i64; 0]);
    assert_eq!(positions(&read("min_position=450&limit=1").await), [1]);

    let first = lines(&read("limit=1").await).remove(0);
    assert_eq!(first["specversion"], "1.0");
    let id = first["id"].as_str().unwrap();
    assert_eq!(
        id.split_once('.').map(|(position, _)| position),
        Some("1"),
        "{id}"
    );
    assert_eq!(first["source"], "/conversations/room");
    assert_eq!(first["type"], "tidings.conversation_created.v1");

    let events = lines(&read("").await);
    let time = events[200]["time"].as_str().unwrap().to_owned();
    let count = |later: bool| {
        events
            .iter()
            .filter(|event| (event["time"].as_str().unwrap() >= time.as_str()) == later)
            .count()
    };
    assert_eq!(
        lines(&read(&format!("since={time}")).await).len(),
        count(true),
        "since is inclusive"
    );
    assert_eq!(
        lines(&read(&format!("until={time}")).await).len(),
        count(false),
        "until is exclusive"
    );
}

#[tokio::test]
async fn events_are_selected_by_when_their_messages_were_sent() {
    let fixture = QueryFixture::new(&FixtureLog::new(10)).await;
    append(&fixture, 450).await;
    let events = lines(&fixture.get_as_admin("/v1/events").await.body);
    let sent_at = |event: &Value| {
        let time = event["data"]["sent_at"].as_str();
        time.or(event["time"].as_str()).unwrap().to_owned()
    };
    let bound = sent_at(&events[200]);
    let sent_before = |event: &&Value| sent_at(event) < bound;
    let path = format!("/v1/events?until={bound}&by=sent_at");
    assert_eq!(
        lines(&fixture.get_as_admin(&path).await.body),
        events
            .iter()
            .filter(sent_before)
            .cloned()
            .collect::<Vec<_>>()
    );
    let answer = fixture.get_as_admin("/v1/events?by=day").await;
    answer.expect_problem(400, "malformed");
}

#[tokio::test]
async fn a_position_beyond_the_log_times_out() {
    let fixture = QueryFixture::new(&FixtureLog::new(10)).await;
    let answer = fixture.get_as_admin("/v1/events?min_position=5").await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.expect_problem(503, "projection_behind");
}

#[tokio::test]
async fn following_continues_until_the_service_stops() {
    let fixture = QueryFixture::new(&FixtureLog::new(10)).await;
    let log = append(&fixture, 250).await;
    let request = Request::get("/v1/events?follow=true&after=1")
        .header("host", "tidings.test")
        .header(
            "authorization",
            format!("Bearer {}", token("root", "admin")),
        )
        .body(Body::empty())
        .unwrap();
    let response = fixture.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut seen = Vec::new();
    let mut read_up_to = async |last: i64| {
        while seen.last().copied() != Some(last) {
            let frame = tokio::time::timeout(EVENT_TIMEOUT, body.frame())
                .await
                .expect("an event arrives")
                .unwrap()
                .unwrap();
            seen.extend(positions(frame.data_ref().unwrap()));
        }
    };
    read_up_to(250).await;
    append_more(&log, 3).await;
    read_up_to(253).await;
    assert_eq!(seen, (2..=253).collect::<Vec<_>>());
    fixture.shutdown.cancel();
    let end = tokio::time::timeout(EVENT_TIMEOUT, body.frame())
        .await
        .expect("the response ends");
    assert!(end.is_none());
}

#[tokio::test]
async fn following_an_empty_log_starts_with_the_first_event() {
    let fixture = QueryFixture::new(&FixtureLog::new(10)).await;
    let request = Request::get("/v1/events?follow=true")
        .header("host", "tidings.test")
        .header(
            "authorization",
            format!("Bearer {}", token("root", "admin")),
        )
        .body(Body::empty())
        .unwrap();
    let response = fixture.router.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body();
    append(&fixture, 1).await;
    let frame = tokio::time::timeout(EVENT_TIMEOUT, body.frame())
        .await
        .expect("an event arrives")
        .unwrap()
        .unwrap();
    assert_eq!(positions(frame.data_ref().unwrap()), [1]);
}
