//! Two processes on the same log.

use anyhow::{Result, ensure};
use futures::future::{try_join, try_join_all};
use serde_json::{Value, json};

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_send_to_the_same_conversation() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let bob = other.user("bob");
    let (keys_a, keys_b): (Vec<_>, Vec<_>) =
        (0..100).map(|n| (format!("a{n}"), format!("b{n}"))).unzip();
    let by_ann = try_join_all(keys_a.iter().map(|key| ann.send("team", key, "from one")));
    let by_bob = try_join_all(
        keys_b
            .iter()
            .map(|key| bob.send("team", key, "from the other")),
    );
    let (by_ann, by_bob) = try_join(by_ann, by_bob).await?;
    let mut seqs = Vec::new();
    for reply in by_ann.into_iter().chain(by_bob) {
        seqs.push(reply.expect_status(201)?.seq());
    }
    seqs.sort_unstable();
    ensure!(seqs == (1..=200).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_to_two_processes_is_executed_once() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let ann_on_other = other.user("ann");
    for round in 0..20 {
        let key = format!("k{round}");
        let (by_one, by_other) = try_join(
            try_join_all((0..5).map(|_| ann.send("team", &key, "hello"))),
            try_join_all((0..5).map(|_| ann_on_other.send("team", &key, "hello"))),
        )
        .await?;
        let replies: Vec<_> = by_one.into_iter().chain(by_other).collect();
        ensure!(
            replies.iter().filter(|reply| reply.status == 201).count() == 1,
            "{replies:?}"
        );
        ensure!(
            replies.iter().all(|reply| reply.json == replies[0].json),
            "{replies:?}"
        );
    }
    ensure!(one.event_payloads("message_sent").await?.len() == 20);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_respects_the_decisions_of_another() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let direct = ann
        .post(
            "/v1/conversations",
            json!({"kind": "direct", "members": ["bob"]}),
        )
        .await?;
    let direct = direct.json["id"].as_str().unwrap_or_default().to_owned();
    let bob = other.user("bob");
    bob.send("team", "k1", "warm").await?.expect_status(201)?;
    bob.send(&direct, "k2", "warm").await?.expect_status(201)?;
    ann.put("/v1/blocks/bob", json!({}))
        .await?
        .expect_status(200)?;
    bob.send(&direct, "k3", "still?")
        .await?
        .expect_problem(403, "blocked")?;
    ann.delete("/v1/conversations/team/members/bob")
        .await?
        .expect_status(200)?;
    bob.send("team", "k4", "still?")
        .await?
        .expect_problem(404, "not_found")?;
    bob.post("/v1/conversations/team/read", json!({"up_to": 1}))
        .await?
        .expect_problem(404, "not_found")?;
    bob.send("team", "k1", "warm")
        .await?
        .expect_problem(404, "not_found")?;
    ann.post("/v1/conversations/team/members", json!({"users": ["bob"]}))
        .await?
        .expect_status(200)?;
    bob.send("team", "k4", "again").await?.expect_status(201)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_keeps_its_order_despite_a_concurrent_writer() -> Result<()> {
    let one = CommandTestService::new().await?;
    let other = one.replica().await?;
    let (ann, _) = one.create_group("team").await?;
    let bob = other.user("bob");
    let line = |n: usize| {
        json!({"op": "send", "conversation_id": "team", "client_message_id": format!("k{n}"),
            "type": "text", "body": {"text": format!("{n}")}})
    };
    let lines: Vec<Value> = (0..400).map(line).collect();
    let noise = async {
        for n in 0..40 {
            bob.send("team", &format!("n{n}"), "noise")
                .await?
                .expect_status(201)?;
        }
        Ok(())
    };
    let ((_, answers), ()) = try_join(ann.post_lines("/v1/batch", &lines), noise).await?;
    ensure!(
        answers.iter().all(|answer| answer["status"] == 201),
        "{answers:?}"
    );
    let seqs: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer["seq"].as_i64())
        .collect();
    ensure!(seqs.is_sorted(), "{seqs:?}");
    Ok(())
}
