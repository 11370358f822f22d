//! Switches: a feature that is off answers 503 in every process within a second, its live frames
//! stop, everything else continues, and it is on again at its time.

use domain::time::Timestamp;
use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::live::LiveSocket;
use tests::token;
use tests::world::World;

async fn switch(admin: &Client, name: &str, body: Value) -> i64 {
    let path = format!("/v1/admin/switches/{name}");
    let switched = admin.put(&path, Some(body)).await;
    switched.expect(200);
    switched.position()
}

async fn shown(admin: &Client, name: &str) -> Value {
    let all = admin.get_ok("/v1/admin/switches").await;
    let switches = all["switches"].as_array().expect("a list");
    assert_eq!(switches.len(), 10);
    let found = switches.iter().find(|switch| switch["name"] == name);
    found.expect("a switch").clone()
}

/// Waits until a query is refused because its feature is off.
async fn wait_until_off(user: &Client, path: &str) {
    eventually(format!("{path} is switched off"), async || {
        let answer = user.get(path).await;
        if answer.json()["code"] != "switched_off" {
            return None;
        }
        assert_eq!(answer.expect_problem(503), "switched_off");
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!(seconds >= 1);
        Some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_is_off_answers_503_and_everything_else_continues() {
    // Given a message with a reaction
    let mut world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let message = "/v1/conversations/c/messages/1";
    let reaction = format!("{message}/reactions/x");
    world.user("bob").put(&reaction, None).await.expect(200);

    // When features are switched off
    let off = json!({ "on": false, "reason": "too much" });
    for name in ["reactions", "edits", "receipts", "search", "imports"] {
        switch(&admin, name, off.clone()).await;
    }

    // Then their commands and queries are refused
    wait_until_off(&ann, "/v1/search?q=hello").await;
    for path in [format!("{message}/receipts"), reaction.clone()] {
        assert_eq!(ann.get(&path).await.expect_problem(503), "switched_off");
    }
    for refused in [
        ann.put(&reaction, None).await,
        ann.delete(&reaction).await,
        ann.put(message, Some(json!({ "body": { "text": "x" } })))
            .await,
        admin.post("/v1/admin/import", json!([])).await,
    ] {
        assert_eq!(refused.expect_problem(503), "switched_off", "{refused}");
        assert!(!refused.header("retry-after").is_empty(), "{refused}");
    }
    let lines = json!([{ "op": "react", "conversation_id": "c", "seq": 1, "key": "y" },
                       { "op": "read", "conversation_id": "c", "up_to": 1 }]);
    let batch = ann.post("/v1/batch", lines).await.expect(200);
    assert_eq!(
        (&batch[0]["code"], &batch[1]["status"]),
        (&json!("switched_off"), &json!(200))
    );

    // And everything else continues
    ann.send("c", "2", "still here").await.expect(201);
    ann.read("c", 2).await.expect(200);
    assert_eq!(ann.get_ok(message).await["body"]["text"], "hello");

    // And it is the same after a restart, until the feature is switched on
    world.stop();
    world.start_service().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    assert_eq!(
        ann.put(&reaction, None).await.expect_problem(503),
        "switched_off"
    );
    let reactions = shown(&admin, "reactions").await;
    assert_eq!(
        (&reactions["on"], &reactions["reason"]),
        (&json!(false), &json!("too much"))
    );
    let position = switch(&admin, "reactions", json!({ "on": true })).await;
    assert_eq!(
        switch(&admin, "reactions", json!({ "on": true })).await,
        position
    );
    eventually("reactions are on", async || {
        (ann.put(&reaction, None).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_ends_at_its_time() {
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let until = Timestamp::from_millis(token::unix_now() * 1_000 + 3_000);
    let off = json!({ "on": false, "reason": "for a moment", "until": until });
    switch(&admin, "search", off).await;
    wait_until_off(&ann, "/v1/search?q=hello").await;
    assert_eq!(shown(&admin, "search").await["until"], json!(until));
    // When its time has come, then it is on without any event
    eventually("search is on", async || {
        let code = ann.get("/v1/search?q=hello").await.json()["code"].clone();
        (code != "switched_off").then_some(())
    })
    .await;
    assert!(token::unix_now() * 1_000 + 1_000 >= until.millis());
    assert_eq!(shown(&admin, "search").await["on"], true);
    for (name, body, status) in [
        ("nothing", json!({ "on": true }), 404),
        ("search", json!({ "on": false }), 422),
        (
            "search",
            json!({ "on": false, "reason": "r", "until": "soon" }),
            422,
        ),
        (
            "search",
            json!({ "on": false, "reason": "r", "until": "2020-01-01T00:00:00Z" }),
            422,
        ),
    ] {
        let path = format!("/v1/admin/switches/{name}");
        let refused = admin.put(&path, Some(body)).await;
        assert_eq!(refused.status, status, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_frames_of_a_feature_that_is_off_stop() {
    // Given two members who are connected
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let address = world.address();
    let mut ann_live = open(&address, "ann").await;
    let mut bob_live = open(&address, "bob").await;

    // When typing, presence and receipts are off
    let off = json!({ "on": false, "reason": "too much" });
    for name in ["typing", "presence", "receipts"] {
        switch(&admin, name, off.clone()).await;
    }
    wait_until_off(&ann, "/v1/conversations/c/messages/1/receipts").await;
    wait_until_off(&ann, "/v1/presence?users=bob").await;

    // Then the next frame is the message that is sent after all of these
    bob_live
        .send(r#"{"type":"typing","conversation_id":"c"}"#)
        .await;
    ann_live.send(r#"{"type":"watch","users":["bob"]}"#).await;
    let read = world.user("bob").read("c", 1).await;
    read.expect(200);
    world.wait_until_projected(read.position()).await;
    ann.send("c", "2", "last").await.expect(201);
    let frame = ann_live.next_frame().await;
    assert_eq!(frame["entry"]["data"]["body"]["text"], "last", "{frame}");
    // But other devices of the reader learn of the read mark.
    let own = bob_live.next_frame().await;
    assert_eq!(own["entry"]["type"], "conversation_read", "{own}");
}

async fn open(address: &str, user: &str) -> LiveSocket {
    let live = LiveSocket::open(address, &token::for_user(user), "").await;
    let mut live = live.expect("open");
    live.wait_until_caught_up().await;
    live
}

#[tokio::test(flavor = "multi_thread")]
async fn every_switch_is_turned_off_and_on_and_repeating_it_changes_nothing() {
    let world = World::start().await;
    let admin = world.admin();
    for name in [
        "reactions",
        "edits",
        "receipts",
        "typing",
        "presence",
        "search",
        "uploads",
        "imports",
        "notifications",
        "signup",
    ] {
        let path = format!("/v1/admin/switches/{name}");
        let silent = admin.put(&path, Some(json!({ "on": false }))).await;
        assert_eq!(silent.expect_problem(422), "invalid");
        assert_eq!(silent.json()["errors"][0]["field"], "reason", "{silent}");
        let off = json!({ "on": false, "reason": "too much" });
        let position = switch(&admin, name, off.clone()).await;
        assert_eq!(switch(&admin, name, off).await, position, "{name}");
        let is_off = shown(&admin, name).await;
        assert_eq!(
            (&is_off["on"], &is_off["reason"], &is_off["until"]),
            (&json!(false), &json!("too much"), &Value::Null)
        );
        let position = switch(&admin, name, json!({ "on": true })).await;
        let again = switch(&admin, name, json!({ "on": true })).await;
        assert_eq!(again, position, "{name}");
        assert_eq!(shown(&admin, name).await["on"], true, "{name}");
    }
}
