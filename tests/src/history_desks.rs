//! Service desks in random histories.

use std::collections::BTreeMap;

use serde_json::json;

use crate::client::Client;
use crate::desks::set_desk;
use crate::model::{DeskAction, Model, ModelDesk};
use crate::response::ApiResponse;
use crate::seed::Rng;

/// The desks and their agents, some of whom are customers of the other one.
const DESKS: [(&str, &[&str]); 2] = [("billing", &["dia", "eva"]), ("sales", &["eva", "fin"])];

/// The customers, who have a conversation with every desk.
const CUSTOMERS: [&str; 2] = ["ann", "ben"];

/// A word of all notes, which no message has.
pub const NOTE: &str = "quagmire";

/// Sets the desks, and opens a session of each customer. Returns the head of the log.
pub(crate) async fn set_up(
    model: &mut Model,
    clients: &BTreeMap<String, Client>,
    admin: &Client,
) -> i64 {
    let mut head = 0;
    for (desk, agents) in DESKS {
        // Nothing closes by itself.
        let settings = json!({"idle_close": "30d", "reminders": true, "reply_target": "30d"});
        set_desk(admin, desk, agents, settings).await;
        let agents = agents.iter().map(|agent| (*agent).to_owned());
        model.desks.insert(desk.to_owned(), agents.collect());
    }
    for (desk, _) in DESKS {
        for customer in CUSTOMERS {
            let path = format!("/v1/desks/{desk}/sessions");
            let opened = clients[customer].post(&path, json!({})).await;
            let answer = opened.expect(201);
            let id = answer["conversation_id"].as_str().expect("an id");
            head = opened.position();
            model.create_desk_conversation(id, (desk, customer), head);
        }
    }
    head
}

/// Chooses what one of `users` does with the session of a conversation, or to open one.
pub(crate) fn choose(
    rng: &mut Rng,
    model: &Model,
    place: &ModelDesk,
    users: &[&str],
) -> (String, DeskAction) {
    let Some(session) = &place.current else {
        return (place.customer.clone(), DeskAction::Open);
    };
    let agents = &model.desks[&place.desk];
    let by = match (&session.agent, rng.below(10)) {
        (_, 0) => (*rng.pick(users)).to_owned(),
        (_, 1) => place.customer.clone(),
        (Some(agent), 2..8) => agent.clone(),
        _ => rng.pick(agents).clone(),
    };
    let what = match rng.below(10) {
        0 | 1 if by == place.customer => DeskAction::Open,
        0..4 if session.agent.is_none() => DeskAction::Accept,
        0 => DeskAction::Accept,
        1..4 => DeskAction::GiveToAgent(rng.pick(agents).clone()),
        4 => DeskAction::GiveToAgent((*rng.pick(users)).to_owned()),
        5 | 6 => DeskAction::GiveToDesk(rng.pick(&DESKS).0.to_owned()),
        7 => DeskAction::Close,
        _ => DeskAction::Note,
    };
    (by, what)
}

/// Does it.
pub(crate) async fn send(
    client: &Client,
    model: &Model,
    conversation: &str,
    what: &DeskAction,
) -> ApiResponse {
    let place = model.conversations[conversation].desk.as_ref();
    let place = place.expect("a desk");
    let Some(session) = place.current.as_ref().filter(|_| *what != DeskAction::Open) else {
        let path = format!("/v1/desks/{}/sessions", place.desk);
        return client.post(&path, json!({})).await;
    };
    let (call, body) = match what {
        DeskAction::Open | DeskAction::Accept => ("accept", json!({})),
        DeskAction::GiveToAgent(agent) => ("transfer", json!({ "agent": agent, "note": NOTE })),
        DeskAction::GiveToDesk(desk) => ("transfer", json!({ "desk": desk })),
        DeskAction::Close => ("close", json!({ "reason": "done" })),
        DeskAction::Note => ("notes", json!({ "text": NOTE })),
    };
    let path = format!("/v1/service-sessions/{}/{call}", session.id);
    client.post(&path, body).await
}
