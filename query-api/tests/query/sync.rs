//! Tests of the sync feed.

use domain::history::LogCursor;
use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::time_at;

/// Returns (position, room, type) of every entry of a page.
fn kinds(page: &Value) -> Vec<(i64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = page["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| {
            (
                entry["position"].as_i64().unwrap(),
                text(&entry["conversation_id"]),
                text(&entry["type"]),
            )
        })
        .collect()
}

/// Reads all entries after a cursor, page by page, and checks the invariants of each page.
async fn read_whole_feed(
    fixture: &QueryFixture,
    user: &str,
    after: i64,
    limit: usize,
    head: i64,
) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), after);
    loop {
        let route = format!("/v1/inbox/entries?after={cursor}&limit={limit}");
        let page = fixture.get(user, &route).await.expect_ok();
        let entries = page["entries"].as_array().unwrap().clone();
        let position = |entry: &Value| entry["position"].as_i64().unwrap();
        let next = cursor_position(&page["cursor"]);
        assert!(
            entries
                .iter()
                .all(|entry| (cursor + 1..=next).contains(&position(entry)))
        );
        if entries.len() > limit {
            assert!(
                entries.iter().all(|entry| position(entry) == next),
                "a page is too long"
            );
        }
        all.extend(entries);
        if page["has_more"] == false {
            assert_eq!(
                next, head,
                "the feed ends at the position of the read model"
            );
            return all;
        }
        assert!(next > cursor, "a page makes progress");
        cursor = next;
    }
}

#[tokio::test]
async fn pages_of_any_size_add_up_to_the_feed_for_any_fan_out() {
    for seed in 1..=3 {
        let mut whole: Vec<Vec<Value>> = Vec::new();
        // Everything fanned out, nothing, and a mixture.
        for threshold in [100, 0, 3] {
            let log = FixtureLog::random(seed, threshold, 250);
            let fixture = QueryFixture::new(&log).await;
            for (index, user) in log.users.iter().enumerate() {
                let feed = log.feed(index as i64 + 1);
                for limit in [1_000, 1, 2, 7] {
                    let entries = read_whole_feed(&fixture, user, 0, limit, log.position).await;
                    assert_eq!(
                        kinds(&json!({"entries": entries})),
                        feed,
                        "seed {seed} {user} by {limit}"
                    );
                    if limit == 1_000 && threshold == 100 {
                        whole.push(entries);
                    } else {
                        assert_eq!(
                            entries, whole[index],
                            "seed {seed} {user} by {limit} of {threshold}"
                        );
                    }
                }
                let middle = log.position / 2;
                let later = read_whole_feed(&fixture, user, middle, 5, log.position).await;
                let expected = feed
                    .iter()
                    .filter(|(position, ..)| *position > middle)
                    .count();
                assert_eq!(later.len(), expected, "seed {seed} {user} from the middle");
            }
        }
    }
}

