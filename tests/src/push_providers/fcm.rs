//! The fakes of FCM and of Google's token endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::jwt;
use super::received::{PushReply, ReceivedPush, Recorder};

pub(super) const PROJECT: &str = "tidings-test";
pub(super) const ACCOUNT: &str = "pusher@tidings-test.iam.gserviceaccount.com";

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// The largest payload of a message.
const MAX_PAYLOAD: usize = 4_096;

/// The state of both.
pub(super) struct Fcm {
    recorder: Arc<Recorder>,
    token_url: String,
    key: DecodingKey,
}

impl Fcm {
    pub(super) fn new(recorder: Arc<Recorder>, base: &str, public_key: Vec<u8>) -> Self {
        let key = DecodingKey::from_rsa_pem(&public_key);
        Self {
            recorder,
            token_url: format!("{base}/token"),
            key: key.unwrap_or_else(|error| panic!("{error}")),
        }
    }

    fn check_assertion(&self, body: &str) -> Result<(), String> {
        let parsed = Url::parse(&format!("http://form/?{body}"));
        let parsed = parsed.map_err(|error| error.to_string())?;
        let fields: BTreeMap<_, _> = parsed.query_pairs().collect();
        let field = |name: &str| fields.get(name).map(AsRef::as_ref).unwrap_or_default();
        if field("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
            return Err(format!("the grant type is {}", field("grant_type")));
        }
        let (_, claims) = jwt::verify(field("assertion"), &self.key, Algorithm::RS256)?;
        let (now, number) = (jwt::now(), |name: &str| claims[name].as_i64().unwrap_or(0));
        let is_valid = claims["iss"] == ACCOUNT
            && claims["scope"] == SCOPE
            && claims["aud"] == self.token_url.as_str()
            && (now - 60..=now + 5).contains(&number("iat"))
            && (now..=now + 3_600).contains(&number("exp"));
        if is_valid {
            Ok(())
        } else {
            Err(format!("the claims are {claims}"))
        }
    }
}

/// `POST /token`.
pub(super) async fn issue_token(State(fcm): State<Arc<Fcm>>, body: String) -> Response {
    if let Err(violation) = fcm.check_assertion(&body) {
        fcm.recorder
            .record_violation(format!("Google: {violation}"));
        return StatusCode::BAD_REQUEST.into_response();
    }
    let number = fcm.recorder.count_token();
    Json(json!({"access_token": format!("access-{number}"), "expires_in": 3_599, "token_type": "Bearer"}))
        .into_response()
}

/// `POST /v1/projects/PROJECT/messages:send`.
pub(super) async fn send(
    State(fcm): State<Arc<Fcm>>,
    Path((project, call)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get("authorization");
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let is_known = authorization.is_some_and(|value| value.starts_with("Bearer access-"));
    let message: Value =
        serde_json::from_slice::<Value>(&body).unwrap_or_default()["message"].take();
    let texts = message["data"].as_object().cloned().unwrap_or_default();
    let payload_size = message.to_string().len() - message["token"].to_string().len();
    let is_valid = is_known
        && project == PROJECT
        && call == "messages:send"
        && texts.values().all(Value::is_string)
        && message["token"].is_string()
        && payload_size <= MAX_PAYLOAD;
    if !is_valid {
        let violation = format!("FCM: {authorization:?} {project}/{call} {message}");
        fcm.recorder.record_violation(violation);
        return StatusCode::BAD_REQUEST.into_response();
    }
    let token = message["token"].as_str().unwrap_or_default();
    let reply = fcm.recorder.record(ReceivedPush {
        provider: "fcm",
        device: token.trim_start_matches("fcm-").to_owned(),
        payload: to_payload(&texts),
        collapse_key: message["android"]["collapse_key"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        raw: message,
        headers: BTreeMap::new(),
        accepted: false,
        at: Instant::now(),
    });
    respond(reply)
}

/// The texts of `data`, with numbers where the payload has some.
fn to_payload(texts: &Map<String, Value>) -> Value {
    let values = texts.iter().map(|(name, text)| {
        let number = text.as_str().and_then(|text| text.parse::<i64>().ok());
        let is_number = ["badge", "position", "seq"].contains(&name.as_str());
        let value = number
            .filter(|_| is_number)
            .map_or(text.clone(), Value::from);
        (name.clone(), value)
    });
    Value::Object(values.collect())
}

fn respond(reply: PushReply) -> Response {
    if reply.status == 0 {
        return Json(json!({"name": "projects/tidings-test/messages/1"})).into_response();
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or_else(|error| panic!("{error}"));
    let mut response = (status, Json(reply.body)).into_response();
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}
