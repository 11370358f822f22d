//! Tests of reading by position, stream, type and time.

use domain::envelope::{AggregateKind, Envelope};
use domain::time::Timestamp;
use event_log::reader::{EventFilter, LogReader};

use crate::support::{LogTestDatabase, create_group, execute, send_text};

fn positions(events: &[Envelope]) -> Vec<i64> {
    events.iter().map(|event| event.position).collect()
}

/// Reads all pages. Returns the positions of their events, and up to where they are complete.
async fn read_in_pages(reader: &LogReader, filter: &EventFilter, limit: i64) -> (Vec<i64>, i64) {
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = reader.read_filtered(filter, after, limit).await.unwrap();
        seen.extend(positions(&page.events));
        after = page.scanned_to;
        if page.is_last {
            return (seen, after);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_gapless_with_every_filter() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    for id in ["a", "b"] {
        execute(&log, id, create_group("ann", &[]), vec![])
            .await
            .unwrap();
    }
    for n in 0..40 {
        execute(
            &log,
            ["a", "b"][n % 2],
            send_text("ann", &n.to_string()),
            vec![],
        )
        .await
        .unwrap();
    }
    let reader = LogReader::new(log.pool().clone());
    assert_eq!(
        positions(&reader.read_after(0, 1_000).await.unwrap()),
        (1..=42).collect::<Vec<_>>()
    );
    assert_eq!(positions(&reader.read_after(40, 1).await.unwrap()), [41]);

    let filter = |id: Option<&str>, event_types: &[&str]| EventFilter {
        aggregate: id.map(|id| (AggregateKind::Conversation, id.to_owned())),
        event_types: event_types.iter().map(|&name| name.to_owned()).collect(),
        ..EventFilter::default()
    };
    for (filter, expected) in [
        (filter(None, &[]), 42),
        (filter(Some("a"), &[]), 21),
        (filter(Some("unknown"), &[]), 0),
        (filter(None, &["conversation_created"]), 2),
        (filter(Some("b"), &["message_sent"]), 20),
    ] {
        for limit in [1, 3, 1_000] {
            let (seen, after) = read_in_pages(&reader, &filter, limit).await;
            assert_eq!(seen.len(), expected, "{filter:?} by {limit}");
            assert!(seen.is_sorted_by(|a, b| a < b));
            assert_eq!(after, 42);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_position_of_a_time_is_found() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "a", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    for n in 0..20 {
        execute(&log, "a", send_text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
    let reader = LogReader::new(log.pool().clone());
    let events = reader.read_after(0, 100).await.unwrap();
    assert!(events.is_sorted_by(|a, b| a.time <= b.time));
    for event in &events {
        let expected = events
            .iter()
            .filter(|other| other.time < event.time)
            .count() as i64;
        assert_eq!(
            reader.last_position_before(event.time).await.unwrap(),
            expected
        );
    }
    assert_eq!(
        reader
            .last_position_before(Timestamp::from_millis(0))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        reader
            .last_position_before(Timestamp::from_millis(4_000_000_000_000))
            .await
            .unwrap(),
        21
    );
    let since = events[10].time;
    let filter = EventFilter {
        since: Some(since),
        until: Some(since),
        ..EventFilter::default()
    };
    assert!(
        reader
            .read_filtered(&filter, 0, 10)
            .await
            .unwrap()
            .events
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_view_supports_jsonb_queries() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "a", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    execute(&log, "a", send_text("ann", "hello"), vec![])
        .await
        .unwrap();
    let text: String = sqlx::query_scalar(
        "SELECT payload #>> '{body,text}' FROM events WHERE payload @> '{\"sender\": \"ann\"}' AND event_type = 'message_sent'",
    )
    .fetch_one(log.pool())
    .await
    .unwrap();
    assert_eq!(text, "hello");
}
