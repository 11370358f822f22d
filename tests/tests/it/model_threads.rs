//! Compares the threads that users are served with the reference model.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::history::RandomHistory;
use tests::model::ModelReplies;

/// Compares the list of followed threads, and the summaries in the newest messages, of one user.
/// Returns how many threads were listed.
pub async fn compare_threads(history: &RandomHistory, user: &str) -> Result<usize> {
    let client = history.client(user);
    let served = client.get_ok("/v1/threads?limit=200").await;
    let rows = served["threads"].as_array().expect("a list");
    let served_rows: Vec<Value> = rows.iter().map(thread_row).collect();
    let expected: Vec<Value> = history
        .model
        .threads(user)
        .iter()
        .map(|row| {
            json!([
                row.conversation,
                row.root,
                replies(&row.replies),
                row.unread,
                row.read_seq
            ])
        })
        .collect();
    ensure!(
        served_rows == expected,
        "threads of {user}: {served_rows:?}, the model has {expected:?}"
    );
    for (id, conversation) in history.model.conversations_of(user) {
        let page = client
            .get_ok(&format!("/v1/conversations/{id}/messages?limit=50"))
            .await;
        for message in page["messages"].as_array().expect("a list") {
            let seq = message["seq"].as_i64().expect("a seq");
            let thread = conversation.message(seq).and_then(|known| known.thread);
            let expected = match thread {
                None => conversation.replies(user, seq),
                Some(_) => None,
            };
            let expected = expected.as_ref().map_or(Value::Null, replies);
            ensure!(
                message["thread"] == json!(thread) && message["replies"] == expected,
                "message {seq} of {id} for {user}: {message}, the model has {thread:?}, {expected}"
            );
        }
    }
    Ok(expected.len())
}

fn thread_row(row: &Value) -> Value {
    json!([
        row["conversation_id"],
        row["root"],
        row["replies"],
        row["unread"],
        row["read_seq"]
    ])
}

fn replies(replies: &ModelReplies) -> Value {
    json!({ "count": replies.count, "last_seq": replies.last_seq, "users": replies.users })
}
