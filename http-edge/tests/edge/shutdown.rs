//! Stopping without losing a request.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_edge::EdgeConfig;

use crate::client::{Client, get};
use crate::service::Running;

/// Sends requests one after the other until told to go. Panics if one is not answered.
async fn keep_asking(mut client: Client, answered: Arc<AtomicU64>) {
    loop {
        let reply = client.get("/hello").await.expect("a request was lost");
        assert_eq!(reply.body, b"hello");
        answered.fetch_add(1, Ordering::Relaxed);
        if reply.closes() {
            assert_eq!(client.closed().await, b"");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_keep_asking_lose_nothing() {
    for _ in 0..5 {
        let server = Running::start(EdgeConfig::default()).await;
        let answered = Arc::new(AtomicU64::new(0));
        let mut asking = Vec::new();
        for _ in 0..24 {
            let client = Client::connect(server.address).await;
            asking.push(tokio::spawn(keep_asking(client, answered.clone())));
        }
        while answered.load(Ordering::Relaxed) < 500 {
            tokio::task::yield_now().await;
        }
        server.shutdown.cancel();
        for client in asking {
            client.await.unwrap();
        }
        server.stopped().await;
    }
}

#[tokio::test]
async fn a_running_request_is_finished_and_then_the_connection_closed() {
    let server = Running::start(EdgeConfig::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(get("/hold")).await;
    server.hold.entered.notified().await;
    server.shutdown.cancel();
    // The listener is closed while the request still runs.
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.served.is_finished());
    server.hold.release.notify_one();
    let reply = client.reply().await.unwrap();
    assert_eq!(reply.body, b"held");
    assert!(reply.closes());
    drop(client);
    server.stopped().await;
}

/// On one thread nothing runs between the client's writing and the stop signal: the requests lie in
/// the kernel's buffers, of connections that are idle or not yet accepted.
#[tokio::test]
async fn what_has_arrived_is_answered_even_without_grace() {
    let config = EdgeConfig {
        idle_grace: Duration::ZERO,
        ..EdgeConfig::default()
    };
    let server = Running::start(config).await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = Client::connect(server.address).await;
        assert_eq!(client.get("/hello").await.unwrap().status, 200);
        clients.push(client);
    }
    for _ in 0..8 {
        let stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        clients.push(Client::of(tokio::net::TcpStream::from_std(stream).unwrap()));
    }
    let mut streams: Vec<std::net::TcpStream> = clients
        .into_iter()
        .map(|client| client.stream.into_std().unwrap())
        .collect();
    for stream in &mut streams {
        stream.write_all(get("/hello").as_bytes()).unwrap();
    }
    server.shutdown.cancel();
    let mut clients: Vec<Client> = streams
        .into_iter()
        .map(|stream| Client::of(tokio::net::TcpStream::from_std(stream).unwrap()))
        .collect();
    for client in &mut clients {
        let reply = client
            .reply()
            .await
            .expect("a request that had arrived was lost");
        assert_eq!(reply.body, b"hello");
        assert!(reply.closes());
    }
    drop(clients);
    server.stopped().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_it_up() {
    let server = Running::start(EdgeConfig {
        idle_grace: Duration::from_millis(50),
        ..EdgeConfig::default()
    })
    .await;
    let mut asked = Client::connect(server.address).await;
    assert_eq!(asked.get("/hello").await.unwrap().status, 200);
    let mut silent = Client::connect(server.address).await;
    server.shutdown.cancel();
    let stopping = Instant::now();
    assert_eq!(asked.closed().await, b"");
    assert_eq!(silent.closed().await, b"");
    server.stopped().await;
    assert!(
        stopping.elapsed() < Duration::from_secs(5),
        "{:?}",
        stopping.elapsed()
    );
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_after_the_drain_time() {
    let config = EdgeConfig {
        drain: Duration::from_millis(200),
        ..EdgeConfig::default()
    };
    let server = Running::start(config).await;
    let mut client = Client::connect(server.address).await;
    client.send(get("/hold")).await;
    server.hold.entered.notified().await;
    server.shutdown.cancel();
    server.stopped().await;
    assert_eq!(client.closed().await, b"");
}
