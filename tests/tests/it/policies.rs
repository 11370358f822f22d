//! Policies of conversations: channels, slow mode, freezing, topics, and retention.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::log;
use tests::world::World;

/// Alice owns `room`, bob is an admin, carol and dave are members.
pub async fn world_with_room() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice
        .create_group("room", &["carol", "dave"])
        .await
        .expect(201);
    let bob = json!({ "members": ["bob"], "role": "admin" });
    let members = "/v1/conversations/room/members";
    alice.post(members, bob).await.expect(200);
    world
}

pub async fn patch(client: &Client, change: Value) -> i64 {
    let answer = client.patch("/v1/conversations/room", change).await;
    answer.expect(200);
    answer.position()
}

async fn policy(client: &Client, min_position: i64) -> Value {
    let path = format!("/v1/conversations/room?min_position={min_position}");
    client.get_ok(&path).await["policy"].clone()
}

pub async fn entries_of(client: &Client, kind: &str, min_position: i64) -> Vec<Value> {
    let path = format!("/v1/inbox/entries?after=0&limit=200&min_position={min_position}");
    let page = client.get_ok(&path).await;
    let entries = page["entries"].as_array().expect("a list").iter();
    entries
        .filter(|entry| entry["type"] == kind)
        .cloned()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_has_defaults_and_is_changed_field_by_field() {
    let world = world_with_room().await;
    let (alice, bob, carol) = (world.user("alice"), world.user("bob"), world.user("carol"));
    let mut expected = json!({
        "post": "members", "join": "added", "slow_mode": 0, "retention_days": null,
        "frozen": false, "topic": null, "avatar": null, "custom": null,
    });
    world
        .wait_until_projected(alice.send("room", "1", "a").await.position())
        .await;
    assert_eq!(policy(&carol, 0).await, expected);
    let values = [
        ("post", json!("admins")),
        ("join", json!("asked")),
        ("slow_mode", json!(30)),
        ("retention_days", json!(3650)),
        ("frozen", json!(true)),
        ("topic", json!(" 午餐 ")),
        ("avatar", json!("https://example.org/a.png")),
        ("custom", json!({ "b": [1, null], "a": { "c": 2.5 } })),
    ];
    for (field, value) in values {
        let position = patch(&bob, json!({ field: value })).await;
        expected[field] = value.clone();
        assert_eq!(policy(&carol, position).await, expected, "{field}");
        let again = patch(&alice, json!({ field: value })).await;
        assert_eq!(again, position, "{field} is set already");
        let entries = entries_of(&carol, "conversation_policy_changed", position).await;
        let last = entries.last().expect("an entry");
        assert_eq!(last["data"], json!({ "policy": expected, "by": "bob" }));
    }
    let cleared = json!({ "retention_days": null, "topic": null, "avatar": null, "custom": null });
    let position = patch(&alice, cleared.clone()).await;
    let shown = policy(&carol, position).await;
    for field in ["retention_days", "topic", "avatar", "custom"] {
        assert_eq!(shown[field], Value::Null, "{field}");
    }
    // Nothing else has changed, also when it is asked for with other things.
    let both = json!({ "title": "Lunch", "frozen": false });
    let position = patch(&alice, both).await;
    assert_eq!(policy(&carol, position).await["frozen"], false);
    let shown = carol.get_ok("/v1/conversations/room").await;
    assert_eq!(shown["title"], "Lunch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_for_the_owner_and_admins_of_groups_and_within_its_limits() {
    let world = world_with_room().await;
    let alice = world.user("alice");
    let change = json!({ "frozen": true });
    let at = "/v1/conversations/room";
    let by_member = world.user("carol").patch(at, change.clone()).await;
    assert_eq!(by_member.expect_problem(403), "forbidden");
    let by_stranger = world.user("zoe").patch(at, change.clone()).await;
    assert_eq!(by_stranger.expect_problem(404), "not_found");
    let direct = alice.create_direct("carol").await;
    let direct = format!("/v1/conversations/{direct}");
    alice.patch(&direct, change).await.expect_problem(422);
    let defaults = eventually("the direct conversation is readable", async || {
        let answer = alice.get(&direct).await;
        (answer.status == 200).then(|| answer.json()["policy"].clone())
    })
    .await;
    assert_eq!(defaults["post"], "members");
    for (field, value) in [
        ("post", json!("nobody")),
        ("join", json!("closed")),
        ("slow_mode", json!(-1)),
        ("slow_mode", json!(3601)),
        ("retention_days", json!(0)),
        ("retention_days", json!(3651)),
        ("frozen", json!("yes")),
        ("topic", json!("t".repeat(501))),
        ("avatar", json!("http://example.org/a.png")),
        ("avatar", json!("javascript:alert(1)")),
        ("custom", json!([])),
        ("custom", json!({ "a": "x".repeat(4096) })),
    ] {
        let answer = alice.patch(at, json!({ field: value })).await;
        assert_eq!(answer.expect_problem(422), "invalid", "{field}: {answer}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer}");
    }
    let longest = json!({ "topic": "午".repeat(500), "slow_mode": 3600, "retention_days": 3650 });
    alice.patch(at, longest).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_read_only_for_members_who_can_still_react() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    carol.send("room", "1", "before").await.expect(201);
    patch(&alice, json!({ "post": "admins" })).await;
    let refused = carol.send("room", "2", "after").await;
    assert_eq!(refused.expect_problem(403), "read_only");
    let edit = json!({ "body": { "text": "better" } });
    let message = "/v1/conversations/room/messages/1";
    let refused = carol.put(message, Some(edit)).await;
    assert_eq!(refused.expect_problem(403), "read_only");
    let reaction = format!("{message}/reactions/x");
    carol.put(&reaction, None).await.expect(200);
    carol.delete(&reaction).await.expect(200);
    for admin in ["alice", "bob"] {
        let sent = world.user(admin).send("room", admin, "news").await;
        sent.expect(201);
    }
    // The first response of a send is returned, whatever the policy has become.
    carol.send("room", "1", "before").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frozen_group_only_the_owner_and_admins_write() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    carol.send("room", "1", "before").await.expect(201);
    patch(&alice, json!({ "frozen": true })).await;
    let message = "/v1/conversations/room/messages/1";
    let reaction = format!("{message}/reactions/x");
    let edit = json!({ "body": { "text": "better" } });
    for refused in [
        carol.send("room", "2", "after").await,
        carol.put(message, Some(edit)).await,
        carol.delete(message).await,
        carol.put(&reaction, None).await,
    ] {
        assert_eq!(refused.expect_problem(403), "frozen");
    }
    let lines = json!({
        "op": "send", "conversation_id": "room", "client_message_id": "b", "type": "text",
        "body": { "text": "in a batch" },
    });
    let batch = carol
        .request(&reqwest::Method::POST, "/v1/batch")
        .body("application/x-ndjson", lines.to_string())
        .send()
        .await;
    assert!(
        String::from_utf8_lossy(&batch.body).contains("\"code\":\"frozen\""),
        "{batch}"
    );
    alice.send("room", "3", "news").await.expect(201);
    // What the system does is not blocked: an import, an erasure.
    let line = json!({
        "conversation": "room", "id": "i1", "sender": "carol", "sent_at": "2020-01-01T00:00:00Z",
        "text": "imported",
    });
    let imported = world
        .admin()
        .request(&reqwest::Method::POST, "/v1/admin/import")
        .body("application/x-ndjson", line.to_string())
        .send()
        .await;
    assert!(
        !String::from_utf8_lossy(&imported.body).contains("\"status\":4"),
        "{imported}"
    );
    let erase = json!({ "conversation_id": "room", "seq": 1 });
    let erased = world.admin().post("/v1/admin/erasures", erase).await;
    assert_eq!(erased.expect(200)["messages"], 1);
    patch(&alice, json!({ "frozen": false })).await;
    carol.send("room", "4", "thawed").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_answers_429_with_the_time_to_wait() {
    let world = world_with_room().await;
    let (alice, carol, dave) = (world.user("alice"), world.user("carol"), world.user("dave"));
    patch(&alice, json!({ "slow_mode": 2 })).await;
    carol.send("room", "1", "first").await.expect(201);
    let refused = carol.send("room", "2", "second").await;
    assert_eq!(refused.expect_problem(429), "slow_mode");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    // Others have their own wait, and the owner and admins have none.
    dave.send("room", "1", "first").await.expect(201);
    for key in ["1", "2"] {
        alice.send("room", key, "news").await.expect(201);
    }
    // A retry of the first send is no second one.
    carol.send("room", "1", "first").await.expect(200);
    eventually("the wait is over", async || {
        let answer = carol.send("room", "2", "second").await;
        (answer.status == 201).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sends_do_not_get_around_slow_mode() {
    let world = world_with_room().await;
    let alice = world.user("alice");
    patch(&alice, json!({ "slow_mode": 3600 })).await;
    let sends = (0..20).map(|n| {
        let carol = world.user("carol");
        tokio::spawn(async move { carol.send("room", &n.to_string(), "hello").await.status })
    });
    let mut accepted = 0;
    for send in sends.collect::<Vec<_>>() {
        accepted += u32::from(send.await.expect("a send") == 201);
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_older_than_the_policy_of_their_conversation_are_erased() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    alice.create_group("other", &["carol"]).await.expect(201);
    for room in ["room", "other"] {
        alice.send(room, room, "old").await.expect(201);
    }
    // The log is two days older than it was.
    let aged = sqlx::query("UPDATE log.events SET occurred_at = occurred_at - interval '2 days'");
    aged.execute(&world.pool).await.expect("an update");
    alice.send("room", "new", "new").await.expect(201);
    patch(&alice, json!({ "retention_days": 1 })).await;
    let erased = eventually("the old message is erased", async || {
        let page = carol.get("/v1/conversations/room/messages").await.json();
        let messages = page["messages"].as_array().cloned().unwrap_or_default();
        let old = messages.iter().find(|message| message["seq"] == 1)?.clone();
        (old["recalled"] == true).then_some(messages)
    })
    .await;
    let new = erased.iter().find(|message| message["seq"] == 2);
    assert_eq!(new.expect("a message")["body"]["text"], "new");
    let other = carol.get_ok("/v1/conversations/other/messages").await;
    assert_eq!(other["messages"][0]["body"]["text"], "old");
    // It is the one event that erased it, and the progress is kept.
    let events = world.admin().get("/v1/events?type=message_erased").await;
    let count = events.body.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(count, 1, "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_title_takes_all_texts_about_the_conversation_with_it() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    let change = json!({
        "title": "geheim", "topic": "geheim", "join": "asked",
        "custom": { "note": "geheim" }, "avatar": "https://example.org/geheim",
    });
    patch(&alice, change).await;
    let zoe = world.user("zoe");
    let note = json!({ "note": "geheim" });
    zoe.post("/v1/conversations/room/join", note)
        .await
        .expect(202);
    let silence = "/v1/conversations/room/silences/carol";
    let reason = json!({ "reason": "geheim" });
    alice.put(silence, Some(reason)).await.expect(200);
    let whole = json!({ "conversation_id": "room" });
    let erased = world.admin().post("/v1/admin/erasures", whole).await;
    assert_eq!(erased.expect(200)["titles"], 1);
    world.wait_until_projected(erased.position()).await;
    for (client, path) in [
        (&alice, "/v1/conversations/room"),
        (&alice, "/v1/conversations/room/silences"),
        (&alice, "/v1/conversations/room/join-requests"),
        (&carol, "/v1/inbox/entries?after=0"),
    ] {
        let shown = client.get_ok(path).await.to_string();
        assert!(!shown.contains("geheim"), "{path}: {shown}");
    }
    eventually("the log has lost the texts", async || {
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM log.events WHERE position('geheim'::bytea IN payload) > 0",
        )
        .fetch_one(&world.pool)
        .await
        .expect("a count");
        (left == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_slow_mode_counts_replies_in_threads_too() {
    let world = world_with_room().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    alice.send("room", "root", "root").await.expect(201);
    patch(&alice, json!({ "slow_mode": 3_600 })).await;
    let reply = |key: &str| json!({ "client_message_id": key, "type": "text", "thread": 1, "body": { "text": key } });
    let first = carol.send_message("room", reply("1")).await;
    first.expect(201);
    for refused in [
        carol.send("room", "2", "second").await,
        carol.send_message("room", reply("3")).await,
    ] {
        assert_eq!(refused.expect_problem(429), "slow_mode");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((3_500..=3_600).contains(&wait), "{wait}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_changes_title_history_and_policy_together_or_nothing() {
    let world = world_with_room().await;
    let alice = world.user("alice");
    let all = json!({ "title": "new", "history": "since_join", "topic": "tea", "post": "admins" });
    // If one field is not valid, then nothing changes.
    let head = log::head(&world.pool).await.expect("a head");
    let mut invalid = all.clone();
    invalid["slow_mode"] = json!(-1);
    let refused = alice.patch("/v1/conversations/room", invalid).await;
    assert_eq!(refused.expect_problem(422), "invalid");
    assert_eq!(log::head(&world.pool).await.expect("a head"), head);

    // Otherwise the position covers all of it.
    let position = patch(&alice, all).await;
    let path = format!("/v1/conversations/room?min_position={position}");
    let shown = alice.get_ok(&path).await;
    assert_eq!(
        (&shown["title"], &shown["history"]),
        (&json!("new"), &json!("since_join"))
    );
    assert_eq!(
        (&shown["policy"]["topic"], &shown["policy"]["post"]),
        (&json!("tea"), &json!("admins"))
    );
    let feed = alice
        .get_ok(&format!(
            "/v1/inbox/entries?after=0&min_position={position}"
        ))
        .await;
    let entries = feed["entries"].as_array().expect("entries").iter();
    let changes = entries.filter(|entry| entry["position"].as_i64() > Some(head));
    let kinds: Vec<_> = changes.map(|entry| entry["type"].clone()).collect();
    assert!(kinds.len() >= 2, "{kinds:?}");
    assert_eq!(log::head(&world.pool).await.expect("a head"), position);
}
