//! The edge below HTTP's level: what a raw socket may send, and what it gets.

use std::time::Duration;

use tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the edge may keep a connection that says nothing useful.
const PATIENCE: Duration = Duration::from_secs(45);

/// Sends bytes; gives what came until the other side closed, or until there was a whole answer.
pub async fn exchange(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address())
        .await
        .expect("the port is open");
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = async {
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..n]);
            if answer.windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .expect("the edge lets go of the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_framing_is_refused_and_stops_nothing() {
    let mut world = World::start().await;
    let long = "x".repeat(20 * 1024);
    let cases = [
        "garbage\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}".to_owned(),
        "GET /livez HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: x\r\nna me: y\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: x\r\nname: a\0b\r\n\r\n".to_owned(),
        format!("GET /livez HTTP/1.1\r\nhost: x\r\nname: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"),
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"
            .to_owned(),
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n\r\n"
            .to_owned(),
        "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "TRACE /livez HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
    ];
    for case in cases {
        let answer = exchange(&world, case.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or("closed");
        assert!(
            status == "closed" || status.starts_with('4') || status == "505" || status == "501",
            "{case:.60} -> {answer}"
        );
    }
    assert!(
        world.service().process.is_running(),
        "{}",
        world.service().process.log_tail()
    );
    world.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_cut_off_while_others_are_served() {
    let world = World::start().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(world.address())
            .await
            .expect("the port is open");
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nslow")
            .await
            .expect("it listens");
        slow.push(stream);
    }
    world.user("alice").get("/v1/inbox").await.expect(200);
    for mut stream in slow {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(
            closed.is_ok(),
            "a connection without a whole head is kept for more than {PATIENCE:?}"
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
        .expect("it listens");
    let mut answers = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answers))
        .await
        .expect("in time")
        .expect("UTF-8");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), REQUESTS);
    assert!(answers.rfind("HTTP/1.1 200") < answers.rfind("HTTP/1.1 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_cannot_cut_a_command_in_half() {
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
            .expect("it listens");
        stream
            .set_zero_linger()
            .expect("a socket can be told to reset");
    }
    // Whatever became of them, sending again under the same key ends in one message each.
    for n in 0..SENDS {
        let answer = alice.send("room", &format!("cut{n}"), &n.to_string()).await;
        assert!(matches!(answer.status, 200 | 201), "{answer}");
    }
    let head = tests::log::check_positions(&world.pool)
        .await
        .expect("the log is whole");
    assert_eq!(head, 1 + SENDS as i64);
    let texts = tests::feed::read_history(&alice, "room", head).await;
    assert_eq!(texts.len(), SENDS);
}
