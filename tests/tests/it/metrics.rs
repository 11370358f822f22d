//! docs/operations.md: what a scrape says, and what it costs.

use std::time::Instant;

use eventually::eventually;
use tests::client::http_client;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};

/// The buckets of a series, with the one for everything.
const COMMAND_BUCKETS: usize = 12;

async fn scrape(world: &World) -> String {
    let url = format!("http://{}/metrics", world.address());
    let answer = http_client().get(url).send().await.expect("an answer");
    answer.text().await.expect("a text")
}

fn bucket_lines(text: &str) -> usize {
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with("tidings_command_seconds_bucket{"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_commands_that_were_given_have_buckets() {
    let world = World::start().await;
    assert_eq!(bucket_lines(&scrape(&world).await), 0);
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    for key in ["first", "second", "first"] {
        let sent = ann.send("room", key, key).await;
        assert!(matches!(sent.status, 200 | 201), "{sent}");
    }
    ann.send("nowhere", "key", "text").await.expect(404);
    // Created; sent, sent again, and refused.
    let text = scrape(&world).await;
    assert_eq!(bucket_lines(&text), 4 * COMMAND_BUCKETS, "{text}");
    let sent = "tidings_command_seconds_count{op=\"send\",outcome=\"done\"} 2";
    assert!(text.contains(sent), "{text}");
}

/// The value of a series in a scrape.
fn value(text: &str, series: &str) -> Option<f64> {
    let lines = text.lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(series)?.trim().parse().ok());
    values.next()
}

#[tokio::test(flavor = "multi_thread")]
async fn live_connections_are_counted_by_kind() {
    let world = World::start().await;
    let websocket = "tidings_live_connections_by_kind{kind=\"websocket\"}";
    let events = "tidings_live_connections_by_kind{kind=\"sse\"}";
    // Given two WebSockets and a stream of server-sent events,
    let (ann, bob) = (token::for_user("ann"), token::for_user("bob"));
    let first = LiveSocket::open(&world.address(), &ann, "after=0").await;
    let second = LiveSocket::open(&world.address(), &bob, "after=0").await;
    let stream = http_client()
        .get(format!("http://{}/v1/live?after=0", world.address()))
        .header("accept", "text/event-stream")
        .bearer_auth(&ann)
        .send()
        .await
        .expect("a stream");
    assert_eq!(stream.status(), 200);
    // when metrics are scraped, then they are counted.
    let counts = async |expected: (f64, f64)| {
        eventually(format!("{expected:?} connections"), async || {
            let text = scrape(&world).await;
            let found = (value(&text, websocket)?, value(&text, events)?);
            (found == expected).then_some(())
        })
        .await;
    };
    counts((2.0, 1.0)).await;
    // When they end, then they are not counted any more.
    drop(stream);
    counts((2.0, 0.0)).await;
    drop((first, second));
    counts((0.0, 0.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_of_the_seals_grows_until_the_log_is_sealed() {
    let lag = "tidings_seal_lag_seconds";
    let wait_for_lag = async |world: &World, what: &str, holds: fn(f64) -> bool| {
        eventually(format!("the lag of the seals is {what}"), async || {
            value(&scrape(world).await, lag).filter(|lag| holds(*lag))
        })
        .await
    };
    // Given a log that is sealed once an hour,
    let world = World::start_with(Settings::default().with("TIDINGS_SEAL_EVERY", "1h")).await;
    wait_for_lag(&world, "0 without events", |lag| lag == 0.0).await;
    // when an event waits for its seal, then the lag is its age,
    let began = Instant::now();
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let first = wait_for_lag(&world, "the age of the event", |lag| lag > 0.0).await;
    let age = began.elapsed().as_secs_f64();
    // The clocks differ, and times are stored in milliseconds.
    let is_age = first <= age + 1.0;
    assert!(is_age, "{first} s, but the event is {age} s old");
    // and once it is sealed, there is none.
    world.run_ok(&["log", "seal"]).await;
    wait_for_lag(&world, "0 after the seal", |lag| lag == 0.0).await;
}
