//! Tests of malformed parameters.

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;

async fn fixture() -> QueryFixture {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.create_group("second", "all", &["ana", "bob"]);
    for _ in 0..3 {
        log.send_text("room", "ana", "hello");
    }
    QueryFixture::new(&log).await
}

#[tokio::test]
async fn limits_have_a_range() {
    let fixture = fixture().await;
    for (route, max) in [
        ("/v1/inbox", 200),
        ("/v1/inbox/entries", 1_000),
        ("/v1/conversations/room/messages", 200),
        ("/v1/conversations/room/members", 1_000),
        ("/v1/outbox", 200),
    ] {
        fixture
            .get("ana", &format!("{route}?limit={max}"))
            .await
            .expect_ok();
        fixture
            .get("ana", &format!("{route}?limit=1"))
            .await
            .expect_ok();
        for bad in ["0", "-1", "x", "", "1.5", "%2B5", &(max + 1).to_string()] {
            let answer = fixture.get("ana", &format!("{route}?limit={bad}")).await;
            let problem = answer.expect_problem(400, "malformed");
            assert_eq!(problem["errors"][0]["field"], "limit", "{route} {bad}");
        }
    }
    assert_eq!(
        fixture.get_as_admin("/v1/events?limit=10000").await.status,
        200
    );
    for bad in ["0", "10001", "x"] {
        fixture
            .get_as_admin(&format!("/v1/events?limit={bad}"))
            .await
            .expect_problem(400, "malformed");
    }
}

#[tokio::test]
async fn seqs_in_paths_must_be_positive_integers() {
    let fixture = fixture().await;
    for path in ["", "/history", "/receipts", "/reactions/heart"] {
        for bad in ["0", "-1", "x", "1.5", "%2B1", "00"] {
            let route = format!("/v1/conversations/room/messages/{bad}{path}");
            fixture
                .get("ana", &route)
                .await
                .expect_problem(400, "malformed");
        }
        for missing in ["4", "9223372036854775807", "9223372036854775808"] {
            let route = format!("/v1/conversations/room/messages/{missing}{path}");
            fixture
                .get("ana", &route)
                .await
                .expect_problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn bounds_of_messages_exclude_each_other() {
    let fixture = fixture().await;
    for query in [
        "before=2&after=1",
        "before=2&around=1",
        "after=2&around=1",
        "before=3&after=1&around=2",
        "before=0",
        "before=-1",
        "before=x",
        "before=",
        "after=-1",
        "after=x",
        "around=0",
        "around=-1",
        "around=x",
        "limit=1&limit=2",
    ] {
        let route = format!("/v1/conversations/room/messages?{query}");
        fixture
            .get("ana", &route)
            .await
            .expect_problem(400, "malformed");
    }
}

#[tokio::test]
async fn foreign_and_modified_cursors_are_rejected() {
    let fixture = fixture().await;
    let next = async |route: &str| {
        let page = fixture.get("ana", route).await.expect_ok();
        page["next"]
            .as_str()
            .expect("there is another page")
            .to_owned()
    };
    let inbox = next("/v1/inbox?limit=1").await;
    let members = next("/v1/conversations/room/members?limit=1").await;
    let outbox = next("/v1/outbox?limit=1").await;
    let truncated = &inbox[..inbox.len() - 1];
    for (route, cursor) in [
        ("/v1/inbox?after=", "abc"),
        ("/v1/inbox?after=", "%00"),
        ("/v1/inbox?after=", truncated),
        ("/v1/inbox?after=", &outbox),
        ("/v1/inbox?archived=true&after=", &inbox),
        ("/v1/outbox?before=", &inbox),
        ("/v1/outbox?before=", "1"),
        ("/v1/conversations/room/members?after=", "1"),
        ("/v1/conversations/second/members?after=", &members),
    ] {
        fixture
            .get("ana", &format!("{route}{cursor}"))
            .await
            .expect_problem(400, "malformed");
    }
    fixture
        .get("bob", &format!("/v1/inbox?after={inbox}"))
        .await
        .expect_problem(400, "malformed");
    fixture
        .get("ana", &format!("/v1/inbox?after={inbox}"))
        .await
        .expect_ok();
}

#[tokio::test]
async fn other_malformed_parameters_are_rejected() {
    let fixture = fixture().await;
    for route in [
        "/v1/inbox?archived=yes",
        "/v1/inbox?archived=1",
        "/v1/inbox/entries?after=-1",
        "/v1/inbox/entries?after=x",
        "/v1/inbox/entries?after=9223372036854775808",
        "/v1/inbox/entries?device=%00",
        "/v1/inbox/entries?device=%0A",
        "/v1/inbox/entries?device=%ff",
    ] {
        fixture
            .get("ana", route)
            .await
            .expect_problem(400, "malformed");
    }
    fixture
        .get(
            "ana",
            &format!("/v1/inbox/entries?device={}", "x".repeat(129)),
        )
        .await
        .expect_problem(400, "malformed");
    for query in [
        "after=-1",
        "after=x",
        "type=Message",
        "type=a,,b",
        "source=room",
        "source=/users/ana",
        "since=yesterday",
        "until=2026",
        "follow=maybe",
        "type=never_heard_of",
    ] {
        fixture
            .get_as_admin(&format!("/v1/events?{query}"))
            .await
            .expect_problem(400, "malformed");
    }
    for query_without_events in [
        "type=",
        "source=",
        "since=&until=",
        "source=/conversations/none",
    ] {
        let answer = fixture
            .get_as_admin(&format!("/v1/events?{query_without_events}"))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_slice()),
            (200, &b""[..]),
            "{query_without_events}"
        );
    }
    // Unknown parameters are ignored.
    fixture.get("ana", "/v1/inbox?colour=red").await.expect_ok();
}
