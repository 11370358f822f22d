//! The fake of APNs. It speaks HTTP/2 only.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::jwt;
use super::received::{PushReply, ReceivedPush, Recorder};

/// What is configured for APNs.
pub(super) const KEY_ID: &str = "ABC123DEFG";
pub(super) const TEAM_ID: &str = "DEF123GHIJ";
pub(super) const TOPIC: &str = "com.example.chat";

/// The largest payload that APNs accepts.
const MAX_PAYLOAD: usize = 4_096;

/// The device token of a name: its bytes in hexadecimal digits, long enough to be one.
pub(super) fn token(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0>64}")
}

fn device_name(token: &str) -> String {
    let bytes = (0..token.len()).step_by(2).filter_map(|at| {
        let byte = u8::from_str_radix(token.get(at..at + 2)?, 16).ok()?;
        (byte != 0).then_some(byte as char)
    });
    bytes.collect()
}

/// Serves connections until the task is aborted.
pub(super) async fn serve(listener: TcpListener, recorder: Arc<Recorder>, public_key: Vec<u8>) {
    let key = DecodingKey::from_ec_pem(&public_key).unwrap_or_else(|error| panic!("{error}"));
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            return pending().await;
        };
        let (recorder, key) = (recorder.clone(), key.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (recorder, key) = (recorder.clone(), key.clone());
                async move { Ok::<_, Infallible>(handle(request, &recorder, &key).await) }
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            // A client that disconnects is fine.
            let _ = server
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn handle(
    request: Request<Incoming>,
    recorder: &Recorder,
    key: &DecodingKey,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), MAX_PAYLOAD + 1).await;
    let token = parts.uri.path().strip_prefix("/3/device/").unwrap_or("");
    let checked = body.map_err(|error| error.to_string()).and_then(|body| {
        if parts.version != Version::HTTP_2 || parts.method != Method::POST || token.is_empty() {
            return Err(format!(
                "{} {} {:?}",
                parts.method, parts.uri, parts.version
            ));
        }
        check_headers(&parts.headers, key)?;
        if body.len() > MAX_PAYLOAD {
            return Err("the payload is too large".to_owned());
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    });
    let payload: Value = match checked {
        Ok(payload) => payload,
        Err(violation) => {
            recorder.record_violation(format!("APNs: {violation}"));
            return respond(PushReply::refuse(400, json!({"reason": "BadMessageId"})));
        }
    };
    let mut seen = payload.clone();
    seen["badge"] = payload["aps"]["badge"].clone();
    if let Some(alert) = payload["aps"].get("alert") {
        seen["title"] = alert["title"].clone();
        seen["body"] = alert["body"].clone();
    }
    respond(
        recorder.record(ReceivedPush {
            provider: "apns",
            device: device_name(token),
            payload: seen,
            raw: payload,
            collapse_key: header(&parts.headers, "apns-collapse-id").to_owned(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    (name.to_string(), value.into_owned())
                })
                .collect(),
            accepted: false,
            at: Instant::now(),
        }),
    )
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn check_headers(headers: &HeaderMap, key: &DecodingKey) -> Result<(), String> {
    let token = header(headers, "authorization").strip_prefix("bearer ");
    let token = token.ok_or("no bearer token")?;
    let (head, claims) = jwt::verify(token, key, Algorithm::ES256)?;
    let age = jwt::now() - claims["iat"].as_i64().unwrap_or(0);
    if head.kid.as_deref() != Some(KEY_ID)
        || claims["iss"] != TEAM_ID
        || !(-5..3_600).contains(&age)
    {
        return Err(format!("the token is {head:?} {claims}"));
    }
    let collapse_id = header(headers, "apns-collapse-id");
    let expiration: i64 = header(headers, "apns-expiration").parse().unwrap_or(0);
    let is_valid = header(headers, "apns-topic") == TOPIC
        && header(headers, "apns-push-type") == "alert"
        && ["5", "10"].contains(&header(headers, "apns-priority"))
        && (1..=64).contains(&collapse_id.len())
        && Uuid::parse_str(header(headers, "apns-id")).is_ok()
        && expiration > jwt::now();
    if is_valid {
        Ok(())
    } else {
        Err(format!("the headers are {headers:?}"))
    }
}

fn respond(reply: PushReply) -> Response<Body> {
    let status = if reply.status == 0 { 200 } else { reply.status };
    let mut response = Response::builder().status(status);
    if let Some(seconds) = reply.retry_after {
        response = response.header("retry-after", seconds);
    }
    let body = if reply.body.is_null() {
        Body::empty()
    } else {
        Body::from(reply.body.to_string())
    };
    response
        .body(body)
        .unwrap_or_else(|error| panic!("{error}"))
}
