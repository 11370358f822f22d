//! What a case shows of the messages around it, and of what happened in it.

use serde_json::{Value, json};

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

const CASE: &str = "case-00000000000000000000000000000001";

/// A case about message 3 of `room`, which five users have reported.
const REPORTED: &str = r#"
    INSERT INTO read.cases (id, kind, target, conversation, seq, opened_position, opened_at, is_open, reports)
    VALUES ('case-00000000000000000000000000000001', 'report',
            '{"type":"message","conversation":"room","seq":3}', 'room', 3, 90, now(), true, 5);
    INSERT INTO read.case_acts (case_id, position, at, type, by, note, data)
    SELECT 'case-00000000000000000000000000000001', 100 + n, now(), 'report_filed', 'u' || n, 'note ' || n,
           json_build_object('reporter', 'u' || n, 'reason', 'spam')::text
    FROM generate_series(1, 1005) n"#;

/// Bob's messages 1 to 8, the sixth with U+0000. Ana, the owner, has rejoined before message 4.
async fn room(history: &'static str, texts: [&str; 8]) -> QueryFixture {
    let mut log = FixtureLog::new(10);
    log.create_group("room", history, &["ana", "bob"]);
    for (index, text) in texts.into_iter().enumerate() {
        if index == 1 {
            log.leave("room", "ana");
        }
        if index == 3 {
            log.join("room", "ana");
        }
        log.send_text("room", "bob", text);
    }
    let fixture = QueryFixture::new(&log).await;
    for statement in [
        REPORTED,
        "UPDATE read.members m SET role = 'admin' FROM read.users u WHERE u.id = m.user_id AND u.name = 'ana'",
    ] {
        let run = sqlx::raw_sql(statement).execute(&fixture.admin_pool);
        run.await.unwrap();
    }
    fixture
}

fn seqs(case: &Value) -> Vec<i64> {
    let context = case["context"].as_array().unwrap().iter();
    context
        .map(|message| message["seq"].as_i64().unwrap())
        .collect()
}

const TEXTS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

#[tokio::test]
async fn an_admin_sees_of_the_context_what_they_see_as_a_member() {
    let path = format!("/v1/moderation/cases/{CASE}");
    let fixture = room("since_join", TEXTS).await;
    let own = fixture.get("ana", &path).await.expect_ok();
    assert_eq!(seqs(&own), [1, 4, 5, 6, 7, 8]);
    assert_eq!(own["excerpt"], Value::Null);
    assert_eq!(own["target"]["user"], "bob");
    let listed = fixture
        .get("ana", "/v1/moderation/cases?conversation=room")
        .await
        .expect_ok();
    assert_eq!(listed["cases"][0]["excerpt"], Value::Null);
    let whole = fixture.get_as_admin(&path).await.expect_ok();
    assert_eq!(seqs(&whole), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(whole["excerpt"], "3");
    let fixture = room("all", TEXTS).await;
    let own = fixture.get("ana", &path).await.expect_ok();
    assert_eq!(seqs(&own), [1, 2, 3, 4, 5, 6, 7, 8]);
    fixture
        .get("bob", &path)
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_newest_acts_of_a_long_case_are_shown_in_order() {
    let fixture = room("all", TEXTS).await;
    let path = format!("/v1/moderation/cases/{CASE}");
    let case = fixture.get_as_admin(&path).await.expect_ok();
    let acts = case["acts"].as_array().unwrap();
    assert_eq!((acts.len(), &case["truncated"]), (1_000, &json!(true)));
    assert_eq!(acts[0]["reporter"], "u6");
    assert_eq!(acts[999]["note"], "note 1005");
}

#[tokio::test]
async fn a_text_that_postgres_cannot_show_has_no_excerpt() {
    let mut texts = TEXTS;
    texts[2] = "a \u{0} b";
    let fixture = room("all", texts).await;
    for path in [
        "/v1/moderation/cases".to_owned(),
        format!("/v1/moderation/cases/{CASE}"),
    ] {
        let answer = fixture.get_as_admin(&path).await.expect_ok();
        let case = answer["cases"].get(0).unwrap_or(&answer);
        assert_eq!(case["excerpt"], Value::Null, "{path}");
    }
}

#[tokio::test]
async fn an_id_that_no_case_has_is_not_found() {
    let fixture = room("all", TEXTS).await;
    for id in [
        "case-1",
        "x",
        "%00",
        "case-00000000000000000000000000000002",
    ] {
        let reply = fixture
            .get_as_admin(&format!("/v1/moderation/cases/{id}"))
            .await;
        let status = if id == "%00" { 400 } else { 404 };
        assert_eq!(reply.status.as_u16(), status, "{id}");
    }
}
