//! Read marks, acknowledgements and preferences.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_read_mark_moves_back_only_on_request() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    for n in 1..=5 {
        ann.send("team", &format!("k{n}"), "hi")
            .await?
            .expect_status(201)?;
    }
    let path = "/v1/conversations/team/read";
    let read = bob
        .post(path, json!({"up_to": 3}))
        .await?
        .expect_status(200)?;
    ensure!(read.json == json!({"read_seq": 3, "position": 7}));
    let back = bob
        .post(path, json!({"up_to": 2}))
        .await?
        .expect_status(200)?;
    ensure!(back.json == json!({"read_seq": 3, "position": 7}));
    let beyond = bob
        .post(path, json!({"up_to": 1_000}))
        .await?
        .expect_status(200)?;
    ensure!(beyond.json["read_seq"] == 5);
    let unread = bob
        .post(path, json!({"unread_from": 2}))
        .await?
        .expect_status(200)?;
    ensure!(unread.json["read_seq"] == 1);
    let again = bob
        .post(path, json!({"unread_from": 2}))
        .await?
        .expect_status(200)?;
    ensure!(again.json == unread.json);
    let own = ann
        .post(path, json!({"up_to": 1}))
        .await?
        .expect_status(200)?;
    ensure!(
        own.json["read_seq"] == 5,
        "sending moves the sender's own mark"
    );
    bob.post(path, json!({"up_to": 0}))
        .await?
        .expect_status(200)?;
    for (body, field) in [
        (json!({"up_to": -1}), "up_to"),
        (json!({"up_to": "3"}), "up_to"),
        (json!({"up_to": 1, "unread_from": 1}), "unread_from"),
        (json!({}), "up_to"),
        (json!({"unread_from": 0}), "unread_from"),
        (json!({"unread_from": 6}), "unread_from"),
    ] {
        bob.post(path, body).await?.expect_invalid(field)?;
    }
    let eve = world.user("eve");
    eve.post(path, json!({"up_to": 1}))
        .await?
        .expect_problem(404, "not_found")?;
    eve.post(path, json!({}))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invisible_message_cannot_be_marked_unread() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let path = "/v1/conversations/team";
    ann.patch(path, json!({"history": "since_join"}))
        .await?
        .expect_status(200)?;
    ann.send("team", "k1", "before").await?.expect_status(201)?;
    ann.post(&format!("{path}/members"), json!({"users": ["cid"]}))
        .await?
        .expect_status(200)?;
    ann.send("team", "k2", "after").await?.expect_status(201)?;
    let cid = world.user("cid");
    cid.post(&format!("{path}/read"), json!({"unread_from": 1}))
        .await?
        .expect_invalid("unread_from")?;
    let unread = cid
        .post(&format!("{path}/read"), json!({"unread_from": 2}))
        .await?
        .expect_status(200)?;
    ensure!(unread.json["read_seq"] == 1);
    cid.put(&format!("{path}/messages/1/reactions/x"), json!({}))
        .await?
        .expect_problem(404, "not_found")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_cursor_moves_forward_and_never_beyond_the_head() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.send("team", "k", "hi").await?.expect_status(201)?;
    let ack = |device: &str, cursor: i64| json!({"device": device, "cursor": cursor});
    let path = "/v1/inbox/ack";
    let acked = bob.post(path, ack("phone", 2)).await?.expect_status(200)?;
    ensure!(acked.json == json!({"position": 3}));
    let back = bob.post(path, ack("phone", 1)).await?.expect_status(200)?;
    ensure!(back.json == json!({"position": 3}));
    bob.post(path, ack("desk", 1)).await?.expect_status(200)?;
    bob.post(path, ack("phone", 5))
        .await?
        .expect_invalid("cursor")?;
    bob.post(path, ack("phone", -1))
        .await?
        .expect_invalid("cursor")?;
    bob.post(path, ack("", 1)).await?.expect_invalid("device")?;
    bob.post(path, json!({"device": "phone"}))
        .await?
        .expect_invalid("cursor")?;
    let replica = world.replica().await?;
    replica
        .user("ann")
        .send("team", "k2", "hi")
        .await?
        .expect_status(201)?;
    bob.post(path, ack("phone", 5)).await?.expect_status(200)?;
    let previous: Vec<_> = world
        .event_payloads("device_acked")
        .await?
        .iter()
        .map(|event| event["previous"].clone())
        .collect();
    ensure!(previous == [0, 0, 2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_lost_on_leaving() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    let path = "/v1/conversations/team/preferences";
    let set = bob
        .patch(path, json!({"muted": true, "pinned": null}))
        .await?
        .expect_status(200)?;
    ensure!(set.json == json!({"position": 2}));
    let same = bob
        .patch(path, json!({"muted": true}))
        .await?
        .expect_status(200)?;
    ensure!(same.position() == 2);
    bob.patch(path, json!({})).await?.expect_status(200)?;
    bob.patch(path, json!({"muted": 1}))
        .await?
        .expect_invalid("muted")?;
    world
        .user("eve")
        .patch(path, json!({"muted": true}))
        .await?
        .expect_problem(404, "not_found")?;
    bob.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    bob.patch(path, json!({"muted": true}))
        .await?
        .expect_problem(404, "not_found")?;
    ann.post("/v1/conversations/team/members", json!({"users": ["bob"]}))
        .await?
        .expect_status(200)?;
    let rejoined = bob
        .patch(path, json!({"muted": true}))
        .await?
        .expect_status(200)?;
    ensure!(rejoined.position() == 5, "leaving deletes the preferences");
    bob.put("/v1/blocks/%07", json!({}))
        .await?
        .expect_problem(400, "malformed")?;
    Ok(())
}
