//! The fake of the push service of a browser, with the browsers that decrypt what it delivers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use uuid::Uuid;
use web_push_native::p256::SecretKey;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint as _;

use super::jwt;
use super::received::{PushReply, ReceivedPush, Recorder};

/// The largest body that a push service must accept (RFC 8030, section 7.2).
const MAX_BODY: usize = 4_096;

/// The private keys and secrets of the browsers, by name.
#[derive(Default)]
pub(super) struct Browsers(Mutex<HashMap<String, (SecretKey, [u8; 16])>>);

impl Browsers {
    /// Makes the keys of a browser. Returns the public ones, as a subscription has them.
    pub(super) fn add(&self, name: &str) -> Value {
        let private = loop {
            let bytes = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
            if let Ok(key) = SecretKey::from_slice(&bytes) {
                break key;
            }
        };
        let secret = Uuid::new_v4().into_bytes();
        let point = private.public_key().to_encoded_point(false);
        let keys = json!({
            "p256dh": URL_SAFE_NO_PAD.encode(point.as_bytes()),
            "auth": URL_SAFE_NO_PAD.encode(secret),
        });
        let mut browsers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        browsers.insert(name.to_owned(), (private, secret));
        keys
    }

    fn decrypt(&self, name: &str, body: &[u8]) -> Result<Value, String> {
        let browsers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (private, secret) = browsers.get(name).ok_or("an unknown browser")?;
        let opened = web_push_native::decrypt(body.to_vec(), private, &(*secret).into());
        let opened = opened.map_err(|error| error.to_string())?;
        serde_json::from_slice(&opened).map_err(|error| error.to_string())
    }
}

struct PushService {
    recorder: Arc<Recorder>,
    browsers: Arc<Browsers>,
    origin: String,
}

/// The routes of the push service.
pub(super) fn router(recorder: Arc<Recorder>, browsers: Arc<Browsers>, origin: String) -> Router {
    Router::new()
        .route("/browser/{name}", post(deliver))
        .with_state(Arc::new(PushService {
            recorder,
            browsers,
            origin,
        }))
}

async fn deliver(
    State(service): State<Arc<PushService>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = check(&headers, &body, &service.origin);
    let opened = checked.and_then(|()| service.browsers.decrypt(&name, &body));
    let payload = match opened {
        Ok(payload) => payload,
        Err(violation) => {
            service
                .recorder
                .record_violation(format!("Web Push: {violation}"));
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    let reply = service.recorder.record(ReceivedPush {
        provider: "webpush",
        device: name,
        raw: payload.clone(),
        payload,
        collapse_key: header(&headers, "topic").to_owned(),
        headers: BTreeMap::from([("urgency".to_owned(), header(&headers, "urgency").to_owned())]),
        accepted: false,
        at: Instant::now(),
    });
    respond(&reply)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn check(headers: &HeaderMap, body: &[u8], origin: &str) -> Result<(), String> {
    let authorization = header(headers, "authorization");
    let parts = authorization
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="));
    let (token, key) = parts.ok_or_else(|| format!("the authorization is {authorization}"))?;
    let point = URL_SAFE_NO_PAD
        .decode(key)
        .map_err(|error| error.to_string())?;
    if point.len() != 65 {
        return Err("the key is no point".to_owned());
    }
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let decoding = DecodingKey::from_ec_components(&encode(&point[1..33]), &encode(&point[33..]));
    let decoding = decoding.map_err(|error| error.to_string())?;
    let (_, claims) = jwt::verify(token, &decoding, Algorithm::ES256)?;
    let (now, end) = (jwt::now(), claims["exp"].as_i64().unwrap_or(0));
    let topic = header(headers, "topic");
    let is_topic = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_valid = claims["aud"] == origin
        && (now..=now + 86_400).contains(&end)
        && claims["sub"] == "mailto:ops@example.com"
        && header(headers, "ttl").parse::<u32>().is_ok()
        && ["low", "high"].contains(&header(headers, "urgency"))
        && (1..=32).contains(&topic.len())
        && topic.chars().all(is_topic)
        && header(headers, "content-encoding") == "aes128gcm"
        && body.len() <= MAX_BODY;
    if is_valid {
        Ok(())
    } else {
        Err(format!("{claims} {headers:?}, {} bytes", body.len()))
    }
}

fn respond(reply: &PushReply) -> Response {
    let status = if reply.status == 0 { 201 } else { reply.status };
    let status = StatusCode::from_u16(status).unwrap_or_else(|error| panic!("{error}"));
    let mut response = status.into_response();
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}
