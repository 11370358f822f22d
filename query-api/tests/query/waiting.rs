//! Tests of reading your own writes.

use std::time::{Duration, Instant};

use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use query_api::consistency::read_history::ReadHistory;
use query_api::consistency::watermark::{self, Watermark, WatermarkTracker};
use read_model::projection_signal::projected_subject;
use tokio_util::sync::CancellationToken;

use crate::fixture::{QueryFixture, WAIT_TIMEOUT, edge_router, send_request, start_queries, token};
use crate::fixture_log::FixtureLog;
use crate::insert::set_checkpoint;

fn small_log() -> FixtureLog {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.send_text("room", "ana", "hello");
    log
}

/// Every query of the read model.
const ROUTES: [&str; 12] = [
    "/v1/inbox?x=1",
    "/v1/inbox/unread?x=1",
    "/v1/inbox/unread/room/explain?x=1",
    "/v1/inbox/entries?x=1",
    "/v1/conversations/room?x=1",
    "/v1/conversations/room/members?x=1",
    "/v1/conversations/room/messages?x=1",
    "/v1/conversations/room/messages/1?x=1",
    "/v1/conversations/room/messages/1/history?x=1",
    "/v1/outbox?x=1",
    "/v1/blocks?x=1",
    "/v1/presence?users=bob",
];

#[tokio::test]
async fn every_query_returns_its_position_and_accepts_one_that_is_reached() {
    let fixture = QueryFixture::new(&small_log()).await;
    for route in ROUTES {
        for least in ["0", "1", "2", ""] {
            let answer = fixture
                .get("ana", &format!("{route}&min_position={least}"))
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.position()),
                (200, 2),
                "{route}"
            );
        }
        for bad in ["-1", "one", "1.5", "9223372036854775808"] {
            let answer = fixture
                .get("ana", &format!("{route}&min_position={bad}"))
                .await;
            assert_eq!(
                answer.expect_problem(400, "malformed")["errors"][0]["field"],
                "min_position",
                "{route}"
            );
        }
    }
}

