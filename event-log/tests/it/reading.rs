//! Tests of reading by position, stream, type and time.

use domain::envelope::{AggregateKind, Envelope};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::reader::{EventFilter, LogReader};
use event_log::sent_range::SentRange;
use event_log::{AppendRequest, TypeFollower};

use crate::support::{LogTestDatabase, create_group, execute, send_text, user};

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
async fn events_are_found_by_the_time_of_their_messages() {
    // Given two groups, one of which was imported: its messages are of 2008
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    for (id, sent_at) in [("new", None), ("old", Some("2008-03-01T12:00:00Z"))] {
        execute(&log, id, create_group("ann", &[]), vec![])
            .await
            .unwrap();
        for n in 0..10 {
            execute(&log, id, send_text("ann", &n.to_string()), vec![])
                .await
                .unwrap();
        }
        if let Some(sent_at) = sent_at {
            sqlx::query(
                "UPDATE log.events e SET payload = convert_to(jsonb_set(
                     convert_from(payload, 'UTF8')::jsonb, '{sent_at}', to_jsonb($1))::text, 'UTF8')
                 FROM log.streams s
                 WHERE s.id = e.stream AND s.aggregate_id = $2 AND event_type = 'message_sent'",
            )
            .bind(sent_at)
            .bind(id)
            .execute(log.pool())
            .await
            .unwrap();
        }
    }
    // When the events of a time are read, in pages of any size
    let reader = LogReader::new(log.pool().clone());
    let limit = Timestamp::parse("2009-01-01T00:00:00Z");
    let sent = |since, until| EventFilter {
        sent: SentRange { since, until },
        ..EventFilter::default()
    };
    let of_old = |filter: EventFilter| EventFilter {
        aggregate: Some((AggregateKind::Conversation, "old".to_owned())),
        ..filter
    };
    for page in [1, 3, 1_000] {
        // then each has those of its messages, and the others have the time of the log.
        let (before, end) = read_in_pages(&reader, &sent(None, limit), page).await;
        assert_eq!((before, end), ((13..=22).collect(), 22), "by {page}");
        let (after, _) = read_in_pages(&reader, &sent(limit, None), page).await;
        assert_eq!(after, (1..=12).collect::<Vec<_>>(), "by {page}");
        let (created, _) = read_in_pages(&reader, &of_old(sent(limit, None)), page).await;
        assert_eq!(created, [12], "by {page}");
    }
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
    // It also has the columns of exports.
    let row: (i64, String, String, String, bool) = sqlx::query_as(
        "SELECT seq, conversation, sender, text, sent_at <= time FROM events
         WHERE type = 'message_sent' AND data IS NOT NULL",
    )
    .fetch_one(log.pool())
    .await
    .unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(row, (1, text("a"), text("ann"), text("hello"), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_reading_has_the_actor() {
    // Given an event of a call that a service made for ann, and one of her own
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    for (id, actor) in [("a", Some("desk")), ("b", None)] {
        let locked = log.conversations().lock(id).await.unwrap();
        let events = locked
            .state()
            .decide(create_group("ann", &[]), &Limits::default())
            .unwrap();
        let request = AppendRequest {
            actor: actor.map(user),
            ..AppendRequest::from_events(events)
        };
        locked.append(request).wait().await.unwrap();
    }
    let expected = [Some("desk".to_owned()), None];
    let actors = |events: Vec<Envelope>| {
        let actors = events.into_iter().map(|event| event.actor);
        actors.collect::<Vec<_>>()
    };

    // When it is read by position, by type, and as a follower of its type, then all say so
    let reader = LogReader::new(log.pool().clone());
    assert_eq!(actors(reader.read_after(0, 10).await.unwrap()), expected);
    let types = vec!["conversation_created".to_owned()];
    let filter = EventFilter {
        event_types: types.clone(),
        ..EventFilter::default()
    };
    let filtered = reader.read_filtered(&filter, 0, 10).await.unwrap();
    assert_eq!(actors(filtered.events), expected);
    let mut follower = TypeFollower::new(reader, types);
    assert_eq!(actors(follower.step().await.unwrap().events), expected);
}
