//! `GET /v1/push/webpush-key`: the key of this server for pushes to browsers.

use axum::Json;
use axum::extract::State;
use http_edge::Caller;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docs::CallerProblems;

/// The public key of this server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebPushKey {
    /// A point on P-256 in base64url.
    pub key: String,
}

/// Returns the key for Web Push
///
/// A browser subscribes with this key (`applicationServerKey`). It stays the same: a subscription
/// belongs to it.
#[utoipa::path(
    get, path = "/v1/push/webpush-key", operation_id = "get_webpush_key", tag = "devices",
    responses(
        (status = 200, description = "The public key of this server.", body = WebPushKey),
        CallerProblems,
    ),
)]
pub async fn get_webpush_key(State(key): State<WebPushKey>, _: Caller) -> Json<WebPushKey> {
    Json(key)
}
