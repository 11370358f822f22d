//! Policies, silences and bans, joining and links.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::{try_join, try_join_all};
use http::Method;
use serde_json::{Value, json};

use crate::support::{ApiReply, ApiUser, CommandTestService};

const TEAM: &str = "/v1/conversations/team";

async fn post(user: &ApiUser, path: &str) -> Result<ApiReply> {
    user.call(Method::POST, path, "", Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_mode_follows_the_clock_and_says_how_long_to_wait() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.patch(TEAM, json!({"slow_mode": 30}))
        .await?
        .expect_status(200)?;
    bob.send("team", "1", "first").await?.expect_status(201)?;
    world.advance_clock(Duration::from_millis(12_500));
    let refused = bob
        .send("team", "2", "second")
        .await?
        .expect_problem(429, "slow_mode")?;
    ensure!(refused.headers["retry-after"] == "18", "{refused:?}");
    let line = |key: &str| {
        json!({"op": "send", "conversation_id": "team", "client_message_id": key, "type": "text",
            "body": {"text": "in a batch"}})
    };
    let lines = [line("3"), line("4")];
    let (_, results) = bob.post_lines("/v1/batch", &lines).await?;
    ensure!(results.iter().all(|result| result["code"] == "slow_mode"));
    world.advance_clock(Duration::from_millis(17_500));
    let (_, results) = bob.post_lines("/v1/batch", &lines).await?;
    ensure!(results[0]["status"] == 201, "{results:?}");
    ensure!(results[1]["code"] == "slow_mode", "{results:?}");
    ann.patch(TEAM, json!({"slow_mode": 0}))
        .await?
        .expect_status(200)?;
    bob.send("team", "5", "third").await?.expect_status(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_hold_the_uses_of_a_link() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let created = ann
        .post(&format!("{TEAM}/links"), json!({"max_uses": 3}))
        .await?
        .expect_status(201)?;
    let link = format!(
        "/v1/links/{}",
        created.json["code"].as_str().unwrap_or_default()
    );
    let users: Vec<_> = (0..20)
        .map(|n| [&one, &other][n % 2].user(&format!("u{n}")))
        .collect();
    let replies = try_join_all(users.iter().map(|user| post(user, &link))).await?;
    let joined = replies.iter().filter(|reply| reply.status == 200);
    ensure!(joined.count() == 3, "{replies:?}");
    ensure!(
        replies
            .iter()
            .all(|reply| [200, 404].contains(&reply.status))
    );
    let added = one.event_payloads("member_added").await?;
    let links = one.event_payloads("link_created").await?;
    let added_by = &links[0]["link"];
    ensure!(added_by.is_string() && *added_by != created.json["code"]);
    ensure!(added.len() == 3 && added.iter().all(|added| added["link"] == *added_by));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_in_two_processes_one_bans() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, bob) = one.create_group("team").await?;
    let members = format!("{TEAM}/members");
    ann.post(&members, json!({"members": ["bob"], "role": "admin"}))
        .await?
        .expect_status(200)?;
    ann.post(&members, json!({"members": ["eve"]}))
        .await?
        .expect_status(200)?;
    let ban = format!("{TEAM}/bans/eve");
    let bob_there = other.user("bob");
    let (by_ann, by_bob) =
        try_join(ann.put(&ban, json!({})), bob_there.put(&ban, json!({}))).await?;
    by_ann.expect_status(200)?;
    by_bob.expect_status(200)?;
    ensure!(one.event_payloads("member_banned").await?.len() == 1);
    ensure!(one.event_payloads("member_removed").await?.len() == 1);
    // Both processes know of it at once.
    for world in [&one, &other] {
        world
            .user("eve")
            .send("team", "1", "still?")
            .await?
            .expect_problem(404, "not_found")?;
        world
            .user("bob")
            .post(&members, json!({"members": ["eve"]}))
            .await?
            .expect_problem(403, "banned")?;
    }
    let silence = format!("{TEAM}/silences/bob");
    ann.put(&silence, json!({"reason": "spam"}))
        .await?
        .expect_status(200)?;
    for admin in [&bob, &bob_there] {
        admin
            .send("team", "2", "still?")
            .await?
            .expect_problem(403, "silenced")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_is_open_asked_or_unknown() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let join = format!("{TEAM}/join");
    let zoe = world.user("zoe");
    post(&zoe, &join).await?.expect_problem(404, "not_found")?;
    ann.patch(TEAM, json!({"join": "asked"}))
        .await?
        .expect_status(200)?;
    let asked = post(&zoe.with_key("k"), &join).await?.expect_status(202)?;
    ensure!(asked.json["state"] == "asked");
    let replay = post(&zoe.with_key("k"), &join).await?.expect_status(200)?;
    ensure!(
        replay.is_replay() && replay.json == asked.json,
        "{replay:?}"
    );
    let events = world.event_payloads("join_requested").await?;
    let admins = json!({"user": "zoe", "admins": ["ann"]});
    ensure!(events == [admins], "{events:?}");
    let request = format!("{TEAM}/join-requests/zoe");
    ann.put(&request, Value::Null).await?.expect_status(200)?;
    let joined = post(&zoe, &join).await?.expect_status(200)?;
    ensure!(joined.json["state"] == "joined");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_be_missing_but_not_be_something_else() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let links = format!("{TEAM}/links");
    post(&ann, &links).await?.expect_status(201)?;
    ann.call(Method::POST, &links, "", b"{}".to_vec())
        .await?
        .expect_problem(415, "unsupported_media_type")?;
    ann.call(Method::POST, &links, "text/plain", b"{}".to_vec())
        .await?
        .expect_problem(415, "unsupported_media_type")?;
    ann.post(&links, json!({"max_use": 3}))
        .await?
        .expect_invalid("max_use")?;
    Ok(())
}
