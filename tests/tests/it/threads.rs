//! Threads: replies to one message, their summary on the root, and who follows and reads them.

use serde_json::{Value, json};
use tests::client::Client;
use tests::live::LiveSocket;
use tests::response::ApiResponse;
use tests::token;
use tests::world::World;

const ROOT: &str = "/v1/conversations/team/messages/1";

/// Sends a reply in the thread of message 1. `more` has further fields.
async fn reply(client: &Client, key: &str, more: Value) -> ApiResponse {
    let mut message = json!({ "client_message_id": key, "type": "text", "thread": 1,
        "body": { "text": key } });
    if let (Some(message), Some(more)) = (message.as_object_mut(), more.as_object()) {
        message.extend(more.clone());
    }
    client.send_message("team", message).await
}

/// A group of ann, bob and carol, in which ann has sent message 1, and bob (2), carol (3) and bob
/// (4) have replied. Returns the position of the last reply.
async fn world_with_thread() -> (World, i64) {
    let world = World::start().await;
    let (ann, bob, carol) = (world.user("ann"), world.user("bob"), world.user("carol"));
    ann.create_group("team", &["bob", "carol"])
        .await
        .expect(201);
    ann.send("team", "root", "root").await.expect(201);
    reply(&bob, "b1", json!({})).await.expect(201);
    reply(&carol, "c1", json!({})).await.expect(201);
    let last = reply(&bob, "b2", json!({})).await;
    assert_eq!(last.expect(201)["seq"], 4);
    let position = last.position();
    world.wait_until_projected(position).await;
    (world, position)
}

/// The thread of message 1 in the caller's list; null if the caller does not follow it.
async fn followed(client: &Client, position: i64) -> Value {
    let path = format!("/v1/threads?min_position={position}");
    let page = client.get_ok(&path).await;
    let threads = page["threads"].as_array().expect("a list");
    let found = threads.iter().find(|thread| thread["root"] == 1);
    found.cloned().unwrap_or_default()
}

