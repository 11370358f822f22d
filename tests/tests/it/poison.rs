//! A broken event is parked with its conversation's later ones, counted and shown; the rest flows on.

use eventually::eventually;
use serde_json::json;
use tests::feed;
use tests::world::World;

/// Appends an event as no program of ours would, at the end of the log and of a conversation's stream.
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

async fn metric(world: &World, name: &str) -> Option<f64> {
    let answer = world.anonymous().get("/metrics").await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_stops_its_conversation_alone() {
    let mut world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    for room in ["unknown", "misshapen", "well"] {
        alice.create_group(room, &["bob"]).await.expect(201);
        alice.send(room, room, "before").await.expect(201);
    }
    let later = json!({ "seq": 2, "sender": "alice", "type": "text", "body": { "text": "behind" }, "sent_at": "2026-01-01T00:00:00.000Z" });
    insert(&world, "unknown", "moon_landed", "{}").await;
    insert(&world, "unknown", "message_sent", &later.to_string()).await;
    let poison = insert(&world, "misshapen", "message_sent", r#"{"seq":"two"}"#).await;

    let sent = alice.send("well", "after", "after the poison").await;
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
        bob.get_ok("/v1/inbox/unread").await["conversations"]["well"],
        2
    );

    eventually("the parked events are counted", async || {
        (metric(&world, "tidings_parked_events ").await == Some(3.0)).then_some(())
    })
    .await;
    let status = world.run(&["status"]).await;
    let shown = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        shown.contains("parked"),
        "status does not speak of it: {shown}"
    );
    let parked = sqlx::query_as::<_, (String, String, bool)>(
        "SELECT source, event_type, poison FROM read.parked ORDER BY position",
    );
    let parked = parked.fetch_all(&world.pool).await.expect("rows");
    let expected = [
        ("/conversations/unknown", "moon_landed", true),
        ("/conversations/unknown", "message_sent", false),
        ("/conversations/misshapen", "message_sent", true),
    ];
    assert_eq!(
        parked,
        expected.map(|(source, kind, poison)| (source.to_owned(), kind.to_owned(), poison))
    );

    // A command on the broken conversation is refused, not answered with a lie; and nothing stops.
    let broken = alice.send("misshapen", "on top", "x").await;
    assert!(matches!(broken.status, 500 | 503), "{broken}");
    world.kill();
    world.start_service().await;
    alice.send("well", "restarted", "x").await.expect(201);
    eventually("they stay parked", async || {
        (metric(&world, "tidings_parked_events ").await == Some(3.0)).then_some(())
    })
    .await;
}
