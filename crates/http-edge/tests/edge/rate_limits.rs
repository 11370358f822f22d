//! The limits of one user: commands per second, and requests at a time.

use axum::body::Body;
use http::{Method, Request};
use http_edge::EdgeConfig;
use tower::ServiceExt;

use crate::raw_client::RawClient;
use crate::requests::{bearer, send_to};
use crate::test_service::{TestServer, edge_router, token};

#[tokio::test]
async fn commands_are_limited_per_user() {
    let router = edge_router(&EdgeConfig::default(), 5);
    let command = |user: &str, scope: &str| {
        let (router, bearer) = (router.clone(), bearer(user, scope));
        async move { send_to(router, Method::POST, "/me", &[("authorization", &bearer)]).await }
    };
    let first = command("ada", "").await;
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"commands\";q=10;w=2")
    );
    assert_eq!(first.header("ratelimit"), Some("\"commands\";r=9;t=1"));
    let mut refused = None;
    for _ in 0..100 {
        let answer = command("ada", "").await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("no command was rejected");
    assert_eq!(
        (refused.code().as_str(), refused.header("retry-after")),
        ("rate_limited", Some("1"))
    );
    assert!(
        refused
            .header("ratelimit")
            .unwrap()
            .starts_with("\"commands\";r=0;t=")
    );
    assert!(refused.header("ratelimit-policy").is_some());

    assert_eq!(command("bob", "").await.status(), 200);
    for _ in 0..50 {
        assert_eq!(command("root", "admin").await.status(), 200);
    }
    let bearer = bearer("ada", "");
    for _ in 0..50 {
        let query = send_to(
            router.clone(),
            Method::GET,
            "/me",
            &[("authorization", &bearer)],
        )
        .await;
        assert_eq!((query.status(), query.header("ratelimit")), (200, None));
    }
}

#[tokio::test]
async fn batch_is_charged_per_line() {
    let router = edge_router(&EdgeConfig::default(), 5);
    let bearer = bearer("ada", "");
    let send = || {
        let request = Request::post("/batch")
            .header("host", "tidings")
            .header("content-type", "application/x-ndjson")
            .header("authorization", &bearer)
            .body(Body::from("{}\n".repeat(99)))
            .unwrap();
        router.clone().oneshot(request)
    };
    assert_eq!(
        send().await.unwrap().status(),
        200,
        "although the burst is ten"
    );
    let refused = send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (15..=20).contains(&wait),
        "{wait} s for 90 lines of debt at 5 a second"
    );
}

#[tokio::test]
async fn requests_of_a_user_are_limited() {
    let server = TestServer::start(EdgeConfig {
        max_requests_per_user: 2,
        ..EdgeConfig::default()
    })
    .await;
    let request = async |path: &str, user: &str, scope: &str| {
        let mut client = RawClient::connect(server.address).await;
        let bearer = token(user, scope);
        client
            .send(format!(
                "GET {path} HTTP/1.1\r\nHost: tidings\r\nAuthorization: Bearer {bearer}\r\n\r\n"
            ))
            .await;
        client
    };
    // Given one request that runs and one whose answer is not read,
    let mut running = request("/hold", "ada", "").await;
    server.gate.entered.notified().await;
    let unread = request("/endless", "ada", "").await;
    unread.stream.readable().await.unwrap();
    // when the user sends a third one, it is rejected,
    let mut third = request("/me", "ada", "").await;
    let reply = third.read_response().await.unwrap();
    assert_eq!(
        (reply.status, reply.problem()["code"].as_str()),
        (429, Some("too_many_requests"))
    );
    assert_eq!(reply.header("retry-after"), Some("1"));
    // but not one of another user, of an administrator, or without a token.
    for (path, user, scope) in [("/me", "bob", ""), ("/me", "ada", "admin")] {
        let reply = request(path, user, scope).await.read_response().await;
        assert_eq!(reply.unwrap().status, 200, "{user} {scope}");
    }
    let mut anonymous = RawClient::connect(server.address).await;
    assert_eq!(anonymous.get("/hello").await.unwrap().status, 200);
    // Each of the two gives its slot back: when it is answered, or when its client is gone.
    server.gate.release.notify_one();
    assert_eq!(running.read_response().await.unwrap().body, b"held");
    let mut fourth = request("/hold", "ada", "").await;
    server.gate.entered.notified().await;
    drop(unread);
    let reply = request("/me", "ada", "").await.read_response().await;
    assert_eq!(reply.unwrap().status, 200);
    server.gate.release.notify_one();
    assert_eq!(fourth.read_response().await.unwrap().status, 200);
}
