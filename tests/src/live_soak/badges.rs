//! Badges: what is unread in the end, by the model and by the service.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::client::Client;
use crate::model::{Act, Model, What};

/// Compares everybody's unread counts with the model, which is led by the log. Answers how many users.
pub async fn check(events: &[Value], users: &[Client], head: i64) -> Result<usize> {
    let model = model(events)?;
    for client in users {
        let user = client.user();
        let path = format!("/v1/inbox/unread?min_position={head}");
        let served = client.look(&path).await;
        let expected: serde_json::Map<String, Value> = model
            .of_user(user)
            .map(|(id, conversation)| (id.clone(), conversation.unread(user).len()))
            .filter(|(_, unread)| *unread > 0)
            .map(|(id, unread)| (id, unread.into()))
            .collect();
        ensure!(
            served["total"] == model.total(user)
                && served["conversations"] == Value::Object(expected.clone()),
            "{user}: {served}, by the model {} of {expected:?}",
            model.total(user)
        );
    }
    Ok(users.len())
}

/// The model after everything that the log says.
fn model(events: &[Value]) -> Result<Model> {
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
            model.direct(conversation, pair, position);
            continue;
        }
        for what in acts(kind.unwrap_or_default(), by, data) {
            let act = Act {
                by: by.to_owned(),
                conversation: conversation.to_owned(),
                what,
            };
            model.apply(&act, position);
        }
    }
    Ok(model)
}

/// What an event means to the model.
fn acts(kind: &str, by: &str, data: &Value) -> Vec<What> {
    let number = |field: &str| data[field].as_i64().unwrap_or_default();
    let user = || data["user"].as_str().unwrap_or_default().to_owned();
    let on = |field: &str| data[field] == true;
    match kind {
        "conversation_created" => {
            let others = members(data).filter(|user| *user != by);
            vec![
                What::CreateGroup(others.map(str::to_owned).collect()),
                What::SinceJoin(data["history"] == "since_join"),
            ]
        }
        "conversation_changed" => vec![What::SinceJoin(data["history"] == "since_join")],
        "member_added" => vec![What::Add(user(), None)],
        "member_removed" => vec![What::Remove(user())],
        "message_sent" => vec![What::Send {
            control: data["type"] == "control",
            mentions: vec![],
        }],
        "message_recalled" => vec![What::Recall(number("seq"))],
        "conversation_read" => vec![What::Read(number("read_seq"))],
        "conversation_marked_unread" => vec![What::MarkUnread(number("read_seq") + 1)],
        "preferences_changed" => vec![
            What::Mute(on("muted")),
            What::Pin(on("pinned")),
            What::Archive(on("archived")),
        ],
        // Roles, edits and reactions change no badge.
        _ => vec![],
    }
}

fn members(data: &Value) -> impl Iterator<Item = &str> {
    let members = data["members"].as_array().into_iter().flatten();
    members.filter_map(|member| member["user"].as_str())
}
