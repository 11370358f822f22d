//! Compares the final unread counts of the services with the reference model.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::client::Client;
use crate::model::{Act, Action, Model};

/// Compares the unread counts of all users with a model built from the log. Returns the number of
/// users.
pub async fn check_unread_counts(events: &[Value], users: &[Client], head: i64) -> Result<usize> {
    let model = build_model(events)?;
    for client in users {
        let user = client.user();
        let path = format!("/v1/inbox/unread?min_position={head}");
        let served = client.get_ok(&path).await;
        let expected: serde_json::Map<String, Value> = model
            .conversations_of(user)
            .map(|(id, conversation)| (id.clone(), conversation.unread(user).len()))
            .filter(|(_, unread)| *unread > 0)
            .map(|(id, unread)| (id, unread.into()))
            .collect();
        ensure!(
            served["total"] == model.total_unread(user)
                && served["conversations"] == Value::Object(expected.clone()),
            "{user}: got {served}, the model has {} in {expected:?}",
            model.total_unread(user)
        );
    }
    Ok(users.len())
}

/// The model after all events of the log.
fn build_model(events: &[Value]) -> Result<Model> {
    let mut model = Model::default();
    for event in events {
        let position = event["position"].as_i64().context("a position")?;
        let kind = event["type"].as_str().and_then(|it| it.split('.').nth(1));
        let source = event["source"].as_str().unwrap_or_default();
        let data = &event["data"];
        let room = source.strip_prefix("/conversations/");
        let conversation = room.or(data["conversation"].as_str()).unwrap_or_default();
        let by = source
            .strip_prefix("/mailboxes/")
            .or(data["sender"].as_str())
            .or(data["by"].as_str())
            .unwrap_or_default();
        if kind == Some("conversation_created") && data["kind"] == "direct" {
            let pair: Vec<&str> = members(data).collect();
            let pair = <[&str; 2]>::try_from(pair).ok().context("two members")?;
            model.create_direct(conversation, pair, position);
            continue;
        }
        for what in actions_of(kind.unwrap_or_default(), by, data) {
            let act = Act {
                user: by.to_owned(),
                conversation: conversation.to_owned(),
                action: what,
            };
            model.apply(&act, position);
        }
    }
    Ok(model)
}

/// The acts that an event stands for.
fn actions_of(kind: &str, by: &str, data: &Value) -> Vec<Action> {
    let number = |field: &str| data[field].as_i64().unwrap_or_default();
    let user = || data["user"].as_str().unwrap_or_default().to_owned();
    let on = |field: &str| data[field] == true;
    match kind {
        "conversation_created" => {
            let others = members(data).filter(|user| *user != by);
            vec![
                Action::CreateGroup(others.map(str::to_owned).collect()),
                Action::SinceJoin(data["history"] == "since_join"),
            ]
        }
        "conversation_changed" => vec![Action::SinceJoin(data["history"] == "since_join")],
        "member_added" => vec![Action::Add(user(), None)],
        "member_removed" => vec![Action::Remove(user())],
        "message_sent" => vec![Action::Send {
            control: data["type"] == "control",
            mentions: vec![],
            thread: None,
        }],
        "message_recalled" => vec![Action::Recall(number("seq"))],
        "message_restored" => vec![Action::Restore(number("seq"))],
        "conversation_cleared" => vec![Action::Clear(number("up_to"))],
        "conversation_read" => vec![Action::Read(number("read_seq"))],
        "conversation_marked_unread" => vec![Action::MarkUnread(number("read_seq") + 1)],
        "preferences_changed" => vec![
            Action::Mute(on("muted")),
            Action::Pin(on("pinned")),
            Action::Archive(on("archived")),
        ],
        // Roles, edits and reactions do not change unread counts.
        _ => vec![],
    }
}

fn members(data: &Value) -> impl Iterator<Item = &str> {
    let members = data["members"].as_array().into_iter().flatten();
    members.filter_map(|member| member["user"].as_str())
}
