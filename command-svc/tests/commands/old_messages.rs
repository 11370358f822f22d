//! Commands on messages that are no longer among the recent messages of their conversation.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::{ApiUser, CommandTestService};

async fn send_many(user: &ApiUser, conversation: &str, count: usize) -> Result<()> {
    let lines: Vec<Value> = (0..count)
        .map(|n| {
            json!({"op": "send", "conversation_id": conversation, "client_message_id": format!("many{n}"),
                "type": "text", "body": {"text": format!("message {n}")}})
        })
        .collect();
    let (_, answers) = user.post_lines("/v1/batch", &lines).await?;
    ensure!(
        answers.iter().all(|answer| answer["status"] == 201),
        "{:?}",
        answers.first()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_apply_to_old_messages() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    for n in 1..=3 {
        bob.send("team", &format!("old{n}"), "old")
            .await?
            .expect_status(201)?;
    }
    send_many(&ann, "team", 300).await?;
    let message = |n: i64| format!("/v1/conversations/team/messages/{n}");
    let before = world.count_events().await?;
    let same = bob
        .put(&message(1), json!({"body": {"text": "old"}}))
        .await?
        .expect_status(200)?;
    ensure!(same.position() == before, "an equal body changes nothing");
    bob.put(&message(1), json!({"body": {"text": "new"}}))
        .await?
        .expect_status(200)?;
    let same = bob
        .put(&message(1), json!({"body": {"text": "new"}}))
        .await?
        .expect_status(200)?;
    ensure!(
        same.position() == before + 1,
        "the state of the edit is loaded from the log"
    );
    ann.put(&message(1), json!({"body": {"text": "mine"}}))
        .await?
        .expect_problem(403, "forbidden")?;
    let reaction = format!("{}/reactions/x", message(1));
    ann.put(&reaction, json!({})).await?.expect_status(200)?;
    let again = ann.put(&reaction, json!({})).await?.expect_status(200)?;
    ensure!(again.position() == before + 2);
    ann.delete(&reaction).await?.expect_status(200)?;
    bob.delete(&message(1)).await?.expect_status(200)?;
    let again = bob.delete(&message(1)).await?.expect_status(200)?;
    ensure!(again.position() == before + 4);
    ann.put(&reaction, json!({})).await?.expect_status(422)?;
    bob.put(&message(1), json!({"body": {"text": "x"}}))
        .await?
        .expect_status(422)?;
    ann.delete(&message(2)).await?.expect_status(200)?;
    ann.delete(&message(9_999))
        .await?
        .expect_problem(404, "not_found")?;
    world
        .user("eve")
        .delete(&message(3))
        .await?
        .expect_problem(404, "not_found")?;
    ensure!(world.count_events().await? == before + 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_recalls_of_an_old_message_recall_it_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    ann.send("team", "old", "old").await?.expect_status(201)?;
    send_many(&ann, "team", 260).await?;
    let before = world.count_events().await?;
    let calls = (0..32).map(|_| ann.delete("/v1/conversations/team/messages/1"));
    let replies = futures::future::try_join_all(calls).await?;
    ensure!(
        replies.iter().all(|reply| reply.status == 200),
        "{replies:?}"
    );
    ensure!(world.count_events().await? == before + 1);
    Ok(())
}
