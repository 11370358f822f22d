//! The journey of the README: create, send, sync, acknowledge, read, unread.

use serde_json::json;
use tests::feed;
use tests::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_travels_from_its_sender_to_its_reader() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));

    let created = alice.create_group("lunch", &["bob"]).await;
    assert_eq!(created.expect(201)["id"], "lunch");
    let first = alice.send("lunch", "a1", "Shall we go?").await;
    assert_eq!(first.expect(201)["seq"], 1);
    let second = alice.send("lunch", "a2", "今天吃什么？").await;
    assert_eq!(second.expect(201)["seq"], 2);
    assert!(created.position() < first.position() && first.position() < second.position());

    let (entries, cursor) = feed::read_after(&bob, 0, 200, second.position()).await;
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| entry["type"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        kinds,
        ["conversation_created", "message_sent", "message_sent"]
    );
    assert_eq!(
        entries[2]["data"]["body"],
        json!({ "text": "今天吃什么？" })
    );
    assert_eq!(cursor, second.position());

    let unread = bob.get_ok("/v1/inbox/unread").await;
    assert_eq!(
        unread,
        json!({ "total": 2, "conversations": { "lunch": 2 } })
    );

    let acked = bob
        .post(
            "/v1/inbox/ack",
            json!({ "device": "phone", "cursor": cursor }),
        )
        .await;
    acked.expect(200);
    let read = bob.read("lunch", 1).await;
    assert_eq!(read.expect(200)["read_seq"], 1);
    let unread = bob
        .get_ok(&format!(
            "/v1/inbox/unread?min_position={}",
            read.position()
        ))
        .await;
    assert_eq!(
        unread,
        json!({ "total": 1, "conversations": { "lunch": 1 } })
    );

    let receipts = alice
        .get_ok("/v1/conversations/lunch/messages/2/receipts")
        .await;
    assert_eq!(receipts["delivered"], json!(["bob"]));
    assert_eq!(receipts["read"], json!([]));
    assert_eq!(receipts["member_count"], 1);
    let inbox = bob.get_ok("/v1/inbox").await;
    assert_eq!(inbox["total_unread"], 1);
    assert_eq!(
        inbox["conversations"][0]["last_message"]["preview"],
        "今天吃什么？"
    );
    assert_eq!(alice.get_ok("/v1/inbox/unread").await["total"], 0);
}
