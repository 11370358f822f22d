//! Clients that are too slow, in each phase of a connection.

use std::time::Duration;

use eventually::pause;
use http_edge::EdgeConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw_client::{RawClient, get};
use crate::test_service::{TestServer, token};

/// A timeout that no test reaches.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(150);

fn lenient_config() -> EdgeConfig {
    EdgeConfig {
        header_read_timeout: LONG,
        keep_alive_timeout: LONG,
        body_read_timeout: LONG,
        write_timeout: LONG,
        request_timeout: LONG,
        ..EdgeConfig::default()
    }
}

#[tokio::test]
async fn silent_client_is_closed() {
    let server = TestServer::start(EdgeConfig {
        header_read_timeout: SHORT,
        ..lenient_config()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.wait_until_closed().await, b"");
}

#[tokio::test]
async fn slowly_dripping_headers_time_out() {
    let server = TestServer::start(EdgeConfig {
        header_read_timeout: SHORT,
        ..lenient_config()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send("GET /hello HTTP/1.1\r\nHost: tidings\r\n")
        .await;
    // One byte at a time, forever: a byte must not extend the timeout.
    let drip = async {
        while client.stream.write_all(b"x").await.is_ok() {
            pause(SHORT / 10).await;
        }
    };
    tokio::time::timeout(crate::raw_client::TEST_TIMEOUT, drip)
        .await
        .expect("the server keeps waiting for the headers");
}

#[tokio::test]
async fn header_timeout_applies_to_later_requests() {
    let server = TestServer::start(EdgeConfig {
        header_read_timeout: SHORT,
        ..lenient_config()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.get("/hello").await.unwrap().status, 200);
    client.send("GET /hello HTTP/1.1\r\n").await;
    assert_eq!(client.wait_until_closed().await, b"");
}

#[tokio::test]
async fn idle_time_does_not_count_as_reading_headers() {
    let config = EdgeConfig {
        header_read_timeout: SHORT,
        keep_alive_timeout: SHORT * 8,
        ..lenient_config()
    };
    let server = TestServer::start(config).await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.get("/hello").await.unwrap().body, b"hello");
    client.assert_open_for(SHORT * 3).await;
    assert_eq!(client.get("/hello").await.unwrap().body, b"hello");
    assert_eq!(
        client.wait_until_closed().await,
        b"",
        "the idle connection closes as well"
    );
}

#[tokio::test]
async fn missing_body_times_out_with_a_response() {
    let server = TestServer::start(EdgeConfig {
        body_read_timeout: SHORT,
        ..lenient_config()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send("POST /notes HTTP/1.1\r\nHost: tidings\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        .await;
    let reply = client.read_response().await.unwrap();
    assert_eq!(
        (reply.status, reply.problem()["code"].as_str()),
        (408, Some("body_timeout"))
    );
    assert_eq!(client.wait_until_closed().await, b"");
}

#[tokio::test]
async fn client_that_does_not_read_is_dropped() {
    let server = TestServer::start(EdgeConfig {
        write_timeout: SHORT,
        max_connections: 1,
        ..lenient_config()
    })
    .await;
    let mut unresponsive = RawClient::connect(server.address).await;
    unresponsive.send(get("/endless")).await;
    // The limit is one connection, so this one is served only once the other is gone.
    let finally = async {
        loop {
            let mut next = RawClient::connect(server.address).await;
            if next
                .get("/hello")
                .await
                .is_some_and(|reply| reply.status == 200)
            {
                return;
            }
        }
    };
    tokio::time::timeout(crate::raw_client::TEST_TIMEOUT, finally)
        .await
        .expect("the unresponsive client is not dropped");
}

#[tokio::test]
async fn client_that_reads_too_slowly_is_dropped() {
    let server = TestServer::start(EdgeConfig {
        write_timeout: SHORT,
        max_connections: 1,
        ..lenient_config()
    })
    .await;
    let mut slow = RawClient::connect(server.address).await;
    slow.send(get("/endless")).await;
    // It reads a little at a time, forever: a byte must not extend the timeout.
    let sip = async {
        let mut sip = [0; 256];
        while matches!(slow.stream.read(&mut sip).await, Ok(1..)) {
            pause(SHORT / 10).await;
        }
    };
    // The limit is one connection, so this one is served only once the other is gone.
    let finally = async {
        loop {
            let mut next = RawClient::connect(server.address).await;
            let reply = next.get("/hello").await;
            if reply.is_some_and(|reply| reply.status == 200) {
                return;
            }
        }
    };
    let either = async {
        tokio::select! {
            () = sip => {}
            () = finally => {}
        }
    };
    tokio::time::timeout(crate::raw_client::TEST_TIMEOUT, either)
        .await
        .expect("the slow client is not dropped");
}

#[tokio::test]
async fn slow_handler_times_out_with_a_response() {
    let server = TestServer::start(EdgeConfig {
        request_timeout: SHORT,
        ..lenient_config()
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    let reply = client.get("/never").await.unwrap();
    assert_eq!(
        (reply.status, reply.problem()["code"].as_str()),
        (503, Some("timeout"))
    );
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(
        client.get("/hello").await.unwrap().status,
        200,
        "the connection remains usable"
    );
}

#[tokio::test]
async fn websocket_does_not_count_as_idle() {
    let config = EdgeConfig {
        header_read_timeout: SHORT,
        keep_alive_timeout: SHORT,
        ..lenient_config()
    };
    let server = TestServer::start(config).await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send(format!(
            "GET /socket?access_token={} HTTP/1.1\r\nHost: tidings\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            token("ada", ""),
        ))
        .await;
    assert_eq!(client.read_response().await.unwrap().status, 101);
    client.assert_open_for(SHORT * 4).await;
    // A text frame "hi", masked with zeros because clients must mask their frames.
    client.send([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).await;
    client.send([0x88, 0x80, 0, 0, 0, 0]).await;
    let frames = client.wait_until_closed().await;
    assert!(frames.starts_with(&[0x81, 2, b'h', b'i']), "{frames:?}");
}
