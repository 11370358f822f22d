//! Uploads of files, and messages that use them.

use reqwest::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::response::ApiResponse;

/// A PNG of 3 x 2 pixels, as far as its header says.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0\0\0\0\0";

/// The SHA-256 as hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The path of the bytes of a file.
pub fn content(id: &str) -> String {
    format!("/v1/files/{id}/content")
}

/// Announces a file; returns its id.
pub async fn reserve(client: &Client, name: &str, size: usize) -> String {
    let request = json!({ "name": name, "type": "application/octet-stream", "size": size });
    let answer = client.post("/v1/files", request).await;
    answer.position();
    let id = answer.expect(201)["id"].clone();
    id.as_str().expect("an id").to_owned()
}

/// Sends all bytes of a file.
pub async fn put(client: &Client, id: &str, bytes: &[u8]) -> ApiResponse {
    let request = client.request(&Method::PUT, &content(id));
    let body = bytes.to_vec();
    request.body("application/octet-stream", body).send().await
}

/// Sends some bytes of a file.
pub async fn put_part(client: &Client, id: &str, range: &str, bytes: &[u8]) -> ApiResponse {
    let request = client.request(&Method::PUT, &content(id));
    let request = request.header("content-range", range);
    let body = bytes.to_vec();
    request.body("application/octet-stream", body).send().await
}

/// Uploads a file; returns its id and the position.
pub async fn upload(client: &Client, name: &str, bytes: &[u8]) -> (String, i64) {
    let id = reserve(client, name, bytes.len()).await;
    let answer = put(client, &id, bytes).await;
    assert_eq!(answer.expect(200)["state"], "stored", "{answer}");
    (id, answer.position())
}

/// Sends a message that uses a file.
pub async fn send_file(client: &Client, conversation: &str, key: &str, id: &str) -> ApiResponse {
    let message = json!({ "client_message_id": key, "type": "file", "body": { "file": id } });
    client.send_message(conversation, message).await
}

/// The status of the bytes for this user, once the read model has this position.
pub async fn status(client: &Client, id: &str, position: i64) -> u16 {
    let at = format!("?min_position={position}");
    let bytes = client.get(&format!("{}{at}", content(id))).await.status;
    let metadata = client.get(&format!("/v1/files/{id}{at}")).await.status;
    assert_eq!(bytes, metadata, "metadata and bytes have one rule");
    bytes
}
