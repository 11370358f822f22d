//! L10: the documented limits. Each is tested at its number and just beyond.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::{Settings, World};

/// A world in which alice owns the conversation `room`.
async fn world_with_conversation() -> World {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    world
}

/// The response must be this problem, and name the limit.
fn expect_limit(response: &ApiResponse, status: u16, code: &str, limit: &str) {
    assert_eq!(response.expect_problem(status), code, "{response}");
    let detail = response.json()["detail"].to_string();
    assert!(
        detail.contains(limit),
        "{response} does not name the limit {limit}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_body_has_at_most_64_kib_of_json() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let overhead = json!({ "text": "" }).to_string().len();
    let longest = "x".repeat(64 * 1024 - overhead);
    alice.send("room", "fits", &longest).await.expect(201);
    let response = alice.send("room", "over", &format!("{longest}x")).await;
    expect_limit(&response, 413, "too_large", "65536");
}

async fn post_bytes(client: &Client, path: &str, content_type: &str, body: String) -> ApiResponse {
    let request = client.request(&Method::POST, path);
    request.body(content_type, body).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_body_has_at_most_256_kib() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let post_padded = async |length: usize| {
        let body = r#"{"device":"d","cursor":0}"#;
        let padding = " ".repeat(length - body.len());
        let body = format!("{body}{padding}");
        post_bytes(&alice, "/v1/inbox/ack", "application/json", body).await
    };
    post_padded(256 * 1024).await.expect(200);
    let response = post_padded(256 * 1024 + 1).await;
    expect_limit(&response, 413, "too_large", "262144");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_at_most_1000_lines_and_8_mib() {
    let world = world_with_conversation().await;
    let alice = world.user("alice");
    let line = json!({ "op": "ack", "device": "d", "cursor": 0 }).to_string() + "\n";
    let post_batch =
        async |body: String| post_bytes(&alice, "/v1/batch", "application/x-ndjson", body).await;
    let response = post_batch(line.repeat(1_000)).await;
    assert_eq!(response.status, 200, "{response}");
    let response = post_batch(line.repeat(1_001)).await;
    expect_limit(&response, 413, "too_large", "1000");
    let padding = " ".repeat(8 * 1024 * 1024);
    let response = post_batch(format!("{padding}{line}")).await;
    expect_limit(&response, 413, "too_large", "8388608");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_at_most_50_mentions() {
    let world = World::start().await;
    let alice = world.user("alice");
    let users: Vec<_> = (0..51).map(|n| format!("u{n}")).collect();
    let members: Vec<&str> = users.iter().map(String::as_str).collect();
    alice.create_group("room", &members).await.expect(201);
    let message = |key: &str, mentions: &[String]| -> Value {
        json!({ "client_message_id": key, "type": "text", "body": { "text": "x" },
            "mentions": mentions })
    };
    alice
        .send_message("room", message("a", &users[..50]))
        .await
        .expect(201);
    let response = alice.send_message("room", message("b", &users)).await;
    expect_limit(&response, 422, "invalid", "50");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_exceeds_the_rate_limit_learns_when_to_retry() {
    let settings = Settings::default().with("TIDINGS_RATE_LIMIT", 5);
    let world = World::start_with(settings).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let mut refused = None;
    for n in 0..60 {
        let response = alice.create_group(&format!("g{n}"), &[]).await;
        assert!(
            !response.header("ratelimit").is_empty(),
            "{response} has no RateLimit header"
        );
        if response.status == 429 {
            refused = Some(response);
            break;
        }
        response.expect(201);
    }
    let refused = refused.expect("60 commands in a row are more than 5 a second");
    refused.expect_problem(429);
    let retry_after: u64 = refused
        .header("retry-after")
        .parse()
        .expect("Retry-After is a number of seconds");
    assert!(retry_after >= 1, "{refused}");
    // Other users and queries are not affected.
    bob.create_group("bobs", &[]).await.expect(201);
    alice.get("/v1/inbox").await.expect(200);
}
