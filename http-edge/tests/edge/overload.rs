//! More connections than the limit allows.

use http_edge::EdgeConfig;

use crate::client::{Client, get};
use crate::service::Running;

#[tokio::test]
async fn connection_over_the_limit_is_rejected() {
    let server = Running::start(EdgeConfig {
        max_connections: 2,
        ..EdgeConfig::default()
    })
    .await;
    let mut first = Client::connect(server.address).await;
    let mut second = Client::connect(server.address).await;
    assert_eq!(first.get("/hello").await.unwrap().status, 200);
    assert_eq!(second.get("/hello").await.unwrap().status, 200);

    let mut third = Client::connect(server.address).await;
    third.send(get("/hello")).await;
    let reply = third.reply().await.unwrap();
    assert_eq!(reply.status, 503);
    let retry: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&retry), "{retry} s");
    assert_eq!(reply.problem()["code"], "too_many_connections");
    assert_eq!(third.closed().await, b"");

    assert_eq!(
        first.get("/hello").await.unwrap().status,
        200,
        "existing connections are not affected"
    );
    drop(first);
    let finally = async {
        loop {
            let mut next = Client::connect(server.address).await;
            next.send(get("/hello")).await;
            if next.reply().await.is_some_and(|reply| reply.status == 200) {
                return;
            }
        }
    };
    tokio::time::timeout(crate::client::PATIENCE, finally)
        .await
        .expect("the connection slot is not released");
    assert_eq!(second.get("/hello").await.unwrap().status, 200);
}

#[tokio::test]
async fn many_connections_over_the_limit_do_not_affect_existing_ones() {
    let server = Running::start(EdgeConfig {
        max_connections: 4,
        ..EdgeConfig::default()
    })
    .await;
    let mut inside = Client::connect(server.address).await;
    assert_eq!(inside.get("/hello").await.unwrap().status, 200);
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(Client::connect(server.address).await);
    }
    assert_eq!(inside.get("/hello").await.unwrap().status, 200);
}
