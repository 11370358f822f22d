//! Scheduled messages: sent when they are due, once, whatever happens.

use std::time::Duration;

use anyhow::{Result, ensure};
use command_svc::scheduled::ScheduledSender;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::support::{ApiUser, CommandTestService};

/// Twenty seconds after the initial time of the test clocks.
const DUE: &str = "2026-01-01T00:00:20.000Z";

const PATH: &str = "/v1/conversations/team/messages";

fn message(key: &str, send_at: &str) -> Value {
    json!({"client_message_id": key, "type": "text", "body": {"text": key}, "send_at": send_at})
}

/// Schedules messages with the keys `{prefix}0`, `{prefix}1` and so on.
async fn schedule(user: &ApiUser, prefix: &str, count: usize) -> Result<()> {
    let keys: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    let replies = try_join_all(keys.iter().map(|key| user.post(PATH, message(key, DUE)))).await?;
    for reply in replies {
        reply.expect_status(202)?;
    }
    Ok(())
}

/// Steps until this many messages were sent or refused. A sender that was killed may hold its lock
/// for a moment.
async fn complete_all(
    world: &CommandTestService,
    sender: &mut ScheduledSender,
    count: usize,
) -> Result<()> {
    loop {
        sender.step().await?;
        let sent = world.event_payloads("scheduled_message_sent").await?;
        let failed = world.event_payloads("scheduled_message_failed").await?;
        if sent.len() + failed.len() >= count {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

/// The texts of all messages, sorted.
async fn texts(world: &CommandTestService) -> Result<Vec<String>> {
    let sent = world.event_payloads("message_sent").await?;
    let text = |sent: &Value| sent["body"]["text"].as_str().unwrap_or_default().to_owned();
    let mut texts: Vec<String> = sent.iter().map(text).collect();
    texts.sort();
    Ok(texts)
}

fn expected(prefix: &str, count: usize) -> Vec<String> {
    let mut texts: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    texts.sort();
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_at_its_time() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let scheduled = ann
        .post(PATH, message("k", DUE))
        .await?
        .expect_status(202)?;
    ensure!(scheduled.json["scheduled_id"] == "s1" && scheduled.json["send_at"] == DUE);
    let again = ann.post(PATH, message("k", DUE)).await?;
    again.expect_replay_of(&scheduled)?;
    let mut sender = world.scheduled_sender();
    ensure!(!sender.step().await?);
    world.advance_clock(Duration::from_secs(19));
    ensure!(!sender.step().await?);
    world.advance_clock(Duration::from_secs(1));
    ensure!(sender.step().await? && !sender.step().await?);
    let sent = world.event_payloads("message_sent").await?;
    ensure!(sent.len() == 1 && sent[0]["scheduled_for"] == DUE && sent[0]["sender"] == "ann");
    ensure!(sent[0]["client_message_id"] == "k");
    let done = world.event_payloads("scheduled_message_sent").await?;
    ensure!(done == [json!({"number": 1, "conversation": "team", "seq": 1})]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_times_and_strangers_are_rejected() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    for send_at in [
        "2026-01-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
        "2028-01-01T00:00:00Z",
        "tomorrow",
        "",
    ] {
        ann.post(PATH, message("k", send_at))
            .await?
            .expect_invalid("send_at")?;
    }
    let mut blank = message("k", DUE);
    blank["body"] = json!({"text": " "});
    ann.post(PATH, blank).await?.expect_invalid("body.text")?;
    let eve = world.user("eve");
    eve.post(PATH, message("k", DUE))
        .await?
        .expect_problem(404, "not_found")?;
    let line = json!({"op": "send", "conversation_id": "team", "client_message_id": "k",
        "type": "text", "body": {"text": "hi"}, "send_at": DUE});
    let (_, results) = ann.post_lines("/v1/batch", &[line]).await?;
    ensure!(results[0]["status"] == 422, "{results:?}");
    ensure!(world.event_payloads("message_scheduled").await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_can_be_changed_and_cancelled() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    schedule(&ann, "k", 2).await?;
    let path = "/v1/scheduled/s1";
    let later = json!({"send_at": "2026-01-01T00:00:40Z", "body": {"text": "new"}});
    let changed = ann.patch(path, later.clone()).await?.expect_status(200)?;
    ensure!(changed.json["send_at"] == "2026-01-01T00:00:40.000Z");
    let again = ann.patch(path, later).await?.expect_status(200)?;
    ensure!(again.position() == changed.position());
    let past = json!({"send_at": "2025-01-01T00:00:00Z"});
    ann.patch(path, past).await?.expect_invalid("send_at")?;
    for id in ["s3", "x", "s01"] {
        let path = format!("/v1/scheduled/{id}");
        ann.patch(&path, json!({}))
            .await?
            .expect_problem(404, "not_found")?;
        ann.delete(&path).await?.expect_problem(404, "not_found")?;
    }
    bob.delete(path).await?.expect_problem(404, "not_found")?;
    let cancelled = ann.delete("/v1/scheduled/s2").await?.expect_status(200)?;
    let again = ann.delete("/v1/scheduled/s2").await?.expect_status(200)?;
    ensure!(again.position() == cancelled.position());
    let mut sender = world.scheduled_sender();
    world.advance_clock(Duration::from_secs(30));
    ensure!(!sender.step().await?);
    world.advance_clock(Duration::from_secs(10));
    // It is due, so it may be sent at any moment.
    ann.delete(path).await?.expect_problem(409, "conflict")?;
    ensure!(sender.step().await?);
    ensure!(texts(&world).await? == ["new"]);
    ann.delete(path).await?.expect_problem(409, "conflict")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_fails_with_the_code_and_can_be_scheduled_again() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    schedule(&bob, "k", 1).await?;
    bob.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    let mut sender = world.scheduled_sender();
    world.advance_clock(Duration::from_secs(20));
    ensure!(sender.step().await? && !sender.step().await?);
    let failed = world.event_payloads("scheduled_message_failed").await?;
    ensure!(failed == [json!({"number": 1, "conversation": "team", "code": "not_found"})]);
    ann.post("/v1/conversations/team/members", json!({"users": ["bob"]}))
        .await?
        .expect_status(200)?;
    let later = json!({"send_at": "2026-01-01T00:01:00Z"});
    bob.patch("/v1/scheduled/s1", later)
        .await?
        .expect_status(200)?;
    world.advance_clock(Duration::from_secs(40));
    ensure!(sender.step().await?);
    ensure!(texts(&world).await? == ["k0"]);
    Ok(())
}

/// Sends what is due, and stops in the middle. The completions of a user come after all of their
/// sends, so dropping the step once there is a message leaves messages that are sent and not
/// completed.
async fn kill_sender(world: &CommandTestService) -> Result<()> {
    let mut killed = world.scheduled_sender();
    tokio::select! {
        biased;
        () = world.wait_for_event("message_sent") => {}
        done = killed.step() => { done?; }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_killed_between_send_and_completion_sends_nothing_twice() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    schedule(&ann, "k", 300).await?;
    world.advance_clock(Duration::from_secs(20));
    kill_sender(&world).await?;
    // Since then, one of them would be refused.
    bob.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    let other = world.replica().await?;
    other.advance_clock(Duration::from_secs(20));
    complete_all(&world, &mut other.scheduled_sender(), 300).await?;
    ensure!(texts(&world).await? == expected("k", 300));
    ensure!(world.event_payloads("scheduled_message_sent").await?.len() == 300);
    ensure!(
        world
            .event_payloads("scheduled_message_failed")
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_since_a_message_was_sent_does_not_make_it_fail() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (_, bob) = world.create_group("team").await?;
    schedule(&bob, "k", 100).await?;
    world.advance_clock(Duration::from_secs(20));
    kill_sender(&world).await?;
    bob.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    let sent = texts(&world).await?.len();
    complete_all(&world, &mut world.scheduled_sender(), 100).await?;
    ensure!(
        texts(&world).await?.len() == sent,
        "nothing is sent after bob has left"
    );
    ensure!(world.event_payloads("scheduled_message_sent").await?.len() == sent);
    ensure!(
        world
            .event_payloads("scheduled_message_failed")
            .await?
            .len()
            == 100 - sent
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_send_each_message_once() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, bob) = one.create_group("team").await?;
    schedule(&ann, "a", 50).await?;
    schedule(&bob, "b", 50).await?;
    for process in [&one, &other] {
        process.advance_clock(Duration::from_secs(20));
    }
    let (mut first, mut second) = (one.scheduled_sender(), other.scheduled_sender());
    let (first, second) = tokio::join!(
        complete_all(&one, &mut first, 100),
        complete_all(&other, &mut second, 100),
    );
    first?;
    second?;
    let mut all = expected("a", 50);
    all.extend(expected("b", 50));
    ensure!(texts(&one).await? == all);
    ensure!(one.event_payloads("scheduled_message_sent").await?.len() == 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_of_a_user_cancels_what_they_scheduled() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    schedule(&ann, "a", 2).await?;
    schedule(&bob, "b", 1).await?;
    world.advance_clock(Duration::from_secs(20));
    let admin = world.admin();
    let erase = async |target: Value| admin.post("/v1/admin/erasures", target).await;
    erase(json!({"user": "ann"})).await?.expect_status(200)?;
    let cancelled = world.event_payloads("scheduled_message_cancelled").await?;
    ensure!(cancelled.len() == 2 && cancelled[0]["by"] == "root");
    erase(json!({"conversation_id": "team"}))
        .await?
        .expect_status(200)?;
    ensure!(
        world
            .event_payloads("scheduled_message_cancelled")
            .await?
            .len()
            == 3
    );
    ensure!(!world.scheduled_sender().step().await?);
    while log_integrity::erasure::redaction::redact_next(&world.database.pool).await? {}
    for scheduled in world.event_payloads("message_scheduled").await? {
        ensure!(scheduled["body"] == json!({"erased": true}), "{scheduled}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_sent_message_is_in_its_message_alone() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    schedule(&ann, "k", 1).await?;
    let text = json!({"body": {"text": "new"}});
    ann.patch("/v1/scheduled/s1", text)
        .await?
        .expect_status(200)?;
    world.advance_clock(Duration::from_secs(20));
    ensure!(world.scheduled_sender().step().await?);
    while log_integrity::erasure::redaction::redact_next(&world.database.pool).await? {}
    let scheduled = world.event_payloads("message_scheduled").await?;
    ensure!(
        scheduled[0]["body"] == json!({"erased": true})
            && scheduled[0].get("client_message_id").is_none()
    );
    let changed = world.event_payloads("scheduled_message_changed").await?;
    ensure!(changed[0]["body"] == json!({"erased": true}));
    ensure!(texts(&world).await? == ["new"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_senders_without_the_lock_still_send_once() -> Result<()> {
    // A sender that was stopped for long continues after another one took over.
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    schedule(&ann, "k", 100).await?;
    world.advance_clock(Duration::from_secs(20));
    let mut stopped = world.scheduled_sender();
    tokio::select! {
        biased;
        () = world.wait_for_event("message_sent") => {}
        done = stopped.step() => { done?; }
    }
    let other = world.replica().await?;
    other.advance_clock(Duration::from_secs(20));
    complete_all(&world, &mut other.scheduled_sender(), 100).await?;
    while stopped.step().await? {}
    ensure!(texts(&world).await? == expected("k", 100));
    ensure!(world.event_payloads("scheduled_message_sent").await?.len() == 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_counts_when_a_message_is_due() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    schedule(&ann, "a", 1).await?;
    schedule(&bob, "b", 1).await?;
    ann.patch("/v1/conversations/team", json!({"frozen": true}))
        .await?
        .expect_status(200)?;
    world.advance_clock(Duration::from_secs(20));
    complete_all(&world, &mut world.scheduled_sender(), 2).await?;
    ensure!(
        texts(&world).await? == ["a0"],
        "the owner can write, bob cannot"
    );
    let failed = world.event_payloads("scheduled_message_failed").await?;
    ensure!(failed == [json!({"number": 1, "conversation": "team", "code": "frozen"})]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_either_sent_or_changed_or_cancelled() -> Result<()> {
    // To one process the messages are due; the clock of the other one is late.
    let world = CommandTestService::new().await?;
    let late = world.replica().await?;
    world.create_group("team").await?;
    let ann = late.user("ann");
    schedule(&ann, "k", 60).await?;
    world.advance_clock(Duration::from_secs(20));
    let mut sender = world.scheduled_sender();
    let later = json!({"send_at": "2026-01-01T01:00:00Z"});
    let changes = try_join_all((1..=60).map(async |number| {
        let path = format!("/v1/scheduled/s{number}");
        let reply = if number % 2 == 0 {
            ann.delete(&path).await?
        } else {
            ann.patch(&path, later.clone()).await?
        };
        anyhow::Ok((number, reply))
    }));
    let (changes, stepped) = tokio::join!(changes, sender.step());
    stepped?;
    while sender.step().await? {}
    let sent = world.event_payloads("scheduled_message_sent").await?;
    let sent: Vec<i64> = sent
        .iter()
        .filter_map(|sent| sent["number"].as_i64())
        .collect();
    for (number, reply) in changes? {
        let is_accepted = reply.status == 200;
        ensure!(
            is_accepted != sent.contains(&number),
            "message {number}: {}",
            reply.status
        );
    }
    ensure!(texts(&world).await?.len() == sent.len());
    ensure!(
        world
            .event_payloads("scheduled_message_failed")
            .await?
            .is_empty()
    );
    Ok(())
}