#[tokio::test]
async fn a_404_without_a_position_says_how_to_wait_and_reveals_nothing() {
    let fixture = QueryFixture::new(&small_log()).await;
    for path in ["", "/members", "/messages", "/messages/1"] {
        let get = async |user: &str, id: &str, query: &str| {
            let route = format!("/v1/conversations/{id}{path}{query}");
            let answer = fixture.get(user, &route).await;
            let problem = answer.expect_problem(404, "not_found");
            problem["detail"].as_str().unwrap().to_owned()
        };
        // The text is the same for every caller, whether or not the conversation exists.
        let unknown = get("ana", "nowhere", "").await;
        assert!(
            unknown.contains("repeat the query with `min_position`"),
            "{unknown}"
        );
        assert_eq!(get("eve", "room", "").await, unknown, "{path}");
        // A query that has waited for a position is not asked to.
        let waited = get("ana", "nowhere", "?min_position=2").await;
        assert!(!waited.contains("min_position"), "{waited}");
        assert_eq!(
            get("eve", "room", "?min_position=2").await,
            waited,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_position_that_is_not_reached_times_out() {
    let fixture = QueryFixture::new(&small_log()).await;
    let start = Instant::now();
    let answer = fixture.get("ana", "/v1/inbox?min_position=3").await;
    assert!(start.elapsed() >= WAIT_TIMEOUT);
    assert!(answer.headers.contains_key("retry-after"));
    answer.expect_problem(503, "projection_behind");
}

#[tokio::test]
async fn a_read_model_that_is_found_empty_answers_once_it_has_caught_up() {
    let fixture = QueryFixture::new(&small_log()).await;
    let pool = &fixture.admin_pool;
    set_checkpoint(pool, 0).await;
    let state = start_queries(pool.clone(), WAIT_TIMEOUT, fixture.shutdown.clone()).await;
    let router = edge_router(state);
    let authorization = format!("Bearer {}", token("ana", ""));
    let ask = async || {
        let answers = ROUTES.map(|route| send_request(&router, Some(&authorization), route));
        futures::future::join_all(answers).await
    };
    for position in [0, 1] {
        set_checkpoint(pool, position).await;
        for answer in ask().await {
            answer.expect_problem(503, "projection_behind");
        }
    }
    set_checkpoint(pool, 2).await;
    for answer in ask().await {
        answer.expect_ok();
    }
}

#[tokio::test]
async fn an_invalid_request_is_rejected_without_waiting() {
    let fixture = QueryFixture::new(&small_log()).await;
    let start = Instant::now();
    fixture
        .get("ana", "/v1/inbox?limit=0&min_position=99")
        .await
        .expect_problem(400, "malformed");
    fixture
        .get("ana", "/v1/conversations/room/messages/0?min_position=99")
        .await
        .expect_problem(400, "malformed");
    assert!(start.elapsed() < WAIT_TIMEOUT);
}

#[tokio::test]
async fn a_wait_ends_when_the_read_model_reaches_the_position() {
    let fixture = QueryFixture::new(&small_log()).await;
    let waits = async {
        let start = Instant::now();
        (
            fixture
                .get("ana", "/v1/conversations/room?min_position=5")
                .await,
            start.elapsed(),
        )
    };
    let projects = async {
        for position in 3..=5 {
            set_checkpoint(&fixture.admin_pool, position).await;
        }
    };
    let ((answer, took), ()) = tokio::join!(waits, projects);
    assert_eq!((answer.status.as_u16(), answer.position()), (200, 5));
    assert!(took < WAIT_TIMEOUT, "it took {took:?}");
}

#[tokio::test]
async fn a_response_is_never_older_than_min_position() {
    let fixture = QueryFixture::new(&small_log()).await;
    set_checkpoint(&fixture.admin_pool, 9).await;
    fixture
        .get("ana", "/v1/inbox?min_position=9")
        .await
        .expect_ok();
    // The read model is restored from an older copy, so the known position is wrong.
    set_checkpoint(&fixture.admin_pool, 2).await;
    fixture
        .get("ana", "/v1/inbox?min_position=9")
        .await
        .expect_problem(503, "projection_behind");
    fixture
        .get("ana", "/v1/inbox?min_position=2")
        .await
        .expect_ok();
}

#[tokio::test]
async fn many_requests_can_wait_on_one_watermark() {
    let watermark = Watermark::new(Duration::from_secs(20));
    let waiting = futures::future::join_all((1..=500).map(|position| {
        let watermark = watermark.clone();
        async move { watermark.wait_for(position).await }
    }));
    let observing = async {
        for position in (100..=500).step_by(100) {
            watermark.observe(position);
            tokio::task::yield_now().await;
        }
    };
    let (all, ()) = tokio::join!(waiting, observing);
    assert!(all.into_iter().all(|reached| reached.is_ok()));
    assert_eq!(watermark.position(), 500);
    watermark.observe(7);
    assert_eq!(watermark.position(), 500);
}

#[tokio::test]
async fn a_signal_advances_the_watermark_without_polling() {
    let url = std::env::var("TIDINGS_TEST_NATS_URL").or_else(|_| std::env::var("DEV_NATS_URL"));
    let url = url.expect("TIDINGS_TEST_NATS_URL or DEV_NATS_URL must name a nats-server");
    let nats = event_stream::nats::connect(&url).await.unwrap();
    let mirror = MirrorConfig::named(&format!("query_test_{}", std::process::id()));
    // Nothing listens on port 1, so only the signal can advance the watermark.
    let unreachable = sqlx::postgres::PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(50))
        .connect_lazy_with(crate::fixture::postgres_server().host("127.0.0.1").port(1));
    let watermark = Watermark::new(Duration::from_secs(20));
    let tracker = WatermarkTracker::new(
        watermark.clone(),
        ReadHistory::new(
            unreachable.clone(),
            LogReader::new(unreachable.clone()),
            None,
        ),
        unreachable,
        Some(&nats),
        &mirror,
        None,
    )
    .await;
    nats.flush().await.unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(watermark::run(tracker, shutdown.clone()));
    let publish = async |payload: &'static str| {
        nats.publish(projected_subject(&mirror.stream), payload.into())
            .await
            .unwrap();
        nats.flush().await.unwrap();
    };
    let waits = watermark.wait_for(42);
    let publishes = async {
        for payload in ["not a number", "41", "7", "42"] {
            publish(payload).await;
        }
    };
    let (reached, ()) = tokio::join!(waits, publishes);
    assert_eq!(reached, Ok(()));
    shutdown.cancel();
    task.await.unwrap();
}