fn seqs(page: &Value) -> Vec<i64> {
    let messages = page["messages"].as_array().expect("messages").iter();
    messages
        .filter_map(|message| message["seq"].as_i64())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_carries_its_replies_and_replies_name_their_root() {
    let (world, position) = world_with_thread().await;
    let ann = world.user("ann");
    let replies = json!({ "count": 3, "last_seq": 4, "users": ["bob", "carol"] });
    let root = ann.get_ok(ROOT).await;
    assert_eq!(
        (&root["replies"], &root["thread"]),
        (&replies, &Value::Null)
    );
    let history = ann.get_ok("/v1/conversations/team/messages?after=0").await;
    assert_eq!(history["messages"][0], root);
    assert_eq!(history["messages"][1]["thread"], 1);
    assert_eq!(history["messages"][1].get("replies"), None);
    let outbox = ann.get_ok("/v1/outbox").await;
    assert_eq!(outbox["messages"][0], root);
    let feed = ann.get_ok("/v1/inbox/entries").await;
    assert_eq!(feed["entries"][1]["data"], root);
    assert_eq!(feed["entries"][4]["data"]["thread"], 1);
    let unread = ann.get_ok("/v1/inbox/unread").await;
    assert_eq!(unread["conversations"]["team"], 3, "replies are messages");
    let hits = ann
        .get_ok(&format!("/v1/search?q=c1&min_position={position}"))
        .await;
    assert_eq!(hits["hits"][0]["thread"], 1, "{hits}");
    let page = ann.get_ok(&format!("{ROOT}/thread")).await;
    assert_eq!(page["root"], root);
    assert_eq!(
        (seqs(&page), &page["has_more"]),
        (vec![2, 3, 4], &json!(false))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_is_paged_in_both_directions() {
    let (world, _) = world_with_thread().await;
    let bob = world.user("bob");
    for (query, expected, has_more) in [
        ("limit=2", vec![2, 3], true),
        ("limit=2&after=3", vec![4], false),
        ("limit=2&before=4", vec![2, 3], false),
        ("limit=1&before=4", vec![3], true),
        ("after=4", vec![], false),
    ] {
        let page = bob.get_ok(&format!("{ROOT}/thread?{query}")).await;
        assert_eq!(
            (seqs(&page), &page["has_more"]),
            (expected, &json!(has_more)),
            "{query}"
        );
    }
    let both = bob.get(&format!("{ROOT}/thread?after=1&before=4")).await;
    assert_eq!(both.expect_problem(400), "malformed");
    let none = bob.get_ok("/v1/conversations/team/messages/2/thread").await;
    assert_eq!(seqs(&none), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recalls_and_erasures_are_not_counted() {
    let (world, _) = world_with_thread().await;
    let (ann, bob, admin) = (world.user("ann"), world.user("bob"), world.admin());
    let replies = async |position: i64| {
        let root = ann.get_ok(&format!("{ROOT}?min_position={position}")).await;
        root["replies"].clone()
    };
    let recalled = bob.delete("/v1/conversations/team/messages/4").await;
    let expected = json!({ "count": 2, "last_seq": 3, "users": ["carol", "bob"] });
    assert_eq!(replies(recalled.position()).await, expected);
    let erased = admin
        .post(
            "/v1/admin/erasures",
            json!({ "conversation_id": "team", "seq": 3 }),
        )
        .await;
    erased.expect(200);
    let position = ann.send("team", "after", "after").await.position();
    let expected = json!({ "count": 1, "last_seq": 2, "users": ["bob"] });
    assert_eq!(replies(position).await, expected);
    let page = ann.get_ok(&format!("{ROOT}/thread")).await;
    assert_eq!(seqs(&page), [2, 3, 4], "their places stay");
    let recalled = bob.delete("/v1/conversations/team/messages/2").await;
    let expected = json!({ "count": 0, "last_seq": null, "users": [] });
    assert_eq!(replies(recalled.position()).await, expected);
    // A recalled root keeps its thread.
    ann.delete(ROOT).await.expect(200);
    let again = reply(&bob, "b3", json!({})).await;
    let expected = json!({ "count": 1, "last_seq": 6, "users": ["bob"] });
    assert_eq!(replies(again.position()).await, expected);
    world.run_ok(&["verify"]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_or_an_invisible_message_is_no_root() {
    let (world, position) = world_with_thread().await;
    let (ann, bob, dave) = (world.user("ann"), world.user("bob"), world.user("dave"));
    for root in [2, 99, 0, -1] {
        let refused = reply(&bob, &format!("k{root}"), json!({ "thread": root })).await;
        refused.expect_problem(422);
        assert_eq!(refused.json()["errors"][0]["field"], "thread", "{refused}");
    }
    reply(&dave, "d", json!({})).await.expect_problem(404);
    let follow = bob
        .put("/v1/conversations/team/messages/2/thread/follow", None)
        .await;
    follow.expect_problem(422);
    ann.patch("/v1/conversations/team", json!({ "history": "since_join" }))
        .await
        .expect(200);
    ann.post(
        "/v1/conversations/team/members",
        json!({ "users": ["dave"] }),
    )
    .await
    .expect(200);
    let later = ann.send("team", "later", "later").await.position();
    assert!(later > position);
    reply(&dave, "d", json!({})).await.expect_problem(422);
    for path in [
        ROOT.to_owned(),
        format!("{ROOT}/thread?min_position={later}"),
    ] {
        dave.get(&path).await.expect_problem(404);
    }
    let follow = format!("{ROOT}/thread/follow");
    dave.put(&follow, None).await.expect_problem(404);
    dave.delete(&follow).await.expect_problem(404);
    let read = dave
        .post(&format!("{ROOT}/thread/read"), json!({ "up_to": 4 }))
        .await;
    read.expect_problem(404);
    assert_eq!(followed(&dave, later).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returning_member_sees_the_replies_of_their_own_periods() {
    let (world, _) = world_with_thread().await;
    let (ann, bob, carol) = (world.user("ann"), world.user("bob"), world.user("carol"));
    ann.patch("/v1/conversations/team", json!({ "history": "since_join" }))
        .await
        .expect(200);
    carol
        .delete("/v1/conversations/team/members/carol")
        .await
        .expect(200);
    reply(&bob, "unseen", json!({})).await.expect(201);
    ann.post(
        "/v1/conversations/team/members",
        json!({ "users": ["carol"] }),
    )
    .await
    .expect(200);
    let seen = reply(&ann, "seen", json!({})).await.position();
    let root = carol.get_ok(&format!("{ROOT}?min_position={seen}")).await;
    let expected = json!({ "count": 4, "last_seq": 6, "users": ["ann", "bob", "carol"] });
    assert_eq!(root["replies"], expected);
    let page = carol.get_ok(&format!("{ROOT}/thread")).await;
    assert_eq!(seqs(&page), [2, 3, 4, 6]);
    assert_eq!(
        followed(&carol, seen).await["unread"],
        2,
        "her own reply was the third"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_started_or_is_mentioned_follows() {
    let (world, position) = world_with_thread().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.post(
        "/v1/conversations/team/members",
        json!({ "users": ["dave"] }),
    )
    .await
    .expect(200);
    let dave = world.user("dave");
    let thread = followed(&ann, position).await;
    assert_eq!(thread["conversation_id"], "team");
    assert_eq!(
        (&thread["unread"], &thread["read_seq"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(thread["replies"]["count"], 3);
    assert_eq!(thread["message"]["body"]["text"], "root");
    let thread = followed(&bob, position).await;
    assert_eq!(
        (&thread["unread"], &thread["read_seq"]),
        (&json!(0), &json!(4))
    );
    assert_eq!(followed(&dave, position).await, Value::Null);
    let mention = reply(&bob, "hey", json!({ "mentions": ["dave"] })).await;
    assert_eq!(followed(&dave, mention.position()).await["unread"], 4);
    // Who unfollows a thread no longer follows it, until the next mention.
    let follow = format!("{ROOT}/thread/follow");
    let unfollowed = dave.delete(&follow).await;
    unfollowed.expect(200);
    assert_eq!(followed(&dave, unfollowed.position()).await, Value::Null);
    let again = dave.delete(&follow).await;
    assert_eq!(
        again.position(),
        unfollowed.position(),
        "nothing was appended"
    );
    let other = reply(&bob, "more", json!({})).await.position();
    assert_eq!(followed(&dave, other).await, Value::Null);
    let mention = reply(&bob, "hey2", json!({ "mentions": ["dave"] })).await;
    assert_eq!(followed(&dave, mention.position()).await["unread"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_can_be_followed_and_read() {
    let (world, _) = world_with_thread().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.post(
        "/v1/conversations/team/members",
        json!({ "users": ["dave"] }),
    )
    .await
    .expect(200);
    let dave = world.user("dave");
    let mut live = LiveSocket::open(&world.address(), &token::for_user("dave"), "")
        .await
        .expect("the upgrade succeeds");
    let follow = format!("{ROOT}/thread/follow");
    let position = dave.put(&follow, None).await.position();
    assert_eq!(dave.put(&follow, None).await.position(), position);
    assert_eq!(followed(&dave, position).await["unread"], 3);
    let read = format!("{ROOT}/thread/read");
    let marked = dave.post(&read, json!({ "up_to": 3 })).await;
    assert_eq!(marked.expect(200)["read_seq"], 3);
    let thread = followed(&dave, marked.position()).await;
    assert_eq!(
        (&thread["unread"], &thread["read_seq"]),
        (&json!(1), &json!(3))
    );
    let back = dave.post(&read, json!({ "up_to": 2 })).await;
    assert_eq!(back.expect(200)["read_seq"], 3, "never back");
    assert_eq!(back.position(), marked.position());
    let beyond = dave.post(&read, json!({ "up_to": 99 })).await;
    assert_eq!(beyond.expect(200)["read_seq"], 4);
    // Only the user's own devices get the entries.
    live.wait_for_position(beyond.position()).await;
    let followed = live
        .entries
        .iter()
        .find(|entry| entry["type"] == "thread_followed");
    assert_eq!(followed.expect("an entry")["data"], json!({ "root": 1 }));
    for (client, expected) in [(&dave, 3), (&bob, 0)] {
        let path = format!(
            "/v1/inbox/entries?limit=500&min_position={}",
            beyond.position()
        );
        let feed = client.get_ok(&path).await;
        let entries = feed["entries"].as_array().expect("entries").iter();
        let of_threads = entries.filter(|entry| {
            entry["type"]
                .as_str()
                .is_some_and(|name| name.starts_with("thread_"))
        });
        assert_eq!(of_threads.count(), expected, "{}", client.user());
    }
    let exported = world.run_ok(&["export-user", "dave"]).await;
    assert!(exported.contains(r#""kind":"thread""#), "{exported}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_paged_by_activity_and_answered_as_of() {
    let (world, position) = world_with_thread().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let second = bob.send("team", "second", "second").await;
    let seq = second.number("seq");
    let last = reply(&ann, "a1", json!({ "thread": seq })).await.position();
    let path = format!("/v1/threads?limit=1&min_position={last}");
    let page = bob.get_ok(&path).await;
    assert_eq!(page["threads"][0]["root"], seq, "{page}");
    let next = page["next"].as_str().expect("a next page");
    let page = bob
        .get_ok(&format!("/v1/threads?limit=1&after={next}"))
        .await;
    assert_eq!(
        (&page["threads"][0]["root"], &page["next"]),
        (&json!(1), &Value::Null)
    );
    bob.delete(&format!("{ROOT}/thread/follow"))
        .await
        .expect(200);
    let admin = world.admin();
    let then = admin
        .get_ok(&format!("/v1/threads?as_of={position}&as_user=bob"))
        .await;
    assert_eq!(then["threads"].as_array().map(Vec::len), Some(1), "{then}");
    assert_eq!(then["threads"][0]["replies"]["count"], 3);
    let then = admin
        .get_ok(&format!("{ROOT}?as_of={}&as_user=bob", position - 1))
        .await;
    assert_eq!(then["replies"]["count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_names_the_five_newest_of_more_writers() {
    let world = World::start().await;
    let ann = world.user("ann");
    let writers = ["bob", "cat", "dan", "eve", "fay", "gil", "hal"];
    ann.create_group("team", &writers).await.expect(201);
    ann.send("team", "root", "root").await.expect(201);
    for writer in writers {
        reply(&world.user(writer), writer, json!({}))
            .await
            .expect(201);
    }
    let last = reply(&world.user("bob"), "again", json!({})).await;
    let root = ann
        .get_ok(&format!("{ROOT}?min_position={}", last.position()))
        .await;
    let newest = ["bob", "hal", "gil", "fay", "eve"];
    let expected = json!({ "count": 8, "last_seq": 9, "users": newest });
    assert_eq!(root["replies"], expected);
    // A writer without a message makes room for another one.
    let hal = world.user("hal");
    let recalled = hal.delete("/v1/conversations/team/messages/8").await;
    let path = format!("{ROOT}?min_position={}", recalled.position());
    let replies = ann.get_ok(&path).await["replies"].clone();
    assert_eq!(replies["users"], json!(["bob", "gil", "fay", "eve", "dan"]));
}
