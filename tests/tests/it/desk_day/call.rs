//! The calls with which people do what they do.

use axum::http::Method;
use serde_json::{Value, json};

use super::act::{Act, reason_of};
use super::model::Model;
use super::roster::{ADMINISTRATOR, DESKS, conversation};

/// A call, which can be repeated: the key stays the same.
#[derive(Debug, Clone)]
pub struct Call {
    pub act: Act,
    pub user: String,
    pub method: Method,
    pub path: String,
    pub key: String,
    pub body: Value,
}

impl Call {
    pub fn new(act: Act, model: &Model, key: String) -> Self {
        let method = if matches!(act, Act::SetAgents { .. }) {
            Method::PUT
        } else {
            Method::POST
        };
        let (path, body) = path_and_body(&act, model, &key);
        Self {
            user: user_of(&act, model).to_owned(),
            method,
            path,
            key,
            body,
            act,
        }
    }
}

fn user_of<'a>(act: &'a Act, model: &'a Model) -> &'a str {
    match act {
        Act::Open { customer, .. } | Act::Write { customer, .. } => customer,
        Act::Close { user, .. } => user,
        Act::Rate { session, .. } => &model.sessions[*session].customer,
        Act::SetAgents { .. } => ADMINISTRATOR,
        Act::Reply { agent, .. }
        | Act::Accept { agent, .. }
        | Act::HandToAgent { agent, .. }
        | Act::HandToDesk { agent, .. }
        | Act::Note { agent, .. }
        | Act::Tag { agent, .. } => agent,
    }
}

fn path_and_body(act: &Act, model: &Model, key: &str) -> (String, Value) {
    let about = |session: &usize, what: &str| {
        let id = &model.sessions[*session].id;
        format!("/v1/service-sessions/{id}/{what}")
    };
    let message = |desk: usize, customer: &str| {
        let conversation = conversation(desk, customer);
        let path = format!("/v1/conversations/{conversation}/messages");
        let body = json!({"text": format!("This is {key}.")});
        let message = json!({"client_message_id": key, "type": "text", "body": body});
        (path, message)
    };
    match act {
        Act::Open {
            desk, with_text, ..
        } => {
            let path = format!("/v1/desks/{}/sessions", DESKS[*desk].id);
            let text = with_text.then_some("Is anybody there?");
            (path, json!({"text": text, "custom": {"key": key}}))
        }
        Act::Write { customer, desk } => message(*desk, customer),
        Act::Reply { session, .. } => {
            let session = &model.sessions[*session];
            message(session.desk, &session.customer)
        }
        Act::Accept { session, .. } => (about(session, "accept"), json!({})),
        Act::HandToAgent { session, to, .. } => {
            (about(session, "transfer"), json!({ "agent": to }))
        }
        Act::HandToDesk { session, desk, .. } => {
            let body = json!({"desk": DESKS[*desk].id, "note": "Please help."});
            (about(session, "transfer"), body)
        }
        Act::Close { user, session } => {
            let body = json!({ "reason": reason_of(user) });
            (about(session, "close"), body)
        }
        Act::Note { session, .. } => (about(session, "notes"), json!({"text": "Hm."})),
        Act::Tag { session, .. } => (about(session, "tags"), json!({ "tags": [key] })),
        Act::Rate { session, score } => (about(session, "rating"), json!({ "score": score })),
        Act::SetAgents { desk, agents } => {
            let rules = &DESKS[*desk];
            (
                format!("/v1/admin/desks/{}", rules.id),
                rules.settings(agents),
            )
        }
    }
}
