//! Idempotency: repeated commands are executed once and replayed.

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use http::Method;
use serde_json::json;

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_send_is_executed_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let first = ann.send("team", "k", "hello").await?.expect_status(201)?;
    bob.send("team", "k", "my own key")
        .await?
        .expect_status(201)?;
    ann.send("team", "k", "hello")
        .await?
        .expect_replay_of(&first)?;
    ann.with_key("anything")
        .send("team", "k", "hello")
        .await?
        .expect_replay_of(&first)?;
    ann.send("team", "k", "other")
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    ann.send("team", "k", " ")
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    let group = json!({"kind": "group", "members": [], "id": "other"});
    ann.post("/v1/conversations", group)
        .await?
        .expect_status(201)?;
    ann.send("other", "k", "hello")
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    ensure!(world.event_payloads("message_sent").await?.len() == 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_sends_with_one_key_are_executed_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let replies = try_join_all((0..200).map(|_| ann.send("team", "k", "hello"))).await?;
    ensure!(
        replies
            .iter()
            .filter(|reply| reply.status == 201 && !reply.is_replay())
            .count()
            == 1
    );
    ensure!(
        replies
            .iter()
            .filter(|reply| reply.status == 200 && reply.is_replay())
            .count()
            == 199
    );
    ensure!(replies.iter().all(|reply| reply.json == replies[0].json));
    ensure!(world.event_payloads("message_sent").await?.len() == 1);
    let mixed =
        try_join_all((0..200).map(|n| ann.send("team", "m", if n % 2 == 0 { "a" } else { "b" })));
    let replies = mixed.await?;
    ensure!(replies.iter().filter(|reply| reply.status == 201).count() == 1);
    ensure!(replies.iter().filter(|reply| reply.status == 200).count() == 99);
    ensure!(replies.iter().filter(|reply| reply.status == 409).count() == 100);
    ensure!(world.event_payloads("message_sent").await?.len() == 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_rejections_are_all_reported() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (_, bob) = world.create_group("team").await?;
    let bob = bob.with_key("k");
    let calls = (0..200).map(|_| bob.patch("/v1/conversations/team", json!({"title": "B"})));
    for reply in try_join_all(calls).await? {
        reply.expect_problem(403, "forbidden")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_requires_only_access() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let members = "/v1/conversations/team/members";
    ann.post(members, json!({"users": ["cid"]}))
        .await?
        .expect_status(200)?;
    let message = json!({"client_message_id": "k", "type": "text", "body": {"text": "hi"}, "mentions": ["cid"]});
    let path = "/v1/conversations/team/messages";
    let first = bob.post(path, message.clone()).await?.expect_status(201)?;
    ann.delete(&format!("{members}/cid"))
        .await?
        .expect_status(200)?;
    bob.post(path, message.clone())
        .await?
        .expect_replay_of(&first)?;
    ann.delete(&format!("{members}/bob"))
        .await?
        .expect_status(200)?;
    bob.post(path, message.clone())
        .await?
        .expect_problem(404, "not_found")?;
    ann.post(members, json!({"users": ["bob"]}))
        .await?
        .expect_status(200)?;
    bob.post(path, message).await?.expect_replay_of(&first)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_accepts_a_key() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.send("team", "k", "one").await?.expect_status(201)?;
    let path = "/v1/conversations/team";
    let message = format!("{path}/messages/1");
    let twice = async |key: &str, method: Method, path: &str, body: serde_json::Value| {
        let keyed = ann.with_key(key);
        let body = body.to_string().into_bytes();
        let call = || keyed.call(method.clone(), path, "application/json", body.clone());
        let first = call().await?.expect_status(200)?;
        let events = world.count_events().await?;
        call().await?.expect_replay_of(&first)?;
        ensure!(
            world.count_events().await? == events,
            "{key} was executed twice"
        );
        keyed
            .put("/v1/blocks/zoe", json!({}))
            .await?
            .expect_problem(409, "idempotency_mismatch")?;
        Ok(())
    };
    let none = || json!({});
    let unread = json!({"unread_from": 1});
    let cursor = json!({"device": "phone", "cursor": 1});
    let edited = json!({"body": {"text": "two"}});
    let reaction = format!("{message}/reactions/x");
    let block = "/v1/blocks/bob";
    for (key, method, path, body) in [
        ("change", Method::PATCH, path, json!({"title": "T"})),
        (
            "add",
            Method::POST,
            &format!("{path}/members"),
            json!({"users": ["cid"]}),
        ),
        ("edit", Method::PUT, &message, edited),
        ("react", Method::PUT, &reaction, none()),
        ("unreact", Method::DELETE, &reaction, none()),
        ("recall", Method::DELETE, &message, none()),
        (
            "remove",
            Method::DELETE,
            &format!("{path}/members/cid"),
            none(),
        ),
        ("read", Method::POST, &format!("{path}/read"), unread),
        ("ack", Method::POST, "/v1/inbox/ack", cursor),
        (
            "preferences",
            Method::PATCH,
            &format!("{path}/preferences"),
            json!({"muted": true}),
        ),
        ("block", Method::PUT, block, none()),
        ("unblock", Method::DELETE, block, none()),
        ("nothing", Method::DELETE, block, none()),
    ] {
        twice(key, method, path, body).await?;
    }
    bob.with_key("change")
        .patch(path, json!({"title": "T"}))
        .await?
        .expect_problem(403, "forbidden")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_creations_with_a_key_return_one_id() -> Result<()> {
    let world = CommandTestService::new().await?;
    let ann = world.user("ann").with_key("k");
    let group = json!({"kind": "group", "members": []});
    let replies =
        try_join_all((0..50).map(|_| ann.post("/v1/conversations", group.clone()))).await?;
    ensure!(replies.iter().filter(|reply| reply.status == 201).count() == 1);
    ensure!(replies.iter().all(|reply| reply.json == replies[0].json));
    let own = json!({"kind": "group", "members": [], "id": "own"});
    ann.post("/v1/conversations", own.clone())
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    let other = ann.with_key("k2");
    let first = other
        .post("/v1/conversations", own.clone())
        .await?
        .expect_status(201)?;
    other
        .post("/v1/conversations", own.clone())
        .await?
        .expect_replay_of(&first)?;
    world
        .user("ann")
        .delete("/v1/conversations/own/members/ann")
        .await?
        .expect_status(200)?;
    other
        .post("/v1/conversations", own)
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_never_expires() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let first = ann.send("team", "k", "hello").await?.expect_status(201)?;
    let reopened = world.replica().await?;
    reopened
        .user("ann")
        .send("team", "k", "hello")
        .await?
        .expect_replay_of(&first)?;
    Ok(())
}
