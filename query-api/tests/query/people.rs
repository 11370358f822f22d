//! The search of people stays quick when there are many.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

/// How long a search may take at most: far less than a look at every user takes.
const MAX_TIME: Duration = Duration::from_millis(500);

/// Adds 100,000 users, `p1` and so on, whose names begin with one of 26 letters, and a group with
/// every second one and `zoe`.
const MANY: &str = "
    INSERT INTO read.users (id, name, sequence) SELECT 1000 + n, 'p' || n, 0 FROM generate_series(1, 100000) n;
    INSERT INTO read.profiles (user_id, sequence, display_name)
    SELECT 1000 + n, 1, chr(97 + n % 26) || ' person ' || n FROM generate_series(1, 100000) n;
    INSERT INTO read.name_keys (user_id, key)
    SELECT 1000 + n, k.key FROM generate_series(1, 100000) n
    CROSS JOIN LATERAL (VALUES ('p' || n), (chr(97 + n % 26) || ' person ' || n), ('person ' || n), (n::text))
        AS k(key);
    INSERT INTO read.conversations (id, name, kind, history, created_at, member_count, head_seq, countable, activity,
        unfanned, head_position, joins, sequence)
    SELECT 1000, 'huge', 'group', 'all', now(), 50001, 0, 0, 1, 0, 1, 0, 1;
    INSERT INTO read.members (conversation, user_id, present, role, joined_at, joined_order, joined_seq, read_seq,
        read_high, own_seq, muted, pinned, archived)
    SELECT 1000, u, true, 'member', now(), u, 0, 0, 0, 0, false, false, false
    FROM (SELECT 1000 + 2 * n AS u FROM generate_series(1, 50000) n
          UNION ALL SELECT id FROM read.users WHERE name = 'zoe') m;
    ANALYZE";

/// A page of a search, and how long it took at best.
async fn search(fixture: &QueryFixture, user: &str, query: &str) -> (Vec<String>, Duration) {
    let mut best = Duration::MAX;
    let mut users = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        let page = fixture
            .get(user, &format!("/v1/users?{query}"))
            .await
            .expect_ok();
        best = best.min(began.elapsed());
        let id = |user: &Value| user["id"].as_str().unwrap().to_owned();
        users = page["users"].as_array().unwrap().iter().map(id).collect();
    }
    (users, best)
}

#[tokio::test]
async fn a_search_among_100_000_users_is_quick_for_who_sees_many_and_for_who_sees_few() {
    let mut log = FixtureLog::new(10);
    log.create_group("small", "all", &["ana", "bob"]);
    log.create_group("other", "all", &["zoe"]);
    let fixture = QueryFixture::new(&log).await;
    sqlx::raw_sql(MANY)
        .execute(&fixture.admin_pool)
        .await
        .unwrap();
    for query in [
        "q=p",
        "q=person",
        "q=a",
        "q=9",
        "q=person%209999",
        "q=nobody",
    ] {
        let (found, time) = search(&fixture, "zoe", &format!("{query}&limit=200")).await;
        assert!(time < MAX_TIME, "{query}: {time:?}");
        let is_even = |id: &String| id[1..].parse::<u32>().is_ok_and(|n| n % 2 == 0);
        assert!(
            found.iter().all(is_even),
            "{query}: only members of the group"
        );
        assert_eq!(found.is_empty(), query == "q=nobody", "{query}");
        let (found, time) = search(&fixture, "ana", query).await;
        assert!(time < MAX_TIME, "{query}: {time:?}");
        assert_eq!(
            found, [""; 0],
            "{query}: ana shares no conversation with them"
        );
    }
    // The fixture has no keys of its own users: a user without keys is found by nobody.
    let (found, _) = search(&fixture, "ana", "q=b").await;
    assert_eq!(found, [""; 0]);
}
