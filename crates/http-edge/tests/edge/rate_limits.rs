//! Rate limits for commands.

use axum::body::Body;
use http::{Method, Request};
use http_edge::EdgeConfig;
use tower::ServiceExt;

use crate::requests::{bearer, send_to};
use crate::test_service::edge_router;

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
