//! Parameters that cannot be read.

use crate::ledger::Ledger;
use crate::world::World;

async fn world() -> World {
    let mut ledger = Ledger::new(10);
    ledger.group("room", "all", &["ana", "bob"]);
    ledger.group("second", "all", &["ana", "bob"]);
    for _ in 0..3 {
        ledger.say("room", "ana", "hello");
    }
    World::new(&ledger).await
}

#[tokio::test]
async fn limits_have_a_range() {
    let world = world().await;
    for (route, max) in [
        ("/v1/inbox", 200),
        ("/v1/inbox/entries", 1_000),
        ("/v1/conversations/room/messages", 200),
        ("/v1/conversations/room/members", 1_000),
        ("/v1/outbox", 200),
    ] {
        world.get("ana", &format!("{route}?limit={max}")).await.ok();
        world.get("ana", &format!("{route}?limit=1")).await.ok();
        for bad in ["0", "-1", "x", "", "1.5", "%2B5", &(max + 1).to_string()] {
            let answer = world.get("ana", &format!("{route}?limit={bad}")).await;
            let problem = answer.refused(400, "malformed");
            assert_eq!(problem["errors"][0]["field"], "limit", "{route} {bad}");
        }
    }
    assert_eq!(
        world.get_as_admin("/v1/events?limit=10000").await.status,
        200
    );
    for bad in ["0", "10001", "x"] {
        world
            .get_as_admin(&format!("/v1/events?limit={bad}"))
            .await
            .refused(400, "malformed");
    }
}

#[tokio::test]
async fn seqs_in_paths_are_positive_integers() {
    let world = world().await;
    for path in ["", "/history", "/receipts"] {
        for bad in ["0", "-1", "x", "1.5", "%2B1", "00"] {
            let route = format!("/v1/conversations/room/messages/{bad}{path}");
            world.get("ana", &route).await.refused(400, "malformed");
        }
        for missing in ["4", "9223372036854775807", "9223372036854775808"] {
            let route = format!("/v1/conversations/room/messages/{missing}{path}");
            world.get("ana", &route).await.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn bounds_of_history_exclude_each_other() {
    let world = world().await;
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
        world.get("ana", &route).await.refused(400, "malformed");
    }
}

#[tokio::test]
async fn cursors_that_were_not_given_out_are_refused() {
    let world = world().await;
    let next = async |route: &str| {
        let page = world.get("ana", route).await.ok();
        page["next"]
            .as_str()
            .expect("there is another page")
            .to_owned()
    };
    let inbox = next("/v1/inbox?limit=1").await;
    let members = next("/v1/conversations/room/members?limit=1").await;
    let outbox = next("/v1/outbox?limit=1").await;
    let cut = &inbox[..inbox.len() - 1];
    for (route, cursor) in [
        ("/v1/inbox?after=", "abc"),
        ("/v1/inbox?after=", "%00"),
        ("/v1/inbox?after=", cut),
        ("/v1/inbox?after=", &outbox),
        ("/v1/inbox?archived=true&after=", &inbox),
        ("/v1/outbox?before=", &inbox),
        ("/v1/outbox?before=", "1"),
        ("/v1/conversations/room/members?after=", "1"),
        ("/v1/conversations/second/members?after=", &members),
    ] {
        world
            .get("ana", &format!("{route}{cursor}"))
            .await
            .refused(400, "malformed");
    }
    world
        .get("bob", &format!("/v1/inbox?after={inbox}"))
        .await
        .refused(400, "malformed");
    world
        .get("ana", &format!("/v1/inbox?after={inbox}"))
        .await
        .ok();
}

#[tokio::test]
async fn whatever_else_cannot_be_read_is_refused() {
    let world = world().await;
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
        world.get("ana", route).await.refused(400, "malformed");
    }
    world
        .get(
            "ana",
            &format!("/v1/inbox/entries?device={}", "x".repeat(129)),
        )
        .await
        .refused(400, "malformed");
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
    ] {
        world
            .get_as_admin(&format!("/v1/events?{query}"))
            .await
            .refused(400, "malformed");
    }
    for nothing in [
        "type=",
        "source=",
        "since=&until=",
        "type=never_heard_of",
        "source=/conversations/none",
    ] {
        let answer = world.get_as_admin(&format!("/v1/events?{nothing}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_slice()),
            (200, &b""[..]),
            "{nothing}"
        );
    }
    // What is not known is ignored.
    world.get("ana", "/v1/inbox?colour=red").await.ok();
}
