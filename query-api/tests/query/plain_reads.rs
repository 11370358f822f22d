//! The small statements for plain cases and the statements for all cases give the same answers,
//! byte for byte, over random logs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::Value;

use crate::dice::SeededDice;
use crate::fixture::{QueryFixture, send_request, token};
use crate::fixture_log::FixtureLog;

/// Positions after which each user syncs in each log.
const SYNCS: usize = 12;

/// The queries that have small statements.
const QUERIES: [&str; 4] = ["entries", "unread", "inbox", "history"];

/// Counts the answers by the query and the statement.
#[derive(Default)]
struct AnswerCounts([[Arc<AtomicU64>; 2]; QUERIES.len()]);

impl AnswerCounts {
    fn of(&self, query: usize) -> [u64; 2] {
        [0, 1].map(|statement| self.0[query][statement].load(Ordering::Relaxed))
    }
}

impl Recorder for AnswerCounts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() != "tidings_plain_reads_total" {
            return Counter::noop();
        }
        let label = |name: &str| key.labels().find(|label| label.key() == name).unwrap();
        let query = label("query").value();
        let query = QUERIES.iter().position(|known| *known == query).unwrap();
        let statement = usize::from(label("answer").value() == "general");
        Counter::from_arc(self.0[query][statement].clone())
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Compares the answers of both; returns the answer.
async fn compare(fixture: &QueryFixture, user: &str, path: &str) -> Value {
    let authorization = format!("Bearer {}", token(user, ""));
    let plain = send_request(&fixture.router, Some(&authorization), path).await;
    let general = send_request(&fixture.general_router, Some(&authorization), path).await;
    assert_eq!(plain.status, general.status, "{user} {path}");
    if plain.status == 200 {
        assert_eq!(plain.position(), general.position(), "{user} {path}");
    }
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(text(&plain.body), text(&general.body), "{user} {path}");
    plain.json()
}

async fn compare_feeds(fixture: &QueryFixture, user: &str, head: i64, dice: &mut SeededDice) {
    let head = u64::try_from(head).unwrap();
    let mut cursors = vec![0, head, head - 1, head + 1];
    cursors.extend((0..SYNCS).map(|_| dice.roll(head)));
    // Most feeds have something special in them, but few of the newest entries.
    cursors.extend((0..SYNCS).map(|_| head - dice.roll(20)));
    for after in cursors {
        let limit = dice.pick(&[1, 2, 7, 20, 63, 64, 200]);
        let form = dice.pick(&["", "&reactions=summary"]);
        let path = format!("/v1/inbox/entries?after={after}&limit={limit}{form}");
        compare(fixture, user, &path).await;
    }
}

async fn compare_inboxes(fixture: &QueryFixture, user: &str) {
    for path in ["/v1/inbox/unread", "/v1/inbox/unread?all=true"] {
        compare(fixture, user, path).await;
    }
    for base in [
        "/v1/inbox?limit=50",
        "/v1/inbox?limit=1",
        "/v1/inbox?archived=true",
        "/v1/inbox?ids=r0,r1,r3",
    ] {
        let mut path = base.to_owned();
        loop {
            let page = compare(fixture, user, &path).await;
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("{base}&after={next}");
        }
    }
}

async fn compare_histories(
    fixture: &QueryFixture,
    user: &str,
    log: &FixtureLog,
    dice: &mut SeededDice,
) {
    for room in &log.rooms {
        let base = format!("/v1/conversations/{}/messages", room.name);
        let head = u64::try_from(room.head_seq()).unwrap();
        compare(fixture, user, &base).await;
        compare(fixture, user, &format!("{base}?after=0")).await;
        for _ in 0..SYNCS {
            let (limit, before) = (dice.pick(&[1, 3, 10, 50, 200]), 1 + dice.roll(head + 2));
            let form = dice.pick(&["", "&reactions=summary"]);
            let path = format!("{base}?limit={limit}&before={before}{form}");
            compare(fixture, user, &path).await;
        }
    }
}

/// Makes some messages replies in threads, which the log does not know.
async fn begin_threads(fixture: &QueryFixture) {
    let begin = "UPDATE read.messages SET thread = seq - 2, reply_to = seq - 2
                 WHERE conversation IN (1, 2) AND seq IN (3, 9)";
    sqlx::query(begin)
        .execute(&fixture.admin_pool)
        .await
        .unwrap();
}

async fn compare_all(seed: u64, threshold: i64, steps: usize) {
    let log = FixtureLog::random(seed, threshold, steps);
    let fixture = QueryFixture::new(&log).await;
    begin_threads(&fixture).await;
    let mut dice = SeededDice::new(seed);
    for user in log.users.iter().map(String::as_str).chain(["nobody"]) {
        compare_feeds(&fixture, user, log.position, &mut dice).await;
        compare_inboxes(&fixture, user).await;
        compare_histories(&fixture, user, &log, &mut dice).await;
    }
}

#[tokio::test]
async fn small_statements_answer_like_those_for_all_cases() {
    let counts = AnswerCounts::default();
    let _recording = metrics::set_default_local_recorder(&counts);
    for seed in 1..=2 {
        // Everything fanned out, a mixture, and nothing; and a young log, in which most is plain.
        for (threshold, steps) in [(100, 250), (3, 250), (0, 120), (100, 25)] {
            compare_all(seed, threshold, steps).await;
        }
    }
    for (index, query) in QUERIES.iter().enumerate() {
        let [plain, general] = counts.of(index);
        // Few unread counts are not plain.
        assert!(plain > 50 && general > 5, "{query}: {plain}, {general}");
    }
}
