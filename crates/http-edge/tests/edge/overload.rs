//! More connections than the limit allows.

use http_edge::EdgeConfig;

use crate::raw_client::{RawClient, get};
use crate::test_service::TestServer;

#[tokio::test]
async fn connection_over_the_limit_is_rejected() {
    let server = TestServer::start(EdgeConfig {
        max_connections: 2,
        ..EdgeConfig::default()
    })
    .await;
    let mut first = RawClient::connect(server.address).await;
    let mut second = RawClient::connect(server.address).await;
    assert_eq!(first.get("/hello").await.unwrap().status, 200);
    assert_eq!(second.get("/hello").await.unwrap().status, 200);

    let mut third = RawClient::connect(server.address).await;
    third.send(get("/hello")).await;
    let reply = third.read_response().await.unwrap();
    assert_eq!(reply.status, 503);
    let retry: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&retry), "{retry} s");
    assert_eq!(reply.problem()["code"], "too_many_connections");
    assert_eq!(third.wait_until_closed().await, b"");

    assert_eq!(
        first.get("/hello").await.unwrap().status,
        200,
        "existing connections are not affected"
    );
    drop(first);
    let finally = async {
        loop {
            let mut next = RawClient::connect(server.address).await;
            next.send(get("/hello")).await;
            if next
                .read_response()
                .await
                .is_some_and(|reply| reply.status == 200)
            {
                return;
            }
        }
    };
    tokio::time::timeout(crate::raw_client::TEST_TIMEOUT, finally)
        .await
        .expect("the connection slot is not released");
    assert_eq!(second.get("/hello").await.unwrap().status, 200);
}

#[tokio::test]
async fn many_connections_over_the_limit_do_not_affect_existing_ones() {
    let server = TestServer::start(EdgeConfig {
        max_connections: 4,
        ..EdgeConfig::default()
    })
    .await;
    let mut inside = RawClient::connect(server.address).await;
    assert_eq!(inside.get("/hello").await.unwrap().status, 200);
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(RawClient::connect(server.address).await);
    }
    assert_eq!(inside.get("/hello").await.unwrap().status, 200);
}
