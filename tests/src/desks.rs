//! Calls about service desks.

use serde_json::{Value, json};

use crate::client::Client;
use crate::response::ApiResponse;
use crate::world::World;

/// Sets a desk with these agents; `change` replaces some of its settings.
pub async fn set_desk(admin: &Client, desk: &str, agents: &[&str], change: Value) -> ApiResponse {
    let mut settings = json!({ "title": format!("The {desk} desk"), "agents": agents,
        "routing": "manual", "max_open": 5, "idle_close": "10m", "reply_target": "5m" });
    for (name, value) in change.as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    let path = format!("/v1/admin/desks/{desk}");
    let set = admin.put(&path, Some(settings)).await;
    set.expect(200);
    set
}

/// A session as its customer has opened it.
#[derive(Debug, Clone)]
pub struct CustomerSession {
    /// Its id.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The answer.
    pub answer: Value,
}

/// Opens a session with a first message.
pub async fn open_session(customer: &Client, desk: &str, text: &str) -> CustomerSession {
    let path = format!("/v1/desks/{desk}/sessions");
    let answer = customer.post(&path, json!({ "text": text })).await;
    let answer = answer.expect(201);
    let field = |name: &str| answer[name].as_str().expect("a text").to_owned();
    CustomerSession {
        id: field("session_id"),
        conversation: field("conversation_id"),
        answer,
    }
}

/// Does something with a session: `accept`, `close`, ...
pub async fn act(client: &Client, session: &str, what: &str, body: Value) -> ApiResponse {
    let path = format!("/v1/service-sessions/{session}/{what}");
    client.post(&path, body).await
}

/// The session as this user sees it now.
pub async fn session_of(world: &World, client: &Client, session: &str) -> Value {
    let position = head(world).await;
    let path = format!("/v1/service-sessions/{session}?min_position={position}");
    client.get_ok(&path).await
}

/// The head of the log.
pub async fn head(world: &World) -> i64 {
    sqlx::query_scalar("SELECT max(position) FROM events")
        .fetch_one(&world.pool)
        .await
        .expect("a position")
}

/// The texts of a conversation, oldest first, or the status of the refusal.
pub async fn texts(world: &World, client: &Client, conversation: &str) -> Result<Vec<String>, u16> {
    let position = head(world).await;
    let path = format!(
        "/v1/conversations/{conversation}/messages?after=0&limit=200&min_position={position}"
    );
    let answer = client.get(&path).await;
    if answer.status != 200 {
        return Err(answer.status);
    }
    let page = answer.json();
    let messages = page["messages"].as_array().expect("messages").iter();
    let text = |message: &Value| message["body"]["text"].as_str().unwrap_or("").to_owned();
    Ok(messages.map(text).collect())
}
