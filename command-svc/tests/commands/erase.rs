//! Permanent erasure of content.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

const PATH: &str = "/v1/admin/erasures";

fn line(number: i64, conversation: &str, sender: &str) -> Value {
    json!({"line": number, "conversation": conversation, "id": format!("m{number}"), "sender": sender,
        "sent_at": "2020-01-01T00:00:00Z", "text": format!("\"sender\":\"ann\" {number}")})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_erase_and_only_existing_content() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    admin
        .post_lines("/v1/admin/import", &[line(1, "room", "ann")])
        .await?;
    let before = world.count_events().await?;
    let reply = world.user("ann").post(PATH, json!({"user": "ann"})).await?;
    ensure!(reply.status == 403, "{}", reply.text);
    for (scope, status, field) in [
        (json!({}), 422, "conversation_id"),
        (json!({"seq": 1}), 422, "seq"),
        (
            json!({"user": "ann", "conversation_id": "room"}),
            422,
            "user",
        ),
        (json!({"user": ""}), 422, "user"),
        (json!({"usr": "ann"}), 422, "usr"),
        (json!({"conversation_id": "nowhere"}), 404, ""),
        (json!({"conversation_id": "room", "seq": 2}), 404, ""),
        (json!({"conversation_id": "room", "seq": 0}), 404, ""),
    ] {
        let reply = admin.post(PATH, scope.clone()).await?;
        ensure!(reply.status == status, "{scope}: {}", reply.text);
        ensure!(reply.text.contains(field), "{scope}: {}", reply.text);
    }
    ensure!(world.count_events().await? == before);
    let reply = admin.post(PATH, json!({"user": "nobody"})).await?;
    ensure!(
        reply.status == 200 && reply.json["messages"] == 0,
        "{}",
        reply.text
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_messages_of_a_user_are_erased_in_all_conversations() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    let lines: Vec<Value> = (1..=5_400)
        .map(|n| {
            let room = ["a", "b", "c"][n as usize % 3];
            line(n, room, if n % 10 == 0 { "bob" } else { "ann" })
        })
        .collect();
    for lines in lines.chunks(1_000) {
        admin.post_lines("/v1/admin/import", lines).await?;
    }
    let mut scope = json!({"user": "ann"});
    let mut erased = Vec::new();
    loop {
        let reply = admin.post(PATH, scope.clone()).await?;
        ensure!(reply.status == 200, "{}", reply.text);
        erased.push(reply.json["messages"].as_u64().unwrap_or_default());
        if reply.json["next"].is_null() {
            break;
        }
        scope["from"] = reply.json["next"].clone();
    }
    // The text of bob's messages contains ann as a sender; they must not be erased.
    ensure!(erased.iter().sum::<u64>() == 4_860, "{erased:?}");
    ensure!(erased[0] <= 5_500, "{erased:?}");
    let again = admin.post(PATH, json!({"user": "ann"})).await?;
    ensure!(again.json["messages"] == 0 && again.json["next"].is_null());
    let whole = admin.post(PATH, json!({"conversation_id": "a"})).await?;
    ensure!(
        whole.json["messages"] == 180 && whole.json["titles"] == 1,
        "{}",
        whole.text
    );
    Ok(())
}
