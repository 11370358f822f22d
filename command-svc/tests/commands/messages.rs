//! Sending, editing, recalling and reacting to messages.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::limits::Limits;
use serde_json::json;

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_stored_unchanged() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let text = "e\u{301} 👩‍👩‍👧 \u{202e}abc\u{202c}\n\t\u{10ffff}";
    let sent = ann.send("team", "k1", text).await?.expect_status(201)?;
    ensure!(
        sent.json
            == json!({"conversation_id": "team", "seq": 1, "position": 2,
        "sent_at": "2026-01-01T00:00:00.000Z"})
    );
    let path = "/v1/conversations/team/messages";
    let mut reply = json!({"client_message_id": "k1", "type": "custom",
        "body": {"z": 1, "a": [1.5, null]}, "reply_to": 1, "mentions": ["ann", "ann"]});
    let sent = bob.post(path, reply.clone()).await?.expect_status(201)?;
    // What the server decides cannot be sent.
    reply["sender"] = json!("ann");
    let refused = bob.post(path, reply).await?.expect_status(422)?;
    ensure!(refused.json["errors"][0]["field"] == "sender");
    ensure!(sent.seq() == 2);
    let stored = world.event_payloads("message_sent").await?;
    ensure!(stored[0]["body"]["text"] == text);
    ensure!(stored[1]["sender"] == "bob" && stored[1]["mentions"] == json!(["ann"]));
    ensure!(stored[1]["body"] == json!({"z": 1, "a": [1.5, null]}) && stored[1]["reply_to"] == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_messages_are_rejected() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let path = "/v1/conversations/team/messages";
    let before = world.count_events().await?;
    for (field, value, named) in [
        ("client_message_id", json!(null), "client_message_id"),
        ("client_message_id", json!(""), "client_message_id"),
        (
            "client_message_id",
            json!("k".repeat(129)),
            "client_message_id",
        ),
        ("client_message_id", json!("ä"), "client_message_id"),
        ("type", json!("poem"), "type"),
        ("body", json!(null), "body"),
        ("body", json!([]), "body"),
        ("body", json!({}), "body.text"),
        ("body", json!({"text": 5}), "body.text"),
        ("body", json!({"text": " \u{200b}"}), "body.text"),
        ("reply_to", json!(1), "reply_to"),
        ("reply_to", json!(0), "reply_to"),
        ("reply_to", json!("1"), "reply_to"),
        ("reply_to", json!(1.5), "reply_to"),
        ("mentions", json!(["eve"]), "mentions"),
        ("mentions", json!("ann"), "mentions"),
        (
            "mentions",
            json!((0..51).map(|n| format!("u{n}")).collect::<Vec<_>>()),
            "mentions",
        ),
    ] {
        let reply = ann.post(path, message_with(field, value)).await?;
        reply.expect_invalid(named)?;
    }
    for field in ["client_message_id", "type", "body"] {
        let mut without = message_with("type", json!("text"));
        if let Some(object) = without.as_object_mut() {
            object.remove(field);
        }
        ann.post(path, without).await?.expect_invalid(field)?;
    }
    ensure!(
        world.count_events().await? == before,
        "a refusal appends nothing"
    );
    Ok(())
}

