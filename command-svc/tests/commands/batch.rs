//! Batches: many commands in one request.

use anyhow::{Result, ensure};
use http::Method;
use serde_json::{Value, json};

use crate::support::CommandTestService;

fn send(conversation: &str, key: &str, text: &str) -> Value {
    json!({"op": "send", "conversation_id": conversation, "client_message_id": key,
        "type": "text", "body": {"text": text}})
}

fn statuses(answers: &[Value]) -> Vec<i64> {
    answers
        .iter()
        .filter_map(|answer| answer["status"].as_i64())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_has_a_response() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let line = |op: &str, rest: Value| {
        let mut line = json!({"op": op, "conversation_id": "team", "seq": 1});
        if let (Some(line), Some(rest)) = (line.as_object_mut(), rest.as_object()) {
            line.extend(rest.clone());
        }
        line
    };
    let lines = [
        send("team", "k1", "one"),
        line("edit", json!({"body": {"text": "two"}})),
        line("react", json!({"key": "x"})),
        line("react", json!({"key": "x".repeat(33)})),
        line("unreact", json!({"key": "x"})),
        line("recall", json!({})),
        json!({"op": "read", "conversation_id": "team", "up_to": 1}),
        json!({"op": "ack", "device": "phone", "cursor": 1}),
        json!({"op": "fly"}),
        json!([]),
        line("recall", json!({"seq": 0})),
        line("recall", json!({"seq": 7})),
        send("nowhere", "k2", "hello?"),
        send("team", "k1", "one"),
        send("team", "k1", "other"),
        send("team", "k3", ""),
    ];
    let (reply, answers) = ann.post_lines("/v1/batch", &lines).await?;
    ensure!(reply.status == 200 && reply.headers["content-type"] == "application/x-ndjson");
    let expected = [
        201, 200, 200, 422, 200, 200, 200, 200, 422, 422, 400, 404, 404, 200, 409, 422,
    ];
    ensure!(statuses(&answers) == expected, "{answers:?}");
    ensure!(answers[0]["seq"] == 1 && answers[0]["conversation_id"] == "team");
    ensure!(answers[6]["read_seq"] == 1);
    ensure!(answers[3]["errors"][0]["field"] == "key");
    ensure!(answers[11]["code"] == "not_found");
    ensure!(answers[13]["idempotent_replay"] == true && answers[13]["seq"] == 1);
    ensure!(answers[13]["position"] == answers[0]["position"]);
    ensure!(answers[14]["code"] == "idempotency_mismatch");
    let largest = answers
        .iter()
        .filter_map(|answer| answer["position"].as_i64())
        .max();
    ensure!(reply.headers["tidings-position"] == largest.unwrap_or_default().to_string());
    ensure!(largest == Some(world.count_events().await?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sends_keep_their_order_and_share_commits() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let lines: Vec<_> = (0..1_000)
        .map(|n| send("team", &format!("k{n}"), &format!("m{n}")))
        .collect();
    let (_, answers) = ann.post_lines("/v1/batch", &lines).await?;
    ensure!(answers.len() == 1_000 && statuses(&answers).iter().all(|status| *status == 201));
    let sent = world.event_payloads("message_sent").await?;
    for (n, (answer, message)) in answers.iter().zip(&sent).enumerate() {
        ensure!(answer["seq"] == n + 1 && message["body"]["text"] == format!("m{n}"));
    }
    // All rows of a transaction have the same xmin. How many commands share one depends on how fast
    // they are decided beside the commits, and so on the machine and on the build.
    let commits: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM log.events")
        .fetch_one(&world.database.pool)
        .await?;
    ensure!(commits <= 500, "{commits} commits for 1,000 sends");
    let (_, again) = ann.post_lines("/v1/batch", &lines).await?;
    ensure!(
        again.iter().all(|answer| answer["status"] == 200),
        "{:?}",
        again.first()
    );
    ensure!(
        again
            .iter()
            .zip(&answers)
            .all(|(one, other)| one["seq"] == other["seq"])
    );
    ensure!(world.event_payloads("message_sent").await?.len() == 1_000);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_identical_batches_are_executed_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let lines: Vec<_> = (0..100)
        .map(|n| send("team", &format!("k{n}"), &format!("m{n}")))
        .collect();
    let calls = (0..4).map(|_| ann.post_lines("/v1/batch", &lines));
    for (_, answers) in futures::future::try_join_all(calls).await? {
        ensure!(
            answers
                .iter()
                .all(|answer| answer["status"] == 201 || answer["status"] == 200),
            "{answers:?}"
        );
    }
    ensure!(world.event_payloads("message_sent").await?.len() == 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_repeated_within_a_batch_are_replays() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let lines: Vec<_> = (0..200)
        .map(|n| send("team", &format!("k{}", n / 2), &format!("m{}", n / 2)))
        .collect();
    let (_, answers) = ann.post_lines("/v1/batch", &lines).await?;
    for pair in answers.chunks(2) {
        ensure!(
            pair[0]["status"] == 201 && pair[1]["status"] == 200,
            "{pair:?}"
        );
        ensure!(pair[0]["seq"] == pair[1]["seq"]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_lines_are_rejected_without_effect() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let lines: Vec<_> = (0..1_001)
        .map(|n| send("team", &format!("k{n}"), "hi"))
        .collect();
    let (reply, _) = ann.post_lines("/v1/batch", &lines).await?;
    reply.expect_problem(413, "too_large")?;
    ensure!(world.count_events().await? == 1);
    let (reply, answers) = ann.post_lines("/v1/batch", &[]).await?;
    ensure!(reply.status == 200 && answers.is_empty());
    let blank = b"\n\n  \r\n".to_vec();
    let reply = ann
        .call(Method::POST, "/v1/batch", "application/x-ndjson", blank)
        .await?;
    ensure!(reply.status == 200 && reply.text.is_empty());
    let other = ann
        .call(Method::POST, "/v1/batch", "text/csv", b"{}".to_vec())
        .await?;
    other.expect_problem(415, "unsupported_media_type")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_answered_with_an_array() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let commands = json!([send("team", "k1", "one"), 5, {"op": "fly"}]);
    let reply = ann.post("/v1/batch", commands).await?;
    ensure!(reply.status == 200 && reply.headers["content-type"] == "application/json");
    let answers: Vec<Value> = serde_json::from_value(reply.json)?;
    ensure!(statuses(&answers) == [201, 422, 422], "{answers:?}");
    let sent = world.event_payloads("message_sent").await?;
    ensure!(sent[0]["client_message_id"] == "k1", "{sent:?}");
    Ok(())
}
