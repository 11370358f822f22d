//! The HTTP server below the level of requests: what it accepts from a raw socket, and how it
//! responds.

use std::time::Duration;

use tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the server may keep a connection that sends no complete request.
const MAX_IDLE_TIME: Duration = Duration::from_secs(45);

/// Sends bytes; returns what arrives until the connection is closed or a response head is complete.
pub async fn exchange(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address())
        .await
        .expect("the port is open");
    let _ = stream.write_all(bytes).await;
    let mut response = Vec::new();
    let read = async {
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut chunk).await {
            response.extend_from_slice(&chunk[..n]);
            if response.windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
        }
    };
    tokio::time::timeout(MAX_IDLE_TIME, read)
        .await
        .expect("the server closes the connection");
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_framing_is_refused_and_the_service_continues() {
    let mut world = World::start().await;
    let long = "x".repeat(20 * 1024);
    let post = |headers: &str, body: &str| {
        format!("POST /v1/batch HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n{body}")
    };
    let get = |header: &str| format!("GET /livez HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n");
    for (request, status) in [
        ("garbage\r\n\r\n".to_owned(), "400"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}".to_owned(), "400"),
        ("GET /livez HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(), "400"),
        (get("na me: y"), "400"),
        (get("name: a\0b"), "400"),
        (get(&format!("name: {long}")), "431"),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "431"),
        (post("content-length: -1", ""), "400"),
        (
            post("content-length: 5\r\ncontent-length: 6", "hello"),
            "400",
        ),
        // The token is checked before the body is read.
        (post("transfer-encoding: chunked", "ZZ\r\n\r\n"), "401"),
        ("CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "405"),
        ("TRACE /livez HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "405"),
    ] {
        let response = exchange(&world, request.as_bytes()).await;
        let found = response.split(' ').nth(1).unwrap_or("closed");
        assert_eq!(found, status, "{request:.60} -> {response}");
    }
    assert!(
        world.service().process.is_running(),
        "{}",
        world.service().process.log_tail()
    );
    world.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_request_head_times_out_while_others_are_served() {
    let world = World::start().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(world.address())
            .await
            .expect("the port is open");
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nslow")
            .await
            .expect("the server reads");
        slow.push(stream);
    }
    world.user("alice").get("/v1/inbox").await.expect(200);
    for mut stream in slow {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(MAX_IDLE_TIME, stream.read_to_end(&mut rest)).await;
        assert!(
            closed.is_ok(),
            "a connection without a complete request head is open after {MAX_IDLE_TIME:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    const REQUESTS: usize = 200;
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.address())
        .await
        .expect("the port is open");
    let one = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    let last = "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream
        .write_all((one.repeat(REQUESTS) + last).as_bytes())
        .await
        .expect("the server reads");
    let mut responses = String::new();
    tokio::time::timeout(MAX_IDLE_TIME, stream.read_to_string(&mut responses))
        .await
        .expect("in time")
        .expect("UTF-8");
    assert_eq!(responses.matches("HTTP/1.1 200").count(), REQUESTS);
    assert!(responses.rfind("HTTP/1.1 200") < responses.rfind("HTTP/1.1 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_cannot_interrupt_a_command() {
    const SENDS: usize = 200;
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let token = tests::token::for_user("alice");
    let request = |n: usize| {
        let body =
            format!(r#"{{"client_message_id":"cut{n}","type":"text","body":{{"text":"{n}"}}}}"#);
        format!(
            "POST /v1/conversations/room/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    for n in 0..SENDS {
        let mut stream = TcpStream::connect(world.address())
            .await
            .expect("the port is open");
        stream
            .write_all(request(n).as_bytes())
            .await
            .expect("the server reads");
        stream
            .set_zero_linger()
            .expect("the socket is reset when it is closed");
    }
    // Whether or not they were executed: after a retry with the same key, each is stored once.
    for n in 0..SENDS {
        let response = alice.send("room", &format!("cut{n}"), &n.to_string()).await;
        assert!(response.status == 201 || response.is_replay(), "{response}");
    }
    let head = tests::log::check_positions(&world.pool)
        .await
        .expect("the log is whole");
    assert_eq!(head, 1 + SENDS as i64);
    let texts = tests::feed::read_history(&alice, "room", head).await;
    assert_eq!(texts.len(), SENDS);
}
