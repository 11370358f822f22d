//! L10, the documented limits: each at its number and one beyond.

use reqwest::Method;
use serde_json::{Value, json};
use tests::world::{Settings, World};

async fn room() -> World {
    let world = World::start().await;
    world
        .user("alice")
        .create_group("room", &["bob"])
        .await
        .expect(201);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_body_is_at_most_64_kib_of_json() {
    let world = room().await;
    let alice = world.user("alice");
    let frame = json!({ "text": "" }).to_string().len();
    let fits = "x".repeat(64 * 1024 - frame);
    alice.send("room", "fits", &fits).await.expect(201);
    let answer = alice.send("room", "over", &format!("{fits}x")).await;
    assert!(matches!(answer.status, 413 | 422), "{answer}");
    assert!(
        String::from_utf8_lossy(&answer.body).contains("65536"),
        "{answer} does not name the number"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_at_most_256_kib_and_a_batch_8_mib() {
    let world = room().await;
    let alice = world.user("alice");
    let padded = |length: usize| {
        let body = r#"{"device":"d","cursor":0}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let post = async |path: &str, content_type: &str, body: String| {
        alice
            .request(&Method::POST, path)
            .body(content_type, body)
            .send()
            .await
    };
    post("/v1/inbox/ack", "application/json", padded(256 * 1024))
        .await
        .expect(200);
    post("/v1/inbox/ack", "application/json", padded(256 * 1024 + 1))
        .await
        .expect_problem(413);
    let line = json!({"op":"ack","device":"d","cursor":0}).to_string();
    let batch = |lines: usize, pad: usize| {
        format!("{line}{}", " ".repeat(pad)) + "\n" + &format!("{line}\n").repeat(lines - 1)
    };
    assert_eq!(
        post("/v1/batch", "application/x-ndjson", batch(1_000, 0))
            .await
            .status,
        200
    );
    post("/v1/batch", "application/x-ndjson", batch(1_001, 0))
        .await
        .expect_problem(413);
    post(
        "/v1/batch",
        "application/x-ndjson",
        batch(1, 8 * 1024 * 1024),
    )
    .await
    .expect_problem(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_are_at_most_50() {
    let world = World::start().await;
    let alice = world.user("alice");
    let users: Vec<_> = (0..51).map(|n| format!("u{n}")).collect();
    let members: Vec<&str> = users.iter().map(String::as_str).collect();
    alice.create_group("room", &members).await.expect(201);
    let message = |key: &str, mentions: &[String]| -> Value {
        json!({ "client_message_id": key, "type": "text", "body": { "text": "x" }, "mentions": mentions })
    };
    alice
        .send_message("room", message("a", &users[..50]))
        .await
        .expect(201);
    let answer = alice.send_message("room", message("b", &users)).await;
    assert!(matches!(answer.status, 413 | 422), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_too_fast_is_told_when_to_come_back() {
    let world = World::start_with(Settings::default().with("TIDINGS_RATE_LIMIT", 5)).await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let mut refused = None;
    for n in 0..60 {
        let answer = alice.create_group(&format!("g{n}"), &[]).await;
        assert!(
            !answer.header("ratelimit").is_empty(),
            "{answer} has no RateLimit"
        );
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.expect(201);
    }
    let refused = refused.expect("60 commands in a row are more than 5 a second");
    refused.expect_problem(429);
    assert!(
        refused
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| seconds >= 1),
        "{refused}"
    );
    bob.create_group("bobs", &[]).await.expect(201);
    alice.get("/v1/inbox").await.expect(200);
}
