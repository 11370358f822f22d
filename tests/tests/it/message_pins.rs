//! `PUT`, `DELETE` and `GET .../pins`: pinned messages.

use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::token;
use tests::world::World;

const PINS: &str = "/v1/conversations/room/pins";

async fn seqs(client: &Client, query: &str) -> Vec<i64> {
    let page = client.get_ok(&format!("{PINS}{query}")).await;
    let messages = page["messages"].as_array().expect("a list").iter();
    messages
        .map(|message| message["seq"].as_i64().expect("a seq"))
        .collect()
}

fn pin(seq: i64) -> String {
    format!("{PINS}/{seq}")
}

/// A world in which ann, the owner, has sent `count` messages to bob.
async fn world_with_messages(count: usize) -> (World, Client, Client) {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("room", &["bob"]).await.expect(201);
    let last = ann.send_texts("room", "m", count).await;
    world.wait_until_projected(last).await;
    (world, ann, bob)
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_are_listed_newest_first_for_every_member() {
    let (world, ann, bob) = world_with_messages(3).await;
    assert_eq!(seqs(&bob, "").await, [0_i64; 0]);
    ann.put(&pin(1), None).await.expect(200);
    ann.put(&pin(3), None).await.expect(200);
    let last = ann.put(&pin(2), None).await.position();
    assert_eq!(ann.put(&pin(1), None).await.position(), last, "a repeat");
    let at = format!("?min_position={last}");
    assert_eq!(seqs(&bob, &at).await, [2, 3, 1]);
    let entries = feed::read_all(&bob, 100, last).await;
    let entry = entries.last().expect("an entry");
    let data = json!({ "seq": 2, "by": "ann" });
    assert_eq!(
        (&entry["type"], &entry["data"]),
        (&json!("message_pinned"), &data)
    );

    let unpinned = ann.delete(&pin(3)).await.position();
    assert_eq!(ann.delete(&pin(3)).await.position(), unpinned, "a repeat");
    let at = format!("?min_position={unpinned}");
    assert_eq!(seqs(&bob, &at).await, [2, 1]);
    let entries = feed::read_all(&bob, 100, unpinned).await;
    assert_eq!(
        entries.last().expect("an entry")["type"],
        "message_unpinned"
    );
    // The list as of an earlier position.
    let admin = bob.with_token(Some(token::for_admin("bob")));
    assert_eq!(seqs(&admin, &format!("?as_of={last}")).await, [2, 3, 1]);
    assert_eq!(seqs(&admin, &format!("?as_of={}", last - 1)).await, [3, 1]);
    world.user("eve").get(PINS).await.expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_and_admins_of_a_group_pin_and_both_members_of_a_direct_conversation() {
    let (world, ann, bob) = world_with_messages(1).await;
    ann.put(&pin(1), None).await.expect(200);
    for answer in [bob.put(&pin(1), None).await, bob.delete(&pin(1)).await] {
        assert_eq!(answer.expect_problem(403), "forbidden");
    }
    let eve = world.user("eve");
    for answer in [
        eve.put(&pin(1), None).await,
        ann.put(&pin(2), None).await,
        ann.delete(&pin(2)).await,
    ] {
        assert_eq!(answer.expect_problem(404), "not_found");
    }
    let direct = ann.create_direct("bob").await;
    ann.send(&direct, "d", "hello").await.expect(201);
    let path = format!("/v1/conversations/{direct}/pins/1");
    bob.put(&path, None).await.expect(200);
    ann.delete(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recalled_or_erased_message_is_unpinned() {
    let (world, ann, bob) = world_with_messages(3).await;
    for seq in 1..=3 {
        ann.put(&pin(seq), None).await.expect(200);
    }
    let message = "/v1/conversations/room/messages/2";
    let recalled = ann.delete(message).await.position();
    assert_eq!(
        seqs(&bob, &format!("?min_position={recalled}")).await,
        [3, 1]
    );
    assert_eq!(ann.put(&pin(2), None).await.expect_problem(422), "recalled");
    let entries = feed::read_all(&bob, 100, recalled).await;
    let last: Vec<&Value> = entries[entries.len() - 2..]
        .iter()
        .map(|entry| &entry["type"])
        .collect();
    assert_eq!(last, ["message_recalled", "message_unpinned"]);
    // Restoring it does not pin it again.
    let restored = ann.post(&format!("{message}/restore"), json!({})).await;
    let restored = restored.position();
    assert_eq!(
        seqs(&bob, &format!("?min_position={restored}")).await,
        [3, 1]
    );

    let erasure = json!({ "conversation_id": "room", "seq": 3 });
    let erased = world.admin().post("/v1/admin/erasures", erasure).await;
    erased.expect(200);
    let sent = ann.send("room", "after", "x").await.position();
    assert_eq!(seqs(&bob, &format!("?min_position={sent}")).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_a_hundred_messages_are_pinned() {
    let (_world, ann, bob) = world_with_messages(101).await;
    let mut last = 0;
    for seq in 1..=100 {
        let pinned = ann.put(&pin(seq), None).await;
        pinned.expect(200);
        last = pinned.position();
    }
    ann.put(&pin(101), None).await.expect_problem(422);
    let expected: Vec<i64> = (1..=100).rev().collect();
    assert_eq!(seqs(&bob, &format!("?min_position={last}")).await, expected);
    ann.delete(&pin(50)).await.expect(200);
    ann.put(&pin(101), None).await.expect(200);
}
