//! Cleared conversations, restored messages and pins, in the reference model and in answers.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use crate::model::FixtureEvent;

impl FixtureLog {
    /// Removes the messages up to a seq from the view of one user.
    pub fn clear(&mut self, name: &str, user: &str, up_to: i64) {
        let position = self.next_position();
        let number = self.user_id(user);
        let room = self.room_mut(name);
        let member = room.members.get_mut(&number).unwrap();
        member.cleared_seq = member.cleared_seq.max(up_to);
        room.events.push(FixtureEvent {
            position,
            kind: "conversation_cleared",
            subject: Some(number),
            seq: None,
            data: Some(json!({ "up_to": up_to }).to_string()),
            fanned: true,
            only: Some(number),
        });
    }

    /// Restores a message, as if it had been recalled.
    pub fn restore(&mut self, name: &str, seq: i64) {
        let position = self.next_position();
        let message = self.message(name, seq);
        message.recalled = false;
        let data = json!({"seq": seq, "by": "ana"}).to_string();
        let (kind, seq) = ("message_restored", Some(seq));
        self.record_event(name, position, kind, None, seq, Some(data), 0);
    }
}

async fn pin(fixture: &QueryFixture, seq: i64, position: i64, unpinned_at: Option<i64>) {
    sqlx::query("INSERT INTO read.pins VALUES (1, $1, $2, $3)")
        .bind(seq)
        .bind(position)
        .bind(unpinned_at)
        .execute(&fixture.admin_pool)
        .await
        .unwrap();
}

fn seqs(page: &Value) -> Vec<i64> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn pins_are_listed_newest_first_without_those_that_the_caller_cannot_see() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    for text in ["one", "two", "three", "four"] {
        log.send_text("room", "ana", text);
    }
    log.clear("room", "bob", 2);
    let fixture = QueryFixture::new(&log).await;
    for (seq, position, unpinned_at) in [(3, 10, None), (1, 11, None), (4, 12, Some(13))] {
        pin(&fixture, seq, position, unpinned_at).await;
    }
    pin(&fixture, 2, 14, None).await;

    let path = "/v1/conversations/room/pins";
    let all = fixture.get("ana", path).await.expect_ok();
    assert_eq!((seqs(&all), &all["next"]), (vec![2, 1, 3], &Value::Null));
    let message = fixture
        .get("ana", "/v1/conversations/room/messages/2")
        .await;
    assert_eq!(all["messages"][0], message.expect_ok());
    assert_eq!(seqs(&fixture.get("bob", path).await.expect_ok()), [3]);

    let first = fixture.get("ana", &format!("{path}?limit=2")).await;
    let first = first.expect_ok();
    assert_eq!(seqs(&first), [2, 1]);
    let next = first["next"].as_str().unwrap();
    let rest = fixture
        .get("ana", &format!("{path}?limit=2&after={next}"))
        .await;
    let rest = rest.expect_ok();
    assert_eq!((seqs(&rest), &rest["next"]), (vec![3], &Value::Null));
}

#[tokio::test]
async fn a_cleared_message_does_not_exist_for_the_user_who_cleared_it() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    let mentioned = json!({ "text": "hi bob" }).to_string();
    for _ in 0..3 {
        log.send("room", "ana", "text", &mentioned, &["bob"]);
    }
    log.react("room", 1, "ana", "heart");
    log.clear("room", "bob", 2);
    let fixture = QueryFixture::new(&log).await;

    for route in ["", "/history", "/receipts", "/reactions/heart"] {
        let path = |seq: i64| format!("/v1/conversations/room/messages/{seq}{route}");
        for seq in [1, 2] {
            let hidden = fixture.get("bob", &path(seq)).await;
            let unknown = fixture.get("bob", &path(9)).await;
            hidden.expect_problem(404, "not_found");
            unknown.expect_problem(404, "not_found");
            assert_eq!(fixture.get("ana", &path(seq)).await.status, 200, "{route}");
        }
        assert_eq!(fixture.get("bob", &path(3)).await.status, 200, "{route}");
    }
    let around = "/v1/conversations/room/messages?around=1";
    let around = fixture.get("bob", around).await;
    around.expect_problem(404, "not_found");
    for query in ["", "?after=0", "?around=3", "?before=3"] {
        let path = format!("/v1/conversations/room/messages{query}");
        let page = fixture.get("bob", &path).await.expect_ok();
        assert!(seqs(&page).iter().all(|seq| *seq == 3), "{path}: {page}");
    }
    let inbox = fixture.get("bob", "/v1/inbox").await.expect_ok();
    let row = &inbox["conversations"][0];
    assert_eq!((&row["unread"], &row["mentions"]), (&json!(1), &json!(1)));
    let explained = fixture.get("bob", "/v1/inbox/unread/room/explain").await;
    let explained = explained.expect_ok();
    assert_eq!(explained["counted"], json!([3]));
    let excluded = [1, 2].map(|seq| json!({ "seq": seq, "why": "cleared" }));
    assert_eq!(explained["excluded"], json!(excluded));
}

#[tokio::test]
async fn the_inbox_has_no_preview_of_what_is_cleared() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "since_join", &["ana", "bob"]);
    log.send_text("room", "ana", "one");
    log.clear("room", "bob", 1);
    let fixture = QueryFixture::new(&log).await;
    let inbox = fixture.get("bob", "/v1/inbox").await.expect_ok();
    assert_eq!(inbox["conversations"][0]["last_message"], Value::Null);
    assert_eq!(inbox["total_unread"], 0);
    let inbox = fixture.get("ana", "/v1/inbox").await.expect_ok();
    assert_eq!(inbox["conversations"][0]["last_message"]["preview"], "one");
}
