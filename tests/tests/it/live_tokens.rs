//! How a live connection carries its token, and what happens without a valid one.

use serde_json::{Value, json};
use tests::client::http_client;
use tests::live::{LiveSocket, SocketEvent};
use tests::token;
use tests::world::World;

async fn world_with_message() -> World {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let sent = ann.send("room", "1", "hello").await;
    world.wait_until_projected(sent.position()).await;
    world
}

/// Opens a WebSocket without the header of the token.
async fn open(world: &World, query: &str, headers: &[(&'static str, &str)]) -> LiveSocket {
    let opened = LiveSocket::open_with_headers(&world.address(), "", query, headers).await;
    opened.expect("every upgrade succeeds").0
}

async fn send_token(live: &mut LiveSocket, token: &str) {
    let frame = json!({"type": "token", "token": token});
    live.send(&frame.to_string()).await;
}

/// The code of the problem and the close code at the end of a connection. The reason of the close
/// frame, which a browser shows, is the code of the problem.
async fn read_end(live: &mut LiveSocket) -> (String, u16) {
    let mut problem = String::new();
    loop {
        match live.next_event().await {
            SocketEvent::Frame(frame) if frame["type"] == "problem" => {
                problem = frame["code"].as_str().expect("a code").to_owned();
            }
            SocketEvent::Frame(_) => {}
            SocketEvent::Closed(code) => {
                assert_eq!(
                    live.close_reason, problem,
                    "the reason of close code {code}"
                );
                return (problem, code);
            }
        }
    }
}

/// A token of bob that expires `seconds` after the leeway of 60 s.
fn token_ending_in(user: &str, seconds: i64) -> String {
    let claims = json!({"sub": user, "exp": token::unix_now() - 60 + seconds});
    token::sign(&claims, token::SECRET)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_as_a_parameter_a_subprotocol_or_a_first_frame() {
    let world = world_with_message().await;
    let bob = token::for_user("bob");
    let mut parameter = open(&world, &format!("after=0&access_token={bob}"), &[]).await;
    let offer = format!("tidings.v1, bearer.{bob}");
    let offered = [("sec-websocket-protocol", offer.as_str())];
    let opened = LiveSocket::open_with_headers(&world.address(), "", "after=0", &offered).await;
    let (mut subprotocol, answer) = opened.expect("the upgrade succeeds");
    assert_eq!(answer["sec-websocket-protocol"], "tidings.v1");
    let mut frame = open(&world, "after=0", &[]).await;
    send_token(&mut frame, &bob).await;
    for live in [&mut parameter, &mut subprotocol, &mut frame] {
        live.wait_until_caught_up().await;
        assert_eq!(live.entries.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_refused_token_closes_with_4401_after_the_upgrade() {
    let world = world_with_message().await;
    let expired = token_ending_in("bob", -60);
    for (token, code) in [
        (expired.as_str(), "token_expired"),
        ("nonsense", "token_invalid"),
    ] {
        let offer = format!("tidings.v1, bearer.{token}");
        let mut offered = open(&world, "", &[("sec-websocket-protocol", &offer)]).await;
        let mut parameter = open(&world, &format!("access_token={token}"), &[]).await;
        let mut frame = open(&world, "", &[]).await;
        send_token(&mut frame, token).await;
        for live in [&mut offered, &mut parameter, &mut frame] {
            assert_eq!(read_end(live).await, (code.to_owned(), 4401));
        }
    }
    // Another first frame, and none within 5 s.
    let missing = ("token_missing".to_owned(), 4401);
    let mut other = open(&world, "", &[]).await;
    other.send(r#"{"type":"ack","cursor":1}"#).await;
    assert_eq!(read_end(&mut other).await, missing);
    let mut silent = open(&world, "", &[]).await;
    assert_eq!(read_end(&mut silent).await, missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_token_of_the_same_user_continues_the_connection() {
    let world = world_with_message().await;
    // Given a connection whose token ends in 3 s,
    let began = token::unix_now();
    let opened = LiveSocket::open(&world.address(), &token_ending_in("bob", 3), "after=0").await;
    let mut live = opened.expect("the token is still valid");
    live.wait_until_caught_up().await;
    // when the client sends a token that ends in 6 s, the server confirms it,
    send_token(&mut live, &token_ending_in("bob", 6)).await;
    let renewed = live.next_frame().await;
    assert_eq!(renewed["type"], "token_renewed");
    let expires_at = renewed["expires_at"].as_str().expect("a time");
    assert!(expires_at.ends_with(".000Z"), "{expires_at}");
    // and the connection ends with the new token and not with the old one.
    assert_eq!(live.wait_for_close().await, 4401);
    let lasted = token::unix_now() - began;
    assert!(lasted >= 5, "it lasted {lasted} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_user_ends_the_connection() {
    let world = world_with_message().await;
    let mut live = open(&world, "after=0", &[]).await;
    send_token(&mut live, &token::for_user("bob")).await;
    live.wait_until_caught_up().await;
    send_token(&mut live, &token::for_user("ann")).await;
    assert_eq!(
        read_end(&mut live).await,
        ("token_invalid".to_owned(), 4401)
    );
}

/// A browser's `EventSource` sends no headers of its own.
#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_take_the_token_as_a_parameter() {
    let world = world_with_message().await;
    let url = |token: &str| format!("http://{}/v1/live?access_token={token}", world.address());
    let get = async |token: &str| {
        let request = http_client().get(url(token));
        let answer = request.header("accept", "text/event-stream").send().await;
        answer.expect("an answer")
    };
    assert_eq!(get(&token::for_user("bob")).await.status(), 200);
    let refused = get(&token_ending_in("bob", -60)).await;
    assert_eq!(refused.status(), 401);
    let problem: Value = refused.json().await.expect("a problem");
    assert_eq!(problem["code"], "token_expired");
    // Elsewhere, tokens do not belong into a query string.
    let bob = token::for_user("bob");
    let inbox = format!("http://{}/v1/inbox?access_token={bob}", world.address());
    let answer = http_client().get(inbox).send().await.expect("an answer");
    assert!(answer.status().is_client_error(), "{answer:?}");
}
