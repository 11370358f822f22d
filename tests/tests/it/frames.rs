//! L10 for client frames: what a WebSocket may send, how often, and how the server closes it.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::live::{LiveSocket, SocketEvent};
use tests::raw_socket::{CLOSE, FINAL, RawFrame, RawSocket, TEXT, encode_frame};
use tests::token;
use tests::world::World;

/// The longest client frame in bytes.
const MAX_FRAME_BYTES: usize = 64 * 1024;

async fn open(world: &World, user: &str) -> RawSocket {
    RawSocket::open(&world.address(), &token::for_user(user), "after=0").await
}

/// The close code at the end of the connection. A close frame is the last frame.
fn close_code(frames: &[RawFrame]) -> Option<u16> {
    match frames.last() {
        Some(RawFrame::Close(code)) => Some(*code),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_of_the_protocol_is_closed_with_its_code() {
    let world = World::start().await;
    let ping = br#"{"type":"ack","cursor":0}"#;
    let long = vec![b' '; MAX_FRAME_BYTES + 1];
    let fragments = [
        encode_frame(TEXT, &long[1..], true),
        encode_frame(FINAL, b"}", true),
    ];
    for (violation, bytes, code) in [
        ("no mask", encode_frame(FINAL | TEXT, ping, false), 1002),
        (
            "a reserved bit",
            encode_frame(FINAL | 0x40 | TEXT, ping, true),
            1002,
        ),
        (
            "an unknown opcode",
            encode_frame(FINAL | 0x3, ping, true),
            1002,
        ),
        (
            "a fragment of nothing",
            encode_frame(FINAL, ping, true),
            1002,
        ),
        ("a long ping", encode_frame(FINAL | 0x9, &long, true), 1009),
        (
            "a fragmented close",
            encode_frame(CLOSE, &[3, 232], true),
            1002,
        ),
        (
            "no UTF-8",
            encode_frame(FINAL | TEXT, b"\"\xff\"", true),
            1007,
        ),
        (
            "a surrogate",
            encode_frame(FINAL | TEXT, b"\"\xed\xa0\x80\"", true),
            1007,
        ),
        ("a long text", encode_frame(FINAL | TEXT, &long, true), 1009),
        ("long fragments", fragments.concat(), 1009),
        (
            "a binary frame",
            encode_frame(FINAL | 0x2, ping, true),
            1008,
        ),
        ("no JSON", encode_frame(FINAL | TEXT, b"{", true), 1008),
    ] {
        let mut socket = open(&world, "ann").await;
        socket.send_bytes(&bytes).await.expect("the server reads");
        let frames = socket.read_to_end().await;
        assert_eq!(close_code(&frames), Some(code), "{violation}: {frames:?}");
    }
    world.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_frame_is_accepted() {
    let world = World::start().await;
    let mut socket = open(&world, "ann").await;
    let request = json!({ "type": "watch", "users": [] }).to_string();
    let padding = " ".repeat(MAX_FRAME_BYTES - request.len());
    let padded = request + &padding;
    socket.send_text(&padded).await.expect("the server reads");
    let goodbye = 1000_u16.to_be_bytes();
    let sent = socket.send_frame(FINAL | CLOSE, &goodbye).await;
    sent.expect("the server reads");
    assert_eq!(close_code(&socket.read_to_end().await), Some(1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_close_of_a_client_is_answered() {
    let world = World::start().await;
    for (payload, answer) in [
        (&1000_u16.to_be_bytes()[..], 1000),
        (&[], 1005),
        // 1005 must not be sent.
        (&1005_u16.to_be_bytes()[..], 1002),
    ] {
        let mut socket = open(&world, "ann").await;
        let sent = socket.send_frame(FINAL | CLOSE, payload).await;
        sent.expect("the server reads");
        let frames = socket.read_to_end().await;
        assert_eq!(close_code(&frames), Some(answer), "{payload:?}: {frames:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_frames_are_closed_with_a_problem() {
    let world = World::start().await;
    let ack = r#"{"type":"ack","cursor":0}"#;
    let ack = encode_frame(FINAL | TEXT, ack.as_bytes(), true);
    let ping = encode_frame(FINAL | 0x9, b"", true);
    for (user, frame) in [("ann", ack), ("bob", ping)] {
        let mut socket = open(&world, user).await;
        // A burst is allowed,
        let burst = frame.repeat(90);
        socket.send_bytes(&burst).await.expect("the server reads");
        // a flood is not.
        let _ = socket.send_bytes(&frame.repeat(1_000)).await;
        let mut frames = socket.read_to_end().await;
        assert_eq!(close_code(&frames), Some(1008), "{frames:?}");
        frames.retain(|frame| matches!(frame, RawFrame::Text(_)));
        let Some(RawFrame::Text(problem)) = frames.last() else {
            panic!("no problem frame");
        };
        assert_eq!(problem["type"], "problem", "{problem}");
        assert_eq!(problem["code"], "too_many_frames", "{problem}");
        assert_eq!(problem["status"], 429, "{problem}");
        assert_eq!(problem["retry_after"], 5, "{problem}");
        // Connecting again at once does not help.
        let token = token::for_user(user);
        let again = RawSocket::try_open(&world.address(), &token, "").await;
        assert_eq!(again.err(), Some(429), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_over_a_connection_without_a_device_is_refused_and_the_connection_goes_on() {
    let world = World::start().await;
    let created = world.user("ann").create_group("c", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    // Given a connection that names no device,
    let opened = LiveSocket::open(&world.address(), &token::for_user("ann"), "after=0").await;
    let mut live = opened.expect("open");
    live.wait_until_caught_up().await;
    // when it acknowledges, then the answer says that nothing was recorded,
    live.ack(created.position()).await;
    let refused = live.next_frame().await;
    assert_eq!(refused["type"], "refused", "{refused}");
    assert_eq!(refused["frame"], "ack", "{refused}");
    assert_eq!(refused["code"], "device_missing", "{refused}");
    assert_eq!(refused["status"], 422, "{refused}");
    // and entries go on.
    let sent = world.user("bob").send("c", "1", "hello").await.position();
    live.wait_for_position(sent).await;
    // With a device, there is no answer: the next frame is that of the next request.
    let query = "after=0&device=phone";
    let opened = LiveSocket::open(&world.address(), &token::for_user("ann"), query).await;
    let mut phone = opened.expect("open");
    phone.wait_until_caught_up().await;
    phone.ack(sent).await;
    phone.send(r#"{"type":"watch","users":["bob"]}"#).await;
    assert_eq!(phone.next_frame().await["type"], "presence");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_parsed_is_explained_in_the_words_of_json() {
    let world = World::start().await;
    for (frame, message) in [
        (
            r#"{"type":"dance"}"#,
            "unknown value \"dance\"; expected one of ack, typing, typing_stopped, token, watch",
        ),
        (r#"{"type":"watch"}"#, "users: required, but missing"),
        (
            r#"{"type":"watch","users":"bob"}"#,
            "expected an array, found the string \"bob\"",
        ),
        ("{", "the JSON ends within an object at line 1 column 1"),
    ] {
        let mut socket = open(&world, "ann").await;
        socket.send_text(frame).await.expect("the server reads");
        let frames = socket.read_to_end().await;
        let problem = frames.iter().find_map(|frame| match frame {
            RawFrame::Text(text) if text["type"] == "problem" => Some(text),
            _ => None,
        });
        let problem = problem.unwrap_or_else(|| panic!("no problem in {frames:?}"));
        assert_eq!(problem["errors"][0]["message"], message, "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_frames_is_allowed() {
    let world = World::start().await;
    let mut socket = open(&world, "ann").await;
    let frame = r#"{"type":"ack","cursor":0}"#;
    for _ in 0..90 {
        socket.send_text(frame).await.expect("the server reads");
    }
    let goodbye = 1000_u16.to_be_bytes();
    let sent = socket.send_frame(FINAL | CLOSE, &goodbye).await;
    sent.expect("the server reads");
    assert_eq!(close_code(&socket.read_to_end().await), Some(1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_delivered_once_in_three_seconds_user_and_conversation() {
    const FLOOD: usize = 60;
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let created = ann.create_group("d", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let open = async |user: &str| {
        let opened = LiveSocket::open(&world.address(), &token::for_user(user), "").await;
        let mut live = opened.expect("open");
        live.wait_until_caught_up().await;
        live
    };
    let (mut typist, mut recipient) = (open("ann").await, open("bob").await);
    let mut other_device = open("ann").await;
    let typing = |conversation: &str| {
        json!({ "type": "typing", "conversation_id": conversation }).to_string()
    };
    for _ in 0..FLOOD / 2 {
        typist.send(&typing("c")).await;
        other_device.send(&typing("c")).await;
        typist.send(&typing("d")).await;
    }
    let first = [recipient.next_frame().await, recipient.next_frame().await];
    let began = Instant::now();
    let mut conversations = first.map(|frame| frame["conversation_id"].to_string());
    // Two connections type at the same time, so either conversation can be first.
    conversations.sort();
    assert_eq!(conversations, [r#""c""#, r#""d""#]);
    // Typing goes on, below the limit on frames: the next frame comes when 3 s have passed.
    let next = loop {
        typist.send(&typing("c")).await;
        let wait = Duration::from_millis(100);
        if let Ok(event) = tokio::time::timeout(wait, recipient.next_event()).await {
            break event;
        }
    };
    let SocketEvent::Frame(next) = next else {
        panic!("{next:?}");
    };
    assert_eq!(next["conversation_id"], "c", "{next}");
    let elapsed = began.elapsed();
    assert!(elapsed > Duration::from_millis(2_500), "after {elapsed:?}");
    assert!(elapsed < Duration::from_secs(20), "after {elapsed:?}");
}
