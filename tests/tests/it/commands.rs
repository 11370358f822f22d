//! Every command about messages: its responses and its refusals.

use serde_json::{Value, json};
use tests::world::World;

/// Alice owns the conversation `room`, bob is an admin, carol a member. Bob has sent message 1.
pub async fn world_with_conversation() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    let admins = json!({ "users": ["bob"], "role": "admin" });
    alice
        .post("/v1/conversations/room/members", admins)
        .await
        .expect(200);
    world
        .user("bob")
        .send("room", "m1", "first")
        .await
        .expect(201);
    world
}

fn message(key: &str, kind: &str, body: &Value) -> Value {
    json!({ "client_message_id": key, "type": kind, "body": body })
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_type_are_sent() {
    let world = world_with_conversation().await;
    let carol = world.user("carol");
    let kinds = [
        "text", "image", "file", "audio", "video", "location", "custom", "control",
    ];
    for (seq, kind) in (2..).zip(kinds) {
        let body = json!({ "text": "x", "url": "u", "lat": 59.9, "lng": 10, "nested": { "a": [1, 2.5, null] } });
        let sent = carol.send_message("room", message(kind, kind, &body)).await;
        let response = sent.expect(201);
        assert_eq!(
            (&response["seq"], &response["conversation_id"]),
            (&json!(seq), &json!("room"))
        );
        let at = format!(
            "/v1/conversations/room/messages/{seq}?min_position={}",
            sent.position()
        );
        let shown = carol.get_ok(&at).await;
        assert_eq!((&shown["type"], &shown["body"]), (&json!(kind), &body));
        assert_eq!(shown["sent_at"], response["sent_at"]);
        assert_eq!(
            (&shown["recalled"], &shown["edited_at"], &shown["reactions"]),
            (&json!(false), &Value::Null, &json!({}))
        );
    }
    let mut reply = message("r", "text", &json!({ "text": "yes" }));
    reply["reply_to"] = json!(1);
    reply["mentions"] = json!(["bob", "alice"]);
    let sent = carol.send_message("room", reply).await;
    sent.expect(201);
    let shown = carol
        .get_ok(&format!(
            "/v1/conversations/room/messages/10?min_position={}",
            sent.position()
        ))
        .await;
    assert_eq!(
        (&shown["reply_to"], &shown["mentions"]),
        (&json!(1), &json!(["bob", "alice"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_stored_byte_for_byte() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let texts = [
        "e\u{301} and é",
        "👩‍👩‍👧‍👦 🇹🇼 👍🏽",
        "\u{202e}right to left\u{2066}",
        " \t leading and trailing \n",
        "'; DROP TABLE log.events; -- $1 \\x00 %s {}",
        "<svg onload=alert(1)> &amp;",
        "\u{10ffff}\u{fdd0}\u{1b}[31m",
        "\\u0000 spelled out",
    ];
    let long = "字".repeat(20_000);
    for (n, text) in texts.into_iter().chain([long.as_str()]).enumerate() {
        let sent = alice.send("room", &format!("t{n}"), text).await;
        let seq = sent.expect(201)["seq"].clone();
        let at = format!(
            "/v1/conversations/room/messages/{seq}?min_position={}",
            sent.position()
        );
        assert_eq!(alice.get_ok(&at).await["body"]["text"], text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_messages_are_refused() {
    let world = world_with_conversation().await;
    let carol = world.user("carol");
    let text = json!({ "text": "x" });
    let with = |field: &str, value: Value| {
        let mut message = message("refused", "text", &text);
        message[field] = value;
        message
    };
    let refused = [
        with("type", json!("poem")),
        with("body", json!({})),
        with("body", json!({ "text": "" })),
        with("body", json!({ "text": " \u{200b}\u{feff}\n" })),
        with("body", json!({ "text": 7 })),
        with("reply_to", json!(2)),
        with("reply_to", json!(0)),
        with("mentions", json!(["dave"])),
        with("client_message_id", json!("")),
        with("client_message_id", json!("a\u{e9}")),
        with("client_message_id", json!("a\nb")),
        with("client_message_id", json!("k".repeat(129))),
    ];
    for message in refused {
        let response = carol.send_message("room", message.clone()).await;
        assert_eq!(response.status, 422, "{message}: {response}");
        response.expect_problem(422);
    }
    carol
        .send_message("room", message(&"k".repeat(128), "text", &text))
        .await
        .expect(201);
    let recalled = world
        .user("bob")
        .delete("/v1/conversations/room/messages/1")
        .await;
    recalled.expect(200);
    carol
        .send_message("room", with("reply_to", json!(1)))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_edited_by_its_author() {
    let world = world_with_conversation().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let at = "/v1/conversations/room/messages/1";
    let edited = bob
        .put(at, Some(json!({ "body": { "text": "better" } })))
        .await;
    edited.expect(200);
    let same = bob
        .put(at, Some(json!({ "body": { "text": "better" } })))
        .await;
    assert_eq!(
        same.position(),
        edited.position(),
        "an equal body changes nothing"
    );
    let shown = alice
        .get_ok(&format!("{at}?min_position={}", edited.position()))
        .await;
    assert_eq!(shown["body"]["text"], "better");
    assert!(shown["edited_at"].is_string(), "{shown}");
    let versions = alice.get_ok(&format!("{at}/history")).await["versions"].clone();
    let texts: Vec<_> = versions
        .as_array()
        .expect("a list")
        .iter()
        .map(|version| version["body"]["text"].clone())
        .collect();
    assert_eq!(texts, ["first", "better"]);
    assert_eq!(versions[1]["position"], edited.position());

    assert_eq!(
        alice
            .put(at, Some(json!({ "body": { "text": "mine" } })))
            .await
            .expect_problem(403),
        "forbidden"
    );
    bob.put(at, Some(json!({ "body": { "text": " " } })))
        .await
        .expect_problem(422);
    bob.put(at, Some(json!({ "body": "text" })))
        .await
        .expect_problem(422);
    bob.put(
        "/v1/conversations/room/messages/2",
        Some(json!({ "body": { "text": "x" } })),
    )
    .await
    .expect_problem(404);
    bob.delete(at).await.expect(200);
    bob.put(at, Some(json!({ "body": { "text": "again" } })))
        .await
        .expect_problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_recalled_for_everyone() {
    let world = world_with_conversation().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    let at = "/v1/conversations/room/messages/1";
    assert_eq!(carol.delete(at).await.expect_problem(403), "forbidden");
    carol.send("room", "m2", "oops").await.expect(201);
    carol
        .delete("/v1/conversations/room/messages/2")
        .await
        .expect(200);
    let recalled = alice.delete(at).await;
    recalled.expect(200);
    assert_eq!(
        alice.delete(at).await.position(),
        recalled.position(),
        "recalling again changes nothing"
    );
    let shown = carol
        .get_ok(&format!("{at}?min_position={}", recalled.position()))
        .await;
    assert_eq!(
        (&shown["seq"], &shown["body"], &shown["recalled"]),
        (&json!(1), &Value::Null, &json!(true))
    );
    let versions = carol.get_ok(&format!("{at}/history")).await["versions"].clone();
    assert!(
        versions
            .as_array()
            .expect("a list")
            .iter()
            .all(|version| version["body"].is_null()),
        "{versions}"
    );
    let inbox = carol.get_ok("/v1/inbox").await["conversations"][0]["last_message"].clone();
    assert_eq!(
        (&inbox["preview"], &inbox["recalled"]),
        (&Value::Null, &json!(true))
    );
    carol
        .delete("/v1/conversations/room/messages/9")
        .await
        .expect_problem(404);
    for text in ["first", "oops"] {
        let everything = [
            carol.get_ok("/v1/inbox/entries?after=0").await,
            carol.get_ok("/v1/outbox").await,
        ];
        assert!(
            everything
                .iter()
                .all(|shown| !shown.to_string().contains(text)),
            "{text} is still shown"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_added_and_removed() {
    let world = world_with_conversation().await;
    let (alice, carol) = (world.user("alice"), world.user("carol"));
    let at = "/v1/conversations/room/messages/1";
    let thumb = format!("{at}/reactions/%F0%9F%91%8D");
    let first = carol.put(&thumb, None).await;
    first.expect(200);
    assert_eq!(
        carol.put(&thumb, None).await.position(),
        first.position(),
        "reacting again changes nothing"
    );
    alice.put(&thumb, None).await.expect(200);
    let last = alice.put(&format!("{at}/reactions/ok"), None).await;
    let shown = carol
        .get_ok(&format!("{at}?min_position={}", last.position()))
        .await;
    assert_eq!(
        shown["reactions"],
        json!({ "👍": ["carol", "alice"], "ok": ["alice"] })
    );
    let removed = carol.delete(&thumb).await;
    assert_eq!(carol.delete(&thumb).await.position(), removed.position());
    let shown = carol
        .get_ok(&format!("{at}?min_position={}", removed.position()))
        .await;
    assert_eq!(
        shown["reactions"],
        json!({ "👍": ["alice"], "ok": ["alice"] })
    );
    carol
        .put(&format!("{at}/reactions/{}", "k".repeat(33)), None)
        .await
        .expect_problem(422);
    carol
        .put("/v1/conversations/room/messages/7/reactions/ok", None)
        .await
        .expect_problem(404);
    alice.delete(at).await.expect(200);
    carol.put(&thumb, None).await.expect_problem(422);
}
