//! Restoring and pinning messages, and clearing conversations.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

const MESSAGE: &str = "/v1/conversations/team/messages/1";

/// Enough messages to push message 1 out of the recent ones.
fn many_lines() -> Vec<Value> {
    let line = |n: usize| {
        json!({"op": "send", "conversation_id": "team", "client_message_id": format!("many{n}"),
            "type": "text", "body": {"text": "later"}})
    };
    (0..300).map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_an_old_message_is_loaded_from_the_log() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    bob.send("team", "old", "old").await?.expect_status(201)?;
    ann.post_lines("/v1/batch", &many_lines()).await?;
    let restore = format!("{MESSAGE}/restore");
    let pin = "/v1/conversations/team/pins/1";

    let nothing = world.count_events().await?;
    let same = ann.post(&restore, json!({})).await?.expect_status(200)?;
    ensure!(same.position() == nothing, "it is not recalled");
    bob.delete(MESSAGE).await?.expect_status(200)?;
    ann.put(pin, json!({}))
        .await?
        .expect_problem(422, "recalled")?;
    bob.post(&restore, json!({}))
        .await?
        .expect_problem(403, "forbidden")?;
    let restored = ann.post(&restore, json!({})).await?.expect_status(200)?;
    ensure!(restored.position() == nothing + 2);
    let again = ann.post(&restore, json!({})).await?.expect_status(200)?;
    ensure!(again.position() == restored.position());
    ann.put(pin, json!({})).await?.expect_status(200)?;
    // A recall unpins, in the same append.
    bob.delete(MESSAGE).await?.expect_status(200)?;
    let unpinned = world.event_payloads("message_unpinned").await?;
    ensure!(unpinned == [json!({"seq": 1, "by": "bob"})], "{unpinned:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_with_a_key_return_the_first_response() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    bob.send("team", "m", "hello").await?.expect_status(201)?;
    bob.delete(MESSAGE).await?.expect_status(200)?;
    let restore = format!("{MESSAGE}/restore");
    let key = ann.with_key("restore");
    let first = key.post(&restore, json!({})).await?.expect_status(200)?;
    key.post(&restore, json!({}))
        .await?
        .expect_replay_of(&first)?;
    let (key, clear) = (bob.with_key("clear"), "/v1/conversations/team/clear");
    let first = key
        .post(clear, json!({"up_to": 1}))
        .await?
        .expect_status(200)?;
    key.post(clear, json!({"up_to": 1}))
        .await?
        .expect_replay_of(&first)?;
    key.post(clear, json!({"up_to": 2}))
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_holds_in_every_process_at_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, bob) = world.create_group("team").await?;
    ann.send("team", "m", "hello").await?.expect_status(201)?;
    let replica = world.replica().await?;
    let reaction = format!("{MESSAGE}/reactions/x");
    // The other process knows bob's mailbox from before the clear.
    let elsewhere = replica.user("bob");
    elsewhere
        .put(&reaction, json!({}))
        .await?
        .expect_status(200)?;
    let clear = "/v1/conversations/team/clear";
    bob.post(clear, json!({"up_to": 0}))
        .await?
        .expect_invalid("up_to")?;
    bob.post(clear, json!({"up_to": 1}))
        .await?
        .expect_status(200)?;
    for user in [&bob, &elsewhere] {
        let answer = user.delete(&reaction).await?;
        answer.expect_problem(404, "not_found")?;
    }
    ann.put(&reaction, json!({})).await?.expect_status(200)?;
    Ok(())
}
