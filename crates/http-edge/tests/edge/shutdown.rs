//! Shutdown without losing requests.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_edge::EdgeConfig;

use crate::raw_client::{RawClient, get};
use crate::test_service::TestServer;

/// Sends requests one after the other until a response closes the connection. Panics if a request
/// is not answered.
async fn send_until_closed(mut client: RawClient, answered: Arc<AtomicU64>) {
    loop {
        let reply = client.get("/hello").await.expect("a request was lost");
        assert_eq!(reply.body, b"hello");
        answered.fetch_add(1, Ordering::Relaxed);
        if reply.is_closing() {
            assert_eq!(client.wait_until_closed().await, b"");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_clients_lose_no_request() {
    for _ in 0..5 {
        let server = TestServer::start(EdgeConfig::default()).await;
        let answered = Arc::new(AtomicU64::new(0));
        let mut clients = Vec::new();
        for _ in 0..24 {
            let client = RawClient::connect(server.address).await;
            clients.push(tokio::spawn(send_until_closed(client, answered.clone())));
        }
        while answered.load(Ordering::Relaxed) < 500 {
            tokio::task::yield_now().await;
        }
        server.shutdown.cancel();
        for client in clients {
            client.await.unwrap();
        }
        server.wait_until_stopped().await;
    }
}

#[tokio::test]
async fn running_request_finishes_before_its_connection_closes() {
    let server = TestServer::start(EdgeConfig::default()).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/hold")).await;
    server.gate.entered.notified().await;
    server.shutdown.cancel();
    // The listener is closed while the request still runs.
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.task.is_finished());
    server.gate.release.notify_one();
    let reply = client.read_response().await.unwrap();
    assert_eq!(reply.body, b"held");
    assert!(reply.is_closing());
    drop(client);
    server.wait_until_stopped().await;
}

/// On one thread, nothing runs between the client's writes and the shutdown signal, so the requests
/// are still in the kernel's buffers, on connections that are idle or not yet accepted.
#[tokio::test]
async fn arrived_requests_are_answered_even_without_a_grace_period() {
    let config = EdgeConfig {
        idle_grace: Duration::ZERO,
        ..EdgeConfig::default()
    };
    let server = TestServer::start(config).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = RawClient::connect(server.address).await;
        assert_eq!(client.get("/hello").await.unwrap().status, 200);
        clients.push(client);
    }
    for _ in 0..8 {
        let stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        clients.push(RawClient::from_stream(
            tokio::net::TcpStream::from_std(stream).unwrap(),
        ));
    }
    let mut streams: Vec<std::net::TcpStream> = clients
        .into_iter()
        .map(|client| client.stream.into_std().unwrap())
        .collect();
    for stream in &mut streams {
        stream.write_all(get("/hello").as_bytes()).unwrap();
    }
    server.shutdown.cancel();
    let mut clients: Vec<RawClient> = streams
        .into_iter()
        .map(|stream| RawClient::from_stream(tokio::net::TcpStream::from_std(stream).unwrap()))
        .collect();
    for client in &mut clients {
        let reply = client
            .read_response()
            .await
            .expect("a request that had arrived was lost");
        assert_eq!(reply.body, b"hello");
        assert!(reply.is_closing());
    }
    drop(clients);
    server.wait_until_stopped().await;
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_shutdown() {
    let server = TestServer::start(EdgeConfig {
        idle_grace: Duration::from_millis(50),
        ..EdgeConfig::default()
    })
    .await;
    let mut idle = RawClient::connect(server.address).await;
    assert_eq!(idle.get("/hello").await.unwrap().status, 200);
    let mut silent = RawClient::connect(server.address).await;
    server.shutdown.cancel();
    let stopping = Instant::now();
    assert_eq!(idle.wait_until_closed().await, b"");
    assert_eq!(silent.wait_until_closed().await, b"");
    server.wait_until_stopped().await;
    assert!(
        stopping.elapsed() < Duration::from_secs(5),
        "{:?}",
        stopping.elapsed()
    );
}

#[tokio::test]
async fn endless_request_is_closed_after_the_drain_timeout() {
    let config = EdgeConfig {
        drain_timeout: Duration::from_millis(200),
        ..EdgeConfig::default()
    };
    let server = TestServer::start(config).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/hold")).await;
    server.gate.entered.notified().await;
    server.shutdown.cancel();
    server.wait_until_stopped().await;
    assert_eq!(client.wait_until_closed().await, b"");
}
