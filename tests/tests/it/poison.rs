//! A poison event is parked with the later ones of its conversation, counted and shown. Other
//! conversations are not affected.

use eventually::eventually;
use serde_json::json;
use tests::feed;
use tests::world::World;

/// Appends an event that the program would not write, at the end of the log and of the stream of a
/// conversation.
async fn insert(world: &World, conversation: &str, kind: &str, payload: &str) -> i64 {
    let mut transaction = world.pool.begin().await.expect("a transaction");
    let position: i64 =
        sqlx::query_scalar("UPDATE log.head SET position = position + 1 RETURNING position")
            .fetch_one(&mut *transaction)
            .await
            .expect("a position");
    sqlx::query(
        "INSERT INTO log.events (position, stream, sequence, occurred_at, event_version, event_type, payload)
         SELECT $1, s.id, 1 + max(e.sequence), (SELECT occurred_at FROM log.head), 1, $3, $4
         FROM log.streams s JOIN log.events e ON e.stream = s.id
         WHERE s.aggregate_type = 'conversation' AND s.aggregate_id = $2 GROUP BY s.id",
    )
    .bind(position)
    .bind(conversation)
    .bind(kind)
    .bind(payload.as_bytes())
    .execute(&mut *transaction)
    .await
    .expect("an event");
    transaction.commit().await.expect("committed");
    position
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_stops_only_its_own_conversation() {
    let mut world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    // Given one conversation with an event of an unknown type, and one with an invalid event,
    for id in ["unknown", "invalid", "healthy"] {
        alice.create_group(id, &["bob"]).await.expect(201);
        alice.send(id, id, "before").await.expect(201);
    }
    let later = json!({ "seq": 2, "sender": "alice", "type": "text", "body": { "text": "behind" },
        "sent_at": "2026-01-01T00:00:00.000Z" });
    insert(&world, "unknown", "moon_landed", "{}").await;
    insert(&world, "unknown", "message_sent", &later.to_string()).await;
    let poison = insert(&world, "invalid", "message_sent", r#"{"seq":"two"}"#).await;

    // then the third one is served as usual,
    let sent = alice.send("healthy", "after", "after the poison").await;
    assert!(sent.expect(201)["position"].as_i64() > Some(poison));
    let entries = feed::read_all(&bob, 100, sent.position()).await;
    let text = serde_json::to_string(&entries).expect("JSON");
    assert!(
        text.contains("after the poison") && !text.contains("behind"),
        "{text}"
    );
    assert_eq!(
        feed::read_history(&bob, "unknown", sent.position())
            .await
            .len(),
        1
    );
    assert_eq!(
        bob.get_ok("/v1/inbox/unread").await["conversations"]["healthy"],
        2
    );

    // and the two events are parked, with the later one of the first conversation.
    eventually("the parked events are counted", async || {
        (world.metric("tidings_parked_events").await == Some(3.0)).then_some(())
    })
    .await;
    let status = world.run(&["status"]).await;
    let shown = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        shown.contains("parked"),
        "the status does not mention it: {shown}"
    );
    let parked = sqlx::query_as::<_, (String, String, bool)>(
        "SELECT source, event_type, poison FROM read.parked ORDER BY position",
    );
    let parked = parked.fetch_all(&world.pool).await.expect("rows");
    let expected = [
        ("/conversations/unknown", "moon_landed", true),
        ("/conversations/unknown", "message_sent", false),
        ("/conversations/invalid", "message_sent", true),
    ];
    assert_eq!(
        parked,
        expected.map(|(source, kind, poison)| (source.to_owned(), kind.to_owned(), poison))
    );

    // A command on the conversation with the invalid event fails, and the service continues.
    let failed = alice.send("invalid", "on top", "x").await;
    assert_eq!(failed.expect_problem(500), "internal");
    world.kill();
    world.start_service().await;
    alice.send("healthy", "restarted", "x").await.expect(201);
    eventually("the events are still parked after a restart", async || {
        (world.metric("tidings_parked_events").await == Some(3.0)).then_some(())
    })
    .await;
}