/// A valid text message, except that one field has this value.
fn message_with(field: &str, value: serde_json::Value) -> serde_json::Value {
    let mut message = json!({"client_message_id": "k", "type": "text", "body": {"text": "hi"}});
    message[field] = value;
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_at_most_64_kib() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let path = "/v1/conversations/team/messages";
    let before = world.count_events().await?;
    let large = json!({"text": "x".repeat(64 * 1024)});
    ann.post(path, message_with("body", large))
        .await?
        .expect_problem(413, "too_large")?;
    ensure!(
        world.count_events().await? == before,
        "a refusal appends nothing"
    );
    let full = json!({"text": "x".repeat(64 * 1024 - 11)});
    ann.post(path, message_with("body", full))
        .await?
        .expect_status(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_send() -> Result<()> {
    let world = CommandTestService::new().await?;
    world.create_group("team").await?;
    let eve = world.user("eve");
    eve.send("team", "k", "hi")
        .await?
        .expect_problem(404, "not_found")?;
    eve.send("team", "k", " ")
        .await?
        .expect_problem(404, "not_found")?;
    eve.send("nowhere", "k", "hi")
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_can_edit() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.send("team", "k", "one").await?.expect_status(201)?;
    let path = "/v1/conversations/team/messages/1";
    let edited = ann
        .put(path, json!({"body": {"text": "two"}}))
        .await?
        .expect_status(200)?;
    ensure!(edited.json == json!({"position": 3}));
    let same = ann
        .put(path, json!({"body": {"text": "two"}}))
        .await?
        .expect_status(200)?;
    ensure!(same.position() == 3 && world.count_events().await? == 3);
    bob.put(path, json!({"body": {"text": "three"}}))
        .await?
        .expect_problem(403, "forbidden")?;
    ann.put(path, json!({"body": {"text": ""}}))
        .await?
        .expect_invalid("body.text")?;
    ann.put(path, json!({})).await?.expect_invalid("body")?;
    ann.delete(path).await?.expect_status(200)?;
    ann.put(path, json!({"body": {"text": "three"}}))
        .await?
        .expect_status(422)?;
    let none = "/v1/conversations/team/messages/2";
    ann.put(none, json!({"body": {"text": "x"}}))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_has_a_time_limit_except_for_owners() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    for n in 1..=3 {
        bob.send("team", &format!("k{n}"), "late")
            .await?
            .expect_status(201)?;
    }
    let message = |n: i64| format!("/v1/conversations/team/messages/{n}");
    let recalled = bob.delete(&message(1)).await?.expect_status(200)?;
    let again = bob.delete(&message(1)).await?.expect_status(200)?;
    ensure!(again.position() == recalled.position() && !again.is_replay());
    world.advance_clock(Duration::from_secs(24 * 3_600));
    bob.delete(&message(2)).await?.expect_status(200)?;
    world.advance_clock(Duration::from_millis(1));
    bob.delete(&message(3))
        .await?
        .expect_problem(422, "recall_window_passed")?;
    ann.delete(&message(3)).await?.expect_status(200)?;
    ann.send("team", "k", "mine").await?.expect_status(201)?;
    bob.delete(&message(4))
        .await?
        .expect_problem(403, "forbidden")?;
    ann.delete(&message(9))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_added_and_removed() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.send("team", "k", "one").await?.expect_status(201)?;
    let reaction = |key: &str| format!("/v1/conversations/team/messages/1/reactions/{key}");
    let thumb = reaction("%F0%9F%91%8D");
    let given = bob.put(&thumb, json!({})).await?.expect_status(200)?;
    let again = bob.put(&thumb, json!({})).await?.expect_status(200)?;
    ensure!(again.position() == given.position());
    bob.delete(&thumb).await?.expect_status(200)?;
    let gone = bob.delete(&thumb).await?.expect_status(200)?;
    ensure!(gone.position() == given.position() + 1 && world.count_events().await? == 4);
    ensure!(world.event_payloads("reaction_added").await?[0]["key"] == "👍");
    bob.put(&reaction(&"x".repeat(33)), json!({}))
        .await?
        .expect_invalid("key")?;
    for refused in ["%0A", ".", "%2E%2E"] {
        bob.put(&reaction(refused), json!({}))
            .await?
            .expect_invalid("key")?;
    }
    bob.delete(&reaction("..")).await?.expect_status(200)?;
    world
        .user("eve")
        .put(&reaction("%0A"), json!({}))
        .await?
        .expect_problem(404, "not_found")?;
    ann.delete("/v1/conversations/team/messages/1")
        .await?
        .expect_status(200)?;
    bob.put(&thumb, json!({})).await?.expect_status(422)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_applies_only_to_direct_conversations() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let direct = ann
        .post(
            "/v1/conversations",
            json!({"kind": "direct", "members": ["bob"]}),
        )
        .await?;
    let id = direct.json["id"].as_str().unwrap_or_default();
    bob.send(id, "k1", "hi").await?.expect_status(201)?;
    let blocked = ann
        .put("/v1/blocks/bob", json!({}))
        .await?
        .expect_status(200)?;
    let again = ann
        .put("/v1/blocks/bob", json!({}))
        .await?
        .expect_status(200)?;
    ensure!(again.position() == blocked.position());
    bob.send(id, "k2", "hi?")
        .await?
        .expect_problem(403, "blocked")?;
    bob.send(id, "k1", "hi").await?.expect_status(200)?;
    ann.send(id, "k1", "you hear me")
        .await?
        .expect_status(201)?;
    bob.send("team", "k3", "hi").await?.expect_status(201)?;
    let with_ann = json!({"kind": "direct", "members": ["ann"]});
    bob.post("/v1/conversations", with_ann.clone())
        .await?
        .expect_status(200)?;
    ann.put("/v1/blocks/cid", json!({}))
        .await?
        .expect_status(200)?;
    let cid = world.user("cid");
    cid.post("/v1/conversations", with_ann.clone())
        .await?
        .expect_problem(403, "blocked")?;
    ann.delete("/v1/blocks/cid").await?.expect_status(200)?;
    ann.delete("/v1/blocks/bob").await?.expect_status(200)?;
    cid.post("/v1/conversations", with_ann)
        .await?
        .expect_status(201)?;
    bob.send(id, "k2", "hi?").await?.expect_status(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_configurable() -> Result<()> {
    let limits = Limits {
        body_bytes: 20,
        group_members: 3,
        recall_window_ms: 10,
        ..Limits::default()
    };
    let world = CommandTestService::with_limits(limits).await?;
    let (ann, bob) = world.create_group("team").await?;
    bob.send("team", "k1", "123456789")
        .await?
        .expect_status(201)?;
    bob.send("team", "k2", "1234567890")
        .await?
        .expect_problem(413, "too_large")?;
    let members = "/v1/conversations/team/members";
    ann.post(members, json!({"users": ["cid"]}))
        .await?
        .expect_status(200)?;
    ann.post(members, json!({"users": ["dee"]}))
        .await?
        .expect_invalid("users")?;
    world.advance_clock(Duration::from_millis(11));
    let recalled = bob.delete("/v1/conversations/team/messages/1").await?;
    recalled.expect_problem(422, "recall_window_passed")?;
    Ok(())
}
