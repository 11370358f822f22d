//! L10 for answers: what clients that read nothing can cost, for each user and in total.

use eventually::eventually;
use futures::future::join_all;
use serde_json::json;
use tests::live::LiveSocket;
use tests::slow_reader::SlowReader;
use tests::token;
use tests::world::{Settings, World};

/// A page that is as large as a page can be.
const LARGE_PAGE: &str = "/v1/conversations/c/messages?limit=200";

/// A world in which ann, bob and cho have a history of 2.3 MB.
async fn world_with_large_messages(settings: Settings) -> World {
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob", "cho"]).await.expect(201);
    let (text, mut last) = ("x".repeat(60_000), 0);
    for n in 0..40 {
        last = ann.send("c", &n.to_string(), &text).await.position();
    }
    world.wait_until_projected(last).await;
    world
}

/// Sends this many requests of a user, whose answers are not read. Returns those that were
/// answered, with their statuses.
async fn open_readers(world: &World, user: &str, count: usize) -> Vec<(SlowReader, u16)> {
    let (address, token) = (world.address(), token::for_user(user));
    let (address, token) = (&address, &token);
    let readers = (0..count).map(|_| async move {
        let reader = SlowReader::open(address, token, LARGE_PAGE).await;
        let reader = reader.expect("the port is open");
        let status = reader.status().await;
        (reader, status)
    });
    join_all(readers).await
}

fn count_status(readers: &[(SlowReader, u16)], status: u16) -> usize {
    readers.iter().filter(|reader| reader.1 == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_a_bounded_number_of_queries_under_way() {
    let world =
        world_with_large_messages(Settings::default().with("TIDINGS_MAX_REQUESTS", 4)).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let readers = open_readers(&world, "bob", 6).await;
    assert_eq!(count_status(&readers, 200), 4);
    assert_eq!(count_status(&readers, 429), 2);
    // No other query of this user passes,
    let refused = bob.get("/v1/inbox").await;
    assert_eq!(refused.expect_problem(429), "too_many_requests");
    assert_eq!(refused.header("retry-after"), "1");
    // but commands do, and the queries of others,
    bob.send("c", "command", "text").await.expect(201);
    ann.get("/v1/inbox").await.expect(200);
    let bob_as_admin = bob.with_token(Some(token::for_admin("bob")));
    bob_as_admin.get("/v1/inbox").await.expect(200);
    // and a live connection has its own limit.
    drop(readers);
    eventually("the slots are free", async || {
        (bob.get("/v1/inbox").await.status == 200).then_some(())
    })
    .await;
    let mut live = Vec::new();
    for _ in 0..5 {
        let opened = LiveSocket::open(&world.address(), &token::for_user("bob"), "").await;
        live.push(opened.expect("a live connection is no request"));
    }
    bob.get("/v1/inbox").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_for_a_position_count() {
    let world = World::start_with(Settings::default().with("TIDINGS_MAX_REQUESTS", 2)).await;
    let ann = world.user("ann");
    let waiting = "/v1/inbox?min_position=1000000";
    let answers = join_all((0..4).map(|_| ann.get(waiting))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [429, 429, 503, 503]);
    ann.get("/v1/inbox").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_read_have_a_budget() {
    // Given a budget for one query at a time, and an answer of 1 MiB that is not read,
    let settings = Settings::default().with("TIDINGS_MAX_ANSWER_BYTES", 4 * 1024 * 1024);
    let world = world_with_large_messages(settings).await;
    let (ann, cho) = (world.user("ann"), world.user("cho"));
    let readers = open_readers(&world, "bob", 1).await;
    assert_eq!(count_status(&readers, 200), 1);
    // queries are asked to return later,
    let refused = cho.get("/v1/inbox").await;
    assert_eq!(refused.expect_problem(503), "overloaded");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=5).contains(&seconds), "{seconds}");
    let metrics = world.anonymous().get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    let reserved = metrics
        .lines()
        .find_map(|line| line.strip_prefix("tidings_answer_bytes "))
        .and_then(|value| value.parse::<f64>().ok());
    assert!(
        reserved.is_some_and(|bytes| bytes > 900_000.0),
        "{reserved:?}"
    );
    // while commands and live connections go on.
    let sent = ann.send("c", "new", "hello").await.position();
    let opened = LiveSocket::open(&world.address(), &token::for_user("cho"), "after=0").await;
    opened.expect("open").wait_for_position(sent).await;
    // When the reader is gone, its memory is free.
    drop(readers);
    eventually("the budget is free", async || {
        (cho.get("/v1/inbox").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_a_bounded_number_of_live_connections() {
    let world = World::start_with(Settings::default().with("TIDINGS_MAX_LIVE_PER_USER", 2)).await;
    let address = world.address();
    let open = async |user: &str| LiveSocket::open(&address, &token::for_user(user), "").await;
    let (first, _second) = (open("ann").await.expect("open"), open("ann").await);
    let token = token::for_user("ann");
    let refused = LiveSocket::open_with_headers(&address, &token, "", &[]).await;
    let Err(response) = refused else {
        panic!("a third connection is accepted");
    };
    assert_eq!(response.status(), 429);
    let body = response.body().as_deref().expect("a document");
    let problem: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(problem["code"], json!("too_many_live"));
    assert!(response.headers().contains_key("retry-after"));
    assert!(open("bob").await.is_ok());
    drop(first);
    eventually("the slot of the closed connection is free", async || {
        open("ann").await.ok().map(|_| ())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_read_nothing_cost_at_most_64_mib() {
    const CONNECTIONS: usize = 150;
    const MAX_KIB: u64 = 64 * 1024;
    let mut world = world_with_large_messages(Settings::default()).await;
    // The process at rest has already built such a page.
    world.user("bob").get(LARGE_PAGE).await.expect(200);
    let before = world.service().process.memory().expect("memory").resident;
    let readers = open_readers(&world, "bob", CONNECTIONS).await;
    assert!(count_status(&readers, 200) >= 16);
    // The last answers have only begun: their rows go back to the system a moment later.
    eventually("what is held is at most 64 MiB", async || {
        let after = world.service().process.memory().expect("memory").resident;
        (after.saturating_sub(before) <= MAX_KIB).then_some(())
    })
    .await;
    drop(readers);
    world.user("ann").get(LARGE_PAGE).await.expect(200);
}
