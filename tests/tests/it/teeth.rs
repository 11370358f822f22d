//! The checks have teeth: a fault that is planted in the data is found by the check that is there for
//! it. A check that cannot fail shows nothing.

use sqlx::Executor;
use tests::feed::{self, Poller};
use tests::history::RandomHistory;
use tests::log;
use tests::world::World;

/// Alice and Bob in a room with ten messages, all of it projected; Bob's poller has seen it.
async fn room() -> (World, Poller, i64) {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let mut head = 0;
    for n in 0..10 {
        head = alice.send("room", &format!("m{n}"), "x").await.position();
    }
    world
        .user("bob")
        .get_ok(&format!("/v1/inbox?min_position={head}"))
        .await;
    let mut poller = Poller::new(world.user("bob"), 3);
    while poller.poll_once().await {}
    poller
        .check_against_feed()
        .await
        .expect("nothing is wrong yet");
    (world, poller, head)
}

async fn plant(world: &World, sql: &str) {
    let done = world
        .pool
        .execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_log_is_found() {
    let (mut world, _, head) = room().await;
    assert_eq!(
        log::check_positions(&world.pool).await.expect("whole"),
        head
    );
    world.stop();
    plant(&world, "DELETE FROM log.events WHERE position = 5").await;
    let found = log::check_positions(&world.pool).await.expect_err("a hole");
    assert!(
        found.to_string().contains("10 events from 1 to 11"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_out_of_order_in_its_stream_or_in_time_is_found() {
    let (mut world, _, _) = room().await;
    world.stop();
    plant(
        &world,
        "UPDATE log.events SET sequence = sequence + 100 WHERE position = 5",
    )
    .await;
    log::check_positions(&world.pool)
        .await
        .expect_err("a sequence that is not the next");
    plant(
        &world,
        "UPDATE log.events SET sequence = sequence - 100 WHERE position = 5",
    )
    .await;
    log::check_positions(&world.pool)
        .await
        .expect("whole again");
    plant(
        &world,
        "UPDATE log.events SET occurred_at = occurred_at - interval '1 day' WHERE position = 5",
    )
    .await;
    log::check_positions(&world.pool)
        .await
        .expect_err("time that runs backwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_differs_is_found() {
    let (world, _, head) = room().await;
    let mut events = log::fetch_events(&world.admin()).await.expect("served");
    let url = world.nats.url.clone();
    eventually::eventually("the mirror is at the head", async || {
        (log::mirror_range(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    log::check_mirror(&url, &events).await.expect("equal");
    events[4] = String::from_utf8_lossy(&events[4])
        .replace("\"x\"", "\"y\"")
        .into_bytes()
        .into();
    log::check_mirror(&url, &events)
        .await
        .expect_err("one byte differs");
    let shorter = &events[..events.len() - 1];
    log::check_mirror(&url, shorter)
        .await
        .expect_err("the mirror is longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_lost_or_late_is_found() {
    let (world, poller, _) = room().await;
    plant(&world, "DELETE FROM read.inbox WHERE position = 6").await;
    let lost = poller
        .check_against_feed()
        .await
        .expect_err("an entry is gone");
    assert!(lost.to_string().contains("position: 6"), "{lost}");

    // One that a cursor has passed already, and that appears then.
    let mut late = Poller::new(world.user("bob"), 3);
    while late.poll_once().await {}
    let restore = "INSERT INTO read.inbox (user_id, position, conversation, seq)
        SELECT user_id, 6, conversation, 5 FROM read.inbox WHERE position = 7";
    plant(&world, restore).await;
    late.check_against_feed()
        .await
        .expect_err("an entry has appeared behind the cursor");
    poller.check_against_feed().await.expect("as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_drifts_from_the_log_is_found() {
    let (mut world, _, _) = room().await;
    world.stop();
    let live = log::dump_read_tables(&world.pool).await.expect("a dump");
    plant(
        &world,
        "UPDATE read.messages SET body = '{\"text\":\"z\"}' WHERE seq = 3",
    )
    .await;
    let drifted = log::dump_read_tables(&world.pool).await.expect("a dump");
    assert_ne!(drifted, live);
    assert!(world.run(&["rebuild"]).await.status.success());
    assert_eq!(
        log::dump_read_tables(&world.pool).await.expect("a dump"),
        live,
        "and mended by a rebuild"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_unread_count_is_found() {
    for fault in [
        "UPDATE read.members SET read_seq = read_seq - 1 WHERE read_seq > 0",
        "UPDATE read.messages SET recalled = NOT recalled",
        "UPDATE read.members SET muted = NOT muted",
    ] {
        let world = World::start().await;
        let mut history = RandomHistory::start(7, |user| world.user(user)).await;
        history.run_random(60).await;
        crate::unread::compare(&history).await;
        plant(&world, fault).await;
        let compared = tokio::spawn(async move { crate::unread::compare(&history).await }).await;
        assert!(compared.is_err(), "{fault} is not found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_is_found_in_history() {
    let (world, _, head) = room().await;
    let bob = world.user("bob");
    assert_eq!(feed::read_history(&bob, "room", head).await.len(), 10);
    plant(&world, "DELETE FROM read.messages WHERE seq = 4").await;
    assert_eq!(feed::read_history(&bob, "room", head).await.len(), 9);
}