fn log_with_every_entry_type(threshold: i64) -> FixtureLog {
    let mut log = FixtureLog::new(threshold);
    log.create_group("room", "all", &["ana", "bob"]); // 1
    log.send_text("room", "ana", "one"); // 2
    log.edit("room", 1, r#"{"text":"edited"}"#); // 3
    log.send_text("room", "ana", "two"); // 4
    log.edit("room", 2, r#"{"text":"edited too"}"#); // 5
    log.recall("room", 2); // 6
    log.react("room", 1, "bob", "+1"); // 7
    log.set_read_mark("room", "bob", 2, false); // 8
    log.set_preferences("room", "bob", true, false, false); // 9
    log.ack("ana", "phone", 7, "bob"); // 10
    log
}

/// Checks the fields that every entry of the room has, and returns the others.
fn position_type_and_data(entry: &Value) -> (i64, &str, &Value) {
    let position = entry["position"].as_i64().unwrap();
    assert_eq!(
        (&entry["at"], &entry["conversation_id"]),
        (&json!(time_at(position)), &json!("room"))
    );
    assert_eq!(entry.as_object().unwrap().len(), 5);
    (position, entry["type"].as_str().unwrap(), &entry["data"])
}

#[tokio::test]
async fn entries_have_the_documented_shape() {
    for threshold in [10, 0] {
        let fixture = QueryFixture::new(&log_with_every_entry_type(threshold)).await;
        let page = fixture.get("bob", "/v1/inbox/entries").await.expect_ok();
        let data: Vec<(i64, &str, &Value)> = page["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(position_type_and_data)
            .collect();
        let message = async |seq: i64| {
            fixture
                .get("bob", &format!("/v1/conversations/room/messages/{seq}"))
                .await
                .expect_ok()
        };
        let (one, two) = (message(1).await, message(2).await);
        assert_eq!(two["body"], Value::Null);
        let created =
            json!({"id": "room", "kind": "group", "title": "Room room", "history": "all"});
        let expected = [
            (1, "conversation_created", created),
            (2, "message_sent", one),
            (
                3,
                "message_edited",
                json!({"seq": 1, "body": {"text": "edited"}, "edited_at": time_at(3), "by": "ana"}),
            ),
            (4, "message_sent", two),
            (
                5,
                "message_edited",
                json!({"seq": 2, "body": null, "edited_at": time_at(5), "by": "ana"}),
            ),
            (6, "message_recalled", json!({"seq": 2, "by": "ana"})),
            (
                7,
                "reaction_added",
                json!({"seq": 1, "key": "+1", "user": "bob"}),
            ),
            (
                8,
                "conversation_read",
                json!({"user": "bob", "read_seq": 2}),
            ),
            (
                9,
                "preferences_changed",
                json!({"muted": true, "pinned": false, "archived": false}),
            ),
            (10, "delivered", json!({"user": "ana", "position": 7})),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(position, kind, data)| (*position, *kind, data))
            .collect();
        assert_eq!(data, expected);
        assert_eq!(
            (cursor_position(&page["cursor"]), &page["has_more"]),
            (10, &json!(false))
        );
    }
}

#[tokio::test]
async fn a_former_member_receives_only_the_own_removal() {
    for threshold in [10, 0] {
        let mut log = FixtureLog::new(threshold);
        log.create_group("room", "all", &["ana", "bob"]);
        log.send_text("room", "ana", "one");
        log.leave("room", "bob"); // 3
        log.send_text("room", "ana", "two");
        let fixture = QueryFixture::new(&log).await;
        let page = fixture.get("bob", "/v1/inbox/entries").await.expect_ok();
        assert_eq!(
            kinds(&page),
            [(3, "room".to_owned(), "member_removed".to_owned())]
        );
        assert_eq!(page["entries"][0]["data"]["user"], "bob");
        let page = fixture
            .get("bob", "/v1/inbox/entries?after=3")
            .await
            .expect_ok();
        assert_eq!(
            (kinds(&page), cursor_position(&page["cursor"])),
            (vec![], 4)
        );
    }
}

#[tokio::test]
async fn a_busy_former_conversation_is_skipped() {
    let mut log = FixtureLog::new(10);
    log.create_group("left", "all", &["ana", "bob"]);
    for _ in 0..700 {
        log.send_text("left", "ana", "gone");
    }
    log.leave("left", "bob");
    log.create_group("kept", "all", &["bob"]);
    let fixture = QueryFixture::new(&log).await;
    let page = fixture
        .get("bob", "/v1/inbox/entries?limit=1")
        .await
        .expect_ok();
    assert_eq!(
        kinds(&page),
        [(702, "left".to_owned(), "member_removed".to_owned())]
    );
    let page = fixture
        .get("bob", "/v1/inbox/entries?limit=1&after=702")
        .await
        .expect_ok();
    assert_eq!(
        kinds(&page),
        [(703, "kept".to_owned(), "conversation_created".to_owned())]
    );
}

#[tokio::test]
async fn a_position_is_never_split() {
    let mut log = FixtureLog::new(10);
    for n in 0..5 {
        log.create_group(&format!("r{n}"), "all", &["ana", "bob"]);
    }
    log.ack("bob", "phone", 5, "ana"); // 6: five entries
    log.send_text("r0", "bob", "after"); // 7
    let fixture = QueryFixture::new(&log).await;
    let page = async |query: &str| {
        let page = fixture
            .get("ana", &format!("/v1/inbox/entries?{query}"))
            .await
            .expect_ok();
        let positions: Vec<i64> = kinds(&page)
            .into_iter()
            .map(|(position, ..)| position)
            .collect();
        (
            positions,
            cursor_position(&page["cursor"]),
            page["has_more"].as_bool().unwrap(),
        )
    };
    assert_eq!(page("after=3&limit=4").await, (vec![4, 5], 5, true));
    assert_eq!(page("after=5&limit=2").await, (vec![6; 5], 6, true));
    assert_eq!(page("after=5&limit=5").await, (vec![6; 5], 6, true));
    assert_eq!(
        page("after=5&limit=6").await,
        (vec![6, 6, 6, 6, 6, 7], 7, false)
    );
}

#[tokio::test]
async fn a_device_resumes_at_its_acknowledged_cursor() {
    let mut log = log_with_every_entry_type(10);
    log.ack("bob", "phone", 7, "ana");
    let fixture = QueryFixture::new(&log).await;
    let first = async |query: &str| {
        let page = fixture
            .get("bob", &format!("/v1/inbox/entries?{query}"))
            .await
            .expect_ok();
        page["entries"][0]["position"].clone()
    };
    assert_eq!(first("device=phone").await, 8);
    assert_eq!(first("device=tablet").await, 1);
    assert_eq!(first("device=phone&after=2").await, 3);
    assert_eq!(first("device=phone&after=").await, 8);
}

#[tokio::test]
async fn an_expired_cursor_is_rejected_with_the_oldest_valid_one() {
    let mut log = log_with_every_entry_type(10);
    log.floor = 5;
    let fixture = QueryFixture::new(&log).await;
    for query in ["", "?after=0", "?after=4", "?device=new"] {
        let problem = fixture
            .get("bob", &format!("/v1/inbox/entries{query}"))
            .await;
        assert_eq!(problem.position(), 10);
        assert_eq!(
            problem.expect_problem(410, "cursor_expired")["oldest"],
            5,
            "{query}"
        );
    }
    let page = fixture
        .get("bob", "/v1/inbox/entries?after=5")
        .await
        .expect_ok();
    assert_eq!(page["entries"][0]["position"], 6);
}

#[tokio::test]
async fn a_cursor_beyond_the_log_is_rejected_and_one_beyond_the_read_model_is_kept() {
    let fixture = QueryFixture::new(&log_with_every_entry_type(10)).await;
    // The log is empty and the read model is at 10, as after restoring a backup.
    fixture
        .get("bob", "/v1/inbox/entries?after=10")
        .await
        .expect_ok();
    let problem = fixture
        .get("bob", "/v1/inbox/entries?after=11")
        .await
        .expect_problem(410, "cursor_ahead");
    assert_eq!(problem["head"], 10);
    crate::events::append(&fixture, 2).await;
    let page = fixture.get("bob", "/v1/inbox/entries?after=12").await;
    assert_eq!(page.position(), 10);
    assert_eq!(empty_page(&page.expect_ok()), 12);
    fixture
        .get("bob", "/v1/inbox/entries?after=13")
        .await
        .expect_problem(410, "cursor_ahead");
}

#[tokio::test]
async fn a_stranger_has_an_empty_feed() {
    let fixture = QueryFixture::new(&log_with_every_entry_type(0)).await;
    let page = fixture
        .get("an unknown user", "/v1/inbox/entries")
        .await
        .expect_ok();
    assert_eq!(empty_page(&page), 10);
}

/// The position of the cursor of a page that must be empty and the last one.
fn empty_page(page: &Value) -> i64 {
    assert_eq!(
        (&page["entries"], &page["has_more"]),
        (&json!([]), &json!(false))
    );
    cursor_position(&page["cursor"])
}

/// The position that a cursor names.
fn cursor_position(cursor: &Value) -> i64 {
    let cursor: LogCursor = cursor.as_str().unwrap().parse().unwrap();
    cursor.position
}
